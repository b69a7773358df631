// A square of as many rows as a vector has lanes, turned in registers.
#pragma once

#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

// Rows i and i + H exchange the halves of their blocks of 2 H lanes: lanes of `a` without bit H stay, and those of `b`
// with it.
template <int H, class V, std::size_t... L>
FLAMBEAU_INLINE void exchange(V& a, V& b, std::index_sequence<L...>) {
  const V first = __builtin_shufflevector(a, b, int(L & H ? sizeof...(L) + L - H : L)...);
  b = __builtin_shufflevector(a, b, int(L & H ? sizeof...(L) + L : L + H)...);
  a = first;
}

template <int H, class V, int N>
FLAMBEAU_INLINE void transpose_from(V (&rows)[N]) {
  FLAMBEAU_UNROLL for (int i = 0; i < N; ++i)
    if (!(i & H)) exchange<H>(rows[i], rows[i + H], std::make_index_sequence<N>());
  if constexpr (H > 1) transpose_from<H / 2>(rows);
}

// Bit by bit: what stood in row i, lane j with one bit of i and j exchanged.
template <class V, int N>
FLAMBEAU_INLINE void transpose(V (&rows)[N]) {
  static_assert(sizeof(V) == N * sizeof(rows[0][0]));
  transpose_from<N / 2>(rows);
}

}  // namespace flambeau::FLAMBEAU_ISA
