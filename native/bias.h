// The gradient of a bias: the sum of a gradient over all its pixels, for each channel.
//
// Memory is read once, so memory sets the pace. The pixels are cut into at most 32 pieces, by their number alone, each
// summed by one thread; the sums of the pieces are added in order, so that threads do not change the result. Within a
// piece four vectors of channels at a time stay in registers, and every 64 pixels go into the piece's sum: that keeps
// the rounding error of a long sum small.
#pragma once

#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

void bias_gradient(int64_t pixels, int64_t channels, const float* gy, float* gb);

}  // namespace flambeau::FLAMBEAU_ISA
