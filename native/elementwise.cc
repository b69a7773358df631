// Elementwise functions: one loop for any number of operands, filled in with every function of elementwise.inc.
//
// Such a function does a few dozen instructions on each vector at most, so what limits it is the road to memory. There
// is nothing to keep in a cache, for nothing is read twice; all that helps is to work with every core and to do all of
// a function (and of its derivative) in one pass. So an array is cut into blocks of kBlock floats, the same whatever
// the number of threads, and the threads take blocks. 32 KB a block and operand: small enough that a million numbers
// make work for sixty cores, large enough that taking a block (a tenth of a microsecond) costs nothing.
//
// Every element is computed in a lane of a vector by the same instructions wherever it lies, the last few of an array
// in a vector that is filled up with zeros. So a result depends on neither its place nor the blocks.
#include "elementwise.h"

#include "math.h"
#include "rows.h"
#include "table.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kBlock = 8192;

// What several lines of the table need.

// Phi(x) - 1/2 for |x| <= 5.45, where Phi is the normal distribution: x times a quotient of two polynomials of x^2.
constexpr float kNormalEnd = 5.45f;  // beyond, Phi is 0 or 1

FLAMBEAU_INLINE Vec normal(Vec x) {
  static constexpr float above[] = {3.989422746e-01f, 3.323867292e-02f, 4.639784743e-03f,
                                    1.625714550e-04f, 6.311388778e-06f, 2.325836297e-08f};
  static constexpr float below[] = {1.0f,             2.499834314e-01f, 2.829473076e-02f,
                                    1.849274496e-03f, 7.164627566e-05f, 1.209266358e-06f};
  const Vec square = x * x;
  return x * polynomial(square, above) * quick_reciprocal(polynomial(square, below));
}

FLAMBEAU_INLINE Vec gelu(Vec x) {
  const Vec near = clamp(x, -kNormalEnd, kNormalEnd);
  return abs(x) > kNormalEnd ? max(Vec{}, x) : x * normal(near) + 0.5f * x;
}

// Phi(x) + x times the density, which vanishes from 13 on.
FLAMBEAU_INLINE Vec gelu_slope(Vec x) {
  const Vec near = clamp(x, -kNormalEnd, kNormalEnd), cut = clamp(x, -13.0f, 13.0f);
  const Vec below = abs(x) > kNormalEnd ? (x > 0.0f ? broadcast(1.0f) : Vec{}) : normal(near) + 0.5f;
  return abs(x) >= 13.0f ? below : below + cut * exp_normal(cut * cut * -0.5f) * 0.398942280f;
}

// Beyond 100 the tangent is 1 to the last bit, and no product of an infinity with 0 can arise.
FLAMBEAU_INLINE Vec gelu_inner(Vec x) { return 0.797884561f * (x + 0.044715f * (x * x * x)); }

FLAMBEAU_INLINE Vec gelu_tanh(Vec x) {
  x = max(broadcast(-100.0f), x);
  return x * (0.5f * (1.0f + tanh(gelu_inner(x))));
}

FLAMBEAU_INLINE Vec gelu_tanh_slope(Vec x) {
  x = clamp(x, -100.0f, 100.0f);
  const Vec t = tanh(gelu_inner(x));
  const Vec inner = 0.797884561f * (1.0f + 0.134145f * (x * x));
  return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * inner;
}

FLAMBEAU_INLINE Vec silu_slope(Vec x) {
  const Vec s = sigmoid(x);
  return s * (1.0f + x * (1.0f - s));
}

FLAMBEAU_INLINE Vec mish_slope(Vec x) {
  const Vec t = tanh(softplus(x));
  return t + x * sigmoid(x) * (1.0f - t * t);
}

// The loop, over a part of an array, with any number of operands that are arrays or numbers. It holds a copy of what
// the function takes beside them: no store can change it.

FLAMBEAU_INLINE Vec take(const float* x, int64_t i, int lanes) { return load_part(x + i, lanes); }
FLAMBEAU_INLINE Vec take(float x, int64_t, int) { return broadcast(x); }

template <class F, class... X>
void loop(int64_t n, float* y, const Numbers& k, X... x) {
  for_vectors(n, [=](int64_t i, int lanes) __attribute__((always_inline)) {
    store_part(y + i, F()(take(x, i, lanes)..., k), lanes);
  });
}

template <class... X>
using Loop = void (*)(int64_t n, float* y, const Numbers& numbers, X... x);

struct BinaryLoops {
  Loop<const float*, const float*> array;
  Loop<const float*, float> number;
};
template <class F>
constexpr BinaryLoops loops_of{loop<F>, loop<F>};

// The lines of the table as types of functions, filled in.

#define FLAMBEAU_TYPE(parameters, ...)                             \
  decltype([] parameters __attribute__((always_inline)) {          \
    static_cast<void>(k);                                          \
    return __VA_ARGS__;                                            \
  })

constexpr Loop<const float*> unary_loops[] = {
#define UNARY(name, ...) loop<FLAMBEAU_TYPE((Vec x, const Numbers& k), __VA_ARGS__)>,
#include "elementwise.inc"
};

constexpr BinaryLoops binary_loops[] = {
#define BINARY(name, ...) loops_of<FLAMBEAU_TYPE((Vec x, Vec z, const Numbers& k), __VA_ARGS__)>,
#define DERIVATIVE(name, ...) {loop<FLAMBEAU_TYPE((Vec g, Vec s, const Numbers& k), __VA_ARGS__)>, nullptr},
#include "elementwise.inc"
};

// work(begin, count) for all blocks of the n elements that are written to y. All blocks but the first begin at a cache
// line of y: a vector that lies in two lines takes two stores.
template <class Work>
FLAMBEAU_INLINE void for_blocks(int64_t n, const float* y, const Work& work) {
  const int64_t lead = int64_t(-(reinterpret_cast<uintptr_t>(y) / sizeof(float)) % 16);
  parallel_for(ceil_div(most(n - lead, 1), kBlock), [&](int64_t block) {
    const int64_t begin = block ? lead + block * kBlock : 0;
    work(begin, least(lead + (block + 1) * kBlock, n) - begin);
  });
}

void unary(Unary function, int64_t n, const float* x, float* y, const Numbers& numbers) {
  for_blocks(n, y, [&](int64_t at, int64_t count) {
    unary_loops[int(function)](count, y + at, numbers, x + at);
  });
}

// Where z repeats with every row of x and rows are short, each would end in a part of a vector. Then as many of them as
// a vector has lanes are taken for one: their length together is a whole number of vectors.
void binary(Binary function, int64_t n, const float* x, const float* z, Spread spread, float* y,
            const Numbers& numbers) {
  static thread_local Scratch scratch;
  const BinaryLoops loops = binary_loops[int(function)];
  if (spread.count == 1) spread.repeat = spread.span;
  const bool rows = spread.repeat == 1;
  if (rows && spread.span >= n && spread.count < least(n, 8 * kLanes)) {
    float* repeated = scratch.floats(spread.count * kLanes);
    for (int lane = 0; lane < kLanes; ++lane)
      std::memcpy(repeated + lane * spread.count, z, sizeof(float) * spread.count);
    z = repeated;
    spread.count *= kLanes;
  }
  const int64_t run = rows ? spread.count : spread.repeat;
  for_blocks(n, y, [&](int64_t at, int64_t count) {
    for (const int64_t end = at + count; at < end;) {
      const float* of_span = z + (spread.span >= n ? 0 : at / spread.span * spread.count);
      const int64_t offset = at % run, here = least(run - offset, end - at);
      if (rows) loops.array(here, y + at, numbers, x + at, of_span + offset);
      else loops.number(here, y + at, numbers, x + at, of_span[at / run % spread.count]);
      at += here;
    }
  });
}

// Branches on where the operands come from are outside of the loop, which the compiler turns into vectors.
template <bool kA, bool kB>
void where_part(int64_t n, const uint8_t* mask, const float* a, float a_number, const float* b, float b_number,
                float* y) {
  for (int64_t i = 0; i < n; ++i) {
    const float yes = kA ? a[i] : a_number, no = kB ? b[i] : b_number;
    y[i] = mask[i] ? yes : no;
  }
}

void where(int64_t n, const uint8_t* mask, const float* a, float a_number, const float* b, float b_number, float* y) {
  const auto part = a ? (b ? where_part<true, true> : where_part<true, false>)
                      : (b ? where_part<false, true> : where_part<false, false>);
  for_blocks(n, y, [&](int64_t at, int64_t count) {
    part(count, mask + at, a ? a + at : a, a_number, b ? b + at : b, b_number, y + at);
  });
}

}  // namespace

const ElementwiseKernels& elementwise_kernels() {
  static constexpr ElementwiseKernels kernels{unary, binary, where};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
