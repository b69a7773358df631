// Batch norm, forward and backward. (Layer norm: layer_norm.cc.)
//
// There is next to no arithmetic here: what counts is how often the numbers travel from memory. Batch norm in training
// reads x twice (the moments of a column are not known before all of it was seen), backward reads x and the gradient
// twice. The mask of a relu behind it needs no third array: the output's sign is computed again from x, which is at
// hand; only with a residual the output itself is read, and the masked gradient, which is then the residual's own
// gradient, is kept by the first pass for the second.
//
// *Columns.* For sums the matrix is cut into pieces of kPieceRows rows x kSpan columns. A piece is walked down its rows
// with the sums of its columns in registers. What only writes goes along the rows. Few channels would not fill a
// row of vectors: then several rows are taken for one longer row (Fold), which is the same memory, and its columns are
// put together in the end. So 1, 3 or 10 channels run as fast as 64.
//
// *Precision.* A float holds 7 digits, and E[x^2] - E[x]^2 loses all of them where the mean is large against the
// deviation. Each piece takes a centre out of the sums, the mean of the first eighth of its rows: so near the mean of
// all of them that the squares lose at most three bits, whatever the numbers are. (An eighth of the rows cannot lie
// further than sqrt(7) deviations from the mean, for they have a part in the deviation themselves.) Sums of
// kFloatRows rows are floats, everything above is double. Pieces are cut by the shape alone and added in order.
#include "norm.h"

#include "math.h"
#include "rows.h"
#include "table.h"

namespace flambeau::FLAMBEAU_ISA {

// layer_norm.cc
void layer_forward(NormShape s, const NormAffine& affine, const float* x, float* y, float* mean, float* var);
void layer_backward(NormShape s, const NormAffine& affine, const float* gy, const float* x, const float* mean,
                    const float* var, float* gx, float* gw, float* gb);

namespace {

constexpr int64_t kPieceRows = 512;
constexpr int64_t kSpan = 64;        // columns of a piece
constexpr int64_t kFloatRows = 128;  // that are summed in floats
constexpr int64_t kLongRow = 4096;   // folded rows are not longer
constexpr int64_t kBlockFloats = 16 * 1024;  // of a piece of what only writes
constexpr int64_t kStreamFloats = 4 << 20;  // in and out exceed the last-level cache
constexpr int kGroup = 4;            // vectors that go down the rows together: adding has to wait for the sum before

int64_t greatest_divisor(int64_t a, int64_t b) { return b == 0 ? a : greatest_divisor(b, a % b); }

// (m, c) seen as longer rows: `rows` rows of `width` = fold * c numbers, and a tail of less than a row.
struct Fold {
  int64_t c, fold, rows, width, tail;

  explicit Fold(NormShape s) : c(s.c) {
    fold = kLanes / greatest_divisor(c, kLanes);
    if (fold * c > kLongRow) fold = 1;
    fold *= most(1, kSpan / (fold * c));
    fold = least(fold, most(1, s.m));
    rows = s.m / fold;
    width = fold * c;
    tail = s.m % fold * c;
  }
  // Pieces of rows; the tail is one.
  int64_t full_chunks() const { return ceil_div(rows, kPieceRows); }
  int64_t chunks() const { return full_chunks() + (tail > 0); }
  int64_t spans() const { return ceil_div(width, kSpan); }
  // A row of c numbers becomes one of `width`.
  void repeat(float* row) const {
    for (int64_t k = c; k < width; ++k) row[k] = row[k - c];
  }
};

struct Piece {
  int64_t chunk, first, rows;   // `first`: floats before it
  int64_t column, column_end;   // of the folded row
};

// body(piece) for all pieces, in parallel.
template <class F>
void for_pieces(const Fold& fold, const F& body) {
  const int64_t spans = fold.spans();
  parallel_for(fold.chunks() * spans, [&](int64_t u) {
    const int64_t chunk = u / spans, column = u % spans * kSpan, row = chunk * kPieceRows;
    const bool full = chunk < fold.full_chunks();
    const int64_t end = least(column + kSpan, full ? fold.width : fold.tail);
    if (column >= end) return;
    const int64_t first = (full ? row : fold.rows) * fold.width;
    body(Piece{chunk, first, full ? least(kPieceRows, fold.rows - row) : 1, column, end});
  });
}

template <int N> struct Count {};

// body(Count<V>, column, lanes of a vector) for the columns of a piece, V vectors at a time.
template <class F>
FLAMBEAU_INLINE void for_groups(const Piece& piece, const F& body) {
  int64_t v = piece.column;
  for (; v + kGroup * kLanes <= piece.column_end; v += kGroup * kLanes) body(Count<kGroup>{}, v, kLanes);
  for (; v + kLanes <= piece.column_end; v += kLanes) body(Count<1>{}, v, kLanes);
  if (v < piece.column_end) body(Count<1>{}, v, int(piece.column_end - v));
}

// ---- sums over rows ----

// Two sums for each column of each chunk of rows, in doubles: [chunk][2][width].
struct ColumnSums {
  double* sums;
  int64_t width;

  double* first(int64_t chunk) const { return sums + 2 * chunk * width; }
  double* second(int64_t chunk) const { return first(chunk) + width; }
};

// body(chunk * width + column, rows, first sums, second sums) for all runs of c sums, in order.
template <class F>
void for_parts(const Fold& fold, const ColumnSums& sums, const F& body) {
  for (int64_t chunk = 0; chunk < fold.chunks(); ++chunk) {
    const bool full = chunk < fold.full_chunks();
    const double rows = full ? double(least(kPieceRows, fold.rows - chunk * kPieceRows)) : 1;
    for (int64_t k = 0; k < (full ? fold.width : fold.tail); k += fold.c)
      body(chunk * fold.width + k, rows, sums.first(chunk) + k, sums.second(chunk) + k);
  }
}

template <int V>
FLAMBEAU_INLINE void add_to(double* to, const Vec (&sum)[V], int lanes) {
  alignas(64) float numbers[V * kLanes];
  FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) store(numbers + v * kLanes, sum[v]);
  const int count = V > 1 ? V * kLanes : lanes;
  for (int i = 0; i < count; ++i) to[i] += numbers[i];
}

// Sums of f(row, v) = {a, b} down the rows of a piece.
template <int V, class F>
FLAMBEAU_INLINE void sum_down(const ColumnSums& sums, const Piece& piece, int64_t column, int lanes, const F& f) {
  double *first = sums.first(piece.chunk) + column, *second = sums.second(piece.chunk) + column;
  const int count = V > 1 ? V * kLanes : lanes;
  for (int i = 0; i < count; ++i) first[i] = second[i] = 0;
  for (int64_t begin = 0; begin < piece.rows; begin += kFloatRows) {
    const int64_t end = least(piece.rows, begin + kFloatRows);
    Vec a[V], b[V];
    FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) a[v] = b[v] = Vec{};
    for (int64_t r = begin; r < end; ++r) FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) f(r, v, a[v], b[v]);
    add_to<V>(first, a, lanes);
    add_to<V>(second, b, lanes);
  }
}

// The mean of the first eighth of the rows, which is near that of all; 0 where it is infinite or NaN.
template <int V>
FLAMBEAU_INLINE void near_means(const float* x, int64_t stride, int64_t rows, int lanes, Vec (&centre)[V]) {
  const int64_t some = ceil_div(rows, 8);
  FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) centre[v] = Vec{};
  for (int64_t r = 0; r < some; ++r)
    FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) centre[v] += load_part(x + r * stride + v * kLanes, lanes);
  FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) {
    const Vec mean = centre[v] / float(some);
    centre[v] = mean - mean == 0.0f ? mean : Vec{};
  }
}

// Mean and variance of each column of x, in doubles.
void moments(NormShape s, const Fold& fold, const float* x, double* mean, double* var) {
  static thread_local Scratch sum_scratch, centre_scratch;
  const int64_t chunks = fold.chunks(), width = fold.width;
  const ColumnSums sums{static_cast<double*>(sum_scratch.bytes(2 * chunks * width * sizeof(double))), width};
  float* centres = centre_scratch.floats(chunks * width);
  for_pieces(fold, [&](const Piece& piece) {
    for_groups(piece, [&]<int V>(Count<V>, int64_t column, int lanes) __attribute__((always_inline)) {
      const float* from = x + piece.first + column;
      Vec centre[V];
      near_means<V>(from, width, piece.rows, lanes, centre);
      FLAMBEAU_UNROLL for (int v = 0; v < V; ++v)
          store_part(centres + piece.chunk * width + column + v * kLanes, centre[v], lanes);
      sum_down<V>(sums, piece, column, lanes, [&](int64_t r, int v, Vec& sum, Vec& squares)
                  __attribute__((always_inline)) {
        const Vec d = load_part(from + r * width + v * kLanes, lanes) - centre[v];
        sum += d;
        squares += d * d;
      });
    });
  });
  // Put together: first all means, then the deviations about them.
  for (int64_t j = 0; j < s.c; ++j) mean[j] = var[j] = 0;
  for_parts(fold, sums, [&](int64_t at, double n, const double* sum, const double*) {
    for (int64_t j = 0; j < s.c; ++j) mean[j] += n * centres[at + j] + sum[j];
  });
  for (int64_t j = 0; j < s.c; ++j) mean[j] /= double(s.m);
  for_parts(fold, sums, [&](int64_t at, double n, const double* sum, const double* squares) {
    const float* centre = centres + at;
    for (int64_t j = 0; j < s.c; ++j) {
      const double shift = sum[j] / n, off = centre[j] + shift - mean[j];
      var[j] += squares[j] - sum[j] * shift + n * (off * off);
    }
  });
  for (int64_t j = 0; j < s.c; ++j) var[j] = (var[j] > 0 ? var[j] : var[j] * 0) / double(s.m);  // NaN stays
}

// ---- y = (x - mean) * scale + shift ----

// Rows of factors, repeated for each row of c numbers that a folded row holds.
struct Factors {
  float *mean, *scale, *shift;

  // The mean as it is, not as a float: what rounding takes from it goes into the shift.
  Factors(Scratch& scratch, const Fold& fold, const NormAffine& affine, const double* exact_mean, const double* var)
      : mean(scratch.floats(3 * fold.width)), scale(mean + fold.width), shift(scale + fold.width) {
    for (int64_t j = 0; j < fold.c; ++j) {
      const double factor = (affine.weight ? affine.weight[j] : 1.0) / __builtin_sqrt(var[j] + affine.eps);
      mean[j] = float(exact_mean[j]);
      scale[j] = float(factor);
      const double lost = (mean[j] - exact_mean[j]) * factor;
      shift[j] = float((affine.bias ? affine.bias[j] : 0.0) + (lost == lost ? lost : 0.0));
    }
    fold.repeat(mean);
    fold.repeat(scale);
    fold.repeat(shift);
  }
};

FLAMBEAU_INLINE Vec normalised(Vec x, Vec mean, Vec scale, Vec shift) { return (x - mean) * scale + shift; }
FLAMBEAU_INLINE Vec relu(Vec x) { return max(Vec{}, x); }  // in this order NaN stays

// Writes past the caches: a line that is stored to is else read from memory first, and what is larger than the cache
// is gone from it before anyone reads it.
FLAMBEAU_INLINE void stream(float* p, Vec v) {
#if defined(__AVX512F__)
  _mm512_stream_ps(p, v);
#elif defined(__AVX__)
  _mm256_stream_ps(p, v);
#elif defined(__SSE2__)
  _mm_stream_ps(p, v);
#else
  store(p, v);
#endif
}
FLAMBEAU_INLINE void end_of_streams() {  // before another thread may read
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

bool can_stream(const Fold& fold, NormShape s, const float* to) {
  return s.m * s.c >= kStreamFloats && fold.width % kLanes == 0 && reinterpret_cast<uintptr_t>(to) % sizeof(Vec) == 0;
}

template <bool Stream>
FLAMBEAU_INLINE void put(float* p, Vec v, int lanes) {
  if (Stream && lanes >= kLanes) stream(p, v);
  else store_part(p, v, lanes);
}

// body(place, column, lanes) for the vectors of all rows, in the order in which they lie in memory. (Several rows at a
// time would load the factors of a column less often, and were slower; so was the way from the end to the beginning, to
// find in the cache what the pass before has left there.)
//
// The body holds what it needs by value: a vector may be stored anywhere, as far as the compiler knows, and so it would
// load what lies behind a reference again after each.
template <class F>
void for_numbers(const Fold& fold, const F& shared_body) {
  const int64_t rows = fold.rows + (fold.tail > 0);
  for_row_pieces(rows, most(1, kBlockFloats / fold.width), [&](int64_t begin, int64_t end, int64_t) {
    const F body = shared_body;
    const int64_t width = fold.width;
    for (int64_t row = begin; row < end; ++row)
      for_vectors(row < fold.rows ? width : fold.tail, [&](int64_t column, int lanes) __attribute__((always_inline)) {
        body(row * width + column, column, lanes);
      });
    end_of_streams();
  });
}

// What is the same for all numbers is asked once, before the loop: body(Is<flag>) becomes two loops.
template <auto Value> struct Is { static constexpr auto value = Value; };

template <class F>
void decide(bool flag, const F& body) {
  if (flag) body(Is<true>());
  else body(Is<false>());
}

void apply(const Fold& fold, NormShape s, const Factors& factors, const BatchNormForward& shared) {
  decide(shared.residual, [&](auto residual) { decide(shared.relu, [&](auto is_relu) {
    decide(can_stream(fold, s, shared.y), [&](auto streams) {
      for_numbers(fold, [=, f = shared](int64_t at, int64_t column, int lanes) __attribute__((always_inline)) {
        const Vec mean = load_part(factors.mean + column, lanes), scale = load_part(factors.scale + column, lanes),
                  shift = load_part(factors.shift + column, lanes);
        Vec y = normalised(load_part(f.x + at, lanes), mean, scale, shift);
        if (residual.value) y += load_part(f.residual + at, lanes);
        if (is_relu.value) y = relu(y);
        put<streams.value>(f.y + at, y, lanes);
      });
    });
  }); });
}

void batch_train(NormShape s, const NormAffine& affine, const BatchNormForward& f, float* mean, float* var) {
  if (s.c == 0) return;
  static thread_local Scratch scratch, factor_scratch;
  const Fold fold(s);
  double* exact_mean = static_cast<double*>(scratch.bytes(2 * s.c * sizeof(double)));
  double* exact_var = exact_mean + s.c;
  moments(s, fold, f.x, exact_mean, exact_var);
  for (int64_t j = 0; j < s.c; ++j) {
    mean[j] = float(exact_mean[j]);
    var[j] = float(exact_var[j]);
  }
  apply(fold, s, Factors(factor_scratch, fold, affine, exact_mean, exact_var), f);
}

// float moments as the doubles that Factors want.
void widen(const float* mean, const float* var, int64_t c, double* wide) {
  for (int64_t j = 0; j < c; ++j) {
    wide[j] = mean[j];
    wide[c + j] = var[j];
  }
}

void batch_evaluate(NormShape s, const NormAffine& affine, const BatchNormForward& f, const float* mean,
                    const float* var) {
  if (s.m * s.c == 0) return;
  static thread_local Scratch scratch, factor_scratch;
  const Fold fold(s);
  double* wide = static_cast<double*>(scratch.bytes(2 * s.c * sizeof(double)));
  widen(mean, var, s.c, wide);
  apply(fold, s, Factors(factor_scratch, fold, affine, wide, wide + s.c), f);
}

// ---- batch norm, backward ----
//
// With n rows, r = 1 / sqrt(var + eps), g the gradient (masked by relu), and sums over the rows of a column:
//   gb = sum g    gw = r sum g (x - mean)
//   gx = weight r (g - gb / n - (x - mean) r gw / n)      = scale g + slope (x - mean) + level

enum class Mask { kNone, kOutput, kAgain };

// Where y <= 0 the gradient is 0; NaN lets it through, as in PyTorch.
FLAMBEAU_INLINE Vec masked(Vec g, Vec y) { return y <= 0.0f ? Vec{} : g; }

template <Mask M>
FLAMBEAU_INLINE Vec gradient(const BatchNormBackward& b, int64_t at, int lanes, Vec x, Vec mean, Vec scale, Vec shift) {
  const Vec g = load_part(b.gy + at, lanes);
  if constexpr (M == Mask::kOutput) return masked(g, load_part(b.y + at, lanes));
  if constexpr (M == Mask::kAgain) return masked(g, normalised(x, mean, scale, shift));
  return g;
}

// body(Is<where the mask of b comes from>)
template <class F>
void decide_mask(const BatchNormBackward& b, const F& body) {
  if (b.y) body(Is<Mask::kOutput>());
  else if (b.relu) body(Is<Mask::kAgain>());
  else body(Is<Mask::kNone>());
}

// gb, and gw without its factor, into `sums`.
template <Mask M, bool Keep>
void sum_gradients(const Fold& fold, const Factors& factors, const BatchNormBackward& b, const ColumnSums& sums) {
  for_pieces(fold, [&](const Piece& piece) {
    for_groups(piece, [&]<int V>(Count<V>, int64_t column, int lanes) __attribute__((always_inline)) {
      Vec mean[V], scale[V], shift[V];
      FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) {
        mean[v] = load_part(factors.mean + column + v * kLanes, lanes);
        scale[v] = load_part(factors.scale + column + v * kLanes, lanes);
        shift[v] = load_part(factors.shift + column + v * kLanes, lanes);
      }
      sum_down<V>(sums, piece, column, lanes, [&](int64_t r, int v, Vec& sum, Vec& product)
                  __attribute__((always_inline)) {
        const int64_t at = piece.first + column + r * fold.width + v * kLanes;
        const Vec x = load_part(b.x + at, lanes);
        const Vec g = gradient<M>(b, at, lanes, x, mean[v], scale[v], shift[v]);
        if (Keep) store_part(b.g_residual + at, g, lanes);
        sum += g;
        product += g * (x - mean[v]);
      });
    });
  });
}

void write_gx(const Fold& fold, NormShape s, const Factors& factors, const float* slopes, const float* levels,
              const BatchNormBackward& shared) {
  decide_mask(shared, [&](auto mask) { decide(can_stream(fold, s, shared.gx), [&](auto streams) {
    for_numbers(fold, [=, b = shared](int64_t at, int64_t column, int lanes) __attribute__((always_inline)) {
      const Vec mean = load_part(factors.mean + column, lanes), scale = load_part(factors.scale + column, lanes),
                shift = load_part(factors.shift + column, lanes), slope = load_part(slopes + column, lanes),
                level = load_part(levels + column, lanes);
      const Vec x = load_part(b.x + at, lanes), g = gradient<mask.value>(b, at, lanes, x, mean, scale, shift);
      put<streams.value>(b.gx + at, g * scale + ((x - mean) * slope + level), lanes);
    });
  }); });
}

void batch_backward(NormShape s, const NormAffine& affine, const BatchNormBackward& b, const float* mean,
                    const float* var) {
  if (s.c == 0) return;
  static thread_local Scratch scratch, factor_scratch, sum_scratch, gx_scratch;
  const Fold fold(s);
  double* wide = static_cast<double*>(scratch.bytes(4 * s.c * sizeof(double)));
  double* total = wide + 2 * s.c;
  widen(mean, var, s.c, wide);
  const Factors factors(factor_scratch, fold, affine, wide, wide + s.c);
  float* slopes = gx_scratch.floats(2 * fold.width);
  float* levels = slopes + fold.width;
  for (int64_t k = 0; k < 2 * fold.width; ++k) slopes[k] = 0;
  if (b.training || b.gw || b.gb || b.g_residual) {
    const int64_t size = 2 * fold.chunks() * fold.width;
    const ColumnSums sums{static_cast<double*>(sum_scratch.bytes(size * sizeof(double))), fold.width};
    decide_mask(b, [&](auto mask) {
      decide(b.g_residual, [&](auto keep) { sum_gradients<mask.value, keep.value>(fold, factors, b, sums); });
    });
    for (int64_t j = 0; j < 2 * s.c; ++j) total[j] = 0;
    for_parts(fold, sums, [&](int64_t, double, const double* of_g, const double* of_product) {
      for (int64_t j = 0; j < s.c; ++j) {
        total[j] += of_g[j];
        total[s.c + j] += of_product[j];
      }
    });
  }
  for (int64_t j = 0; j < s.c; ++j) {
    const double r = 1 / __builtin_sqrt(wide[s.c + j] + affine.eps), n = double(s.m);
    if (b.gb) b.gb[j] = float(total[j]);
    if (b.gw) b.gw[j] = float(total[s.c + j] * r);
    if (!b.training) continue;
    const double scale = (affine.weight ? affine.weight[j] : 1.0) * r;
    slopes[j] = float(-scale * r * r * total[s.c + j] / n);
    levels[j] = float(-scale * total[j] / n);
  }
  if (!b.gx || s.m == 0) return;
  fold.repeat(slopes);
  fold.repeat(levels);
  BatchNormBackward rest = b;
  if (b.g_residual) {  // it is the masked gradient
    rest.gy = b.g_residual;
    rest.y = nullptr;
    rest.relu = false;
  }
  write_gx(fold, s, factors, slopes, levels, rest);
}

}  // namespace

const NormKernels& norm_kernels() {
  static constexpr NormKernels kernels{batch_train, batch_evaluate, batch_backward, layer_forward, layer_backward};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
