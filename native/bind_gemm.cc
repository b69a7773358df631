// Matrix products and linear layers, as Python sees them.
#include "bind.h"

namespace flambeau {
namespace {

template <class T> using Matrices = nb::ndarray<const T, nb::device::cpu>;
template <class T> using MatricesOut = nb::ndarray<T, nb::device::cpu>;
template <class T> using Row = std::optional<nb::ndarray<const T, nb::ndim<1>, nb::device::cpu, nb::c_contig>>;

// c (+)= a b [+ bias]: matrices, or stacks of as many of them.
template <class T>
void gemm(Matrices<T> a, Matrices<T> b, MatricesOut<T> c, Row<T> bias, bool relu, bool accumulate) {
  const std::size_t rank = c.ndim(), first = rank - 2;
  check(rank == 2 || rank == 3, "matrices or stacks of matrices are wanted");
  check(a.ndim() == rank && b.ndim() == rank, "a, b and c differ in dimensions");
  GemmOf<T> g{};
  g.batch = rank == 3 ? int64_t(c.shape(0)) : 1;
  g.m = int64_t(c.shape(first));
  g.n = int64_t(c.shape(first + 1));
  g.k = int64_t(a.shape(first + 1));
  if (rank == 3) {
    check(int64_t(a.shape(0)) == g.batch && int64_t(b.shape(0)) == g.batch, "a, b and c differ in number of matrices");
    g.a_batch = a.stride(0);
    g.b_batch = b.stride(0);
    g.c_batch = c.stride(0);
  }
  check(int64_t(a.shape(first)) == g.m && int64_t(b.shape(first)) == g.k && int64_t(b.shape(first + 1)) == g.n,
        "a, b and c do not fit together");
  constexpr int64_t kMost = int64_t{1} << 20, kMostProducts = int64_t{1} << 60;
  check(g.m < kMost * kMost && g.n < kMost * kMost && g.k < kMost * kMost, "a dimension is too large");
  check(g.n == 0 || g.k == 0 || g.m < kMostProducts / g.n / g.k, "the product is too large");
  check(g.m * g.n * g.k == 0 || g.batch < kMostProducts / (g.m * g.n * g.k), "the product is too large");
  const bool some = g.batch * g.m * g.n > 0;  // the strides of nothing are anything
  check(!some || g.n == 1 || c.stride(first + 1) == 1, "the columns of c must lie side by side");
  check(!some || g.m == 1 || c.stride(first) >= g.n, "rows of c overlap");
  check(!some || g.batch == 1 || g.c_batch >= (g.m - 1) * c.stride(first) + g.n, "matrices of c overlap");
  check(!bias || int64_t(bias->shape(0)) == g.n, "the bias has another length than columns");
  g.a = a.data();
  g.a_row = a.stride(first);
  g.a_column = g.k == 1 ? 1 : a.stride(first + 1);  // the stride of one number is anything
  g.b = b.data();
  g.b_row = b.stride(first);
  g.b_column = g.n == 1 && g.b_row != 1 ? 1 : b.stride(first + 1);
  g.c = c.data();
  g.c_row = c.stride(first);
  g.bias = bias ? bias->data() : nullptr;
  g.relu = relu;
  g.accumulate = accumulate;
  Unlocked unlocked;
  if constexpr (sizeof(T) == sizeof(float)) kernels().gemm.single(g);
  else kernels().gemm.in_double(g);
}

template <class Y>
LinearShape linear_shape(const In<2>& x, const In<2>& w, const Y& y) {
  check(x.shape(1) == w.shape(1), "the weight wants another number of inputs");
  check(y.shape(0) == x.shape(0) && y.shape(1) == w.shape(0), "the output does not fit the input and the weight");
  return {int64_t(x.shape(0)), int64_t(x.shape(1)), int64_t(w.shape(0))};
}

void linear_forward(In<2> x, In<2> w, std::optional<In<1>> bias, Out<2> y, const std::string& activation, float a,
                    float b) {
  const LinearShape s = linear_shape(x, w, y);
  const Monotone function = monotone(activation, a, b);
  check(!bias || int64_t(bias->shape(0)) == s.out, "the bias has another length than outputs");
  Unlocked unlocked;
  kernels().gemm.linear_forward(s, function, x.data(), w.data(), bias ? bias->data() : nullptr, y.data());
}

void linear_backward(In<2> x, In<2> w, In<2> y, In<2> gy, std::optional<Out<2>> gx, std::optional<Out<2>> gw,
                     std::optional<Out<1>> gb, const std::string& activation, float a, float b) {
  const LinearShape s = linear_shape(x, w, y);
  const Monotone function = monotone(activation, a, b);
  for (int i = 0; i < 2; ++i) {
    check(gy.shape(i) == y.shape(i), "output and gradient differ in shape");
    check(!gx || gx->shape(i) == x.shape(i), "input and its gradient differ in shape");
    check(!gw || gw->shape(i) == w.shape(i), "weight and its gradient differ in shape");
  }
  check(!gb || int64_t(gb->shape(0)) == s.out, "the bias has another length than outputs");
  Unlocked unlocked;
  kernels().gemm.linear_backward(s, function, x.data(), w.data(), y.data(), gy.data(), gx ? gx->data() : nullptr,
                                 gw ? gw->data() : nullptr, gb ? gb->data() : nullptr);
}

}  // namespace

void bind_gemm(nb::module_& m) {
  const auto def = [&](auto function) {
    m.def("gemm", function, array("a"), array("b"), array("c"), array("bias").none() = nb::none(),
          nb::arg("relu") = false, nb::arg("accumulate") = false);
  };
  def(gemm<float>);
  def(gemm<double>);
  m.def("linear_forward", linear_forward, array("x"), array("w"), array("bias").none(), array("y"),
        nb::arg("activation") = "none", nb::arg("a") = 0.0f, nb::arg("b") = 0.0f);
  m.def("linear_backward", linear_backward, array("x"), array("w"), array("y"), array("gy"), array("gx").none(),
        array("gw").none(), array("gb").none(), nb::arg("activation") = "none", nb::arg("a") = 0.0f,
        nb::arg("b") = 0.0f);
}

}  // namespace flambeau
