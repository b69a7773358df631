// Normalisation, as Python sees it.
#include "bind.h"

namespace flambeau {
namespace {

NormShape rows(const In<2>& x) { return {x.shape(0), x.shape(1)}; }

NormAffine affine(const MaybeIn<1>& weight, const MaybeIn<1>& bias, double eps) {
  return {weight.data(), bias.data(), float(eps)};
}

// `Moments` are computed in training, else read.
template <class Moments>
void def_batch_norm(nb::module_& m, const std::string& name, auto kernel) {
  def(m, name + "(x[m c], weight[c], bias[c], eps, y[m c], mean[c], var[c], relu=False, residual[m c]=None)",
      [kernel](In<2> x, MaybeIn<1> weight, MaybeIn<1> bias, double eps, Out<2> y, Moments mean, Moments var,
               bool relu, MaybeIn<2> residual) {
        run(kernels().norm.*kernel, rows(x), affine(weight, bias, eps), residual, relu, x, y, mean, var);
      });
}

}  // namespace

void bind_norm(nb::module_& m) {
  def_batch_norm<Out<1>>(m, "batch_norm_train", &NormKernels::batch_train);
  def_batch_norm<In<1>>(m, "batch_norm_evaluate", &NormKernels::batch_evaluate);
  def(m,
      "batch_norm_backward(gy[m c], x[m c], mean[c], var[c], weight[c], bias[c], eps, gx[m c], gw[c], gb[c], "
      "relu=False, y[m c]=None, g_residual[m c]=None)",
      [](In<2> gy, In<2> x, In<1> mean, In<1> var, MaybeIn<1> weight, MaybeIn<1> bias, double eps, MaybeOut<2> gx,
         MaybeOut<1> gw, MaybeOut<1> gb, bool relu, MaybeIn<2> y, MaybeOut<2> g_residual) {
        check(bool(y) == bool(g_residual) && (relu || !y), "the output and a residual's gradient come with relu");
        run(kernels().norm.batch_backward, rows(x), affine(weight, bias, eps), relu, gy, x, mean, var, gx, gw, gb, y,
            g_residual);
      });
  def(m, "layer_norm_forward(x[m c], weight[c], bias[c], eps, y[m c], mean[m], var[m])",
      [](In<2> x, MaybeIn<1> weight, MaybeIn<1> bias, double eps, Out<2> y, Out<1> mean, Out<1> var) {
        run(kernels().norm.layer_forward, rows(x), affine(weight, bias, eps), x, y, mean, var);
      });
  def(m, "layer_norm_backward(gy[m c], x[m c], mean[m], var[m], weight[c], eps, gx[m c], gw[c], gb[c])",
      [](In<2> gy, In<2> x, In<1> mean, In<1> var, MaybeIn<1> weight, double eps, MaybeOut<2> gx, MaybeOut<1> gw,
         MaybeOut<1> gb) {
        run(kernels().norm.layer_backward, rows(x), affine(weight, {}, eps), gy, x, mean, var, gx, gw, gb);
      });
}

}  // namespace flambeau
