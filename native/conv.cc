// Which algorithm computes a convolution: the one place where that is decided.
#include "conv.h"

#include "gather.h"
#include "grouped.h"
#include "outer.h"
#include "scatter.h"
#include "table.h"
#include "winograd.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kManyPixels = 8192;

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
  const bool fits = s.is_flat() && s.kh == s.kw && (s.kh == 3 || s.kh == 5) && s.stride_h == 1 && s.stride_w == 1 &&
                    s.dilation_h == 1 && s.dilation_w == 1 && s.groups == 1;
  if (!fits || !use_winograd() || s.c_in < 32 || s.c_out < 32) return false;
  const int64_t direct = pairs(s.h, s.oh, s.kh, s.pad_h) * pairs(s.w, s.ow, s.kw, s.pad_w);
  const int64_t tiles = ceil_div(side_h, 7 - s.kh) * ceil_div(side_w, 7 - s.kw);
  return s.n * tiles >= 4 && 2 * direct >= 3 * 36 * tiles;
}

}  // namespace

// What one of the two gathers reads and writes; pads of backward data follow from the window.
Gather forward_gather(const ConvShape& s) {
  return {{s.d, s.od, s.kd, s.stride_d, s.pad_d, s.dilation_d, false},
          {s.h, s.oh, s.kh, s.stride_h, s.pad_h, s.dilation_h, false},
          {s.w, s.ow, s.kw, s.stride_w, s.pad_w, s.dilation_w, false},
          s.n, s.groups, s.c_in / s.groups, s.c_out / s.groups, s.c_in, s.c_out};
}

namespace {

Gather backward_gather(const ConvShape& s) {
  return {{s.od, s.d, s.kd, s.stride_d, s.pad_d, s.dilation_d, true},
          {s.oh, s.h, s.kh, s.stride_h, s.pad_h, s.dilation_h, true},
          {s.ow, s.w, s.kw, s.stride_w, s.pad_w, s.dilation_w, true},
          s.n, s.groups, s.c_out / s.groups, s.c_in / s.groups, s.c_out, s.c_in};
}

// Depth that the window does not touch: as many images.
ConvShape flattened(ConvShape s) {
  if (s.kd == 1 && s.stride_d == 1 && s.pad_d == 0 && s.d == s.od) {
    s.n *= s.d;
    s.d = s.od = 1;
  }
  return s;
}

bool has_one_tap(const ConvShape& s) {  // and no padding, so that each output reads a pixel
  return s.is_flat() && s.groups == 1 && s.kh == 1 && s.kw == 1 && s.pad_h == 0 && s.pad_w == 0;
}

// Windows of one pixel are matrix products, whose rows are the pixels of all images.
bool is_pointwise(const ConvShape& s) { return has_one_tap(s) && s.oh == s.h && s.ow == s.w; }
int64_t pixels(const ConvShape& s) { return s.n * s.oh * s.ow; }

// Strided windows of one pixel become such products when the pixels that they read are copied side by side, which
// always paid. Returns x, or the copy.
template <class T>
const T* dense_pixels(ConvShape& s, const T* x) {
  if (!has_one_tap(s) || is_pointwise(s)) return x;
  static thread_local Scratch scratch;
  T* copy = static_cast<T*>(scratch.bytes(sizeof(T) * pixels(s) * s.c_in));
  parallel_for(s.n * s.oh, [&, shape = s](int64_t row) {
    const int64_t image = row / shape.oh, o = row % shape.oh, c = shape.c_in;
    const T* from = x + (image * shape.h + o * shape.stride_h) * shape.w * c;
    for (int64_t q = 0; q < shape.ow; ++q)
      std::memcpy(copy + (row * shape.ow + q) * c, from + q * shape.stride_w * c, sizeof(T) * c);
  });
  s.h = s.oh;
  s.w = s.ow;
  s.stride_h = s.stride_w = 1;
  return copy;
}

// Winograd's algorithm goes plane by plane: for each tap of depth a convolution in two dimensions of the planes that it
// reads, added to those that it writes. (In two dimensions an image is one plane, and there is one tap.)
struct DepthTap {
  int64_t kernel, count, first_in, first_out;

  DepthTap(const ConvShape& s, int64_t kd) : kernel(kd) {
    const int64_t shift = kd * s.dilation_d - s.pad_d;  // output plane o reads plane o + shift
    first_out = most(0, -shift);
    count = most(0, least(s.od, s.d - shift) - first_out);
    first_in = first_out + shift;
  }
};

// `count` planes of each image as images.
ConvShape planes(ConvShape s, int64_t count) {
  s.n *= count;
  s.d = s.od = s.kd = 1;
  s.pad_d = 0;
  return s;
}

WinogradShape tiles_of(const ConvShape& s, const DepthTap& tap, bool backward) {
  const int64_t images = s.n * tap.count;
  WinogradShape tiles = backward ? WinogradShape(images, s.oh, s.ow, s.c_out, s.h, s.w, s.c_in, s.kh - 1 - s.pad_h,
                                                 s.kw - 1 - s.pad_w, s.kh)
                                 : WinogradShape(images, s.h, s.w, s.c_in, s.oh, s.ow, s.c_out, s.pad_h, s.pad_w, s.kh);
  tiles.depth = tap.count;
  tiles.first_in = backward ? tap.first_out : tap.first_in;
  tiles.first_out = backward ? tap.first_in : tap.first_out;
  tiles.depth_in = backward ? s.od : s.d;
  tiles.depth_out = backward ? s.d : s.od;
  return tiles;
}

// A tap that writes all planes, which comes first so that the others can add; -1 where there is none.
int64_t whole_tap(const ConvShape& s, int64_t written) {
  for (int64_t kd = 0; s.stride_d == 1 && kd < s.kd; ++kd)
    if (DepthTap(s, kd).count == written) return kd;
  return -1;
}

// False where another way is better, and nothing was computed.
bool by_winograd(const ConvShape& s, bool backward, const float* x, const float* weight, WeightStrides at,
                 const float* bias, bool relu, float* y) {
  const int64_t written = backward ? s.d : s.od, first = whole_tap(s, written);
  if (first < 0 || (relu && s.kd > 1)) return false;
  if (!winograd_wins(planes(s, written), backward ? s.h : s.oh, backward ? s.w : s.ow)) return false;
  for (int64_t i = 0; i < s.kd; ++i) {
    const DepthTap tap(s, i == 0 ? first : i <= first ? i - 1 : i);
    if (tap.count == 0) continue;
    WinogradShape tiles = tiles_of(s, tap, backward);
    tiles.accumulate = i > 0;
    const WeightsAt weights{weight + tap.kernel * at.d, backward ? at.in : at.out, backward ? at.out : at.in, at.h,
                            at.w, backward};
    winograd(tiles, x, weights, i == 0 ? bias : nullptr, relu, y);
  }
  return true;
}

bool weight_by_winograd(const ConvShape& s, const float* x, const float* gy, float* gw, WeightStrides at) {
  if (s.stride_d != 1 || !winograd_wins(planes(s, s.od), s.oh, s.ow)) return false;
  for (int64_t kd = 0; kd < s.kd; ++kd)
    winograd_weight(tiles_of(s, DepthTap(s, kd), false), x, gy, gw + kd * at.d, at.out, at.in, at.h, at.w);
  return true;
}

}  // namespace

bool is_gathered(const ConvShape& s) {
  return s.groups == 1 && !winograd_wins(s, s.oh, s.ow);
}

namespace {

template <class T>
void direct(const Gather& g, const T* x, const T* weight, WeightStrides at, const T* bias, Activation activation,
            T* y) {
  if (is_finely_grouped<T>(g)) return grouped(g, x, weight, at, bias, activation, y);
  static thread_local Scratch scratch;
  const int64_t size = g.groups * packed_size<T>(g.taps(), g.c_in, g.c_out);
  T* packed = static_cast<T*>(scratch.bytes(sizeof(T) * size));
  pack_weights(packed_for(g, weight, at), g.c_in, g.c_out, packed);
  gather(g, x, packed, bias, activation, y);
}

void multiply(const GemmOf<float>& product) { gemm_kernels().single(product); }
void multiply(const GemmOf<double>& product) { gemm_kernels().in_double(product); }

template <class T> constexpr bool is_single = sizeof(T) == sizeof(float);

template <class T>
void forward(const ConvShape& shape, const T* x, const T* weight, WeightStrides at, const T* bias, bool relu, T* y) {
  ConvShape s = flattened(shape);
  if (s.n == 0) return;
  x = dense_pixels(s, x);
  if constexpr (is_single<T>)
    if (by_winograd(s, false, x, weight, at, bias, relu, y)) return;
  if (is_pointwise(s))
    return multiply(GemmOf<T>{1, pixels(s), s.c_out, s.c_in, x, 0, s.c_in, 1, weight, 0, at.in, at.out, y, 0, s.c_out,
                              bias, relu});
  direct(forward_gather(s), x, weight, at, bias, relu ? Activation::kRelu : Activation::kNone, y);
}

template <class T>
void backward_data(const ConvShape& shape, const T* gy, const T* weight, WeightStrides at, const T* bias, T* gx) {
  const ConvShape s = flattened(shape);
  if (s.n == 0) return;
  if constexpr (is_single<T>)
    if (by_winograd(s, true, gy, weight, at, bias, false, gx)) return;
  if (is_pointwise(s))
    return multiply(GemmOf<T>{1, pixels(s), s.c_in, s.c_out, gy, 0, s.c_out, 1, weight, 0, at.out, at.in, gx, 0, s.c_in,
                              bias});
  if constexpr (is_single<T>)
    if (is_scattered(s)) return scatter(s, gy, weight, at, bias, gx);
  direct(backward_gather(s), gy, weight, at, bias, Activation::kNone, gx);
}

template <class T>
void fill_zero(const ConvShape& s, T* gw, WeightStrides at) {
  for (int64_t o = 0; o < s.c_out; ++o)
    for (int64_t i = 0; i < s.c_in / s.groups; ++i)
      for (int64_t t = 0; t < s.kd * s.kh * s.kw; ++t)
        gw[o * at.out + i * at.in + t / s.kw / s.kh * at.d + t / s.kw % s.kh * at.h + t % s.kw * at.w] = 0;
}

// Whether the gradient of the weights is one product: gy^T x, whose columns are channels in. Where they leave much more
// of their panels empty than channels out would, the sums of many pixels are computed the other way round.
template <class T>
bool is_weight_product(const ConvShape& s, WeightStrides at) {
  const bool fills = 8 * padded<T>(s.c_in) * s.c_out < 9 * padded<T>(s.c_out) * s.c_in;
  return is_pointwise(s) && at.in == 1 && (fills || pixels(s) < kManyPixels);
}

template <class T>
void backward_weight(const ConvShape& shape, const T* x, const T* gy, T* gw, WeightStrides at) {
  ConvShape s = flattened(shape);
  if (s.n == 0) return fill_zero(s, gw, at);
  x = dense_pixels(s, x);
  if constexpr (is_single<T>)
    if (weight_by_winograd(s, x, gy, gw, at)) return;
  if (is_weight_product<T>(s, at))
    return multiply(GemmOf<T>{1, s.c_out, s.c_in, pixels(s), gy, 0, 1, s.c_out, x, 0, s.c_in, 1, gw, 0, at.out});
  const Gather g = forward_gather(s);
  is_finely_grouped<T>(g) && g.c_in < kLanes ? grouped_weight(g, x, gy, gw, at) : outer(s, x, gy, gw, at);
}

}  // namespace

const ConvKernels& conv_kernels() {
  static constexpr ConvKernels kernels{{forward<float>, backward_data<float>, backward_weight<float>},
                                       {forward<double>, backward_data<double>, backward_weight<double>}};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
