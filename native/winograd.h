// Convolution with windows of 3 x 3 or 5 x 5 and stride 1 by Winograd's algorithm (Lavin and Gray, 2015).
//
// Polynomials may be multiplied by evaluating both at enough points, multiplying the values, and interpolating. A row
// of 4 outputs of a filter with 3 taps needs 6 inputs, hence 6 points: 0, 1, -1, 2, -2, infinity. In two dimensions a
// tile of 4 x 4 outputs takes 36 products in place of 4 * 4 * 9 = 144: a quarter of the arithmetic. With
//   U = G g G^T (36 numbers a filter)    V = B^T d B (36 numbers an input tile)
// the outputs are A^T [sum over input channels of U . V] A, and each of the 36 sums is a matrix product of
// (tiles x channels in) and (channels in x channels out). The gradients are the same sums with the transforms
// transposed: backward data is a convolution with flipped filters; backward weights is G^T [sum over tiles of
// (A gy A^T) . (B^T d B)] G, the exact adjoint.
//
// A filter with 5 taps and tiles of 2 outputs need 6 inputs too: the same points, the same B; 36 products in place of
// 2 * 2 * 25 = 100. In what follows K is the number of taps, 3 or 5, and a tile has 7 - K outputs in a row, 4 or 2.
//
// The transforms work on kLanes channels at once, and on one dimension at a time. The price is rounding: the relative
// error is about 1e-6 where the direct way has 2e-7.
//
// Which cache holds what? Weights whose points take at most 4 MiB are transformed once. Then each thread takes 24 tiles
// through all steps, and what it works on stays in its second-level cache. Larger weights fit no cache beside tiles.
// Then all threads together transform a block of 128 tiles, which stays in the last-level cache, and share out the
// panels of weights. Of a panel 64 channels in are transformed at a time: their points, and the sums of the panel, stay
// in the second-level cache while the tiles pass by, in the order of memory and fetched ahead.
#pragma once

#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

// Each reads its input at distance `from`, writes its output at distance `to`.

FLAMBEAU_INLINE void input_points(const Vec* d, int from, Vec* v, int to) {  // v = B^T d: 6 -> 6
  const Vec d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from], d4 = d[4 * from], d5 = d[5 * from];
  const Vec even = d4 - 4.f * d2, odd = d3 - 4.f * d1, far = d4 - d2, twice = 2.f * (d3 - d1);
  v[0] = 4.f * d0 - 5.f * d2 + d4;
  v[to] = even + odd;
  v[2 * to] = even - odd;
  v[3 * to] = far + twice;
  v[4 * to] = far - twice;
  v[5 * to] = 4.f * d1 - 5.f * d3 + d5;
}

template <int K>
FLAMBEAU_INLINE void filter_points(const Vec* g, int from, Vec* u, int to) {  // u = G g: K -> 6
  const Vec g0 = g[0], g1 = g[from], g2 = g[2 * from];
  const Vec g3 = K > 3 ? g[3 * from] : Vec{}, g4 = K > 3 ? g[4 * from] : Vec{};
  Vec one = g0 + g2, two = (1.f / 24) * g0 + (1.f / 6) * g2;  // at 1 and 2: the even taps ...
  Vec odd = g1, twice = (1.f / 12) * g1;                      // ... and the odd ones
  if constexpr (K > 3) {
    one += g4;
    two += (2.f / 3) * g4;
    odd += g3;
    twice += (1.f / 3) * g3;
  }
  u[0] = 0.25f * g0;
  u[to] = (-1.f / 6) * (one + odd);
  u[2 * to] = (-1.f / 6) * (one - odd);
  u[3 * to] = two + twice;
  u[4 * to] = two - twice;
  u[5 * to] = K > 3 ? g4 : g2;
}

template <int K>
FLAMBEAU_INLINE void interpolate(const Vec* m, int from, Vec* y, int to) {  // y = A^T m: 6 -> 7 - K
  const Vec s1 = m[from] + m[2 * from], d1 = m[from] - m[2 * from];
  const Vec s2 = m[3 * from] + m[4 * from], d2 = m[3 * from] - m[4 * from];
  y[0] = m[0] + s1 + s2;
  if constexpr (K > 3) {
    y[to] = d1 + 2.f * d2 + m[5 * from];
  } else {
    y[to] = d1 + 2.f * d2;
    y[2 * to] = s1 + 4.f * s2;
    y[3 * to] = d1 + 8.f * d2 + m[5 * from];
  }
}

template <int K>
FLAMBEAU_INLINE void gradient_points(const Vec* y, int from, Vec* m, int to) {  // m = A y: 7 - K -> 6
  const Vec y0 = y[0], y1 = y[from];
  Vec even = y0, odd = y1, far = y0, twice = 2.f * y1, last = y1;
  if constexpr (K == 3) {
    const Vec y2 = y[2 * from], y3 = y[3 * from];
    even += y2;
    odd += y3;
    far += 4.f * y2;
    twice += 8.f * y3;
    last = y3;
  }
  m[0] = y0;
  m[to] = even + odd;
  m[2 * to] = even - odd;
  m[3 * to] = far + twice;
  m[4 * to] = far - twice;
  m[5 * to] = last;
}

template <int K>
FLAMBEAU_INLINE void filter_gradient(const Vec* u, int from, Vec* g, int to) {  // g = G^T u: 6 -> K
  const Vec s1 = u[from] + u[2 * from], d1 = u[from] - u[2 * from];
  const Vec s2 = u[3 * from] + u[4 * from], d2 = u[3 * from] - u[4 * from];
  g[0] = 0.25f * u[0] - (1.f / 6) * s1 + (1.f / 24) * s2;
  g[to] = (-1.f / 6) * d1 + (1.f / 12) * d2;
  g[2 * to] = (1.f / 6) * (s2 - s1);
  if constexpr (K > 3) {
    g[3 * to] = (1.f / 3) * d2 - (1.f / 6) * d1;
    g[4 * to] = (2.f / 3) * s2 - (1.f / 6) * s1 + u[5 * from];
  } else {
    g[2 * to] += u[5 * from];
  }
}

// Six times six numbers lie `spaced` apart: an odd number of cache lines, or all 36 would fall into the same set of a
// cache, which has room for 8 or 12 of them. (It made the transforms of weights three times as slow.)
inline int64_t spaced(int64_t floats) { return (ceil_div(floats, 16) | 1) * 16; }

struct WinogradShape {
  int64_t images, h, w, c_in;  // of what is read
  int64_t oh, ow, c_out;       // of what is written
  int64_t pad_h, pad_w;
  int64_t kernel;              // 3 or 5
  int64_t tiles_down, tiles_across, tiles;
  // An image is a plane, and a call one tap of depth: of the `depth` planes of a volume that take part, the first of
  // what is read and of what is written, and how many planes a volume has.
  int64_t depth = 1, first_in = 0, first_out = 0, depth_in = 1, depth_out = 1;
  bool accumulate = false;  // add to what is written

  WinogradShape(int64_t n, int64_t h_, int64_t w_, int64_t in, int64_t oh_, int64_t ow_, int64_t out, int64_t ph,
                int64_t pw, int64_t k)
      : images(n), h(h_), w(w_), c_in(in), oh(oh_), ow(ow_), c_out(out), pad_h(ph), pad_w(pw), kernel(k),
        tiles_down(ceil_div(oh_, 7 - k)), tiles_across(ceil_div(ow_, 7 - k)), tiles(n * tiles_down * tiles_across) {}

  int64_t image_in(int64_t n) const { return n / depth * depth_in + first_in + n % depth; }
  int64_t image_out(int64_t n) const { return n / depth * depth_out + first_out + n % depth; }
};

constexpr int64_t kPoints = 36;

// The first output of a tile.
struct Place {
  int64_t n, y, x;
  Place(const WinogradShape& s, int64_t tile)
      : n(tile / s.tiles_across / s.tiles_down),
        y(tile / s.tiles_across % s.tiles_down * (7 - s.kernel)),
        x(tile % s.tiles_across * (7 - s.kernel)) {}
};

// The points of some tiles, [point][piece of channels][tile][channel of the piece]: what a product of one piece reads
// lies in order.
struct Points {
  int64_t width, piece, step;  // channels of a piece; numbers from piece to piece, from point to point
  float* v;

  Points(Scratch& scratch, int64_t tiles, int64_t channels, int64_t piece_channels)
      : width(piece_channels), piece(tiles * width), step(spaced(ceil_div(channels, width) * piece)),
        v(scratch.floats(kPoints * step)) {}

  const float* at(int64_t point, int64_t tile, int64_t channel) const {  // the first of a piece
    return v + point * step + channel / width * piece + tile * width;
  }
  // The 6 x 6 input pixels of a tile of the image become tile `to`.
  void transform(const WinogradShape& s, const float* x, int64_t tile, int64_t to) const;
};

struct WeightsAt {
  const float* weight;
  int64_t column, row, h, w;  // strides: output channel, input channel, tap
  bool flip;
};

// Forward; and backward data with gy as x, and the weights' roles exchanged and flipped.
void winograd(const WinogradShape& s, const float* x, const WeightsAt& weights, const float* bias, bool relu, float* y);

// gw[...] of a forward convolution of this shape; strides: output channel, input channel, tap.
void winograd_weight(const WinogradShape& s, const float* x, const float* gy, float* gw, int64_t out, int64_t in,
                     int64_t h, int64_t w);

}  // namespace flambeau::FLAMBEAU_ISA
