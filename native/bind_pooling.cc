// Pooling, as Python sees it.
#include "bind.h"

namespace flambeau {
namespace {

constexpr int64_t kMost = int64_t{1} << 31;  // of each number of a window: products of two fit 64 bits

template <class T> using OutOf = nb::ndarray<T, nb::ndim<4>, nb::device::cpu, nb::c_contig>;

template <class X, class Y>
PoolShape pool_shape(const X& x, const Y& y) {
  check(x.shape(0) == y.shape(0) && x.shape(3) == y.shape(3), "the output has another number of images or channels");
  for (int i = 0; i < 4; ++i)
    check(int64_t(x.shape(i)) < kMost && int64_t(y.shape(i)) < kMost, "a dimension is too large");
  return {int64_t(x.shape(0)), int64_t(x.shape(1)), int64_t(x.shape(2)), int64_t(x.shape(3)),
          int64_t(y.shape(1)), int64_t(y.shape(2))};
}

}  // namespace

// Kernel, stride, padding, dilation, two numbers each.
PoolWindow pool_window(const std::vector<int64_t>& v) {
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

namespace {

void max_pool_forward(In<4> x, Out<4> y, Places places, const std::vector<int64_t>& numbers) {
  const PoolShape s = pool_shape(x, y);
  const PoolWindow window = pool_window(numbers);
  check_fits(s, window);
  const MaxPlaces to = max_places(places, window, y);
  Unlocked unlocked;
  kernels().pooling.max_forward(s, window, x.data(), y.data(), to);
}

void max_pool_backward(In<4> gy, Places places, Out<4> gx, const std::vector<int64_t>& numbers) {
  const PoolShape s = pool_shape(gx, gy);
  const PoolWindow window = pool_window(numbers);
  check_fits(s, window);
  check(places.has_value(), "backward wants the places of the maxima");
  const MaxPlaces from = max_places(places, window, gy);
  Unlocked unlocked;
  kernels().pooling.max_backward(s, window, gy.data(), from, gx.data());
}

void max_pool_indices(Places places, OutOf<int64_t> indices, int64_t h, int64_t w,
                      const std::vector<int64_t>& numbers) {
  const PoolWindow window = pool_window(numbers);
  check(places.has_value(), "indices are made of the places of the maxima");
  check(h >= 0 && h < kMost && w >= 0 && w < kMost, "the plane's size is negative or too large");
  PoolShape s = pool_shape(indices, indices);
  s.h = h;
  s.w = w;
  check_fits(s, window);
  const MaxPlaces from = max_places(places, window, indices);
  Unlocked unlocked;
  kernels().pooling.max_indices(s, window, from, indices.data());
}

AverageCount average_count(std::optional<int64_t> divisor, bool count_padding) {
  check(!divisor || *divisor != 0, "divisor must not be zero");
  return {divisor.value_or(0), count_padding};
}

// Kernel, stride, padding, two numbers each.
PoolWindow average_window(std::vector<int64_t> numbers) {
  check(numbers.size() == 6, "a window is six numbers: kernel, stride, padding, two each");
  numbers.push_back(1);
  numbers.push_back(1);
  return pool_window(numbers);
}

void avg_pool_forward(In<4> x, Out<4> y, const std::vector<int64_t>& numbers, bool count_padding,
                      std::optional<int64_t> divisor) {
  const PoolShape s = pool_shape(x, y);
  const PoolWindow window = average_window(numbers);
  check_fits(s, window);
  const AverageCount count = average_count(divisor, count_padding);
  Unlocked unlocked;
  kernels().pooling.average_forward(s, window, count, x.data(), y.data());
}

void avg_pool_backward(In<4> gy, Out<4> gx, const std::vector<int64_t>& numbers, bool count_padding,
                       std::optional<int64_t> divisor) {
  const PoolShape s = pool_shape(gx, gy);
  const PoolWindow window = average_window(numbers);
  check_fits(s, window);
  const AverageCount count = average_count(divisor, count_padding);
  Unlocked unlocked;
  kernels().pooling.average_backward(s, window, count, gy.data(), gx.data());
}

void adaptive_avg_forward(In<4> x, Out<4> y) {
  const PoolShape s = pool_shape(x, y);
  check(y.size() == 0 || x.size() > 0, "the cells of an empty image have no mean");
  Unlocked unlocked;
  kernels().pooling.adaptive_forward(s, x.data(), y.data());
}

void adaptive_avg_backward(In<4> gy, Out<4> gx) {
  const PoolShape s = pool_shape(gx, gy);
  Unlocked unlocked;
  kernels().pooling.adaptive_backward(s, gy.data(), gx.data());
}

}  // namespace

void bind_pooling(nb::module_& m) {
  m.def("max_pool_forward", max_pool_forward, array("x"), array("y"), array("places").none(), nb::arg("window"));
  m.def("max_pool_backward", max_pool_backward, array("gy"), array("places"), array("gx"), nb::arg("window"));
  m.def("max_pool_indices", max_pool_indices, array("places"), array("indices"), nb::arg("h"), nb::arg("w"),
        nb::arg("window"));
  m.def("avg_pool_forward", avg_pool_forward, array("x"), array("y"), nb::arg("window"),
        nb::arg("count_include_pad") = true, nb::arg("divisor").none() = nb::none());
  m.def("avg_pool_backward", avg_pool_backward, array("gy"), array("gx"), nb::arg("window"),
        nb::arg("count_include_pad") = true, nb::arg("divisor").none() = nb::none());
  m.def("adaptive_avg_forward", adaptive_avg_forward, array("x"), array("y"));
  m.def("adaptive_avg_backward", adaptive_avg_backward, array("gy"), array("gx"));
}

}  // namespace flambeau
