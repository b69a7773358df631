// Convolution + bias + max pool + activation in one piece.
//
// A convolution's output is the largest thing in a small network: LeNet's first layer makes 576 pixels of 32 channels
// of an image of 784 numbers, and the pool leaves 64 of them. Here the full map never exists.
//
// Forward. A piece of work is a band: a few rows of the result, for as many images as a tile has rows. The rows of the
// convolution that these need are computed into scratch that stays in the second-level cache, pooled from there, and
// the activation follows on what is left. (tanh after a 2 x 2 pool is a quarter of the work of tanh before it, and
// gives the same numbers: an activation that never falls maps the maximum to the maximum.) Where windows overlap,
// neighbouring bands compute the rows between them twice.
//
// Backward. The gradients of weights and data come straight from the pooled gradient (max_lists.h) where that is
// faster. Else (many channels, for which Winograd's way exists; grouped or dilated convolutions; pools with more than
// 256 places) the gradient of the full map is made after all, for a few images at a time, and given to the
// convolution's own kernels.
//
// Ties. The first maximum of a window wins, NaN above all, as in pooling.h. Activation before pool instead of after it
// gives the same values. The gradients are the same too, unless the activation makes equal what was not equal: then
// PyTorch's activation -> pool sends the gradient to the first of the equals, and we to the greatest. Where relu or
// hardtanh do so, both gradients are zero. Products with the zeros of the full gradient are not computed, so that an
// infinity in x makes NaN (infinity times 0) only of those weights' gradients that it belongs to.
#include "conv_pool.h"

#include "bias.h"
#include "gather.h"
#include "max_lists.h"
#include "table.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kBandFloats = 64 * 1024;  // of the convolution's output, in the second-level cache
constexpr int64_t kMapFloats = 1 << 21;     // of it where whole images are computed at once

MaxPlaces advanced(MaxPlaces places, int64_t count) {
  return {places.bytes ? places.bytes + count : nullptr, places.integers ? places.integers + count : nullptr};
}

void activate(const Monotone& activation, int64_t n, float* y) {
  if (!activation.identity) elementwise_kernels().unary(activation.function, n, y, y, activation.numbers);
}

// ---- forward ----

// By bands.
void forward_bands(const ConvPoolShape& s, const Monotone& activation, const float* x, const float* packed,
                   const float* bias, float* y, MaxPlaces places) {
  const ConvShape& conv = s.conv;
  const int64_t row = conv.ow * conv.c_out, step = s.window.stride_h * row;
  const bool overlap = (s.window.kh - 1) * s.window.dilation_h >= s.window.stride_h;
  // Image by image where few images have rows enough, or where rows are computed twice: then bands should be high.
  const bool single = conv.n < kFewImages || (overlap && kTileRows * step * least(s.oh, 8) > kBandFloats);
  const int64_t tiles = single ? conv.n : ceil_div(conv.n, kTileRows), images = ceil_div(conv.n, tiles);
  int64_t rows = least(s.oh, most(1, kBandFloats / (images * step)));
  while (rows > 1 && tiles * ceil_div(s.oh, rows) < 4 * get_num_threads()) rows = (rows + 1) / 2;
  const int64_t bands = ceil_div(s.oh, rows);
  parallel_for(tiles * bands, [&](int64_t u) {
    const int64_t image = u / bands * images, count = least(images, conv.n - image);
    const int64_t begin = u % bands * rows, end = least(s.oh, begin + rows);
    const Range in = band(s, begin, end);
    const int64_t height = in.end - in.begin;
    static thread_local Scratch scratch;
    float* map = scratch.floats(most(1, count * height * row));
    Gather g = forward_gather(conv);
    g.images = count;
    g.rows.output = height;
    g.rows.pad -= in.begin * conv.stride_h;
    if (height > 0) gather(g, x + image * conv.h * conv.w * conv.c_in, packed, bias, Activation::kNone, map);
    PoolWindow window = s.window;
    window.pad_h = in.begin - (begin * s.window.stride_h - s.window.pad_h);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t at = ((image + i) * s.oh + begin) * s.ow * conv.c_out, size = (end - begin) * s.ow * conv.c_out;
      pooling_kernels().max_forward({1, height, conv.ow, conv.c_out, end - begin, s.ow}, window, map + i * height * row,
                                    y + at, advanced(places, at));
      activate(activation, size, y + at);
    }
  });
}

// body(shape of a few images, the first of them, its first result, room for their full map), one after the other.
template <class F>
void for_images(const ConvPoolShape& s, const F& body) {
  static thread_local Scratch scratch;
  const int64_t map = s.conv.oh * s.conv.ow * s.conv.c_out, images = least(s.conv.n, most(1, kMapFloats / map));
  for (int64_t i = 0; i < s.conv.n; i += images) {
    ConvPoolShape part = s;
    part.conv.n = least(images, s.conv.n - i);
    body(part, i, i * s.oh * s.ow * s.conv.c_out, scratch.floats(images * map));
  }
}

PoolShape pool_shape(const ConvPoolShape& s) {
  return {s.conv.n, s.conv.oh, s.conv.ow, s.conv.c_out, s.oh, s.ow};
}

void forward(const ConvPoolShape& s, const Monotone& activation, const float* x, const float* weight, WeightStrides at,
             const float* bias, float* y, MaxPlaces places) {
  const ConvShape& conv = s.conv;
  if (conv.n * s.oh * s.ow == 0) return;
  if (is_gathered(conv)) {
    static thread_local Scratch scratch;
    float* packed = scratch.floats(packed_size(conv.kh * conv.kw, conv.c_in, conv.c_out));
    pack_weights(packed_for(forward_gather(conv), weight, at), conv.c_in, conv.c_out, packed);
    return forward_bands(s, activation, x, packed, bias, y, places);
  }
  for_images(s, [&](const ConvPoolShape& part, int64_t image, int64_t to, float* map) {
    conv_kernels().forward(part.conv, x + image * conv.h * conv.w * conv.c_in, weight, at, bias, false, map);
    pooling_kernels().max_forward(pool_shape(part), s.window, map, y + to, advanced(places, to));
    activate(activation, part.conv.n * s.oh * s.ow * conv.c_out, y + to);
  });
}

// Whether that is faster than making the gradient of the full map: what both cost, in rough numbers of vector
// operations. The direct way has a product for every tap, channel in and vector of channels out at each pixel, and
// fills the pixels besides; Winograd's way, which does not profit from padding, has some fourth of them. A gradient in
// a list costs some operations beside its own (twice as many where pixels are read and written); relu leaves half.
struct ListsWin {
  bool weight, data;

  ListsWin(const ConvPoolShape& s, const Monotone& activation) {
    const ConvShape& c = s.conv;
    const PoolWindow& w = s.window;
    constexpr int64_t kMostFloats = 1 << 30;  // of an image: places in lists have 32 bits
    const bool small = (c.h + 2 * c.pad_h) * (c.w + 2 * c.pad_w) < kMostFloats / c.c_in &&
                       (w.kh - 1) * w.dilation_h <= c.oh + 2 * w.pad_h &&
                       (w.kw - 1) * w.dilation_w <= c.ow + 2 * w.pad_w;
    const bool fits = small && c.groups == 1 && c.dilation_h == 1 && c.dilation_w == 1, direct = is_gathered(c);
    const bool halved = !activation.identity && activation.function == Unary::relu;
    const double products = double((halved ? 1 : 2) * c.kh * ceil_div(c.kw * c.c_in, kLanes));
    const double entries = double(s.oh * s.ow * c.c_out), pixels = double(c.oh * c.ow);
    const double pixel = double(ceil_div(c.c_out, kLanes) * (c.kh * c.kw * c.c_in + 16)) * (direct ? 1.0 : 0.26);
    weight = fits && entries * (products + 4) < pixels * pixel;
    data = fits && c.kw * c.c_in % kLanes == 0 &&
           entries * (1.8 * products + 4) < (direct ? pixels : double(c.h * c.w)) * pixel;
  }
};

// ---- backward ----

// With the gradient of the full map, a few images at a time.
void backward_by_map(const ConvPoolShape& s, const float* x, const float* weight, WeightStrides at, const float* g,
                     MaxPlaces places, const ConvPoolGradients& to) {
  static thread_local Scratch scratch;
  const ConvShape& c = s.conv;
  const int64_t weights = c.c_out * (c.c_in / c.groups) * c.kh * c.kw, in = c.h * c.w * c.c_in;
  float* sum = to.gw ? scratch.floats(2 * weights) : nullptr;
  const WeightStrides dense{c.c_in / c.groups * c.kh * c.kw, c.kh * c.kw, 0, c.kw, 1};
  bool whole = false;  // all images at once
  for_images(s, [&](const ConvPoolShape& part, int64_t image, int64_t from, float* map) {
    whole = part.conv.n == c.n;
    pooling_kernels().max_backward(pool_shape(part), s.window, g + from, advanced(places, from), map);
    if (to.gx) conv_kernels().backward_data(part.conv, map, weight, at, nullptr, to.gx + image * in);
    if (!to.gw) return;
    float* here = whole ? to.gw : sum + (image ? weights : 0);
    conv_kernels().backward_weight(part.conv, x + image * in, map, here, whole ? to.gw_at : dense);
    if (image) add_to(weights, sum + weights, sum);
  });
  if (!to.gw || whole) return;
  for (int64_t i = 0; i < weights; ++i)
    to.gw[weight_at(c, to.gw_at, i / dense.out, i % dense.out / dense.in, i % dense.in)] = sum[i];
}

void backward(const ConvPoolShape& s, const Monotone& activation, const float* x, const float* weight,
              WeightStrides at, const float* y, MaxPlaces places, const float* gy, const ConvPoolGradients& to) {
  static thread_local Scratch scratch;
  const ConvShape& c = s.conv;
  const int64_t results = c.n * s.oh * s.ow;
  const float* g = gy;
  if (!activation.identity) {
    const int64_t n = results * c.c_out;
    float* slope = scratch.floats(n);
    elementwise_kernels().binary(activation.slope, n, gy, y, {n, 1, n}, slope, activation.numbers);
    g = slope;
  }
  if (to.gb) bias_gradient(results, c.c_out, g, to.gb);
  if (c.n == 0) {
    if (to.gw) conv_kernels().backward_weight(c, x, gy, to.gw, to.gw_at);  // zeros
    return;
  }
  ConvPoolGradients rest = to;
  const ListsWin lists(s, activation);
  if (to.gw && places.bytes && lists.weight) {
    weight_by_lists(s, x, g, places.bytes, to.gw, to.gw_at);
    rest.gw = nullptr;
  }
  if (to.gx && places.bytes && lists.data) {
    data_by_lists(s, weight, at, g, places.bytes, to.gx);
    rest.gx = nullptr;
  }
  if (rest.gw || rest.gx) backward_by_map(s, x, weight, at, g, places, rest);
}

}  // namespace

const ConvPoolKernels& conv_pool_kernels() {
  static constexpr ConvPoolKernels kernels{forward, backward};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
