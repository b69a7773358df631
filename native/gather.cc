#include "gather.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kCacheBytes = 400 * 1024;  // of the second-level cache, for input rows; weights need the rest
constexpr int64_t kOutputBytes = 512 * 1024;

struct Tap {
  int64_t kernel, input, count;  // `count` taps in a row read `count` pixels in a row
};

// The taps of output coordinate o; those inside the image, or all. `merge`: neighbours become one.
void add_taps(const Axis& axis, int64_t o, bool inside, bool merge, Array<Tap>& taps) {
  const int64_t begin = taps.size();
  for (int64_t k = 0; k < axis.size; ++k) {
    int64_t i;
    if (!axis.reads(o, k, i) || (inside && (i < 0 || i >= axis.input))) continue;
    if (merge && taps.size() > begin && taps.last().kernel + taps.last().count == k &&
        taps.last().input + taps.last().count == i)
      ++taps.last().count;
    else taps.add({k, i, 1});
  }
}

// The taps of each output coordinate that fall into the image.
struct TapTable {
  Array<Tap> taps;
  Array<int64_t> begins;  // of coordinate o; one more at the end

  explicit TapTable(const Axis& axis) {
    for (int64_t o = 0; o < axis.output; ++o) {
      begins.add(taps.size());
      add_taps(axis, o, true, false, taps);
    }
    begins.add(taps.size());
  }
  const Tap* begin(int64_t o) const { return taps.data() + begins[o]; }
  const Tap* end(int64_t o) const { return begin(o + 1); }
};

// Columns first, first + step, ... of the output that read the same taps, each `advance` pixels further than the one
// before.
struct Set {
  int64_t first, count, taps_begin, taps_end;
};

struct Columns {
  Array<Set> sets;
  Array<Tap> taps;               // input: of the set's first column, may lie outside of the image
  int64_t step = 1, advance = 0;
  int64_t left = 0, right;       // columns that some tap reads, and all of the image

  explicit Columns(const Axis& axis) : right(axis.input) {}

  // Every column for itself, without taps in the padding.
  void add_each(const Axis& axis) {
    for (int64_t o = 0; o < axis.output; ++o) {
      const int64_t begin = taps.size();
      add_taps(axis, o, true, true, taps);
      sets.add({o, 1, begin, taps.size()});
    }
  }

  // As few sets as possible. False, and nothing is added, where the image is lost in the padding.
  bool add_rows(const Axis& axis) {
    step = axis.backward ? axis.stride : 1;
    advance = axis.backward ? 1 : axis.stride;
    for (int64_t first = 0; first < least(step, axis.output); ++first) {
      const int64_t begin = taps.size(), count = ceil_div(axis.output - first, step);
      add_taps(axis, first, false, true, taps);
      sets.add({first, count, begin, taps.size()});
      for (int64_t t = begin; t < taps.size(); ++t) {
        left = least(left, taps[t].input);
        right = most(right, taps[t].input + taps[t].count + (count - 1) * advance);
      }
    }
    if (right - left <= 4 * axis.input + 256) return true;
    sets.clear();
    taps.clear();
    left = 0;
    right = axis.input;
    return false;
  }
};

// Rows of a tile such that `pixels` are cut into equal tiles and few rows of the last are left over.
int64_t tile_rows(int64_t pixels) {
  const int64_t tiles = ceil_div(pixels, kTileRows);
  return ceil_div(pixels, tiles);
}

// Tiles along rows: for few images, and where the rows of several that a window spans do not fit the cache, so that the
// next row of the output would copy them again. (Channels of a group are read from pages that the next group wants too:
// there should not be too many of them.)
template <class T>
bool prefers_rows(const Gather& g) {
  if (g.images < kFewImages) return g.columns.output >= 6;
  const int64_t span = ((g.rows.size - 1) * g.rows.dilation + 1) * g.depth.size;
  const int64_t bytes = tile_rows(g.images) * g.columns.input * span * int64_t(sizeof(T));  // of one channel
  return g.columns.output >= kTileRows && (bytes * g.c_in > kCacheBytes || bytes * g.in_pixel > 8 * kCacheBytes);
}

// Part of the output: rows of one plane of some images, panels of one group.
struct Piece {
  int64_t image, images, plane, row_begin, row_end, group, panel_begin, panel_end;
};

template <class T>
struct Work {
  const Gather& g;
  const T *x, *packed, *bias;  // of all groups, each with whole panels
  Activation activation;
  T* y;

  TapTable plane_taps, row_taps;
  Columns columns;
  Array<PixelRun> column_taps;  // their taps: in a line of the copy and of the rows of weights, and how long
  bool along;           // tiles along rows
  int64_t images;       // of a tile
  int64_t image_row;    // numbers of the copy of an image's row
  int64_t in_row, out_row, out_plane, out_image;
  int64_t nr, panel_count, panel_size;

  Work(const Gather& g_, const T* x_, const T* packed_, const T* bias_, Activation activation_, T* y_)
      : g(g_), x(x_), packed(packed_), bias(bias_), activation(activation_), y(y_), plane_taps(g.depth),
        row_taps(g.rows), columns(g.columns), along(prefers_rows<T>(g) && columns.add_rows(g.columns)) {
    if (!along) columns.add_each(g.columns);
    images = along ? 1 : tile_rows(g.images);
    image_row = (columns.right - columns.left) * g.c_in;
    // Not a multiple of a page, or all images would fall into the same cache sets.
    if (!along) image_row += lanes_of<T>;
    if (!along && image_row * sizeof(T) % 1024 == 0) image_row += lanes_of<T>;
    in_row = g.columns.input * g.in_pixel;
    out_row = g.columns.output * g.out_pixel;
    out_plane = g.rows.output * out_row;
    out_image = g.depth.output * out_plane;
    nr = panel_columns<T>(g.c_out);
    panel_count = panels<T>(g.c_out);
    panel_size = g.taps() * g.c_in * nr;
    for (int64_t t = 0; t < columns.taps.size(); ++t) {
      const Tap& tap = columns.taps[t];
      column_taps.add({(tap.input - columns.left) * g.c_in, tap.kernel * g.c_in, tap.count * g.c_in});
    }
  }

  void run_all() const;

 private:
  // What a piece reads of each image: rows [low, high) of the planes of its taps.
  struct Input {
    const Tap *planes, *planes_end;
    int64_t low, high, images, image_row;

    T* row(T* copy, int64_t plane, int64_t i) const {
      return copy + (plane * (high - low) + i - low) * images * image_row;
    }
  };

  int64_t block_rows(int64_t others) const;
  void run(const Piece& piece) const;
  void copy_row(const T* from, T* to) const;
  void find_lines(const Input& in, T* copy, int64_t o, const T* panel, int64_t width, Array<SegmentOf<T>>& lines) const;
};

// Output rows of a block whose input rows fit the cache, but so that there are pieces of work for everyone.
template <class T>
int64_t Work<T>::block_rows(int64_t others) const {
  const Axis& rows = g.rows;
  const int64_t bytes = most(1, image_row * images * g.depth.size * int64_t(sizeof(T)));
  const int64_t fitting = most(1, (g.groups > 1 ? 2 : 1) * kCacheBytes / bytes - rows.size * rows.dilation + 1);
  int64_t block = rows.backward ? fitting * rows.stride : most(1, fitting / rows.stride);
  // Several panels write into the same lines of the output: they should still be near.
  if (panel_count > 1) block = least(block, most(1, kOutputBytes / (out_row * images * int64_t(sizeof(T)))));
  block = least(block, rows.output);
  const int64_t wanted = 4 * get_num_threads();
  while (block > 1 && others * ceil_div(rows.output, block) < wanted) block = (block + 1) / 2;
  return ceil_div(rows.output, ceil_div(rows.output, block));
}

template <class T>
void Work<T>::run_all() const {
  const int64_t maps = ceil_div(g.images, images) * g.depth.output;
  const int64_t block = block_rows(maps * g.groups), blocks = ceil_div(g.rows.output, block);
  // Panels are dealt out too where all else gives too few pieces, or a few more than can be dealt out evenly.
  const int64_t units = maps * blocks * g.groups;
  const int64_t pieces = even_cuts(units, least(panel_count, ceil_div(get_num_threads(), units)), panel_count);
  parallel_for(units * pieces, [&](int64_t u) {
    const int64_t p = u % pieces, group = u / pieces % g.groups, b = u / pieces / g.groups % blocks;
    const int64_t map = u / pieces / g.groups / blocks, image = map / g.depth.output * images;
    run({image, least(images, g.images - image), map % g.depth.output, b * block, least(g.rows.output, (b + 1) * block),
         group, panel_count * p / pieces, panel_count * (p + 1) / pieces});
  });
}

// A row of the image, from its first column on, with zeros around it.
template <class T>
void Work<T>::copy_row(const T* from, T* to) const {
  constexpr int64_t kAhead = 8;  // pixels: the processor foresees what is read in order, not the channels of a group
  std::memset(to, 0, sizeof(T) * -columns.left * g.c_in);
  to -= columns.left * g.c_in;
  if (g.groups == 1) std::memcpy(to, from, sizeof(T) * g.columns.input * g.c_in);
  else for (int64_t j = 0; j < g.columns.input; ++j, from += g.in_pixel) {
    for (int64_t c = 0; c < g.c_in; c += 64 / sizeof(T)) __builtin_prefetch(from + kAhead * g.in_pixel + c);
    std::memcpy(to + j * g.c_in, from, sizeof(T) * g.c_in);
  }
  std::memset(to + g.columns.input * g.c_in, 0, sizeof(T) * (columns.right - g.columns.input) * g.c_in);
}

// The rows of taps of row o of the output: where they lie in the copy and in the weights.
template <class T>
void Work<T>::find_lines(const Input& in, T* copy, int64_t o, const T* panel, int64_t width,
                         Array<SegmentOf<T>>& lines) const {
  lines.clear();
  for (const Tap* plane = in.planes; plane < in.planes_end; ++plane)
    for (const Tap* row = row_taps.begin(o); row < row_taps.end(o); ++row)
      lines.add({in.row(copy, plane - in.planes, row->input),
                 panel + (plane->kernel * g.rows.size + row->kernel) * g.columns.size * g.c_in * width, 0});
}

template <class T>
void Work<T>::run(const Piece& piece) const {
  static thread_local Scratch scratch;
  static thread_local Array<SegmentOf<T>> own_lines, own_segments;
  Array<SegmentOf<T>>&lines = own_lines, &segments = own_segments;
  Input in{plane_taps.begin(piece.plane), plane_taps.end(piece.plane), g.rows.input, 0, piece.images, image_row};
  for (const Tap* tap = row_taps.begin(piece.row_begin); tap < row_taps.begin(piece.row_end); ++tap) {
    in.low = least(in.low, tap->input);
    in.high = most(in.high, tap->input + 1);
  }
  in.low = least(in.low, in.high);
  const int64_t planes = in.planes_end - in.planes;
  T* copy = static_cast<T*>(
      scratch.bytes(sizeof(T) * (planes * (in.high - in.low) * piece.images * image_row + kLanes)));
  for (int64_t p = 0; p < planes; ++p)
    for (int64_t i = in.low; i < in.high; ++i)
      for (int64_t n = 0; n < piece.images; ++n) {
        const int64_t plane = (piece.image + n) * g.depth.input + in.planes[p].input;
        copy_row(x + (plane * g.rows.input + i) * in_row + piece.group * g.c_in, in.row(copy, p, i) + n * image_row);
      }
  // From row to row of a tile, in the copy and in the output.
  const int64_t a_row = along ? columns.advance * g.c_in : image_row;
  const int64_t c_row = along ? columns.step * g.out_pixel : out_image;
  T* to = y + piece.image * out_image + piece.plane * out_plane + piece.group * g.c_out;
  for (int64_t p = piece.panel_begin; p < piece.panel_end; ++p) {
    const int64_t panel = piece.group * panel_count + p, width = panel_width<T>(g.c_out, p);
    const int count = int(least(nr, g.c_out - p * nr));
    const FinishOf<T> finish{bias ? bias + panel * nr : nullptr, activation, false};
    for (int64_t o = piece.row_begin; o < piece.row_end; ++o) {
      find_lines(in, copy, o, packed + panel * panel_size, width, lines);
      for (int64_t s = 0; s < columns.sets.size(); ++s) {
        const Set& set = columns.sets[s];
        segments.clear();
        for (int64_t l = 0; l < lines.size(); ++l)
          for (int64_t t = set.taps_begin; t < set.taps_end; ++t)
            segments.add({lines[l].a + column_taps[t].a, lines[l].b + column_taps[t].b * width, column_taps[t].count});
        T* c = to + o * out_row + set.first * g.out_pixel + p * nr;
        const int64_t all = along ? set.count : piece.images, tile_size = along ? tile_rows(all) : all;
        for (int64_t q = 0; q < all; q += tile_size, c += tile_size * c_row) {
          for (int64_t i = 0; q > 0 && i < segments.size(); ++i) segments[i].a += tile_size * a_row;
          pick_dot<T>(int(least(tile_size, all - q)), width == lanes_of<T>)(segments.data(), segments.size(), a_row, c,
                                                                            c_row, count, finish);
        }
      }
    }
  }
}

}  // namespace

template <class T>
void gather(const Gather& g, const T* x, const T* packed, const T* bias, Activation activation, T* y) {
  static thread_local Scratch scratch;
  const int64_t columns = panels<T>(g.c_out) * panel_columns<T>(g.c_out);  // of a group, padded
  T* padded_bias = nullptr;
  if (bias) {
    padded_bias = static_cast<T*>(scratch.bytes(sizeof(T) * g.groups * columns));
    for (int64_t i = 0; i < g.groups; ++i) {
      std::memcpy(padded_bias + i * columns, bias + i * g.c_out, sizeof(T) * g.c_out);
      std::memset(padded_bias + i * columns + g.c_out, 0, sizeof(T) * (columns - g.c_out));
    }
  }
  Work<T>(g, x, packed, padded_bias, activation, y).run_all();
}

template void gather(const Gather&, const float*, const float*, const float*, Activation, float*);
template void gather(const Gather&, const double*, const double*, const double*, Activation, double*);

}  // namespace flambeau::FLAMBEAU_ISA
