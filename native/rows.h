// Rows of numbers as vectors: walks along a row, sums and extremes of it, and pieces of rows for several threads.
#pragma once

#include "simd.h"

// What is done with each vector of a row, a function of its first column and the number of its lanes.
#define FLAMBEAU_ALONG [&](int64_t j, int lanes) __attribute__((always_inline))

namespace flambeau::FLAMBEAU_ISA {

// body(column, lanes) for the vectors of a row of c numbers; the last may have fewer lanes than kLanes.
template <class F>
FLAMBEAU_INLINE void for_vectors(int64_t c, const F& body) {
  int64_t j = 0;
  for (; j + kLanes <= c; j += kLanes) body(j, kLanes);
  if (j < c) body(j, int(c - j));
}

// The first `count` lanes of v, `filling` in the others.
FLAMBEAU_INLINE Vec filled(Vec v, int count, float filling) {
  if (count >= kLanes) return v;
  IntVec lane;
  FLAMBEAU_UNROLL for (int i = 0; i < kLanes; ++i) lane[i] = i;
  return lane < count ? v : broadcast(filling);
}

// Ways to make one of two.
struct Add {
  static FLAMBEAU_INLINE Vec join(Vec a, Vec b) { return a + b; }
};
struct Larger {  // which may lose a NaN
  static FLAMBEAU_INLINE Vec join(Vec a, Vec b) { return max(a, b); }
};

// Lane i holds lane i + By, around the end.
template <int By, std::size_t... I>
FLAMBEAU_INLINE Vec rotated(Vec v, std::index_sequence<I...>) {
  return __builtin_shufflevector(v, v, int((I + By) % kLanes)...);
}

// All lanes of v as a tree.
template <class Op, int Half = kLanes / 2>
FLAMBEAU_INLINE float join_lanes(Vec v) {
  v = Op::join(v, rotated<Half>(v, std::make_index_sequence<kLanes>()));
  if constexpr (Half == 1) return v[0];
  else return join_lanes<Op, Half / 2>(v);
}

// N vectors as a tree.
template <class Op, int N>
FLAMBEAU_INLINE Vec join_all(const Vec* v) {
  if constexpr (N == 1) return *v;
  else return Op::join(join_all<Op, N / 2>(v), join_all<Op, N / 2>(v + N / 2));
}

// All f(column, lanes) along columns [begin, end) of a row made one. An addition has to wait for the one before, so
// there are Chains of them side by side. `neutral` changes nothing, and is what lanes count that f does not have.
constexpr int kChains = 4;

template <class Op, int Chains = kChains, class F>
FLAMBEAU_INLINE Vec fold_row(int64_t begin, int64_t end, float neutral, const F& f) {
  Vec sum[Chains];
  FLAMBEAU_UNROLL for (int v = 0; v < Chains; ++v) sum[v] = broadcast(neutral);
  int64_t j = begin;
  for (; j + Chains * kLanes <= end; j += Chains * kLanes)
    FLAMBEAU_UNROLL for (int v = 0; v < Chains; ++v) sum[v] = Op::join(sum[v], f(j + v * kLanes, kLanes));
  for (; j + kLanes <= end; j += kLanes) sum[0] = Op::join(sum[0], f(j, kLanes));
  if (j < end) sum[1] = Op::join(sum[1], filled(f(j, int(end - j)), int(end - j), neutral));
  return join_all<Op, Chains>(sum);
}

// body(first row, end, piece) for pieces of `rows` of the m rows, in parallel.
template <class F>
void for_row_pieces(int64_t m, int64_t rows, const F& body) {
  parallel_for(ceil_div(m, rows), [&](int64_t p) { body(p * rows, least(m, (p + 1) * rows), p); });
}

}  // namespace flambeau::FLAMBEAU_ISA
