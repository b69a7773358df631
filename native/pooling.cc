// Pooling, forward and backward.
//
// Every pixel of a result is made of a box of pixels of the other image: forward of the places of its window, or of its
// cell; backward of the windows that hold it. Along each dimension a table says which these are (Spans), so one walk
// serves all (fold_boxes), and what is done with a box is a Fold: the largest (Maximum), the sum (Average), the sum of
// the gradients whose maximum was here (Winners). Nothing is cleared first, and each number is written once. Where
// windows cover the image side by side it is better still to go through the windows, each of which writes the pixels of
// its box (SpreadWinners): gradient and places are then read once.
//
// The walk goes over the pixels of the result, and for each over its channels, kLanes at a time; one vector is reduced
// over the box in registers. Channels lie side by side, so every load and store is a plain vector, and neighbouring
// boxes find their common rows in the first-level cache: each number travels from memory once. Pooling is a walk
// through memory; what counts is to do little beside it, and to ask for what comes: boxes of the commonest sizes have
// loops of their own, and Maximum fetches ahead.
//
// Forward max keeps, next to the maximum, the number of the place in the window that won. A byte holds it, so that it
// costs a quarter of what the maxima themselves cost in memory. Backward compares it with the place that a pixel has in
// the window. Where that would be asked too often, in large windows that overlap, or for too few channels to fill a
// vector, gradients go one by one to where their bytes say (add_by_numbers).
//
// Fewer channels than lanes: the vector of a pixel then spills over into its right neighbours. What is loaded there is
// garbage that nobody looks at; what is stored there is overwritten when the neighbour's turn comes. Only in rows where
// a spill would leave the array, or the piece of it that this thread owns, is the vector cut to size (kPart).
#include "pooling.h"

#include "array.h"
#include "math.h"
#include "table.h"
#include "windows.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kPieceFloats = 16 * 1024;  // that a piece of parallel work reads or writes, about
constexpr int64_t kOwnedFloats = 64 * 1024;  // the same where pieces share windows at their edges: fewer edges
constexpr int64_t kMostHolders = 2 * kLanes;  // windows that hold a pixel: of more, most are asked in vain
constexpr int64_t kAhead = 1024;              // floats; the processor itself looks less far

// ---- places in memory ----

typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
#if defined(__AVX512F__)  // (with a mask, for without one there is a warning)
FLAMBEAU_INLINE IntVec widened(Bytes v) { return IntVec(_mm512_maskz_cvtepu8_epi32(-1, __m128i(v))); }
FLAMBEAU_INLINE Bytes narrowed(IntVec v) { return Bytes(_mm512_maskz_cvtepi32_epi8(-1, __m512i(v))); }
#else  // in two steps, or the compiler goes lane by lane
typedef uint16_t Shorts __attribute__((vector_size(2 * kLanes)));
FLAMBEAU_INLINE IntVec widened(Bytes v) { return __builtin_convertvector(__builtin_convertvector(v, Shorts), IntVec); }
FLAMBEAU_INLINE Bytes narrowed(IntVec v) { return __builtin_convertvector(__builtin_convertvector(v, Shorts), Bytes); }
#endif

FLAMBEAU_INLINE IntVec load_places(MaxPlaces places, int64_t at, int count) {
  if (!places.bytes) return IntVec(load_part(reinterpret_cast<const float*>(places.integers + at), count));
  Bytes bytes{};
  std::memcpy(&bytes, places.bytes + at, count);
  return widened(bytes);
}
FLAMBEAU_INLINE void store_places(MaxPlaces places, int64_t at, IntVec winner, int count) {
  const Bytes bytes = narrowed(winner);
  if (places.bytes) std::memcpy(places.bytes + at, &bytes, count);
  else if (places.integers) store_part(reinterpret_cast<float*>(places.integers + at), Vec(winner), count);
}
// f(bytes) or f(integers).
template <class F>
void with_numbers(MaxPlaces places, const F& f) {
  if (places.bytes) f(places.bytes);
  else f(places.integers);
}

// ---- boxes ----

// Pixels along one dimension, and the number of the first as a place of its window.
struct Span {
  int64_t first, count, place;
};

// A span of what is read for each pixel of the result. Steps are from one pixel of a span to the next.
struct Spans {
  Array<Span> each;
  int64_t step, place_step;

  // Of windows, or, with size 0, cells that are nearly equal. `whole`: places are not numbered, but windows.
  void set(int64_t input, int64_t output, int64_t size, int64_t stride, int64_t pad, int64_t dilation, bool whole) {
    each.clear();
    step = size ? dilation : 1;
    place_step = whole ? 0 : 1;
    for (int64_t o = 0; o < output; ++o) {
      const int64_t first = size ? o * stride - pad : o * input / output;
      const int64_t cell = size ? 0 : ceil_div((o + 1) * input, output) - first;
      const Range inside = size ? places_inside(first, dilation, size, input) : Range{0, cell};
      each.add({first + inside.begin * step, inside.size(), whole ? o : inside.begin});
    }
  }
  // For each pixel of the image the windows that hold it.
  void invert(const Spans& windows, int64_t pixels) {
    each.clear();
    step = place_step = 0;
    for (int64_t i = 0; i < pixels; ++i) each.add({0, 0, 0});
    for (int64_t o = 0; o < windows.each.size(); ++o)
      for (int64_t k = 0; k < windows.each[o].count; ++k) {
        Span& holders = each[windows.each[o].first + k * windows.step];
        const int64_t place = windows.each[o].place + k * windows.place_step;
        if (++holders.count == 1) {
          holders.first = o;
          holders.place = place;
        } else if (holders.count == 2) {
          step = o - holders.first;
          place_step = place - holders.place;
        }
      }
  }
};

struct Grid {
  Spans rows, columns;
  int64_t across;  // from the number of a place to that of the one below

  const Grid& set(const PoolShape& s, const PoolWindow& w, bool whole = false) {
    rows.set(s.h, s.oh, w.kh, w.stride_h, w.pad_h, w.dilation_h, whole);
    columns.set(s.w, s.ow, w.kw, w.stride_w, w.pad_w, w.dilation_w, whole);
    across = whole ? s.ow : w.kw;
    return *this;
  }
  const Grid& invert(const Grid& windows, const PoolShape& s) {
    rows.invert(windows.rows, s.h);
    columns.invert(windows.columns, s.w);
    across = windows.across;
    return *this;
  }
};

thread_local Grid windows_of_pixels, holders_of_pixels;

struct Box {
  int64_t rows, columns;
  int64_t from, down, right;  // in floats: its first pixel, and steps
  int32_t place, place_down, place_right;
};

// R and C: rows and columns where the compiler is to know them, else 0.
template <int R, int C, class Fold>
FLAMBEAU_INLINE void fold_box(const Fold& fold, const Box& box, int64_t channel, int64_t to, int lanes) {
  auto state = fold.start(to, box.place, lanes);
  const auto add = [&](int64_t i, int64_t j, bool first) __attribute__((always_inline)) {
    const int32_t place = box.place + int32_t(i) * box.place_down + int32_t(j) * box.place_right;
    fold.add(state, box.from + channel + i * box.down + j * box.right, place, lanes, first);
  };
  if constexpr (R > 0) {
    FLAMBEAU_UNROLL for (int i = 0; i < R; ++i) {
      FLAMBEAU_UNROLL for (int j = 0; j < C; ++j) add(i, j, i + j == 0);
      fold.end_row(state);
    }
  } else {
    for (int64_t i = 0; i < box.rows; ++i) {
      for (int64_t j = 0; j < box.columns; ++j) add(i, j, false);
      fold.end_row(state);
    }
  }
  fold.finish(state, to, lanes);
}

template <int R, int C> struct Size {
  static constexpr int kRows = R, kColumns = C;
};

// Rows of the result, counted through all images. The last vector of a pixel overlaps the one before it where the
// channels are no multiple of the lanes. Of the fold there is a copy: as far as the compiler knows, a vector that is
// stored may hit whatever is behind a reference, which it would load again each time.
template <bool kPart, class Fold>
void fold_rows(const PoolShape& s, const Grid& grid, const Fold& the_fold, Range some) {
  const Fold fold = the_fold;
  const int64_t c = s.c, in_row = s.w * c, pixels = s.ow, last = most(0, c - kLanes);
  const Span* across = grid.columns.each.data();
  Box box{0, 0, 0, grid.rows.step * in_row, grid.columns.step * c, 0, int32_t(grid.rows.place_step * grid.across),
          int32_t(grid.columns.place_step)};
  int64_t to = some.begin * pixels * c;
  for (int64_t r = some.begin; r < some.end; ++r) {
    const Span rows = grid.rows.each[r % s.oh];
    const int64_t from = (r / s.oh * s.h + rows.first) * in_row;
    box.rows = rows.count;
    for (int64_t o = 0; o < pixels; ++o, to += c) {
      box.columns = across[o].count;
      box.from = from + across[o].first * c;
      box.place = int32_t(rows.place * grid.across + across[o].place);
      const auto fold_as = [&](auto size) __attribute__((always_inline)) {
        for (int64_t v = 0; v < c; v += kLanes) {
          const int64_t channel = least(v, last);
          fold_box<size.kRows, size.kColumns>(fold, box, channel, to + channel, kPart ? int(c) : kLanes);
        }
      };
      if (box.rows == 1 && box.columns == 1) fold_as(Size<1, 1>{});
      else if (box.rows == 1 && box.columns == 2) fold_as(Size<1, 2>{});
      else if (box.rows == 2 && box.columns == 1) fold_as(Size<2, 1>{});
      else if (box.rows == 2 && box.columns == 2) fold_as(Size<2, 2>{});
      else if (box.rows == 3 && box.columns == 3) fold_as(Size<3, 3>{});
      else fold_as(Size<0, 0>{});
    }
  }
}

// s.h x s.w: of the image that is read, s.oh x s.ow: of the result.
template <class Fold>
void fold_boxes(const PoolShape& s, const Grid& grid, const Fold& fold) {
  const int64_t all = s.n * s.oh, in_row = s.w * s.c, out_row = s.ow * s.c;
  const int64_t pieces = least(all, ceil_div(all * most(ceil_div(s.h, s.oh) * in_row, out_row), kPieceFloats));
  parallel_for(pieces, [&](int64_t p) {
    const Range own = piece(all, p, pieces);
    const auto may_spill = [&](int64_t r) {  // whether vectors of kLanes stay inside
      const Span rows = grid.rows.each[r % s.oh];
      const int64_t last = r / s.oh * s.h + rows.first + (rows.count - 1) * grid.rows.step;
      const int64_t beyond = kLanes - s.c;
      return (r + 1) * out_row + beyond <= own.end * out_row && (last + 1) * in_row + beyond <= s.n * s.h * in_row;
    };
    int64_t whole = s.c < kLanes ? own.begin : own.end;
    while (whole < own.end && may_spill(whole)) ++whole;
    fold_rows<false>(s, grid, fold, {own.begin, whole});
    fold_rows<true>(s, grid, fold, {whole, own.end});
  });
}

// ---- maxima ----

// The first of the largest wins; NaN always does, as in PyTorch.
struct Maximum {
  const float* x;
  float* y;
  MaxPlaces places;

  struct State {
    Vec maximum;
    IntVec winner;
  };
  FLAMBEAU_INLINE State start(int64_t, int32_t place, int) const { return {broadcast(-kInfinity), IntVec{} + place}; }
  FLAMBEAU_INLINE void add(State& state, int64_t from, int32_t place, int lanes, bool first) const {
    __builtin_prefetch(x + from + kAhead);
    // Of copies, or the compiler would turn the choices round, and wait for a negation at each place.
    const Vec a = load_part(x + from, lanes), before = state.maximum;
    const IntVec winner_before = state.winner, won = first ? ~IntVec{} : (a > before) | (a != a);
    state.maximum = won ? a : before;
    state.winner = won ? IntVec{} + place : winner_before;
  }
  FLAMBEAU_INLINE void end_row(State&) const {}
  FLAMBEAU_INLINE void finish(const State& state, int64_t to, int lanes) const {
    store_part(y + to, state.maximum, lanes);
    store_places(places, to, state.winner, lanes);
  }
};

void max_forward(const PoolShape& s, const PoolWindow& window, const float* x, float* y, MaxPlaces places) {
  if (s.n * s.oh * s.ow * s.c > 0) fold_boxes(s, windows_of_pixels.set(s, window), Maximum{x, y, places});
}

// The gradients of the windows that hold a pixel and have their maximum there.
struct Winners {
  const float* gy;
  MaxPlaces places;
  float* gx;

  FLAMBEAU_INLINE Vec start(int64_t, int32_t, int) const { return Vec{}; }
  FLAMBEAU_INLINE void add(Vec& sum, int64_t from, int32_t place, int lanes, bool) const {
    const Vec g = load_part(gy + from, lanes);
    sum += load_places(places, from, lanes) == place ? g : Vec{};
  }
  FLAMBEAU_INLINE void end_row(Vec&) const {}
  FLAMBEAU_INLINE void finish(Vec sum, int64_t to, int lanes) const { store_part(gx + to, sum, lanes); }
};

// The other way round, where windows cover the image side by side: a box is what a window writes.
struct SpreadWinners {
  const float* gy;
  MaxPlaces places;
  float* gx;

  struct State {
    Vec g;
    IntVec winner;
  };
  FLAMBEAU_INLINE State start(int64_t at, int32_t, int lanes) const {
    return {load_part(gy + at, lanes), load_places(places, at, lanes)};
  }
  FLAMBEAU_INLINE void add(const State& state, int64_t to, int32_t place, int lanes, bool) const {
    __builtin_prefetch(gx + to + kAhead, 1);
    store_part(gx + to, state.winner == place ? state.g : Vec{}, lanes);
  }
  FLAMBEAU_INLINE void end_row(const State&) const {}
  FLAMBEAU_INLINE void finish(const State&, int64_t, int) const {}
};

// Each gradient goes where its place says. A thread owns rows of an image: it clears them and lets every window that
// reaches into them add what falls there. Both happen while the rows are in the cache.
template <class P>
void add_by_numbers(const PoolShape& s, const PoolWindow& w, const float* gy, const P* places, float* gx) {
  const int64_t c = s.c, in_row = s.w * c, bands = least(s.h, ceil_div(s.h * in_row, kOwnedFloats));  // of an image
  const Steps steps(w, w.dilation_h * in_row, w.dilation_w * c);
  parallel_for(s.n * bands, [&](int64_t u) {
    const int64_t image = u / bands;
    const Range own = piece(s.h, u % bands, bands);
    float* to = gx + (image * s.h + own.begin) * in_row;
    const uint64_t size = uint64_t(own.size() * in_row);
    std::memset(to, 0, sizeof(float) * size);
    const int64_t first = own.begin + w.pad_h - (w.kh - 1) * w.dilation_h;
    for (int64_t o = first > 0 ? ceil_div(first, w.stride_h) : 0; o < s.oh; ++o) {
      const int64_t top = o * w.stride_h - w.pad_h - own.begin;
      if (top >= own.size()) break;
      for (int64_t q = 0; q < s.ow; ++q) {
        const int64_t corner = top * in_row + (q * w.stride_w - w.pad_w) * c;
        const float* g = gy + ((image * s.oh + o) * s.ow + q) * c;
        const P* place = places + (g - gy);
        for (int64_t v = 0; v < c; ++v) {
          const uint64_t at = uint64_t(corner + steps(place[v]) + v);
          if (at < size) to[at] += g[v];
        }
      }
    }
  });
}

void clear(const PoolShape& s, float* gx) { std::memset(gx, 0, sizeof(float) * s.n * s.h * s.w * s.c); }

void max_backward(const PoolShape& s, const PoolWindow& w, const float* gy, MaxPlaces places, float* gx) {
  if (s.n * s.h * s.w * s.c == 0) return;
  if (s.oh * s.ow == 0) return clear(s, gx);
  if (s.c < kLanes || ceil_div(w.kh, w.stride_h) * ceil_div(w.kw, w.stride_w) > kMostHolders)
    return with_numbers(places, [&](const auto* numbers) { add_by_numbers(s, w, gy, numbers, gx); });
  const Grid& windows = windows_of_pixels.set(s, w);
  if (w.kh == w.stride_h && w.kw == w.stride_w && s.oh * w.kh == s.h && s.ow * w.kw == s.w)
    return fold_boxes(s, windows, SpreadWinners{gy, places, gx});
  fold_boxes({s.n, s.oh, s.ow, s.c, s.h, s.w}, holders_of_pixels.invert(windows, s), Winners{gy, places, gx});
}

void max_indices(const PoolShape& s, const PoolWindow& w, MaxPlaces places, int64_t* indices) {
  const Steps steps(w, w.dilation_h * s.w, w.dilation_w);
  with_numbers(places, [&](const auto* numbers) {
    parallel_for(s.n * s.oh, [&](int64_t row) {
      const int64_t top = (row % s.oh * w.stride_h - w.pad_h) * s.w;
      for (int64_t q = 0; q < s.ow; ++q)
        for (int64_t k = (row * s.ow + q) * s.c, end = k + s.c; k < end; ++k)
          indices[k] = top + q * w.stride_w - w.pad_w + steps(numbers[k]);
    });
  });
}

// ---- averages ----

// Forward a sum is multiplied by its factor, backward each number that is summed by the factor of its window. Row by
// row: in a large box rounding errors stay those of its sides.
template <bool kBackward>
struct Average {
  const float *x, *factors;
  float* y;

  struct State {
    Vec row, sum, factor;
  };
  FLAMBEAU_INLINE State start(int64_t, int32_t place, int) const { return {Vec{}, Vec{}, broadcast(factors[place])}; }
  FLAMBEAU_INLINE void add(State& state, int64_t from, int32_t place, int lanes, bool) const {
    const Vec a = load_part(x + from, lanes);
    state.row += kBackward ? a * broadcast(factors[place]) : a;
  }
  FLAMBEAU_INLINE void end_row(State& state) const {
    state.sum += state.row;
    state.row = Vec{};
  }
  FLAMBEAU_INLINE void finish(const State& state, int64_t to, int lanes) const {
    store_part(y + to, kBackward ? state.sum : state.sum * state.factor, lanes);
  }
};

// What the sum of each window, or cell, is multiplied by.
const float* find_factors(const PoolShape& s, const PoolWindow& w, const Grid& grid, AverageCount count) {
  static thread_local Array<float> factors;
  factors.clear();
  const bool padding = w.kh > 0 && count.count_padding;
  for (int64_t o = 0; o < s.oh; ++o)
    for (int64_t q = 0; q < s.ow; ++q) {
      const int64_t high = padding ? least(w.kh, s.h + 2 * w.pad_h - o * w.stride_h) : grid.rows.each[o].count;
      const int64_t wide = padding ? least(w.kw, s.w + 2 * w.pad_w - q * w.stride_w) : grid.columns.each[q].count;
      const int64_t divisor = count.divisor ? count.divisor : high * wide;
      factors.add(divisor ? 1.0f / float(divisor) : 0.0f);
    }
  return factors.data();
}

void average_forward(const PoolShape& s, const PoolWindow& w, AverageCount count, const float* x, float* y) {
  if (s.n * s.oh * s.ow * s.c == 0) return;
  const Grid& windows = windows_of_pixels.set(s, w, true);
  fold_boxes(s, windows, Average<false>{x, find_factors(s, w, windows, count), y});
}

void average_backward(const PoolShape& s, const PoolWindow& w, AverageCount count, const float* gy, float* gx) {
  if (s.n * s.h * s.w * s.c == 0) return;
  if (s.oh * s.ow == 0) return clear(s, gx);
  const Grid& windows = windows_of_pixels.set(s, w, true);
  const Average<true> fold{gy, find_factors(s, w, windows, count), gx};
  fold_boxes({s.n, s.oh, s.ow, s.c, s.h, s.w}, holders_of_pixels.invert(windows, s), fold);
}

}  // namespace

const PoolingKernels& pooling_kernels() {
  static constexpr PoolingKernels kernels{max_forward, max_backward, max_indices, average_forward, average_backward};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
