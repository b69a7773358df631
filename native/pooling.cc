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
// spill would leave the array, or the piece of it that this thread owns, is the vector cut to size (Spill).
//
// (Shapes come by value where vectors are stored: as far as the compiler knows such a store may hit whatever is behind
// a reference, which it would load again each time.)
#include "pooling.h"

#include "array.h"
#include "math.h"
#include "table.h"

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

// body(first channel, lanes) for all channels of a pixel. `spill`: lanes may reach beyond the last channel. The last
// vector overlaps the one before it where the channels are no multiple of the lanes.
template <class F>
FLAMBEAU_INLINE void for_channels(int64_t c, bool spill, const F& body) {
  if (c < kLanes && !spill) return body(0, int(c));
  const int64_t last = most(0, c - kLanes);
  for (int64_t v = 0; v < c; v += kLanes) body(least(v, last), kLanes);
}

// body(first row, end) for equal pieces of the rows with about `floats` numbers, in parallel.
template <class F>
void for_pieces(int64_t rows, int64_t floats_per_row, int64_t floats, const F& body) {
  const int64_t pieces = least(rows, ceil_div(rows * floats_per_row, floats));
  parallel_for(pieces, [&](int64_t p) { body(rows * p / pieces, rows * (p + 1) / pieces); });
}

// Whether a vector of kLanes from this float on stays inside.
FLAMBEAU_INLINE bool fits(int64_t from, int64_t size) { return from + kLanes <= size; }

struct Range {
  int64_t begin, end;
};

// The places k of a window that starts at coordinate `first` for which first + k * dilation is in the image.
Range places_inside(int64_t first, int64_t dilation, int64_t places, int64_t size) {
  if (first >= 0 && first + (places - 1) * dilation < size) return {0, places};  // most are: no division
  const int64_t begin = first >= 0 ? 0 : ceil_div(-first, dilation);
  const int64_t end = first >= size ? 0 : least(places, (size - 1 - first) / dilation + 1);
  return {least(begin, end), end};
}

// ---- max, forward ----

// Whether `a` takes the place of the maximum so far: NaN always does, as in PyTorch.
FLAMBEAU_INLINE IntVec beats(Vec a, Vec maximum) { return (a > maximum) | (a != a); }

// A window that lies in the image; KH, KW are its size, or 0 for that of `window`.
template <int KH, int KW, class P>
FLAMBEAU_INLINE void max_of_window(const PoolWindow& window, const float* x, int64_t row_step, int64_t column_step,
                                   Range rows, Range columns, int lanes, float* y, P* places) {
  Vec maximum;
  IntVec winner;
  if constexpr (KH > 0) {
    maximum = load_part(x, lanes);
    winner = IntVec{};
    FLAMBEAU_UNROLL for (int i = 0; i < KH; ++i) FLAMBEAU_UNROLL for (int j = 0; j < KW; ++j) {
      if (i + j == 0) continue;
      const Vec a = load_part(x + i * row_step + j * column_step, lanes);
      const IntVec won = beats(a, maximum);
      maximum = won ? a : maximum;
      winner = won ? IntVec{} + (i * KW + j) : winner;
    }
  } else {
    maximum = broadcast(-kInfinity);
    winner = IntVec{} + int32_t(rows.begin * window.kw + columns.begin);
    for (int64_t i = rows.begin; i < rows.end; ++i)
      for (int64_t j = columns.begin; j < columns.end; ++j) {
        const Vec a = load_part(x + i * row_step + j * column_step, lanes);
        const IntVec won = beats(a, maximum);
        maximum = won ? a : maximum;
        winner = won ? IntVec{} + int32_t(i * window.kw + j) : winner;
      }
  }
  store_part(y, maximum, lanes);
  store_places(places, winner, lanes);
}

template <int KH, int KW, class P>
void max_rows(PoolShape s, PoolWindow window, const float* x, float* y, P* places, Range out_rows) {
  const int64_t in_row = s.w * s.c, out_row = s.ow * s.c, x_size = s.n * s.h * in_row;
  const int64_t row_step = window.dilation_h * in_row, column_step = window.dilation_w * s.c;
  for (int64_t r = out_rows.begin; r < out_rows.end; ++r) {
    const int64_t image = r / s.oh, top = r % s.oh * window.stride_h - window.pad_h;
    const Range rows = places_inside(top, window.dilation_h, window.kh, s.h);
    for (int64_t o = 0; o < s.ow; ++o) {
      const int64_t left = o * window.stride_w - window.pad_w;
      const Range columns = places_inside(left, window.dilation_w, window.kw, s.w);
      const int64_t from = (image * s.h + top) * in_row + left * s.c, to = r * out_row + o * s.c;
      const int64_t last = from + (window.kh - 1) * row_step + (window.kw - 1) * column_step;
      const bool spill = fits(last, x_size) && fits(to, out_rows.end * out_row);
      const bool whole = rows.end - rows.begin == KH && columns.end - columns.begin == KW;
      for_channels(s.c, spill, [&](int64_t v, int lanes) __attribute__((always_inline)) {
        if (KH > 0 && whole)
          max_of_window<KH, KW>(window, x + from + v, row_step, column_step, rows, columns, lanes, y + to + v,
                                places + to + v);
        else
          max_of_window<0, 0>(window, x + from + v, row_step, column_step, rows, columns, lanes, y + to + v,
                              places + to + v);
      });
    }
  }
}

template <class P>
void max_forward_to(const PoolShape& s, const PoolWindow& window, const float* x, float* y, P* places) {
  const int64_t read = s.w * s.c * least(window.kh, ceil_div(s.h, s.oh));  // for each row of the output
  for_pieces(s.n * s.oh, most(read, s.ow * s.c), kPieceFloats, [&](int64_t begin, int64_t end) {
    if (window.kh == 2 && window.kw == 2) max_rows<2, 2>(s, window, x, y, places, {begin, end});
    else if (window.kh == 3 && window.kw == 3) max_rows<3, 3>(s, window, x, y, places, {begin, end});
    else max_rows<0, 0>(s, window, x, y, places, {begin, end});
  });
}

void max_forward(const PoolShape& s, const PoolWindow& window, const float* x, float* y, MaxPlaces places) {
  if (s.n * s.oh * s.ow * s.c == 0) return;
  if (places.bytes) max_forward_to(s, window, x, y, places.bytes);
  else if (places.integers) max_forward_to(s, window, x, y, places.integers);
  else max_forward_to(s, window, x, y, reinterpret_cast<NoPlace*>(y));
}

// ---- max, backward ----

// Windows that may overlap, or pixels of few channels. A thread owns rows of the input: it clears them and lets every
// window that reaches into them add its gradient to what it finds there. Both happen while the rows are in the cache.
struct Owned {
  int64_t image;
  Range rows;  // of that image
};

// body(owned rows of one image) for all rows [begin, end) of all images, h rows each.
template <class F>
void for_images(int64_t h, int64_t begin, int64_t end, const F& body) {
  for (int64_t r = begin; r < end;) {
    const int64_t image = r / h, next = least(end, (image + 1) * h);
    body(Owned{image, {r - image * h, next - image * h}});
    r = next;
  }
}

// Adds a gradient at one place of each channel: one vector addition for each place of the window.
template <int KW, class P>
FLAMBEAU_INLINE void add_by_places(const PoolWindow& window, const float* gy, const P* places, Range rows,
                                   Range columns, int64_t row_step, int64_t column_step, int64_t c, float* gx) {
  for (int64_t v = 0; v < c; v += kLanes) {
    const int lanes = int(least(kLanes, c - v));  // a sum must not be taken twice: no overlapping vectors here
    const Vec g = load_part(gy + v, lanes);
    const IntVec winner = load_places(places + v, lanes);
    for (int64_t i = rows.begin; i < rows.end; ++i) {
      float* row = gx + i * row_step + v;
      const auto add = [&](int64_t j) __attribute__((always_inline)) {
        float* to = row + j * column_step;
        const Vec mine = winner == int32_t(i * window.kw + j) ? g : Vec{};
        store_part(to, load_part(to, lanes) + mine, lanes);
      };
      if constexpr (KW > 0) FLAMBEAU_UNROLL for (int j = 0; j < KW; ++j) add(j);
      else for (int64_t j = columns.begin; j < columns.end; ++j) add(j);
    }
  }
}

// The same number by number: each goes where its place says.
template <class P>
FLAMBEAU_INLINE void add_by_numbers(const PoolWindow& window, const float* gy, const P* places, Range rows,
                                    Range columns, const int64_t* steps, int64_t row_step, int64_t column_step,
                                    int64_t c, float* gx) {
  if (steps) {
    for (int64_t v = 0; v < c; ++v) gx[steps[uint8_t(places[v])] + v] += gy[v];
    return;
  }
  for (int64_t v = 0; v < c; ++v) {
    const int64_t place = places[v], i = place / window.kw, j = place % window.kw;
    if (i >= rows.begin && i < rows.end && j >= columns.begin && j < columns.end)
      gx[i * row_step + j * column_step + v] += gy[v];
  }
}

// KW: columns of the window where that is known, else 0. `few`: number by number.
template <int KW, class P>
void add_windows(PoolShape s, PoolWindow window, const float* gy, const P* places, bool few,
                 const int64_t* steps, const Owned& owned, float* gx) {
  const int64_t in_row = s.w * s.c, row_step = window.dilation_h * in_row, column_step = window.dilation_w * s.c;
  float* image = gx + owned.image * s.h * in_row;
  std::memset(image + owned.rows.begin * in_row, 0, sizeof(float) * (owned.rows.end - owned.rows.begin) * in_row);
  const int64_t reach = (window.kh - 1) * window.dilation_h, first = owned.rows.begin + window.pad_h - reach;
  for (int64_t o = first > 0 ? ceil_div(first, window.stride_h) : 0; o < s.oh; ++o) {
    const int64_t top = o * window.stride_h - window.pad_h;
    if (top >= owned.rows.end) break;
    const Range rows =
        places_inside(top - owned.rows.begin, window.dilation_h, window.kh, owned.rows.end - owned.rows.begin);
    for (int64_t q = 0; q < s.ow; ++q) {
      const int64_t left = q * window.stride_w - window.pad_w;
      const Range columns = places_inside(left, window.dilation_w, window.kw, s.w);
      const int64_t from = ((owned.image * s.oh + o) * s.ow + q) * s.c;
      const bool whole = columns.end - columns.begin == window.kw;
      float* to = image + top * in_row + left * s.c;
      if (few)
        add_by_numbers(window, gy + from, places + from, rows, columns,
                       whole && rows.end - rows.begin == window.kh ? steps : nullptr, row_step, column_step, s.c, to);
      else if (KW > 0 && whole)
        add_by_places<KW>(window, gy + from, places + from, rows, columns, row_step, column_step, s.c, to);
      else
        add_by_places<0>(window, gy + from, places + from, rows, columns, row_step, column_step, s.c, to);
    }
  }
}

// Distances in the image from a window's first place to each that a byte can name. (A number that is no place of the
// window stays at the first one.)
void find_steps(const PoolWindow& window, int64_t row_step, int64_t column_step, int64_t (&steps)[256]) {
  for (int64_t place = 0; place < 256; ++place) {
    const bool is_place = place < window.kh * window.kw;
    steps[place] = is_place ? place / window.kw * row_step + place % window.kw * column_step : 0;
  }
}

template <class P>
void max_collect(const PoolShape& s, const PoolWindow& window, const float* gy, const P* places, float* gx) {
  const int64_t in_row = s.w * s.c;
  int64_t steps[256];
  find_steps(window, window.dilation_h * in_row, window.dilation_w * s.c, steps);
  const int64_t* known = sizeof(P) == 1 ? steps : nullptr;
  const bool few = s.c < kLanes || window.kh * window.kw > kLanes;
  for_pieces(s.n * s.h, in_row, kOwnedFloats, [&](int64_t begin, int64_t end) {
    for_images(s.h, begin, end, [&](const Owned& owned) {
      if (window.kw == 2) add_windows<2>(s, window, gy, places, few, known, owned, gx);
      else if (window.kw == 3) add_windows<3>(s, window, gy, places, few, known, owned, gx);
      else add_windows<0>(s, window, gy, places, few, known, owned, gx);
    });
  });
}

// The coordinates that belong to window o alone, where windows do not overlap: those from its first on, up to the next
// window's; the first and the last window take what is left over.
Range own_pixels(int64_t o, int64_t output, int64_t input, int64_t stride, int64_t pad) {
  const int64_t first = o == 0 ? 0 : most(0, o * stride - pad);
  const int64_t end = o == output - 1 ? input : most(0, (o + 1) * stride - pad);
  return {least(first, input), least(end, input)};
}

// A window whose own pixels are just its KH x KW places.
template <int KH, int KW>
FLAMBEAU_INLINE void spread_window(Vec g, IntVec winner, float* gx, int64_t in_row, int64_t c, int lanes) {
  FLAMBEAU_UNROLL for (int i = 0; i < KH; ++i) FLAMBEAU_UNROLL for (int j = 0; j < KW; ++j)
      store_part(gx + i * in_row + j * c, winner == i * KW + j ? g : Vec{}, lanes);
}

// Windows that do not overlap: each writes its own pixels.
template <int KH, int KW, class P>
void max_spread(PoolShape s, PoolWindow window, const float* gy, const P* places, float* gx) {
  const int64_t in_row = s.w * s.c, out_row = s.ow * s.c, gy_size = s.n * s.oh * out_row;
  for_pieces(s.n * s.oh, ceil_div(s.h, s.oh) * in_row, kPieceFloats, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int64_t image = r / s.oh, top = r % s.oh * window.stride_h - window.pad_h;
      const Range rows = own_pixels(r % s.oh, s.oh, s.h, window.stride_h, window.pad_h);
      for (int64_t o = 0; o < s.ow; ++o) {
        const int64_t left = o * window.stride_w - window.pad_w;
        const Range columns = own_pixels(o, s.ow, s.w, window.stride_w, window.pad_w);
        const int64_t from = r * out_row + o * s.c, corner = (image * s.h + rows.begin) * in_row + columns.begin * s.c;
        const bool exact = KH > 0 && rows.begin == top && rows.end - top == KH && columns.begin == left &&
                           columns.end - left == KW;
        const bool spill = fits(from, gy_size) && fits((columns.end - 1) * s.c, in_row);
        for_channels(s.c, spill, [&](int64_t v, int lanes) __attribute__((always_inline)) {
          const Vec g = load_part(gy + from + v, lanes);
          const IntVec winner = load_places(places + from + v, lanes);
          float* to = gx + corner + v;
          if (exact) return spread_window<KH, KW>(g, winner, to, in_row, s.c, lanes);
          for (int64_t i = rows.begin; i < rows.end; ++i)
            for (int64_t j = columns.begin; j < columns.end; ++j) {
              const bool inside = i - top < window.kh && j - left < window.kw;
              const int32_t place = inside ? int32_t((i - top) * window.kw + j - left) : -1;
              const Vec value = winner == place ? g : Vec{};
              store_part(to + (i - rows.begin) * in_row + (j - columns.begin) * s.c, value, lanes);
            }
        });
      }
    }
  });
}

template <class P>
void max_backward_from(const PoolShape& s, const PoolWindow& window, const float* gy, const P* places, float* gx) {
  const bool apart = window.dilation_h == 1 && window.dilation_w == 1 && window.kh <= window.stride_h &&
                     window.kw <= window.stride_w;
  if (!apart || s.c < kLanes) max_collect(s, window, gy, places, gx);
  else if (window.kh == 2 && window.kw == 2) max_spread<2, 2>(s, window, gy, places, gx);
  else if (window.kh == 3 && window.kw == 3) max_spread<3, 3>(s, window, gy, places, gx);
  else max_spread<0, 0>(s, window, gy, places, gx);
}

void clear(const PoolShape& s, float* gx) { std::memset(gx, 0, sizeof(float) * s.n * s.h * s.w * s.c); }

void max_backward(const PoolShape& s, const PoolWindow& window, const float* gy, MaxPlaces places, float* gx) {
  if (s.n * s.h * s.w * s.c == 0) return;
  if (s.oh * s.ow == 0) return clear(s, gx);
  if (places.bytes) max_backward_from<uint8_t>(s, window, gy, places.bytes, gx);
  else max_backward_from<int32_t>(s, window, gy, places.integers, gx);
}

void max_indices(const PoolShape& s, const PoolWindow& window, MaxPlaces places, int64_t* indices) {
  if (s.n * s.oh * s.ow * s.c == 0) return;
  const int64_t row_step = window.dilation_h * s.w, column_step = window.dilation_w;
  int64_t steps[256];
  find_steps(window, row_step, column_step, steps);  // no division for each byte
  for_pieces(s.n * s.oh, 2 * s.ow * s.c, kPieceFloats, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      for (int64_t o = 0; o < s.ow; ++o) {
        const int64_t top = r % s.oh * window.stride_h - window.pad_h, left = o * window.stride_w - window.pad_w;
        const int64_t at = (r * s.ow + o) * s.c, first = top * s.w + left;
        for (int64_t k = at; places.bytes && k < at + s.c; ++k) indices[k] = first + steps[places.bytes[k]];
        for (int64_t k = at; places.integers && k < at + s.c; ++k)
          indices[k] = first + places.integers[k] / window.kw * row_step + places.integers[k] % window.kw * column_step;
      }
  });
}

// ---- averages ----

// Along one dimension: which coordinates of the image each cell takes, and how many it counts.
struct Cells {
  Array<Range> cells;
  Array<int64_t> counts;
  Array<Range> covering;  // of each coordinate of the image: the cells that hold it, which lie side by side

  void windows(int64_t input, int64_t output, int64_t size, int64_t stride, int64_t pad, bool count_padding) {
    cells.clear();
    counts.clear();
    for (int64_t o = 0; o < output; ++o) {
      const int64_t first = o * stride - pad, end = least(first + size, input + pad);
      const Range cell = {least(most(first, 0), input), least(end, input)};
      cells.add(cell);
      counts.add(count_padding ? end - first : cell.end - cell.begin);
    }
  }
  void equal(int64_t input, int64_t output) {
    cells.clear();
    counts.clear();
    for (int64_t o = 0; o < output; ++o) {
      cells.add({o * input / output, ceil_div((o + 1) * input, output)});
      counts.add(cells.last().end - cells.last().begin);
    }
  }
  bool same_counts() const {
    for (int64_t o = 1; o < counts.size(); ++o)
      if (counts[o] != counts[0]) return false;
    return true;
  }
  void cover(int64_t input) {
    covering.clear();
    for (int64_t i = 0; i < input; ++i) covering.add({0, 0});
    for (int64_t o = 0; o < cells.size(); ++o)
      for (int64_t i = cells[o].begin; i < cells[o].end; ++i) {
        Range& range = covering[i];
        if (range.end == 0) range.begin = o;
        range.end = o + 1;
      }
  }
};

struct Grid {
  Cells rows, columns;
  int64_t divisor;  // or 0: that of the cell

  float factor(int64_t row, int64_t column) const {
    return 1.0f / float(divisor ? divisor : rows.counts[row] * columns.counts[column]);
  }
  // The factor of all cells where they have the same, else 0.
  float common_factor() const {
    return divisor || (rows.same_counts() && columns.same_counts()) ? factor(0, 0) : 0.0f;
  }
};

// The sum over a box of pixels, row by row: in a large box rounding errors stay those of its sides.
FLAMBEAU_INLINE Vec box_sum(const float* x, int64_t in_row, int64_t c, Range rows, Range columns, int lanes) {
  Vec sum{};
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const float* row = x + i * in_row;
    Vec row_sum{};
    for (int64_t j = columns.begin; j < columns.end; ++j) row_sum += load_part(row + j * c, lanes);
    sum += row_sum;
  }
  return sum;
}

void average(PoolShape s, const Grid& grid, const float* x, float* y) {
  if (s.n * s.oh * s.ow * s.c == 0) return;
  const int64_t in_row = s.w * s.c, out_row = s.ow * s.c, x_size = s.n * s.h * in_row;
  const int64_t moved = most(ceil_div(s.h, s.oh) * in_row, out_row);  // floats a row of the output
  for_pieces(s.n * s.oh, moved, kPieceFloats, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* image = x + r / s.oh * s.h * in_row;
      const Range rows = grid.rows.cells[r % s.oh];
      for (int64_t o = 0; o < s.ow; ++o) {
        const Range columns = grid.columns.cells[o];
        const bool empty = rows.begin >= rows.end || columns.begin >= columns.end;
        const float factor = empty ? 0.0f : grid.factor(r % s.oh, o);
        const int64_t to = r * out_row + o * s.c;
        const int64_t last = image - x + (rows.end - 1) * in_row + (columns.end - 1) * s.c;
        const bool spill = fits(last, x_size) && fits(to, end * out_row);
        for_channels(s.c, spill, [&](int64_t v, int lanes) __attribute__((always_inline)) {
          store_part(y + to + v, box_sum(image + v, in_row, s.c, rows, columns, lanes) * factor, lanes);
        });
      }
    }
  });
}

void average_collect(PoolShape s, Grid& grid, const float* gy, float* gx) {
  if (s.n * s.h * s.w * s.c == 0) return;
  if (s.oh * s.ow == 0) return clear(s, gx);
  grid.rows.cover(s.h);
  grid.columns.cover(s.w);
  const float common = grid.common_factor();
  const int64_t in_row = s.w * s.c, out_row = s.ow * s.c, gy_size = s.n * s.oh * out_row;
  for_pieces(s.n * s.h, in_row, kPieceFloats, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* image = gy + r / s.h * s.oh * out_row;
      const Range rows = grid.rows.covering[r % s.h];
      for (int64_t j = 0; j < s.w; ++j) {
        const Range columns = grid.columns.covering[j];
        const int64_t to = r * in_row + j * s.c;
        const int64_t last = image - gy + most(0, rows.end - 1) * out_row + most(0, columns.end - 1) * s.c;
        const bool spill = fits(last, gy_size) && fits(to, end * in_row);
        for_channels(s.c, spill, [&](int64_t v, int lanes) __attribute__((always_inline)) {
          Vec sum{};
          for (int64_t a = rows.begin; a < rows.end; ++a)
            for (int64_t b = columns.begin; b < columns.end; ++b) {
              const float factor = common != 0.0f ? common : grid.factor(a, b);
              sum += load_part(image + a * out_row + b * s.c + v, lanes) * factor;
            }
          store_part(gx + to + v, sum, lanes);
        });
      }
    }
  });
}

Grid& window_grid(const PoolShape& s, const PoolWindow& window, AverageCount count) {
  static thread_local Grid grid;
  grid.rows.windows(s.h, s.oh, window.kh, window.stride_h, window.pad_h, count.count_padding);
  grid.columns.windows(s.w, s.ow, window.kw, window.stride_w, window.pad_w, count.count_padding);
  grid.divisor = count.divisor;
  return grid;
}

Grid& equal_grid(const PoolShape& s) {
  static thread_local Grid grid;
  grid.rows.equal(s.h, s.oh);
  grid.columns.equal(s.w, s.ow);
  grid.divisor = 0;
  return grid;
}

void average_forward(const PoolShape& s, const PoolWindow& window, AverageCount count, const float* x, float* y) {
  average(s, window_grid(s, window, count), x, y);
}
void average_backward(const PoolShape& s, const PoolWindow& window, AverageCount count, const float* gy, float* gx) {
  average_collect(s, window_grid(s, window, count), gy, gx);
}
void adaptive_forward(const PoolShape& s, const float* x, float* y) { average(s, equal_grid(s), x, y); }
void adaptive_backward(const PoolShape& s, const float* gy, float* gx) { average_collect(s, equal_grid(s), gy, gx); }

}  // namespace

const PoolingKernels& pooling_kernels() {
  static constexpr PoolingKernels kernels{max_forward,      max_backward,     max_indices,      average_forward,
                                          average_backward, adaptive_forward, adaptive_backward};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
