#include "scatter.h"

#include "gather.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kBlockRows = 32;
constexpr int64_t kProductFloats = 48 * 1024;  // of P at once, for the second-level cache

struct Plan {
  ConvShape s;
  int64_t run, columns;         // numbers of P for a row of taps, for all taps
  int64_t nr, panel_count, row;  // floats between pixels of P
  int64_t used, pixels;         // of a row of gy: that reach the image, that are multiplied at once
  int64_t width;                // floats of a row of the image with its padding
  int64_t passes;               // over a row, so that windows of one pass do not meet
  int64_t block, blocks;        // rows of an image at once

  explicit Plan(const ConvShape& shape) : s(shape) {
    run = s.kw * s.c_in;
    columns = s.kh * run;
    nr = panel_columns(columns);
    panel_count = panels(columns);
    row = panel_count * nr;
    if (row % 256 == 0) row += kLanes;
    used = least(s.ow, ceil_div(s.pad_w + s.w, s.stride_w));
    pixels = least(used, most(kTileRows, kProductFloats / row));
    width = most((used - 1) * s.stride_w + s.kw, s.pad_w + s.w) * s.c_in + kLanes;
    passes = ceil_div(ceil_div(run, kLanes) * kLanes, s.stride_w * s.c_in);
    block = least(kBlockRows, s.h);
    while (block > 4 && s.n * ceil_div(s.h, block) < 2 * get_num_threads()) block = (block + 1) / 2;
    blocks = ceil_div(s.h, block);
  }
};

// [panel][channel out][tap and channel in]
void pack(const Plan& p, const float* weight, WeightStrides at, float* packed) {
  for (int64_t column = 0; column < p.panel_count * p.nr; ++column) {
    const int64_t tap = column / p.s.c_in;
    const float* from = weight + column % p.s.c_in * at.in + tap / p.s.kw * at.h + tap % p.s.kw * at.w;
    float* to = packed + column / p.nr * p.s.c_out * p.nr + column % p.nr;
    for (int64_t k = 0; k < p.s.c_out; ++k) to[k * p.nr] = column < p.columns ? from[k * at.out] : 0;
  }
}

// Panels [p0, p1) of P for some neighbours in a row of gy.
void multiply(const Plan& p, const float* gy, int64_t pixels, const float* packed, int64_t p0, int64_t p1,
              float* product) {
  const int64_t tiles = ceil_div(pixels, kTileRows);
  for (int64_t panel = p0; panel < p1; ++panel)
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t q = pixels * t / tiles, end = pixels * (t + 1) / tiles;
      const Segment segment{gy + q * p.s.c_out, packed + panel * p.s.c_out * p.nr, p.s.c_out};
      pick_dot(int(end - q), p.nr == kLanes)(&segment, 1, p.s.c_out, product + q * p.row + panel * p.nr, p.row,
                                             int(p.nr), Finish{});
    }
}

// One row of taps of these pixels, added to a row of the image.
void add_row(const Plan& p, const float* product, int64_t pixels, float* image) {
  const int64_t step = p.s.stride_w * p.s.c_in;
  for (int64_t pass = 0; pass < p.passes; ++pass)
    for (int64_t q = pass; q < pixels; q += p.passes)
      for (int64_t v = 0; v < p.run; v += kLanes) {
        float* to = image + q * step + v;
        store(to, load(to) + load_part(product + q * p.row + v, int(p.run - v)));
      }
}

// Rows [begin, end) of one image into `rows`, where the image lies with its padding at the left.
void sum_block(const Plan& p, const float* gy, const float* packed, const float* bias, int64_t begin, int64_t end,
               float* product, float* rows) {
  const ConvShape& s = p.s;
  std::memset(rows, 0, sizeof(float) * (end - begin) * p.width);
  for (int64_t i = 0; bias && i < end - begin; ++i)
    for (int64_t j = 0; j < s.pad_w + s.w; ++j)
      std::memcpy(rows + i * p.width + j * s.c_in, bias, sizeof(float) * s.c_in);
  const int64_t first = ceil_div(most(0, begin + s.pad_h - (s.kh - 1) * s.dilation_h), s.stride_h);
  const int64_t last = least(s.oh - 1, (end - 1 + s.pad_h) / s.stride_h);
  for (int64_t o = first; o <= last; ++o) {
    const int64_t top = o * s.stride_h - s.pad_h;  // the row that the first tap reads
    const int64_t k0 = top < begin ? ceil_div(begin - top, s.dilation_h) : 0;
    const int64_t k1 = least(s.kh, ceil_div(end - top, s.dilation_h));
    if (k0 >= k1) continue;
    for (int64_t q = 0; q < p.used; q += p.pixels) {
      const int64_t pixels = least(p.pixels, p.used - q);
      multiply(p, gy + (o * s.ow + q) * s.c_out, pixels, packed, k0 * p.run / p.nr, ceil_div(k1 * p.run, p.nr),
               product);
      float* to = rows + q * s.stride_w * s.c_in;
      for (int64_t k = k0; k < k1; ++k)
        add_row(p, product + k * p.run, pixels, to + (top + k * s.dilation_h - begin) * p.width);
    }
  }
}

}  // namespace

void scatter(const ConvShape& s, const float* gy, const float* weight, WeightStrides at, const float* bias, float* gx) {
  const Plan p(s);
  static thread_local Scratch packed_scratch;
  float* packed = packed_scratch.floats(p.panel_count * p.nr * s.c_out);
  pack(p, weight, at, packed);
  parallel_for(s.n * p.blocks, [&](int64_t u) {
    const int64_t n = u / p.blocks, begin = s.h * (u % p.blocks) / p.blocks, end = s.h * (u % p.blocks + 1) / p.blocks;
    static thread_local Scratch product_scratch, rows_scratch;
    float* product = product_scratch.floats(p.pixels * p.row + kLanes);
    float* rows = rows_scratch.floats(p.block * p.width);
    sum_block(p, gy + n * s.oh * s.ow * s.c_out, packed, bias, begin, end, product, rows);
    for (int64_t i = begin; i < end; ++i)
      std::memcpy(gx + (n * s.h + i) * s.w * s.c_in, rows + (i - begin) * p.width + s.pad_w * s.c_in,
                  sizeof(float) * s.w * s.c_in);
  });
}

}  // namespace flambeau::FLAMBEAU_ISA
