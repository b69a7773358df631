// Normalisation, as Python sees it.
#include "bind.h"

namespace flambeau {
namespace {

using MaybeIn = std::optional<In<1>>;
using MaybeOut = std::optional<Out<1>>;

template <class A>
NormShape norm_shape(const A& x) {
  return {int64_t(x.shape(0)), int64_t(x.shape(1))};
}

template <class A, class B>
void check_same(const A& a, const B& b, const char* what) {
  check(a.shape(0) == b.shape(0) && a.shape(1) == b.shape(1), what);
}

template <class A>
auto row_of(const A& a, int64_t count, const char* what) {
  check(!a || int64_t(a->shape(0)) == count, what);
  return a ? a->data() : nullptr;
}

NormAffine norm_affine(const MaybeIn& weight, const MaybeIn& bias, double eps, int64_t c) {
  return {row_of(weight, c, "the weight has another length than a row"),
          row_of(bias, c, "the bias has another length than a row"), float(eps)};
}

template <class A>
void check_moments(const A& mean, const A& var, int64_t count) {
  check(int64_t(mean.shape(0)) == count && int64_t(var.shape(0)) == count, "mean or variance has a wrong length");
}

BatchNormForward forward_arrays(const In<2>& x, const std::optional<In<2>>& residual, bool relu, const Out<2>& y) {
  check_same(x, y, "input and output differ in shape");
  if (residual) check_same(x, *residual, "input and residual differ in shape");
  return {x.data(), residual ? residual->data() : nullptr, relu, y.data()};
}

void batch_norm_train(In<2> x, MaybeIn weight, MaybeIn bias, double eps, Out<2> y, Out<1> mean, Out<1> var,
                      std::optional<In<2>> residual, bool relu) {
  const NormShape s = norm_shape(x);
  const NormAffine affine = norm_affine(weight, bias, eps, s.c);
  const BatchNormForward f = forward_arrays(x, residual, relu, y);
  check_moments(mean, var, s.c);
  Unlocked unlocked;
  kernels().norm.batch_train(s, affine, f, mean.data(), var.data());
}

void batch_norm_evaluate(In<2> x, MaybeIn weight, MaybeIn bias, double eps, Out<2> y, In<1> mean, In<1> var,
                         std::optional<In<2>> residual, bool relu) {
  const NormShape s = norm_shape(x);
  const NormAffine affine = norm_affine(weight, bias, eps, s.c);
  const BatchNormForward f = forward_arrays(x, residual, relu, y);
  check_moments(mean, var, s.c);
  Unlocked unlocked;
  kernels().norm.batch_evaluate(s, affine, f, mean.data(), var.data());
}

void batch_norm_backward(In<2> gy, In<2> x, In<1> mean, In<1> var, MaybeIn weight, MaybeIn bias, double eps,
                         std::optional<Out<2>> gx, MaybeOut gw, MaybeOut gb, std::optional<In<2>> y, bool relu,
                         std::optional<Out<2>> g_residual, bool training) {
  const NormShape s = norm_shape(x);
  const NormAffine affine = norm_affine(weight, bias, eps, s.c);
  check_same(x, gy, "input and gradient differ in shape");
  if (y) check_same(x, *y, "input and output differ in shape");
  if (gx) check_same(x, *gx, "input and its gradient differ in shape");
  if (g_residual) check_same(x, *g_residual, "input and the residual's gradient differ in shape");
  check_moments(mean, var, s.c);
  const BatchNormBackward b{gy.data(), x.data(), relu && y ? y->data() : nullptr, relu, training,
                            gx ? gx->data() : nullptr,
                            row_of(gw, s.c, "the weight's gradient has another length than a row"),
                            row_of(gb, s.c, "the bias's gradient has another length than a row"),
                            g_residual ? g_residual->data() : nullptr};
  Unlocked unlocked;
  kernels().norm.batch_backward(s, affine, b, mean.data(), var.data());
}

void layer_norm_forward(In<2> x, MaybeIn weight, MaybeIn bias, double eps, Out<2> y, Out<1> mean, Out<1> var) {
  const NormShape s = norm_shape(x);
  const NormAffine affine = norm_affine(weight, bias, eps, s.c);
  check_same(x, y, "input and output differ in shape");
  check_moments(mean, var, s.m);
  Unlocked unlocked;
  kernels().norm.layer_forward(s, affine, x.data(), y.data(), mean.data(), var.data());
}

void layer_norm_backward(In<2> gy, In<2> x, In<1> mean, In<1> var, MaybeIn weight, double eps,
                         std::optional<Out<2>> gx, MaybeOut gw, MaybeOut gb) {
  const NormShape s = norm_shape(x);
  const NormAffine affine = norm_affine(weight, std::nullopt, eps, s.c);
  check_same(x, gy, "input and gradient differ in shape");
  if (gx) check_same(x, *gx, "input and its gradient differ in shape");
  check_moments(mean, var, s.m);
  float* to_gw = row_of(gw, s.c, "the weight's gradient has another length than a row");
  float* to_gb = row_of(gb, s.c, "the bias's gradient has another length than a row");
  Unlocked unlocked;
  kernels().norm.layer_backward(s, affine, gy.data(), x.data(), mean.data(), var.data(), gx ? gx->data() : nullptr,
                                to_gw, to_gb);
}

}  // namespace

void bind_norm(nb::module_& m) {
  const auto eps = nb::arg("eps");
  m.def("batch_norm_train", batch_norm_train, array("x"), array("weight").none(), array("bias").none(), eps,
        array("y"), array("mean"), array("var"), array("residual").none() = nb::none(), nb::arg("relu") = false);
  m.def("batch_norm_evaluate", batch_norm_evaluate, array("x"), array("weight").none(), array("bias").none(), eps,
        array("y"), array("mean"), array("var"), array("residual").none() = nb::none(), nb::arg("relu") = false);
  m.def("batch_norm_backward", batch_norm_backward, array("gy"), array("x"), array("mean"), array("var"),
        array("weight").none(), array("bias").none(), eps, array("gx").none(), array("gw").none(),
        array("gb").none(), array("y").none() = nb::none(), nb::arg("relu") = false,
        array("g_residual").none() = nb::none(), nb::arg("training") = true);
  m.def("layer_norm_forward", layer_norm_forward, array("x"), array("weight").none(), array("bias").none(), eps,
        array("y"), array("mean"), array("var"));
  m.def("layer_norm_backward", layer_norm_backward, array("gy"), array("x"), array("mean"), array("var"),
        array("weight").none(), eps, array("gx").none(), array("gw").none(), array("gb").none());
}

}  // namespace flambeau
