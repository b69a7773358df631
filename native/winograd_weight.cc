#include "gather.h"
#include "tile.h"
#include "winograd.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kChunkFloats = 1 << 20;
constexpr int64_t kChannelsAtOnce = 16;  // neighbours share cache lines of the gradient: one thread writes them

// The output gradients of a tile, one panel: to[point * step + column].
template <int K>
void gradient_tile(const WinogradShape& s, const float* gy, int64_t tile, int64_t channel, int columns, int64_t nr,
                   float* to, int64_t step) {
  const Place at(s, tile);
  constexpr int kSide = 7 - K;
  for (int64_t v = 0; v < nr; v += kLanes) {
    Vec half[6 * kSide], points[36];
    for (int j = 0; j < kSide; ++j) {
      Vec column[kSide];
      for (int i = 0; i < kSide; ++i) {
        const bool there = at.y + i < s.oh && at.x + j < s.ow;
        column[i] = there ? load_part(gy + ((s.image_out(at.n) * s.oh + at.y + i) * s.ow + at.x + j) * s.c_out + channel + v,
                                      columns - int(v))
                          : Vec{};
      }
      gradient_points<K>(column, 1, half + j, kSide);
    }
    FLAMBEAU_UNROLL for (int i = 0; i < 6; ++i) gradient_points<K>(half + kSide * i, 1, points + 6 * i, 1);
    FLAMBEAU_UNROLL for (int i = 0; i < 36; ++i) store(to + i * step + v, points[i]);
  }
}

// Tiles come in chunks. Of a chunk first all tiles are transformed, then each of the 36 points adds its outer products
// to its own matrix (channels in x channels out): nobody shares a sum, and the order of the sums is the tiles' order.
// A chunk is as large as fits the cache, or as the matrices themselves, which are read and written once a chunk.
template <int K>
void winograd_weight(const WinogradShape& s, const float* x, const float* gy, float* gw, int64_t out, int64_t in,
                     int64_t h, int64_t w) {
  static thread_local Scratch v_scratch, d_scratch, m_scratch;
  const int64_t nr = panel_columns(s.c_out), panel_count = panels(s.c_out);
  const int64_t rows = ceil_div(s.c_in, kLanes) * kLanes, v_row = rows % 256 ? rows : rows + kLanes;
  const int64_t chunk = least(s.tiles, most(kChunkFloats / (kPoints * (v_row + panel_count * nr)),
                                            2 * s.c_in * s.c_out / (s.c_in + s.c_out)));
  const int64_t d_panel = chunk * nr, d_step = spaced(panel_count * d_panel), v_step = spaced(chunk * v_row);
  const int64_t m_panel = s.c_in * nr, m_step = spaced(panel_count * m_panel);
  float* v = v_scratch.floats(kPoints * v_step);
  float* d = d_scratch.floats(kPoints * d_step);
  float* m = m_scratch.floats(kPoints * m_step);
  const int64_t row_tiles = ceil_div(s.c_in, kTileRows);

  for (int64_t begin = 0; begin < s.tiles; begin += chunk) {
    const int64_t count = least(chunk, s.tiles - begin);
    parallel_for(count, [&](int64_t t) {
      transform_input(s, x, begin + t, v + t * v_row, v_step);
      for (int64_t p = 0; p < panel_count; ++p)
        gradient_tile<K>(s, gy, begin + t, p * nr, int(least(nr, s.c_out - p * nr)), nr, d + p * d_panel + t * nr,
                         d_step);
    });
    parallel_for(kPoints * panel_count, [&](int64_t u) {
      const int64_t point = u / panel_count, p = u % panel_count;
      const PixelRun run{0, 0, count};
      for (int64_t r = 0; r < row_tiles; ++r) {
        const int64_t row = s.c_in * r / row_tiles, end = s.c_in * (r + 1) / row_tiles;
        pick_outer(int(end - row), nr == kLanes)(
            &run, 1, v + point * v_step + row, d + point * d_step + p * d_panel, v_row,
            m + point * m_step + p * m_panel + row * nr, nr, int(nr), begin > 0);
      }
    });
  }

  const int64_t slices = ceil_div(s.c_in, kChannelsAtOnce);
  parallel_for(panel_count * slices, [&](int64_t u) {
    const int64_t p = u / slices, columns = least(nr, s.c_out - p * nr);
    const int64_t c0 = u % slices * kChannelsAtOnce, c1 = least(s.c_in, c0 + kChannelsAtOnce);
    for (int64_t v0 = 0; v0 < columns; v0 += kLanes) for (int64_t c = c0; c < c1; ++c) {
      Vec half[6 * K], taps[K * K];
      FLAMBEAU_UNROLL for (int j = 0; j < 6; ++j) {
        Vec column[6];
        FLAMBEAU_UNROLL for (int i = 0; i < 6; ++i)
            column[i] = s.tiles ? load(m + (i * 6 + j) * m_step + p * m_panel + c * nr + v0) : Vec{};
        filter_gradient<K>(column, 1, half + j, 6);
      }
      FLAMBEAU_UNROLL for (int i = 0; i < K; ++i) filter_gradient<K>(half + 6 * i, 1, taps + K * i, 1);
      for (int t = 0; t < K * K; ++t) {
        alignas(64) float lanes[kLanes];
        store(lanes, taps[t]);
        for (int64_t j = 0; j < least(kLanes, columns - v0); ++j)
          gw[(p * nr + v0 + j) * out + c * in + t / K * h + t % K * w] = lanes[j];
      }
    }
  });
}

}  // namespace

void winograd_weight(const WinogradShape& s, const float* x, const float* gy, float* gw, int64_t out, int64_t in,
                     int64_t h, int64_t w) {
  (s.kernel == 3 ? winograd_weight<3> : winograd_weight<5>)(s, x, gy, gw, out, in, h, w);
}

}  // namespace flambeau::FLAMBEAU_ISA
