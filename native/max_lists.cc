#include "max_lists.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kListed = 128;            // results of a chunk, about
constexpr int64_t kChunkFloats = 16 * 1024;  // of x, about
constexpr int64_t kMostPartials = 16;
constexpr int64_t kPartialFloats = 1 << 20;  // of all partial sums together
constexpr int kTileVectors = 12;             // R * V
constexpr int kMostVectors = 4;              // V
constexpr int64_t kNowhere = INT32_MIN / 2;  // where a number lies that names no place

struct Entry {
  uint32_t x;  // floats from the beginning of the chunk
  float g;
};

// Over the list, for R rows of taps and V vectors of L lanes of each: tile[r][v] += g * x[r][v], or, with kData,
// x[r][v] += g * tile[r][v]. The tile stays in registers. Few sums would wait for one another: then every second entry
// has its own.
template <bool kData, int R, int V, int L>
void walk(const Entry* list, int64_t count, float* x, int64_t x_row, float* tile, int64_t tile_row) {
  typedef float Lanes __attribute__((vector_size(4 * L), aligned(4), may_alias));
  constexpr int kAtOnce = !kData && 2 * R * V <= kTileVectors ? 2 : 1;
  Lanes held[kAtOnce][R][V] = {};
#define FLAMBEAU_EACH FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) FLAMBEAU_UNROLL for (int v = 0; v < V; ++v)
  const auto step = [&](const Entry& entry, Lanes (&with)[R][V]) __attribute__((always_inline)) {
    float* at = x + entry.x;
    const float g = entry.g;
    if constexpr (kData) FLAMBEAU_EACH *reinterpret_cast<Lanes*>(at + r * x_row + v * L) += g * with[r][v];
    else FLAMBEAU_EACH with[r][v] += g * *reinterpret_cast<Lanes*>(at + r * x_row + v * L);
  };
  if constexpr (kData) FLAMBEAU_EACH held[0][r][v] = *reinterpret_cast<Lanes*>(tile + r * tile_row + v * L);
  int64_t i = 0;
  for (; i + kAtOnce <= count; i += kAtOnce)
    FLAMBEAU_UNROLL for (int k = 0; k < kAtOnce; ++k) step(list[i + k], held[k]);
  if (i < count) step(list[i], held[0]);
  if constexpr (kAtOnce == 2) FLAMBEAU_EACH held[0][r][v] += held[1][r][v];
  if constexpr (!kData) FLAMBEAU_EACH *reinterpret_cast<Lanes*>(tile + r * tile_row + v * L) += held[0][r][v];
#undef FLAMBEAU_EACH
}

using Walk = void (*)(const Entry*, int64_t, float*, int64_t, float*, int64_t);

template <bool kData, int V, int L, std::size_t... R>
Walk pick_walk(int64_t rows, std::index_sequence<R...>) {
  static constexpr Walk table[] = {walk<kData, int(R) + 1, V, L>...};
  return table[rows - 1];
}

template <bool kData>
Walk pick_walk(int64_t rows, int64_t vectors, bool narrow) {
  if (narrow) return pick_walk<kData, 1, kLanes / 2>(rows, std::make_index_sequence<kTileVectors>());
  switch (vectors) {
    case 1: return pick_walk<kData, 1, kLanes>(rows, std::make_index_sequence<kTileVectors>());
    case 2: return pick_walk<kData, 2, kLanes>(rows, std::make_index_sequence<kTileVectors / 2>());
    case 3: return pick_walk<kData, 3, kLanes>(rows, std::make_index_sequence<kTileVectors / 3>());
    default: return pick_walk<kData, 4, kLanes>(rows, std::make_index_sequence<kTileVectors / 4>());
  }
}

// How the gradient of the weights is cut: into chunks of results, and these into partial sums.
struct Lists {
  explicit Lists(const ConvPoolShape& shape) : s(shape) {}

  ConvPoolShape s;
  ConvShape c = s.conv;
  int64_t vectors = ceil_div(c.kw * c.c_in, kLanes);                             // of a row of taps
  int64_t sum = c.kh * vectors * kLanes;                                         // floats of a channel's sums
  int64_t width = most(c.w + c.pad_w, (c.ow - 1) * c.stride_w + c.kw) * c.c_in;  // floats of a padded row of x
  int64_t rows = rows_of_chunk(), image = height(rows) * width;                  // of results; floats of x for them
  int64_t images = rows < s.oh ? 1 : most(1, least(least(c.n, kListed / (s.oh * s.ow)), kChunkFloats / image));
  int64_t chunks_down = ceil_div(s.oh, rows), chunks = chunks_down * ceil_div(c.n, images);
  int64_t partials = most(1, least(least(chunks, kMostPartials), kPartialFloats / (c.c_out * sum)));
  // From the convolution's window under the first place of a pool's window to that under another.
  Steps steps{s.window, s.window.dilation_h * c.stride_h * width, s.window.dilation_w * c.stride_w * c.c_in, kNowhere};

  // Rows of x that so many rows of results can need.
  int64_t height(int64_t results) const {
    const int64_t reach = (results - 1) * s.window.stride_h + (s.window.kh - 1) * s.window.dilation_h + 1;
    return (least(c.oh, reach) - 1) * c.stride_h + c.kh;
  }
  int64_t rows_of_chunk() const {
    int64_t some = least(s.oh, most(1, kListed / s.ow));
    while (some > 1 && height(some) * width > kChunkFloats) --some;
    return some;
  }
};

struct Chunk {
  Chunk(const Lists& p, int64_t index) {
    image = index / p.chunks_down * p.images;
    images = least(p.images, p.c.n - image);
    results.begin = index % p.chunks_down * p.rows;
    results.end = least(p.s.oh, results.begin + p.rows);
    rows = band(p.s, results.begin, results.end);
  }

  int64_t image, images;
  Range results, rows;  // of the result; of the convolution's output
};

// body(row of an image, its numbers' place in the copy) for all rows that the chunk's convolutions read; outside of the
// image the first is null.
template <class X, class F>
void for_rows(const Lists& p, const Chunk& chunk, X* x, float* copy, const F& body) {
  const ConvShape& c = p.c;
  const int64_t first = chunk.rows.begin * c.stride_h - c.pad_h;
  const int64_t height = (chunk.rows.size() - 1) * c.stride_h + c.kh;
  for (int64_t n = 0; n < chunk.images; ++n)
    for (int64_t i = first; i < first + height; ++i)
      body(i >= 0 && i < c.h ? x + ((chunk.image + n) * c.h + i) * c.w * c.c_in : nullptr,
           copy + n * p.image + (i - first) * p.width + c.pad_w * c.c_in);
}

// Where the pools' windows of a chunk begin in its copy of x; may be outside where the pool is padded.
void find_corners(const Lists& p, const Chunk& chunk, int32_t* corners) {
  const ConvShape& c = p.c;
  const PoolWindow& w = p.s.window;
  for (int64_t n = 0; n < chunk.images; ++n)
    for (int64_t o = chunk.results.begin; o < chunk.results.end; ++o)
      for (int64_t q = 0; q < p.s.ow; ++q) {
        const int64_t top = o * w.stride_h - w.pad_h - chunk.rows.begin, left = q * w.stride_w - w.pad_w;
        *corners++ = int32_t(n * p.image + top * c.stride_h * p.width + left * c.stride_w * c.c_in);
      }
}

// The list of one channel: of `count` results, whose gradients and places lie `step` apart. Returns its length.
// `limit`: no window begins there or beyond. (Not inlined: the loop takes all registers.)
__attribute__((noinline)) int64_t collect(const float* g, const uint8_t* places, int64_t step, const int32_t* corners,
                                          int64_t count, const Steps& steps, uint32_t limit, Entry* list) {
  int64_t length = 0;
  for (int64_t q = 0; q < count; ++q) {
    const uint32_t at = uint32_t(corners[q] + int32_t(steps(places[q * step])));
    uint32_t number;
    std::memcpy(&number, g + q * step, sizeof number);
    list[length] = {at, __builtin_bit_cast(float, number)};
    length += int64_t((number << 1) != 0) & int64_t(at < limit);  // no branch: with its sign shifted out, 0 is 0
  }
  return length;
}

// All lists of a chunk, and their walks. x: the chunk's copy; tiles: of each channel [kh][vectors][kLanes].
template <bool kData>
void walk_chunk(const Lists& p, const Chunk& chunk, Range channels, const float* g, const uint8_t* places, float* x,
                float* tiles) {
  static thread_local Scratch scratch;
  const ConvShape& c = p.c;
  const int64_t from = (chunk.image * p.s.oh + chunk.results.begin) * p.s.ow * c.c_out;
  const int64_t results = chunk.images * chunk.results.size() * p.s.ow;
  Entry* list = static_cast<Entry*>(scratch.bytes((sizeof(Entry) + sizeof(int32_t)) * (results + 1)));
  int32_t* corners = reinterpret_cast<int32_t*>(list + results + 1);
  find_corners(p, chunk, corners);
  const int64_t last = (chunk.rows.size() - 1) * c.stride_h * p.width + (c.ow - 1) * c.stride_w * c.c_in;
  const uint32_t limit = uint32_t((chunk.images - 1) * p.image + last + 1);
  const bool narrow = c.kw * c.c_in <= kLanes / 2;
  const int64_t across = ceil_div(p.vectors, kMostVectors), most_rows = kTileVectors / ceil_div(p.vectors, across);
  const int64_t down = ceil_div(c.kh, most_rows);
  for (int64_t channel = channels.begin; channel < channels.end; ++channel) {
    const int64_t length =
        collect(g + from + channel, places + from + channel, c.c_out, corners, results, p.steps, limit, list);
    for (int64_t i = 0; i < down * across; ++i) {
      const Range rows = piece(c.kh, i / across, down), vectors = piece(p.vectors, i % across, across);
      float* tile = tiles + channel * p.sum + (rows.begin * p.vectors + vectors.begin) * kLanes;
      float* corner = x + rows.begin * p.width + vectors.begin * kLanes;
      const auto walk = pick_walk<kData>(rows.size(), vectors.size(), narrow);
      walk(list, length, corner, p.width, tile, p.vectors * kLanes);
    }
  }
}

// Chunks one after the other: into tiles, which are sums, or from tiles of weights to x.
template <bool kData, class X>
void walk_chunks(const Lists& p, Range chunks, Range channels, const float* g, const uint8_t* places, X* x,
                 float* tiles) {
  static thread_local Scratch scratch;
  float* copy = scratch.floats(p.images * p.image + kLanes);
  const int64_t inside = p.c.w * p.c.c_in;
  for (int64_t index = chunks.begin; index < chunks.end; ++index) {
    const Chunk chunk(p, index);
    if (kData || index == chunks.begin) std::memset(copy, 0, sizeof(float) * p.images * p.image);
    if constexpr (!kData)
      for_rows(p, chunk, x, copy, [&](const float* row, float* to) {
        if (row) std::memcpy(to, row, sizeof(float) * inside);
        else std::memset(to, 0, sizeof(float) * inside);
      });
    walk_chunk<kData>(p, chunk, channels, g, places, copy, tiles);
    if constexpr (kData)
      for_rows(p, chunk, x, copy, [&](float* row, const float* from) {
        if (row) add_to(inside, from, row);
      });
  }
}

}  // namespace

void weight_by_lists(const ConvPoolShape& s, const float* x, const float* g, const uint8_t* places, float* gw,
                     WeightStrides to) {
  static thread_local Scratch scratch;
  const Lists p(s);
  const ConvShape& c = s.conv;
  float* sums = scratch.floats(p.partials * c.c_out * p.sum);
  const int64_t pieces = least(c.c_out, ceil_div(2 * get_num_threads(), p.partials));
  parallel_for(p.partials * pieces, [&](int64_t u) {
    const int64_t partial = u / pieces;
    const Range channels = piece(c.c_out, u % pieces, pieces);
    float* part = sums + partial * c.c_out * p.sum;
    std::memset(part + channels.begin * p.sum, 0, sizeof(float) * channels.size() * p.sum);
    walk_chunks<false>(p, piece(p.chunks, partial, p.partials), channels, g, places, x, part);
  });
  parallel_for(c.c_out, [&](int64_t o) {
    float* total = sums + o * p.sum;
    for (int64_t q = 1; q < p.partials; ++q) add_to(p.sum, total + q * c.c_out * p.sum, total);
    for (int64_t i = 0; i < c.c_in; ++i)
      for (int64_t t = 0; t < c.kh * c.kw; ++t)
        gw[weight_at(c, to, o, i, t)] = total[t / c.kw * p.vectors * kLanes + t % c.kw * c.c_in + i];
  });
}

// Every number of the gradient goes, times the weights of its channel, to the pixels that its maximum was made of.
void data_by_lists(const ConvPoolShape& s, const float* weight, WeightStrides at, const float* g, const uint8_t* places,
                   float* gx) {
  static thread_local Scratch scratch;
  const Lists p(s);
  const ConvShape& c = s.conv;
  float* weights = scratch.floats(c.c_out * p.sum);
  parallel_for(c.c_out, [&](int64_t o) {
    for (int64_t t = 0; t < c.kh * c.kw; ++t)
      for (int64_t i = 0; i < c.c_in; ++i) weights[o * p.sum + t * c.c_in + i] = weight[weight_at(c, at, o, i, t)];
  });
  const int64_t image = c.h * c.w * c.c_in;
  parallel_for(ceil_div(c.n, p.images), [&](int64_t u) {
    std::memset(gx + u * p.images * image, 0, sizeof(float) * image * least(p.images, c.n - u * p.images));
    walk_chunks<true>(p, {u * p.chunks_down, (u + 1) * p.chunks_down}, {0, c.c_out}, g, places, gx, weights);
  });
}

}  // namespace flambeau::FLAMBEAU_ISA
