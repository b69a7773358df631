// Normalisation to mean 0 and variance 1: what its kernels are told, and which there are.
//
// The numbers lie as rows, (m, c), dense. Batch norm takes mean and variance of each column (a feature map channels
// last is such rows: a row is a pixel), layer norm of each row. Weight and bias are rows of c numbers, or null for ones
// and zeros. Variances are biased: divided by the count.
#pragma once

#include <cstdint>

namespace flambeau {

struct NormShape {
  int64_t m, c;
};

struct NormAffine {
  const float* weight;  // or null
  const float* bias;    // or null
  float eps;
};

struct NormKernels {
  // y = (x - mean) / sqrt(var + eps) * weight + bias [+ residual], and with `relu` its negative numbers replaced by 0.
  // Mean and variance are computed (training), or read.
  void (*batch_train)(NormShape, const NormAffine&, const float* residual, bool relu, const float* x, float* y,
                      float* mean, float* var);
  void (*batch_evaluate)(NormShape, const NormAffine&, const float* residual, bool relu, const float* x, float* y,
                         const float* mean, const float* var);
  // gx, gw, gb may be null. gx is the gradient where mean and variance were those of x; gw and gb are the same where
  // they were constants. With `relu` and a residual y, the output, is wanted, and g_residual is written; else they are
  // null (without relu the residual's gradient is gy).
  void (*batch_backward)(NormShape, const NormAffine&, bool relu, const float* gy, const float* x, const float* mean,
                         const float* var, float* gx, float* gw, float* gb, const float* y, float* g_residual);
  void (*layer_forward)(NormShape, const NormAffine&, const float* x, float* y, float* mean, float* var);
  // gx, gw, gb may be null.
  void (*layer_backward)(NormShape, const NormAffine&, const float* gy, const float* x, const float* mean,
                         const float* var, float* gx, float* gw, float* gb);
};

}  // namespace flambeau
