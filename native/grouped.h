// Convolution in groups of few channels: depthwise (1 channel a group), and groups of 2, 4, 8, ... up to kLanes.
//
// A tile of the usual kind (tile.h) multiplies every input channel with every output channel. With 4 channels a group
// 12 of its 16 lanes would multiply zeros. But channels lie side by side, so one vector holds kLanes / 4 whole groups,
// of the input as of the output, and
//
//   y[lane] += x[first lane of the lane's group + k] * weight[k][lane]            for k = 0 .. 3
//
// does no product too many: it takes x with its lanes exchanged within each group (`spread`), which a processor does
// beside its multiplications. Depthwise is the case in which nothing is exchanged.
//
// Nothing is copied: there is little arithmetic for each number that is read, so a copy would cost as much as the work.
// The columns of a row are cut into runs that read the same taps of the window (on the left edge, inside, on the right
// edge), and a tile is up to kTileRows pixels of such a run x one vector of channels; the vectors of channels follow
// one another in the innermost call, so that memory is read in the order in which it lies.
//
// The gradient of the weights keeps the sums of some taps in registers while it walks along a run.
#pragma once

#include "conv.h"
#include "gather.h"

namespace flambeau::FLAMBEAU_ISA {

// Whether the kernels of this file can compute it: as many channels out as in, kLanes or a fraction of it a group.
inline bool is_finely_grouped(const ConvShape& s) {
  const int64_t width = s.c_in / s.groups;
  return s.groups > 1 && s.c_in == s.c_out && (kLanes % width == 0 || (width % kLanes == 0 && width <= 64));
}

// Forward, or backward data (where the axes of `g` say so). `at`: of the weight as it lies.
void grouped(const Gather& g, const float* x, const float* weight, WeightStrides at, const float* bias,
             Activation activation, float* y);

// `g`: of the forward convolution.
void grouped_weight(const Gather& g, const float* x, const float* gy, float* gw, WeightStrides at);

}  // namespace flambeau::FLAMBEAU_ISA
