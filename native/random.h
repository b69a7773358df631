// Random numbers as pure functions of (seed, position): the Philox 4x64-10 stream (Salmon and others, "Parallel random
// numbers: as easy as 1, 2, 3", 2011), bit by bit that of the Python side, and what is made of its words.
#pragma once

#include <cstdint>

namespace flambeau {

struct RandomKernels {
  // `offset` counts blocks of four 64-bit words.
  void (*words)(uint64_t seed, uint64_t offset, int64_t n, uint64_t* out);
  // In [0, 1), 24 bits each.
  void (*uniform)(uint64_t seed, uint64_t offset, int64_t n, float* out);
  // y = x or 1 (x null), times `scale` where the next 32 bits are at least `threshold`, else times 0. The same call
  // on the cotangent is the derivative: the mask is never stored.
  void (*dropout)(uint64_t seed, uint64_t offset, int64_t n, const float* x, uint32_t threshold, float scale, float* y);
};

}  // namespace flambeau
