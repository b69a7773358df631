// The gradient of a convolution's weights: of floats and doubles, in one to three dimensions, in groups.
//
//   gw[tap][ci][co] = sum over images and output pixels of x[pixel that the tap reads][ci] * gy[pixel][co]
//
// A sum of outer products: a tile (tile.h) is up to kTileRows input channels x kTileColumns output channels of one tap,
// and the sum runs over the pixels whose tap falls into the image. Few input channels (a first layer has 1 or 3) would
// leave a tile nearly empty; then a row of taps counts as channels, because pixels that lie side by side are read side
// by side. All taps of a row must then have the same pixels, and the image is copied with zeros around it.
//
// The pixels are cut into chunks of about kChunkPixels, so that a chunk of gy stays in the first-level cache while all
// tiles pass over it. Chunks are dealt to a number of partial sums that depends on the problem alone, each summed in
// order, and the partial sums are added in order: the result is the same for any number of threads, and few enough
// products in a row keep their digits.
//
// Groups are convolutions of their own, but of a pixel each has a few bytes only, and the next pixel may lie in another
// page of memory. So groups that have kBandBytes of a pixel together are copied together, and one after the other is
// then computed from the copies. Memory is never waited for: while a chunk, or a band of groups, is computed, the tiles
// fetch what the next one will copy.
#pragma once

#include "conv.h"
#include "tile.h"

namespace flambeau::FLAMBEAU_ISA {

template <class T>
void outer(const ConvShape& s, const T* x, const T* gy, T* gw, WeightStrides to);

}  // namespace flambeau::FLAMBEAU_ISA
