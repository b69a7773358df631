#include "grouped.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kPieceFloats = 16 * 1024;  // of the output: what a thread takes at a time
constexpr int64_t kMostPartials = 16;
constexpr int64_t kChunkFloats = 48 * 1024;  // of the input, for the gradient of the weights: it is read tap by tap

template <int D, int K, std::size_t... I>
FLAMBEAU_INLINE Vec spread(Vec x, std::index_sequence<I...>) {
  return __builtin_shufflevector(x, x, int(I / D * D + K)...);
}
// Each lane gets channel K of its group of D.
template <int D, int K>
FLAMBEAU_INLINE Vec spread(Vec x) {
  if constexpr (D == 1) return x;
  else return spread<D, K>(x, std::make_index_sequence<kLanes>());
}

// The same from memory: where a group fills the vector a broadcast comes with the multiplication for free.
template <int D, int K>
FLAMBEAU_INLINE Vec spread(const float* x, Vec loaded) {
  if constexpr (D == kLanes) return broadcast(x[K]);
  else return spread<D, K>(loaded);
}

// body(std::integral_constant<int, 0>) ... (N - 1), unrolled.
template <class F, int... K>
FLAMBEAU_INLINE void unrolled(const F& body, std::integer_sequence<int, K...>) {
  (body(std::integral_constant<int, K>()), ...);
}
template <int N, class F>
FLAMBEAU_INLINE void unrolled(const F& body) {
  unrolled(body, std::make_integer_sequence<int, N>());
}

struct Tap {
  int64_t kernel, input;
};

// Columns first, first + step, ...: all read the same taps, each `advance` input columns further.
struct Run {
  int64_t first, count;
  int64_t taps_begin, taps_end;
};

// An axis cut into runs.
struct Runs {
  Array<Run> runs;
  Array<Tap> taps;  // input: of the first column
  int64_t step, advance;

  explicit Runs(const Axis& axis) : step(axis.backward ? axis.stride : 1), advance(axis.backward ? 1 : axis.stride) {
    for (int64_t phase = 0; phase < step; ++phase)
      for (int64_t o = phase; o < axis.output; o += step) {
        const int64_t begin = taps.size();
        for (int64_t k = 0; k < axis.size; ++k) {
          int64_t i;
          if (axis.reads(o, k, i) && i >= 0 && i < axis.input) taps.add({k, i});
        }
        if (o > phase && continues(begin)) {
          while (taps.size() > begin) taps.drop();
          ++runs.last().count;
        } else {
          runs.add({o, 1, begin, taps.size()});
        }
      }
  }

 private:
  // Whether taps from `begin` on are those of the last run.
  bool continues(int64_t begin) {
    const Run& run = runs.last();
    if (taps.size() - begin != run.taps_end - run.taps_begin) return false;
    for (int64_t t = begin; t < taps.size(); ++t) {
      const Tap& before = taps[run.taps_begin + t - begin];
      if (taps[t].kernel != before.kernel || taps[t].input != before.input + run.count * advance) return false;
    }
    return true;
  }
};

struct Offsets {
  int64_t x, weight;  // in floats, from the first vector of channels
};

// One call: R pixels, all channels.
struct Pixels {
  const Offsets* taps;
  int64_t tap_count;
  int64_t x_pixel, y_pixel;
  int64_t channels;
  int64_t weight_block;  // floats of the weights of one vector of channels
  bool relu;
};

template <int D, int R, bool Whole>
FLAMBEAU_INLINE void pixels_block(const Pixels& p, const float* x, const float* weight, const float* bias, float* y,
                                  int channels) {
  Vec sum[R];
  const Vec start = bias ? load(bias) : Vec{};
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) sum[r] = start;
  for (int64_t t = 0; t < p.tap_count; ++t) {
    const float* from = x + p.taps[t].x;
    const float* factor = weight + p.taps[t].weight;
    Vec in[R];
    FLAMBEAU_UNROLL for (int r = 0; r < R; ++r)
        in[r] = Whole ? load(from + r * p.x_pixel) : load_part(from + r * p.x_pixel, channels);
    unrolled<D>([&](auto k) __attribute__((always_inline)) {
      const Vec w = load(factor + k * kLanes);
      FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) sum[r] += spread<D, k>(from + r * p.x_pixel, in[r]) * w;
    });
  }
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) {
    const Vec out = p.relu ? max(Vec{}, sum[r]) : sum[r];
    if (Whole) store(y + r * p.y_pixel, out);
    else store_part(y + r * p.y_pixel, out, channels);
  }
}

template <int D, int R>
void pixels(const Pixels& p, const float* x, const float* weight, const float* bias, float* y) {
  int64_t c = 0;
  for (; c + kLanes <= p.channels; c += kLanes, weight += p.weight_block)
    pixels_block<D, R, true>(p, x + c, weight, bias ? bias + c : nullptr, y + c, kLanes);
  if (c < p.channels)
    pixels_block<D, R, false>(p, x + c, weight, bias ? bias + c : nullptr, y + c, int(p.channels - c));
}

using PixelsKernel = void (*)(const Pixels&, const float*, const float*, const float*, float*);

template <int D, std::size_t... R>
PixelsKernel pick_pixels(int64_t rows, std::index_sequence<R...>) {
  static constexpr PixelsKernel table[] = {pixels<D, int(R) + 1>...};
  return table[rows - 1];
}

// [vector of channels][tap][channel within the group][kLanes]
void pack(const Gather& g, const float* weight, WeightStrides at, float* packed) {
  const int64_t d = g.c_in, kh = g.rows.size, kw = g.columns.size, taps = kh * kw;
  const bool backward = g.rows.backward;
  parallel_for(ceil_div(g.in_pixel, kLanes), [&](int64_t block) {
    float* to = packed + block * taps * d * kLanes;
    for (int64_t t = 0; t < taps; ++t) {
      const int64_t from = backward ? taps - 1 - t : t;
      const float* tap = weight + from / kw * at.h + from % kw * at.w;
      for (int64_t k = 0; k < d; ++k)
        for (int64_t l = 0; l < kLanes; ++l, ++to) {
          const int64_t c = block * kLanes + l;
          if (c >= g.in_pixel) *to = 0;
          else *to = backward ? tap[(c / d * d + k) * at.out + c % d * at.in] : tap[c * at.out + k * at.in];
        }
    }
  });
}

template <int D>
void grouped(const Gather& g, const float* x, const float* packed, const float* bias, Activation activation, float* y) {
  const int64_t channels = g.in_pixel, taps = g.rows.size * g.columns.size;
  const Runs across(g.columns);
  const int64_t in_row = g.columns.input * channels, out_row = g.columns.output * channels;
  const int64_t rows = g.rows.output, total = g.images * rows;
  const int64_t piece = least(most(1, kPieceFloats / most(1, out_row)), most(1, total / 16));
  const auto sizes = std::make_index_sequence<kTileRows>();
  parallel_for(ceil_div(total, piece), [&](int64_t u) {
    static thread_local Array<Offsets> offsets;
    for (int64_t row = u * piece; row < least(total, (u + 1) * piece); ++row) {
      const int64_t o = row % rows;
      const float* image = x + row / rows * g.rows.input * in_row;
      float* out = y + row * out_row;
      for (int64_t i = 0; i < across.runs.size(); ++i) {
        const Run& run = across.runs[i];
        offsets.clear();
        for (int64_t kh = 0; kh < g.rows.size; ++kh) {
          int64_t from;
          if (!g.rows.reads(o, kh, from) || from < 0 || from >= g.rows.input) continue;
          for (int64_t t = run.taps_begin; t < run.taps_end; ++t)
            offsets.add({from * in_row + across.taps[t].input * channels,
                         (kh * g.columns.size + across.taps[t].kernel) * D * kLanes});
        }
        const Pixels p{offsets.data(), offsets.size(), across.advance * channels, across.step * channels, channels,
                       taps * D * kLanes, activation == Activation::kRelu};
        const int64_t tiles = ceil_div(run.count, kTileRows);
        for (int64_t t = 0; t < tiles; ++t) {
          const int64_t q = run.count * t / tiles, end = run.count * (t + 1) / tiles;
          pick_pixels<D>(end - q, sizes)(p, image + q * p.x_pixel, packed, bias,
                                         out + (run.first + q * across.step) * channels);
        }
      }
    }
  });
}

// --- the gradient of the weights

// Taps whose sums fit the registers together.
constexpr int taps_at_once(int d) {
  constexpr int kSums = kLanes < 16 ? 9 : 16;
  return d == 1 ? 9 : d < kSums ? kSums / d : 1;
}

// One call: the sums of T taps, all channels.
struct WeightPixels {
  const Offsets* taps;
  const PixelRun* runs;  // a: in x, b: in gy
  int64_t run_count;
  int64_t x_pixel, y_pixel;
  int64_t channels;
  int64_t weight_block;
};

template <int D, int T, bool Whole>
FLAMBEAU_INLINE void weights_block(const WeightPixels& p, const float* x, const float* gy, float* sums, int channels) {
  Vec sum[T][D];
  FLAMBEAU_UNROLL for (int t = 0; t < T; ++t) FLAMBEAU_UNROLL for (int k = 0; k < D; ++k)
      sum[t][k] = load(sums + p.taps[t].weight + k * kLanes);
  for (int64_t i = 0; i < p.run_count; ++i) {
    const float* from[T];
    FLAMBEAU_UNROLL for (int t = 0; t < T; ++t) from[t] = x + p.runs[i].a + p.taps[t].x;
    const float* gradient = gy + p.runs[i].b;
    for (int64_t q = p.runs[i].count, at = 0; q > 0; --q, at += p.x_pixel, gradient += p.y_pixel) {
      const Vec g = Whole ? load(gradient) : load_part(gradient, channels);
      FLAMBEAU_UNROLL for (int t = 0; t < T; ++t) {
        const Vec in = Whole ? load(from[t] + at) : load_part(from[t] + at, channels);
        unrolled<D>([&](auto k) __attribute__((always_inline)) { sum[t][k] += spread<D, k>(from[t] + at, in) * g; });
      }
    }
  }
  FLAMBEAU_UNROLL for (int t = 0; t < T; ++t) FLAMBEAU_UNROLL for (int k = 0; k < D; ++k)
      store(sums + p.taps[t].weight + k * kLanes, sum[t][k]);
}

template <int D, int T>
void weights(const WeightPixels& p, const float* x, const float* gy, float* sums) {
  int64_t c = 0;
  for (; c + kLanes <= p.channels; c += kLanes, sums += p.weight_block)
    weights_block<D, T, true>(p, x + c, gy + c, sums, kLanes);
  if (c < p.channels) weights_block<D, T, false>(p, x + c, gy + c, sums, int(p.channels - c));
}

using WeightsKernel = void (*)(const WeightPixels&, const float*, const float*, float*);

template <int D, std::size_t... T>
WeightsKernel pick_weights(int64_t taps, std::index_sequence<T...>) {
  static constexpr WeightsKernel table[] = {weights<D, int(T) + 1>...};
  return table[taps - 1];
}

// Add rows [begin, end) of all images' rows to `sums`. What reads the same taps, a run of rows x a run of columns, is
// summed in one call for each few taps.
template <int D>
void add_rows(const Gather& g, const Runs& down, const Runs& across, int64_t begin, int64_t end, const float* x,
              const float* gy, float* sums) {
  constexpr int kTaps = taps_at_once(D);
  const int64_t channels = g.in_pixel, taps = g.rows.size * g.columns.size;
  const int64_t in_row = g.columns.input * channels, out_row = g.columns.output * channels;
  static thread_local Array<Offsets> offsets;
  static thread_local Array<PixelRun> pixels;
  for (int64_t v = 0; v < down.runs.size(); ++v)
    for (int64_t h = 0; h < across.runs.size(); ++h) {
      const Run &vertical = down.runs[v], &horizontal = across.runs[h];
      pixels.clear();
      for (int64_t row = begin; row < end; ++row) {
        const int64_t image = row / g.rows.output, o = row % g.rows.output - vertical.first;
        if (o < 0 || o >= vertical.count) continue;
        pixels.add({(image * g.rows.input + o * down.advance) * in_row, row * out_row + horizontal.first * channels,
                    horizontal.count});
      }
      if (pixels.size() == 0) continue;
      offsets.clear();
      for (int64_t r = vertical.taps_begin; r < vertical.taps_end; ++r)
        for (int64_t t = horizontal.taps_begin; t < horizontal.taps_end; ++t)
          offsets.add({down.taps[r].input * in_row + across.taps[t].input * channels,
                       (down.taps[r].kernel * g.columns.size + across.taps[t].kernel) * D * kLanes});
      for (int64_t t = 0; t < offsets.size(); t += kTaps) {
        const WeightPixels p{offsets.data() + t, pixels.data(), pixels.size(), across.advance * channels, channels,
                             channels, taps * D * kLanes};
        pick_weights<D>(least(kTaps, offsets.size() - t), std::make_index_sequence<kTaps>())(p, x, gy, sums);
      }
    }
}

template <int D>
void grouped_weight(const Gather& g, const float* x, const float* gy, float* gw, WeightStrides at) {
  const int64_t channels = g.in_pixel, taps = g.rows.size * g.columns.size, blocks = ceil_div(channels, kLanes);
  const Runs down(g.rows), across(g.columns);
  const int64_t total = g.images * g.rows.output;
  const int64_t partials = most(1, least(kMostPartials, total)), size = blocks * taps * D * kLanes;
  const int64_t chunk = most(1, kChunkFloats / most(1, g.columns.input * channels * g.rows.stride));
  static thread_local Scratch scratch;
  float* all = scratch.floats(partials * size);
  parallel_for(partials, [&](int64_t partial) {
    float* sums = all + partial * size;
    std::memset(sums, 0, sizeof(float) * size);
    const int64_t end = total * (partial + 1) / partials;
    for (int64_t row = total * partial / partials; row < end; row += chunk)
      add_rows<D>(g, down, across, row, least(end, row + chunk), x, gy, sums);
  });
  parallel_for(blocks, [&](int64_t block) {
    for (int64_t t = 0; t < taps; ++t)
      for (int64_t k = 0; k < D; ++k) {
        const int64_t from = ((block * taps + t) * D + k) * kLanes;
        Vec sum{};
        for (int64_t q = 0; q < partials; ++q) sum += load(all + q * size + from);
        alignas(64) float lanes[kLanes];
        store(lanes, sum);
        float* to = gw + t / g.columns.size * at.h + t % g.columns.size * at.w + k * at.in;
        for (int64_t l = 0; l < least(kLanes, channels - block * kLanes); ++l)
          to[(block * kLanes + l) * at.out] = lanes[l];
      }
  });
}

// body with the number of channels of a group as a constant.
template <class F>
void with_width(int64_t d, const F& body) {
  if (d == 1) return body(std::integral_constant<int, 1>());
  if (d == 2) return body(std::integral_constant<int, 2>());
  if (d == 4) return body(std::integral_constant<int, 4>());
  if constexpr (kLanes >= 8)
    if (d == 8) return body(std::integral_constant<int, 8>());
  if constexpr (kLanes >= 16)
    if (d == 16) return body(std::integral_constant<int, 16>());
}

}  // namespace

void grouped(const Gather& g, const float* x, const float* weight, WeightStrides at, const float* bias,
             Activation activation, float* y) {
  static thread_local Scratch weight_scratch, bias_scratch;
  const int64_t padded = ceil_div(g.in_pixel, kLanes) * kLanes;
  float* packed = weight_scratch.floats(padded * g.rows.size * g.columns.size * g.c_in);
  pack(g, weight, at, packed);
  float* padded_bias = nullptr;
  if (bias) {
    padded_bias = bias_scratch.floats(padded);
    std::memcpy(padded_bias, bias, sizeof(float) * g.in_pixel);
    std::memset(padded_bias + g.in_pixel, 0, sizeof(float) * (padded - g.in_pixel));
  }
  with_width(g.c_in, [&](auto d) { grouped<d>(g, x, packed, padded_bias, activation, y); });
}

void grouped_weight(const Gather& g, const float* x, const float* gy, float* gw, WeightStrides at) {
  with_width(g.c_in, [&](auto d) { grouped_weight<d>(g, x, gy, gw, at); });
}

}  // namespace flambeau::FLAMBEAU_ISA
