// Softmax and cross entropy, as Python sees them.
#include "bind.h"

namespace flambeau {
namespace {

using Targets = View<const int64_t, 1>;

EntropyReduction reduction_of(const std::string& name) {
  if (name == "mean") return EntropyReduction::kMean;
  if (name == "sum") return EntropyReduction::kSum;
  check(name == "none", "reduction must be 'mean', 'sum' or 'none'");
  return EntropyReduction::kNone;
}

// Raises IndexError where a target is no class.
void cross_entropy(In<2> x, Targets target, MaybeIn<1> weight, Out<1> loss, Out<2> gx,
                   const std::string& reduction_name, int64_t ignore_index) {
  const SoftmaxShape s{x.shape(0), x.shape(1)};
  const EntropyReduction reduction = reduction_of(reduction_name);
  check(apart(target, loss) && apart(target, gx), "a result lies on the targets");
  check(loss.shape(0) == (reduction == EntropyReduction::kNone ? s.m : 1),
        "the loss has one number a row, or one if reduced");
  const int64_t* t = target.data();
  for (int64_t r = 0; r < s.m; ++r)
    if (t[r] != ignore_index && (t[r] < 0 || t[r] >= s.c))
      throw std::out_of_range("Target " + std::to_string(t[r]) + " is out of bounds. There are " +
                              std::to_string(s.c) + " classes");
  run(kernels().softmax.entropy, s, EntropyTarget{t, weight.data(), ignore_index}, reduction, x, loss, gx);
}

}  // namespace

void bind_softmax(nb::module_& m) {
  const auto forward = [&](const char* signature, auto kernel) {
    def(m, signature, [kernel](In<2> x, Out<2> y) {
      run(kernels().softmax.*kernel, SoftmaxShape{x.shape(0), x.shape(1)}, x, y);
    });
  };
  const auto backward = [&](const char* signature, auto kernel) {
    def(m, signature, [kernel](In<2> gy, In<2> y, Out<2> gx) {
      run(kernels().softmax.*kernel, SoftmaxShape{y.shape(0), y.shape(1)}, gy, y, gx);
    });
  };
  forward("softmax_forward(x[m c], y[m c])", &SoftmaxKernels::softmax);
  forward("log_softmax_forward(x[m c], y[m c])", &SoftmaxKernels::log_softmax);
  backward("softmax_backward(gy[m c], y[m c], gx[m c])", &SoftmaxKernels::softmax_backward);
  backward("log_softmax_backward(gy[m c], y[m c], gx[m c])", &SoftmaxKernels::log_softmax_backward);
  def(m, "cross_entropy(x[m c], target[m], weight[c], loss, gx[m c], reduction='mean', ignore_index=-100)",
      cross_entropy);
}

}  // namespace flambeau
