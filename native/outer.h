// The gradient of a convolution's weights.
//
//   gw[tap][ci][co] = sum over images and output pixels of x[pixel that the tap reads][ci] * gy[pixel][co]
//
// A sum of outer products: a tile (tile.h) is up to kTileRows input channels x kTileColumns output channels of one tap,
// and the sum runs over pixels. Few input channels (a first layer has 1 or 3) would leave a tile nearly empty; then a
// row of taps counts as channels, because pixels that lie side by side are read side by side.
//
// The pixels are cut into chunks of about kChunkPixels, so that a chunk of gy stays in the first-level cache while all
// tiles pass over it. Chunks are dealt to a number of partial sums that depends on the problem alone, each summed in
// order, and the partial sums are added in order: the result is the same for any number of threads.
#pragma once

#include "conv.h"
#include "tile.h"

namespace flambeau::FLAMBEAU_ISA {

// One group: x and gy begin at the group's first channel.
void outer(const ConvShape& s, const float* x, const float* gy, float* gw, WeightStrides to);

}  // namespace flambeau::FLAMBEAU_ISA
