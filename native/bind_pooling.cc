// Pooling, as Python sees it.
#include "bind.h"

namespace flambeau {

namespace {

constexpr int64_t kMost = int64_t{1} << 31;  // of each number of a window: products of two fit 64 bits

template <class X, class Y>
PoolShape pool_shape(const X& x, const Y& y) {
  return {x.shape(0), x.shape(1), x.shape(2), x.shape(3), y.shape(1), y.shape(2)};
}

// Without numbers there are cells, whose window is that of height 0.
PoolWindow average_window(const PoolShape& s, const std::optional<Window>& numbers) {
  check(s.oh < kMost && s.ow < kMost && s.oh * s.ow < kMost, "the output has too many pixels");
  return numbers ? pool_window(s, *numbers) : PoolWindow{};
}

AverageCount average_count(bool count_padding, std::optional<int64_t> divisor) {
  check(!divisor || *divisor != 0, "divisor must not be zero");
  return {divisor.value_or(0), count_padding};
}

}  // namespace

// Kernel, stride, padding, dilation, two numbers each. Windows begin in the image or in the padding before it, and
// reach at most a stride beyond the padding after it.
PoolWindow pool_window(const PoolShape& s, const Window& v) {
  for (int64_t size : {s.n, s.h, s.w, s.c, s.oh, s.ow})
    check(size >= 0 && size < kMost, "a dimension is negative or too large");
  check(v.size() == 8, "a window is eight numbers: kernel, stride, padding, dilation, two each");
  for (int64_t number : v) check(number >= 0 && number < kMost, "a number of the window is negative or too large");
  const PoolWindow w{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]};
  check(w.kh > 0 && w.kw > 0, "the window is empty");
  check(w.kh * w.kw < kMost, "the window is too large");
  check(w.stride_h > 0 && w.stride_w > 0, "strides must be positive");
  check(w.dilation_h > 0 && w.dilation_w > 0, "dilations must be positive");
  check((s.oh - 1) * w.stride_h < s.h + w.pad_h && (s.ow - 1) * w.stride_w < s.w + w.pad_w &&
            (w.kh - 1) * w.dilation_h < s.h + 2 * w.pad_h + w.stride_h &&
            (w.kw - 1) * w.dilation_w < s.w + 2 * w.pad_w + w.stride_w,
        "the windows do not fit the image");
  return w;
}

void bind_pooling(nb::module_& m) {
  def(m, "max_pool_forward(x[n h w channels], y[n oh ow channels], places[n oh ow channels], window)",
      [](In<4> x, Out<4> y, MaybePlaces places, const Window& numbers) {
        const PoolShape shape = pool_shape(x, y);
        const PoolWindow window = pool_window(shape, numbers);
        run(kernels().pooling.max_forward, shape, window, x, y, max_places(places, window));
      });
  def(m, "max_pool_backward(gy[n oh ow channels], places[n oh ow channels], gx[n h w channels], window)",
      [](In<4> gy, Places places, Out<4> gx, const Window& numbers) {
        const PoolShape shape = pool_shape(gx, gy);
        const PoolWindow window = pool_window(shape, numbers);
        run(kernels().pooling.max_backward, shape, window, gy, max_places(places, window), gx);
      });
  def(m, "max_pool_indices(places[n oh ow channels], indices[n oh ow channels], h, w, window)",
      [](Places places, View<int64_t, 4> indices, int64_t h, int64_t w, const Window& numbers) {
        const PoolShape shape{places.shape(0), h, w, places.shape(3), places.shape(1), places.shape(2)};
        const PoolWindow window = pool_window(shape, numbers);
        run(kernels().pooling.max_indices, shape, window, max_places(places, window), indices);
      });
  def(m, "avg_pool_forward(x[n h w channels], y[n oh ow channels], window, count_include_pad=True, divisor=None)",
      [](In<4> x, Out<4> y, const std::optional<Window>& numbers, bool count_padding, std::optional<int64_t> divisor) {
        check(numbers || y.size() == 0 || x.size() > 0, "the cells of an empty image have no mean");
        const PoolShape shape = pool_shape(x, y);
        const AverageCount count = average_count(count_padding, divisor);
        run(kernels().pooling.average_forward, shape, average_window(shape, numbers), count, x, y);
      });
  def(m, "avg_pool_backward(gy[n oh ow channels], gx[n h w channels], window, count_include_pad=True, divisor=None)",
      [](In<4> gy, Out<4> gx, const std::optional<Window>& numbers, bool count_padding,
         std::optional<int64_t> divisor) {
        const PoolShape shape = pool_shape(gx, gy);
        const AverageCount count = average_count(count_padding, divisor);
        run(kernels().pooling.average_backward, shape, average_window(shape, numbers), count, gy, gx);
      });
}

}  // namespace flambeau
