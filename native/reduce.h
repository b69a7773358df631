// Sums, products, extremes and norms along an axis of a dense array: which kernels there are.
#pragma once

#include <cstdint>

namespace flambeau {

enum class Reduction : int { sum, mean, prod, max, min, abs_sum, abs_max, norm };

// An array seen as (outer, count, inner), of which the axis in the middle is reduced: the last axis has inner 1, the
// first has outer 1, all elements have both.
struct ReduceShape {
  int64_t outer, count, inner;
};

struct ReduceKernels {
  // y[outer][inner]. Extremes want count > 0, norm wants inner 1.
  void (*reduce)(Reduction, const ReduceShape&, const float* x, float* y);
  // y[r][c], `rows` of them: the sum of those of the m rows of x whose number `at` is r.
  void (*add_rows)(int64_t m, int64_t c, int64_t rows, const float* x, const int64_t* at, float* y);
};

}  // namespace flambeau
