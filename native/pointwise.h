// Convolution with a 1 x 1 window, stride 1 and no padding: a plain matrix product.
//
// Every pixel of every image is one row of c_in numbers, all rows lie at one distance, and nothing must be copied.
// Tiles of up to kTileRows pixels run over the ends of image rows and of images. Loops, from the outside: blocks of
// pixels (kBlockFloats of input: they stay in the second-level cache), panels of output channels, tiles of the block.
// The packed weights of a panel come from the second-level cache too, 2 vectors for each 24 products.
#pragma once

#include "gather.h"

namespace flambeau::FLAMBEAU_ISA {

inline bool is_pointwise(const Gather& g) {
  const auto plain = [](const Axis& a) { return a.size == 1 && a.stride == 1 && a.pad == 0 && a.input == a.output; };
  return plain(g.rows) && plain(g.columns);
}

void pointwise(const Gather& g, const float* x, const float* packed, const float* bias, Activation activation,
               float* y);

}  // namespace flambeau::FLAMBEAU_ISA
