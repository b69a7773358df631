#include "max_lists.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kListed = 128;            // results of a chunk, about
constexpr int64_t kChunkFloats = 16 * 1024;  // of x, about
constexpr int64_t kMostPartials = 16;
constexpr int64_t kPartialFloats = 1 << 20;  // of all partial sums together
constexpr int kTileVectors = 12;             // R * V
constexpr int kMostVectors = 4;              // V

struct Entry {
  uint32_t x;  // floats from the beginning of the chunk
  float g;
};

// tile[r][v] += g * x[r][v] over the list: R rows of taps, V vectors of L lanes of each. Few sums would wait for one
// another: then every second entry has its own.
template <int R, int V, int L>
void walk_weight(const Entry* list, int64_t count, float* x, int64_t x_row, float* tile, int64_t tile_row) {
  typedef float Lanes __attribute__((vector_size(4 * L), aligned(4), may_alias));
  constexpr int kAtOnce = 2 * R * V <= kTileVectors ? 2 : 1;
  Lanes total[kAtOnce][R][V] = {};
  const auto add = [&](const Entry& entry, Lanes (&to)[R][V]) __attribute__((always_inline)) {
    const float* from = x + entry.x;
    FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) FLAMBEAU_UNROLL for (int v = 0; v < V; ++v)
        to[r][v] += entry.g * *reinterpret_cast<const Lanes*>(from + r * x_row + v * L);
  };
  int64_t i = 0;
  for (; i + kAtOnce <= count; i += kAtOnce)
    FLAMBEAU_UNROLL for (int k = 0; k < kAtOnce; ++k) add(list[i + k], total[k]);
  if (i < count) add(list[i], total[0]);
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) {
    Lanes* to = reinterpret_cast<Lanes*>(tile + r * tile_row + v * L);
    *to += kAtOnce == 2 ? total[0][r][v] + total[kAtOnce - 1][r][v] : total[0][r][v];
  }
}

// x[r][v] += g * tile[r][v] over the list.
template <int R, int V, int L>
void walk_data(const Entry* list, int64_t count, float* x, int64_t x_row, float* tile, int64_t tile_row) {
  typedef float Lanes __attribute__((vector_size(4 * L), aligned(4), may_alias));
  Lanes weights[R][V];
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) FLAMBEAU_UNROLL for (int v = 0; v < V; ++v)
      weights[r][v] = *reinterpret_cast<const Lanes*>(tile + r * tile_row + v * L);
  for (const Entry* entry = list; entry < list + count; ++entry) {
    float* to = x + entry->x;
    const float g = entry->g;
    FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) FLAMBEAU_UNROLL for (int v = 0; v < V; ++v)
        *reinterpret_cast<Lanes*>(to + r * x_row + v * L) += g * weights[r][v];
  }
}

using Walk = void (*)(const Entry*, int64_t, float*, int64_t, float*, int64_t);

template <bool kData, int V, int L, std::size_t... R>
Walk pick_walk(int64_t rows, std::index_sequence<R...>) {
  static constexpr Walk table[] = {(kData ? walk_data<int(R) + 1, V, L> : walk_weight<int(R) + 1, V, L>)...};
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
  ConvPoolShape s;
  int64_t vectors;                // of a row of taps
  int64_t width, image;           // floats of a padded row of x, and of the rows of an image in a chunk
  int64_t rows, images;           // of results in a chunk
  int64_t chunks_down, chunks;
  int64_t sum;                    // floats of the sums of one channel: [kh][vectors][kLanes]
  int64_t partials;

  explicit Lists(const ConvPoolShape& shape) : s(shape) {
    const ConvShape& c = s.conv;
    vectors = ceil_div(c.kw * c.c_in, kLanes);
    width = most(c.w + c.pad_w, (c.ow - 1) * c.stride_w + c.kw) * c.c_in;
    rows = least(s.oh, most(1, kListed / s.ow));
    while (rows > 1 && height(rows) * width > kChunkFloats) --rows;
    image = height(rows) * width;
    images = rows < s.oh ? 1 : most(1, least(least(c.n, kListed / (s.oh * s.ow)), kChunkFloats / image));
    chunks_down = ceil_div(s.oh, rows);
    chunks = chunks_down * ceil_div(c.n, images);
    sum = c.kh * vectors * kLanes;
    partials = most(1, least(least(chunks, kMostPartials), kPartialFloats / (c.c_out * sum)));
  }

  // Rows of x that so many rows of results can need.
  int64_t height(int64_t results) const {
    const int64_t reach = (results - 1) * s.window.stride_h + (s.window.kh - 1) * s.window.dilation_h + 1;
    return (least(s.conv.oh, reach) - 1) * s.conv.stride_h + s.conv.kh;
  }
};

struct Chunk {
  int64_t image, images;
  Range results, rows;  // of the result; of the convolution's output

  Chunk(const Lists& p, int64_t index) {
    image = index / p.chunks_down * p.images;
    images = least(p.images, p.s.conv.n - image);
    results.begin = index % p.chunks_down * p.rows;
    results.end = least(p.s.oh, results.begin + p.rows);
    rows = band(p.s, results.begin, results.end);
  }
};

// body(row of an image, its row in the copy) for all rows of the padded x that the chunk's convolutions read; outside
// of the image the first is null.
template <class X, class F>
void for_rows(const Lists& p, const Chunk& chunk, X* x, float* copy, const F& body) {
  const ConvShape& c = p.s.conv;
  const int64_t first = chunk.rows.begin * c.stride_h - c.pad_h;
  const int64_t height = (chunk.rows.end - chunk.rows.begin - 1) * c.stride_h + c.kh;
  for (int64_t n = 0; n < chunk.images; ++n)
    for (int64_t i = first; i < first + height; ++i)
      body(i >= 0 && i < c.h ? x + ((chunk.image + n) * c.h + i) * c.w * c.c_in : nullptr,
           copy + n * p.image + (i - first) * p.width);
}

// Where the convolution's window of each place lies, seen from that of the first place of a pool's window.
struct Steps {
  int32_t of[256];

  explicit Steps(const Lists& p) {
    const PoolWindow& w = p.s.window;
    const int64_t down = w.dilation_h * p.s.conv.stride_h * p.width;
    const int64_t across = w.dilation_w * p.s.conv.stride_w * p.s.conv.c_in;
    for (int64_t place = 0; place < 256; ++place)
      of[place] = place < w.kh * w.kw ? int32_t(place / w.kw * down + place % w.kw * across) : kNowhere;
  }
  static constexpr int32_t kNowhere = INT32_MIN / 2;  // a number that names no place
};

// Where the pools' windows of a chunk begin in its copy of x; may be outside where the pool is padded.
void find_corners(const Lists& p, const Chunk& chunk, int32_t* corners) {
  const ConvShape& c = p.s.conv;
  const PoolWindow& w = p.s.window;
  for (int64_t n = 0; n < chunk.images; ++n)
    for (int64_t o = chunk.results.begin; o < chunk.results.end; ++o)
      for (int64_t q = 0; q < p.s.ow; ++q) {
        const int64_t top = o * w.stride_h - w.pad_h - chunk.rows.begin, left = q * w.stride_w - w.pad_w;
        *corners++ = int32_t(n * p.image + top * c.stride_h * p.width + left * c.stride_w * c.c_in);
      }
}

// The list of one channel: of `count` results, whose gradients and places lie `step` apart. Returns its length.
// `limit`: no window begins there or beyond.
int64_t collect(const float* g, const uint8_t* places, int64_t step, const int32_t* corners, int64_t count,
                const Steps& steps, uint32_t limit, Entry* list) {
  int64_t length = 0;
  for (int64_t q = 0; q < count; ++q) {
    const uint32_t at = uint32_t(corners[q] + steps.of[places[q * step]]);
    uint32_t number;
    std::memcpy(&number, g + q * step, sizeof number);
    list[length].x = at;
    std::memcpy(&list[length].g, &number, sizeof number);
    length += int64_t((number << 1) != 0) & int64_t(at < limit);  // with its sign shifted out, 0 is 0
  }
  return length;
}

// All lists of a chunk, and their walks. x: the chunk's copy; tiles: of each channel [kh][vectors][kLanes].
template <bool kData>
void walk_chunk(const Lists& p, const Chunk& chunk, const Steps& steps, Range channels, const float* g,
                const uint8_t* places, float* x, float* tiles) {
  static thread_local Scratch scratch;
  const ConvShape& c = p.s.conv;
  const int64_t from = (chunk.image * p.s.oh + chunk.results.begin) * p.s.ow * c.c_out;
  const int64_t results = chunk.images * (chunk.results.end - chunk.results.begin) * p.s.ow;
  Entry* list = static_cast<Entry*>(scratch.bytes((sizeof(Entry) + sizeof(int32_t)) * (results + 1)));
  int32_t* corners = reinterpret_cast<int32_t*>(list + results + 1);
  find_corners(p, chunk, corners);
  const int64_t last =
      (chunk.rows.end - chunk.rows.begin - 1) * c.stride_h * p.width + (c.ow - 1) * c.stride_w * c.c_in;
  const uint32_t limit = uint32_t((chunk.images - 1) * p.image + last + 1);
  const bool narrow = c.kw * c.c_in <= kLanes / 2;
  const int64_t across = ceil_div(p.vectors, kMostVectors), most_rows = kTileVectors / ceil_div(p.vectors, across);
  const int64_t down = ceil_div(c.kh, most_rows);
  for (int64_t channel = channels.begin; channel < channels.end; ++channel) {
    const int64_t length =
        collect(g + from + channel, places + from + channel, c.c_out, corners, results, steps, limit, list);
    for (int64_t i = 0; i < down * across; ++i) {
      const int64_t r = c.kh * (i / across) / down, rows = c.kh * (i / across + 1) / down - r;
      const int64_t v = p.vectors * (i % across) / across, vectors = p.vectors * (i % across + 1) / across - v;
      pick_walk<kData>(rows, vectors, narrow)(list, length, x + r * p.width + v * kLanes, p.width,
                                              tiles + channel * p.sum + (r * p.vectors + v) * kLanes,
                                              p.vectors * kLanes);
    }
  }
}

// Adds the chunks of one partial sum, for some channels.
void add_chunks(const Lists& p, int64_t partial, Range channels, const float* x, const float* g, const uint8_t* places,
                float* sums) {
  static thread_local Scratch scratch;
  const ConvShape& c = p.s.conv;
  const Steps steps(p);
  float* copy = scratch.floats(p.images * p.image + kLanes);
  std::memset(sums + channels.begin * p.sum, 0, sizeof(float) * (channels.end - channels.begin) * p.sum);
  const int64_t left = c.pad_w * c.c_in, inside = least(c.w * c.c_in, p.width - left);
  for (int64_t index = p.chunks * partial / p.partials; index < p.chunks * (partial + 1) / p.partials; ++index) {
    const Chunk chunk(p, index);
    for_rows(p, chunk, x, copy, [&](const float* from, float* to) {
      std::memset(to, 0, sizeof(float) * (from ? left : p.width));
      if (!from) return;
      std::memcpy(to + left, from, sizeof(float) * inside);
      std::memset(to + left + inside, 0, sizeof(float) * (p.width - left - inside));
    });
    walk_chunk<false>(p, chunk, steps, channels, g, places, copy, sums);
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
    const int64_t partial = u / pieces, piece = u % pieces;
    const Range channels{c.c_out * piece / pieces, c.c_out * (piece + 1) / pieces};
    add_chunks(p, partial, channels, x, g, places, sums + partial * c.c_out * p.sum);
  });
  parallel_for(c.c_out, [&](int64_t o) {
    float* total = sums + o * p.sum;
    for (int64_t q = 1; q < p.partials; ++q) add_to(p.sum, total + q * c.c_out * p.sum, total);
    for (int64_t i = 0; i < c.c_in; ++i)
      for (int64_t t = 0; t < c.kh * c.kw; ++t)
        gw[o * to.out + i * to.in + t / c.kw * to.h + t % c.kw * to.w] =
            total[t / c.kw * p.vectors * kLanes + t % c.kw * c.c_in + i];
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
      for (int64_t i = 0; i < c.c_in; ++i)
        weights[o * p.sum + t * c.c_in + i] = weight[o * at.out + i * at.in + t / c.kw * at.h + t % c.kw * at.w];
  });
  parallel_for(ceil_div(c.n, p.images), [&](int64_t u) {
    static thread_local Scratch map_scratch;
    const Steps steps(p);
    float* map = map_scratch.floats(p.images * p.image);
    const int64_t left = c.pad_w * c.c_in, inside = least(c.w * c.c_in, p.width - left), image = c.h * c.w * c.c_in;
    std::memset(gx + u * p.images * image, 0, sizeof(float) * image * least(p.images, c.n - u * p.images));
    for (int64_t index = u * p.chunks_down; index < (u + 1) * p.chunks_down; ++index) {
      const Chunk chunk(p, index);
      std::memset(map, 0, sizeof(float) * p.images * p.image);
      walk_chunk<true>(p, chunk, steps, {0, c.c_out}, g, places, map, weights);
      for_rows(p, chunk, gx, map, [&](float* to, const float* from) {
        if (to) add_to(inside, from + left, to);
      });
    }
  });
}

}  // namespace flambeau::FLAMBEAU_ISA
