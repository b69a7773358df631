#include "pointwise.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kBlockFloats = 48 * 1024;
constexpr int64_t kAliased = 1024;  // rows a multiple of 4096 bytes apart fall into the same cache set: copied apart

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

}  // namespace flambeau::FLAMBEAU_ISA
