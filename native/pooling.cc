// Pooling, forward and backward.
//
// All loops are alike: over pixels of the result, and for each pixel over its channels, kLanes at a time; one vector
// is then reduced over the window in registers. Channels lie side by side, so every load and store is a plain vector,
// and neighbouring windows find their common rows in the first-level cache: each number travels from memory once.
// Pooling is a walk through memory; what counts is to do little beside it.
//
// Forward max keeps, next to the maximum, the number of the place in the window that won. A byte holds it, so that it
// costs a quarter of what the maxima themselves cost in memory. Backward, where windows do not overlap, each window
// writes all of its pixels: the gradient where the byte names the place, zero elsewhere. Nothing is cleared first and
// nothing is read but gradient and bytes. Where they overlap, windows add to pixels that were cleared just before, row
// by row, while they are in the cache: an addition for every place of a small window (most add zero, but a vector of
// them is cheap and nothing is guessed), or, for large windows and few channels, number by number.
//
// An average is the same for given cells and for windows of a stride: a table says, for each row and column of the
// output, where its cell begins and ends in the image; cells are boxes, so backward reads the table the other way.
//
// Fewer channels than lanes: the vector of a pixel then spills over into its right neighbours. What is loaded there is
// garbage that nobody looks at; what is stored there is overwritten when the neighbour's turn comes. Only where a
// spill would leave the array, or the piece of it that this thread owns, is the vector cut to size (`spill`).
#include "pooling.h"

#include "array.h"
#include "math.h"
#include "table.h"
#include "windows.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kPieceFloats = 16 * 1024;  // that a piece of parallel work reads or writes, about
constexpr int64_t kOwnedFloats = 64 * 1024;  // the same where pieces share windows at their edges: fewer edges

// Places in memory, P, as many as a vector has lanes.
template <class P> struct PlacesOf { typedef P Type __attribute__((vector_size(kLanes * sizeof(P)))); };

template <class P>
FLAMBEAU_INLINE IntVec load_places(const P* p, int count) {
  typename PlacesOf<P>::Type places{};
  if (count >= kLanes) std::memcpy(&places, p, sizeof places);
  else std::memcpy(&places, p, sizeof(P) * count);
  return __builtin_convertvector(places, IntVec);
}
template <class P>
FLAMBEAU_INLINE void store_places(P* p, IntVec winner, int count) {
  const auto places = __builtin_convertvector(winner, typename PlacesOf<P>::Type);
  if (count >= kLanes) std::memcpy(p, &places, sizeof places);
  else std::memcpy(p, &places, sizeof(P) * count);
}
struct NoPlace {};  // where nobody asks for them
FLAMBEAU_INLINE void store_places(NoPlace*, IntVec, int) {}

// ---- walks ----

// body(first row, end) for equal pieces of the rows with about `floats` numbers, in parallel.
template <class F>
void for_pieces(int64_t rows, int64_t floats_per_row, int64_t floats, const F& body) {
  const int64_t pieces = least(rows, ceil_div(rows * floats_per_row, floats));
  parallel_for(pieces, [&](int64_t p) { body(rows * p / pieces, rows * (p + 1) / pieces); });
}

// Whether a vector of kLanes from this float on stays inside.
FLAMBEAU_INLINE bool fits(int64_t from, int64_t size) { return from + kLanes <= size; }

// What the pixels of a row have in common: the rows of the other image that they read or write, and a place in it.
struct Row {
  Range rows;
  int64_t at;
};

struct Pixel {
  int64_t row, column;
  int64_t at;  // its first channel
  bool spill;  // whether a vector from there on stays in what this thread owns
};

// body(common(image, row), pixel) for all of n images of h x w pixels, in parallel. `floats`: that a row of them reads,
// or writes elsewhere. The body holds copies of what it needs: as far as the compiler knows, a vector that is stored
// may hit whatever is behind a reference, which it would load again each time.
template <class C, class F>
void for_pixels(int64_t n, int64_t h, int64_t w, int64_t c, int64_t floats, const C& common, const F& body) {
  for_pieces(n * h, most(floats, w * c), kPieceFloats, [&](int64_t begin, int64_t end) {
    const F copy = body;
    const int64_t width = w, channels = c, height = h;
    for (int64_t r = begin; r < end; ++r) {
      const int64_t row = r % height;
      const Row shared = common(r / height, row);
      for (int64_t o = 0; o < width; ++o) {
        const int64_t at = (r * width + o) * channels;
        copy(shared, Pixel{row, o, at, fits(at, end * width * channels)});
      }
    }
  });
}

// body(first channel, lanes) for all channels of a pixel. `spill`: lanes may reach beyond the last channel. The last
// vector overlaps the one before it where the channels are no multiple of the lanes.
template <class F>
FLAMBEAU_INLINE void for_channels(int64_t c, bool spill, const F& body) {
  if (c < kLanes && !spill) return body(0, int(c));
  const int64_t last = most(0, c - kLanes);
  for (int64_t v = 0; v < c; v += kLanes) body(least(v, last), kLanes);
}

// body(i, j) for places of a window, row by row. R and K: rows and columns, from the first on, where the compiler is to
// know them, else 0.
template <int R, int K, class F>
FLAMBEAU_INLINE void for_places(Range rows, Range columns, const F& body) {
  if constexpr (R > 0) {
    FLAMBEAU_UNROLL for (int i = 0; i < R; ++i) FLAMBEAU_UNROLL for (int j = 0; j < K; ++j) body(i, j);
  } else {
    for (int64_t i = rows.begin; i < rows.end; ++i)
      if constexpr (K > 0) FLAMBEAU_UNROLL for (int j = 0; j < K; ++j) body(i, j);
      else for (int64_t j = columns.begin; j < columns.end; ++j) body(i, j);
  }
}

template <int K> struct Columns { static constexpr int kCount = K; };

// body(Columns<K>) with the K for which most windows have loops of their own.
template <class F>
void with_columns(const PoolWindow& window, const F& body) {
  if (window.kw == 2) body(Columns<2>{});
  else if (window.kw == 3) body(Columns<3>{});
  else body(Columns<0>{});
}

// A max pool over dense images. Steps are from one place of a window to the next.
struct MaxPool {
  PoolShape s;
  PoolWindow window;
  int64_t in_row, row_step, column_step;

  MaxPool(const PoolShape& shape, const PoolWindow& w)
      : s(shape), window(w), in_row(s.w * s.c), row_step(w.dilation_h * in_row), column_step(w.dilation_w * s.c) {}

  // Coordinates of the first place of a window; it may be outside of the image.
  int64_t top(int64_t o) const { return o * window.stride_h - window.pad_h; }
  int64_t left(int64_t o) const { return o * window.stride_w - window.pad_w; }
};

// ---- max, forward ----

// Whether `a` takes the place of the maximum so far: NaN always does, as in PyTorch.
FLAMBEAU_INLINE IntVec beats(Vec a, Vec maximum) { return (a > maximum) | (a != a); }

// K: of a window of K x K places, all of them in the image; else 0.
template <int K, class P>
FLAMBEAU_INLINE void max_of_window(const MaxPool& p, const float* x, Range rows, Range columns, int lanes, float* y,
                                   P* places) {
  const int64_t across = K > 0 ? K : p.window.kw;
  Vec maximum = K > 0 ? load_part(x, lanes) : broadcast(-kInfinity);
  IntVec winner = IntVec{} + (K > 0 ? 0 : int32_t(rows.begin * across + columns.begin));
  for_places<K, K>(rows, columns, [&](int64_t i, int64_t j) __attribute__((always_inline)) {
    if (K > 0 && i + j == 0) return;
    // Of copies, or the compiler would turn the choices round, and wait for a negation at each place.
    const Vec a = load_part(x + i * p.row_step + j * p.column_step, lanes), before = maximum;
    const IntVec won = beats(a, before), winner_before = winner;
    maximum = won ? a : before;
    winner = won ? IntVec{} + int32_t(i * across + j) : winner_before;
  });
  store_part(y, maximum, lanes);
  store_places(places, winner, lanes);
}

template <int K, class P>
void max_windows(const MaxPool& pool, const float* x, float* y, P* places) {
  const PoolShape& s = pool.s;
  const int64_t x_size = s.n * s.h * pool.in_row;
  const int64_t reach = (pool.window.kh - 1) * pool.row_step + (pool.window.kw - 1) * pool.column_step;
  const int64_t read = pool.in_row * least(pool.window.kh, ceil_div(s.h, s.oh));  // for each row of the output
  const auto common = [&](int64_t image, int64_t row) {
    const int64_t top = pool.top(row);
    return Row{places_inside(top, pool.window.dilation_h, pool.window.kh, s.h), (image * s.h + top) * pool.in_row};
  };
  const auto body = [=, p = pool](const Row& row, const Pixel& to) __attribute__((always_inline)) {
    const int64_t left = p.left(to.column), from = row.at + left * p.s.c;
    const Range columns = places_inside(left, p.window.dilation_w, p.window.kw, p.s.w);
    const bool whole = p.window.kh == K && row.rows.size() == K && columns.size() == K;
    const bool spill = to.spill && fits(from + reach, x_size);
    for_channels(p.s.c, spill, [&](int64_t v, int lanes) __attribute__((always_inline)) {
      const float* window = x + from + v;
      if (K > 0 && whole) max_of_window<K>(p, window, row.rows, columns, lanes, y + to.at + v, places + to.at + v);
      else max_of_window<0>(p, window, row.rows, columns, lanes, y + to.at + v, places + to.at + v);
    });
  };
  for_pixels(s.n, s.oh, s.ow, s.c, read, common, body);
}

void max_forward(const PoolShape& s, const PoolWindow& window, const float* x, float* y, MaxPlaces places) {
  if (s.n * s.oh * s.ow * s.c == 0) return;
  const MaxPool pool(s, window);
  with_columns(window, [&](auto columns) {
    constexpr int K = decltype(columns)::kCount;
    if (places.bytes) max_windows<K>(pool, x, y, places.bytes);
    else if (places.integers) max_windows<K>(pool, x, y, places.integers);
    else max_windows<K>(pool, x, y, reinterpret_cast<NoPlace*>(y));
  });
}

// ---- max, backward ----

// Adds a gradient at one place of each channel: one vector addition for each place of the window.
template <int K, class P>
FLAMBEAU_INLINE void add_by_places(const MaxPool& p, const float* gy, const P* places, Range rows, Range columns,
                                   float* gx) {
  for (int64_t v = 0; v < p.s.c; v += kLanes) {
    const int lanes = int(least(kLanes, p.s.c - v));  // a sum must not be taken twice: no overlapping vectors here
    const Vec g = load_part(gy + v, lanes);
    const IntVec winner = load_places(places + v, lanes);
    for_places<0, K>(rows, columns, [&](int64_t i, int64_t j) __attribute__((always_inline)) {
      float* to = gx + i * p.row_step + j * p.column_step + v;
      const Vec mine = winner == int32_t(i * p.window.kw + j) ? g : Vec{};
      store_part(to, load_part(to, lanes) + mine, lanes);
    });
  }
}

constexpr int kByNumbers = -1;  // in place of a window's columns

// The same number by number: each goes where its place says. `whole`: all places are inside.
template <class P>
FLAMBEAU_INLINE void add_by_numbers(const MaxPool& p, const float* gy, const P* places, Range rows, Range columns,
                                    const Steps& steps, bool whole, float* gx) {
  const int64_t c = p.s.c;
  if (whole) {
    for (int64_t v = 0; v < c; ++v) gx[steps(places[v]) + v] += gy[v];
    return;
  }
  for (int64_t v = 0; v < c; ++v) {
    const uint32_t place = uint32_t(places[v]), across = uint32_t(p.window.kw);
    const int64_t i = place / across, j = place % across;
    if (i >= rows.begin && i < rows.end && j >= columns.begin && j < columns.end)
      gx[i * p.row_step + j * p.column_step + v] += gy[v];
  }
}

// Windows that may overlap, or pixels of few channels. A thread owns rows of an image: it clears them and lets every
// window that reaches into them add its gradient to what it finds there. Both happen while the rows are in the cache.
template <int K, class P>
void add_windows(MaxPool p, const float* gy, const P* places, const Steps& steps, int64_t image, Range owned,
                 float* gx) {
  const PoolShape& s = p.s;
  gx += image * s.h * p.in_row;
  std::memset(gx + owned.begin * p.in_row, 0, sizeof(float) * owned.size() * p.in_row);
  const int64_t first = owned.begin + p.window.pad_h - (p.window.kh - 1) * p.window.dilation_h;
  for (int64_t o = first > 0 ? ceil_div(first, p.window.stride_h) : 0; o < s.oh && p.top(o) < owned.end; ++o) {
    const Range rows = places_inside(p.top(o) - owned.begin, p.window.dilation_h, p.window.kh, owned.size());
    for (int64_t q = 0; q < s.ow; ++q) {
      const Range columns = places_inside(p.left(q), p.window.dilation_w, p.window.kw, s.w);
      const int64_t from = ((image * s.oh + o) * s.ow + q) * s.c;
      const bool whole = columns.size() == p.window.kw;
      float* to = gx + p.top(o) * p.in_row + p.left(q) * s.c;
      if constexpr (K == kByNumbers)
        add_by_numbers(p, gy + from, places + from, rows, columns, steps, whole && rows.size() == p.window.kh, to);
      else if (K > 0 && whole) add_by_places<K>(p, gy + from, places + from, rows, columns, to);
      else add_by_places<0>(p, gy + from, places + from, rows, columns, to);
    }
  }
}

template <int K, class P>
void max_collect(const MaxPool& p, const float* gy, const P* places, float* gx) {
  const PoolShape& s = p.s;
  const Steps steps(p.window, p.row_step, p.column_step);
  const int64_t bands = least(s.h, ceil_div(s.h * p.in_row, kOwnedFloats));  // of an image
  for_pieces(s.n * bands, ceil_div(s.h, bands) * p.in_row, kOwnedFloats, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u)
      add_windows<K>(p, gy, places, steps, u / bands, piece(s.h, u % bands, bands), gx);
  });
}

// The pixels that belong to window o alone, where windows do not overlap: those from its first on, up to the next
// window's; the first and the last window take what is left over. Counted from the window's first.
Range own_pixels(int64_t o, int64_t output, int64_t input, int64_t stride, int64_t pad) {
  const int64_t first = o * stride - pad, begin = o == 0 ? 0 : most(0, first);
  const int64_t end = o == output - 1 ? input : most(0, first + stride);
  return {least(begin, input) - first, least(end, input) - first};
}

// K: of a window of K x K places, which are all its own pixels; else 0.
template <int K>
FLAMBEAU_INLINE void spread_window(const MaxPool& p, Vec g, IntVec winner, Range rows, Range columns, int lanes,
                                   float* gx) {
  for_places<K, K>(rows, columns, [&](int64_t i, int64_t j) __attribute__((always_inline)) {
    const bool inside = K > 0 || (i < p.window.kh && j < p.window.kw);
    const int32_t place = inside ? int32_t(i * (K > 0 ? K : p.window.kw) + j) : -1;
    store_part(gx + i * p.in_row + j * p.s.c, winner == place ? g : Vec{}, lanes);
  });
}

// Windows that do not overlap: each writes its own pixels.
template <int K, class P>
void max_spread(const MaxPool& pool, const float* gy, const P* places, float* gx) {
  const PoolShape& s = pool.s;
  const int64_t gy_size = s.n * s.oh * s.ow * s.c, written = ceil_div(s.h, s.oh) * pool.in_row;
  const auto common = [&](int64_t image, int64_t row) {
    const Range rows = own_pixels(row, s.oh, s.h, pool.window.stride_h, pool.window.pad_h);
    return Row{rows, (image * s.h + pool.top(row)) * pool.in_row};
  };
  const auto body = [=, p = pool](const Row& row, const Pixel& from) __attribute__((always_inline)) {
    const int64_t left = p.left(from.column), c = p.s.c;
    const Range rows = row.rows, columns = own_pixels(from.column, p.s.ow, p.s.w, p.window.stride_w, p.window.pad_w);
    const bool exact = p.window.kh == K && rows.begin == 0 && rows.end == K && columns.begin == 0 && columns.end == K;
    const bool spill = fits(from.at, gy_size) && fits((left + columns.end - 1) * c, p.in_row);
    for_channels(c, spill, [&](int64_t v, int lanes) __attribute__((always_inline)) {
      const Vec g = load_part(gy + from.at + v, lanes);
      const IntVec winner = load_places(places + from.at + v, lanes);
      float* to = gx + row.at + left * c + v;
      if (K > 0 && exact) spread_window<K>(p, g, winner, rows, columns, lanes, to);
      else spread_window<0>(p, g, winner, rows, columns, lanes, to);
    });
  };
  for_pixels(s.n, s.oh, s.ow, s.c, written, common, body);
}

void clear(const PoolShape& s, float* gx) { std::memset(gx, 0, sizeof(float) * s.n * s.h * s.w * s.c); }

void max_backward(const PoolShape& s, const PoolWindow& w, const float* gy, MaxPlaces places, float* gx) {
  if (s.n * s.h * s.w * s.c == 0) return;
  if (s.oh * s.ow == 0) return clear(s, gx);
  const MaxPool pool(s, w);
  const bool few = s.c < kLanes || w.kh * w.kw > kLanes;
  const bool apart = w.dilation_h == 1 && w.dilation_w == 1 && w.kh <= w.stride_h && w.kw <= w.stride_w;
  with_columns(w, [&](auto columns) {
    constexpr int K = decltype(columns)::kCount;
    const auto from = [&](const auto* p) {
      if (apart && s.c >= kLanes) max_spread<K>(pool, gy, p, gx);
      else if (few) max_collect<kByNumbers>(pool, gy, p, gx);
      else max_collect<K>(pool, gy, p, gx);
    };
    if (places.bytes) from(places.bytes);
    else from(places.integers);
  });
}

template <class P>
void find_indices(const MaxPool& pool, const P* places, int64_t* indices) {
  const PoolShape& s = pool.s;
  const Steps steps(pool.window, pool.window.dilation_h * s.w, pool.window.dilation_w);
  const auto common = [&](int64_t, int64_t row) { return Row{{}, pool.top(row) * s.w}; };
  const auto body = [=, p = pool, &steps](const Row& row, const Pixel& to) __attribute__((always_inline)) {
    const int64_t first = row.at + p.left(to.column), end = to.at + p.s.c;
    for (int64_t k = to.at; k < end; ++k) indices[k] = first + steps(places[k]);
  };
  for_pixels(s.n, s.oh, s.ow, s.c, 2 * s.ow * s.c, common, body);
}

void max_indices(const PoolShape& s, const PoolWindow& window, MaxPlaces places, int64_t* indices) {
  if (s.n * s.oh * s.ow * s.c == 0) return;
  const MaxPool pool(s, window);
  if (places.bytes) find_indices(pool, places.bytes, indices);
  else find_indices(pool, places.integers, indices);
}

// ---- averages ----

// Along one dimension: which pixels of the image each cell takes, and how many it counts.
struct Cells {
  Array<Range> cells;
  Array<int64_t> counts;
  Array<Range> holders;  // of each pixel: the cells that hold it, which lie side by side

  // Windows, or, of size 0, cells that are nearly equal.
  void set(int64_t input, int64_t output, int64_t size, int64_t stride, int64_t pad, bool count_padding) {
    cells.clear();
    counts.clear();
    for (int64_t o = 0; o < output; ++o) {
      const int64_t first = size ? o * stride - pad : o * input / output;
      const int64_t end = size ? least(first + size, input + pad) : ceil_div((o + 1) * input, output);
      const Range cell = {least(most(first, 0), input), most(0, least(end, input))};
      cells.add(cell);
      counts.add(count_padding ? end - first : cell.size());
    }
  }
  void find_holders(int64_t input) {
    holders.clear();
    for (int64_t i = 0; i < input; ++i) holders.add({0, 0});
    for (int64_t o = 0; o < cells.size(); ++o)
      for (int64_t i = cells[o].begin; i < cells[o].end; ++i)
        holders[i] = {holders[i].end == 0 ? o : holders[i].begin, o + 1};
  }
};

// The cells of an image, and what the sum of each is multiplied by.
struct Grid {
  Cells rows, columns;
  Array<float> factors;
  bool same;  // all factors

  Grid& set(const PoolShape& s, const PoolWindow* window, AverageCount count) {
    const PoolWindow w = window ? *window : PoolWindow{};
    rows.set(s.h, s.oh, w.kh, w.stride_h, w.pad_h, count.count_padding);
    columns.set(s.w, s.ow, w.kw, w.stride_w, w.pad_w, count.count_padding);
    factors.clear();
    same = true;
    for (int64_t o = 0; o < s.oh; ++o)
      for (int64_t q = 0; q < s.ow; ++q) {
        const int64_t divisor = count.divisor ? count.divisor : rows.counts[o] * columns.counts[q];
        factors.add(divisor ? 1.0f / float(divisor) : 0.0f);
        same = same && factors.last() == factors[0];
      }
    return *this;
  }
};

thread_local Grid grid;

// Who has a factor: all sums the same, each sum its own, or each number that is summed.
enum class Factor { kSame, kOfSum, kOfSummed };

// Each pixel of y is the sum over a box of pixels of x, which is what forward does with the pixels of a cell, and
// backward with the cells of a pixel. Row by row: in a large box rounding errors stay those of its sides.
template <Factor F>
void box_sums(const PoolShape& shape, const Range* rows, const Range* columns, const float* factors, const float* x,
              float* y) {
  const int64_t in_row = shape.w * shape.c, x_size = shape.n * shape.h * in_row;
  const auto common = [&](int64_t image, int64_t row) { return Row{rows[row], image * shape.h * in_row}; };
  const auto body = [=, s = shape](const Row& row, const Pixel& to) __attribute__((always_inline)) {
    const Range js = columns[to.column];
    const int64_t high = row.rows.size(), wide = js.size(), first = row.at + row.rows.begin * in_row + js.begin * s.c;
    const float* factor = factors + row.rows.begin * s.w + js.begin;
    const bool spill = to.spill && fits(first + (high - 1) * in_row + (wide - 1) * s.c, x_size);
    for_channels(s.c, spill, [&](int64_t v, int lanes) __attribute__((always_inline)) {
      Vec sum{};
      for (int64_t i = 0; i < high; ++i) {
        const float* from = x + first + i * in_row + v;
        Vec row_sum{};
        for (int64_t j = 0; j < wide; ++j) {
          const Vec a = load_part(from + j * s.c, lanes);
          row_sum += F == Factor::kOfSummed ? a * factor[i * s.w + j] : a;
        }
        sum += row_sum;
      }
      if (F != Factor::kOfSummed) sum *= factors[F == Factor::kSame ? 0 : to.row * s.ow + to.column];
      store_part(y + to.at + v, sum, lanes);
    });
  };
  for_pixels(shape.n, shape.oh, shape.ow, shape.c, ceil_div(shape.h, shape.oh) * in_row, common, body);
}

void average_forward(const PoolShape& s, const PoolWindow* window, AverageCount count, const float* x, float* y) {
  if (s.n * s.oh * s.ow * s.c == 0) return;
  const Grid& g = grid.set(s, window, count);
  (g.same ? box_sums<Factor::kSame> : box_sums<Factor::kOfSum>)(s, g.rows.cells.data(), g.columns.cells.data(),
                                                                g.factors.data(), x, y);
}

void average_backward(const PoolShape& s, const PoolWindow* window, AverageCount count, const float* gy, float* gx) {
  if (s.n * s.h * s.w * s.c == 0) return;
  if (s.oh * s.ow == 0) return clear(s, gx);
  Grid& g = grid.set(s, window, count);
  g.rows.find_holders(s.h);
  g.columns.find_holders(s.w);
  (g.same ? box_sums<Factor::kSame> : box_sums<Factor::kOfSummed>)(
      {s.n, s.oh, s.ow, s.c, s.h, s.w}, g.rows.holders.data(), g.columns.holders.data(), g.factors.data(), gy, gx);
}

}  // namespace

const PoolingKernels& pooling_kernels() {
  static constexpr PoolingKernels kernels{max_forward, max_backward, max_indices, average_forward, average_backward};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
