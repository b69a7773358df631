// The Philox stream. A block of four words is ten rounds of two 64-bit products and a few exclusive ors of a counter;
// any block can be computed at any time, so threads take parts of the stream and masks need not be kept. The products
// (64 x 64 -> 128 bits) are ones that processors do fast for single numbers only: only what is
// made of the words is vectors' work.
#include "random.h"

#include "math.h"
#include "table.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kWords = 4;           // a block of the stream
constexpr int64_t kPart = 256 * kWords;  // words that one thread makes at a time: 8 KB, in the nearest cache

typedef unsigned __int128 Wide;

FLAMBEAU_INLINE void philox(uint64_t seed, uint64_t block, bool carry, uint64_t out[kWords]) {
  uint64_t c0 = block, c1 = carry, c2 = 0, c3 = 0, k0 = seed, k1 = 0;
  FLAMBEAU_UNROLL for (int round = 0; round < 10; ++round) {
    const Wide p0 = Wide{0xD2E7470EE14C6C93u} * c0, p1 = Wide{0xCA5A826395121157u} * c2;
    c0 = uint64_t(p1 >> 64) ^ c1 ^ k0;
    c2 = uint64_t(p0 >> 64) ^ c3 ^ k1;
    c1 = uint64_t(p1);
    c3 = uint64_t(p0);
    k0 += 0x9E3779B97F4A7C15u;
    k1 += 0xBB67AE8584CAA73Bu;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

// Words from block `offset + first` on, whole blocks. (Inlined it has too few registers.)
__attribute__((noinline)) void fill(uint64_t seed, uint64_t offset, int64_t first, int64_t count, uint64_t* out) {
  for (int64_t i = 0; i < count; i += kWords) {
    const uint64_t block = offset + uint64_t(first + i / kWords);
    philox(seed, block, block < offset, out + i);
  }
}

// work(begin, count, words) for parts of n numbers, `each` of which are made of a word.
template <class Work>
FLAMBEAU_INLINE void for_parts(uint64_t seed, uint64_t offset, int64_t n, int64_t each, const Work& work) {
  const int64_t part = kPart * each;
  parallel_for(ceil_div(n, part), [&](int64_t index) {
    alignas(64) uint64_t words[kPart];
    const int64_t begin = index * part, count = least(part, n - begin);
    fill(seed, offset, index * (kPart / kWords), ceil_div(count, each), words);
    work(begin, count, words);
  });
}

void words(uint64_t seed, uint64_t offset, int64_t n, uint64_t* out) {
  for_parts(seed, offset, n, 1, [&](int64_t begin, int64_t count, const uint64_t* from) {
    std::memcpy(out + begin, from, count * sizeof(uint64_t));
  });
}

// f of the halves of words in the order in which they lie in memory, 32 bits each. (The words of a part are always
// whole vectors, of which the last may hold old ones at the end.)
template <class F>
void for_halves(uint64_t seed, uint64_t offset, int64_t n, float* out, const F& f) {
  for_parts(seed, offset, n, 2, [&](int64_t begin, int64_t count, const uint64_t* from) {
    const float* const halves = reinterpret_cast<const float*>(from);
    for (int64_t i = 0; i < count; i += kLanes)
      store_part(out + begin + i, f(bits(load(halves + i))), int(least(count - i, kLanes)));
  });
}

void uniform(uint64_t seed, uint64_t offset, int64_t n, float* out) {
  for_halves(seed, offset, n, out, [](Bits half) { return to_float(half >> 8) * 0x1p-24f; });
}

void dropout_mask(uint64_t seed, uint64_t offset, int64_t n, uint32_t threshold, float scale, float* out) {
  const Vec kept = broadcast(scale);
  for_halves(seed, offset, n, out, [=](Bits half) { return half >= threshold ? kept : Vec{}; });
}

}  // namespace

const RandomKernels& random_kernels() {
  static constexpr RandomKernels kernels{words, uniform, dropout_mask};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
