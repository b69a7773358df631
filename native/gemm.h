// Matrix products: what their kernels are told, and which there are.
#pragma once

#include "elementwise.h"

namespace flambeau {

// C (+)= A B [+ bias] [, negative numbers replaced by 0], `batch` times. A is m x k and B is k x n, with any strides,
// which are in numbers: a transposed matrix is one with its strides exchanged, and a batch stride of 0 takes one matrix
// for all. The columns of C lie side by side.
template <class T>
struct GemmOf {
  int64_t batch, m, n, k;
  const T* a;
  int64_t a_batch, a_row, a_column;
  const T* b;
  int64_t b_batch, b_row, b_column;
  T* c;
  int64_t c_batch, c_row;
  const T* bias = nullptr;  // n numbers, one a column
  bool relu = false;
  bool accumulate = false;
};

// y = activation(x weight^T + bias): x (m, in), weight (out, in), bias (out) or null, y (m, out), all dense.
struct LinearShape {
  int64_t m, in, out;
};

struct GemmKernels {
  void (*single)(const GemmOf<float>&);
  void (*in_double)(const GemmOf<double>&);
  void (*linear_forward)(const LinearShape&, const Monotone&, const float* x, const float* weight, const float* bias,
                         float* y);
  // y: of forward. gx, gw, gb may be null.
  void (*linear_backward)(const LinearShape&, const Monotone&, const float* x, const float* weight, const float* y,
                          const float* gy, float* gx, float* gw, float* gb);
};

}  // namespace flambeau
