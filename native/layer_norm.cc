// Layer norm, forward and backward: mean and variance of each row.
//
// A row is walked three times, for its mean, its variance and the result; it lies in the first-level cache after the
// first walk, so that the next two cost little. The variance is that about the mean, not E[x^2] - E[x]^2: a float would
// lose its digits there. Sums along a row are kept in several vectors, because an addition has to wait for the one
// before it.
//
// The gradients of weight and bias are sums over all rows. A piece of kLayerRows rows adds them up in floats beside
// what it does for the rows; the sums of the pieces, cut by the shape alone, are then a sum of columns (reduce.cc).
#include "norm.h"
#include "rows.h"
#include "table.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kLayerRows = 64;           // rows whose gradients of weight and bias are summed in floats
constexpr int64_t kLayerFloats = 16 * 1024;  // of a piece of forward

// Sums of f(column, lanes) = {a, b} along a row, in several registers.
template <class F>
FLAMBEAU_INLINE void sum_along(int64_t c, float& first, float& second, const F& f) {
  Vec a[kChains], b[kChains];
  FLAMBEAU_UNROLL for (int v = 0; v < kChains; ++v) a[v] = b[v] = Vec{};
  int64_t j = 0;
  for (; j + kChains * kLanes <= c; j += kChains * kLanes)
    FLAMBEAU_UNROLL for (int v = 0; v < kChains; ++v) f(j + v * kLanes, kLanes, a[v], b[v]);
  for (; j + kLanes <= c; j += kLanes) f(j, kLanes, a[0], b[0]);
  if (j < c) f(j, int(c - j), a[1], b[1]);
  first = join_lanes<Add>((a[0] + a[1]) + (a[2] + a[3]));
  second = join_lanes<Add>((b[0] + b[1]) + (b[2] + b[3]));
}

void normalise_row(int64_t c, const NormAffine& affine, const float* x, float* y, float& mean, float& var) {
  float sum, unused, off, squares;
  sum_along(c, sum, unused, [&](int64_t j, int lanes, Vec& a, Vec&) __attribute__((always_inline)) {
    a += load_part(x + j, lanes);
  });
  const float centre = sum / float(c);
  sum_along(c, off, squares, [&](int64_t j, int lanes, Vec& a, Vec& b) __attribute__((always_inline)) {
    Vec d = load_part(x + j, lanes) - centre;
    d = filled(d, lanes, 0.0f);
    a += d;
    b += d * d;
  });
  const float rest = off / float(c);  // what rounding left of the mean
  mean = centre + (rest == rest ? rest : 0.0f);
  var = (squares - off * rest) / float(c);
  const float scale = 1.0f / __builtin_sqrtf(var + affine.eps);
  for_vectors(c, [&](int64_t j, int lanes) __attribute__((always_inline)) {
    Vec v = (load_part(x + j, lanes) - mean) * scale;
    if (affine.weight) v *= load_part(affine.weight + j, lanes);
    if (affine.bias) v += load_part(affine.bias + j, lanes);
    store_part(y + j, v, lanes);
  });
}

// With z = (x - mean) r, h = g weight and means along the row: gx = r (h - mean(h) - z mean(h z)).
void layer_row_gradient(int64_t c, const NormAffine& affine, const float* g, const float* x, float mean, float var,
                        float* gx, float* gw, float* gb) {
  const float r = 1.0f / __builtin_sqrtf(var + affine.eps);
  const auto weighted = [&](Vec gradient, int64_t j, int lanes) __attribute__((always_inline)) {
    return affine.weight ? gradient * load_part(affine.weight + j, lanes) : gradient;
  };
  float sum = 0, product = 0;
  if (gx)
    sum_along(c, sum, product, [&](int64_t j, int lanes, Vec& a, Vec& b) __attribute__((always_inline)) {
      const Vec h = weighted(load_part(g + j, lanes), j, lanes);
      a += h;
      b += h * ((load_part(x + j, lanes) - mean) * r);
    });
  const float level = sum / float(c), slope = product / float(c);
  for_vectors(c, [&](int64_t j, int lanes) __attribute__((always_inline)) {
    const Vec gradient = load_part(g + j, lanes), z = (load_part(x + j, lanes) - mean) * r;
    if (gx) store_part(gx + j, (weighted(gradient, j, lanes) - level - z * slope) * r, lanes);
    if (gw) store_part(gw + j, load_part(gw + j, lanes) + gradient * z, lanes);
    if (gb) store_part(gb + j, load_part(gb + j, lanes) + gradient, lanes);
  });
}

}  // namespace

void layer_forward(NormShape s, const NormAffine& affine, const float* x, float* y, float* mean, float* var) {
  for_row_pieces(s.m, most(1, kLayerFloats / most(1, s.c)), [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t r = begin; r < end; ++r)
      normalise_row(s.c, affine, x + r * s.c, y + r * s.c, mean[r], var[r]);
  });
}

void layer_backward(NormShape s, const NormAffine& affine, const float* gy, const float* x, const float* mean,
                    const float* var, float* gx, float* gw, float* gb) {
  static thread_local Scratch scratch;
  const int64_t pieces = ceil_div(s.m, kLayerRows), size = 2 * s.c;  // of a piece: gw, then gb
  float* sums = scratch.floats(most(1, (pieces + 1) * size));
  for_row_pieces(s.m, kLayerRows, [&](int64_t begin, int64_t end, int64_t piece) {
    float* sum = sums + piece * size;
    std::memset(sum, 0, sizeof(float) * size);
    for (int64_t r = begin; r < end; ++r)
      layer_row_gradient(s.c, affine, gy + r * s.c, x + r * s.c, mean[r], var[r], gx ? gx + r * s.c : nullptr,
                         gw ? sum : nullptr, gb ? sum + s.c : nullptr);
  });
  if (!gw && !gb) return;
  float* total = sums + pieces * size;
  reduce_kernels().reduce(Reduction::sum, {1, pieces, size}, sums, total);
  if (gw) std::memcpy(gw, total, sizeof(float) * s.c);
  if (gb) std::memcpy(gb, total + s.c, sizeof(float) * s.c);
}

}  // namespace flambeau::FLAMBEAU_ISA
