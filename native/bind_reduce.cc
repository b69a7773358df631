// Reductions, as Python sees them.
//
//   sum(x, y, inner=1)    also mean, prod, max, min, abs_sum, abs_max
//   norm(x, y)            the root of the sum of squares
//   add_rows(x, at, y)    y[r] is the sum of the rows i of x with at[i] == r
//
// x is seen as (outer, count, inner) and y as (outer, inner); how many numbers are reduced to one follows from the
// sizes. So y of size 1 takes all of x; with inner 1 the last axes are reduced; inner = y.size reduces the first axes,
// the gradient of a bias; in between lies an axis in the middle.
#include "bind.h"

namespace flambeau {
namespace {

using AnyIn = View<const float, kAny>;

// How many of n numbers are reduced to each of the results.
int64_t share(int64_t n, int64_t results, bool extreme) {
  check(results > 0 ? n % results == 0 : n == 0, "the sizes of the array and of the result do not fit");
  check(n > 0 || results == 0 || !extreme, "no numbers: there is no extreme");
  return results > 0 ? n / results : 0;
}

void def_reduction(nb::module_& m, const std::string& name, Reduction reduction) {
  const bool extreme = reduction == Reduction::max || reduction == Reduction::min;
  def(m, name + "(x, y, inner=1)", [reduction, extreme](AnyIn x, View<float, kAny> y, int64_t inner) {
    const int64_t results = y.size();
    check(inner > 0 && results % inner == 0, "inner must divide the size of the result");
    check(reduction != Reduction::norm || inner == 1, "a norm is of rows");
    const ReduceShape shape{results / inner, share(x.size(), results, extreme), inner};
    if (results > 0) run(kernels().reduce.reduce, reduction, shape, x, y);
  });
}

}  // namespace

void bind_reduce(nb::module_& m) {
  def_reduction(m, "sum", Reduction::sum);
  def_reduction(m, "mean", Reduction::mean);
  def_reduction(m, "prod", Reduction::prod);
  def_reduction(m, "max", Reduction::max);
  def_reduction(m, "min", Reduction::min);
  def_reduction(m, "abs_sum", Reduction::abs_sum);
  def_reduction(m, "abs_max", Reduction::abs_max);
  def_reduction(m, "norm", Reduction::norm);
  def(m, "add_rows(x[count columns], at[count], y[rows columns])", [](In<2> x, View<const int64_t, 1> at, Out<2> y) {
    const int64_t count = at.shape(0), rows = y.shape(0);
    for (int64_t i = 0; i < count; ++i) check(at.data()[i] >= 0 && at.data()[i] < rows, "there is no such row");
    run(kernels().reduce.add_rows, count, x.shape(1), rows, x, at, y);
  });
}

}  // namespace flambeau
