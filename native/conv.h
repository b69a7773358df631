// Convolution: what its kernels are told, and which there are.
//
// Images lie channels last, (n, d, h, w, c), dense. Weights come as they lie, with five strides, and are packed.
// With two dimensions of space the depth is 1, with one the height too.
#pragma once

#include <cstdint>

namespace flambeau {

struct ConvShape {
  int64_t n;                    // images
  int64_t d, h, w, c_in;        // input
  int64_t od, oh, ow, c_out;    // output
  int64_t kd, kh, kw;           // window
  int64_t stride_d, stride_h, stride_w;
  int64_t pad_d, pad_h, pad_w;  // before the first plane, row and column
  int64_t dilation_d, dilation_h, dilation_w;
  int64_t groups;

  bool is_flat() const { return d == 1 && od == 1 && kd == 1 && pad_d == 0; }
};

struct WeightStrides {
  int64_t out, in, d, h, w;  // in numbers; `in` counts channels within a group
};

template <class T>
struct ConvKernelsOf {
  void (*forward)(const ConvShape&, const T* x, const T* weight, WeightStrides, const T* bias, bool relu, T* y);
  void (*backward_data)(const ConvShape&, const T* gy, const T* weight, WeightStrides, const T* bias, T* gx);
  void (*backward_weight)(const ConvShape&, const T* x, const T* gy, T* gw, WeightStrides);
};

struct ConvKernels : ConvKernelsOf<float> {
  ConvKernelsOf<double> in_double;
};

}  // namespace flambeau
