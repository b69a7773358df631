// Reductions.
//
// Two questions decide how a sum is made. *In what order?* A running sum of a million floats loses four digits, for
// every small term is rounded to the last place of a large sum. Here numbers are added in short chains, the chains as a
// tree, so that no rounding error is carried on more than some dozen times. The order follows from the sizes alone:
// any number of threads gives the same bits. *In what direction?* Memory is read once, in the order in which it lies:
//   - rows (the last axis): a row is cut into chunks of kChunk numbers; a chunk is summed in eight vectors side by
//     side, which also hides that an addition takes four cycles; then vectors, lanes and chunks as trees.
//   - columns (any other axis): a block of columns is kept in registers, four vectors wide, while it runs down the
//     rows; all columns of a vector are summed at once and nothing has to be moved between lanes. Bands of rows make
//     work for several threads; their sums are added up as columns again.
#include "reduce.h"

#include "math.h"
#include "rows.h"
#include "table.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kChunk = 4096;
constexpr int64_t kChunksAtOnce = 8;
constexpr int64_t kJob = 8192;      // numbers that a thread takes at least, where rows are short
constexpr int64_t kColumns = 1024;  // of a block of columns
constexpr int64_t kBand = 32768;    // numbers of a block: a band of rows
constexpr int64_t kRun = 32;        // rows that are added one after the other

// Each operation: the number that changes nothing, what an element counts, what two results are together.

struct Sum : Add {
  static constexpr float kNeutral = 0.0f;
  static FLAMBEAU_INLINE Vec of(Vec x) { return x; }
};

struct Product : Sum {
  static constexpr float kNeutral = 1.0f;
  static FLAMBEAU_INLINE Vec join(Vec a, Vec b) { return a * b; }
};

struct Greatest : Sum {  // NaN of either
  static constexpr float kNeutral = -kInfinity;
  static FLAMBEAU_INLINE Vec join(Vec a, Vec b) { return ((a > b) | (a != a)) ? a : b; }
};

struct Least : Sum {
  static constexpr float kNeutral = kInfinity;
  static FLAMBEAU_INLINE Vec join(Vec a, Vec b) { return ((a < b) | (a != a)) ? a : b; }
};

struct AbsSum : Sum {
  static FLAMBEAU_INLINE Vec of(Vec x) { return abs(x); }
};

struct AbsGreatest : Greatest {
  static constexpr float kNeutral = 0.0f;
  static FLAMBEAU_INLINE Vec of(Vec x) { return abs(x); }
};

template <int Exponent>
struct Squares : Sum {  // of numbers times 2^Exponent
  static FLAMBEAU_INLINE Vec of(Vec x) {
    const Vec scaled = x * __builtin_ldexpf(1.0f, Exponent);
    return scaled * scaled;
  }
};

// Rows. What a row's chunk gives, how two of them are joined and what the result is, is the business of a part.

template <class Op>
struct InFloat {
  using Result = float;

  // Of n numbers in an array that goes on for `readable` >= n. What lies behind them is read too where there is another
  // vector of it: putting the end together from memory costs more than a short row.
  static FLAMBEAU_INLINE float chunk(const float* x, int64_t n, int64_t readable) {
    const auto element = [=](int64_t i, int lanes) __attribute__((always_inline)) {
      return Op::of(readable - i >= kLanes ? load(x + i) : load_part(x + i, lanes));
    };
    if (n < kLanes) return join_lanes<Op>(filled(element(0, int(n)), int(n), Op::kNeutral));
    if (n < 8 * kLanes) return join_lanes<Op>(fold_row<Op, 2>(0, n, Op::kNeutral, element));
    return join_lanes<Op>(fold_row<Op, 8>(0, n, Op::kNeutral, element));
  }
  static float join(float a, float b) { return Op::join(broadcast(a), broadcast(b))[0]; }
  static float finish(float result) { return result; }
};

// The root of the sum of squares. Where squares overflow or vanish, they are those of numbers brought near to 1, which
// even for the least and the greatest of floats are neither.
struct Norm {
  using Result = double;

  static double chunk(const float* x, int64_t n, int64_t readable) {
    const float plain = InFloat<Squares<0>>::chunk(x, n, readable);
    if (plain > 1e-30f && plain < 1e30f) return plain;
    if (plain < 1.0f) return InFloat<Squares<100>>::chunk(x, n, readable) * 0x1p-200;
    return InFloat<Squares<-80>>::chunk(x, n, readable) * 0x1p160;
  }
  static double join(double a, double b) { return a + b; }
  static float finish(double sum) { return float(__builtin_sqrt(sum)); }
};

template <class Part>
void reduce_rows(int64_t m, int64_t c, const float* x, float* y) {
  if (c <= kChunk) {
    return for_row_pieces(m, most(kJob / most(c, 1), 1), [&](int64_t begin, int64_t end, int64_t) {
      for (int64_t r = begin; r < end; ++r) y[r] = Part::finish(Part::chunk(x + r * c, c, (m - r) * c));
    });
  }
  static thread_local Scratch scratch;
  using Result = typename Part::Result;
  const int64_t chunks = ceil_div(c, kChunk);
  Result* parts = static_cast<Result*>(scratch.bytes(m * chunks * sizeof(Result)));
  for_row_pieces(m * chunks, kChunksAtOnce, [&](int64_t first, int64_t end, int64_t) {
    for (int64_t i = first; i < end; ++i) {
      const int64_t begin = i % chunks * kChunk, at = i / chunks * c + begin;
      parts[i] = Part::chunk(x + at, least(kChunk, c - begin), m * c - at);
    }
  });
  for (int64_t r = 0; r < m; ++r) {
    Result* of_row = parts + r * chunks;
    for (int64_t step = 1; step < chunks; step *= 2)
      for (int64_t i = 0; i + step < chunks; i += 2 * step) of_row[i] = Part::join(of_row[i], of_row[i + step]);
    y[r] = Part::finish(of_row[0]);
  }
}

// Columns.

// y[W vectors] from `rows` rows of x, `stride` apart.
template <class Op, int W>
FLAMBEAU_INLINE void strip(int64_t rows, int64_t stride, const float* x, float* y, int lanes = kLanes) {
  Vec total[W];
  FLAMBEAU_UNROLL for (int v = 0; v < W; ++v) total[v] = broadcast(Op::kNeutral);
  for (int64_t first = 0; first < rows; first += kRun) {
    Vec sum[W];
    FLAMBEAU_UNROLL for (int v = 0; v < W; ++v) sum[v] = broadcast(Op::kNeutral);
    for (int64_t r = first; r < least(rows, first + kRun); ++r)
      FLAMBEAU_UNROLL for (int v = 0; v < W; ++v)
          sum[v] = Op::join(sum[v], Op::of(load_part(x + r * stride + v * kLanes, lanes)));
    FLAMBEAU_UNROLL for (int v = 0; v < W; ++v) total[v] = Op::join(total[v], sum[v]);
  }
  FLAMBEAU_UNROLL for (int v = 0; v < W; ++v) store_part(y + v * kLanes, total[v], lanes);
}

// y[columns] from `rows` rows of x. The last vector begins early enough to be a whole one: its columns that had been
// done before come out the same again.
template <class Op>
void block(int64_t rows, int64_t columns, int64_t stride, const float* x, float* y) {
  if (columns < kLanes) return strip<Op, 1>(rows, stride, x, y, int(columns));
  int64_t i = 0;
  for (; i + 4 * kLanes <= columns; i += 4 * kLanes) strip<Op, 4>(rows, stride, x + i, y + i);
  for (; i < columns; i += kLanes) {
    const int64_t at = least(i, columns - kLanes);
    strip<Op, 1>(rows, stride, x + at, y + at);
  }
}

// One (count, inner) array. Of few columns several rows are taken for one longer, so that vectors are full; the sums of
// these and the rows left over are then rows of `inner`.
template <class Op>
void reduce_columns(int64_t count, int64_t inner, const float* x, float* y) {
  static thread_local Scratch folded_scratch, part_scratch;
  struct Joined : Op {  // results are not elements
    static FLAMBEAU_INLINE Vec of(Vec x) { return x; }
  };
  if (inner < kLanes && count >= 4 * kLanes) {
    const int64_t rows = count / kLanes, left = count % kLanes, columns = inner * kLanes;
    float* folded = folded_scratch.floats(columns + inner);
    reduce_columns<Op>(rows, columns, x, folded);
    if (left > 0) block<Op>(left, inner, inner, x + rows * columns, folded + columns);
    return block<Joined>(kLanes + (left > 0), inner, inner, folded, y);
  }
  const int64_t width = least(inner, kColumns), height = most(kBand / width, kRun);
  const int64_t blocks = ceil_div(inner, width), bands = most(1, ceil_div(count, height));
  float* parts = bands == 1 ? y : part_scratch.floats(bands * inner);
  parallel_for(blocks * bands, [&](int64_t i) {
    const int64_t column = i % blocks * width, row = i / blocks * height;
    block<Op>(least(height, count - row), least(width, inner - column), inner, x + row * inner + column,
              parts + i / blocks * inner + column);
  });
  if (bands > 1) block<Joined>(bands, inner, inner, parts, y);
}

template <class Op>
void reduce_as(const ReduceShape& s, const float* x, float* y) {
  if (s.inner == 1) return reduce_rows<InFloat<Op>>(s.outer, s.count, x, y);
  const auto one = [&](int64_t i) { reduce_columns<Op>(s.count, s.inner, x + i * s.count * s.inner, y + i * s.inner); };
  if (s.count * s.inner < kBand) return parallel_for(s.outer, one);
  for (int64_t i = 0; i < s.outer; ++i) one(i);
}

void reduce(Reduction reduction, const ReduceShape& s, const float* x, float* y) {
  if (s.outer * s.inner == 0) return;
  switch (reduction) {
    case Reduction::sum: return reduce_as<Sum>(s, x, y);
    case Reduction::mean:
      reduce_as<Sum>(s, x, y);
      for (int64_t i = 0; i < s.outer * s.inner; ++i) y[i] /= float(s.count);
      return;
    case Reduction::prod: return reduce_as<Product>(s, x, y);
    case Reduction::max: return reduce_as<Greatest>(s, x, y);
    case Reduction::min: return reduce_as<Least>(s, x, y);
    case Reduction::abs_sum: return reduce_as<AbsSum>(s, x, y);
    case Reduction::abs_max: return reduce_as<AbsGreatest>(s, x, y);
    case Reduction::norm: return reduce_rows<Norm>(s.outer, s.count, x, y);
  }
}

// The gradient of a table of which rows were picked. A thread has some columns of all rows for itself, so that rows
// are added in the order in which they come, whoever adds them.
void add_rows(int64_t m, int64_t c, int64_t rows, const float* x, const int64_t* at, float* y) {
  constexpr int64_t kStrip = 64;
  parallel_for(ceil_div(c, kStrip), [&](int64_t strip) {
    const int64_t begin = strip * kStrip, width = least(kStrip, c - begin);
    for (int64_t r = 0; r < rows; ++r) std::memset(y + r * c + begin, 0, width * sizeof(float));
    for (int64_t i = 0; i < m; ++i) {
      const float* from = x + i * c + begin;
      float* to = y + at[i] * c + begin;
      for_vectors(width, [=](int64_t j, int lanes) __attribute__((always_inline)) {
        store_part(to + j, load_part(to + j, lanes) + load_part(from + j, lanes), lanes);
      });
    }
  });
}

}  // namespace

const ReduceKernels& reduce_kernels() {
  static constexpr ReduceKernels kernels{reduce, add_rows};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
