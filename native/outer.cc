#include "outer.h"

#include "array.h"
#include "gather.h"
#include "transpose.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kChunkPixels = 256;
constexpr int64_t kPartialNumbers = 1 << 21;  // of all partial sums together
constexpr int64_t kMostPartials = 16;
constexpr int64_t kFewChannels = 16;  // below: a row of taps counts as channels
constexpr int64_t kSlice = 64;        // channels in that are written at a time

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
  int64_t nr, panel_count;
  int64_t panel_size, size;    // of the sums: [group][panel][tap][channel in][nr]
  int64_t partials;

  explicit Plan(const ConvShape& shape) : s(shape) {
    c_in = s.c_in / s.groups;
    c_out = s.c_out / s.groups;
    const bool far = (s.ow - 1) * s.stride_w + s.kw > 4 * s.w + 256;  // mostly padding
    merged = s.dilation_w == 1 && c_in < kFewChannels && !far;
    taps_together = merged ? s.kw : 1;
    pixel = merged || c_in * sizeof(T) % 1024 ? c_in : c_in + lanes_of<T>;
    columns = least(s.ow, 2 * kChunkPixels);
    rows = columns < s.ow ? 1 : least(s.oh, most(1, kChunkPixels / s.ow));
    planes = rows < s.oh ? 1 : least(s.n * s.od, most(1, kChunkPixels / (s.oh * s.ow)));
    plane_chunks = ceil_div(s.n * s.od, planes);
    row_chunks = ceil_div(s.oh, rows);
    column_chunks = ceil_div(s.ow, columns);
    chunks = plane_chunks * row_chunks * column_chunks;
    nr = panel_columns<T>(c_out);
    panel_count = panels<T>(c_out);
    panel_size = s.kd * s.kh * s.kw * c_in * nr;
    size = s.groups * panel_count * panel_size;
    partials = least(least(chunks, kMostPartials), most(1, kPartialNumbers / size));
  }
};

// Memory that is read soon, which tiles fetch meanwhile in its order, a cache line with each step.
template <class T>
struct Stream {
  static constexpr int64_t kLine = 64 / int64_t(sizeof(T));
  const T *next = nullptr, *end = nullptr;

  bool ends() const { return next >= end; }
  const T* take(int64_t steps) {
    const T* from = ends() ? nullptr : next;
    next += steps * kLine;
    return from;
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

  // Where in two-dimensional images all that is read lies.
  Stream<T> input(const T* x) const {
    const int64_t row = p.s.w * p.s.c_in;
    return {x + (plane * p.s.h + low) * row, x + ((plane + planes - 1) * p.s.h + high) * row};
  }
  Stream<T> gradient(const T* gy) const {
    const T* from = gy + (plane * p.s.oh + row) * p.s.ow * p.s.c_out;
    return {from, from + planes * rows * p.s.ow * p.s.c_out};
  }

  // `x` and `gy` begin at the group's first channel.
  void copy_input(const T* x, int64_t kd, T* to) const;
  void copy_gradient(const T* gy, int64_t panel, T* to) const;
  void find_runs(int64_t kd, int64_t kh, int64_t width, Array<PixelRun>& runs) const;
};

template <class T>
void Chunk<T>::copy_input(const T* x, int64_t kd, T* to) const {
  constexpr int64_t kAhead = 8;  // pixels: the processor foresees what is read in order, not the channels of a group
  const int64_t begin = least(right, most(left, 0)), end = most(begin, least(right, p.s.w));
  for_planes(kd, [&](int64_t i, int64_t plane) {
    for (int64_t h = low; h < high; ++h) {
      const T* from = x + ((plane * p.s.h + h) * p.s.w + begin) * p.s.c_in;
      T* row = to + i * plane_size() + (h - low) * row_size();
      std::memset(row, 0, sizeof(T) * (begin - left) * p.pixel);
      row += (begin - left) * p.pixel;
      if (p.pixel == p.s.c_in) std::memcpy(row, from, sizeof(T) * (end - begin) * p.pixel);
      else for (int64_t j = begin; j < end; ++j, from += p.s.c_in) {
        for (int64_t c = 0; c < p.c_in && p.s.groups > 1; c += 64 / sizeof(T))
          __builtin_prefetch(from + kAhead * p.s.c_in + c);
        std::memcpy(row + (j - begin) * p.pixel, from, sizeof(T) * p.c_in);
      }
      std::memset(row + (end - begin) * p.pixel, 0, sizeof(T) * (right - end) * p.pixel);
    }
  });
}

template <class T>
void Chunk<T>::copy_gradient(const T* gy, int64_t panel, T* to) const {
  const int64_t nr = panel_width<T>(p.c_out, panel), channels = p.s.c_out, across = columns;
  const int count = int(least(nr, p.c_out - panel * p.nr));
  for (int64_t i = 0; i < planes; ++i)
    for (int64_t o = row; o < row + rows; ++o) {
      const T* from = gy + (((plane + i) * p.s.oh + o) * p.s.ow + column) * channels + panel * p.nr;
      for (int64_t q = 0; q < across; ++q, from += channels, to += nr)
        for (int64_t v = 0; v < nr; v += lanes_of<T>) store(to + v, load_part(from + v, count - int(v)));
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
      const T* stream = ahead[ahead[0].ends() ? 1 : 0].take(steps);
      const FinishOf<T> finish{.accumulate = accumulate, .ahead = stream, .ahead_step = stream ? Stream<T>::kLine : 0};
      pick_outer<T>(int(count), width == lanes_of<T>)(runs.data(), runs.size(), x + row,
                                                      gys + (first - c.column) * width, s.stride_w * p.pixel,
                                                      sum + row * p.nr, p.nr, int(width), finish);
    }
  }
}

// The chunks of one partial sum, for panels [panel_begin, panel_end) of a group. x, gy and sum: of the group.
template <class T>
void add_chunks(const Plan<T>& p, int64_t partial, int64_t panel_begin, int64_t panel_end, const T* x, const T* gy,
                T* sum) {
  static thread_local Scratch x_scratch, gy_scratch;
  const int64_t first = p.chunks * partial / p.partials, end = p.chunks * (partial + 1) / p.partials;
  const int64_t row_size = p.s.kw * p.c_in * p.nr;
  for (int64_t index = first; index < end; ++index) {
    const Chunk<T> c(p, index);
    Stream<T> ahead[2];  // what the next chunk reads
    if (index + 1 < end && p.s.groups == 1 && p.s.kd == 1) {
      const Chunk<T> next(p, index + 1);
      ahead[0] = next.input(x);
      ahead[1] = next.gradient(gy);
      if (ahead[0].next < c.input(x).end) ahead[0].next = c.input(x).end;
    }
    T* xs = static_cast<T*>(x_scratch.bytes(sizeof(T) * (c.planes * c.plane_size() + lanes_of<T>)));
    T* gys = static_cast<T*>(gy_scratch.bytes(sizeof(T) * c.planes * c.rows * c.columns * p.nr));
    for (int64_t kd = 0; kd < p.s.kd; ++kd) {
      c.copy_input(x, kd, xs);
      for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
        c.copy_gradient(gy, panel, gys);
        T* taps = sum + panel * p.panel_size + kd * p.s.kh * row_size;
        for (int64_t kh = 0; kh < p.s.kh; ++kh)
          add_taps(c, kd, kh, panel_width<T>(p.c_out, panel), xs, gys, taps + kh * row_size, index > first, ahead);
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
  // Panels are dealt out too where there are few partial sums; that changes no sum.
  const int64_t pieces = least(p.panel_count, ceil_div(4 * get_num_threads(), p.partials * s.groups));
  parallel_for(p.partials * s.groups * pieces, [&](int64_t u) {
    const int64_t piece = u % pieces, group = u / pieces % s.groups, partial = u / pieces / s.groups;
    add_chunks(p, partial, p.panel_count * piece / pieces, p.panel_count * (piece + 1) / pieces, x + group * p.c_in,
               gy + group * p.c_out, sums + partial * p.size + group * p.panel_count * p.panel_size);
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
