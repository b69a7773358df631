// Convolution in groups of few channels: depthwise (1 channel a group), and groups of 2, 4, 8, ... up to kLanes.
//
// A tile of the usual kind (tile.h) multiplies every input channel with every output channel. With 4 channels a group
// 12 of its 16 lanes would multiply zeros. But channels lie side by side, so one vector holds kLanes / 4 whole groups,
// of the input as of the output, and
//
//   y[lane] += x[first lane of the lane's group + k] * weight[k][lane]            for k = 0 .. 3
//
// does no product too many: it takes x with its lanes exchanged within each group, which a processor does beside its
// multiplications. Depthwise is the case in which nothing is exchanged.
//
// A product for each number that is loaded keeps a core at half its speed (and at a quarter where vectors straddle
// cache lines). So a tile is two rows x 7 pixels of the output x one vector of channels: 14 sums in registers. Its rows
// of input are taken one after the other, each input once, for up to three taps of both rows of the output: six
// weights in registers, up to six products a load. Columns outside the image are left out bit by bit of a mask: what
// lies in the padding is never multiplied, not even with zero.
//
// The gradient of the weights is the same walk with the roles of weights and output exchanged: weight += y * x. Sums
// of one chunk of rows are added to those of the chunks before: few enough products in a row keep their digits.
//
// Channels are innermost, so memory is read nearly in its order, but not nearly enough for the processor to guess it:
// predicted was that stride 2 at batch 32 waits for memory, and prefetching the two rows after these gave up to twice
// the speed. Images that fit a cache are not prefetched, which would cost them a tenth.
#pragma once

#include "conv.h"
#include "gather.h"

namespace flambeau::FLAMBEAU_ISA {

// Whether the kernels of this file can compute it: as many channels out as in, kLanes or a fraction of it a group.
inline bool is_finely_grouped(const ConvShape& s) {
  return s.is_flat() && s.groups > 1 && s.c_in == s.c_out && kLanes % (s.c_in / s.groups) == 0;
}

// Forward, or backward data (where the axes of `g` say so). `at`: of the weight as it lies.
void grouped(const Gather& g, const float* x, const float* weight, WeightStrides at, const float* bias,
             Activation activation, float* y);

// `g`: of the forward convolution.
void grouped_weight(const Gather& g, const float* x, const float* gy, float* gw, WeightStrides at);

}  // namespace flambeau::FLAMBEAU_ISA
