// Reductions, as Python sees them.
//
//   sum(x, y, inner=1)    also mean, prod, max, min, abs_sum, abs_max
//   norm(x, y)            the root of the sum of squares
//   argmax(x, y)          and argmin; y holds int64
//   add_rows(x, at, y)    y[r] is the sum of the rows i of x with at[i] == r
//
// x is seen as (outer, count, inner) and y as (outer, inner); how many numbers are reduced to one follows from the
// sizes. So y of size 1 takes all of x; with inner 1 the last axes are reduced; inner = y.size reduces the first axes,
// the gradient of a bias; in between lies an axis in the middle.
#include "bind.h"

namespace flambeau {
namespace {

using AnyIn = nb::ndarray<const float, nb::device::cpu, nb::c_contig>;
using AnyOut = nb::ndarray<float, nb::device::cpu, nb::c_contig>;
using Places = nb::ndarray<int64_t, nb::device::cpu, nb::c_contig>;

void def(nb::module_& m, const char* name, Reduction reduction) {
  const bool extreme = reduction == Reduction::max || reduction == Reduction::min;
  m.def(
      name,
      [reduction, extreme](const AnyIn& x, const AnyOut& y, int64_t inner) {
        const int64_t results = int64_t(y.size()), n = int64_t(x.size());
        check(inner > 0 && results % inner == 0, "inner must divide the size of the result");
        check(reduction != Reduction::norm || inner == 1, "a norm is of rows");
        check(results > 0 ? n % results == 0 : n == 0, "the sizes of the array and of the result do not fit");
        if (results == 0) return;
        check(n > 0 || !extreme, "no numbers: there is no extreme");
        Unlocked unlocked;
        kernels().reduce.reduce(reduction, {results / inner, n / results, inner}, x.data(), y.data());
      },
      array("x"), array("y"), nb::arg("inner") = 1);
}

void def_place(nb::module_& m, const char* name, bool least) {
  m.def(
      name,
      [least](const AnyIn& x, const Places& y) {
        const int64_t rows = int64_t(y.size()), n = int64_t(x.size());
        check(rows > 0 ? n % rows == 0 : n == 0, "the sizes of the array and of the result do not fit");
        if (rows == 0) return;
        check(n > 0, "no numbers: there is no extreme");
        Unlocked unlocked;
        kernels().reduce.place(least, rows, n / rows, x.data(), y.data());
      },
      array("x"), array("y"));
}

void add_rows(const In<2>& x, const nb::ndarray<const int64_t, nb::ndim<1>, nb::device::cpu, nb::c_contig>& at,
              const Out<2>& y) {
  check(x.shape(1) == y.shape(1), "rows and sums differ in length");
  check(x.shape(0) == at.shape(0), "there must be one number for each row");
  const int64_t m = int64_t(at.shape(0)), rows = int64_t(y.shape(0));
  for (int64_t i = 0; i < m; ++i) check(at.data()[i] >= 0 && at.data()[i] < rows, "there is no such row");
  Unlocked unlocked;
  kernels().reduce.add_rows(m, int64_t(x.shape(1)), rows, x.data(), at.data(), y.data());
}

}  // namespace

void bind_reduce(nb::module_& m) {
  def(m, "sum", Reduction::sum);
  def(m, "mean", Reduction::mean);
  def(m, "prod", Reduction::prod);
  def(m, "max", Reduction::max);
  def(m, "min", Reduction::min);
  def(m, "abs_sum", Reduction::abs_sum);
  def(m, "abs_max", Reduction::abs_max);
  def(m, "norm", Reduction::norm);
  def_place(m, "argmax", false);
  def_place(m, "argmin", true);
  m.def("add_rows", add_rows, array("x"), array("at"), array("y"));
}

}  // namespace flambeau
