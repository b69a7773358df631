// Pooling, as Python sees it.
#include "bind.h"

namespace flambeau {

namespace {

constexpr int64_t kMost = int64_t{1} << 31;  // of each number of a window: products of two fit 64 bits

struct Pool {
  PoolShape shape;
  PoolWindow window;
};

template <class X, class Y>
PoolShape pool_shape(const X& x, const Y& y) {
  for (int i = 0; i < 4; ++i) check(x.shape(i) < kMost && y.shape(i) < kMost, "a dimension is too large");
  return {x.shape(0), x.shape(1), x.shape(2), x.shape(3), y.shape(1), y.shape(2)};
}

template <class X, class Y>
Pool pool(const X& x, const Y& y, const Window& numbers) {
  const PoolShape s = pool_shape(x, y);
  const PoolWindow window = pool_window(numbers);
  check_fits(s, window);
  return {s, window};
}

// Kernel, stride, padding, two numbers each.
template <class X, class Y>
Pool average_pool(const X& x, const Y& y, Window numbers) {
  check(numbers.size() == 6, "a window is six numbers: kernel, stride, padding, two each");
  numbers.insert(numbers.end(), 2, 1);
  return pool(x, y, numbers);
}

AverageCount average_count(bool count_padding, std::optional<int64_t> divisor) {
  check(!divisor || *divisor != 0, "divisor must not be zero");
  return {divisor.value_or(0), count_padding};
}

}  // namespace

// Kernel, stride, padding, dilation, two numbers each.
PoolWindow pool_window(const Window& v) {
  check(v.size() == 8, "a window is eight numbers: kernel, stride, padding, dilation, two each");
  for (int64_t number : v) check(number >= 0 && number < kMost, "a number of the window is negative or too large");
  check(v[0] > 0 && v[1] > 0, "the window is empty");
  check(v[0] * v[1] < kMost, "the window is too large");
  check(v[2] > 0 && v[3] > 0, "strides must be positive");
  check(v[6] > 0 && v[7] > 0, "dilations must be positive");
  return {v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]};
}

// Windows begin in the image or in the padding before it, and reach at most a stride beyond the padding after it.
void check_fits(const PoolShape& s, const PoolWindow& v) {
  check((s.oh - 1) * v.stride_h < s.h + v.pad_h && (s.ow - 1) * v.stride_w < s.w + v.pad_w &&
            (v.kh - 1) * v.dilation_h < s.h + 2 * v.pad_h + v.stride_h &&
            (v.kw - 1) * v.dilation_w < s.w + 2 * v.pad_w + v.stride_w,
        "the windows do not fit the image");
}

void bind_pooling(nb::module_& m) {
  def(m, "max_pool_forward(x[n h w channels], y[n oh ow channels], places[n oh ow channels], window)",
      [](In<4> x, Out<4> y, MaybePlaces places, const Window& numbers) {
        const auto [shape, window] = pool(x, y, numbers);
        run(kernels().pooling.max_forward, shape, window, x, y, max_places(places, window));
      });
  def(m, "max_pool_backward(gy[n oh ow channels], places[n oh ow channels], gx[n h w channels], window)",
      [](In<4> gy, Places places, Out<4> gx, const Window& numbers) {
        const auto [shape, window] = pool(gx, gy, numbers);
        run(kernels().pooling.max_backward, shape, window, gy, max_places(places, window), gx);
      });
  def(m, "max_pool_indices(places[n oh ow channels], indices[n oh ow channels], h, w, window)",
      [](Places places, View<int64_t, 4> indices, int64_t h, int64_t w, const Window& numbers) {
        check(h >= 0 && h < kMost && w >= 0 && w < kMost, "the plane's size is negative or too large");
        PoolShape s = pool_shape(places, indices);
        s.h = h;
        s.w = w;
        const PoolWindow window = pool_window(numbers);
        check_fits(s, window);
        run(kernels().pooling.max_indices, s, window, max_places(places, window), indices);
      });
  def(m, "avg_pool_forward(x[n h w channels], y[n oh ow channels], window, count_include_pad=True, divisor=None)",
      [](In<4> x, Out<4> y, const Window& numbers, bool count_padding, std::optional<int64_t> divisor) {
        const auto [shape, window] = average_pool(x, y, numbers);
        run(kernels().pooling.average_forward, shape, window, average_count(count_padding, divisor), x, y);
      });
  def(m, "avg_pool_backward(gy[n oh ow channels], gx[n h w channels], window, count_include_pad=True, divisor=None)",
      [](In<4> gy, Out<4> gx, const Window& numbers, bool count_padding, std::optional<int64_t> divisor) {
        const auto [shape, window] = average_pool(gx, gy, numbers);
        run(kernels().pooling.average_backward, shape, window, average_count(count_padding, divisor), gy, gx);
      });
  def(m, "adaptive_avg_forward(x[n h w channels], y[n oh ow channels])", [](In<4> x, Out<4> y) {
    check(y.size() == 0 || x.size() > 0, "the cells of an empty image have no mean");
    run(kernels().pooling.average_forward, pool_shape(x, y), PoolWindow{}, AverageCount{}, x, y);
  });
  def(m, "adaptive_avg_backward(gy[n oh ow channels], gx[n h w channels])", [](In<4> gy, Out<4> gx) {
    run(kernels().pooling.average_backward, pool_shape(gx, gy), PoolWindow{}, AverageCount{}, gy, gx);
  });
}

}  // namespace flambeau
