// A square of kLanes x kLanes floats, turned in registers.
#pragma once

#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

// Rows i and i + H exchange the halves of their blocks of 2 H lanes: lanes of `a` without bit H stay, and those of `b`
// with it.
template <int H, std::size_t... L>
FLAMBEAU_INLINE void exchange(Vec& a, Vec& b, std::index_sequence<L...>) {
  const Vec first = __builtin_shufflevector(a, b, int(L & H ? kLanes + L - H : L)...);
  b = __builtin_shufflevector(a, b, int(L & H ? kLanes + L : L + H)...);
  a = first;
}

// Bit by bit: what stood in row i, lane j with one bit of i and j exchanged.
template <int H = kLanes / 2>
FLAMBEAU_INLINE void transpose(Vec (&rows)[kLanes]) {
  FLAMBEAU_UNROLL for (int i = 0; i < kLanes; ++i)
    if (!(i & H)) exchange<H>(rows[i], rows[i + H], std::make_index_sequence<kLanes>());
  if constexpr (H > 1) transpose<H / 2>(rows);
}

}  // namespace flambeau::FLAMBEAU_ISA
