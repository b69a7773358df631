// Backward data to few channels: what a first layer's gradient wants, and a transposed convolution that makes images.
//
// With 3 channels out of a product, gather.h would fill 3 of 16 lanes. Turned round, every pixel of gy *sends*
//   P[tap][ci] = sum over co of gy[pixel][co] * w[co][ci][tap]
// to the window that it came from: one product whose columns are all taps times channels (7 x 7 x 3 = 147, five full
// panels). A row of P is then added into place: for each row of taps, kernel width x channels numbers lie side by side
// both in P and in the image.
//
// Work is cut into blocks of rows of the image, which a thread sums up in its own memory, with room for the padding.
// Rows of gy that reach into two blocks are multiplied for both, but only with the taps that each of them needs.
// Neighbouring windows overlap, and a number that was just written by parts cannot be read at once: so the pixels of a
// row are added at a distance at which windows do not meet, in several passes.
#pragma once

#include "conv.h"
#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

// Padding on the left is written down, so there must not be much more of it than of the image.
inline bool is_scattered(const ConvShape& s) {
  return s.is_flat() && s.groups == 1 && 2 * s.c_in <= kLanes && s.dilation_w == 1 && s.kh * s.kw > 1 &&
         s.pad_w <= 3 * s.w + 256;
}

void scatter(const ConvShape& s, const float* gy, const float* weight, WeightStrides at, const float* bias, float* gx);

}  // namespace flambeau::FLAMBEAU_ISA
