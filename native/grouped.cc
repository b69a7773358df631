#include "grouped.h"


namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int kPixels = kLanes < 16 ? 4 : 7;          // of a tile
constexpr int64_t kPieceFloats = 32 * 1024;           // of x and y: what a thread takes at a time
constexpr int64_t kWeightFloats = 96 * 1024;          // that stay in the second-level cache over many rows
constexpr int64_t kSumFloats = 10 * 1024;              // that are also written: partly in the first-level cache
constexpr int64_t kPartialFloats = 512 * 1024;        // of all partial sums of a gradient
constexpr int64_t kMostParts = 16;                     // a gradient is cut into
constexpr int64_t kChunkFloats = 128 * 1024;            // of x and gy: second-level cache, over all channels
constexpr int64_t kChunkPixels = 1024;                 // of a sum: more lose digits
constexpr int64_t kCacheFloats = 2 * 1024 * 1024;     // beyond this, rows to come are prefetched

typedef int32_t Index __attribute__((vector_size(4 * kLanes)));

FLAMBEAU_INLINE Vec shuffled(Vec v, Index from) {
#if defined(__clang__)
  return __builtin_shufflevector(v, from);
#else
  return __builtin_shuffle(v, from);
#endif
}

// The compiler would rather load a number again with every product than keep it.
FLAMBEAU_INLINE Vec held(Vec v) {
#if defined(__AVX512F__)
  asm("" : "+v"(v));
#elif defined(__x86_64__)
  asm("" : "+x"(v));
#endif
  return v;
}

// The channels of a group: one, a part of a vector (2, 4, ...), or some vectors.
enum class Group { kOne, kPart, kVectors };

// body(k, load) for the channels k = 0, J, 2 J, ... of a group. load(x, j): in each lane channel k + j of its group.
template <Group G, int J, bool Whole, class F>
FLAMBEAU_INLINE void for_channels(int64_t width, int lanes, const F& body) {
  const auto vector = [&](const float* x) __attribute__((always_inline)) {
    return Whole ? load(x) : load_part(x, lanes);
  };
  if constexpr (G == Group::kOne)
    body(0, [&](const float* x, int) __attribute__((always_inline)) { return vector(x); });
  if constexpr (G == Group::kVectors)
    for (int64_t k = 0; k < width; k += J)
      body(k, [&](const float* x, int j) __attribute__((always_inline)) { return broadcast(x[k + j]); });
  if constexpr (G == Group::kPart) {
    Index from;
    FLAMBEAU_UNROLL for (int i = 0; i < kLanes; ++i) from[i] = i;
    from &= int32_t(-width);
    for (int64_t k = 0; k < width; k += J, from += J)
      body(k, [&](const float* x, int j) __attribute__((always_inline)) { return shuffled(vector(x), from + j); });
  }
}

// Three taps that read neighbours, or one tap, for the pixels of a tile.
struct Taps {
  int64_t x, weight;  // in floats: what the first tap reads at the first pixel, inside the image or not; its weights
  uint32_t inside;    // bit j: column j lies in the image; columns of one tap are `advance` apart, else 1
};

// Neighbours of one row of the output that read the same taps: columns first, first + step, ...
struct Tile {
  int64_t first, pixels;
  int64_t threes, ones, end;  // where its Taps begin, those of one tap begin, and end
};

// A row of the output (with stride backward, each of its phases) cut into tiles.
struct Tiles {
  Array<Tile> tiles;
  Array<Taps> taps;
  int64_t step, advance, kernel_step;  // from pixel to pixel in the output, in the input; from tap to tap

  void cut(const Axis& axis, int64_t x_pixel, int64_t tap) {
    tiles.clear();
    taps.clear();
    step = axis.backward ? axis.stride : 1;
    advance = axis.backward ? 1 : axis.stride;
    kernel_step = 1;
    while (axis.dilation * kernel_step % step) ++kernel_step;
    for (int64_t phase = 0; phase < least(step, axis.output); ++phase) {
      int64_t rest = ceil_div(axis.output - phase, step);
      for (int64_t o = phase, pixels; rest > 0; rest -= pixels, o += pixels * step) {
        pixels = rest >= kPixels && rest != 8 ? kPixels : rest >= 4 ? 4 : rest >= 2 ? 2 : 1;
        add_tile(axis, o, pixels, x_pixel, tap);
      }
    }
  }

 private:
  void add_tile(const Axis& axis, int64_t o, int64_t pixels, int64_t x_pixel, int64_t tap) {
    const bool neighbours = axis.dilation * kernel_step == step && advance <= 2;
    Tile tile{o, pixels, taps.size(), 0, 0};
    int64_t k = 0, input;
    while (k < axis.size && !axis.reads(o, k, input)) ++k;
    for (; neighbours && k + 2 * kernel_step < axis.size; k += 3 * kernel_step)
      add_taps(axis, o, k, (pixels - 1) * advance + 3, 1, x_pixel, tap);
    tile.ones = taps.size();
    for (; k < axis.size; k += kernel_step) add_taps(axis, o, k, pixels, advance, x_pixel, tap);
    tile.end = taps.size();
    tiles.add(tile);
  }

  void add_taps(const Axis& axis, int64_t o, int64_t k, int64_t columns, int64_t distance, int64_t x_pixel,
                int64_t tap) {
    int64_t input;
    uint32_t inside = 0;
    axis.reads(o, k, input);
    for (int64_t j = 0; j < columns; ++j)
      if (input + j * distance >= 0 && input + j * distance < axis.input) inside |= uint32_t{1} << j;
    if (inside) taps.add({input * x_pixel, k * tap, inside});
  }
};

// A row of the input, and the row of weights that it meets for each of the two rows of output, in floats: -1 for none.
struct InputRow {
  int64_t x;
  int64_t weight[2];
};

// Two rows of the output: first, first + step; at the end one.
struct RowPair {
  int64_t first, rows;
  int64_t inputs_begin, inputs_end;
};

// The rows of the output in pairs.
struct RowPairs {
  Array<RowPair> pairs;
  Array<InputRow> inputs;
  int64_t step;

  void cut(const Axis& axis, int64_t x_row, int64_t window_row) {
    pairs.clear();
    inputs.clear();
    step = axis.backward ? axis.stride : 1;
    for (int64_t from = 0; from < axis.output; from += 2 * step)
      for (int64_t o = from; o < least(from + step, axis.output); ++o) {
        const int64_t begin = inputs.size(), rows = o + step < axis.output ? 2 : 1;
        for (int64_t q = 0; q < rows; ++q)
          for (int64_t k = 0; k < axis.size; ++k) {
            int64_t i;
            if (axis.reads(o + q * step, k, i) && i >= 0 && i < axis.input) add(begin, i * x_row, q, k * window_row);
          }
        pairs.add({o, rows, begin, inputs.size()});
      }
  }

 private:
  void add(int64_t begin, int64_t x, int64_t q, int64_t weight) {
    for (int64_t i = begin; i < inputs.size(); ++i)
      if (inputs[i].x == x) {
        inputs[i].weight[q] = weight;
        return;
      }
    inputs.add({x, {q ? -1 : weight, q ? weight : -1}});
  }
};

// What is prefetched, a little with each row of each vector of channels.
struct Ahead {
  const float *x, *y;
  int64_t x_lines, y_lines;

  template <bool Gradient>
  FLAMBEAU_INLINE void fetch() {
    for (int64_t i = 0; i < x_lines; ++i, x += 16) __builtin_prefetch(x, 0);
    for (int64_t i = 0; i < y_lines; ++i, y += 16) __builtin_prefetch(y, !Gradient);
  }
};

// One call: a tile of two rows, some channels. Distances in floats.
struct Job {
  const InputRow *inputs, *inputs_end;
  const Taps *threes, *ones, *taps_end;
  int64_t rows;
  int64_t x_pixel, x_advance;
  int64_t y_row, y_pixel;
  int64_t next_tap, block;  // of the weights: neighbours in the input; vectors of channels
  int64_t width;            // channels of a group
  bool relu;
  Ahead ahead;
};

// Forward y[q] += weight[q] * x, for the gradient weight[q] += y[q] * x, where q are the rows of output that the row of
// input meets, and for three taps (S is their stride) or one (S = 0).
template <Group G, bool Gradient, int S, bool First, bool Second, int P, bool Whole>
FLAMBEAU_INLINE void add_row(const Job& job, uint32_t inside, const float* x, float* const* weight, int lanes,
                             Vec (&y)[2][P]) {
  constexpr int kTaps = S ? 3 : 1, kStride = S ? S : 1, kColumns = kStride * (P - 1) + kTaps;
  constexpr int J = Gradient && G != Group::kOne && kLanes == 16 ? 2 : 1;  // more sums: products take some cycles
  const int64_t distance = S ? job.x_pixel : job.x_advance;
  for_channels<G, J, Whole>(job.width, lanes, [&](int64_t k, const auto& channel) __attribute__((always_inline)) {
    Vec w[2][kTaps][J];
    FLAMBEAU_UNROLL for (int t = 0; t < kTaps; ++t) FLAMBEAU_UNROLL for (int i = 0; i < J; ++i) {
      if (First) w[0][t][i] = load(weight[0] + t * job.next_tap + (k + i) * kLanes);
      if (Second) w[1][t][i] = load(weight[1] + t * job.next_tap + (k + i) * kLanes);
    }
    const float* from = x;
    FLAMBEAU_UNROLL for (int j = 0; j < kColumns; ++j, from += distance) {
      if (!(inside >> j & 1)) continue;
      FLAMBEAU_UNROLL for (int i = 0; i < J; ++i) {
        const Vec in = held(channel(from, i));
        FLAMBEAU_UNROLL for (int t = 0; t < kTaps; ++t) {
          const int p = (j - t) / kStride;
          if (j < t || (j - t) % kStride || p >= P) continue;
          if (First) (Gradient ? w[0][t][i] : y[0][p]) += in * (Gradient ? y[0][p] : w[0][t][i]);
          if (Second) (Gradient ? w[1][t][i] : y[1][p]) += in * (Gradient ? y[1][p] : w[1][t][i]);
        }
      }
    }
    if (!Gradient) return;
    FLAMBEAU_UNROLL for (int t = 0; t < kTaps; ++t) FLAMBEAU_UNROLL for (int i = 0; i < J; ++i) {
      if (First) store(weight[0] + t * job.next_tap + (k + i) * kLanes, w[0][t][i]);
      if (Second) store(weight[1] + t * job.next_tap + (k + i) * kLanes, w[1][t][i]);
    }
  });
}

// The same for all rows of input.
template <Group G, bool Gradient, int S, int P, bool Whole>
FLAMBEAU_INLINE void add_rows(const Job& job, const Taps* begin, const Taps* end, const float* x, float* weight,
                              int lanes, Vec (&y)[2][P], Ahead& ahead) {
  for (const InputRow* row = job.inputs; row < job.inputs_end; ++row) {
    ahead.fetch<Gradient>();
    for (const Taps* taps = begin; taps < end; ++taps) {
      const float* from = x + row->x + taps->x;
      float* const at[] = {weight + row->weight[0] + taps->weight, weight + row->weight[1] + taps->weight};
      if (row->weight[1] < 0) add_row<G, Gradient, S, true, false, P, Whole>(job, taps->inside, from, at, lanes, y);
      else if (row->weight[0] < 0)
        add_row<G, Gradient, S, false, true, P, Whole>(job, taps->inside, from, at, lanes, y);
      else add_row<G, Gradient, S, true, true, P, Whole>(job, taps->inside, from, at, lanes, y);
    }
  }
}

template <Group G, bool Gradient, int S, int P, bool Whole>
FLAMBEAU_INLINE void tile_block(const Job& job, const float* x, float* weight, const float* bias, float* to, int lanes,
                                Ahead& ahead) {
  Vec y[2][P];
  const Vec start = bias ? load(bias) : Vec{};
  FLAMBEAU_UNROLL for (int q = 0; q < 2; ++q) FLAMBEAU_UNROLL for (int p = 0; p < P; ++p) {
    const float* from = to + q * job.y_row + p * job.y_pixel;
    y[q][p] = !Gradient ? start : q >= job.rows ? Vec{} : Whole ? load(from) : load_part(from, lanes);
  }
  if (job.threes < job.ones)
    add_rows<G, Gradient, S, P, Whole>(job, job.threes, job.ones, x, weight, lanes, y, ahead);
  if (job.ones < job.taps_end)
    add_rows<G, Gradient, 0, P, Whole>(job, job.ones, job.taps_end, x, weight, lanes, y, ahead);
  if (Gradient) return;
  FLAMBEAU_UNROLL for (int q = 0; q < 2; ++q, to += job.y_row) {
    if (q >= job.rows) return;
    FLAMBEAU_UNROLL for (int p = 0; p < P; ++p) {
      const Vec out = job.relu ? max(Vec{}, y[q][p]) : y[q][p];
      if (Whole) store(to + p * job.y_pixel, out);
      else store_part(to + p * job.y_pixel, out, lanes);
    }
  }
}

// Channels begin .. end. `weight`: of the first of them.
template <Group G, bool Gradient, int S, int P>
void tile(const Job& job, const float* x, float* weight, const float* bias, float* y, int64_t begin, int64_t end) {
  Ahead ahead = job.ahead;
  for (int64_t c = begin; c < end; c += kLanes, weight += job.block) {
    const float* from = x + (G == Group::kVectors ? c / job.width * job.width : c);
    const float* shift = bias ? bias + c : nullptr;
    if (c + kLanes <= end) tile_block<G, Gradient, S, P, true>(job, from, weight, shift, y + c, kLanes, ahead);
    else if (G != Group::kVectors)
      tile_block<G, Gradient, S, P, false>(job, from, weight, shift, y + c, int(end - c), ahead);
  }
}

using TileKernel = void (*)(const Job&, const float*, float*, const float*, float*, int64_t, int64_t);

template <Group G, bool Gradient, int S>
TileKernel pick_tile(int64_t pixels) {
  return pixels == 1   ? tile<G, Gradient, S, 1>
         : pixels == 2 ? tile<G, Gradient, S, 2>
         : pixels == 4 ? tile<G, Gradient, S, 4>
                       : tile<G, Gradient, S, kPixels>;
}

// to += from
void add(float* to, const float* from, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) store(to + i, load(to + i) + load(from + i));
}

// Everything that does not depend on where the images lie.
struct Walk {
  Tiles across;
  RowPairs down;
  int64_t channels, width, tap, block;  // floats of the weights: of a tap, of a vector of channels
  int64_t in_row, in_image, out_row, out_image;
  int64_t total, span;                  // pairs of rows of all images; channels taken together
  bool is_large;                        // no cache holds the images: rows to come are prefetched

  // `near`: weights that stay in a cache over many rows.
  void set(const Gather& g, int64_t near) {
    channels = g.in_pixel;
    width = g.c_in;
    tap = width * kLanes;
    block = g.rows.size * g.columns.size * tap;
    in_row = g.columns.input * channels;
    out_row = g.columns.output * channels;
    in_image = g.rows.input * in_row;
    out_image = g.rows.output * out_row;
    across.cut(g.columns, channels, tap);
    down.cut(g.rows, in_row, g.columns.size * tap);
    total = g.images * down.pairs.size();
    span = most(1, near / block) * kLanes;
    is_large = g.images * (in_image + out_image) > kCacheFloats;
  }
  int64_t spans() const { return ceil_div(channels, span); }
  int64_t pair_floats() const { return 2 * out_row + in_image / down.pairs.size(); }

  // Pairs of rows begin .. end of the channels in span `s`, `weights` of these. `prefetch`: all channels.
  template <Group G, bool Gradient>
  void pairs(int64_t begin, int64_t end, int64_t s, bool prefetch, const float* x, float* weights, const float* bias,
             bool relu, float* y) const {
    const int64_t pairs_an_image = down.pairs.size(), tiles = across.tiles.size();
    const int64_t from = s * span, to = least(channels, from + span);
    for (int64_t at = begin; at < end; ++at) {
      const RowPair& pair = down.pairs[at % pairs_an_image];
      const float* image = x + at / pairs_an_image * in_image;
      float* row = y + at / pairs_an_image * out_image + pair.first * out_row;
      // Rows that the next pair reads, and writes: a share with each tile, in their order.
      const int64_t steps = tiles * ceil_div(to - from, kLanes) * most(1, pair.inputs_end - pair.inputs_begin) * 16;
      const int64_t x_pair = in_image / pairs_an_image, y_pair = 2 * out_row;
      Ahead ahead{};
      if (is_large && prefetch) {
        ahead.x_lines = ceil_div(x_pair, steps);
        ahead.y_lines = ceil_div(y_pair, steps);
      }
      for (int64_t t = 0; t < tiles; ++t) {
        const Tile& tile = across.tiles[t];
        ahead.x = image + (at % pairs_an_image + 1) * x_pair + 2 * in_row + t * x_pair / tiles;
        ahead.y = row + y_pair + t * y_pair / tiles;
        const Taps* taps = across.taps.data();
        const Job job{down.inputs.data() + pair.inputs_begin, down.inputs.data() + pair.inputs_end,
                      taps + tile.threes, taps + tile.ones, taps + tile.end, pair.rows,
                      channels, across.advance * channels, down.step * out_row, across.step * channels,
                      across.kernel_step * tap, block, width, relu, ahead};
        const auto kernel = across.advance == 2 ? pick_tile<G, Gradient, 2>(tile.pixels)
                                                : pick_tile<G, Gradient, 1>(tile.pixels);
        kernel(job, image, weights, bias, row + tile.first * channels, from, to);
      }
    }
  }
};

// Where the weights of a vector of channels lie: those of lane l begin at at[l].
struct Lanes {
  int64_t at[kLanes];
  int64_t next, h, w;  // from channel to channel within the group, from tap to tap

  Lanes(const Gather& g, WeightStrides s, int64_t block) {
    const bool backward = g.rows.backward;
    const int64_t d = g.c_in, last = (g.rows.size - 1) * s.h + (g.columns.size - 1) * s.w;
    next = backward ? s.out : s.in;
    h = backward ? -s.h : s.h;
    w = backward ? -s.w : s.w;
    for (int64_t l = 0; l < kLanes; ++l) {
      const int64_t c = least(g.in_pixel - 1, block * kLanes + l);
      at[l] = backward ? c / d * d * s.out + c % d * s.in + last : c * s.out;
    }
  }
};

// [vector of channels][tap][channel within the group][kLanes]
void pack(const Gather& g, const float* weight, WeightStrides at, float* packed) {
  const int64_t d = g.c_in, kh = g.rows.size, kw = g.columns.size;
  parallel_for(ceil_div(g.in_pixel, kLanes), [&](int64_t block) {
    const Lanes lanes(g, at, block);
    float* to = packed + block * kh * kw * d * kLanes;
    for (int64_t h = 0; h < kh; ++h)
      for (int64_t w = 0; w < kw; ++w)
        for (int64_t k = 0; k < d; ++k) {
          const float* from = weight + h * lanes.h + w * lanes.w + k * lanes.next;
          for (int64_t l = 0; l < kLanes; ++l) *to++ = from[lanes.at[l]];
        }
  });
}

// gw = the sum of the partial sums, in their order.
void unpack(const Gather& g, float* sums, int64_t partials, int64_t size, float* gw, WeightStrides at) {
  const int64_t d = g.c_in, kh = g.rows.size, kw = g.columns.size, block_size = kh * kw * d * kLanes;
  parallel_for(ceil_div(g.in_pixel, kLanes), [&](int64_t block) {
    float* from = sums + block * block_size;
    for (int64_t q = 1; q < partials; ++q) add(from, from + q * size, block_size);
    const Lanes lanes(g, at, block);
    for (int64_t l = 0; l < least(kLanes, g.in_pixel - block * kLanes); ++l)
      for (int64_t k = 0; k < d; ++k) {
        float* to = gw + lanes.at[l] + k * lanes.next;
        const float* sum = from + k * kLanes + l;
        for (int64_t h = 0; h < kh; ++h)
          for (int64_t w = 0; w < kw; ++w, sum += d * kLanes) to[h * lanes.h + w * lanes.w] = *sum;
      }
  });
}

// body with how the channels of a group lie, as a constant.
template <class F>
void with_group(int64_t width, const F& body) {
  if (width == 1) body(std::integral_constant<Group, Group::kOne>());
  else if (width < kLanes) body(std::integral_constant<Group, Group::kPart>());
  else body(std::integral_constant<Group, Group::kVectors>());
}

}  // namespace

void grouped(const Gather& g, const float* x, const float* weight, WeightStrides at, const float* bias,
             Activation activation, float* y) {
  static thread_local Walk own_walk;
  static thread_local Scratch weight_scratch, bias_scratch;
  own_walk.set(g, kWeightFloats);
  const Walk& walk = own_walk;
  const int64_t blocks = ceil_div(walk.channels, kLanes);
  float* packed = weight_scratch.floats(blocks * walk.block);
  pack(g, weight, at, packed);
  float* padded_bias = nullptr;
  if (bias) {
    padded_bias = bias_scratch.floats(blocks * kLanes);
    std::memcpy(padded_bias, bias, sizeof(float) * walk.channels);
    std::memset(padded_bias + walk.channels, 0, sizeof(float) * (blocks * kLanes - walk.channels));
  }
  // Images that no cache holds are read once: all channels of a piece before the next.
  const int64_t spans = walk.spans(), room = walk.is_large && spans > 1 ? kChunkFloats : kPieceFloats;
  const int64_t piece = most(1, least(room / walk.pair_floats(), walk.total / kMostParts));
  const int64_t pieces = ceil_div(walk.total, piece);
  with_group(g.c_in, [&](auto group) {
    parallel_for(pieces * spans, [&](int64_t u) {
      const int64_t s = walk.is_large ? u % spans : u / pieces;
      const int64_t begin = (walk.is_large ? u / spans : u % pieces) * piece, end = least(walk.total, begin + piece);
      walk.pairs<group, false>(begin, end, s, s == 0, x, packed + s * walk.span / kLanes * walk.block, padded_bias,
                               activation == Activation::kRelu, y);
    });
  });
}

void grouped_weight(const Gather& g, const float* x, const float* gy, float* gw, WeightStrides at) {
  static thread_local Walk own_walk;
  static thread_local Scratch sum_scratch;
  own_walk.set(g, kSumFloats);
  const Walk& walk = own_walk;
  const int64_t size = ceil_div(walk.channels, kLanes) * walk.block, span_size = walk.span / kLanes * walk.block;
  const int64_t pair = walk.pair_floats();
  const int64_t room = most(kPartialFloats, walk.total * pair / 8);
  const int64_t partials = most(1, least(least(kMostParts, walk.total * pair / kPieceFloats),
                                         least(walk.total, room / size)));
  const int64_t parts = least(ceil_div(walk.is_large ? 4 : kMostParts, partials), walk.spans());  // of the channels
  const int64_t chunk = most(1, least(kChunkFloats / pair, kChunkPixels / (2 * g.columns.output)));
  float* all = sum_scratch.floats(partials * size);
  with_group(g.c_in, [&](auto group) {
    parallel_for(partials * parts, [&](int64_t u) {
      static thread_local Scratch scratch;
      float* sums = scratch.floats(span_size);
      const int64_t partial = u % partials, part = u / partials;
      const int64_t begin = walk.total * partial / partials, end = walk.total * (partial + 1) / partials;
      for (int64_t row = begin; row < end; row += chunk)
        for (int64_t first = walk.spans() * part / parts, s = first; s < walk.spans() * (part + 1) / parts; ++s) {
          const int64_t count = least(span_size, size - s * span_size);
          float* total = all + partial * size + s * span_size;
          float* to = row == begin ? total : sums;
          std::memset(to, 0, sizeof(float) * count);
          walk.pairs<group, true>(row, least(end, row + chunk), s, s == first, x, to, nullptr, false,
                                  const_cast<float*>(gy));  // only read
          if (to == sums) add(total, sums, count);
        }
    });
  });
  unpack(g, all, partials, size, gw, at);
}

}  // namespace flambeau::FLAMBEAU_ISA
