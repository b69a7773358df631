// The gradient of a bias: the sum of a gradient over all its pixels, for each channel. That is a sum of columns, as
// reduce.cc makes it: memory is read once, and threads do not change the result.
#pragma once

#include "table.h"

namespace flambeau::FLAMBEAU_ISA {

inline void bias_gradient(int64_t pixels, int64_t channels, const float* gy, float* gb) {
  reduce_kernels().reduce(Reduction::sum, {1, pixels, channels}, gy, gb);
}

}  // namespace flambeau::FLAMBEAU_ISA
