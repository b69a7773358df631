#include "winograd.h"

#include "pack.h"
#include "tile.h"

namespace flambeau::FLAMBEAU_ISA {

void transform_input(const WinogradShape& s, const float* x, int64_t tile, float* v, int64_t step) {
  const Place at(s, tile);
  const int64_t y0 = at.y - s.pad_h, x0 = at.x - s.pad_w;
  const bool inside = y0 >= 0 && x0 >= 0 && y0 + 6 <= s.h && x0 + 6 <= s.w;
  const float* image = x + s.image_in(at.n) * s.h * s.w * s.c_in;
  for (int64_t c = 0; c < s.c_in; c += kLanes) {
    const int channels = int(least(kLanes, s.c_in - c));
    Vec half[36], points[36];
    for (int j = 0; j < 6; ++j) {
      Vec column[6];
      if (inside && channels == kLanes) {
        const float* from = image + (y0 * s.w + x0 + j) * s.c_in + c;
        FLAMBEAU_UNROLL for (int i = 0; i < 6; ++i) column[i] = load(from + i * s.w * s.c_in);
      } else {
        for (int i = 0; i < 6; ++i) {
          const int64_t yy = y0 + i, xx = x0 + j;
          const bool there = yy >= 0 && yy < s.h && xx >= 0 && xx < s.w;
          column[i] = there ? load_part(image + (yy * s.w + xx) * s.c_in + c, channels) : Vec{};
        }
      }
      input_points(column, 1, half + j, 6);
    }
    FLAMBEAU_UNROLL for (int i = 0; i < 6; ++i) input_points(half + 6 * i, 1, points + 6 * i, 1);
    FLAMBEAU_UNROLL for (int i = 0; i < 36; ++i) store(v + i * step + c, points[i]);
  }
}

namespace {

constexpr int64_t kKeptFloats = 1 << 20;  // transformed weights up to this size are made once, larger ones by pieces
constexpr int64_t kRowsOfGroup = 24;      // tiles that one thread takes through all steps
constexpr int64_t kRowsOfLargeGroup = 48;
constexpr int64_t kChannelPiece = 64;
constexpr int64_t kFewGroups = 2;  // that pack the weights, piece by piece, each for itself

struct Weights {
  PackFrom<float> from;
  int64_t c_in, c_out, nr;
  const float* packed = nullptr;  // [panel][K * K][c_in][nr], or null: packed by pieces
  const float* points = nullptr;  // [panel][36][c_in][nr], or null: transformed by pieces
  int64_t point_step = 0;         // of `points`

  int64_t columns(int64_t panel) const { return least(nr, c_out - panel * nr); }
  int64_t width(int64_t panel) const { return panel_width(c_out, panel); }
};

// Rows [k0, k1) of the transformed weights of one panel: u[point * step + (k - k0) * width + column].
template <int K>
void transform_weights(const Weights& weights, int64_t panel, int64_t k0, int64_t k1, float* u, int64_t step) {
  static thread_local Scratch scratch;
  const int64_t width = weights.width(panel), tap_size = (weights.packed ? weights.c_in : k1 - k0) * width;
  const float* packed;
  if (weights.packed) {
    packed = weights.packed + panel * K * K * weights.c_in * weights.nr + k0 * width;
  } else {
    float* piece = scratch.floats(K * K * tap_size);
    PackFrom<float> from = weights.from;
    from.weight += panel * weights.nr * from.column + k0 * from.row;
    pack_panel(from, weights.columns(panel), width, k1 - k0, 0, k1 - k0, piece);
    packed = piece;
  }
  for (int64_t k = 0; k < (k1 - k0) * width; k += kLanes) {
    Vec taps[K * K], half[6 * K], points[36];
    FLAMBEAU_UNROLL for (int t = 0; t < K * K; ++t) taps[t] = load(packed + t * tap_size + k);
    FLAMBEAU_UNROLL for (int j = 0; j < K; ++j) filter_points<K>(taps + j, K, half + j, K);
    FLAMBEAU_UNROLL for (int i = 0; i < 6; ++i) filter_points<K>(half + K * i, 1, points + 6 * i, 1);
    FLAMBEAU_UNROLL for (int i = 0; i < 36; ++i) store(u + i * step + k, points[i]);
  }
}

// From m[point * step + column] of one tile to the outputs.
template <int K>
void transform_output(const WinogradShape& s, const float* m, int64_t step, int64_t tile, int64_t channel, int columns,
                      const float* bias, bool relu, float* y) {
  const Place at(s, tile);
  constexpr int kSide = 7 - K;
  float* image = y + s.image_out(at.n) * s.oh * s.ow * s.c_out;
  const int64_t down = least(kSide, s.oh - at.y), across = least(kSide, s.ow - at.x);
  for (int v = 0; v < columns; v += kLanes) {
    Vec half[6 * kSide], outputs[kSide * kSide];
    FLAMBEAU_UNROLL for (int j = 0; j < 6; ++j) {
      Vec column[6];
      FLAMBEAU_UNROLL for (int i = 0; i < 6; ++i) column[i] = load(m + (i * 6 + j) * step + v);
      interpolate<K>(column, 1, half + j, 6);
    }
    FLAMBEAU_UNROLL for (int i = 0; i < kSide; ++i) interpolate<K>(half + 6 * i, 1, outputs + kSide * i, 1);
    const Vec shift = bias ? load_part(bias + channel + v, columns - v) : Vec{};
    for (int64_t i = 0; i < down; ++i)
      for (int64_t j = 0; j < across; ++j) {
        float* to = image + ((at.y + i) * s.ow + at.x + j) * s.c_out + channel + v;
        Vec o = outputs[i * kSide + j] + shift;
        if (s.accumulate) o += load_part(to, columns - v);
        if (relu) o = max(Vec{}, o);
        store_part(to, o, columns - v);
      }
  }
}

// One of the 36 products: rows x k times k x columns.
void multiply(const float* v, int64_t v_row, int64_t rows, int64_t k, const float* u, float* m, int64_t columns,
              bool accumulate) {
  const bool narrow = columns <= kLanes;
  const Finish finish{nullptr, Activation::kNone, accumulate};
  const int64_t tiles = ceil_div(rows, kTileRows);
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t begin = rows * t / tiles, end = rows * (t + 1) / tiles;
    const Segment segment{v + begin * v_row, u, k};
    pick_dot(int(end - begin), narrow)(&segment, 1, v_row, m + begin * columns, columns, int(columns), finish);
  }
}

// Tiles [begin, end), already transformed into v, times one panel; and the outputs.
template <int K>
void finish_panel(const WinogradShape& s, const Weights& weights, int64_t panel, const float* v, int64_t v_row,
                  int64_t v_step, int64_t begin, int64_t end, const float* bias, bool relu, float* y) {
  static thread_local Scratch m_scratch, u_scratch;
  const int64_t rows = end - begin, width = weights.width(panel), m_step = spaced(rows * width);
  float* m = m_scratch.floats(kPoints * m_step);
  if (weights.points) {
    const float* u = weights.points + panel * kPoints * weights.point_step;
    for (int64_t i = 0; i < kPoints; ++i)
      multiply(v + i * v_step, v_row, rows, s.c_in, u + i * weights.point_step, m + i * m_step, width, false);
  } else {
    const int64_t u_step = spaced(kChannelPiece * width);
    float* u = u_scratch.floats(kPoints * u_step);
    for (int64_t k = 0; k < s.c_in; k += kChannelPiece) {
      const int64_t channels = least(kChannelPiece, s.c_in - k);
      transform_weights<K>(weights, panel, k, k + channels, u, u_step);
      for (int64_t i = 0; i < kPoints; ++i)
        multiply(v + i * v_step + k, v_row, rows, channels, u + i * u_step, m + i * m_step, width, k > 0);
    }
  }
  const int columns = int(weights.columns(panel));
  for (int64_t t = 0; t < rows; ++t)
    transform_output<K>(s, m + t * width, m_step, begin + t, panel * weights.nr, columns, bias, relu, y);
}

template <int K>
void winograd(const WinogradShape& s, const float* x, const WeightsAt& at, const float* bias, bool relu, float* y) {
  static thread_local Scratch packed_scratch, points_scratch, shared_scratch;
  const int64_t nr = panel_columns(s.c_out), panel_count = panels(s.c_out);
  const int64_t point_step = spaced(s.c_in * nr), panel_points = kPoints * point_step;
  const bool kept = panel_points * panel_count <= kKeptFloats;
  const int64_t threads = get_num_threads(), rows = kept ? kRowsOfGroup : kRowsOfLargeGroup;
  int64_t groups = most(1, (s.tiles + rows / 2) / rows);
  const bool few = groups < 2 * threads;
  if (!few) groups = ceil_div(groups, threads) * threads;  // the same for everyone; it changes no sum
  Weights weights{{at.weight, at.column, at.row, at.h, at.w, K, K, at.flip}, s.c_in, s.c_out, nr};
  weights.point_step = point_step;
  if (kept) {
    float* points = points_scratch.floats(panel_points * panel_count);
    const int64_t slices = ceil_div(s.c_in, kChannelPiece);
    parallel_for(panel_count * slices, [&](int64_t u) {
      const int64_t p = u / slices, k0 = s.c_in * (u % slices) / slices, k1 = s.c_in * (u % slices + 1) / slices;
      transform_weights<K>(weights, p, k0, k1, points + p * panel_points + k0 * weights.width(p), point_step);
    });
    weights.points = points;
  } else if (!few && groups > kFewGroups) {
    float* packed = packed_scratch.floats(packed_size(K * K, s.c_in, s.c_out));
    pack_weights(weights.from, s.c_in, s.c_out, packed);
    weights.packed = packed;
  }
  const int64_t v_row = padded(s.c_in) + kLanes;
  if (!few) {
    parallel_for(groups, [&](int64_t g) {
      static thread_local Scratch scratch;
      const int64_t begin = s.tiles * g / groups, end = s.tiles * (g + 1) / groups;
      const int64_t v_step = spaced((end - begin) * v_row);
      float* v = scratch.floats(kPoints * v_step);
      for (int64_t t = begin; t < end; ++t) transform_input(s, x, t, v + (t - begin) * v_row, v_step);
      for (int64_t p = 0; p < panel_count; ++p)
        finish_panel<K>(s, weights, p, v, v_row, v_step, begin, end, bias, relu, y);
    });
  } else {  // few tiles: all transformed first, then the panels are dealt out
    const int64_t v_step = spaced(s.tiles * v_row);
    float* v = shared_scratch.floats(kPoints * v_step);
    parallel_for(s.tiles, [&](int64_t t) { transform_input(s, x, t, v + t * v_row, v_step); });
    parallel_for(panel_count,
                 [&](int64_t p) { finish_panel<K>(s, weights, p, v, v_row, v_step, 0, s.tiles, bias, relu, y); });
  }
}

}  // namespace

void winograd(const WinogradShape& s, const float* x, const WeightsAt& at, const float* bias, bool relu, float* y) {
  (s.kernel == 3 ? winograd<3> : winograd<5>)(s, x, at, bias, relu, y);
}

}  // namespace flambeau::FLAMBEAU_ISA
