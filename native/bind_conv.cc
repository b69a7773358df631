// Convolution, as Python sees it: images (n, *S, channels) dense, and weights (channels out, channels in of a group,
// *K) with any strides, in one to three dimensions of space.
#include "bind.h"

namespace flambeau {
namespace {

template <class T> using Images = View<const T, kAny>;
template <class T> using ImagesOut = View<T, kAny>;
template <class T> using Weight = View<const T, kAny, false>;
template <class T> using WeightOut = View<T, kAny, false>;
template <class T> using Bias = View<const T, 1, true, true>;

constexpr int64_t kMost = 1 << 24;                // a stride, a padding, a dilation, a window: nothing below overflows
constexpr int64_t kMostNumbers = int64_t{1} << 40;  // of a weight

struct Axis {
  int64_t in = 1, out = 1, taps = 1, stride = 1, pad = 0, dilation = 1;
};

void check_axis(const Axis& a) {
  check(a.stride > 0, "strides must be positive");
  check(a.dilation > 0, "dilations must be positive");
  check(a.pad >= 0, "the padding must not be negative");
  check(a.taps > 0, "the window is empty");
  check(a.in > 0, "the images have no pixels or no channels");
  for (int64_t number : {a.stride, a.dilation, a.pad, a.taps})
    check(number < kMost, "strides, padding, dilations or the window are too large");
  check(a.dilation * (a.taps - 1) < a.in + 2 * a.pad, "the window is larger than the padded image");
}

template <class T>
const ConvKernelsOf<T>& conv_kernels() {
  if constexpr (sizeof(T) == sizeof(float)) return kernels().conv;
  else return kernels().conv.in_double;
}

template <class T>
void bind(nb::module_& m) {
  def(m, "conv_forward(x, w, bias, y, window, relu=False)",
      [](Images<T> x, Weight<T> w, Bias<T> bias, ImagesOut<T> y, const Window& window, bool relu) {
        const ConvShape s = conv_shape(x.shape(), w.shape(), y.shape(), window);
        check(!bias || bias.shape(0) == s.c_out, "the bias has another length than channels out");
        run(conv_kernels<T>().forward, s, x, w, weight_strides(w), bias, relu, y);
      });
  // With a bias it is the forward pass of a transposed convolution.
  def(m, "conv_backward_data(gy, w, gx, window, bias=None)",
      [](Images<T> gy, Weight<T> w, ImagesOut<T> gx, const Window& window, Bias<T> bias) {
        const ConvShape s = conv_shape(gx.shape(), w.shape(), gy.shape(), window);
        check(!bias || bias.shape(0) == s.c_in, "the bias has another length than channels in");
        run(conv_kernels<T>().backward_data, s, gy, w, weight_strides(w), bias, gx);
      });
  def(m, "conv_backward_weight(x, gy, gw, window)",
      [](Images<T> x, Images<T> gy, WeightOut<T> gw, const Window& window) {
        const ConvShape s = conv_shape(x.shape(), gw.shape(), gy.shape(), window);
        run(conv_kernels<T>().backward_weight, s, x, gy, gw, weight_strides(gw));
      });
}

}  // namespace

ConvShape conv_shape(Shape x, Shape w, std::optional<Shape> y, const Window& numbers) {
  check(x.size() >= 3 && x.size() <= 5, "one to three dimensions of space are possible");
  check(w.size() == x.size() && (!y || y->size() == x.size()), "images, weight and output have different dimensions");
  const int rank = int(x.size()) - 2;
  check(int(numbers.size()) == 3 * rank + 1, "a window is three numbers a dimension, and the groups");
  const int64_t n = x[0], c_in = x.back(), c_out = w[0], groups = numbers[3 * rank];
  check(groups > 0 && c_in % groups == 0 && c_out % groups == 0, "groups must divide both numbers of channels");
  check(w[1] == c_in / groups, "the weight wants another number of input channels");
  check(!y || (y->front() == n && y->back() == c_out), "the output has another number of images or channels");
  check(c_in > 0, "the images have no pixels or no channels");
  check(c_out > 0, "the output has no pixels or no channels");
  // A weight may be one number shown many times: its size need not be that of its memory.
  int64_t most = kMostNumbers / c_out / (c_in / groups);
  Axis axes[3];
  for (int i = 0; i < rank; ++i) {
    Axis& a = axes[3 - rank + i];
    a = {x[1 + i], 0, w[2 + i], numbers[i], numbers[rank + i], numbers[2 * rank + i]};
    check_axis(a);
    most /= a.taps;
    // Windows o * stride + k * dilation - padding, the last of them still in the padded image.
    const int64_t windows = (a.in + 2 * a.pad - a.dilation * (a.taps - 1) - 1) / a.stride + 1;
    a.out = y ? (*y)[1 + i] : windows;
    check(a.out > 0, "the output has no pixels or no channels");
    check(a.out <= windows, "the output has more pixels than there are windows");
  }
  check(most > 0, "the weight is too large");
  const auto [deep, high, wide] = axes;
  return {n, deep.in, high.in, wide.in, c_in, deep.out, high.out, wide.out, c_out, deep.taps, high.taps, wide.taps,
          deep.stride, high.stride, wide.stride, deep.pad, high.pad, wide.pad,
          deep.dilation, high.dilation, wide.dilation, groups};
}

void bind_conv(nb::module_& m) {
  m.def("use_winograd", set_use_winograd);
  bind<float>(m);
  bind<double>(m);
}

}  // namespace flambeau
