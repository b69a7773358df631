#include "grouped.h"

#include "array.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int kPixels = kLanes < 16 ? 7 : 14;       // of a tile
constexpr int64_t kRows = 2;                        // of a tile, one after the other
constexpr int64_t kPieceNumbers = 32 * 1024;        // of x and y: what a thread takes at a time
constexpr int64_t kWeightNumbers = 96 * 1024;       // that stay in the second-level cache over many rows
constexpr int64_t kSumNumbers = 10 * 1024;          // that are also written: partly in the first-level cache
constexpr int64_t kPartialNumbers = 512 * 1024;     // of all partial sums of a gradient
constexpr int64_t kMostParts = 16;                  // a problem is cut into at least, a gradient at most
constexpr int64_t kChunkNumbers = 128 * 1024;       // of x and y: second-level cache, over all channels
constexpr int64_t kChunkPixels = 1024;              // of a sum: more lose digits
constexpr int64_t kCacheNumbers = 2 * 1024 * 1024;  // beyond this, rows to come are prefetched

// The compiler would rather load a number again with every product than keep it.
template <class V>
FLAMBEAU_INLINE V held(V v) {
#if defined(__AVX512F__)
  asm("" : "+v"(v));
#elif defined(__x86_64__)
  asm("" : "+x"(v));
#endif
  return v;
}

template <bool Whole, class T>
FLAMBEAU_INLINE VecOf<T> load_lanes(const T* p, int lanes) { return Whole ? load(p) : load_part(p, lanes); }

// The channels of a group: one, a part of a vector (2, 4, ...), or a vector.
enum class Group { kOne, kPart, kVector };

// Three taps that read neighbours, or one tap, for the pixels of a tile.
struct Taps {
  int64_t x, weight;  // in numbers: what the first tap reads at the first pixel, inside the image or not; its weights
  bool three, inner;  // how many; whether all columns but the first and the last lie in the image
  uint32_t inside;    // bit j: column j lies in the image; columns of one tap are `advance` apart, else 1
};

// Neighbours of one row of the output that read the same taps: columns first, first + step, ...
struct Tile {
  int64_t first, pixels, taps_begin, taps_end;
};

// A row of the output (with stride backward, each of its phases) cut into tiles.
struct Tiles {
  Array<Tile> tiles;
  Array<Taps> taps;
  int64_t step, advance, kernel_step;  // from pixel to pixel in the output, in the input; from tap to tap

  template <class T>
  void cut(const Axis& axis, int64_t x_pixel, int64_t tap) {
    // Pixels a multiple of 4 KiB apart all fall into the same few places of the first-level cache.
    const bool collide = axis.stride > 1 && axis.stride * x_pixel * int64_t(sizeof(T)) % 4096 == 0;
    const int64_t widest = collide ? 7 : kPixels;
    tiles.clear();
    taps.clear();
    step = axis.backward ? axis.stride : 1;
    advance = axis.backward ? 1 : axis.stride;
    kernel_step = 1;
    while (axis.dilation * kernel_step % step) ++kernel_step;
    for (int64_t phase = 0; phase < least(step, axis.output); ++phase) {
      int64_t rest = ceil_div(axis.output - phase, step);
      for (int64_t o = phase, pixels; rest > 0; rest -= pixels, o += pixels * step) {
        pixels = rest >= widest ? widest : rest >= 7 && rest != 8 ? 7 : rest >= 4 ? 4 : rest >= 2 ? 2 : 1;
        add_tile(axis, o, pixels, x_pixel, tap);
      }
    }
  }

 private:
  void add_tile(const Axis& axis, int64_t o, int64_t pixels, int64_t x_pixel, int64_t tap) {
    const bool neighbours = axis.dilation * kernel_step == step && advance <= 2;
    const int64_t begin = taps.size();
    int64_t k = 0, input;
    while (k < axis.size && !axis.reads(o, k, input)) ++k;
    while (k < axis.size) {
      const bool three = neighbours && k + 2 * kernel_step < axis.size;
      const int64_t columns = three ? (pixels - 1) * advance + 3 : pixels, distance = three ? 1 : advance;
      uint32_t inside = 0;
      axis.reads(o, k, input);
      for (int64_t j = 0; j < columns; ++j)
        if (input + j * distance >= 0 && input + j * distance < axis.input) inside |= uint32_t{1} << j;
      const uint32_t middle = (uint32_t{1} << (columns - 1)) - 2;
      if (inside) taps.add({input * x_pixel, k * tap, three, (inside & middle) == middle, inside});
      k += three ? 3 * kernel_step : kernel_step;
    }
    tiles.add({o, pixels, begin, taps.size()});
  }
};

// A row of the input, and the row of weights that it meets.
struct RowTap {
  int64_t x, weight;
};

// Memory that will be wanted: some cache lines of it are fetched with each row of taps.
struct Ahead {
  const char *x, *y;
  int64_t x_lines, y_lines;

  template <bool Gradient>
  FLAMBEAU_INLINE void fetch() {
    for (int64_t i = 0; i < x_lines; ++i, x += 64) __builtin_prefetch(x, 0);
    for (int64_t i = 0; i < y_lines; ++i, y += 64) __builtin_prefetch(y, !Gradient);
  }
};

// One call: a tile of some rows, some channels. Distances in numbers.
struct Job {
  const RowTap* row_taps;
  const int64_t* begins;  // in row_taps, of each row; one more at the end
  int64_t rows;
  const Taps *taps, *taps_end;
  int64_t x_pixel, x_advance, y_row, y_pixel;
  int64_t next_tap, block;  // of the weights: neighbours in the input; vectors of channels
  int64_t width;            // channels of a group
  bool relu;
  Ahead ahead;
};

// Forward y += weight * x, for the gradient weight += y * x, for three taps (S is their stride) or one (S = 0).
// `Inner`: only the first and the last column may lie outside.
template <class T, Group G, bool Gradient, int S, bool Inner, int P, bool Whole>
FLAMBEAU_INLINE void add_taps(const Job& job, uint32_t inside, const T* x, T* weight, int lanes, VecOf<T> (&y)[P]) {
  constexpr int kTaps = S ? 3 : 1, kStride = S ? S : 1, kColumns = kStride * (P - 1) + kTaps;
  constexpr int kSums = Gradient && P > 7 ? 2 : 1;
  const int64_t distance = S ? job.x_pixel : job.x_advance, width = G == Group::kOne ? 1 : job.width;
  IntVec from;
  FLAMBEAU_UNROLL for (int i = 0; i < kLanes; ++i) from[i] = i;
  from &= int32_t(-width);
  for (int64_t k = 0; k < width; ++k, ++from, weight += lanes_of<T>) {
    VecOf<T> w[kSums][kTaps]{};
    FLAMBEAU_UNROLL for (int t = 0; t < kTaps; ++t) w[0][t] = load(weight + t * job.next_tap);
    FLAMBEAU_UNROLL for (int j = 0; j < kColumns; ++j) {
      if (!(Inner && j > 0 && j < kColumns - 1) && !(inside >> j & 1)) continue;
      VecOf<T> in;
      if constexpr (G == Group::kVector) in = broadcast(x[j * distance + k]);
      else in = load_lanes<Whole>(x + j * distance, lanes);
      if constexpr (G == Group::kPart) in = shuffled(in, from);
      in = held(in);
      FLAMBEAU_UNROLL for (int t = 0; t < kTaps; ++t) {
        const int p = (j - t) / kStride;
        if (j < t || (j - t) % kStride || p >= P) continue;
        (Gradient ? w[p % kSums][t] : y[p]) += in * (Gradient ? y[p] : w[0][t]);
      }
    }
    if (!Gradient) continue;
    FLAMBEAU_UNROLL for (int t = 0; t < kTaps; ++t)
      store(weight + t * job.next_tap, kSums > 1 ? w[0][t] + w[kSums - 1][t] : w[0][t]);
  }
}

// One row of a tile, one vector of channels.
template <class T, Group G, bool Gradient, int S, int P, bool Whole>
FLAMBEAU_INLINE void tile_row(const Job& job, int64_t r, const T* x, T* weight, const T* bias, T* to, int lanes,
                              Ahead& ahead) {
  VecOf<T> y[P];
  const VecOf<T> start = bias ? load_lanes<Whole>(bias, lanes) : VecOf<T>{};
  FLAMBEAU_UNROLL for (int p = 0; p < P; ++p)
    y[p] = Gradient ? load_lanes<Whole>(to + p * job.y_pixel, lanes) : start;
  for (const RowTap* row = job.row_taps + job.begins[r]; row < job.row_taps + job.begins[r + 1]; ++row) {
    ahead.fetch<Gradient>();
    for (const Taps* taps = job.taps; taps < job.taps_end; ++taps) {
      const T* from = x + row->x + taps->x;
      T* at = weight + row->weight + taps->weight;
      const uint32_t inside = taps->inside;
      if (!taps->three) add_taps<T, G, Gradient, 0, false, P, Whole>(job, inside, from, at, lanes, y);
      else if (taps->inner) add_taps<T, G, Gradient, S, true, P, Whole>(job, inside, from, at, lanes, y);
      else add_taps<T, G, Gradient, S, false, P, Whole>(job, inside, from, at, lanes, y);
    }
  }
  if (Gradient) return;
  FLAMBEAU_UNROLL for (int p = 0; p < P; ++p) {
    const VecOf<T> out = job.relu ? max(VecOf<T>{}, y[p]) : y[p];
    if (Whole) store(to + p * job.y_pixel, out);
    else store_part(to + p * job.y_pixel, out, lanes);
  }
}

template <class T, Group G, bool Gradient, int S, int P>
void tile(const Job& job, const T* x, T* weight, const T* bias, T* y, int64_t channels) {
  Ahead ahead = job.ahead;
  const auto block = [&](auto whole, int64_t c) __attribute__((always_inline)) {
    for (int64_t r = 0; r < job.rows; ++r)
      tile_row<T, G, Gradient, S, P, whole>(job, r, x + c, weight + c / lanes_of<T> * job.block,
                                            bias ? bias + c : nullptr, y + r * job.y_row + c, int(channels - c), ahead);
  };
  int64_t c = 0;
  for (; c + lanes_of<T> <= channels; c += lanes_of<T>) block(std::true_type(), c);
  if (c < channels) block(std::false_type(), c);
}

template <class T, Group G, bool Gradient, int S>
auto pick_tile(int64_t pixels) {
  return pixels == 1   ? tile<T, G, Gradient, S, 1>
         : pixels == 2 ? tile<T, G, Gradient, S, 2>
         : pixels == 4 ? tile<T, G, Gradient, S, 4>
         : pixels == 7 ? tile<T, G, Gradient, S, 7>
                       : tile<T, G, Gradient, S, kPixels>;
}

// to += from
template <class T>
void add(T* to, const T* from, int64_t count) {
  for (int64_t i = 0; i < count; i += lanes_of<T>) store(to + i, load(to + i) + load(from + i));
}

// Everything that does not depend on where the images lie.
template <class T>
struct Walk {
  const Gather* g;
  Tiles across;
  Array<RowTap> row_taps;
  Array<int64_t> begins;     // in row_taps, of each row of an image of the output; one more at the end
  int64_t channels, width;   // of all groups, of one
  int64_t tap, block, size;  // numbers of weights: of a tap, of a vector of channels, of all
  int64_t in_row, in_image, out_row;
  int64_t rows, total;       // of the output: of an image, of all
  int64_t span, spans;       // channels taken together, how often
  bool is_large;             // no cache holds the images: rows to come are prefetched

  // `near`: weights that stay in a cache over many rows.
  void set(const Gather& gather, int64_t near) {
    g = &gather;
    channels = g->in_pixel;
    width = g->c_in;
    tap = width * lanes_of<T>;
    block = g->taps() * tap;
    in_row = g->columns.input * channels;
    in_image = g->depth.input * g->rows.input * in_row;
    out_row = g->columns.output * channels;
    rows = g->depth.output * g->rows.output;
    total = g->images * rows;
    span = most(1, near / block) * lanes_of<T>;
    spans = ceil_div(channels, span);
    size = ceil_div(channels, lanes_of<T>) * block;
    is_large = g->images * in_image + total * out_row > kCacheNumbers;
    across.cut<T>(g->columns, channels, tap);
    row_taps.clear();
    begins.clear();
    for (int64_t o = 0; o < rows; ++o) add_row(o / g->rows.output, o % g->rows.output);
    begins.add(row_taps.size());
  }

  int64_t row_numbers() const { return out_row + in_image / rows; }

  // Rows begin .. end of the channels in span `s`; the first of several fetches for all.
  template <Group G, bool Gradient>
  void run(int64_t begin, int64_t end, int64_t s, bool is_first, const T* x, T* weights, const T* bias, bool relu,
           T* y) const {
    const int64_t from = s * span, count = least(channels - from, span), tiles = across.tiles.size();
    const int64_t x_row = in_image / rows;  // for a row of the output, on average
    const bool fetches = is_large && is_first;
    for (int64_t at = begin, together; at < end; at += together) {
      const int64_t o = at % rows;  // in its image
      together = least(kRows, least(end - at, rows - o));
      const T* image = x + at / rows * in_image;
      T* row = y + at * out_row;
      // What the rows after these read and write: a share with each tile, in the order of memory.
      const char* x_next = reinterpret_cast<const char*>(image + (o + kRows) * x_row + 2 * in_row);
      const char* y_next = reinterpret_cast<const char*>(row + kRows * out_row);
      const int64_t x_bytes = together * x_row * int64_t(sizeof(T)), y_bytes = together * out_row * int64_t(sizeof(T));
      const int64_t steps = tiles * ceil_div(count, lanes_of<T>) * most(1, begins[o + together] - begins[o]);
      const int64_t x_lines = fetches ? ceil_div(x_bytes, 64 * steps) : 0;
      const int64_t y_lines = fetches ? ceil_div(y_bytes, 64 * steps) : 0;
      for (int64_t t = 0; t < tiles; ++t) {
        const Tile& tile = across.tiles[t];
        const Ahead ahead{x_next + t * x_bytes / tiles, y_next + t * y_bytes / tiles, x_lines, y_lines};
        const Job job{row_taps.data(), begins.data() + o, together,
                      across.taps.data() + tile.taps_begin, across.taps.data() + tile.taps_end,
                      channels, across.advance * channels, out_row, across.step * channels,
                      across.kernel_step * tap, block, width, relu, ahead};
        const auto kernel = across.advance == 2 ? pick_tile<T, G, Gradient, 2>(tile.pixels)
                                                : pick_tile<T, G, Gradient, 1>(tile.pixels);
        kernel(job, image + from, weights, bias ? bias + from : nullptr, row + tile.first * channels + from, count);
      }
    }
  }

 private:
  void add_row(int64_t plane, int64_t row) {
    begins.add(row_taps.size());
    for (int64_t kd = 0; kd < g->depth.size; ++kd)
      for (int64_t kh = 0; kh < g->rows.size; ++kh) {
        int64_t d, h;
        if (!g->depth.reads(plane, kd, d) || d < 0 || d >= g->depth.input) continue;
        if (!g->rows.reads(row, kh, h) || h < 0 || h >= g->rows.input) continue;
        row_taps.add({(d * g->rows.input + h) * in_row, (kd * g->rows.size + kh) * g->columns.size * tap});
      }
  }
};

// body(i, j, lane) for the weights of one vector of channels: numbers i + l of all in our order, [vector of channels]
// [tap][channel within the group][lane l], lie at j + lane[l]. (Lanes that are too many: as the last channel.)
template <class T, class F>
void for_weights(const Gather& g, WeightStrides at, int64_t block, const F& body) {
  constexpr int64_t lanes = lanes_of<T>;
  const bool backward = g.rows.backward;
  const int64_t width = g.c_in;
  int64_t lane[lanes], i = block * g.taps() * width * lanes;
  for (int64_t l = 0; l < lanes; ++l) {
    const int64_t c = least(g.in_pixel - 1, block * lanes + l);
    lane[l] = backward ? c / width * width * at.out + c % width * at.in : c * at.out;
  }
  const auto tap = [&](const Axis& axis, int64_t k) { return backward ? axis.size - 1 - k : k; };
  for (int64_t d = 0; d < g.depth.size; ++d)
    for (int64_t h = 0; h < g.rows.size; ++h)
      for (int64_t w = 0; w < g.columns.size; ++w)
        for (int64_t k = 0; k < width; ++k, i += lanes)
          body(i, tap(g.depth, d) * at.d + tap(g.rows, h) * at.h + tap(g.columns, w) * at.w +
                      k * (backward ? at.out : at.in), lane);
}

// The weights of one vector of channels.
template <class T>
void pack(const Gather& g, const T* weight, WeightStrides at, int64_t block, T* packed) {
  if constexpr (sizeof(T) == 4)
    if (g.c_in == 1 || g.c_in == kLanes || !g.rows.backward) {  // lanes are equally far apart
      PackFrom<T> from = packed_for(g, weight + block * kLanes * at.out, at);
      if (g.c_in == 1) from.column = at.out;
      const int64_t columns = least(kLanes, g.in_pixel - block * kLanes);
      return pack_panel(from, columns, kLanes, g.c_in, 0, g.c_in, packed + block * g.taps() * g.c_in * kLanes);
    }
  for_weights<T>(g, at, block, [&](int64_t i, int64_t j, const int64_t* lane) {
    for (int64_t l = 0; l < lanes_of<T>; ++l) packed[i + l] = weight[j + lane[l]];
  });
}

// body with how the channels of a group lie, as a constant. `Vectors`: whether they may fill one.
template <class T, bool Vectors, class F>
void with_group(int64_t width, const F& body) {
  if constexpr (sizeof(T) == 4) {
    constexpr Group widest = Vectors ? Group::kVector : Group::kPart;
    if (width == kLanes) return body(std::integral_constant<Group, widest>());
    if (width > 1) return body(std::integral_constant<Group, Group::kPart>());
  }
  body(std::integral_constant<Group, Group::kOne>());
}

}  // namespace

template <class T>
void grouped(const Gather& g, const T* x, const T* weight, WeightStrides at, const T* bias, Activation activation,
             T* y) {
  static thread_local Walk<T> own_walk;
  static thread_local Scratch scratch;
  own_walk.set(g, kWeightNumbers);
  const Walk<T>& walk = own_walk;
  T* packed = static_cast<T*>(scratch.bytes(sizeof(T) * walk.size));
  parallel_for(walk.size / walk.block, [&](int64_t block) { pack(g, weight, at, block, packed); });
  const int64_t room = walk.spans > 1 ? kChunkNumbers : kPieceNumbers;
  const int64_t piece = most(1, least(most(kRows, room / walk.row_numbers()), walk.total / kMostParts));
  with_group<T, true>(g.c_in, [&](auto group) {
    parallel_for(ceil_div(walk.total, piece), [&](int64_t u) {
      for (int64_t s = 0; s < walk.spans; ++s)
        walk.template run<group, false>(u * piece, least(walk.total, (u + 1) * piece), s, s == 0, x,
                                           packed + s * walk.span / lanes_of<T> * walk.block, bias,
                                           activation == Activation::kRelu, y);
    });
  });
}

template <class T>
void grouped_weight(const Gather& g, const T* x, const T* gy, T* gw, WeightStrides at) {
  static thread_local Walk<T> own_walk;
  static thread_local Scratch sum_scratch;
  own_walk.set(g, kSumNumbers);
  const Walk<T>& walk = own_walk;
  const int64_t size = walk.size, span_size = walk.span / lanes_of<T> * walk.block;
  const int64_t all = walk.total * walk.row_numbers(), room = most(kPartialNumbers, all / 8);
  const int64_t partials = most(1, least(least(kMostParts, all / kPieceNumbers), least(walk.total, room / size)));
  const int64_t parts = least(ceil_div(walk.is_large ? 4 : kMostParts, partials), walk.spans);  // of the channels
  const int64_t chunk = most(1, least(kChunkNumbers / walk.row_numbers(), kChunkPixels / g.columns.output));
  T* sums = static_cast<T*>(sum_scratch.bytes(sizeof(T) * partials * size));
  with_group<T, false>(g.c_in, [&](auto group) {
    parallel_for(partials * parts, [&](int64_t u) {
      static thread_local Scratch scratch;
      T* own = static_cast<T*>(scratch.bytes(sizeof(T) * span_size));
      const int64_t partial = u % partials, part = u / partials, first = walk.spans * part / parts;
      const int64_t begin = walk.total * partial / partials, end = walk.total * (partial + 1) / partials;
      for (int64_t row = begin; row < end; row += chunk)
        for (int64_t s = first; s < walk.spans * (part + 1) / parts; ++s) {
          const int64_t count = least(span_size, size - s * span_size);
          T* total = sums + partial * size + s * span_size;
          T* to = row == begin ? total : own;
          std::memset(to, 0, sizeof(T) * count);
          walk.template run<group, true>(row, least(end, row + chunk), s, s == first, x, to, nullptr, false,
                                            const_cast<T*>(gy));  // only read
          if (to == own) add(total, own, count);
        }
    });
  });
  parallel_for(size / walk.block, [&](int64_t block) {
    T* first = sums + block * walk.block;
    for (int64_t q = 1; q < partials; ++q) add(first, first + q * size, walk.block);
    const int64_t count = least(lanes_of<T>, walk.channels - block * lanes_of<T>);
    for_weights<T>(g, at, block, [&](int64_t i, int64_t j, const int64_t* lane) {
      for (int64_t l = 0; l < count; ++l) gw[j + lane[l]] = sums[i + l];
    });
  });
}

#define FLAMBEAU_INSTANCE(T)                                                                                  \
  template void grouped(const Gather&, const T*, const T*, WeightStrides, const T*, Activation, T*);          \
  template void grouped_weight(const Gather&, const T*, const T*, T*, WeightStrides);
FLAMBEAU_INSTANCE(float)
FLAMBEAU_INSTANCE(double)

}  // namespace flambeau::FLAMBEAU_ISA
