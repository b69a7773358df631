// Softmax, log-softmax and cross entropy with class numbers over rows, (m, c): which kernels there are.
#pragma once

#include <cstdint>

namespace flambeau {

struct SoftmaxShape {
  int64_t m, c;
};

// With w = weight[target] (1 without weights; 0 and no loss where target == ignore_index) a row costs
//   -w log p[target],    p = softmax of the row.
struct EntropyTarget {
  const int64_t* target;  // m numbers in [0, c), or ignore_index: the caller has checked
  const float* weight;    // or null
  int64_t ignore_index;
};

enum class EntropyReduction : int { kNone, kSum, kMean };

struct SoftmaxKernels {
  void (*softmax)(SoftmaxShape, const float* x, float* y);
  void (*softmax_backward)(SoftmaxShape, const float* gy, const float* y, float* gx);
  void (*log_softmax)(SoftmaxShape, const float* x, float* y);
  void (*log_softmax_backward)(SoftmaxShape, const float* gy, const float* y, float* gx);
  // `loss`: m numbers (kNone) or one; a mean is divided by the sum of the weights of all targets that count. `gx`: the
  // gradient of the loss (kNone: of the sum of all).
  void (*entropy)(SoftmaxShape, const EntropyTarget&, EntropyReduction, const float* x, float* loss, float* gx);
};

}  // namespace flambeau
