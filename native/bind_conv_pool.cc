// Convolution + bias + max pool + activation, as Python sees it.
#include "bind.h"

namespace flambeau {
namespace {

// `window`: of the convolution, as conv_forward wants it; `pool`: of the pool, as max_pool_forward wants it.
template <class X, class W, class Y>
ConvPoolShape conv_pool_shape(const X& x, const W& w, const Y& y, const std::vector<int64_t>& window,
                              const std::vector<int64_t>& pool) {
  check(window.size() == 7, "a window is seven numbers");
  const auto side = [&](int axis) {  // of the map between
    constexpr int64_t kMost = 1 << 24;
    const int64_t stride = window[axis], pad = window[2 + axis], dilation = window[4 + axis];
    const int64_t input = int64_t(x.shape(1 + axis)), taps = int64_t(w.shape(2 + axis));
    check(stride > 0, "strides must be positive");
    check(dilation > 0, "dilations must be positive");
    check(pad >= 0, "the padding must not be negative");
    check(pad < kMost && dilation < kMost && taps < kMost, "padding, dilations or the window are too large");
    check(input + 2 * pad > dilation * (taps - 1), "the window is larger than the padded image");
    return (input + 2 * pad - dilation * (taps - 1) - 1) / stride + 1;
  };
  Sizes in, weight;
  for (int i = 0; i < 4; ++i) {
    in.sizes.push_back(int64_t(x.shape(i)));
    weight.sizes.push_back(int64_t(w.shape(i)));
  }
  check(y.shape(0) == x.shape(0) && y.shape(3) == w.shape(0), "the output has another number of images or channels");
  const ConvShape conv = conv_shape_of(in, weight, {{in.sizes[0], side(0), side(1), weight.sizes[0]}}, window);
  const PoolWindow over = pool_window(pool);
  const int64_t oh = int64_t(y.shape(1)), ow = int64_t(y.shape(2));
  check_fits({conv.n, conv.oh, conv.ow, conv.c_out, oh, ow}, over);
  return {conv, over, oh, ow};
}

template <class W>
WeightStrides strides_of(const W& w) {
  return {w.stride(0), w.stride(1), 0, w.stride(2), w.stride(3)};
}

void conv_pool_forward(In<4> x, StridedIn<4> w, std::optional<In<1>> bias, Out<4> y, Places places,
                       const std::vector<int64_t>& window, const std::vector<int64_t>& pool,
                       const std::string& activation, float a, float b) {
  const ConvPoolShape s = conv_pool_shape(x, w, y, window, pool);
  const Monotone function = monotone(activation, a, b);
  check(!bias || int64_t(bias->shape(0)) == s.conv.c_out, "the bias has another length than channels out");
  const MaxPlaces to = max_places(places, s.window, y);
  const WeightStrides at = strides_of(w);
  Unlocked unlocked;
  kernels().conv_pool.forward(s, function, x.data(), w.data(), at, bias ? bias->data() : nullptr, y.data(), to);
}

void conv_pool_backward(In<4> x, StridedIn<4> w, In<4> y, Places places, In<4> gy, std::optional<Out<4>> gx,
                        std::optional<StridedOut<4>> gw, std::optional<Out<1>> gb, const std::vector<int64_t>& window,
                        const std::vector<int64_t>& pool, const std::string& activation, float a, float b) {
  const ConvPoolShape s = conv_pool_shape(x, w, y, window, pool);
  const Monotone function = monotone(activation, a, b);
  check(places.has_value(), "backward wants the places of the maxima");
  const MaxPlaces from = max_places(places, s.window, y);
  for (int i = 0; i < 4; ++i) {
    check(gy.shape(i) == y.shape(i), "output and gradient differ in shape");
    check(!gx || gx->shape(i) == x.shape(i), "input and its gradient differ in shape");
    check(!gw || gw->shape(i) == w.shape(i), "weight and its gradient differ in shape");
  }
  check(!gb || int64_t(gb->shape(0)) == s.conv.c_out, "the bias has another length than channels out");
  const WeightStrides at = strides_of(w);
  const ConvPoolGradients to{gx ? gx->data() : nullptr, gw ? gw->data() : nullptr, gw ? strides_of(*gw) : at,
                             gb ? gb->data() : nullptr};
  Unlocked unlocked;
  kernels().conv_pool.backward(s, function, x.data(), w.data(), at, y.data(), from, gy.data(), to);
}

}  // namespace

void bind_conv_pool(nb::module_& m) {
  m.def("conv_pool_forward", conv_pool_forward, array("x"), array("w"), array("bias").none(), array("y"),
        array("places").none(), nb::arg("window"), nb::arg("pool"), nb::arg("activation") = "none",
        nb::arg("a") = 0.0f, nb::arg("b") = 0.0f);
  m.def("conv_pool_backward", conv_pool_backward, array("x"), array("w"), array("y"), array("places"), array("gy"),
        array("gx").none(), array("gw").none(), array("gb").none(), nb::arg("window"), nb::arg("pool"),
        nb::arg("activation") = "none", nb::arg("a") = 0.0f, nb::arg("b") = 0.0f);
}

}  // namespace flambeau
