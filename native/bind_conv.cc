// Convolution, as Python sees it.
#include "bind.h"

namespace flambeau {
namespace {

// Images (n, *S, channels) dense, and weights (channels out, channels in of a group, *K) with any strides, in one to
// three dimensions of space.
template <class T> using Images = nb::ndarray<const T, nb::device::cpu, nb::c_contig>;
template <class T> using ImagesOut = nb::ndarray<T, nb::device::cpu, nb::c_contig>;
template <class T> using Weight = nb::ndarray<const T, nb::device::cpu>;
template <class T> using WeightOut = nb::ndarray<T, nb::device::cpu>;
template <class T> using Bias = std::optional<nb::ndarray<const T, nb::ndim<1>, nb::device::cpu, nb::c_contig>>;
using Numbers = std::vector<int64_t>;

constexpr int64_t kMost = 1 << 24;                // a stride, a padding, a dilation, a window: nothing below overflows
constexpr int64_t kMostNumbers = int64_t{1} << 40;  // of a weight

// The last `rank` of three, which come from `numbers`; the others are `fill`.
struct Triple {
  int64_t d, h, w;
};
template <class Get>
Triple triple(std::size_t rank, int64_t fill, const Get& get) {
  int64_t v[3] = {fill, fill, fill};
  for (std::size_t i = 0; i < rank; ++i) v[3 - rank + i] = int64_t(get(i));
  return {v[0], v[1], v[2]};
}

void check_between(const Triple& v, int64_t low, const char* too_small) {
  check(v.d >= low && v.h >= low && v.w >= low, too_small);
  check(v.d < kMost && v.h < kMost && v.w < kMost, "strides, padding, dilations or the window are too large");
}

// `numbers`: strides, paddings, dilations, one each dimension; groups.
template <class X, class W, class Y>
ConvShape conv_shape(const X& x, const W& w, const Y& y, const Numbers& numbers) {
  check(x.ndim() >= 3 && x.ndim() <= 5, "one to three dimensions of space are possible");
  const std::size_t rank = x.ndim() - 2;
  check(y.ndim() == rank + 2 && w.ndim() == rank + 2, "images, weight and output have different dimensions");
  check(numbers.size() == 3 * rank + 1, "a window is three numbers a dimension, and the groups");
  const auto part = [&](std::size_t from, int64_t fill) {
    return triple(rank, fill, [&](std::size_t i) { return numbers[from + i]; });
  };
  const auto size = [&](const auto& a, std::size_t from) {
    return triple(rank, 1, [&](std::size_t i) { return a.shape(from + i); });
  };
  const Triple stride = part(0, 1), pad = part(rank, 0), dilation = part(2 * rank, 1);
  const Triple in = size(x, 1), out = size(y, 1), window = size(w, 2);
  const int64_t groups = numbers[3 * rank], c_in = int64_t(x.shape(rank + 1)), c_out = int64_t(w.shape(0));
  check_between(stride, 1, "strides must be positive");
  check_between(dilation, 1, "dilations must be positive");
  check_between(pad, 0, "the padding must not be negative");
  check_between(window, 1, "the window is empty");
  check(groups > 0 && c_in % groups == 0 && c_out % groups == 0, "groups must divide both numbers of channels");
  check(int64_t(w.shape(1)) == c_in / groups, "the weight wants another number of input channels");
  check(y.shape(0) == x.shape(0) && int64_t(y.shape(rank + 1)) == c_out,
        "the output has another number of images or channels");
  check(in.d > 0 && in.h > 0 && in.w > 0 && c_in > 0, "the images have no pixels or no channels");
  check(out.d > 0 && out.h > 0 && out.w > 0 && c_out > 0, "the output has no pixels or no channels");
  // A weight may be one number shown many times: its size need not be that of its memory.
  check(window.d * window.h < kMostNumbers / window.w && window.d * window.h * window.w < kMostNumbers / c_out &&
            window.d * window.h * window.w * c_out < kMostNumbers / (c_in / groups),
        "the weight is too large");
  // Windows o * stride + k * dilation - padding, the last of them still in the padded image.
  const auto fits = [&](int64_t Triple::*of) {
    return (out.*of - 1) * stride.*of + (window.*of - 1) * dilation.*of < in.*of + 2 * pad.*of;
  };
  check(fits(&Triple::d) && fits(&Triple::h) && fits(&Triple::w), "the output has more pixels than there are windows");
  return {int64_t(x.shape(0)), in.d, in.h, in.w, c_in, out.d, out.h, out.w, c_out, window.d, window.h, window.w,
          stride.d, stride.h, stride.w, pad.d, pad.h, pad.w, dilation.d, dilation.h, dilation.w, groups};
}

template <class W>
WeightStrides strides_of(const W& w) {
  const Triple at = triple(w.ndim() - 2, 0, [&](std::size_t i) { return w.stride(2 + i); });
  return {w.stride(0), w.stride(1), at.d, at.h, at.w};
}

template <class T>
const ConvKernelsOf<T>& conv_kernels() {
  if constexpr (sizeof(T) == sizeof(float)) return kernels().conv;
  else return kernels().conv.in_double;
}

template <class T>
void forward(Images<T> x, Weight<T> w, Bias<T> bias, ImagesOut<T> y, const Numbers& window, bool relu) {
  const ConvShape s = conv_shape(x, w, y, window);
  check(!bias || int64_t(bias->shape(0)) == s.c_out, "the bias has another length than channels out");
  const WeightStrides at = strides_of(w);
  const T* b = bias ? bias->data() : nullptr;
  Unlocked unlocked;
  conv_kernels<T>().forward(s, x.data(), w.data(), at, b, relu, y.data());
}

template <class T>
void backward_data(Images<T> gy, Weight<T> w, ImagesOut<T> gx, const Numbers& window, Bias<T> bias) {
  const ConvShape s = conv_shape(gx, w, gy, window);
  check(!bias || int64_t(bias->shape(0)) == s.c_in, "the bias has another length than channels in");
  const WeightStrides at = strides_of(w);
  const T* b = bias ? bias->data() : nullptr;
  Unlocked unlocked;
  conv_kernels<T>().backward_data(s, gy.data(), w.data(), at, b, gx.data());
}

template <class T>
void backward_weight(Images<T> x, Images<T> gy, WeightOut<T> gw, const Numbers& window) {
  const ConvShape s = conv_shape(x, gw, gy, window);
  const WeightStrides at = strides_of(gw);
  Unlocked unlocked;
  conv_kernels<T>().backward_weight(s, x.data(), gy.data(), gw.data(), at);
}

void backward_bias(In<4> gy, Out<1> gb) {
  check(gy.shape(3) == gb.shape(0), "the bias has another length than channels");
  const int64_t pixels = int64_t(gy.shape(0) * gy.shape(1) * gy.shape(2)), channels = int64_t(gy.shape(3));
  Unlocked unlocked;
  kernels().conv.backward_bias(pixels, channels, gy.data(), gb.data());
}

template <class T>
void bind(nb::module_& m) {
  m.def("conv_forward", forward<T>, array("x"), array("w"), array("bias").none(), array("y"), nb::arg("window"),
        nb::arg("relu") = false);
  // With a bias it is the forward pass of a transposed convolution.
  m.def("conv_backward_data", backward_data<T>, array("gy"), array("w"), array("gx"), nb::arg("window"),
        array("bias").none() = nb::none());
  m.def("conv_backward_weight", backward_weight<T>, array("x"), array("gy"), array("gw"), nb::arg("window"));
}

}  // namespace

ConvShape conv_shape_of(const Sizes& x, const Sizes& w, const Sizes& y, const std::vector<int64_t>& window) {
  return conv_shape(x, w, y, window);
}

void bind_conv(nb::module_& m) {
  m.def("use_winograd", set_use_winograd);
  bind<float>(m);
  bind<double>(m);
  m.def("conv_backward_bias", backward_bias, array("gy"), array("gb"));
}

}  // namespace flambeau
