// Convolution as a matrix product that reads the image in place ("implicit GEMM").
//
// Forward and backward data are one algorithm: each output pixel gathers, over the taps of a window, a row of input
// channels times a matrix of weights. They differ in which input pixel a tap reads (Axis), and in whether the weights
// are transposed and flipped when they are packed.
//
// A tile of the result (tile.h) is kTileRows pixels x kTileColumns channels. Which pixels? There are two choices:
//   - the same pixel of several images. All of them read the same taps, so taps that fall into the padding are left
//     out exactly: on 4 x 4 maps that is nearly half of the work. Wants about 7 images.
//   - neighbours along a row (with stride s backward: every s-th, for only these read the same taps). The image rows
//     are copied with zeros around them. Better for high windows over wide rows, 7 x 1 on 17 x 17 x 128: the rows of
//     eleven images that such a window spans do not fit the cache.
// In both cases the rows that a block of output rows reads are first copied next to each other, so that they stay in
// the second-level cache while the tile runs over all output channels.
#pragma once

#include "array.h"
#include "conv.h"
#include "tile.h"

namespace flambeau::FLAMBEAU_ISA {

// One dimension of the window. Output coordinate o reads input coordinate
//   o * stride + k * dilation - pad                   (forward)
//   (o + pad - (size - 1 - k) * dilation) / stride    (backward, where that is whole; k counts flipped taps)
struct Axis {
  int64_t input, output, size, stride, pad, dilation;
  bool backward;

  // Input coordinate of tap k at output o, or -1 where there is none between the pixels.
  bool reads(int64_t o, int64_t k, int64_t& i) const {
    if (!backward) {
      i = o * stride + k * dilation - pad;
      return true;
    }
    const int64_t t = o + pad - (size - 1 - k) * dilation;
    i = t >= 0 ? t / stride : -((-t + stride - 1) / stride);
    return t == i * stride;
  }
};

constexpr int64_t kFewImages = 7;  // with fewer, tiles lie along a row

struct Gather {
  Axis rows, columns;
  int64_t images;
  int64_t c_in, c_out;              // channels of one group
  int64_t in_pixel, out_pixel;      // floats from pixel to pixel: all channels
};

// Floats that the packed weights of one group take: [panel of columns][tap][channel in][kTileColumns], or with half as
// many columns where that is all there are.
inline bool is_narrow(int64_t c_out) { return c_out <= kLanes; }
inline int64_t panel_columns(int64_t c_out) { return is_narrow(c_out) ? kLanes : kTileColumns; }
inline int64_t panels(int64_t c_out) { return ceil_div(c_out, panel_columns(c_out)); }
inline int64_t packed_size(int64_t taps, int64_t c_in, int64_t c_out) {
  return panels(c_out) * taps * c_in * panel_columns(c_out);
}

struct PackFrom {
  const float* weight;
  int64_t column, row, h, w;  // strides: output channel, input channel, tap
  int64_t kh, kw;
  bool flip;
};
void pack_weights(const PackFrom& from, int64_t c_in, int64_t c_out, float* packed);

// y += nothing: y is written, all of it. `bias`: c_out numbers or null.
void gather(const Gather& g, const float* x, const float* packed, const float* bias, Activation activation, float* y);

// Of a convolution without groups; and whether that is how it is computed (conv.cc).
Gather forward_gather(const ConvShape& s);
bool is_gathered(const ConvShape& s);

}  // namespace flambeau::FLAMBEAU_ISA
