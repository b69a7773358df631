// Elementwise functions: one loop for each number of operands, filled in with every function of elementwise.inc.
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

FLAMBEAU_INLINE Vec trunc(Vec x) {  // floats from 2^23 on are whole
  const Vec whole = __builtin_convertvector(__builtin_convertvector(x, IntVec), Vec);
  return abs(x) < 8388608.0f ? with_sign(whole, x) : x;
}

FLAMBEAU_INLINE Vec floor(Vec x) {
  const Vec whole = trunc(x);
  return whole > x ? whole - 1.0f : whole;
}

FLAMBEAU_INLINE Vec round(Vec x) {  // the sum with 2^23 has no place for a fraction
  const Vec a = abs(x);
  return a < 8388608.0f ? with_sign((a + 8388608.0f) - 8388608.0f, x) : x;
}

// Of the standard normal distribution: its density at x but for the factor 1 / sqrt(2 pi), and how much of it is
// further from 0 than x on one side. The ratio of the two is a smooth function of 1 / (1 + 0.3 |x|).
struct Normal {
  Vec density, beyond;
};

FLAMBEAU_INLINE Normal normal(Vec x) {
  static constexpr float c[] = {1.196293160e-01f,  1.207537726e-01f, 9.991464019e-02f,  1.285579950e-01f,
                                -5.367713049e-02f, 2.063468695e-01f, -1.571995318e-01f, 3.567399457e-02f};
  const Vec a = smaller(broadcast(13.0f), abs(x));
  const Vec density = a == 13.0f ? Vec{} : exp_normal(a * a * -0.5f);
  const Vec t = quick_reciprocal(1.0f + 0.3f * a);
  return {density, density * (t * polynomial(t, c))};
}

// x Phi(x). Up to 5.45, Phi(x) - 1/2 is x times a quotient of two polynomials of x^2; beyond, Phi is 0 or 1.
FLAMBEAU_INLINE Vec gelu(Vec x) {
  static constexpr float above[] = {3.989422746e-01f, 3.323867292e-02f, 4.639784743e-03f,
                                    1.625714550e-04f, 6.311388778e-06f, 2.325836297e-08f};
  static constexpr float below[] = {1.0f,             2.499834314e-01f, 2.829473076e-02f,
                                    1.849274496e-03f, 7.164627566e-05f, 1.209266358e-06f};
  const Vec near = clamp(x, -5.45f, 5.45f), square = near * near;
  const Vec phi = near * polynomial(square, above) * quick_reciprocal(polynomial(square, below));
  return abs(x) > 5.45f ? larger(Vec{}, x) : x * phi + 0.5f * x;
}

FLAMBEAU_INLINE Vec gelu_slope(Vec x) {
  const Normal at = normal(x);
  return (x < 0.0f ? at.beyond : 1.0f - at.beyond) + clamp(x, -13.0f, 13.0f) * at.density * 0.398942280f;
}

// Beyond 100 the tangent is 1 to the last bit, and no product of an infinity with 0 can arise.
FLAMBEAU_INLINE Vec gelu_inner(Vec x) { return 0.797884561f * (x + 0.044715f * (x * x * x)); }

FLAMBEAU_INLINE Vec gelu_tanh(Vec x) {
  x = larger(broadcast(-100.0f), x);
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

// The table's lines as types with a function `of`.

#define UNARY(name, ...)                                                                            \
  struct name##_unary {                                                                             \
    static FLAMBEAU_INLINE Vec of(Vec x, [[maybe_unused]] const Numbers& k) { return __VA_ARGS__; } \
  };
#define DERIVATIVE(name, ...)                                                                              \
  struct name##_derivative {                                                                               \
    static FLAMBEAU_INLINE Vec of(Vec g, Vec s, [[maybe_unused]] const Numbers& k) { return __VA_ARGS__; } \
  };
#define BINARY(name, ...)                                                                                  \
  struct name##_binary {                                                                                   \
    static FLAMBEAU_INLINE Vec of(Vec x, Vec z, [[maybe_unused]] const Numbers& k) { return __VA_ARGS__; } \
  };
#include "elementwise.inc"

// The loops, over a part of an array. They hold a copy of the numbers: no store can change it.

using OneLoop = void (*)(int64_t n, const float* x, float* y, const Numbers& numbers);
using TwoLoop = void (*)(int64_t n, const float* x, const float* z, float* y, const Numbers& numbers);
using NumberLoop = void (*)(int64_t n, const float* x, float z, float* y, const Numbers& numbers);

template <class F>
void loop_one(int64_t n, const float* x, float* y, const Numbers& k) {
  for_vectors(n, [=](int64_t i, int lanes) __attribute__((always_inline)) {
    store_part(y + i, F::of(load_part(x + i, lanes), k), lanes);
  });
}

template <class F>
void loop_two(int64_t n, const float* x, const float* z, float* y, const Numbers& k) {
  for_vectors(n, [=](int64_t i, int lanes) __attribute__((always_inline)) {
    store_part(y + i, F::of(load_part(x + i, lanes), load_part(z + i, lanes), k), lanes);
  });
}

template <class F>
void loop_number(int64_t n, const float* x, float z, float* y, const Numbers& k) {
  for_vectors(n, [=](int64_t i, int lanes) __attribute__((always_inline)) {
    store_part(y + i, F::of(load_part(x + i, lanes), broadcast(z), k), lanes);
  });
}

constexpr OneLoop unary_loops[] = {
#define UNARY(name, ...) loop_one<name##_unary>,
#include "elementwise.inc"
};

constexpr TwoLoop derivative_loops[] = {
#define DERIVATIVE(name, ...) loop_two<name##_derivative>,
#include "elementwise.inc"
};

struct BinaryLoops {
  TwoLoop two;
  NumberLoop number;
};

constexpr BinaryLoops binary_loops[] = {
#define BINARY(name, ...) {loop_two<name##_binary>, loop_number<name##_binary>},
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
  const OneLoop loop = unary_loops[int(function)];
  for_blocks(n, y, [&](int64_t at, int64_t count) { loop(count, x + at, y + at, numbers); });
}

void two(TwoLoop loop, int64_t n, const float* x, const float* z, float* y, const Numbers& numbers) {
  for_blocks(n, y, [&](int64_t at, int64_t count) { loop(count, x + at, z + at, y + at, numbers); });
}

void derivative(Derivative function, int64_t n, const float* g, const float* saved, float* gx,
                const Numbers& numbers) {
  two(derivative_loops[int(function)], n, g, saved, gx, numbers);
}

void binary(Binary function, int64_t n, const float* x, const float* z, float* y, const Numbers& numbers) {
  two(binary_loops[int(function)].two, n, x, z, y, numbers);
}

void binary_number(Binary function, int64_t n, const float* x, float z, float* y, const Numbers& numbers) {
  const NumberLoop loop = binary_loops[int(function)].number;
  for_blocks(n, y, [&](int64_t at, int64_t count) { loop(count, x + at, z, y + at, numbers); });
}

// Where z repeats with every row of x and rows are short, each would end in a part of a vector. Then as many of them as
// a vector has lanes are taken for one: their length together is a whole number of vectors.
void binary_spread(Binary function, int64_t n, const float* x, const float* z, Spread spread, float* y,
                   const Numbers& numbers) {
  static thread_local Scratch scratch;
  const BinaryLoops loops = binary_loops[int(function)];
  const bool rows = spread.repeat == 1;
  if (rows && spread.span >= n && spread.count < 8 * kLanes) {
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
      if (rows) loops.two(here, x + at, of_span + offset, y + at, numbers);
      else loops.number(here, x + at, of_span[at / run % spread.count], y + at, numbers);
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
  static constexpr ElementwiseKernels kernels{unary, derivative, binary, binary_number, binary_spread, where};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
