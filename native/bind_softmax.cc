// Softmax and cross entropy, as Python sees them.
#include "bind.h"

#include <string>

namespace flambeau {
namespace {

using Targets = nb::ndarray<const int64_t, nb::ndim<1>, nb::device::cpu, nb::c_contig>;
using Weight = std::optional<In<1>>;

template <class A>
SoftmaxShape softmax_shape(const A& x) {
  return {int64_t(x.shape(0)), int64_t(x.shape(1))};
}

template <class A, class B>
void check_same(const A& a, const B& b) {
  check(a.shape(0) == b.shape(0) && a.shape(1) == b.shape(1), "input and output differ in shape");
}

using Forward = void (*)(SoftmaxShape, const float*, float*);
using Backward = void (*)(SoftmaxShape, const float*, const float*, float*);

template <Forward SoftmaxKernels::*kernel>
void forward(In<2> x, Out<2> y) {
  check_same(x, y);
  Unlocked unlocked;
  (kernels().softmax.*kernel)(softmax_shape(x), x.data(), y.data());
}

template <Backward SoftmaxKernels::*kernel>
void backward(In<2> gy, In<2> y, Out<2> gx) {
  check_same(gy, y);
  check_same(gy, gx);
  Unlocked unlocked;
  (kernels().softmax.*kernel)(softmax_shape(y), gy.data(), y.data(), gx.data());
}

EntropyReduction reduction_of(const std::string& name) {
  if (name == "mean") return EntropyReduction::kMean;
  if (name == "sum") return EntropyReduction::kSum;
  check(name == "none", "reduction must be 'mean', 'sum' or 'none'");
  return EntropyReduction::kNone;
}

// Raises IndexError where a target is no class.
EntropyTarget entropy_target(SoftmaxShape s, const Targets& target, const Weight& weight, int64_t ignore_index,
                             double smoothing) {
  check(int64_t(target.shape(0)) == s.m, "there must be one target a row");
  check(!weight || int64_t(weight->shape(0)) == s.c, "there must be one weight a class");
  check(smoothing >= 0 && smoothing <= 1, "label smoothing must be between 0 and 1");
  const int64_t* t = target.data();
  for (int64_t r = 0; r < s.m; ++r)
    if (t[r] != ignore_index && (t[r] < 0 || t[r] >= s.c))
      throw std::out_of_range("Target " + std::to_string(t[r]) + " is out of bounds. There are " +
                              std::to_string(s.c) + " classes");
  return {t, weight ? weight->data() : nullptr, ignore_index, float(smoothing)};
}

// Rows of (m, 2) floats.
template <class A>
void check_saved(const A& saved, SoftmaxShape s) {
  check(int64_t(saved.shape(0)) == s.m && saved.shape(1) == 2, "what is saved has the shape (rows, 2)");
}

template <class A>
void check_loss(const A& loss, SoftmaxShape s, EntropyReduction reduction) {
  const int64_t wanted = reduction == EntropyReduction::kNone ? s.m : 1;
  check(int64_t(loss.shape(0)) == wanted, "the loss has one number a row, or one if reduced");
}

double cross_entropy_forward(In<2> x, Targets target, Weight weight, Out<1> loss, Out<2> saved,
                             std::optional<Out<2>> gx, const std::string& reduction_name, int64_t ignore_index,
                             double smoothing) {
  const SoftmaxShape s = softmax_shape(x);
  const EntropyReduction reduction = reduction_of(reduction_name);
  check_loss(loss, s, reduction);
  check_saved(saved, s);
  if (gx) check_same(x, *gx);
  check(apart(target, loss) && apart(target, saved) && (!gx || apart(target, *gx)), "a result lies on the targets");
  const EntropyTarget goal = entropy_target(s, target, weight, ignore_index, smoothing);
  Unlocked unlocked;
  return kernels().softmax.entropy(s, goal, reduction, x.data(), loss.data(),
                                   reinterpret_cast<EntropySaved*>(saved.data()), gx ? gx->data() : nullptr);
}

void cross_entropy_backward(In<1> gy, In<2> x, Targets target, Weight weight, In<2> saved, Out<2> gx,
                            const std::string& reduction_name, int64_t ignore_index, double smoothing) {
  const SoftmaxShape s = softmax_shape(x);
  const EntropyReduction reduction = reduction_of(reduction_name);
  check_loss(gy, s, reduction);
  check_saved(saved, s);
  check_same(x, gx);
  check(apart(target, gx), "a result lies on the targets");
  const EntropyTarget goal = entropy_target(s, target, weight, ignore_index, smoothing);
  Unlocked unlocked;
  kernels().softmax.entropy_backward(s, goal, reduction, gy.data(), x.data(),
                                     reinterpret_cast<const EntropySaved*>(saved.data()), gx.data());
}

}  // namespace

void bind_softmax(nb::module_& m) {
  m.def("softmax_forward", forward<&SoftmaxKernels::softmax>, array("x"), array("y"));
  m.def("softmax_backward", backward<&SoftmaxKernels::softmax_backward>, array("gy"), array("y"), array("gx"));
  m.def("log_softmax_forward", forward<&SoftmaxKernels::log_softmax>, array("x"), array("y"));
  m.def("log_softmax_backward", backward<&SoftmaxKernels::log_softmax_backward>, array("gy"), array("y"), array("gx"));
  m.def("cross_entropy_forward", cross_entropy_forward, array("x"), array("target"), array("weight").none(),
        array("loss"), array("saved"), array("gx").none() = nb::none(), nb::arg("reduction") = "mean",
        nb::arg("ignore_index") = -100, nb::arg("label_smoothing") = 0.0);
  m.def("cross_entropy_backward", cross_entropy_backward, array("gy"), array("x"), array("target"),
        array("weight").none(), array("saved"), array("gx"), nb::arg("reduction") = "mean",
        nb::arg("ignore_index") = -100, nb::arg("label_smoothing") = 0.0);
}

}  // namespace flambeau
