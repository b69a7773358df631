#include "gather.h"

#include "transpose.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kCacheFloats = 100 * 1024;  // of the second-level cache, for input rows; weights need the rest

struct Tap {
  int64_t kernel, input, count;  // `count` taps in a row read `count` pixels in a row
};

// Adds tap k, which reads coordinate i, to the taps from `begin` on; to the last of them where it goes on from there.
void add_tap(Array<Tap>& taps, int64_t begin, int64_t k, int64_t i, bool merge) {
  if (merge && taps.size() > begin) {
    Tap& before = taps.last();
    if (before.kernel + before.count == k && before.input + before.count == i) {
      ++before.count;
      return;
    }
  }
  taps.add({k, i, 1});
}

// The taps of each output coordinate that fall into the image.
struct TapTable {
  Array<Tap> taps;
  Array<int64_t> begin;  // of coordinate o; one more at the end

  TapTable(const Axis& axis, bool merge) {
    for (int64_t o = 0; o < axis.output; ++o) {
      begin.add(taps.size());
      for (int64_t k = 0; k < axis.size; ++k) {
        int64_t i;
        if (axis.reads(o, k, i) && i >= 0 && i < axis.input) add_tap(taps, begin.last(), k, i, merge);
      }
    }
    begin.add(taps.size());
  }
};

// Rows of a tile such that `pixels` are cut into equal tiles and few rows of the last are left over.
int64_t tile_rows(int64_t pixels) {
  const int64_t tiles = ceil_div(pixels, kTileRows);
  return ceil_div(pixels, tiles);
}

// Input rows that output rows [o0, o1) read.
void row_range(const Axis& axis, int64_t o0, int64_t o1, int64_t& low, int64_t& high) {
  low = axis.input;
  high = 0;
  for (int64_t o = o0; o < o1; ++o)
    for (int64_t k = 0; k < axis.size; ++k) {
      int64_t i;
      if (!axis.reads(o, k, i) || i < 0 || i >= axis.input) continue;
      low = least(low, i);
      high = most(high, i + 1);
    }
  if (low > high) low = high = 0;
}

// Output rows of a block whose input rows fit the cache, but so that there are pieces of work for everyone.
int64_t block_rows(const Gather& g, int64_t floats_per_input_row, int64_t others) {
  const Axis& rows = g.rows;
  const int64_t fitting = most(1, kCacheFloats / most(1, floats_per_input_row) - rows.size * rows.dilation + 1);
  int64_t block = rows.backward ? fitting * rows.stride : most(1, fitting / rows.stride);
  block = least(block, rows.output);
  const int64_t wanted = 4 * get_num_threads();
  while (block > 1 && others * ceil_div(rows.output, block) < wanted) block = (block + 1) / 2;
  return ceil_div(rows.output, ceil_div(rows.output, block));
}

// How many pieces the panels are cut into, where images and rows alone give too few.
int64_t panel_pieces(int64_t others, int64_t panel_count) {
  int64_t pieces = 1;
  while (others * pieces < get_num_threads() && pieces < panel_count) ++pieces;
  return pieces;
}

struct Piece {
  int64_t image, row_begin, row_end, panel_begin, panel_end;
};

// body(piece) for all pieces of the output, in parallel; `images` at a time.
template <class F>
void for_pieces(const Gather& g, int64_t images, int64_t block, const F& body) {
  const int64_t image_groups = ceil_div(g.images, images), blocks = ceil_div(g.rows.output, block);
  const int64_t panel_count = panels(g.c_out), pieces = panel_pieces(image_groups * blocks, panel_count);
  parallel_for(image_groups * blocks * pieces, [&](int64_t u) {
    const int64_t p = u % pieces, b = u / pieces % blocks, i = u / pieces / blocks;
    body(Piece{i * images, b * block, least(g.rows.output, (b + 1) * block), panel_count * p / pieces,
               panel_count * (p + 1) / pieces});
  });
}

// Tiles of the same pixel of several images.
void gather_over_images(const Gather& g, const float* x, const float* packed, const float* bias, Activation activation,
                        float* y) {
  const bool dense = g.in_pixel == g.c_in;
  const TapTable row_taps(g.rows, false), column_taps(g.columns, dense);
  const int64_t images = tile_rows(g.images), width = g.columns.input * g.c_in;
  int64_t image_row = width + kLanes;  // not a multiple of a page, or all images would fall into the same cache sets
  if (image_row % 256 == 0) image_row += kLanes;
  const int64_t block = block_rows(g, image_row * images, ceil_div(g.images, images));
  const int64_t in_row = g.columns.input * g.in_pixel, in_image = g.rows.input * in_row;
  const int64_t out_row = g.columns.output * g.out_pixel, out_image = g.rows.output * out_row;
  const int64_t nr = panel_columns(g.c_out), taps = g.rows.size * g.columns.size;

  for_pieces(g, images, block, [&](const Piece& piece) {
    const int64_t rows_of_tile = least(images, g.images - piece.image);
    int64_t low, high;
    row_range(g.rows, piece.row_begin, piece.row_end, low, high);
    static thread_local Scratch scratch;
    float* copy = scratch.floats((high - low) * rows_of_tile * image_row + kLanes);
    for (int64_t i = low; i < high; ++i)
      for (int64_t n = 0; n < rows_of_tile; ++n) {
        float* to = copy + ((i - low) * rows_of_tile + n) * image_row;
        const float* from = x + (piece.image + n) * in_image + i * in_row;
        if (dense) std::memcpy(to, from, sizeof(float) * width);
        else for (int64_t j = 0; j < g.columns.input; ++j)
          std::memcpy(to + j * g.c_in, from + j * g.in_pixel, sizeof(float) * g.c_in);
      }
    const TileDot tile = pick_dot(int(rows_of_tile), is_narrow(g.c_out));
    static thread_local Array<Segment> segments;
    for (int64_t p = piece.panel_begin; p < piece.panel_end; ++p) {
      const float* panel = packed + p * taps * g.c_in * nr;
      const int columns = int(least(nr, g.c_out - p * nr));
      const Finish finish{bias ? bias + p * nr : nullptr, activation, false};
      for (int64_t o = piece.row_begin; o < piece.row_end; ++o)
        for (int64_t q = 0; q < g.columns.output; ++q) {
          segments.clear();
          for (int64_t r = row_taps.begin[o]; r < row_taps.begin[o + 1]; ++r)
            for (int64_t s = column_taps.begin[q]; s < column_taps.begin[q + 1]; ++s) {
              const Tap &vertical = row_taps.taps[r], &horizontal = column_taps.taps[s];
              segments.add({copy + (vertical.input - low) * rows_of_tile * image_row + horizontal.input * g.c_in,
                            panel + (vertical.kernel * g.columns.size + horizontal.kernel) * g.c_in * nr,
                            horizontal.count * g.c_in});
            }
          tile(segments.data(), segments.size(), image_row,
               y + piece.image * out_image + o * out_row + q * g.out_pixel + p * nr, out_image, columns, finish);
        }
    }
  });
}

// The columns q = first, first + step, ... of a row, which all read the same taps, each `advance` pixels further.
struct Phase {
  int64_t first, step, count, advance;
  Array<Tap> taps;  // input: of column `first`, may lie left of the image
};

void find_phase(const Axis& axis, int64_t first, bool merge, Phase& phase) {
  phase.first = first;
  phase.step = axis.backward ? axis.stride : 1;
  phase.advance = axis.backward ? 1 : axis.stride;
  phase.count = first < axis.output ? ceil_div(axis.output - first, phase.step) : 0;
  for (int64_t k = 0; k < axis.size; ++k) {
    int64_t i;
    if (axis.reads(first, k, i)) add_tap(phase.taps, 0, k, i, merge);
  }
}

// Tiles of neighbours along a row.
void gather_along_rows(const Gather& g, const float* x, const float* packed, const float* bias, Activation activation,
                       float* y) {
  const bool dense = g.in_pixel == g.c_in;
  const TapTable row_taps(g.rows, false);
  const int64_t phase_count = g.columns.backward ? g.columns.stride : 1;
  int64_t left = 0, right = g.columns.input;  // columns that some tap reads, seen from the image
  Phase* phases = new Phase[phase_count];
  struct Free {
    Phase* p;
    ~Free() { delete[] p; }
  } free_phases{phases};
  for (int64_t f = 0; f < phase_count; ++f) {
    find_phase(g.columns, f, dense, phases[f]);
    for (int64_t t = 0; t < phases[f].taps.size(); ++t) {
      const Tap& tap = phases[f].taps[t];
      left = least(left, tap.input);
      right = most(right, tap.input + tap.count + (phases[f].count - 1) * phases[f].advance);
    }
  }
  const int64_t width = (right - left) * g.c_in;
  const int64_t block = block_rows(g, width, g.images);
  const int64_t in_row = g.columns.input * g.in_pixel, in_image = g.rows.input * in_row;
  const int64_t out_row = g.columns.output * g.out_pixel, out_image = g.rows.output * out_row;
  const int64_t nr = panel_columns(g.c_out), taps = g.rows.size * g.columns.size;

  for_pieces(g, 1, block, [&](const Piece& piece) {
    int64_t low, high;
    row_range(g.rows, piece.row_begin, piece.row_end, low, high);
    static thread_local Scratch scratch;
    float* copy = scratch.floats((high - low) * width + kLanes);
    for (int64_t i = low; i < high; ++i) {
      float* to = copy + (i - low) * width;
      const float* from = x + piece.image * in_image + i * in_row;
      std::memset(to, 0, sizeof(float) * -left * g.c_in);
      float* image = to - left * g.c_in;
      if (dense) std::memcpy(image, from, sizeof(float) * g.columns.input * g.c_in);
      else for (int64_t j = 0; j < g.columns.input; ++j)
        std::memcpy(image + j * g.c_in, from + j * g.in_pixel, sizeof(float) * g.c_in);
      std::memset(image + g.columns.input * g.c_in, 0, sizeof(float) * (right - g.columns.input) * g.c_in);
    }
    static thread_local Array<Segment> segments;
    for (int64_t p = piece.panel_begin; p < piece.panel_end; ++p) {
      const float* panel = packed + p * taps * g.c_in * nr;
      const int columns = int(least(nr, g.c_out - p * nr));
      const Finish finish{bias ? bias + p * nr : nullptr, activation, false};
      for (int64_t o = piece.row_begin; o < piece.row_end; ++o)
        for (int64_t f = 0; f < phase_count; ++f) {
          const Phase& phase = phases[f];
          if (phase.count == 0) continue;
          segments.clear();
          for (int64_t r = row_taps.begin[o]; r < row_taps.begin[o + 1]; ++r)
            for (int64_t t = 0; t < phase.taps.size(); ++t) {
              const Tap &vertical = row_taps.taps[r], &horizontal = phase.taps[t];
              segments.add({copy + (vertical.input - low) * width + (horizontal.input - left) * g.c_in,
                            panel + (vertical.kernel * g.columns.size + horizontal.kernel) * g.c_in * nr,
                            horizontal.count * g.c_in});
            }
          const int64_t tile_size = tile_rows(phase.count);
          for (int64_t q = 0; q < phase.count; q += tile_size) {
            const int rows = int(least(tile_size, phase.count - q));
            pick_dot(rows, is_narrow(g.c_out))(
                segments.data(), segments.size(), phase.advance * g.c_in,
                y + piece.image * out_image + o * out_row + (phase.first + q * phase.step) * g.out_pixel + p * nr,
                phase.step * g.out_pixel, columns, finish);
            for (int64_t s = 0; s < segments.size(); ++s) segments[s].a += tile_size * phase.advance * g.c_in;
          }
        }
    }
  });
}

}  // namespace

namespace {

// Rows [k0, k1) of one panel, number by number.
void pack_any(const PackFrom& from, int64_t columns, int64_t nr, int64_t c_in, int64_t k0, int64_t k1, float* packed) {
  const int64_t taps = from.kh * from.kw;
  for (int64_t k = k0; k < k1; ++k)
    for (int64_t t = 0; t < taps; ++t) {
      const int64_t at = from.flip ? taps - 1 - t : t;
      const float* source = from.weight + k * from.row + at / from.kw * from.h + at % from.kw * from.w;
      float* to = packed + (t * c_in + k) * nr;
      if (from.column == 1) std::memcpy(to, source, sizeof(float) * columns);
      else for (int64_t j = 0; j < columns; ++j) to[j] = source[j * from.column];
      for (int64_t j = columns; j < nr; ++j) to[j] = 0;
    }
}

// The same where all channels in and taps of a channel out lie side by side: squares are turned in registers.
void pack_turned(const PackFrom& from, int64_t columns, int64_t nr, int64_t c_in, int64_t k0, int64_t k1,
                 float* packed) {
  const int64_t taps = from.kh * from.kw;
  for (int64_t m = k0 * taps; m < k1 * taps; m += kLanes) {
    const int count = int(least(kLanes, k1 * taps - m));
    float* to[kLanes];
    for (int i = 0; i < count; ++i) {
      const int64_t k = (m + i) / taps, t = (m + i) % taps;
      to[i] = packed + ((from.flip ? taps - 1 - t : t) * c_in + k) * nr;
    }
    for (int64_t v = 0; v < nr; v += kLanes) {
      Vec square[kLanes];
      for (int j = 0; j < kLanes; ++j)
        square[j] = v + j < columns ? load_part(from.weight + (v + j) * from.column + m, count) : Vec{};
      transpose(square);
      for (int i = 0; i < count; ++i) store(to[i] + v, square[i]);
    }
  }
}

// The same where all channels out and taps of a channel in lie side by side, as backward data reads them.
void pack_taps(const PackFrom& from, int64_t columns, int64_t nr, int64_t c_in, int64_t k0, int64_t k1, float* packed) {
  const int64_t taps = from.kh * from.kw;
  for (int64_t k = k0; k < k1; ++k) {
    const float* row = from.weight + k * from.row;
    for (int64_t v = 0; v < nr; v += kLanes)
      for (int64_t t0 = 0; t0 < taps; t0 += kLanes) {
        const int64_t count = least(kLanes, taps - t0);
        Vec square[kLanes];
        for (int64_t j = 0; j < kLanes; ++j) {
          const int64_t at = (v + j) * taps + t0, left = columns * taps - at;
          square[j] = left >= kLanes ? load(row + at) : left > 0 ? load_part(row + at, int(least(left, count))) : Vec{};
        }
        transpose(square);
        for (int64_t i = 0; i < count; ++i)
          store(packed + ((from.flip ? taps - 1 - t0 - i : t0 + i) * c_in + k) * nr + v, square[i]);
      }
  }
}

// Tiles along rows: for few images, and where the rows of several that a window spans do not fit the cache, so that the
// next row of the output would copy them again.
bool prefers_rows(const Gather& g) {
  if (g.images < kFewImages) return g.columns.output >= 6;
  const int64_t span = (g.rows.size - 1) * g.rows.dilation + 1;
  return g.columns.output >= kTileRows && tile_rows(g.images) * g.columns.input * g.c_in * span > kCacheFloats;
}

}  // namespace

void pack_weights(const PackFrom& from, int64_t c_in, int64_t c_out, float* packed) {
  const int64_t nr = panel_columns(c_out), taps = from.kh * from.kw, panel_count = panels(c_out);
  const int64_t slices = panel_count * taps * c_in * nr > 20000 ? ceil_div(c_in, 32) : 1;
  const bool dense = from.h == from.kw && from.w == 1 && from.column != 1;
  const auto pack = dense && from.row == taps ? pack_turned : dense && from.column == taps ? pack_taps : pack_any;
  parallel_for(panel_count * slices, [&](int64_t u) {
    const int64_t p = u / slices, s = u % slices;
    PackFrom panel = from;
    panel.weight += p * nr * from.column;
    pack(panel, least(nr, c_out - p * nr), nr, c_in, c_in * s / slices, c_in * (s + 1) / slices,
         packed + p * taps * c_in * nr);
  });
}

void gather(const Gather& g, const float* x, const float* packed, const float* bias, Activation activation, float* y) {
  static thread_local Scratch scratch;
  const float* padded_bias = nullptr;
  if (bias) {
    const int64_t size = panels(g.c_out) * panel_columns(g.c_out);
    float* copy = scratch.floats(size);
    std::memcpy(copy, bias, sizeof(float) * g.c_out);
    std::memset(copy + g.c_out, 0, sizeof(float) * (size - g.c_out));
    padded_bias = copy;
  }
  (prefers_rows(g) ? gather_along_rows : gather_over_images)(g, x, packed, padded_bias, activation, y);
}

}  // namespace flambeau::FLAMBEAU_ISA
