#include "pack.h"
#include "tile.h"
#include "transpose.h"
#include "winograd.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kChunkFloats = 1 << 20;
constexpr int64_t kChannelsKept = 48;    // whole tiles of channels in; their points: 216 KiB
constexpr int64_t kNearFloats = 64 * 1024;  // one point of all tiles, which products read in any order
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
        const int64_t pixel = (s.image_out(at.n) * s.oh + at.y + i) * s.ow + at.x + j;
        column[i] = there ? load_part(gy + pixel * s.c_out + channel + v, columns - int(v)) : Vec{};
      }
      gradient_points<K>(column, 1, half + j, kSide);
    }
    FLAMBEAU_UNROLL for (int i = 0; i < 6; ++i) gradient_points<K>(half + kSide * i, 1, points + 6 * i, 1);
    FLAMBEAU_UNROLL for (int i = 0; i < 36; ++i) store(to + i * step + v, points[i]);
  }
}

// From m[point * step + row * nr + column], rows c0 <= c < c1 of one panel, to the gradient of the weights. Where all
// channels in and taps lie side by side, squares are turned in registers, so that whole vectors are written.
template <int K>
void write_gradient(const float* m, int64_t step, int64_t nr, int64_t c0, int64_t c1, int64_t panel, int64_t columns,
                    float* gw, const WeightsAt& to) {
  constexpr int kTaps = K * K;
  const bool dense = to.w == 1 && to.h == K && to.row == kTaps;
  for (int64_t v = 0; v < columns; v += kLanes) for (int64_t c = c0; c < c1; c += kLanes) {
    const int64_t channels = least(kLanes, c1 - c), count = least(kLanes, columns - v);
    Vec taps[kLanes * kTaps];
    for (int64_t k = 0; k < channels; ++k) {
      Vec half[6 * K];
      FLAMBEAU_UNROLL for (int j = 0; j < 6; ++j) {
        Vec column[6];
        FLAMBEAU_UNROLL for (int i = 0; i < 6; ++i) column[i] = load(m + (i * 6 + j) * step + (c - c0 + k) * nr + v);
        filter_gradient<K>(column, 1, half + j, 6);
      }
      FLAMBEAU_UNROLL for (int i = 0; i < K; ++i) filter_gradient<K>(half + 6 * i, 1, taps + k * kTaps + K * i, 1);
    }
    float* target = gw + (panel * nr + v) * to.column + c * to.row;
    for (int64_t i = 0; dense && i < channels * kTaps; i += kLanes) {
      Vec square[kLanes];
      FLAMBEAU_UNROLL for (int j = 0; j < kLanes; ++j) square[j] = taps[i + j];
      transpose(square);
      for (int64_t j = 0; j < count; ++j) store_part(target + j * to.column + i, square[j], int(channels * kTaps - i));
    }
    for (int64_t i = 0; !dense && i < channels * kTaps; ++i) {
      alignas(64) float lanes[kLanes];
      store(lanes, taps[i]);
      for (int64_t j = 0; j < count; ++j)
        target[j * to.column + i / kTaps * to.row + i % kTaps / K * to.h + i % K * to.w] = lanes[j];
    }
  }
}

// Tiles come in chunks. Of a chunk first all tiles are transformed, then each of the 36 points adds its outer products
// to its own matrix (channels in x channels out): nobody shares a sum, and the order of the sums is the tiles' order.
// A chunk is as large as fits the cache, or as the matrices themselves, which are read and written once a chunk.
// Where there is one chunk, and the matrices are larger than it (a few tiles of many channels: one image), they are
// never written down: all 36 points of some rows and columns at a time, which stay in the second-level cache.
template <int K>
void winograd_weight(const WinogradShape& s, const float* x, const float* gy, float* gw, const WeightsAt& to) {
  static thread_local Scratch v_scratch, d_scratch, m_scratch;
  const int64_t nr = panel_columns(s.c_out), panel_count = panels(s.c_out);
  const int64_t balance = s.c_in * s.c_out / (s.c_in + s.c_out);  // tiles whose points take as much as the matrices
  const int64_t chunk = least(s.tiles, most(kChunkFloats / (kPoints * (s.c_in + panel_count * nr)), 2 * balance));
  const bool at_once = s.tiles <= least(chunk, balance);
  const int64_t d_panel = chunk * nr, d_step = spaced(panel_count * d_panel);
  const int64_t m_panel = s.c_in * nr, m_step = spaced(at_once ? kChannelsKept * nr : panel_count * m_panel);
  const bool in_pieces = at_once || chunk * s.c_in > kNearFloats;
  const int64_t width = in_pieces ? kChannelsKept : padded(s.c_in) + (s.c_in % 256 ? 0 : kLanes);
  const Points v(v_scratch, chunk, s.c_in, width);
  float* d = d_scratch.floats(kPoints * d_step);
  float* m = at_once ? nullptr : m_scratch.floats(kPoints * m_step);

  const auto transform = [&](int64_t begin, int64_t count) {
    parallel_for(count, [&](int64_t t) {
      v.transform(s, x, begin + t, t);
      for (int64_t p = 0; p < panel_count; ++p)
        gradient_tile<K>(s, gy, begin + t, p * nr, int(least(nr, s.c_out - p * nr)), nr, d + p * d_panel + t * nr,
                         d_step);
    });
  };
  // Rows [c0, c1) of one panel of one point, piece by piece. Meanwhile the piece comes that is read after each.
  const auto multiply = [&](int64_t point, int64_t p, int64_t c0, int64_t c1, int64_t count, float* sum,
                            bool accumulate) {
    const PixelRun run{0, 0, count};
    for (int64_t c = c0; c < c1; c += width) {
      const int64_t rows = least(width, c1 - c), tiles = ceil_div(rows, kTileRows);
      const float *from = v.at(point, 0, c), *next = from + (at_once ? v.step : v.piece);
      for (int64_t r = 0; r < tiles; ++r) {
        const int64_t row = rows * r / tiles, end = rows * (r + 1) / tiles;
        const Finish finish{.accumulate = accumulate, .ahead = next + r * count * 16, .ahead_step = 16};
        pick_outer(int(end - row), nr == kLanes)(&run, 1, from + row, d + point * d_step + p * d_panel, v.width,
                                                 sum + (c - c0 + row) * nr, nr, int(nr), finish);
      }
    }
  };

  if (at_once) {
    transform(0, s.tiles);
    const int64_t slices = ceil_div(s.c_in, width);
    return parallel_for(panel_count * slices, [&](int64_t u) {
      static thread_local Scratch scratch;
      const int64_t p = u / slices, c0 = u % slices * width, c1 = least(s.c_in, c0 + width);
      float* kept = scratch.floats(kPoints * m_step);
      for (int64_t i = 0; i < kPoints; ++i) multiply(i, p, c0, c1, s.tiles, kept + i * m_step, false);
      write_gradient<K>(kept, m_step, nr, c0, c1, p, least(nr, s.c_out - p * nr), gw, to);
    });
  }
  for (int64_t begin = 0; begin < s.tiles; begin += chunk) {
    const int64_t count = least(chunk, s.tiles - begin);
    transform(begin, count);
    parallel_for(kPoints * panel_count, [&](int64_t u) {
      const int64_t point = u / panel_count, p = u % panel_count;
      multiply(point, p, 0, s.c_in, count, m + point * m_step + p * m_panel, begin > 0);
    });
  }
  const int64_t slices = ceil_div(s.c_in, kChannelsAtOnce);
  parallel_for(panel_count * slices, [&](int64_t u) {
    const int64_t p = u / slices, c0 = u % slices * kChannelsAtOnce, c1 = least(s.c_in, c0 + kChannelsAtOnce);
    write_gradient<K>(m + p * m_panel + c0 * nr, m_step, nr, c0, c1, p, least(nr, s.c_out - p * nr), gw, to);
  });
}

}  // namespace

void winograd_weight(const WinogradShape& s, const float* x, const float* gy, float* gw, int64_t out, int64_t in,
                     int64_t h, int64_t w) {
  (s.kernel == 3 ? winograd_weight<3> : winograd_weight<5>)(s, x, gy, gw, {nullptr, out, in, h, w, false});
}

}  // namespace flambeau::FLAMBEAU_ISA
