#include "general.h"
#include "transpose.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kChunkPixels = 256;
constexpr int64_t kPartialNumbers = 1 << 21;  // of all partial sums together
constexpr int64_t kMostPartials = 16;
constexpr int64_t kFewChannels = 16;  // below: a row of taps counts as channels
constexpr int kLaneSums = 8;          // of tile_outer_lanes

// How the sum over pixels is cut: into chunks of some planes of the output (an image has one, or many in three
// dimensions) x rows x columns, and into partial sums of several chunks.
template <class T>
struct Plan {
  ConvShape s;
  Channels<T> channels;
  bool far;                   // mostly padding: columns outside of the image are left out, elsewhere they read zeros
  bool merged;                // a row of taps counts as channels
  int64_t planes, rows, columns, plane_chunks, row_chunks, column_chunks, chunks;
  int64_t taps, panel_size;   // of the sums: [block][panel][tap][channel in][nr]
  int64_t sums, partials;

  explicit Plan(const ConvShape& shape) : s(shape), channels(s.groups, s.c_in / s.groups, s.c_out / s.groups) {
    far = most(s.pad_w + s.w, (s.ow - 1) * s.stride_w + (s.kw - 1) * s.dilation_w + 1) > 4 * s.w + 256;
    merged = !far && !channels.lanewise && s.dilation_w == 1 && channels.c_in < kFewChannels;
    columns = least(s.ow, 2 * kChunkPixels);
    rows = columns < s.ow ? 1 : least(s.oh, most(1, kChunkPixels / s.ow));
    planes = rows < s.oh ? 1 : least(s.n * s.od, most(1, kChunkPixels / (s.oh * s.ow)));
    plane_chunks = ceil_div(s.n * s.od, planes);
    row_chunks = ceil_div(s.oh, rows);
    column_chunks = ceil_div(s.ow, columns);
    chunks = plane_chunks * row_chunks * column_chunks;
    taps = s.kd * s.kh * s.kw;
    panel_size = taps * channels.c_in * channels.nr;
    sums = channels.blocks * channels.panels * panel_size;
    partials = least(least(chunks, ceil_div(kMostPartials, channels.blocks)), most(1, kPartialNumbers / sums));
  }
};

template <class T>
struct Chunk {
  const Plan<T>& p;
  int64_t plane, planes, row, rows, column, columns;
  int64_t low, high, left, right;  // input rows and columns; left and right may lie outside of the image

  Chunk(const Plan<T>& plan, int64_t index) : p(plan) {
    const ConvShape& s = p.s;
    const int64_t across = index % p.column_chunks, down = index / p.column_chunks % p.row_chunks;
    plane = index / p.column_chunks / p.row_chunks * p.planes;
    planes = least(p.planes, s.n * s.od - plane);
    row = down * p.rows;
    rows = least(p.rows, s.oh - row);
    column = across * p.columns;
    columns = least(p.columns, s.ow - column);
    low = most(0, row * s.stride_h - s.pad_h);
    high = most(low, least(s.h, (row + rows - 1) * s.stride_h - s.pad_h + (s.kh - 1) * s.dilation_h + 1));
    left = column * s.stride_w - s.pad_w;
    right = (column + columns - 1) * s.stride_w - s.pad_w + (s.kw - 1) * s.dilation_w + 1;
    if (!p.far) return;
    left = least(s.w, most(0, left));
    right = most(left, least(s.w, right));
  }

  int64_t plane_size() const { return (high - low) * (right - left) * p.channels.width; }

  // The input plane that plane i of the chunk reads with tap kd; -1: none.
  int64_t input_plane(int64_t i, int64_t kd) const {
    const int64_t image = (plane + i) / p.s.od, o = (plane + i) % p.s.od;
    const int64_t d = o * p.s.stride_d + kd * p.s.dilation_d - p.s.pad_d;
    return d < 0 || d >= p.s.d ? -1 : image * p.s.d + d;
  }

  void copy_input(const T* x, int64_t block, int64_t kd, T* to) const {
    const int64_t width = p.channels.width, pixels = right - left, size = p.s.w;
    const int64_t before = least(pixels, most(0, -left)), end = most(before, least(pixels, size - left));
    for (int64_t i = 0; i < planes; ++i) {
      const int64_t from = input_plane(i, kd);
      if (from < 0) to += plane_size();
      else for (int64_t h = low; h < high; ++h, to += pixels * width) {
        std::memset(to, 0, sizeof(T) * before * width);
        if (end > before)
          p.channels.copy(x + ((from * p.s.h + h) * size + left + before) * p.channels.in_pixel(), end - before, block,
                          to + before * width);
        std::memset(to + end * width, 0, sizeof(T) * (pixels - end) * width);
      }
    }
  }

  void copy_gradient(const T* gy, int64_t block, int64_t panel, T* to) const {
    const int64_t count = p.channels.count(block, panel), nr = p.channels.nr, lanes = lanes_of<T>;
    for (int64_t i = 0; i < planes; ++i)
      for (int64_t o = row; o < row + rows; ++o) {
        const T* from = gy + (((plane + i) * p.s.oh + o) * p.s.ow + column) * p.channels.out_pixel() +
                        p.channels.first(block, panel);
        for (int64_t q = 0; q < columns; ++q, from += p.channels.out_pixel(), to += nr)
          for (int64_t v = 0; v < nr; v += lanes) {
            __builtin_prefetch(from + 8 * p.channels.out_pixel() + v);
            store(to + v, load_part(from + v, int(count - v)));
          }
      }
  }

  // Where pixels lie in both copies, for taps kd, kh and, where columns are left out, kw.
  void find_runs(int64_t kd, int64_t kh, int64_t kw, Array<PixelRun>& runs) const {
    const ConvShape& s = p.s;
    const int64_t shift = kw * s.dilation_w - s.pad_w;  // column q reads q * stride + shift
    const int64_t begin = p.far ? most(column, ceil_div(most(0, -shift), s.stride_w)) : column;
    const int64_t end = p.far ? least(column + columns, s.w > shift ? (s.w - 1 - shift) / s.stride_w + 1 : 0)
                              : column + columns;
    runs.clear();
    if (begin >= end) return;
    for (int64_t i = 0; i < planes; ++i) {
      if (input_plane(i, kd) < 0) continue;
      for (int64_t o = 0; o < rows; ++o) {
        const int64_t h = (row + o) * s.stride_h - s.pad_h + kh * s.dilation_h;
        if (h < 0 || h >= s.h) continue;
        runs.add({i * plane_size() + ((h - low) * (right - left) + begin * s.stride_w + shift - left) * p.channels.width,
                  ((i * rows + o) * columns + begin - column) * p.channels.nr, end - begin});
      }
    }
  }
};

// c[i] += sum over pixels of a[offset i] * b, lane by lane, for R rows of one vector.
template <int R, class T>
void tile_outer_lanes(const PixelRun* runs, int64_t run_count, const int64_t* offsets, const T* a_base, const T* b_base,
                      int64_t a_pixel, T* c) {
  constexpr int lanes = lanes_of<T>;
  VecOf<T> sum[R];
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) sum[r] = load(c + r * lanes);
  for (int64_t i = 0; i < run_count; ++i) {
    const T* a = a_base + runs[i].a;
    const T* b = b_base + runs[i].b;
    for (int64_t p = runs[i].count; p > 0; --p, a += a_pixel, b += lanes) {
      const VecOf<T> factor = load(b);
      FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) sum[r] += load(a + offsets[r]) * factor;
    }
  }
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) store(c + r * lanes, sum[r]);
}

template <class T>
using TileOuterLanes = void (*)(const PixelRun*, int64_t, const int64_t*, const T*, const T*, int64_t, T*);
template <class T, std::size_t... R>
TileOuterLanes<T> pick_outer_lanes(int64_t rows, std::index_sequence<R...>) {
  static constexpr TileOuterLanes<T> table[] = {tile_outer_lanes<int(R) + 1, T>...};
  return table[rows - 1];
}

// One row of taps of a panel; `sum`: [tap][channel in][nr].
template <class T>
void add_taps(const Chunk<T>& c, int64_t kd, int64_t kh, int64_t panel, const T* xs, const T* gys, T* sum) {
  static thread_local Array<PixelRun> runs;
  const Plan<T>& p = c.p;
  const Channels<T>& channels = p.channels;
  const int64_t together = p.merged || (channels.lanewise && !p.far) ? p.s.kw : 1;  // taps
  const int64_t rows = together * channels.c_in, pixel = p.s.stride_w * channels.width;
  for (int64_t kw = 0; kw < p.s.kw; kw += together, sum += rows * channels.nr) {
    // `begin` of a run is that of tap kw; without columns left out tap 0 stands for all.
    c.find_runs(kd, kh, kw, runs);
    if (!channels.lanewise) {
      const int64_t tiles = ceil_div(rows, kTileRows);
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t begin = rows * t / tiles, end = rows * (t + 1) / tiles;
        pick_outer<T>(int(end - begin), channels.nr == lanes_of<T>)(
            runs.data(), runs.size(), xs + begin, gys, pixel, sum + begin * channels.nr, channels.nr, int(channels.nr),
            {.accumulate = true});
      }
      continue;
    }
    const int64_t k_step = channels.width / channels.c_in;
    for (int64_t r = 0; r < rows; r += kLaneSums) {
      const int64_t count = least(kLaneSums, rows - r);
      int64_t offsets[kLaneSums];
      for (int64_t i = 0; i < count; ++i)
        offsets[i] = (r + i) / channels.c_in * p.s.dilation_w * channels.width + (r + i) % channels.c_in * k_step;
      pick_outer_lanes<T>(count, std::make_index_sequence<kLaneSums>())(
          runs.data(), runs.size(), offsets, xs + panel * channels.nr, gys, pixel, sum + r * channels.nr);
    }
  }
}

// Add the chunks of one partial sum to panels [panel_begin, panel_end) of a block.
template <class T>
void add_chunks(const Plan<T>& p, int64_t partial, int64_t block, int64_t panel_begin, int64_t panel_end, const T* x,
                const T* gy, T* sum) {
  static thread_local Scratch x_scratch, gy_scratch;
  std::memset(sum + panel_begin * p.panel_size, 0, sizeof(T) * (panel_end - panel_begin) * p.panel_size);
  for (int64_t index = p.chunks * partial / p.partials; index < p.chunks * (partial + 1) / p.partials; ++index) {
    const Chunk<T> c(p, index);
    T* xs = static_cast<T*>(x_scratch.bytes(sizeof(T) * (c.planes * c.plane_size() + kLanes)));
    T* gys = static_cast<T*>(gy_scratch.bytes(sizeof(T) * c.planes * c.rows * c.columns * p.channels.nr));
    for (int64_t kd = 0; kd < p.s.kd; ++kd) {
      c.copy_input(x, block, kd, xs);
      for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
        if (p.channels.count(block, panel) == 0) continue;
        c.copy_gradient(gy, block, panel, gys);
        T* taps = sum + panel * p.panel_size;
        for (int64_t kh = 0; kh < p.s.kh; ++kh)
          add_taps(c, kd, kh, panel, xs, gys, taps + (kd * p.s.kh + kh) * p.s.kw * p.channels.c_in * p.channels.nr);
      }
    }
  }
}

// The partial sums of a panel, added in order and written where they belong: squares turned in registers where all
// taps and channels in of a channel out lie side by side.
template <class T>
void write(const Plan<T>& p, int64_t block, int64_t panel, const T* sums, T* gw, WeightStrides to) {
  constexpr int lanes = lanes_of<T>;
  const Channels<T>& channels = p.channels;
  const int64_t first = channels.first(block, panel), count = channels.count(block, panel);
  const T* from = sums + (block * channels.panels + panel) * p.panel_size;
  const bool dense = to.w == 1 && (p.s.kh == 1 || to.h == p.s.kw) && (p.s.kd == 1 || to.d == p.s.kh * p.s.kw) &&
                     to.in == p.taps;
  for (int64_t v = 0; v < count; v += lanes)
    for (int64_t m = 0; m < channels.c_in * p.taps; m += lanes) {
      const int64_t some = least(lanes, channels.c_in * p.taps - m), columns = least(lanes, count - v);
      VecOf<T> square[lanes];
      for (int64_t i = 0; i < lanes; ++i) {
        const int64_t k = (m + i) / p.taps, tap = (m + i) % p.taps;
        square[i] = VecOf<T>{};
        for (int64_t q = 0; q < p.partials && i < some; ++q)
          square[i] += load(from + q * p.sums + (tap * channels.c_in + k) * channels.nr + v);
      }
      transpose(square);
      for (int64_t j = 0; j < columns; ++j) {
        T* row = gw + (first + v + j) * to.out;
        if (dense) store_part(row + m, square[j], int(some));
        else for (int64_t i = 0; i < some; ++i) {
          const int64_t k = (m + i) / p.taps, tap = (m + i) % p.taps;
          row[k * to.in + tap / p.s.kw / p.s.kh * to.d + tap / p.s.kw % p.s.kh * to.h + tap % p.s.kw * to.w] =
              square[j][i];
        }
      }
    }
}

}  // namespace

template <class T>
void general_weight(const ConvShape& s, const T* x, const T* gy, T* gw, WeightStrides to) {
  static thread_local Scratch scratch;
  const Plan<T> p(s);
  const Channels<T>& channels = p.channels;
  T* sums = static_cast<T*>(scratch.bytes(sizeof(T) * p.partials * p.sums));
  // Panels are dealt out too where there are few partial sums; that changes no sum.
  const int64_t pieces = least(channels.panels, ceil_div(4 * get_num_threads(), p.partials * channels.blocks));
  parallel_for(p.partials * channels.blocks * pieces, [&](int64_t u) {
    const int64_t piece = u % pieces, block = u / pieces % channels.blocks, partial = u / pieces / channels.blocks;
    add_chunks(p, partial, block, channels.panels * piece / pieces, channels.panels * (piece + 1) / pieces, x, gy,
               sums + partial * p.sums + block * channels.panels * p.panel_size);
  });
  parallel_for(channels.blocks * channels.panels,
               [&](int64_t u) { write(p, u / channels.panels, u % channels.panels, sums, gw, to); });
}

template void general_weight<float>(const ConvShape&, const float*, const float*, float*, WeightStrides);
template void general_weight<double>(const ConvShape&, const double*, const double*, double*, WeightStrides);

}  // namespace flambeau::FLAMBEAU_ISA
