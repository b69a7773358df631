#include "outer.h"

#include "array.h"
#include "gather.h"
#include "transpose.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kChunkPixels = 256;
constexpr int64_t kPartialFloats = 1 << 21;  // of all partial sums together
constexpr int64_t kMostPartials = 16;
constexpr int64_t kFewChannels = 16;  // below: a row of taps counts as channels

struct Plan {
  ConvShape s;
  int64_t c_in, c_out;        // of a group
  bool merged;                // a row of taps counts as channels
  int64_t rows, taps_w;       // rows of the result a tap; taps that are told apart in a row
  int64_t pixel;              // floats between pixels in the copy of x
  int64_t left, width;        // columns of zeros left of the image; columns of the copy
  int64_t chunk_rows, chunk_images, chunks_down, chunks;
  int64_t nr, panel_count, tiles;  // tiles of rows
  int64_t panel_size;         // floats of a panel of the result: [tap row][tap column][tile][row][nr]
  int64_t partials;

  explicit Plan(const ConvShape& shape) : s(shape) {
    c_in = s.c_in / s.groups;
    c_out = s.c_out / s.groups;
    merged = s.dilation_w == 1 && c_in < kFewChannels;
    rows = merged ? s.kw * c_in : c_in;
    taps_w = merged ? 1 : s.kw;
    pixel = merged || c_in % 256 ? c_in : c_in + kLanes;
    left = s.pad_w;
    width = most(s.pad_w + s.w, (s.ow - 1) * s.stride_w + (s.kw - 1) * s.dilation_w + 1);
    chunk_rows = least(s.oh, most(1, kChunkPixels / s.ow));
    chunk_images = chunk_rows < s.oh ? 1 : least(s.n, most(1, kChunkPixels / (s.oh * s.ow)));
    chunks_down = ceil_div(s.oh, chunk_rows);
    chunks = chunks_down * ceil_div(s.n, chunk_images);
    nr = panel_columns(c_out);
    panel_count = panels(c_out);
    tiles = ceil_div(rows, kTileRows);
    panel_size = s.kh * taps_w * tiles * kTileRows * nr;
    partials = least(least(chunks, kMostPartials), most(1, kPartialFloats / (panel_size * panel_count)));
  }

  int64_t tile_rows(int64_t tile) const { return rows * (tile + 1) / tiles - rows * tile / tiles; }
  int64_t tile_begin(int64_t tile) const { return rows * tile / tiles; }
};

// Output rows [row, row + rows) of images [image, image + images), and the input rows that they read.
struct Chunk {
  int64_t image, images, row, rows, low, high;

  Chunk(const Plan& p, int64_t index) {
    const int64_t down = index % p.chunks_down;
    image = index / p.chunks_down * p.chunk_images;
    images = least(p.chunk_images, p.s.n - image);
    row = down * p.chunk_rows;
    rows = least(p.chunk_rows, p.s.oh - row);
    low = most(0, row * p.s.stride_h - p.s.pad_h);
    high = least(p.s.h, (row + rows - 1) * p.s.stride_h - p.s.pad_h + (p.s.kh - 1) * p.s.dilation_h + 1);
    if (high < low) high = low;
  }
};

void copy_input(const Plan& p, const Chunk& c, const float* x, float* copy) {
  for (int64_t n = 0; n < c.images; ++n)
    for (int64_t i = c.low; i < c.high; ++i) {
      const float* from = x + ((c.image + n) * p.s.h + i) * p.s.w * p.s.c_in;
      float* to = copy + (n * (c.high - c.low) + i - c.low) * p.width * p.pixel;
      std::memset(to, 0, sizeof(float) * p.left * p.pixel);
      to += p.left * p.pixel;
      if (p.pixel == p.s.c_in) std::memcpy(to, from, sizeof(float) * p.s.w * p.pixel);
      else for (int64_t j = 0; j < p.s.w; ++j)
        std::memcpy(to + j * p.pixel, from + j * p.s.c_in, sizeof(float) * p.c_in);
      std::memset(to + p.s.w * p.pixel, 0, sizeof(float) * (p.width - p.left - p.s.w) * p.pixel);
    }
}

void copy_gradient(const Plan& p, const Chunk& c, const float* gy, int64_t panel, float* copy) {
  const int columns = int(least(p.nr, p.c_out - panel * p.nr));
  for (int64_t n = 0; n < c.images; ++n) {
    const float* from = gy + ((c.image + n) * p.s.oh + c.row) * p.s.ow * p.s.c_out + panel * p.nr;
    for (int64_t q = 0; q < c.rows * p.s.ow; ++q, from += p.s.c_out, copy += p.nr)
      for (int64_t v = 0; v < p.nr; v += kLanes) store(copy + v, load_part(from + v, columns - int(v)));
  }
}

// Where pixels of a chunk lie in both copies, for the taps of row kh.
void find_runs(const Plan& p, const Chunk& c, int64_t kh, Array<PixelRun>& runs) {
  runs.clear();
  for (int64_t n = 0; n < c.images; ++n)
    for (int64_t o = c.row; o < c.row + c.rows; ++o) {
      const int64_t i = o * p.s.stride_h - p.s.pad_h + kh * p.s.dilation_h;
      if (i < 0 || i >= p.s.h) continue;
      runs.add({(n * (c.high - c.low) + i - c.low) * p.width * p.pixel, (n * c.rows + o - c.row) * p.s.ow * p.nr,
                p.s.ow});
    }
}

// Add the chunks of one partial sum to panels [panel_begin, panel_end) of `sum`.
void add_chunks(const Plan& p, int64_t partial, int64_t panel_begin, int64_t panel_end, const float* x, const float* gy,
                float* sum) {
  static thread_local Scratch x_scratch, gy_scratch;
  static thread_local Array<PixelRun> runs;
  const int64_t begin = p.chunks * partial / p.partials, end = p.chunks * (partial + 1) / p.partials;
  for (int64_t index = begin; index < end; ++index) {
    const Chunk c(p, index);
    float* xs = x_scratch.floats(c.images * (c.high - c.low) * p.width * p.pixel + kLanes);
    float* gys = gy_scratch.floats(c.images * c.rows * p.s.ow * p.nr);
    copy_input(p, c, x, xs);
    for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
      copy_gradient(p, c, gy, panel, gys);
      float* tile = sum + panel * p.panel_size;
      for (int64_t kh = 0; kh < p.s.kh; ++kh) {
        find_runs(p, c, kh, runs);
        for (int64_t kw = 0; kw < p.taps_w; ++kw)
          for (int64_t t = 0; t < p.tiles; ++t, tile += kTileRows * p.nr) {
            const int rows = int(p.tile_rows(t));
            pick_outer(rows, p.nr == kLanes)(
                runs.data(), runs.size(), xs + kw * p.s.dilation_w * p.pixel + p.tile_begin(t), gys,
                p.s.stride_w * p.pixel, tile, p.nr, int(p.nr), {.accumulate = index > begin});
          }
      }
    }
  }
}

// One vector of the result: the partial sums, added in order. `row`: of a tap's result.
Vec total(const Plan& p, int64_t panel, int64_t kh, int64_t kw, int64_t row, int64_t v, const float* sums) {
  int64_t tile = row * p.tiles / p.rows;
  while (row >= p.tile_begin(tile + 1)) ++tile;
  const float* from = sums + panel * p.panel_size + v +
                      (((kh * p.taps_w + kw) * p.tiles + tile) * kTileRows + row - p.tile_begin(tile)) * p.nr;
  Vec sum = load(from);
  for (int64_t q = 1; q < p.partials; ++q) sum += load(from + q * p.panel_size * p.panel_count);
  return sum;
}

// Rows [begin, end) of one panel, to where the weights lie.
void write_rows(const Plan& p, int64_t panel, int64_t begin, int64_t end, const float* sums, float* gw,
                WeightStrides to) {
  const int64_t columns = least(p.nr, p.c_out - panel * p.nr);
  for (int64_t row = begin; row < end; ++row)
    for (int64_t kh = 0; kh < p.s.kh; ++kh)
      for (int64_t kw = 0; kw < p.taps_w; ++kw) {
        const int64_t channel = p.merged ? row % p.c_in : row, tap = p.merged ? row / p.c_in : kw;
        float* target = gw + kh * to.h + tap * to.w + channel * to.in + panel * p.nr * to.out;
        for (int64_t v = 0; v < columns; v += kLanes) {
          alignas(64) float lanes[kLanes];
          store(lanes, total(p, panel, kh, kw, row, v, sums));
          for (int64_t j = 0; j < least(kLanes, columns - v); ++j) target[(v + j) * to.out] = lanes[j];
        }
      }
}

// The same where all channels in and taps of a channel out lie side by side: squares are turned in registers, so that
// whole vectors are written. (Number by number, a power of two apart, each would throw the one before out of the cache:
// ten times as slow with 1024 channels.)
void write_turned(const Plan& p, int64_t panel, int64_t begin, int64_t end, const float* sums, float* gw,
                  WeightStrides to) {
  const int64_t columns = least(p.nr, p.c_out - panel * p.nr), taps = p.s.kh * p.s.kw;
  for (int64_t v = 0; v < columns; v += kLanes)
    for (int64_t m = begin * taps; m < end * taps; m += kLanes) {
      const int count = int(least(kLanes, end * taps - m));
      Vec square[kLanes];
      for (int i = 0; i < kLanes; ++i) {
        const int64_t tap = (m + i) % taps;
        square[i] = i < count ? total(p, panel, tap / p.s.kw, tap % p.s.kw, (m + i) / taps, v, sums) : Vec{};
      }
      transpose(square);
      for (int64_t j = 0; j < least(kLanes, columns - v); ++j)
        store_part(gw + (panel * p.nr + v + j) * to.out + m, square[j], count);
    }
}

}  // namespace

void outer(const ConvShape& s, const float* x, const float* gy, float* gw, WeightStrides to) {
  const Plan p(s);
  static thread_local Scratch scratch;
  float* sums = scratch.floats(p.partials * p.panel_count * p.panel_size);
  // Panels are dealt out too where there are few partial sums; that changes no sum.
  const int64_t pieces = least(p.panel_count, ceil_div(4 * get_num_threads(), p.partials));
  parallel_for(p.partials * pieces, [&](int64_t u) {
    const int64_t partial = u / pieces, piece = u % pieces;
    add_chunks(p, partial, p.panel_count * piece / pieces, p.panel_count * (piece + 1) / pieces, x, gy,
               sums + partial * p.panel_count * p.panel_size);
  });
  const bool turned = !p.merged && to.w == 1 && to.h == s.kw && to.in == s.kh * s.kw;
  const int64_t slices = ceil_div(p.rows, 64);
  parallel_for(p.panel_count * slices, [&](int64_t u) {
    const int64_t begin = u % slices * 64;
    (turned ? write_turned : write_rows)(p, u / slices, begin, least(p.rows, begin + 64), sums, gw, to);
  });
}

}  // namespace flambeau::FLAMBEAU_ISA
