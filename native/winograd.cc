#include "winograd.h"

#include "pack.h"
#include "tile.h"

namespace flambeau::FLAMBEAU_ISA {

void Points::transform(const WinogradShape& s, const float* x, int64_t tile, int64_t to) const {
  const Place place(s, tile);
  const int64_t y0 = place.y - s.pad_h, x0 = place.x - s.pad_w;
  const bool inside = y0 >= 0 && x0 >= 0 && y0 + 6 <= s.h && x0 + 6 <= s.w;
  const float* image = x + s.image_in(place.n) * s.h * s.w * s.c_in;
  float* point = v + to * width;
  int64_t left = width;  // of the piece
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
    FLAMBEAU_UNROLL for (int i = 0; i < 36; ++i) store(point + i * step, points[i]);
    point += kLanes;
    left -= kLanes;
    if (left > 0) continue;
    point += piece - width;
    left = width;
  }
}

namespace {

constexpr int64_t kKeptFloats = 1 << 20;  // transformed weights up to this size are made once, larger ones by pieces
constexpr int64_t kChannelPiece = 64;
constexpr int64_t kTilesOfGroup = 24;     // that one thread takes through all steps
constexpr int64_t kTilesOfBlock = 128;    // that all threads take through all steps

struct Weights {
  PackFrom<float> from;
  int64_t c_in, c_out, nr;
  const float* points = nullptr;  // [panel][36][c_in][nr], or null: transformed by pieces
  int64_t point_step = 0;         // of `points`

  int64_t columns(int64_t panel) const { return least(nr, c_out - panel * nr); }
  int64_t width(int64_t panel) const { return panel_width(c_out, panel); }
};

// Rows [k0, k1) of the transformed weights of one panel: u[point * step + (k - k0) * width + column].
template <int K>
void transform_weights(const Weights& weights, int64_t panel, int64_t k0, int64_t k1, float* u, int64_t step) {
  static thread_local Scratch scratch;
  const int64_t width = weights.width(panel), tap_size = (k1 - k0) * width;
  float* packed = scratch.floats(K * K * tap_size);
  PackFrom<float> from = weights.from;
  from.weight += panel * weights.nr * from.column + k0 * from.row;
  pack_panel(from, weights.columns(panel), width, k1 - k0, 0, k1 - k0, packed);
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

// One of the 36 products: tiles [begin, end) x channels [k0, k1) of v times u. Meanwhile the next tiles of v come,
// which no near cache holds.
void multiply(const Points& v, int64_t point, int64_t begin, int64_t end, int64_t k0, int64_t k1, const float* u,
              float* m, int64_t columns) {
  const float* from = v.at(point, begin, k0);
  const int64_t count = ceil_div(end - begin, kTileRows);
  for (int64_t t = 0; t < count; ++t) {
    const int64_t row = (end - begin) * t / count, next = (end - begin) * (t + 1) / count;
    const Segment segment{from + row * v.width, u, k1 - k0};
    const float* ahead = from + (t + 1 < count ? next * v.width : v.step);
    const Finish finish{.accumulate = k0 > 0, .ahead = ahead, .ahead_step = 16};
    const auto tile = pick_dot(int(next - row), columns <= kLanes);
    tile(&segment, 1, v.width, m + row * columns, columns, int(columns), finish);
  }
}

// Tiles [begin, end) of v, of which the first is number `first`, times one panel; and the outputs.
template <int K>
void finish_panel(const WinogradShape& s, const Weights& weights, int64_t panel, const Points& v, int64_t first,
                  int64_t begin, int64_t end, const float* bias, bool relu, float* y) {
  static thread_local Scratch m_scratch, u_scratch;
  const int64_t width = weights.width(panel), m_step = spaced((end - begin) * width);
  float* m = m_scratch.floats(kPoints * m_step);
  if (weights.points) {
    const float* u = weights.points + panel * kPoints * weights.point_step;
    for (int64_t i = 0; i < kPoints; ++i)
      multiply(v, i, begin, end, 0, s.c_in, u + i * weights.point_step, m + i * m_step, width);
  } else {
    const int64_t u_step = spaced(kChannelPiece * width);
    float* u = u_scratch.floats(kPoints * u_step);
    for (int64_t k = 0; k < s.c_in; k += kChannelPiece) {
      const int64_t k1 = least(s.c_in, k + kChannelPiece);
      transform_weights<K>(weights, panel, k, k1, u, u_step);
      for (int64_t i = 0; i < kPoints; ++i) multiply(v, i, begin, end, k, k1, u + i * u_step, m + i * m_step, width);
    }
  }
  const int columns = int(weights.columns(panel));
  for (int64_t t = begin; t < end; ++t)
    transform_output<K>(s, m + (t - begin) * width, m_step, first + t, panel * weights.nr, columns, bias, relu, y);
}

template <int K>
void winograd(const WinogradShape& s, const float* x, const WeightsAt& at, const float* bias, bool relu, float* y) {
  static thread_local Scratch points_scratch, shared_scratch;
  const int64_t nr = panel_columns(s.c_out), panel_count = panels(s.c_out), threads = get_num_threads();
  Weights weights{{at.weight, at.column, at.row, at.h, at.w, K, K, at.flip}, s.c_in, s.c_out, nr};
  weights.point_step = spaced(s.c_in * nr);
  const int64_t panel_points = kPoints * weights.point_step;
  if (panel_points * panel_count <= kKeptFloats) {
    float* points = points_scratch.floats(panel_points * panel_count);
    const int64_t slices = ceil_div(s.c_in, kChannelPiece);
    parallel_for(panel_count * slices, [&](int64_t u) {
      const int64_t p = u / slices, k0 = s.c_in * (u % slices) / slices, k1 = s.c_in * (u % slices + 1) / slices;
      transform_weights<K>(weights, p, k0, k1, points + p * panel_points + k0 * weights.width(p), weights.point_step);
    });
    weights.points = points;
  }
  const int64_t piece = weights.points ? padded(s.c_in) + kLanes : kChannelPiece;
  int64_t groups = (s.tiles + kTilesOfGroup / 2) / kTilesOfGroup;
  if (weights.points && groups >= 2 * threads) {
    groups = ceil_div(groups, threads) * threads;  // the same for everyone; it changes no sum
    return parallel_for(groups, [&](int64_t g) {
      static thread_local Scratch scratch;
      const int64_t begin = s.tiles * g / groups, count = s.tiles * (g + 1) / groups - begin;
      const Points v(scratch, count, s.c_in, piece);
      for (int64_t t = 0; t < count; ++t) v.transform(s, x, begin + t, t);
      for (int64_t p = 0; p < panel_count; ++p) finish_panel<K>(s, weights, p, v, begin, 0, count, bias, relu, y);
    });
  }
  // Few tiles, or weights that are transformed anew for all tiles of a block: panels are dealt out, and parts of the
  // tiles where panels alone could not be dealt out evenly. (For few tiles to transform weights is most of the work.)
  const int64_t blocks = ceil_div(s.tiles, kTilesOfBlock), most_parts = s.tiles / blocks / (2 * kTilesOfGroup);
  const int64_t parts = even_cuts(panel_count, 1, most_parts);
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t begin = s.tiles * b / blocks, count = s.tiles * (b + 1) / blocks - begin;
    const Points v(shared_scratch, count, s.c_in, piece);
    parallel_for(count, [&](int64_t t) { v.transform(s, x, begin + t, t); });
    parallel_for(panel_count * parts, [&](int64_t u) {
      const int64_t part = u % parts;
      finish_panel<K>(s, weights, u / parts, v, begin, count * part / parts, count * (part + 1) / parts, bias, relu, y);
    });
  }
}

}  // namespace

void winograd(const WinogradShape& s, const float* x, const WeightsAt& at, const float* bias, bool relu, float* y) {
  (s.kernel == 3 ? winograd<3> : winograd<5>)(s, x, at, bias, relu, y);
}

}  // namespace flambeau::FLAMBEAU_ISA
