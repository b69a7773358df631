// Which algorithm computes a convolution: the one place where that is decided.
#include "conv.h"

#include "bias.h"
#include "gather.h"
#include "grouped.h"
#include "outer.h"
#include "table.h"
#include "winograd.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

// Pairs of an output coordinate and a tap that fall into the image: the work of the direct way in one dimension.
int64_t pairs(int64_t input, int64_t output, int64_t taps, int64_t pad) {
  int64_t sum = 0;
  for (int64_t k = 0; k < taps; ++k) sum += most(0, least(output, input + pad - k) - most(0, pad - k));
  return sum;
}

// Whether Winograd's algorithm is faster. Its products run at the same speed, but the transforms cost some 30 percent:
// it must save a third of the products. (Not if outputs come from padding, mostly, which the direct way leaves out: the
// gradient of a 5 x 5 window over 4 x 4 pixels.) Few channels do not fill the tiles.
bool winograd_wins(const ConvShape& s, int64_t side_h, int64_t side_w) {
  const bool fits = s.kh == s.kw && (s.kh == 3 || s.kh == 5) && s.stride_h == 1 && s.stride_w == 1 &&
                    s.dilation_h == 1 && s.dilation_w == 1 && s.groups == 1;
  if (!fits || !use_winograd() || s.c_in < 32 || s.c_out < 32) return false;
  const int64_t direct = pairs(s.h, s.oh, s.kh, s.pad_h) * pairs(s.w, s.ow, s.kw, s.pad_w);
  const int64_t tiles = ceil_div(side_h, 7 - s.kh) * ceil_div(side_w, 7 - s.kw);
  return s.n * tiles >= 4 && 2 * direct >= 3 * 36 * tiles;
}

// The gradient of the weights has 36 / K^2 times as many sums, which must be worth it.
bool winograd_wins_weight(const ConvShape& s) {
  const int64_t side = 7 - s.kh;
  return winograd_wins(s, s.oh, s.ow) && s.n * ceil_div(s.oh, side) * ceil_div(s.ow, side) >= 9;
}

// What one of the two gathers reads and writes; pads of backward data follow from the window.
Gather forward_gather(const ConvShape& s) {
  return {{s.h, s.oh, s.kh, s.stride_h, s.pad_h, s.dilation_h, false},
          {s.w, s.ow, s.kw, s.stride_w, s.pad_w, s.dilation_w, false},
          s.n, s.c_in / s.groups, s.c_out / s.groups, s.c_in, s.c_out};
}

Gather backward_gather(const ConvShape& s) {
  return {{s.oh, s.h, s.kh, s.stride_h, s.pad_h, s.dilation_h, true},
          {s.ow, s.w, s.kw, s.stride_w, s.pad_w, s.dilation_w, true},
          s.n, s.c_out / s.groups, s.c_in / s.groups, s.c_out, s.c_in};
}

void forward(const ConvShape& s, const float* x, const float* weight, WeightStrides at, const float* bias, bool relu,
             float* y) {
  if (s.n == 0) return;
  if (winograd_wins(s, s.oh, s.ow)) {
    const WinogradShape shape(s.n, s.h, s.w, s.c_in, s.oh, s.ow, s.c_out, s.pad_h, s.pad_w, s.kh);
    return winograd(shape, x, {weight, at.out, at.in, at.h, at.w, false}, bias, relu, y);
  }
  const Gather g = forward_gather(s);
  const Activation activation = relu ? Activation::kRelu : Activation::kNone;
  if (is_finely_grouped(s)) return grouped(g, x, weight, at, bias, activation, y);
  static thread_local Scratch scratch;
  float* packed = scratch.floats(packed_size(s.kh * s.kw, g.c_in, g.c_out));
  for (int64_t i = 0; i < s.groups; ++i) {
    pack_weights({weight + i * g.c_out * at.out, at.out, at.in, at.h, at.w, s.kh, s.kw, false}, g.c_in, g.c_out,
                 packed);
    gather(g, x + i * g.c_in, packed, bias ? bias + i * g.c_out : nullptr, activation,
           y + i * g.c_out);
  }
}

void backward_data(const ConvShape& s, const float* gy, const float* weight, WeightStrides at, float* gx) {
  if (s.n == 0) return;
  if (winograd_wins(s, s.h, s.w)) {
    const WinogradShape shape(s.n, s.oh, s.ow, s.c_out, s.h, s.w, s.c_in, s.kh - 1 - s.pad_h,
                              s.kw - 1 - s.pad_w, s.kh);
    return winograd(shape, gy, {weight, at.in, at.out, at.h, at.w, true}, nullptr, false, gx);
  }
  const Gather g = backward_gather(s);
  if (is_finely_grouped(s)) return grouped(g, gy, weight, at, nullptr, Activation::kNone, gx);
  static thread_local Scratch scratch;
  float* packed = scratch.floats(packed_size(s.kh * s.kw, g.c_in, g.c_out));
  for (int64_t i = 0; i < s.groups; ++i) {
    pack_weights({weight + i * g.c_in * at.out, at.in, at.out, at.h, at.w, s.kh, s.kw, true}, g.c_in, g.c_out, packed);
    gather(g, gy + i * g.c_in, packed, nullptr, Activation::kNone, gx + i * g.c_out);
  }
}

void fill_zero(const ConvShape& s, float* gw, WeightStrides at) {
  for (int64_t o = 0; o < s.c_out; ++o)
    for (int64_t i = 0; i < s.c_in / s.groups; ++i)
      for (int64_t t = 0; t < s.kh * s.kw; ++t) gw[o * at.out + i * at.in + t / s.kw * at.h + t % s.kw * at.w] = 0;
}

void backward_weight(const ConvShape& s, const float* x, const float* gy, float* gw, WeightStrides at) {
  if (s.n == 0) return fill_zero(s, gw, at);
  if (winograd_wins_weight(s)) {
    const WinogradShape shape(s.n, s.h, s.w, s.c_in, s.oh, s.ow, s.c_out, s.pad_h, s.pad_w, s.kh);
    return winograd_weight(shape, x, gy, gw, at.out, at.in, at.h, at.w);
  }
  if (is_finely_grouped(s)) return grouped_weight(forward_gather(s), x, gy, gw, at);
  const int64_t in = s.c_in / s.groups, out = s.c_out / s.groups;
  for (int64_t i = 0; i < s.groups; ++i) outer(s, x + i * in, gy + i * out, gw + i * out * at.out, at);
}

}  // namespace

const ConvKernels& conv_kernels() {
  static constexpr ConvKernels kernels{forward, backward_data, backward_weight, bias_gradient};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
