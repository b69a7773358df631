// Convolution + bias + max pool + activation, as Python sees it.
#include "bind.h"

namespace flambeau {
namespace {

using Weight = View<const float, 4, false>;
using MaybeWeightOut = View<float, 4, false, true>;

// `window`: of the convolution, as conv_forward wants it; `pool`: of the pool, as max_pool_forward wants it.
template <class Y>
ConvPoolShape conv_pool_shape(const In<4>& x, const Weight& w, const Y& y, const Window& window, const Window& pool) {
  const ConvShape s = conv_shape(x.shape(), w.shape(), {}, window);
  const PoolShape pooled{s.n, s.oh, s.ow, s.c_out, y.shape(1), y.shape(2)};
  return {s, pool_window(pooled, pool), pooled.oh, pooled.ow};
}

}  // namespace

void bind_conv_pool(nb::module_& m) {
  def(m,
      "conv_pool_forward(x[n h w i], w[o g kh kw], bias[o], y[n oh ow o], places[n oh ow o], window, pool, "
      "activation='none', a=0.0, b=0.0)",
      [](In<4> x, Weight w, MaybeIn<1> bias, Out<4> y, MaybePlaces places, const Window& window, const Window& pool,
         const std::string& activation, float a, float b) {
        const ConvPoolShape s = conv_pool_shape(x, w, y, window, pool);
        run(kernels().conv_pool.forward, s, monotone(activation, a, b), x, w, weight_strides(w), bias, y,
            max_places(places, s.window));
      });
  def(m,
      "conv_pool_backward(x[n h w i], w[o g kh kw], y[n oh ow o], places[n oh ow o], gy[n oh ow o], gx[n h w i], "
      "gw[o g kh kw], gb[o], window, pool, activation='none', a=0.0, b=0.0)",
      [](In<4> x, Weight w, In<4> y, Places places, In<4> gy, MaybeOut<4> gx, MaybeWeightOut gw, MaybeOut<1> gb,
         const Window& window, const Window& pool, const std::string& activation, float a, float b) {
        const ConvPoolShape s = conv_pool_shape(x, w, y, window, pool);
        const WeightStrides at = weight_strides(w);
        const ConvPoolGradients to{gx.data(), gw.data(), gw ? weight_strides(gw) : at, gb.data()};
        run(kernels().conv_pool.backward, s, monotone(activation, a, b), x, w, at, y, max_places(places, s.window),
            gy, to);
      });
}

}  // namespace flambeau
