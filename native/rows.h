// One number out of the lanes of a vector, and walks along a row.
#pragma once

#include "simd.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace flambeau::FLAMBEAU_ISA {

// As load_part and store_part, but with AVX-512 one masked instruction.
FLAMBEAU_INLINE Vec load_lanes(const float* p, int count) {
  if (count >= kLanes) return load(p);
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(__mmask16((1u << count) - 1), p);
#else
  return load_part(p, count);
#endif
}
FLAMBEAU_INLINE void store_lanes(float* p, Vec v, int count) {
  if (count >= kLanes) return store(p, v);
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, __mmask16((1u << count) - 1), v);
#else
  store_part(p, v, count);
#endif
}

// Lane i holds lane i + H, around the end.
template <int H, std::size_t... I>
FLAMBEAU_INLINE Vec rotated(Vec v, std::index_sequence<I...>) {
  return __builtin_shufflevector(v, v, int((I + H) % kLanes)...);
}

template <int H = kLanes / 2>
FLAMBEAU_INLINE float sum_of_lanes(Vec v) {
  v += rotated<H>(v, std::make_index_sequence<kLanes>());
  if constexpr (H > 1) return sum_of_lanes<H / 2>(v);
  else return v[0];
}

template <int H = kLanes / 2>
FLAMBEAU_INLINE float max_of_lanes(Vec v) {
  v = max(v, rotated<H>(v, std::make_index_sequence<kLanes>()));
  if constexpr (H > 1) return max_of_lanes<H / 2>(v);
  else return v[0];
}

// body(column, lanes) for the vectors of a row of c numbers; the last may have fewer lanes than kLanes.
template <class F>
FLAMBEAU_INLINE void for_vectors(int64_t c, const F& body) {
  int64_t j = 0;
  for (; j + kLanes <= c; j += kLanes) body(j, kLanes);
  if (j < c) body(j, int(c - j));
}

// Whether a lane is one of the first `count`.
FLAMBEAU_INLINE auto lane_below(int count) {
  typedef int32_t Lanes __attribute__((vector_size(4 * kLanes)));
  Lanes lane;
  FLAMBEAU_UNROLL for (int i = 0; i < kLanes; ++i) lane[i] = i;
  return lane < count;
}

}  // namespace flambeau::FLAMBEAU_ISA
