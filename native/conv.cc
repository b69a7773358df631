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

bool winograd_wins(const ConvShape& s) {
  const bool fits = s.kh == s.kw && (s.kh == 3 || s.kh == 5) && s.stride_h == 1 && s.stride_w == 1 &&
                    s.dilation_h == 1 && s.dilation_w == 1 && s.groups == 1;
  return fits && use_winograd && s.c_in >= 32 && s.c_out >= 32 && s.n * s.oh * s.ow >= 64;
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
  if (winograd_wins(s)) {
    const WinogradShape shape(s.n, s.h, s.w, s.c_in, s.oh, s.ow, s.c_out, s.pad_h, s.pad_w, s.kh);
    return winograd(shape, x, {weight, at.out, at.in, at.h, at.w, false}, bias, relu, y);
  }
  const Gather g = forward_gather(s);
  const Activation activation = relu ? Activation::kRelu : Activation::kNone;
  if (is_finely_grouped(s)) return grouped(g, x, weight, at, bias, activation, y);
  static thread_local Scratch scratch;
  float* packed = scratch.floats(packed_size(s.kh * s.kw, g.c_in, g.c_out));
  for (int64_t i = 0; i < s.groups; ++i) {
    pack_weights({weight + i * g.c_out * at.out, at.out, at.in, at.h, at.w, s.kh, s.kw, false}, g.c_in, g.c_out, packed);
    gather(g, x + i * g.c_in, packed, bias ? bias + i * g.c_out : nullptr, activation,
           y + i * g.c_out);
  }
}

void backward_data(const ConvShape& s, const float* gy, const float* weight, WeightStrides at, float* gx) {
  if (s.n == 0) return;
  if (winograd_wins(s)) {
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
  if (winograd_wins(s)) {
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
