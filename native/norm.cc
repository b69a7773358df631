// Batch norm, forward and backward. (Layer norm: layer_norm.cc.)
//
// There is next to no arithmetic here: what counts is how often the numbers travel from memory. Batch norm in training
// reads x twice (the moments of a column are not known before all of it was seen), backward reads x and the gradient
// twice. The mask of a relu behind it needs no third array: the output's sign is computed again from x, which is at
// hand. (Not with a residual: then the output is read, and the masked gradient is the residual's own.)
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

#if defined(__AVX__)
#include <immintrin.h>
#endif

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

// Some rows, of `width` numbers each; `first`: the numbers before them.
struct Piece {
  int64_t chunk, first, rows, width;
};

// (m, c) seen as longer rows: `rows` rows of `width` = fold * c numbers, and a tail of less than a row.
struct Fold {
  int64_t c, fold, rows, width, tail;

  explicit Fold(NormShape s) : c(s.c) {
    fold = kLanes / least(c & -c, kLanes);  // c & -c: the greatest power of two that divides it
    if (fold * c > kLongRow) fold = 1;
    fold *= most(1, kSpan / (fold * c));
    fold = least(fold, most(1, s.m));
    rows = s.m / fold;
    width = fold * c;
    tail = s.m % fold * c;
  }
  // Rows are cut into chunks; the tail is the last.
  int64_t chunks() const { return ceil_div(rows, kPieceRows) + (tail > 0); }
  Piece piece(int64_t chunk) const {
    const int64_t row = chunk * kPieceRows;
    if (row >= rows) return {chunk, rows * width, 1, tail};
    return {chunk, row * width, least(kPieceRows, rows - row), width};
  }
  // A row of c numbers becomes one of `width`.
  void repeat(float* row) const {
    for (int64_t k = c; k < width; ++k) row[k] = row[k - c];
  }
};

template <int N> struct Count {};

// body(piece, Count<V>, column, lanes of a vector) for the columns of all pieces, V vectors at a time, in parallel.
template <class F>
void for_groups(const Fold& fold, const F& body) {
  const int64_t spans = ceil_div(fold.width, kSpan);
  parallel_for(fold.chunks() * spans, [&](int64_t u) {
    const Piece piece = fold.piece(u / spans);
    int64_t column = u % spans * kSpan;
    const int64_t end = least(column + kSpan, piece.width);
    for (; column + kGroup * kLanes <= end; column += kGroup * kLanes) body(piece, Count<kGroup>{}, column, kLanes);
    for (; column + kLanes <= end; column += kLanes) body(piece, Count<1>{}, column, kLanes);
    if (column < end) body(piece, Count<1>{}, column, int(end - column));
  });
}

// ---- sums over rows ----

// Two sums for each column of each chunk of rows, in doubles: [chunk][2][width].
struct ColumnSums {
  double* sums;
  int64_t width;

  ColumnSums(Scratch& scratch, const Fold& fold) : width(fold.width) {
    sums = static_cast<double*>(scratch.bytes(2 * fold.chunks() * width * sizeof(double)));
  }
  double* first(int64_t chunk) const { return sums + 2 * chunk * width; }
  double* second(int64_t chunk) const { return first(chunk) + width; }
};

// body(chunk * width + column, rows, first sums, second sums) for all runs of c sums, in order.
template <class F>
void for_parts(const Fold& fold, const ColumnSums& sums, const F& body) {
  for (int64_t chunk = 0; chunk < fold.chunks(); ++chunk) {
    const Piece piece = fold.piece(chunk);
    for (int64_t k = 0; k < piece.width; k += fold.c)
      body(chunk * fold.width + k, double(piece.rows), sums.first(chunk) + k, sums.second(chunk) + k);
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
  const int64_t width = fold.width;
  const ColumnSums sums(sum_scratch, fold);
  float* centres = centre_scratch.floats(fold.chunks() * width);
  for_groups(fold, [&]<int V>(const Piece& piece, Count<V>, int64_t column, int lanes) __attribute__((always_inline)) {
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

  // Of moments that are floats, or doubles: then what rounding takes from the mean goes into the shift.
  template <class T>
  Factors(const Fold& fold, const NormAffine& affine, const T* exact_mean, const T* var) {
    static thread_local Scratch scratch;
    mean = scratch.floats(3 * fold.width);
    scale = mean + fold.width;
    shift = scale + fold.width;
    for (int64_t j = 0; j < fold.c; ++j) {
      const double factor = (affine.weight ? affine.weight[j] : 1.0) / __builtin_sqrt(double(var[j]) + affine.eps);
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

// Writes past the caches: a line that is stored to is else read from memory first, and what is larger than the cache
// is gone from it before anyone reads it.
FLAMBEAU_INLINE void stream(float* p, Vec v) {
#if defined(__AVX512F__)
  _mm512_stream_ps(p, v);
#elif defined(__AVX__)
  _mm256_stream_ps(p, v);
#else
  store(p, v);
#endif
}
FLAMBEAU_INLINE void end_of_streams() {  // before another thread may read
#if defined(__AVX__)
  _mm_sfence();
#endif
}

bool can_stream(const Fold& fold, NormShape s, const float* to) {
  return s.m * s.c >= kStreamFloats && fold.width % kLanes == 0 && reinterpret_cast<uintptr_t>(to) % sizeof(Vec) == 0;
}

// to[at] = value(at, column, lanes) for the vectors of all rows, in the order in which they lie in memory. (Several
// rows at a time would load the factors of a column less often, and were slower; so was the way from the end to the
// beginning, to find in the cache what the pass before has left there.)
//
// The function holds what it needs by value: a vector may be stored anywhere, as far as the compiler knows, and so it
// would load what lies behind a reference again after each.
template <bool Stream, class F>
void write_as(const Fold& fold, float* shared_to, const F& shared_value) {
  const int64_t rows = fold.rows + (fold.tail > 0);
  for_row_pieces(rows, most(1, kBlockFloats / fold.width), [&](int64_t begin, int64_t end, int64_t) {
    const F value = shared_value;
    float* const to = shared_to;
    const int64_t width = fold.width;
    for (int64_t row = begin; row < end; ++row)
      for_vectors(row < fold.rows ? width : fold.tail, [&](int64_t column, int lanes) __attribute__((always_inline)) {
        const int64_t at = row * width + column;
        const Vec v = value(at, column, lanes);
        if (Stream && lanes >= kLanes) stream(to + at, v);
        else store_part(to + at, v, lanes);
      });
    end_of_streams();
  });
}

template <class F>
void write(NormShape s, const Fold& fold, float* to, const F& value) {
  if (can_stream(fold, s, to)) write_as<true>(fold, to, value);
  else write_as<false>(fold, to, value);
}

template <class T>
void apply(NormShape s, const Fold& fold, const NormAffine& affine, const float* residual, bool relu, const float* x,
           float* y, const T* mean, const T* var) {
  const Vec lowest = broadcast(relu ? 0.0f : -kInfinity);
  const auto number = [=, f = Factors(fold, affine, mean, var)](int64_t at, int64_t column, int lanes)
      __attribute__((always_inline)) {
    return normalised(load_part(x + at, lanes), load_part(f.mean + column, lanes), load_part(f.scale + column, lanes),
                      load_part(f.shift + column, lanes));
  };
  if (residual)
    write(s, fold, y, [=](int64_t at, int64_t column, int lanes) __attribute__((always_inline)) {
      return max(lowest, number(at, column, lanes) + load_part(residual + at, lanes));  // in this order NaN stays
    });
  else
    write(s, fold, y, [=](int64_t at, int64_t column, int lanes) __attribute__((always_inline)) {
      return max(lowest, number(at, column, lanes));
    });
}

void batch_train(NormShape s, const NormAffine& affine, const float* residual, bool relu, const float* x, float* y,
                 float* mean, float* var) {
  if (s.c == 0) return;
  static thread_local Scratch scratch;
  const Fold fold(s);
  double* exact_mean = static_cast<double*>(scratch.bytes(2 * s.c * sizeof(double)));
  double* exact_var = exact_mean + s.c;
  moments(s, fold, x, exact_mean, exact_var);
  for (int64_t j = 0; j < s.c; ++j) {
    mean[j] = float(exact_mean[j]);
    var[j] = float(exact_var[j]);
  }
  apply(s, fold, affine, residual, relu, x, y, exact_mean, exact_var);
}

void batch_evaluate(NormShape s, const NormAffine& affine, const float* residual, bool relu, const float* x, float* y,
                    const float* mean, const float* var) {
  if (s.m * s.c > 0) apply(s, Fold(s), affine, residual, relu, x, y, mean, var);
}

// ---- batch norm, backward ----
//
// With n rows, r = 1 / sqrt(var + eps), g the gradient (masked by relu), and sums over the rows of a column:
//   gb = sum g    gw = r sum g (x - mean)
//   gx = weight r (g - gb / n - (x - mean) r gw / n)      = scale g + slope (x - mean) + level

// Where the output is not positive relu's gradient is 0; NaN lets it through, as in PyTorch.
template <bool Relu>
FLAMBEAU_INLINE Vec masked(Vec g, Vec x, Vec mean, Vec scale, Vec shift) {
  if constexpr (Relu) return normalised(x, mean, scale, shift) <= 0.0f ? Vec{} : g;
  return g;
}

// gb, and gw without its factor, into `sums`.
template <bool Relu>
void sum_gradients(const Fold& fold, const Factors& factors, const float* gy, const float* x, const ColumnSums& sums) {
  for_groups(fold, [&]<int V>(const Piece& piece, Count<V>, int64_t column, int lanes) __attribute__((always_inline)) {
    Vec centre[V], scale[V], shift[V];
    FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) {
      centre[v] = load_part(factors.mean + column + v * kLanes, lanes);
      scale[v] = load_part(factors.scale + column + v * kLanes, lanes);
      shift[v] = load_part(factors.shift + column + v * kLanes, lanes);
    }
    sum_down<V>(sums, piece, column, lanes, [&](int64_t r, int v, Vec& sum, Vec& product)
                __attribute__((always_inline)) {
      const int64_t at = piece.first + column + r * fold.width + v * kLanes;
      const Vec number = load_part(x + at, lanes);
      const Vec g = masked<Relu>(load_part(gy + at, lanes), number, centre[v], scale[v], shift[v]);
      sum += g;
      product += g * (number - centre[v]);
    });
  });
}

template <bool Relu>
void backward(NormShape s, const NormAffine& affine, const float* gy, const float* x, const float* mean,
              const float* var, float* gx, float* gw, float* gb) {
  static thread_local Scratch sum_scratch, total_scratch, row_scratch;
  const Fold fold(s);
  const Factors factors(fold, affine, mean, var);
  const ColumnSums sums(sum_scratch, fold);
  sum_gradients<Relu>(fold, factors, gy, x, sums);
  double* total = static_cast<double*>(total_scratch.bytes(2 * s.c * sizeof(double)));
  for (int64_t j = 0; j < 2 * s.c; ++j) total[j] = 0;
  for_parts(fold, sums, [&](int64_t, double, const double* of_g, const double* of_product) {
    for (int64_t j = 0; j < s.c; ++j) {
      total[j] += of_g[j];
      total[s.c + j] += of_product[j];
    }
  });
  float* slopes = row_scratch.floats(2 * fold.width);
  float* levels = slopes + fold.width;
  for (int64_t j = 0; j < s.c; ++j) {
    const double r = 1 / __builtin_sqrt(double(var[j]) + affine.eps), n = double(s.m), product = total[s.c + j] * r;
    if (gb) gb[j] = float(total[j]);
    if (gw) gw[j] = float(product);
    slopes[j] = float(-factors.scale[j] * r * product / n);
    levels[j] = float(-factors.scale[j] * total[j] / n);
  }
  if (!gx || s.m == 0) return;
  fold.repeat(slopes);
  fold.repeat(levels);
  write(s, fold, gx, [=, f = factors](int64_t at, int64_t column, int lanes) __attribute__((always_inline)) {
    const Vec number = load_part(x + at, lanes), centre = load_part(f.mean + column, lanes),
              scale = load_part(f.scale + column, lanes), shift = load_part(f.shift + column, lanes),
              slope = load_part(slopes + column, lanes), level = load_part(levels + column, lanes);
    const Vec g = masked<Relu>(load_part(gy + at, lanes), number, centre, scale, shift);
    return g * scale + ((number - centre) * slope + level);
  });
}

void batch_backward(NormShape s, const NormAffine& affine, bool relu, const float* gy, const float* x,
                    const float* mean, const float* var, float* gx, float* gw, float* gb, const float* y,
                    float* g_residual) {
  if (s.c == 0) return;
  if (g_residual) {
    const int64_t n = s.m * s.c;
    elementwise_kernels().binary(Binary::relu_backward, n, gy, y, {n, 1, n}, g_residual, {});
    gy = g_residual;
  }
  const auto kernel = relu && !g_residual ? backward<true> : backward<false>;
  kernel(s, affine, gy, x, mean, var, gx, gw, gb);
}

}  // namespace

const NormKernels& norm_kernels() {
  static constexpr NormKernels kernels{batch_train, batch_evaluate, batch_backward, layer_forward, layer_backward};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
