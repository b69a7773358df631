#include "pointwise.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kBlockFloats = 48 * 1024;
constexpr int64_t kAliased = 1024;  // rows a multiple of 4096 bytes apart fall into the same cache set: copied apart

constexpr int64_t kChunkPixels = 512;
constexpr int64_t kRowsOfBlock = 240;
constexpr int64_t kPanelsOfBlock = 4;
constexpr int64_t kMostPartials = 16;
constexpr int64_t kPartialFloats = 1 << 21;  // of all partial sums together
constexpr int64_t kLeastChunks = 4;          // that go into a partial sum, or adding the sums costs too much

// A product for the gradient of the weights.
struct PixelProduct {
  ConvShape s;
  int64_t rows, columns, pixels;
  int64_t nr, panel_count, chunks, row_blocks;
  int64_t partials;  // sums of some of the chunks each

  explicit PixelProduct(const ConvShape& shape) : s(shape) {
    rows = s.c_out / s.groups;
    columns = s.c_in / s.groups;
    pixels = s.n * s.oh * s.ow;
    nr = panel_columns(columns);
    panel_count = panels(columns);
    chunks = ceil_div(pixels, kChunkPixels);
    row_blocks = ceil_div(rows, kRowsOfBlock);
    partials = most(1, least(least(chunks / kLeastChunks, kMostPartials), kPartialFloats / (rows * columns)));
  }

  // Where the input pixel of an output pixel begins.
  int64_t input(int64_t pixel) const {
    if (s.oh == s.h && s.ow == s.w) return pixel * s.c_in;
    const int64_t row = pixel / s.ow, image = row / s.oh;
    return ((image * s.h + row % s.oh * s.stride_h) * s.w + pixel % s.ow * s.stride_w) * s.c_in;
  }
};

// to[part][pixel][kWidth]: some pixels cut into parts of their channels; part i has those from begin[i] on. Whole
// vectors are written: a few numbers beyond, too.
template <int64_t kWidth>
void pack_pixels(const float* from, const int64_t* offsets, int64_t pixels, int64_t channels, int64_t parts,
                 const int64_t* begin, int64_t part_step, float* to) {
  for (int64_t p = 0; p < pixels; ++p, to += kWidth)
    for (int64_t i = 0; i < parts; ++i)
      for (int64_t v = 0; v < kWidth; v += kLanes) {
        const int64_t channel = begin[i] + v;
        store(to + i * part_step + v, load_part(from + offsets[p] + channel, int(channels - channel)));
      }
}

// Rows [row, end) and panels [p0, p1) of the sum over chunks [chunk, chunk_end).
void add_products(const PixelProduct& m, int64_t row, int64_t end, int64_t p0, int64_t p1, int64_t chunk,
                  int64_t chunk_end, const float* x, const float* gy, float* sum, int64_t sum_row) {
  static thread_local Scratch a_scratch, b_scratch;
  const int64_t tiles = ceil_div(end - row, kTileRows);
  const int64_t a_step = kChunkPixels * kTileRows + kLanes, b_step = kChunkPixels * m.nr + kLanes;
  int64_t row_of[kRowsOfBlock / kTileRows + 2], column_of[kPanelsOfBlock];
  for (int64_t t = 0; t <= tiles; ++t) row_of[t] = row + (end - row) * t / tiles;
  float* a = a_scratch.floats(tiles * a_step);
  float* b = b_scratch.floats(kPanelsOfBlock * b_step);
  for (int64_t c = chunk; c < chunk_end; ++c) {
    const int64_t first = m.pixels * c / m.chunks, count = m.pixels * (c + 1) / m.chunks - first;
    int64_t x_at[kChunkPixels], gy_at[kChunkPixels];
    for (int64_t p = 0; p < count; ++p) {
      x_at[p] = m.input(first + p);
      gy_at[p] = (first + p) * m.s.c_out;
    }
    pack_pixels<kTileRows>(gy, gy_at, count, m.rows, tiles, row_of, a_step, a);
    const PixelRun run{0, 0, count};
    for (int64_t block = p0; block < p1; block += kPanelsOfBlock) {
      const int64_t block_panels = least(kPanelsOfBlock, p1 - block);
      for (int64_t p = 0; p < block_panels; ++p) column_of[p] = (block + p) * m.nr;
      (m.nr == kLanes ? pack_pixels<kLanes> : pack_pixels<kTileColumns>)(x, x_at, count, m.columns, block_panels,
                                                                         column_of, b_step, b);
      for (int64_t p = 0; p < block_panels; ++p)
        for (int64_t t = 0; t < tiles; ++t)
          pick_outer(int(row_of[t + 1] - row_of[t]), m.nr == kLanes)(
              &run, 1, a + t * a_step, b + p * b_step, kTileRows, sum + row_of[t] * sum_row + column_of[p], sum_row,
              int(least(m.nr, m.columns - column_of[p])), c > chunk);
    }
  }
}

}  // namespace

void pointwise(const Gather& g, const float* x, const float* packed, const float* bias, Activation activation,
               float* y) {
  const int64_t pixels = g.images * g.rows.output * g.columns.output, nr = panel_columns(g.c_out);
  const int64_t panel_count = panels(g.c_out), threads = get_num_threads();
  // Blocks of whole tiles, as many as there is work for everyone; then the panels are cut too.
  int64_t tiles_of_block = most(1, kBlockFloats / (g.c_in * kTileRows));
  const int64_t all_tiles = ceil_div(pixels, kTileRows);
  tiles_of_block = most(1, least(tiles_of_block, all_tiles / (2 * threads)));
  const int64_t blocks = ceil_div(all_tiles, tiles_of_block);
  const int64_t pieces = least(panel_count, most(1, threads / blocks));
  const bool copied = g.in_pixel % kAliased == 0 && g.c_out > kTileColumns;
  const int64_t a_row = copied ? g.c_in + kLanes : g.in_pixel;
  parallel_for(blocks * pieces, [&](int64_t u) {
    const int64_t b = u / pieces, piece = u % pieces;
    const int64_t begin = pixels * b / blocks, rows = pixels * (b + 1) / blocks - begin;
    const int64_t tiles = ceil_div(rows, kTileRows);
    const float* a = x + begin * g.in_pixel;
    static thread_local Scratch scratch;
    if (copied) {
      float* copy = scratch.floats(rows * a_row);
      for (int64_t r = 0; r < rows; ++r) std::memcpy(copy + r * a_row, a + r * g.in_pixel, sizeof(float) * g.c_in);
      a = copy;
    }
    for (int64_t p = panel_count * piece / pieces; p < panel_count * (piece + 1) / pieces; ++p) {
      const Finish finish{bias ? bias + p * nr : nullptr, activation, false};
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t r = rows * t / tiles, end = rows * (t + 1) / tiles;
        const Segment segment{a + r * a_row, packed + p * g.c_in * nr, g.c_in};
        pick_dot(int(end - r), is_narrow(g.c_out))(&segment, 1, a_row, y + (begin + r) * g.out_pixel + p * nr,
                                                   g.out_pixel, int(least(nr, g.c_out - p * nr)), finish);
      }
    }
  });
}

void pointwise_weight(const ConvShape& s, const float* x, const float* gy, float* gw, int64_t gw_row) {
  const PixelProduct m(s);
  static thread_local Scratch scratch;
  const int64_t size = m.rows * m.columns, threads = get_num_threads();
  float* sums = scratch.floats((m.partials - 1) * size);  // the first is gw itself
  const int64_t units = m.partials * m.row_blocks;
  const int64_t pieces = threads > 1 ? least(m.panel_count, ceil_div(4 * threads, units)) : 1;
  parallel_for(units * pieces, [&](int64_t u) {
    const int64_t piece = u % pieces, block = u / pieces % m.row_blocks, q = u / pieces / m.row_blocks;
    add_products(m, m.rows * block / m.row_blocks, m.rows * (block + 1) / m.row_blocks, m.panel_count * piece / pieces,
                 m.panel_count * (piece + 1) / pieces, m.chunks * q / m.partials, m.chunks * (q + 1) / m.partials, x,
                 gy, q ? sums + (q - 1) * size : gw, q ? m.columns : gw_row);
  });
  if (m.partials == 1) return;
  parallel_for(ceil_div(m.rows, 8), [&](int64_t u) {
    for (int64_t r = 8 * u; r < least(m.rows, 8 * u + 8); ++r)
      for (int64_t v = 0; v < m.columns; v += kLanes) {
        const int count = int(m.columns - v);
        Vec total = load_part(gw + r * gw_row + v, count);
        for (int64_t q = 1; q < m.partials; ++q)
          total += load_part(sums + (q - 1) * size + r * m.columns + v, count);
        store_part(gw + r * gw_row + v, total, count);
      }
  });
}

}  // namespace flambeau::FLAMBEAU_ISA
