// Matrix products and linear layers, as Python sees them.
#include "bind.h"

namespace flambeau {
namespace {

template <class T> using Matrices = View<const T, kAny, false>;
template <class T> using MatricesOut = View<T, kAny, false>;
template <class T> using Row = View<const T, 1, true, true>;

// What would overflow, or be written twice.
template <class T>
void check_gemm(const GemmOf<T>& g, int64_t c_column) {
  constexpr int64_t kMost = int64_t{1} << 40, kMostProducts = int64_t{1} << 60;
  check(g.m < kMost && g.n < kMost && g.k < kMost, "a dimension is too large");
  check(g.n == 0 || g.k == 0 || g.m < kMostProducts / g.n / g.k, "the product is too large");
  check(g.m * g.n * g.k == 0 || g.batch < kMostProducts / (g.m * g.n * g.k), "the product is too large");
  if (g.batch * g.m * g.n == 0) return;  // the strides of nothing are anything
  check(g.n == 1 || c_column == 1, "the columns of c must lie side by side");
  check(g.m == 1 || g.c_row >= g.n, "rows of c overlap");
  check(g.batch == 1 || g.c_batch >= (g.m - 1) * g.c_row + g.n, "matrices of c overlap");
}

// c (+)= a b [+ bias]: matrices, or stacks of as many of them.
template <class T>
void gemm(Matrices<T> a, Matrices<T> b, MatricesOut<T> c, Row<T> bias, bool relu, bool accumulate) {
  const int rank = c.rank(), row = rank - 2, column = rank - 1;
  check(rank == 2 || rank == 3, "matrices or stacks of matrices are wanted");
  check(a.rank() == rank && b.rank() == rank, "a, b and c differ in dimensions");
  GemmOf<T> g{1, c.shape(row), c.shape(column), a.shape(column), a.data(), 0, a.stride(row), a.stride(column),
              b.data(), 0, b.stride(row), b.stride(column), c.data(), 0, c.stride(row), bias.data(), relu, accumulate};
  if (rank == 3) {
    g.batch = c.shape(0);
    check(a.shape(0) == g.batch && b.shape(0) == g.batch, "a, b and c differ in number of matrices");
    g.a_batch = a.stride(0);
    g.b_batch = b.stride(0);
    g.c_batch = c.stride(0);
  }
  check(a.shape(row) == g.m && b.shape(row) == g.k && b.shape(column) == g.n, "a, b and c do not fit together");
  check(!bias || bias.shape(0) == g.n, "the bias has another length than columns");
  check_gemm(g, c.stride(column));
  if (g.k == 1) g.a_column = 1;  // the stride of one number is anything
  if (g.n == 1 && g.b_row != 1) g.b_column = 1;
  if constexpr (sizeof(T) == sizeof(float)) run(kernels().gemm.single, g);
  else run(kernels().gemm.in_double, g);
}

}  // namespace

void bind_gemm(nb::module_& m) {
  const std::string signature = "gemm(a, b, c, bias=None, relu=False, accumulate=False)";
  def(m, signature, gemm<float>);
  def(m, signature, gemm<double>);
  def(m, "linear_forward(x[m inputs], w[outputs inputs], bias[outputs], y[m outputs], activation='none', a=0.0, b=0.0)",
      [](In<2> x, In<2> w, MaybeIn<1> bias, Out<2> y, const std::string& activation, float a, float b) {
        const LinearShape s{x.shape(0), x.shape(1), w.shape(0)};
        run(kernels().gemm.linear_forward, s, monotone(activation, a, b), x, w, bias, y);
      });
  def(m,
      "linear_backward(x[m inputs], w[outputs inputs], y[m outputs], gy[m outputs], gx[m inputs], gw[outputs inputs], "
      "gb[outputs], activation='none', a=0.0, b=0.0)",
      [](In<2> x, In<2> w, In<2> y, In<2> gy, MaybeOut<2> gx, MaybeOut<2> gw, MaybeOut<1> gb,
         const std::string& activation, float a, float b) {
        const LinearShape s{x.shape(0), x.shape(1), w.shape(0)};
        run(kernels().gemm.linear_backward, s, monotone(activation, a, b), x, w, y, gy, gx, gw, gb);
      });
}

}  // namespace flambeau
