// The gradients of a convolution under a max pool, straight from the pooled gradient.
//
// Of the gradient of the full map all but one number a window is zero, so
//
//   gw[co][tap][ci] = sum over results q of  g[q][co] * x[pixel where q's maximum was, shifted by the tap][ci]
//
// takes a quarter or a ninth of the products. Every channel co has its maximum elsewhere, so lanes cannot be channels
// out as in outer.h. They are what lies side by side in x: a row of taps, kw * ci numbers. A chunk of x, padded, stays
// in the cache. For each channel co we first collect a list of (where in x, gradient), without those whose gradient is
// zero, as relu makes half of them; then we walk the list, once for each tile of R rows of taps x V vectors of sums,
// which stays in registers. Lanes behind the end of a row of taps gather garbage that is not looked at (5 taps of 1
// channel use 5 lanes of 8, and it pays even so). The gradient of x is the same walk with the weights as the tile, and
// sums in memory.
//
// Partial sums, as in outer.h: their number depends on the problem alone, and they are added in order. Pixels of a
// gradient of x belong to one thread.
#pragma once

#include "conv_pool.h"
#include "rows.h"
#include "windows.h"

namespace flambeau::FLAMBEAU_ISA {

// Rows of the convolution's output that rows [begin, end) of the result read.
inline Range band(const ConvPoolShape& s, int64_t begin, int64_t end) {
  const PoolWindow& w = s.window;
  const int64_t first = begin * w.stride_h - w.pad_h;
  const int64_t last = (end - 1) * w.stride_h - w.pad_h + (w.kh - 1) * w.dilation_h + 1;
  const int64_t low = least(most(0, first), s.conv.oh);
  return {low, most(low, least(s.conv.oh, last))};
}

inline void add_to(int64_t n, const float* x, float* y) {
  for_vectors(n, [=](int64_t i, int lanes) __attribute__((always_inline)) {
    store_part(y + i, load_part(y + i, lanes) + load_part(x + i, lanes), lanes);
  });
}

// Where the weight of channel o out, i in, and of tap t lies.
inline int64_t weight_at(const ConvShape& c, WeightStrides at, int64_t o, int64_t i, int64_t t) {
  return o * at.out + i * at.in + t / c.kw * at.h + t % c.kw * at.w;
}

// g: the gradient of the pooled maxima. The convolution has neither groups nor dilation.
void weight_by_lists(const ConvPoolShape& s, const float* x, const float* g, const uint8_t* places, float* gw,
                     WeightStrides to);
// kw * c_in must be a multiple of kLanes.
void data_by_lists(const ConvPoolShape& s, const float* weight, WeightStrides at, const float* g, const uint8_t* places,
                   float* gx);

}  // namespace flambeau::FLAMBEAU_ISA
