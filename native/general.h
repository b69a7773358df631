// Convolution of any kind: of float or double, in one to three dimensions, in groups of any size.
//
// What the special files (gather.h, outer.h, winograd.h, grouped.h) do not take comes here. The number's type is a
// parameter of all of it. It is the direct way, with the two inner loops of tile.h:
//
//   forward, backward data: a tile is neighbours along a row x channels out. For each output row the input rows that
//   its window reads, of up to three planes, are copied next to each other with zeros at both ends; then the sum over
//   the taps is a sum over segments of this copy. If the weights of a panel of channels exceed the cache, planes are
//   added one after the other, and all tiles of a row block use the weights of one plane while they are there.
//
//   the gradient of the weights: a tile is channels in x channels out of one tap, and the sum runs over pixels, some
//   hundreds at a time. Those of a first layer's few channels and a row of taps count as channels together.
//
// Groups are independent convolutions, so they are dealt to threads like images. Two kinds of them are told apart:
//   - a group that fills vectors is computed as above, on its own;
//   - small ones go lane by lane: a vector is neighbouring output channels, of several groups, and the copy of the
//     image holds for each of them the input channels of its own group,
//         copy[pixel][k][channel out] = x[pixel][first channel of the group + k],
//     so that y[channel out] += copy[k][channel out] * weight[k][channel out] wastes no lane, whatever the numbers of
//     channels in and out. Multiplications then wait for memory, at half of the speed.
#pragma once

#include "array.h"
#include "conv.h"
#include "gather.h"

namespace flambeau::FLAMBEAU_ISA {

// How the channels of a convolution are cut. A block reads `width` numbers of each pixel of its copy of the image, and
// makes some panels of `nr` output channels each.
template <class T>
struct Channels {
  int64_t groups, c_in, c_out;  // of one group
  bool lanewise;
  int64_t nr, blocks, panels;   // panels of a block; the last block may have fewer
  int64_t width;

  Channels(int64_t groups_, int64_t in, int64_t out) : groups(groups_), c_in(in), c_out(out) {
    constexpr int64_t kLanes = lanes_of<T>, kBlockVectors = 4;
    const int64_t all = groups * c_out;
    lanewise = groups > 1 && 2 * ceil_div(all, kLanes) < groups * ceil_div(c_out, kLanes);
    // Tiles of one vector are nearly as fast as those of two where they have rows enough: for 48 columns three of them.
    const bool narrow = kTileRows >= 12 && 11 * ceil_div(c_out, kLanes) < 20 * ceil_div(c_out, 2 * kLanes);
    nr = lanewise || narrow || c_out <= kLanes ? kLanes : 2 * kLanes;
    panels = lanewise ? least(kBlockVectors, ceil_div(all, nr)) : ceil_div(c_out, nr);
    blocks = lanewise ? ceil_div(all, panels * nr) : groups;
    width = lanewise ? c_in * panels * nr : c_in;
  }

  int64_t in_pixel() const { return groups * c_in; }
  int64_t out_pixel() const { return groups * c_out; }
  // First output channel of a panel, and how many it has (none: the block ends before).
  int64_t first(int64_t block, int64_t panel) const {
    return lanewise ? (block * panels + panel) * nr : block * c_out + panel * nr;
  }
  int64_t count(int64_t block, int64_t panel) const {
    return most(0, least(nr, lanewise ? out_pixel() - first(block, panel) : c_out - panel * nr));
  }

  // Copy `pixels` neighbours, the channels that the block reads.
  void copy(const T* from, int64_t pixels, int64_t block, T* to) const;
};

// Forward, or backward data (then x is the gradient of the output). `bias`: of all channels, or null.
template <class T>
void general(const ConvShape& s, bool backward, const T* x, const T* weight, WeightStrides at, const T* bias,
             Activation activation, T* y);

template <class T>
void general_weight(const ConvShape& s, const T* x, const T* gy, T* gw, WeightStrides to);

}  // namespace flambeau::FLAMBEAU_ISA
