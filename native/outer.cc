#include "outer.h"

#include "array.h"
#include "gather.h"
#include "transpose.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kChunkPixels = 256;
constexpr int64_t kPartialNumbers = 1 << 19;  // of all partial sums together
constexpr int64_t kMostPartials = 16;
constexpr int64_t kFewChannels = 16;  // or less: a row of taps counts as channels
constexpr int64_t kSlice = 64;        // channels in that are written at a time
constexpr int64_t kBandBytes = 512;   // of a pixel: the channels of groups that are copied together

// The size of the parts, at most `limit`, into which `all` are cut so that they are about equal.
int64_t even_share(int64_t all, int64_t limit) {
  return all == 0 ? 1 : ceil_div(all, ceil_div(all, most(1, limit)));
}

// How the sum over pixels is cut: into chunks of some planes of the output (an image has one, or many in three
// dimensions) x rows x columns, and into partial sums of several chunks.
template <class T>
struct Plan {
  ConvShape s;
  int64_t c_in, c_out;         // of a group
  bool merged;                 // a row of taps counts as channels
  int64_t taps_together;       // in a row
  int64_t pixel;               // numbers between pixels in the copy of x
  int64_t planes, rows, columns, plane_chunks, row_chunks, column_chunks, chunks;
  int64_t band;                // groups copied together
  int64_t nr, panel_count;
  int64_t panel_size, size;    // of the sums: [group][panel][tap][channel in][nr]
  int64_t partials;

  explicit Plan(const ConvShape& shape) : s(shape) {
    c_in = s.c_in / s.groups;
    c_out = s.c_out / s.groups;
    const bool far = (s.ow - 1) * s.stride_w + s.kw > 4 * s.w + 256;  // mostly padding
    merged = s.dilation_w == 1 && c_in <= kFewChannels && !far;
    taps_together = merged ? s.kw : 1;
    pixel = merged || c_in * sizeof(T) % 1024 ? c_in : c_in + lanes_of<T>;
    columns = least(s.ow, 2 * kChunkPixels);
    rows = columns < s.ow ? 1 : even_share(s.oh, kChunkPixels / s.ow);
    planes = rows < s.oh ? 1 : even_share(s.n * s.od, kChunkPixels / (s.oh * s.ow));
    plane_chunks = ceil_div(s.n * s.od, planes);
    row_chunks = ceil_div(s.oh, rows);
    column_chunks = ceil_div(s.ow, columns);
    chunks = plane_chunks * row_chunks * column_chunks;
    nr = panel_columns<T>(c_out);
    panel_count = panels<T>(c_out);
    band = panel_count > 1 ? 1 : least(s.groups, most(1, kBandBytes / int64_t(c_in * sizeof(T))));
    panel_size = s.kd * s.kh * s.kw * c_in * nr;
    size = s.groups * panel_count * panel_size;
    partials = least(least(chunks, kMostPartials), most(1, kPartialNumbers / size));
  }
};

// Pixels that are read soon, which tiles fetch meanwhile: a cache line with each step, of one pixel after another, then
// the next line of them all.
template <class T>
struct Stream {
  static constexpr int64_t kLine = 64 / int64_t(sizeof(T));
  const T* from = nullptr;
  int64_t pixels = 0, step = 0, lines = 0;  // numbers between pixels; cache lines of each
  int64_t line = 0, pixel = 0;              // that come next

  Stream() = default;
  // So many pixels of `all` channels, of which `wanted` are read.
  Stream(const T* x, int64_t count, int64_t all, int64_t wanted)
      : from(x), pixels(count), step(all), lines(ceil_div(wanted, kLine)) {
    if (wanted < all) return;
    pixels = ceil_div(count * all, kLine);
    step = kLine;
    lines = 1;
  }
  bool ends() const { return line >= lines; }
  void take(int64_t steps, FinishOf<T>& finish) {
    if (ends()) return;
    finish.ahead = from + line * kLine + pixel * step;
    finish.ahead_step = step;
    pixel += steps;
    if (pixel < pixels) return;
    pixel = 0;
    ++line;
  }
};

// Some planes, rows and columns of the output, and the rows [low, high) and columns [left, right) of the input that
// they read. Only where taps are merged columns lie outside of the image.
template <class T>
struct Chunk {
  const Plan<T>& p;
  int64_t plane, planes, row, rows, column, columns;
  int64_t first_image, first_plane;  // the first plane is this one of that image
  int64_t low, high, left, right;

  Chunk(const Plan<T>& plan, int64_t index) : p(plan) {
    const ConvShape& s = p.s;
    const int64_t across = index % p.column_chunks, down = index / p.column_chunks % p.row_chunks;
    plane = index / p.column_chunks / p.row_chunks * p.planes;
    planes = least(p.planes, s.n * s.od - plane);
    first_image = plane / s.od;
    first_plane = plane % s.od;
    row = down * p.rows;
    rows = least(p.rows, s.oh - row);
    column = across * p.columns;
    columns = least(p.columns, s.ow - column);
    low = most(0, row * s.stride_h - s.pad_h);
    high = most(low, least(s.h, (row + rows - 1) * s.stride_h - s.pad_h + (s.kh - 1) * s.dilation_h + 1));
    left = column * s.stride_w - s.pad_w;
    right = (column + columns - 1) * s.stride_w - s.pad_w + (s.kw - 1) * s.dilation_w + 1;
    if (p.merged) return;
    left = least(s.w, most(0, left));
    right = most(left, least(s.w, right));
  }

  int64_t row_size() const { return (right - left) * p.pixel; }
  int64_t plane_size() const { return (high - low) * row_size(); }
  int64_t input_size() const { return planes * plane_size(); }
  int64_t gradient_size() const { return planes * rows * columns * p.nr; }

  // body(i, the input plane that plane i of the chunk reads with tap kd), for those that read one.
  template <class F>
  void for_planes(int64_t kd, const F& body) const {
    int64_t image = first_image, o = first_plane;
    for (int64_t i = 0; i < planes; ++i) {
      const int64_t d = o * p.s.stride_d + kd * p.s.dilation_d - p.s.pad_d;
      if (d >= 0 && d < p.s.d) body(i, image * p.s.d + d);
      if (++o < p.s.od) continue;
      o = 0;
      ++image;
    }
  }

  // What is read of a band of groups, in two-dimensional images.
  Stream<T> input(const T* x, int64_t group) const {
    const int64_t row = p.s.w * p.s.c_in;
    return {x + (plane * p.s.h + low) * row + group * p.c_in, ((planes - 1) * p.s.h + high - low) * p.s.w, p.s.c_in,
            p.band * p.c_in};
  }
  Stream<T> gradient(const T* gy, int64_t group) const {
    return {gy + (plane * p.s.oh + row) * p.s.ow * p.s.c_out + group * p.c_out, planes * rows * p.s.ow, p.s.c_out,
            p.band * p.c_out};
  }

  // Copies of so many groups, one after another. `x` and `gy` begin at the first channel of the first.
  void copy_input(const T* x, int64_t groups, int64_t kd, T* to) const;
  void copy_gradient(const T* gy, int64_t groups, int64_t panel, T* to) const;
  void find_runs(int64_t kd, int64_t kh, int64_t width, Array<PixelRun>& runs) const;
};

template <class T>
void Chunk<T>::copy_input(const T* x, int64_t groups, int64_t kd, T* to) const {
  const int64_t begin = least(right, most(left, 0)), end = most(begin, least(right, p.s.w));
  for_planes(kd, [&](int64_t i, int64_t plane) {
    for (int64_t h = low; h < high; ++h)
      for (int64_t g = 0; g < groups; ++g) {
        const T* from = x + ((plane * p.s.h + h) * p.s.w + begin) * p.s.c_in + g * p.c_in;
        T* row = to + g * input_size() + i * plane_size() + (h - low) * row_size();
        std::memset(row, 0, sizeof(T) * (begin - left) * p.pixel);
        row += (begin - left) * p.pixel;
        if (p.pixel == p.s.c_in) std::memcpy(row, from, sizeof(T) * (end - begin) * p.pixel);
        else for (int64_t j = begin; j < end; ++j, from += p.s.c_in)
          std::memcpy(row + (j - begin) * p.pixel, from, sizeof(T) * p.c_in);
        std::memset(row + (end - begin) * p.pixel, 0, sizeof(T) * (right - end) * p.pixel);
      }
  });
}

template <class T>
void Chunk<T>::copy_gradient(const T* gy, int64_t groups, int64_t panel, T* to) const {
  const int64_t nr = panel_width<T>(p.c_out, panel), channels = p.s.c_out, across = columns;
  const int count = int(least(nr, p.c_out - panel * p.nr));
  for (int64_t i = 0; i < planes; ++i)
    for (int64_t o = 0; o < rows; ++o)
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t pixel = ((plane + i) * p.s.oh + row + o) * p.s.ow + column;
        const T* from = gy + pixel * channels + g * p.c_out + panel * p.nr;
        T* copy = to + g * gradient_size() + (i * rows + o) * across * nr;
        for (int64_t q = 0; q < across; ++q, from += channels, copy += nr)
          for (int64_t v = 0; v < nr; v += lanes_of<T>) store(copy + v, load_part(from + v, count - int(v)));
      }
}

// Where the rows of the output lie in both copies, for taps kd and kh.
template <class T>
void Chunk<T>::find_runs(int64_t kd, int64_t kh, int64_t width, Array<PixelRun>& runs) const {
  runs.clear();
  for_planes(kd, [&](int64_t i, int64_t) {
    for (int64_t o = 0; o < rows; ++o) {
      const int64_t h = (row + o) * p.s.stride_h - p.s.pad_h + kh * p.s.dilation_h;
      if (h < 0 || h >= p.s.h) continue;
      runs.add({i * plane_size() + (h - low) * row_size(), (i * rows + o) * columns * width, 0});
    }
  });
}

// One row of taps of a panel, of one chunk. `width`: of the panel in `gys`. `sum`: [tap][channel in][nr].
template <class T>
void add_taps(const Chunk<T>& c, int64_t kd, int64_t kh, int64_t width, const T* xs, const T* gys, T* sum,
              bool accumulate, Stream<T> (&ahead)[2]) {
  static thread_local Array<PixelRun> runs;
  const Plan<T>& p = c.p;
  const ConvShape& s = p.s;
  const int64_t rows = p.taps_together * p.c_in, tiles = ceil_div(rows, kTileRows);
  c.find_runs(kd, kh, width, runs);
  for (int64_t kw = 0; kw < s.kw; kw += p.taps_together, sum += rows * p.nr) {
    const int64_t shift = kw * s.dilation_w - s.pad_w;  // column q reads q * stride + shift
    int64_t first = c.column, end = c.column + c.columns;
    if (!p.merged) {
      first = most(first, shift < 0 ? ceil_div(-shift, s.stride_w) : 0);
      end = most(first, least(end, s.w > shift ? (s.w - 1 - shift) / s.stride_w + 1 : 0));
    }
    for (int64_t i = 0; i < runs.size(); ++i) runs[i].count = end - first;
    const int64_t steps = runs.size() * (end - first);
    const T* x = xs + (first * s.stride_w + shift - c.left) * p.pixel;
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t row = rows * t / tiles, count = rows * (t + 1) / tiles - row;
      FinishOf<T> finish{.accumulate = accumulate};
      ahead[ahead[0].ends() ? 1 : 0].take(steps, finish);
      pick_outer<T>(int(count), width == lanes_of<T>)(runs.data(), runs.size(), x + row,
                                                      gys + (first - c.column) * width, s.stride_w * p.pixel,
                                                      sum + row * p.nr, p.nr, int(width), finish);
    }
  }
}

// The chunks of one partial sum, for panels [begin, end) of those of all bands.
template <class T>
void add_chunks(const Plan<T>& p, int64_t partial, int64_t begin, int64_t end, const T* x, const T* gy, T* sums) {
  static thread_local Scratch x_scratch, gy_scratch;
  const int64_t first = p.chunks * partial / p.partials, last = p.chunks * (partial + 1) / p.partials - 1;
  const int64_t row_size = p.s.kw * p.c_in * p.nr;
  for (int64_t index = first; index <= last; ++index) {
    const Chunk<T> c(p, index), next(p, least(index + 1, last));
    Stream<T> ahead[2];
    T* xs = static_cast<T*>(x_scratch.bytes(sizeof(T) * (p.band * c.input_size() + lanes_of<T>)));
    T* gys = static_cast<T*>(gy_scratch.bytes(sizeof(T) * p.band * c.gradient_size()));
    for (int64_t kd = 0; kd < p.s.kd; ++kd) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t group = i / p.panel_count * p.band, panel = i % p.panel_count;
        const int64_t groups = least(p.band, p.s.groups - group);
        if (i == begin || panel == 0) {
          c.copy_input(x + group * p.c_in, groups, kd, xs);
          const bool ends = i - panel + p.panel_count >= end;  // then the next chunk comes
          if (p.s.kd == 1 && !(ends && index == last)) {
            const int64_t following = ends ? begin / p.panel_count * p.band : group + p.band;
            ahead[0] = (ends ? next : c).input(x, following);
            ahead[1] = (ends ? next : c).gradient(gy, following);
          }
        }
        c.copy_gradient(gy + group * p.c_out, groups, panel, gys);
        for (int64_t g = 0; g < groups; ++g) {
          T* taps = sums + ((group + g) * p.panel_count + panel) * p.panel_size + kd * p.s.kh * row_size;
          for (int64_t kh = 0; kh < p.s.kh; ++kh)
            add_taps(c, kd, kh, panel_width<T>(p.c_out, panel), xs + g * c.input_size(), gys + g * c.gradient_size(),
                     taps + kh * row_size, index > first, ahead);
        }
      }
    }
  }
}

// Channels in [begin, end) of a panel: the partial sums, added in order, written where they belong. Squares are turned
// in registers, so that whole vectors are written where all taps and channels in of a channel out lie side by side.
// (Number by number, a power of two apart, each would throw the one before out of the cache: ten times as slow with
// 1024 channels.) `sums`: of the panel, gw: of its first channel out.
template <class T>
void write(const Plan<T>& p, int64_t columns, int64_t begin, int64_t end, const T* sums, T* gw, WeightStrides to) {
  constexpr int64_t lanes = lanes_of<T>;
  const ConvShape& s = p.s;
  const int64_t taps = s.kd * s.kh * s.kw;
  const bool dense = to.w == 1 && (s.kh == 1 || to.h == s.kw) && (s.kd == 1 || to.d == s.kh * s.kw) && to.in == taps;
  for (int64_t v = 0; v < columns; v += lanes)
    for (int64_t m = begin * taps; m < end * taps; m += lanes) {
      const int64_t count = least(lanes, end * taps - m);
      int64_t at[lanes];
      VecOf<T> square[lanes];
      for (int64_t i = 0; i < lanes; ++i) {
        square[i] = VecOf<T>{};
        if (i >= count) continue;
        const int64_t k = (m + i) / taps, tap = (m + i) % taps;
        if (!dense) at[i] = k * to.in + tap / s.kw / s.kh * to.d + tap / s.kw % s.kh * to.h + tap % s.kw * to.w;
        const T* from = sums + (tap * p.c_in + k) * p.nr + v;
        square[i] = load(from);
        for (int64_t q = 1; q < p.partials; ++q) square[i] += load(from + q * p.size);
      }
      transpose(square);
      for (int64_t j = 0; j < least(lanes, columns - v); ++j) {
        T* row = gw + (v + j) * to.out;
        if (dense) store_part(row + m, square[j], int(count));
        else for (int64_t i = 0; i < count; ++i) row[at[i]] = square[j][i];
      }
    }
}

}  // namespace

template <class T>
void outer(const ConvShape& s, const T* x, const T* gy, T* gw, WeightStrides to) {
  static thread_local Scratch scratch;
  const Plan<T> p(s);
  T* sums = static_cast<T*>(scratch.bytes(sizeof(T) * p.partials * p.size));
  // Panels are dealt out too where there are few partial sums; that changes no sum. Bands of groups fetch one another:
  // there the fewest pieces are best.
  const int64_t all_panels = ceil_div(s.groups, p.band) * p.panel_count;
  const int64_t wanted = ceil_div(4 * get_num_threads(), p.partials);
  const int64_t pieces = p.band == 1 ? pieces_of(all_panels, wanted) : least(all_panels, wanted);
  parallel_for(p.partials * pieces, [&](int64_t u) {
    const int64_t piece = u % pieces, partial = u / pieces;
    add_chunks(p, partial, all_panels * piece / pieces, all_panels * (piece + 1) / pieces, x, gy,
               sums + partial * p.size);
  });
  const int64_t slices = ceil_div(p.c_in, kSlice);
  parallel_for(s.groups * p.panel_count * slices, [&](int64_t u) {
    const int64_t begin = u % slices * kSlice, panel = u / slices % p.panel_count, group = u / slices / p.panel_count;
    write(p, least(p.nr, p.c_out - panel * p.nr), begin, least(p.c_in, begin + kSlice),
          sums + (group * p.panel_count + panel) * p.panel_size, gw + (group * p.c_out + panel * p.nr) * to.out, to);
  });
}

template void outer(const ConvShape&, const float*, const float*, float*, WeightStrides);
template void outer(const ConvShape&, const double*, const double*, double*, WeightStrides);

}  // namespace flambeau::FLAMBEAU_ISA
