// Convolution + bias + max pool + activation, as Python sees it.
#include "bind.h"

namespace flambeau {
namespace {

using Places = std::optional<nb::ndarray<nb::ndim<4>, nb::device::cpu, nb::c_contig>>;

// `window`: of the convolution, as conv_forward wants it; `pool`: of the pool, as max_pool_forward wants it.
template <class X, class W, class Y>
ConvPoolShape conv_pool_shape(const X& x, const W& w, const Y& y, const std::vector<int64_t>& window,
                              const std::vector<int64_t>& pool) {
  check(window.size() == 7, "a window is seven numbers");
  Sizes in, weight, out;
  for (int i = 0; i < 4; ++i) {
    in.sizes.push_back(int64_t(x.shape(i)));
    weight.sizes.push_back(int64_t(w.shape(i)));
    out.sizes.push_back(int64_t(y.shape(i)));
  }
  ConvShape conv = conv_shape_of(in, weight, out, window);  // checks all but the size of the map between
  conv.oh = (conv.h + 2 * conv.pad_h - conv.dilation_h * (conv.kh - 1) - 1) / conv.stride_h + 1;
  conv.ow = (conv.w + 2 * conv.pad_w - conv.dilation_w * (conv.kw - 1) - 1) / conv.stride_w + 1;
  check(conv.h + 2 * conv.pad_h > conv.dilation_h * (conv.kh - 1) &&
            conv.w + 2 * conv.pad_w > conv.dilation_w * (conv.kw - 1),
        "the window is larger than the padded image");
  return {conv, pool_window(pool), out.sizes[1], out.sizes[2]};
}

template <class Y>
MaxPlaces places_of(const Places& places, const PoolWindow& window, const Y& y) {
  if (!places) return {nullptr, nullptr};
  for (int i = 0; i < 4; ++i) check(places->shape(i) == y.shape(i), "places and output differ in shape");
  if (places->dtype() == nb::dtype<int32_t>()) return {nullptr, static_cast<int32_t*>(places->data())};
  check(places->dtype() == nb::dtype<uint8_t>(), "places must be uint8 or int32");
  check(window.kh * window.kw <= 256, "the window has more places than a byte can number: use int32");
  return {static_cast<uint8_t*>(places->data()), nullptr};
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
  const MaxPlaces to = places_of(places, s.window, y);
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
  const MaxPlaces from = places_of(places, s.window, y);
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
