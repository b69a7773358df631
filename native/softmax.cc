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
// Cross entropy never stores probabilities for backward: two numbers a row are enough to compute them again from x,
// which costs less than to read them. Or forward computes the gradient at once, while the row is in the cache; then
// backward has nothing to do but to multiply by the gradient of the loss, which is 1 as a rule.
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
constexpr int kGroup = 4;                   // vectors at a time: a sum has to wait for the one before

// A multiple of kLanes where rows are turned.
int64_t piece_rows(SoftmaxShape s) {
  const int64_t rows = most(1, kPieceFloats / s.c);
  return s.c <= kFew ? ceil_div(rows, kLanes) * kLanes : rows;
}
int64_t piece_count(SoftmaxShape s) { return ceil_div(s.m, piece_rows(s)); }

// body(first row, end, piece) for pieces of rows, in parallel.
template <class F>
void for_row_pieces(SoftmaxShape s, const F& body) {
  const int64_t rows = piece_rows(s);
  parallel_for(piece_count(s), [&](int64_t p) { body(p * rows, least(s.m, (p + 1) * rows), p); });
}

// ---- rows along vectors ----

// f(column, lanes, sum) along columns [begin, end) of a row, with several sums, put together by `join`.
template <class F, class J>
FLAMBEAU_INLINE Vec fold_row(int64_t begin, int64_t end, Vec start, const J& join, const F& f) {
  Vec sum[kGroup];
  FLAMBEAU_UNROLL for (int v = 0; v < kGroup; ++v) sum[v] = start;
  int64_t j = begin;
  for (; j + kGroup * kLanes <= end; j += kGroup * kLanes)
    FLAMBEAU_UNROLL for (int v = 0; v < kGroup; ++v) f(j + v * kLanes, kLanes, sum[v]);
  for (; j + kLanes <= end; j += kLanes) f(j, kLanes, sum[0]);
  if (j < end) f(j, int(end - j), sum[1]);
  return join(join(sum[0], sum[1]), join(sum[2], sum[3]));
}

FLAMBEAU_INLINE Vec add(Vec a, Vec b) { return a + b; }

template <class F>
FLAMBEAU_INLINE float sum_row(int64_t c, const F& f) {
  double total = 0;
  for (int64_t begin = 0; begin < c; begin += kFloatSum)
    total += sum_of_lanes(fold_row(begin, least(c, begin + kFloatSum), Vec{}, add, f));
  return float(total);
}

// The greatest number of a row. A NaN may be lost: it comes back in the sum of the exponentials.
float top_of_row(const float* x, int64_t c) {
  const Vec top = fold_row(0, c, broadcast(-kInfinity), [](Vec a, Vec b) { return max(a, b); },
                           [&](int64_t j, int lanes, Vec& so_far) __attribute__((always_inline)) {
                             Vec v = load_lanes(x + j, lanes);
                             if (lanes < kLanes) v = lane_below(lanes) ? v : broadcast(-kInfinity);
                             so_far = max(v, so_far);
                           });
  return max_of_lanes(top);
}

// e = exp(x - top), unless e is null, and the sum of them.
float exp_of_row(const float* x, int64_t c, float top, float* e) {
  return sum_row(c, [&](int64_t j, int lanes, Vec& sum) __attribute__((always_inline)) {
    Vec v = exp(load_lanes(x + j, lanes) - top);
    if (e) store_lanes(e + j, v, lanes);
    if (lanes < kLanes) v = lane_below(lanes) ? v : Vec{};
    sum += v;
  });
}

float log_of(float x) { return log(broadcast(x))[0]; }

// ---- rows in lanes ----

// Up to kLanes rows of c <= kFew numbers; lanes without a row hold zeros.
struct Turned {
  Vec column[kFew];  // what is left of the last square of kLanes is of no interest

  void read(const float* x, int64_t c, int64_t rows) {
    for (int64_t j = 0; j < c; j += kLanes) {
      Vec square[kLanes];
      const int lanes = int(least(kLanes, c - j));
      FLAMBEAU_UNROLL for (int r = 0; r < kLanes; ++r) square[r] = r < rows ? load_lanes(x + r * c + j, lanes) : Vec{};
      transpose(square);
      FLAMBEAU_UNROLL for (int i = 0; i < kLanes; ++i) column[j + i] = square[i];
    }
  }
  void write(float* y, int64_t c, int64_t rows) const {
    for (int64_t j = 0; j < c; j += kLanes) {
      Vec square[kLanes];
      const int lanes = int(least(kLanes, c - j));
      FLAMBEAU_UNROLL for (int i = 0; i < kLanes; ++i) square[i] = column[j + i];
      transpose(square);
      for (int r = 0; r < rows; ++r) store_lanes(y + r * c + j, square[r], lanes);
    }
  }
  Vec top(int64_t c) const {
    Vec top = broadcast(-kInfinity);
    for (int64_t j = 0; j < c; ++j) top = max(column[j], top);
    return top;
  }
  // Each column becomes exp(column - top); returns their sum.
  Vec exponentials(int64_t c, Vec top) {
    Vec sum{};
    for (int64_t j = 0; j < c; ++j) {
      column[j] = exp(column[j] - top);
      sum += column[j];
    }
    return sum;
  }
};

// ---- softmax and log-softmax ----

void softmax_row(const float* x, int64_t c, float* y) {
  const float sum = exp_of_row(x, c, top_of_row(x, c), y), scale = 1.0f / sum;
  for_vectors(c, [&](int64_t j, int lanes) __attribute__((always_inline)) {
    store_lanes(y + j, load_lanes(y + j, lanes) * scale, lanes);
  });
}

void softmax_turned(const float* x, int64_t c, int64_t rows, float* y) {
  Turned t;
  t.read(x, c, rows);
  const Vec scale = 1.0f / t.exponentials(c, t.top(c));
  for (int64_t j = 0; j < c; ++j) t.column[j] *= scale;
  t.write(y, c, rows);
}

void log_softmax_row(const float* x, int64_t c, float* y) {
  const float top = top_of_row(x, c), rest = log_of(exp_of_row(x, c, top, nullptr));
  for_vectors(c, [&](int64_t j, int lanes) __attribute__((always_inline)) {
    store_lanes(y + j, (load_lanes(x + j, lanes) - top) - rest, lanes);
  });
}

void log_softmax_turned(const float* x, int64_t c, int64_t rows, float* y) {
  Turned t;
  t.read(x, c, rows);
  const Vec top = t.top(c);
  Vec sum{};
  for (int64_t j = 0; j < c; ++j) {
    t.column[j] -= top;
    sum += exp(t.column[j]);
  }
  const Vec rest = log(sum);
  for (int64_t j = 0; j < c; ++j) t.column[j] -= rest;
  t.write(y, c, rows);
}

// gx = y (g - sum g y)
void softmax_row_backward(const float* g, const float* y, int64_t c, float* gx) {
  const float sum = sum_row(c, [&](int64_t j, int lanes, Vec& s) __attribute__((always_inline)) {
    s += load_lanes(g + j, lanes) * load_lanes(y + j, lanes);
  });
  for_vectors(c, [&](int64_t j, int lanes) __attribute__((always_inline)) {
    store_lanes(gx + j, load_lanes(y + j, lanes) * (load_lanes(g + j, lanes) - sum), lanes);
  });
}

void softmax_turned_backward(const float* g, const float* y, int64_t c, int64_t rows, float* gx) {
  Turned tg, ty;
  tg.read(g, c, rows);
  ty.read(y, c, rows);
  Vec sum{};
  for (int64_t j = 0; j < c; ++j) sum += tg.column[j] * ty.column[j];
  for (int64_t j = 0; j < c; ++j) tg.column[j] = ty.column[j] * (tg.column[j] - sum);
  tg.write(gx, c, rows);
}

// gx = g - exp(y) sum g
void log_softmax_row_backward(const float* g, const float* y, int64_t c, float* gx) {
  const float sum = sum_row(c, [&](int64_t j, int lanes, Vec& s) __attribute__((always_inline)) {
    s += load_lanes(g + j, lanes);
  });
  for_vectors(c, [&](int64_t j, int lanes) __attribute__((always_inline)) {
    store_lanes(gx + j, load_lanes(g + j, lanes) - exp(load_lanes(y + j, lanes)) * sum, lanes);
  });
}

void log_softmax_turned_backward(const float* g, const float* y, int64_t c, int64_t rows, float* gx) {
  Turned tg, ty;
  tg.read(g, c, rows);
  ty.read(y, c, rows);
  Vec sum{};
  for (int64_t j = 0; j < c; ++j) sum += tg.column[j];
  for (int64_t j = 0; j < c; ++j) tg.column[j] -= exp(ty.column[j]) * sum;
  tg.write(gx, c, rows);
}

// along(row) or turned(row, rows) for all rows.
template <class A, class T>
void for_rows(SoftmaxShape s, const A& along, const T& turned) {
  if (s.m * s.c == 0) return;
  for_row_pieces(s, [&](int64_t begin, int64_t end, int64_t) {
    if (s.c > kFew)
      for (int64_t r = begin; r < end; ++r) along(r * s.c);
    else
      for (int64_t r = begin; r < end; r += kLanes) turned(r * s.c, least(kLanes, end - r));
  });
}

void softmax(SoftmaxShape s, const float* x, float* y) {
  for_rows(s, [&](int64_t at) { softmax_row(x + at, s.c, y + at); },
           [&](int64_t at, int64_t rows) { softmax_turned(x + at, s.c, rows, y + at); });
}
void log_softmax(SoftmaxShape s, const float* x, float* y) {
  for_rows(s, [&](int64_t at) { log_softmax_row(x + at, s.c, y + at); },
           [&](int64_t at, int64_t rows) { log_softmax_turned(x + at, s.c, rows, y + at); });
}
void softmax_backward(SoftmaxShape s, const float* gy, const float* y, float* gx) {
  for_rows(s, [&](int64_t at) { softmax_row_backward(gy + at, y + at, s.c, gx + at); },
           [&](int64_t at, int64_t rows) { softmax_turned_backward(gy + at, y + at, s.c, rows, gx + at); });
}
void log_softmax_backward(SoftmaxShape s, const float* gy, const float* y, float* gx) {
  for_rows(s, [&](int64_t at) { log_softmax_row_backward(gy + at, y + at, s.c, gx + at); },
           [&](int64_t at, int64_t rows) { log_softmax_turned_backward(gy + at, y + at, s.c, rows, gx + at); });
}

// ---- cross entropy ----
//
// With p = softmax(x), the loss of a row is hit (-log p[target]) + spread sum of weight[j] (-log p[j]), where
// hit = (1 - smoothing) weight[target] and spread = smoothing / c. Its gradient is
//   gx[j] = (hit + spread sum of all weights) p[j] - spread weight[j] - (hit where j is the target).

struct Entropy {
  SoftmaxShape s;
  EntropyTarget goal;
  float spread, all_weights;

  Entropy(SoftmaxShape shape, const EntropyTarget& target)
      : s(shape), goal(target), spread(target.smoothing / float(shape.c)), all_weights(float(shape.c)) {
    if (!goal.weight) return;
    double sum = 0;
    for (int64_t j = 0; j < s.c; ++j) sum += goal.weight[j];
    all_weights = float(sum);
  }
  bool counts(int64_t row) const { return goal.target[row] != goal.ignore_index; }
  float weight(int64_t row) const { return goal.weight ? goal.weight[goal.target[row]] : 1.0f; }
  float hit(int64_t row) const { return (1.0f - goal.smoothing) * weight(row); }

  // Of all rows that count, in order.
  double total_weight() const {
    double sum = 0;
    for (int64_t r = 0; r < s.m; ++r) sum += counts(r) ? weight(r) : 0.0f;
    return sum;
  }

  // The sum of weight[j] (-log p[j]) of a row.
  float smooth_loss(const float* x, EntropySaved of, float log_sum) const {
    return sum_row(s.c, [&](int64_t j, int lanes, Vec& sum) __attribute__((always_inline)) {
      Vec v = log_sum - (load_lanes(x + j, lanes) - of.top);
      if (goal.weight) v *= load_lanes(goal.weight + j, lanes);
      if (lanes < kLanes) v = lane_below(lanes) ? v : Vec{};
      sum += v;
    });
  }

  float loss(int64_t row, const float* x, EntropySaved of, float log_sum) const {
    if (!counts(row)) return 0.0f;
    const float plain = hit(row) * (log_sum - (x[goal.target[row]] - of.top));
    return goal.smoothing == 0.0f ? plain : plain + spread * smooth_loss(x, of, log_sum);
  }

  // What the exponentials of a row are multiplied by, for a gradient g of its loss.
  float factor(int64_t row, EntropySaved of, float g) const {
    return counts(row) ? g * (hit(row) + (goal.smoothing == 0.0f ? 0.0f : spread * all_weights)) / of.sum : 0.0f;
  }

  // After the exponentials were multiplied: the rest of the gradient.
  void finish_gradient(int64_t row, float g, float* gx) const {
    if (!counts(row)) {
      std::memset(gx, 0, sizeof(float) * s.c);
      return;
    }
    if (goal.smoothing != 0.0f)
      for (int64_t j = 0; j < s.c; ++j) gx[j] -= g * spread * (goal.weight ? goal.weight[j] : 1.0f);
    gx[goal.target[row]] -= g * hit(row);
  }

  // gx holds the exponentials.
  void gradient_of_row(int64_t row, EntropySaved of, float g, float* gx) const {
    const float scale = factor(row, of, g);
    for_vectors(s.c, [&](int64_t j, int lanes) __attribute__((always_inline)) {
      store_lanes(gx + j, load_lanes(gx + j, lanes) * scale, lanes);
    });
    finish_gradient(row, g, gx);
  }

  // t holds the exponentials of `rows` rows from `first` on.
  template <class G>
  void gradient_of_turned(int64_t first, int64_t rows, const EntropySaved* of, const G& g, Turned& t, float* gx) const {
    alignas(64) float factors[kLanes] = {};
    for (int64_t r = 0; r < rows; ++r) factors[r] = factor(first + r, of[r], g(first + r));
    const Vec scale = load(factors);
    for (int64_t j = 0; j < s.c; ++j) t.column[j] *= scale;
    t.write(gx, s.c, rows);
    for (int64_t r = 0; r < rows; ++r) finish_gradient(first + r, g(first + r), gx + r * s.c);
  }
};

// Writes losses and what is saved of rows [begin, end), and gx for a gradient g of each row's loss; returns the sum.
double entropy_rows(const Entropy& e, int64_t begin, int64_t end, const float* x, float g, float* losses,
                    EntropySaved* saved, float* gx) {
  const int64_t c = e.s.c;
  double total = 0;
  const auto take = [&](int64_t row, float loss) {
    if (losses) losses[row] = loss;
    total += loss;
  };
  for (int64_t r = begin; c > kFew && r < end; ++r) {
    const float* row = x + r * c;
    float* gradient = gx ? gx + r * c : nullptr;
    saved[r].top = top_of_row(row, c);
    saved[r].sum = exp_of_row(row, c, saved[r].top, gradient);
    take(r, e.loss(r, row, saved[r], log_of(saved[r].sum)));
    if (gradient) e.gradient_of_row(r, saved[r], g, gradient);
  }
  for (int64_t r = begin; c <= kFew && r < end; r += kLanes) {
    const int64_t rows = least(kLanes, end - r);
    Turned t;
    t.read(x + r * c, c, rows);
    const Vec top = t.top(c), sum = t.exponentials(c, top), log_sum = log(sum);
    for (int64_t k = 0; k < rows; ++k) {
      saved[r + k] = {top[k], sum[k]};
      take(r + k, e.loss(r + k, x + (r + k) * c, saved[r + k], log_sum[k]));
    }
    if (gx) e.gradient_of_turned(r, rows, saved + r, [&](int64_t) { return g; }, t, gx + r * c);
  }
  return total;
}

double entropy(SoftmaxShape s, const EntropyTarget& goal, EntropyReduction reduction, const float* x, float* loss,
               EntropySaved* saved, float* gx) {
  const Entropy e(s, goal);
  const double weights = e.total_weight();
  const double divisor = reduction == EntropyReduction::kMean ? weights : 1.0;
  float* losses = reduction == EntropyReduction::kNone ? loss : nullptr;
  double total = 0;
  if (s.m > 0 && s.c > 0) {
    static thread_local Scratch scratch;
    double* sums = static_cast<double*>(scratch.bytes(piece_count(s) * sizeof(double)));
    for_row_pieces(s, [&](int64_t begin, int64_t end, int64_t piece) {
      sums[piece] = entropy_rows(e, begin, end, x, float(1.0 / divisor), losses, saved, gx);
    });
    for (int64_t piece = 0; piece < piece_count(s); ++piece) total += sums[piece];
  }
  if (!losses) *loss = float(total / divisor);
  return weights;
}

void entropy_backward(SoftmaxShape s, const EntropyTarget& goal, EntropyReduction reduction, const float* gy,
                      const float* x, const EntropySaved* saved, float* gx) {
  if (s.m * s.c == 0) return;
  const Entropy e(s, goal);
  const double divisor = reduction == EntropyReduction::kMean ? e.total_weight() : 1.0;
  const float scale = reduction == EntropyReduction::kNone ? 0.0f : float(gy[0] / divisor);
  const auto g = [&](int64_t row) { return reduction == EntropyReduction::kNone ? gy[row] : scale; };
  for_row_pieces(s, [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t r = begin; s.c > kFew && r < end; ++r) {
      exp_of_row(x + r * s.c, s.c, saved[r].top, gx + r * s.c);
      e.gradient_of_row(r, saved[r], g(r), gx + r * s.c);
    }
    for (int64_t r = begin; s.c <= kFew && r < end; r += kLanes) {
      const int64_t rows = least(kLanes, end - r);
      alignas(64) float tops[kLanes] = {};
      for (int64_t k = 0; k < rows; ++k) tops[k] = saved[r + k].top;
      Turned t;
      t.read(x + r * s.c, s.c, rows);
      t.exponentials(s.c, load(tops));
      e.gradient_of_turned(r, rows, saved + r, g, t, gx + r * s.c);
    }
  });
}

}  // namespace

const SoftmaxKernels& softmax_kernels() {
  static constexpr SoftmaxKernels kernels{softmax,           softmax_backward, log_softmax,
                                          log_softmax_backward, entropy,       entropy_backward};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
