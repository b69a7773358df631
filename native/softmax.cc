// Softmax, log-softmax and cross entropy over rows, forward and backward.
//
// A row is walked three times: for its greatest number, which is taken out so that no exponential overflows; for the
// exponentials and their sum; to divide by it. A row of some thousand numbers stays in the first-level cache meanwhile,
// so memory is read once and written once, and the exponential (math.h) is what takes the time: about one cycle a
// number with AVX-512.
//
// Classifiers often have ten classes: a vector along such a row would be half empty, and adding its lanes to one number
// takes longer than all the rest. Rows of at most kFew numbers are therefore turned: kLanes rows side by side in the
// lanes, so that all of the above is done for all of them at once, and sums and maxima are plain vector operations.
//
// Cross entropy never stores probabilities for backward. It computes the gradient at once, while the row is in the
// cache; then backward has nothing to do but to multiply by the gradient of the loss, which is 1 as a rule.
#include "softmax.h"

#include "math.h"
#include "rows.h"
#include "table.h"
#include "transpose.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kFew = 128;               // rows that are not longer are turned
constexpr int64_t kPieceFloats = 8 * 1024;  // of a piece of parallel work
constexpr int64_t kFloatSum = 2048;         // numbers of a row that are summed in floats

// A multiple of kLanes where rows are turned.
int64_t piece_rows(SoftmaxShape s) {
  const int64_t rows = most(1, kPieceFloats / most(1, s.c));
  return s.c <= kFew ? ceil_div(rows, kLanes) * kLanes : rows;
}

// ---- rows, in two forms with the same vocabulary ----
//
//   count                    rows at once
//   open(from, to)           the rows at `from`: x(column, lanes) reads, x.put(column, lanes, v) writes, x.back(column,
//                            lanes) reads what was put, and x.finish() after the last; `to` is null if there is none
//   top(x), sum(f), each(f)  the greatest x, the sum of f(column, lanes), and just f(column, lanes), of all columns
//   numbers(f), lane(a, row) f(row) of each row side by side, which is a float or a vector; and the way back

// One row along vectors.
struct Along {
  static constexpr int64_t count = 1;
  int64_t c;

  struct Row {
    const float* from;
    float* to;
    FLAMBEAU_INLINE Vec operator()(int64_t j, int lanes) const { return load_part(from + j, lanes); }
    FLAMBEAU_INLINE Vec back(int64_t j, int lanes) const { return load_part(to + j, lanes); }
    FLAMBEAU_INLINE Vec put(int64_t j, int lanes, Vec v) const {
      store_part(to + j, v, lanes);
      return v;
    }
    void finish() const {}
  };
  Row open(const float* from, float* to) const { return {from, to}; }

  FLAMBEAU_INLINE float top(const Row& x) const { return join_lanes<Larger>(fold_row<Larger>(0, c, -kInfinity, x)); }
  template <class F>
  FLAMBEAU_INLINE float sum(const F& f) const {
    double total = 0;
    for (int64_t begin = 0; begin < c; begin += kFloatSum)
      total += join_lanes<Add>(fold_row<Add>(begin, least(c, begin + kFloatSum), 0.0f, f));
    return float(total);
  }
  template <class F>
  FLAMBEAU_INLINE void each(const F& f) const { for_vectors(c, f); }
  template <class F>
  FLAMBEAU_INLINE float numbers(const F& f) const { return f(0); }
  static FLAMBEAU_INLINE float lane(float number, int64_t) { return number; }
};

// Up to kLanes rows of c <= kFew numbers in the lanes; lanes without a row hold zeros.
struct Turned {
  int64_t c, count;

  struct Rows {
    int64_t c, count;
    float* to;
    Vec column[kFew];  // what is left of the last square of kLanes is of no interest

    // (The numbers come by value: behind a reference they would be loaded again after each store.)
    FLAMBEAU_INLINE Rows(int64_t columns, int64_t rows, const float* from, float* target)
        : c(columns), count(rows), to(target) {
      for (int64_t j = 0; j < columns; j += kLanes) {
        Vec square[kLanes];
        const int lanes = int(least(kLanes, columns - j));
        FLAMBEAU_UNROLL for (int r = 0; r < kLanes; ++r)
            square[r] = r < rows ? load_part(from + r * columns + j, lanes) : Vec{};
        transpose(square);
        FLAMBEAU_UNROLL for (int i = 0; i < kLanes; ++i) column[j + i] = square[i];
      }
    }
    FLAMBEAU_INLINE Vec operator()(int64_t j, int) const { return column[j]; }
    FLAMBEAU_INLINE Vec back(int64_t j, int) const { return column[j]; }
    FLAMBEAU_INLINE Vec put(int64_t j, int, Vec v) { return column[j] = v; }
    FLAMBEAU_INLINE void finish() const {
      const int64_t columns = c, rows = count;
      float* const y = to;
      for (int64_t j = 0; j < columns; j += kLanes) {
        Vec square[kLanes];
        const int lanes = int(least(kLanes, columns - j));
        FLAMBEAU_UNROLL for (int i = 0; i < kLanes; ++i) square[i] = column[j + i];
        transpose(square);
        for (int r = 0; r < rows; ++r) store_part(y + r * columns + j, square[r], lanes);
      }
    }
  };
  FLAMBEAU_INLINE Rows open(const float* from, float* to) const { return Rows(c, count, from, to); }

  FLAMBEAU_INLINE Vec top(const Rows& x) const {
    Vec top = broadcast(-kInfinity);
    for (int64_t j = 0; j < c; ++j) top = max(x.column[j], top);
    return top;
  }
  template <class F>
  FLAMBEAU_INLINE Vec sum(const F& f) const {
    Vec sum{};
    for (int64_t j = 0; j < c; ++j) sum += f(j, kLanes);
    return sum;
  }
  template <class F>
  FLAMBEAU_INLINE void each(const F& f) const {
    for (int64_t j = 0; j < c; ++j) f(j, kLanes);
  }
  template <class F>
  FLAMBEAU_INLINE Vec numbers(const F& f) const {
    alignas(64) float all[kLanes] = {};
    for (int64_t r = 0; r < count; ++r) all[r] = f(r);
    return load(all);
  }
  static FLAMBEAU_INLINE float lane(const Vec& number, int64_t row) { return number[row]; }
};

FLAMBEAU_INLINE Vec log_of(Vec x) { return log(x); }
FLAMBEAU_INLINE float log_of(float x) { return log(broadcast(x))[0]; }

// body(rows, the number of the first) for all of rows [begin, end).
template <class F>
FLAMBEAU_INLINE void walk_rows(SoftmaxShape s, int64_t begin, int64_t end, const F& body) {
  if (s.c > kFew)
    for (int64_t r = begin; r < end; ++r) body(Along{s.c}, r);
  else
    for (int64_t r = begin; r < end; r += kLanes) body(Turned{s.c, least(kLanes, end - r)}, r);
}

// body(rows, x, floats before them) for all rows, in parallel; x is open from `from` to `to`.
template <class F>
void for_rows(SoftmaxShape s, const float* from, float* to, const F& body) {
  for_row_pieces(s.m, piece_rows(s), [&](int64_t begin, int64_t end, int64_t) {
    walk_rows(s, begin, end, [&](const auto& rows, int64_t r) __attribute__((always_inline)) {
      auto x = rows.open(from + r * s.c, to + r * s.c);
      body(rows, x, r * s.c);
      x.finish();
    });
  });
}

// ---- softmax and log-softmax ----

// A NaN that is lost on the way to the top comes back in the sum of the exponentials.
void softmax(SoftmaxShape s, const float* from, float* to) {
  for_rows(s, from, to, [](const auto& rows, auto& x, int64_t) __attribute__((always_inline)) {
    const auto top = rows.top(x);
    const auto scale = 1.0f / rows.sum(FLAMBEAU_ALONG { return x.put(j, lanes, exp(x(j, lanes) - top)); });
    rows.each(FLAMBEAU_ALONG { x.put(j, lanes, x.back(j, lanes) * scale); });
  });
}

void log_softmax(SoftmaxShape s, const float* from, float* to) {
  for_rows(s, from, to, [](const auto& rows, auto& x, int64_t) __attribute__((always_inline)) {
    const auto top = rows.top(x), rest = log_of(rows.sum(FLAMBEAU_ALONG { return exp(x(j, lanes) - top); }));
    rows.each(FLAMBEAU_ALONG { x.put(j, lanes, (x(j, lanes) - top) - rest); });
  });
}

// gx = y (g - sum g y)
void softmax_backward(SoftmaxShape s, const float* gy, const float* result, float* gx) {
  for_rows(s, gy, gx, [=](const auto& rows, auto& g, int64_t at) __attribute__((always_inline)) {
    const auto y = rows.open(result + at, nullptr);
    const auto sum = rows.sum(FLAMBEAU_ALONG { return g(j, lanes) * y(j, lanes); });
    rows.each(FLAMBEAU_ALONG { g.put(j, lanes, y(j, lanes) * (g(j, lanes) - sum)); });
  });
}

// gx = g - exp(y) sum g
void log_softmax_backward(SoftmaxShape s, const float* gy, const float* result, float* gx) {
  for_rows(s, gy, gx, [=](const auto& rows, auto& g, int64_t at) __attribute__((always_inline)) {
    const auto y = rows.open(result + at, nullptr);
    const auto sum = rows.sum(FLAMBEAU_ALONG { return g(j, lanes); });
    rows.each(FLAMBEAU_ALONG { g.put(j, lanes, g(j, lanes) - exp(y(j, lanes)) * sum); });
  });
}

// ---- cross entropy ----
//
// With p = softmax(x) and w the weight of a row's target, its loss is -w log p[target], and the gradient
//   gx[j] = w p[j] - (w where j is the target).

struct Entropy {
  SoftmaxShape s;
  EntropyTarget goal;

  bool counts(int64_t row) const { return goal.target[row] != goal.ignore_index; }
  float weight(int64_t row) const {
    return !counts(row) ? 0.0f : goal.weight ? goal.weight[goal.target[row]] : 1.0f;
  }

  // Of all rows, in order.
  double total_weight() const {
    int64_t count = 0;
    for (int64_t r = 0; r < s.m; ++r) count += counts(r);
    if (!goal.weight) return double(count);
    double sum = 0;
    for (int64_t r = 0; r < s.m; ++r) sum += weight(r);
    return sum;
  }
};

// Losses of rows [begin, end), and gx for a gradient g of each row's loss.
void entropy_rows(const Entropy& e, int64_t begin, int64_t end, const float* from, float g, float* losses, float* gx) {
  const int64_t c = e.s.c;
  const int64_t* const target = e.goal.target;
  walk_rows(e.s, begin, end, [&](const auto& rows, int64_t first) __attribute__((always_inline)) {
    auto x = rows.open(from + first * c, gx + first * c);
    const auto top = rows.top(x), sum = rows.sum(FLAMBEAU_ALONG { return x.put(j, lanes, exp(x(j, lanes) - top)); });
    const auto log_sum = log_of(sum);
    for (int64_t k = 0, row = first; k < rows.count; ++k, ++row) {
      losses[row] = 0;
      if (!e.counts(row)) continue;
      const float below = from[row * c + target[row]] - rows.lane(top, k);
      losses[row] = e.weight(row) * (rows.lane(log_sum, k) - below);
    }
    const auto scale = rows.numbers([&](int64_t k) { return g * e.weight(first + k) / rows.lane(sum, k); });
    rows.each(FLAMBEAU_ALONG { x.put(j, lanes, x.back(j, lanes) * scale); });
    x.finish();
    for (int64_t k = 0, row = first; k < rows.count; ++k, ++row) {
      if (e.counts(row)) gx[row * c + target[row]] -= g * e.weight(row);
      else std::memset(gx + row * c, 0, sizeof(float) * c);  // not 0 times what may be infinite
    }
  });
}

void entropy(SoftmaxShape s, const EntropyTarget& goal, EntropyReduction reduction, const float* x, float* loss,
             float* gx) {
  static thread_local Scratch scratch;
  const Entropy e{s, goal};
  const bool reduced = reduction != EntropyReduction::kNone;
  const double divisor = reduction == EntropyReduction::kMean ? e.total_weight() : 1.0;
  float* losses = reduced ? scratch.floats(s.m) : loss;
  for_row_pieces(s.m, piece_rows(s), [&](int64_t begin, int64_t end, int64_t) {
    entropy_rows(e, begin, end, x, float(1.0 / divisor), losses, gx);
  });
  if (!reduced) return;
  reduce_kernels().reduce(Reduction::sum, {1, s.m, 1}, losses, loss);
  *loss = float(*loss / divisor);
}

}  // namespace

const SoftmaxKernels& softmax_kernels() {
  static constexpr SoftmaxKernels kernels{softmax, softmax_backward, log_softmax, log_softmax_backward, entropy};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
