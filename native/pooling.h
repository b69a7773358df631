// Two-dimensional pooling: what its kernels are told, and which there are.
//
// Images lie channels last, (n, h, w, c), dense. A one-dimensional pooling is one with height 1.
#pragma once

#include <cstdint>

namespace flambeau {

struct PoolShape {
  int64_t n, h, w, c;  // input
  int64_t oh, ow;      // output
};

struct PoolWindow {
  int64_t kh, kw;
  int64_t stride_h, stride_w;
  int64_t pad_h, pad_w;  // before the first row and column
  int64_t dilation_h, dilation_w;
};

// Which place of its window won, kh_index * kw + kw_index, for each output: bytes where a window has at most 256
// places, else integers; the other pointer is null.
struct MaxPlaces {
  uint8_t* bytes;
  int32_t* integers;
};

// What an average divides by: `divisor` if that is not 0, else the size of the window without what lies outside of the
// image, or, with `count_padding`, without what lies outside of the padded image.
struct AverageCount {
  int64_t divisor;
  bool count_padding;
};

struct PoolingKernels {
  // With neither pointer of `places` the maxima alone are written.
  void (*max_forward)(const PoolShape&, const PoolWindow&, const float* x, float* y, MaxPlaces places);
  void (*max_backward)(const PoolShape&, const PoolWindow&, const float* gy, MaxPlaces places, float* gx);
  // Places as PyTorch gives them: positions in the flattened plane (h, w).
  void (*max_indices)(const PoolShape&, const PoolWindow&, MaxPlaces places, int64_t* indices);
  // With a window of height 0 the image is cut into oh x ow nearly equal cells.
  void (*average_forward)(const PoolShape&, const PoolWindow&, AverageCount, const float* x, float* y);
  void (*average_backward)(const PoolShape&, const PoolWindow&, AverageCount, const float* gy, float* gx);
};

}  // namespace flambeau
