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

// y = (x - mean) / sqrt(var + eps) * weight + bias [+ residual], and its negative numbers replaced by 0 with `relu`.
struct BatchNormForward {
  const float* x;
  const float* residual;  // or null
  bool relu;
  float* y;
};

struct BatchNormBackward {
  const float* gy;
  const float* x;
  const float* y;  // the output, for the mask of relu; null: there was no relu, or `relu` says to compute it again
  bool relu;       // with y null: there was one, and no residual
  bool training;   // mean and variance were those of x; else they were constants
  // Each may be null.
  float* gx;
  float* gw;
  float* gb;
  float* g_residual;
};

struct NormKernels {
  void (*batch_train)(NormShape, const NormAffine&, const BatchNormForward&, float* mean, float* var);
  void (*batch_evaluate)(NormShape, const NormAffine&, const BatchNormForward&, const float* mean, const float* var);
  void (*batch_backward)(NormShape, const NormAffine&, const BatchNormBackward&, const float* mean, const float* var);
  void (*layer_forward)(NormShape, const NormAffine&, const float* x, float* y, float* mean, float* var);
  // gx, gw, gb may be null.
  void (*layer_backward)(NormShape, const NormAffine&, const float* gy, const float* x, const float* mean,
                         const float* var, float* gx, float* gw, float* gb);
};

}  // namespace flambeau
