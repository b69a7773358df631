// One number out of the lanes of a vector, and walks along a row.
#pragma once

#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

FLAMBEAU_INLINE float sum_of_lanes(Vec v) {
  alignas(64) float lanes[kLanes];
  store(lanes, v);
  FLAMBEAU_UNROLL for (int half = kLanes / 2; half > 0; half /= 2)
      FLAMBEAU_UNROLL for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  return lanes[0];
}

FLAMBEAU_INLINE float max_of_lanes(Vec v) {
  alignas(64) float lanes[kLanes];
  store(lanes, v);
  FLAMBEAU_UNROLL for (int half = kLanes / 2; half > 0; half /= 2)
      FLAMBEAU_UNROLL for (int i = 0; i < half; ++i) lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
  return lanes[0];
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
