// Convolution, as Python sees it.
#include "bind.h"

namespace flambeau {
namespace {

struct Window {
  int64_t stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups;
};

ConvShape conv_shape(const int64_t (&x)[4], const int64_t (&w)[4], const int64_t (&y)[4], const Window& v) {
  check(v.stride_h > 0 && v.stride_w > 0, "strides must be positive");
  check(v.dilation_h > 0 && v.dilation_w > 0, "dilations must be positive");
  check(v.pad_h >= 0 && v.pad_w >= 0, "the padding must not be negative");
  constexpr int64_t kMost = 1 << 24;  // nothing below overflows
  check(v.stride_h < kMost && v.stride_w < kMost && v.pad_h < kMost && v.pad_w < kMost && v.dilation_h < kMost &&
            v.dilation_w < kMost,
        "strides, padding or dilations are too large");
  check(v.groups > 0 && x[3] % v.groups == 0 && w[0] % v.groups == 0, "groups must divide both numbers of channels");
  check(w[1] * v.groups == x[3], "the weight wants another number of input channels");
  check(y[0] == x[0] && y[3] == w[0], "the output has another number of images or channels");
  check(x[1] > 0 && x[2] > 0 && x[3] > 0, "the images have no pixels or no channels");
  check(y[1] > 0 && y[2] > 0 && y[3] > 0, "the output has no pixels or no channels");
  check(w[2] > 0 && w[3] > 0, "the window is empty");
  return {x[0], x[1], x[2], x[3], y[1], y[2], y[3], w[2], w[3], v.stride_h, v.stride_w, v.pad_h, v.pad_w,
          v.dilation_h, v.dilation_w, v.groups};
}

template <class A>
void shape_of(const A& a, int64_t (&out)[4]) {
  for (int i = 0; i < 4; ++i) out[i] = int64_t(a.shape(i));
}

template <class W>
WeightStrides strides_of(const W& w) {
  return {w.stride(0), w.stride(1), w.stride(2), w.stride(3)};
}

template <class X, class W, class Y>
ConvShape conv_shape(const X& x, const W& w, const Y& y, const Window& v) {
  int64_t xs[4], ws[4], ys[4];
  shape_of(x, xs);
  shape_of(w, ws);
  shape_of(y, ys);
  return conv_shape(xs, ws, ys, v);
}

Window window(const std::vector<int64_t>& numbers) {
  check(numbers.size() == 7, "a window is seven numbers");
  return {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]};
}

void conv_forward(In<4> x, StridedIn<4> w, std::optional<In<1>> bias, Out<4> y, const std::vector<int64_t>& numbers,
                  bool relu) {
  const ConvShape s = conv_shape(x, w, y, window(numbers));
  check(!bias || int64_t(bias->shape(0)) == s.c_out, "the bias has another length than channels out");
  const WeightStrides at = strides_of(w);
  const float* b = bias ? bias->data() : nullptr;
  Unlocked unlocked;
  kernels().conv.forward(s, x.data(), w.data(), at, b, relu, y.data());
}

void conv_backward_data(In<4> gy, StridedIn<4> w, Out<4> gx, const std::vector<int64_t>& numbers) {
  const ConvShape s = conv_shape(gx, w, gy, window(numbers));
  const WeightStrides at = strides_of(w);
  Unlocked unlocked;
  kernels().conv.backward_data(s, gy.data(), w.data(), at, gx.data());
}

void conv_backward_weight(In<4> x, In<4> gy, StridedOut<4> gw, const std::vector<int64_t>& numbers) {
  const ConvShape s = conv_shape(x, gw, gy, window(numbers));
  const WeightStrides at = strides_of(gw);
  Unlocked unlocked;
  kernels().conv.backward_weight(s, x.data(), gy.data(), gw.data(), at);
}

void conv_backward_bias(In<4> gy, Out<1> gb) {
  check(gy.shape(3) == gb.shape(0), "the bias has another length than channels");
  const int64_t pixels = int64_t(gy.shape(0) * gy.shape(1) * gy.shape(2)), channels = int64_t(gy.shape(3));
  Unlocked unlocked;
  kernels().conv.backward_bias(pixels, channels, gy.data(), gb.data());
}

}  // namespace

void bind_conv(nb::module_& m) {
  m.def("use_winograd", set_use_winograd);
  // noconvert: an array of another type or order is refused; nanobind would otherwise work on a copy.
  const auto array = [](const char* name) { return nb::arg(name).noconvert(); };
  m.def("conv_forward", conv_forward, array("x"), array("w"), array("bias").none(), array("y"), nb::arg("window"),
        nb::arg("relu") = false);
  m.def("conv_backward_data", conv_backward_data, array("gy"), array("w"), array("gx"), nb::arg("window"));
  m.def("conv_backward_weight", conv_backward_weight, array("x"), array("gy"), array("gw"), nb::arg("window"));
  m.def("conv_backward_bias", conv_backward_bias, array("gy"), array("gb"));
}

}  // namespace flambeau
