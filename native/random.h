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
  // `scale` where 32 bits are at least `threshold`, else 0. A call with the same seed and offset gives the same mask.
  void (*dropout_mask)(uint64_t seed, uint64_t offset, int64_t n, uint32_t threshold, float scale, float* out);
};

}  // namespace flambeau
