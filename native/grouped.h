// Convolution in groups of few channels: depthwise (1 channel a group), and groups of 2, 4, 8, ... up to kLanes.
//
// A tile of the usual kind (tile.h) multiplies every input channel with every output channel. With 4 channels a group
// 12 of its 16 lanes would multiply zeros. But channels lie side by side, so one vector holds kLanes / 4 whole groups,
// of the input as of the output, and
//
//   y[lane] += x[first lane of the lane's group + k] * weight[k][lane]            for k = 0 .. 3
//
// does no product too many: it takes x with its lanes exchanged within each group, which a processor does beside its
// multiplications. Depthwise is the case in which nothing is exchanged (of doubles the only one). Of a group that fills
// a vector each channel is broadcast instead, which the processor does as it loads.
//
// A product for each number that is loaded keeps a core at half its speed (and at a quarter where vectors straddle
// cache lines). So a tile is 14 pixels of a row of the output x one vector of channels: 14 sums in registers. The rows
// of input that it reads are taken one after the other, each number once for up to three taps. The next row of the
// output, whose input is mostly the same, follows while that is in the first-level cache. Columns outside the image are
// left out bit by bit of a mask: what lies in the padding is never multiplied, not even with zero.
//
// The gradient of the weights is the same walk with the roles of weights and output exchanged: weight += y * x. Sums
// of one chunk of rows are added to those of the chunks before: few enough products in a row keep their digits.
//
// Channels are innermost, so memory is read nearly in its order, but not nearly enough for the processor to guess it:
// predicted was that stride 2 at batch 32 waits for memory, and prefetching the two rows after these gave up to twice
// the speed. Images that fit a cache are not prefetched, which would cost them a tenth. And where pixels lie a multiple
// of 4 KiB apart (512 channels with stride 2) they all fall into the same 12 places of the first-level cache: tiles are
// narrower there.
#pragma once

#include "conv.h"
#include "gather.h"

namespace flambeau::FLAMBEAU_ISA {

// Whether the kernels of this file can compute it: as many channels out as in, one a group, or of floats up to kLanes.
template <class T>
bool is_finely_grouped(const Gather& g) {
  return g.groups > 1 && g.c_in == g.c_out && (g.c_in == 1 || (sizeof(T) == 4 && kLanes % g.c_in == 0));
}

// Forward, or backward data (where the axes of `g` say so). `at`: of the weight as it lies.
template <class T>
void grouped(const Gather& g, const T* x, const T* weight, WeightStrides at, const T* bias, Activation activation,
             T* y);

// `g`: of the forward convolution. Groups have less than kLanes channels (more go as fast through outer.h).
template <class T>
void grouped_weight(const Gather& g, const T* x, const T* gy, T* gw, WeightStrides at);

}  // namespace flambeau::FLAMBEAU_ISA
