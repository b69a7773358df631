// Two-dimensional convolution: what its kernels are told, and which there are.
//
// Images lie channels last, (n, h, w, c), dense. Weights come as they lie, with four strides, and are packed.
// A one-dimensional convolution is one with height 1.
#pragma once

#include <cstdint>

namespace flambeau {

struct ConvShape {
  int64_t n;                    // images
  int64_t h, w, c_in;           // input
  int64_t oh, ow, c_out;        // output
  int64_t kh, kw;               // window
  int64_t stride_h, stride_w;
  int64_t pad_h, pad_w;         // before the first row and column
  int64_t dilation_h, dilation_w;
  int64_t groups;
};

struct WeightStrides {
  int64_t out, in, h, w;  // in floats; `in` counts channels within a group
};

struct ConvKernels {
  void (*forward)(const ConvShape&, const float* x, const float* weight, WeightStrides, const float* bias, bool relu,
                  float* y);
  void (*backward_data)(const ConvShape&, const float* gy, const float* weight, WeightStrides, float* gx);
  void (*backward_weight)(const ConvShape&, const float* x, const float* gy, float* gw, WeightStrides);
  void (*backward_bias)(int64_t pixels, int64_t channels, const float* gy, float* gb);
};

}  // namespace flambeau
