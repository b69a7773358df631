// Convolution as a matrix product that reads the image in place ("implicit GEMM").
//
// Forward and backward data are one algorithm: each output pixel gathers, over the taps of a window, a row of input
// channels times a matrix of weights. They differ in which input pixel a tap reads (Axis), and in whether the weights
// are transposed and flipped when they are packed. It serves floats and doubles, in one to three dimensions: a window
// is planes of rows of columns, and a convolution in two dimensions has one plane.
//
// A tile of the result (tile.h) is kTileRows pixels x kTileColumns channels. Which pixels? There are two choices:
//   - the same pixel of several images. All of them read the same taps, so taps that fall into the padding are left
//     out exactly: on 4 x 4 maps that is nearly half of the work. Wants about 7 images. It is also the way where rows
//     are mostly padding, for however few images.
//   - neighbours along a row (with stride s backward: every s-th, for only these read the same taps). The image rows
//     are copied with zeros around them. Better for high windows over wide rows, 7 x 1 on 17 x 17 x 128: the rows of
//     eleven images that such a window spans do not fit the cache.
// The loops are the same: over *sets* of columns that read the same taps. In the first case every column is a set of
// its own, in the second there is one set, or s of them.
//
// In both cases the rows that a block of output rows reads are first copied next to each other, so that they stay in
// the second-level cache while the tile runs over all output channels. Groups are convolutions of their own, dealt to
// threads as images are; the copy picks a group's channels out of each pixel.
#pragma once

#include "array.h"
#include "conv.h"
#include "pack.h"
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
  Axis depth, rows, columns;
  int64_t images, groups;
  int64_t c_in, c_out;          // channels of one group
  int64_t in_pixel, out_pixel;  // numbers from pixel to pixel: all channels

  int64_t taps() const { return depth.size * rows.size * columns.size; }
};

// The weights of a convolution that lie so, as `g` wants them packed.
template <class T>
PackFrom<T> packed_for(const Gather& g, const T* weight, WeightStrides at) {
  const bool backward = g.rows.backward;
  return {weight, backward ? at.in : at.out, backward ? at.out : at.in, at.h, at.w, g.rows.size, g.columns.size,
          backward, g.depth.size, at.d, g.groups, (backward ? g.c_in : g.c_out) * at.out};
}

// y is written, all of it. `bias`: of all channels out, or null.
template <class T>
void gather(const Gather& g, const T* x, const T* packed, const T* bias, Activation activation, T* y);

Gather forward_gather(const ConvShape& s);
// Whether a convolution in two dimensions without groups is computed in this way (conv.cc).
bool is_gathered(const ConvShape& s);

}  // namespace flambeau::FLAMBEAU_ISA
