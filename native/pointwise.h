// Convolution with a 1 x 1 window, stride 1 and no padding: a plain matrix product.
//
// Every pixel of every image is one row of c_in numbers, all rows lie at one distance, and nothing must be copied.
// Tiles of up to kTileRows pixels run over the ends of image rows and of images. Loops, from the outside: blocks of
// pixels (kBlockFloats of input: they stay in the second-level cache), panels of output channels, tiles of the block.
// The packed weights of a panel come from the second-level cache too, 2 vectors for each 24 products.
//
// The gradient of the weights is a product too, a sum over pixels: gw[co][ci] = sum of gy[pixel][co] x[pixel][ci]. Here
// any stride will do. Rows of a tile are channels out, columns are channels in: so the result is written as it lies,
// by vectors, without a copy to turn (on 7 x 7 maps with 1000 channels writing costs as much as multiplying). The
// pixels come in chunks of kChunkPixels. Of a chunk, blocks of rows and of columns are packed for the second-level
// cache, each pixel read in the order of memory; then panel by panel stays there while all rows pass.
#pragma once

#include "conv.h"
#include "gather.h"

namespace flambeau::FLAMBEAU_ISA {

inline bool is_pointwise(const Gather& g) {
  const auto plain = [](const Axis& a) { return a.size == 1 && a.stride == 1 && a.pad == 0 && a.input == a.output; };
  return plain(g.rows) && plain(g.columns);
}

void pointwise(const Gather& g, const float* x, const float* packed, const float* bias, Activation activation,
               float* y);

// Without padding, at any stride: every output reads one pixel of the image.
inline bool is_pointwise(const ConvShape& s) {
  return s.kh == 1 && s.kw == 1 && s.pad_h == 0 && s.pad_w == 0 && (s.oh - 1) * s.stride_h < s.h &&
         (s.ow - 1) * s.stride_w < s.w;
}

// One group: x and gy begin at the group's first channel. Rows of gw, one a channel out, lie `gw_row` floats apart.
void pointwise_weight(const ConvShape& s, const float* x, const float* gy, float* gw, int64_t gw_row);

}  // namespace flambeau::FLAMBEAU_ISA
