// Steps of optimisers, as Python sees them: for each rule of the package's optim folder a function of the same name
// that takes the same lists and numbers, `rule(params, grads, *states, **numbers)`, and does the same in place.
// Gradients are read only. Lists of states that may hold None hold it throughout or nowhere.
#include "bind.h"

#include <nanobind/stl/pair.h>

#include <cmath>

namespace flambeau {
namespace {

using Tensor = nb::ndarray<float, nb::device::cpu, nb::c_contig>;
using Gradient = nb::ndarray<const float, nb::device::cpu, nb::c_contig>;
using Number = nb::ndarray<float, nb::ndim<0>, nb::device::cpu>;
using Tensors = std::vector<Tensor>;
using Gradients = std::vector<Gradient>;
using Optional = std::vector<std::optional<Tensor>>;
using NumberList = std::vector<Number>;

float* pointer(const Tensor& t) { return t.data(); }
float* pointer(const std::optional<Tensor>& t) { return t ? t->data() : nullptr; }
int64_t size(const Tensor& t) { return int64_t(t.size()); }
int64_t size(const std::optional<Tensor>& t) { return t ? int64_t(t->size()) : -1; }

// Everything is checked here, before anything is written.
template <class... States>
std::vector<OptimTensor> tensors(const Tensors& params, const Gradients& grads, const States&... states) {
  check(params.size() == grads.size() && ((params.size() == states.size()) && ...), "lists of different lengths");
  std::vector<OptimTensor> made(params.size());
  for (size_t i = 0; i < made.size(); ++i) {
    const int64_t n = size(params[i]);
    check(n == int64_t(grads[i].size()), "a gradient has another size than its parameter");
    check(((size(states[i]) == n || size(states[i]) == -1) && ...), "a state has another size than its parameter");
    made[i] = {n, params[i].data(), grads[i].data(), {pointer(states[i])...}, {}};
  }
  return made;
}

// The count of a step, one higher.
double next(const Number& step) { return *step.data() += 1.0f; }

void same_length(const Tensors& params, const NumberList& numbers) {
  check(params.size() == numbers.size(), "lists of different lengths");
}

void run(OptimRule rule, const std::vector<OptimTensor>& all) {
  Unlocked unlocked;
  kernels().optim.step(rule, all.data(), int64_t(all.size()));
}

void sgd(const Tensors& params, const Gradients& grads, const Optional& buffers, double lr, double momentum,
         double dampening, double weight_decay, bool nesterov, bool maximize, bool fresh) {
  auto all = tensors(params, grads, buffers);
  for (OptimTensor& t : all) {
    check(momentum == 0 || t.states[0], "momentum needs its buffers");
    OptimNumbers& k = t.numbers;
    k.size = float(lr), k.momentum = float(momentum), k.share = float(1 - dampening);
    k.weight_decay = float(weight_decay), k.nesterov = nesterov, k.maximize = maximize, k.fresh = fresh;
  }
  run(OptimRule::sgd, all);
}

// What Adam and its kin have in common.
OptimNumbers adaptive(double lr, double beta1, double beta2, double eps, double weight_decay, bool decoupled,
                      bool maximize) {
  OptimNumbers k;
  k.weight_decay = decoupled ? 0.0f : float(weight_decay);
  k.keep = decoupled ? float(1 - lr * weight_decay) : 1.0f;
  k.decay1 = float(beta1), k.rest1 = float(1 - beta1);
  k.decay2 = float(beta2), k.rest2 = float(1 - beta2);
  k.eps = float(eps), k.maximize = maximize;
  return k;
}

void adam(const Tensors& params, const Gradients& grads, const Tensors& averages, const Tensors& squares,
          const Optional& greatest, const NumberList& steps, double lr, double beta1, double beta2, double eps,
          double weight_decay, bool decoupled, bool maximize) {
  auto all = tensors(params, grads, averages, squares, greatest);
  same_length(params, steps);
  for (size_t i = 0; i < all.size(); ++i) {
    OptimNumbers& k = all[i].numbers = adaptive(lr, beta1, beta2, eps, weight_decay, decoupled, maximize);
    const double t = next(steps[i]), root = std::pow(1 - std::pow(beta2, t), 0.5);
    k.size = float(lr * root / (1 - std::pow(beta1, t)));
    k.eps = float(eps * root);
  }
  run(OptimRule::adam, all);
}

void rmsprop(const Tensors& params, const Gradients& grads, const Tensors& squares, const Optional& averages,
             const Optional& buffers, const NumberList& steps, double lr, double alpha, double eps,
             double weight_decay, double momentum, bool maximize) {
  auto all = tensors(params, grads, squares, averages, buffers);
  same_length(params, steps);
  for (OptimTensor& t : all) {
    t.numbers = adaptive(lr, alpha, 0, eps, weight_decay, false, maximize);
    t.numbers.size = float(lr);
    t.numbers.momentum = float(momentum);
  }
  for (const Number& step : steps) next(step);
  run(OptimRule::rmsprop, all);
}

void adagrad(const Tensors& params, const Gradients& grads, const Tensors& sums, const NumberList& steps, double lr,
             double lr_decay, double eps, double weight_decay, bool maximize) {
  auto all = tensors(params, grads, sums);
  same_length(params, steps);
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].numbers = adaptive(lr, 0, 0, eps, weight_decay, false, maximize);
    all[i].numbers.size = float(lr / (1 + double(*steps[i].data()) * lr_decay));
    next(steps[i]);
  }
  run(OptimRule::adagrad, all);
}

void adadelta(const Tensors& params, const Gradients& grads, const Tensors& squares, const Tensors& deltas,
              const NumberList& steps, double lr, double rho, double eps, double weight_decay, bool maximize) {
  auto all = tensors(params, grads, squares, deltas);
  same_length(params, steps);
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].numbers = adaptive(lr, rho, 0, eps, weight_decay, false, maximize);
    all[i].numbers.size = float(lr);
    next(steps[i]);
  }
  run(OptimRule::adadelta, all);
}

void adamax(const Tensors& params, const Gradients& grads, const Tensors& averages, const Tensors& greatest,
            const NumberList& steps, double lr, double beta1, double beta2, double eps, double weight_decay,
            bool maximize) {
  auto all = tensors(params, grads, averages, greatest);
  same_length(params, steps);
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].numbers = adaptive(lr, beta1, beta2, eps, weight_decay, false, maximize);
    all[i].numbers.size = float(lr / (1 - std::pow(beta1, next(steps[i]))));
  }
  run(OptimRule::adamax, all);
}

void nadam(const Tensors& params, const Gradients& grads, const Tensors& averages, const Tensors& squares,
           const NumberList& products, const NumberList& steps, double lr, double beta1, double beta2, double eps,
           double weight_decay, double momentum_decay, bool decoupled, bool maximize) {
  auto all = tensors(params, grads, averages, squares);
  same_length(params, steps);
  same_length(params, products);
  for (size_t i = 0; i < all.size(); ++i) {
    OptimNumbers& k = all[i].numbers = adaptive(lr, beta1, beta2, eps, weight_decay, decoupled, maximize);
    const double t = next(steps[i]);
    const double mu = beta1 * (1 - 0.5 * std::pow(0.96, t * momentum_decay));
    const double mu_next = beta1 * (1 - 0.5 * std::pow(0.96, (t + 1) * momentum_decay));
    const double product = *products[i].data() *= float(mu);
    k.from_gradient = float(lr * (1 - mu) / (1 - product));
    k.from_average = float(lr * mu_next / (1 - product * mu_next));
    k.correction = float(1 - std::pow(beta2, t));
  }
  run(OptimRule::nadam, all);
}

void radam(const Tensors& params, const Gradients& grads, const Tensors& averages, const Tensors& squares,
           const NumberList& steps, double lr, double beta1, double beta2, double eps, double weight_decay,
           bool decoupled, bool maximize) {
  auto all = tensors(params, grads, averages, squares);
  same_length(params, steps);
  for (size_t i = 0; i < all.size(); ++i) {
    OptimNumbers& k = all[i].numbers = adaptive(lr, beta1, beta2, eps, weight_decay, decoupled, maximize);
    const double t = next(steps[i]), power = std::pow(beta2, t), correction = 1 - power;
    const double limit = 2 / (1 - beta2) - 1, rho = limit - 2 * t * power / correction;
    double size = lr / (1 - std::pow(beta1, t));
    k.rectified = rho > 5;
    if (k.rectified) {
      const double ratio = (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho);
      size *= std::pow(ratio * correction, 0.5);
    }
    k.size = float(size);
  }
  run(OptimRule::radam, all);
}

void rprop(const Tensors& params, const Gradients& grads, const Tensors& previous, const Tensors& sizes,
           const NumberList& steps, std::pair<double, double> etas, std::pair<double, double> step_sizes,
           bool maximize) {
  auto all = tensors(params, grads, previous, sizes);
  same_length(params, steps);
  for (size_t i = 0; i < all.size(); ++i) {
    OptimNumbers& k = all[i].numbers;
    k.shrink = float(etas.first), k.grow = float(etas.second);
    k.least = float(step_sizes.first), k.greatest = float(step_sizes.second);
    k.maximize = maximize;
    next(steps[i]);
  }
  run(OptimRule::rprop, all);
}

void asgd(const Tensors& params, const Gradients& grads, const Tensors& averages, const NumberList& etas,
          const NumberList& mus, const NumberList& steps, double lr, double lambd, double alpha, double t0,
          double weight_decay, bool maximize) {
  auto all = tensors(params, grads, averages);
  same_length(params, etas);
  same_length(params, mus);
  same_length(params, steps);
  for (size_t i = 0; i < all.size(); ++i) {
    OptimNumbers& k = all[i].numbers;
    const double t = next(steps[i]), size = *etas[i].data();
    k.weight_decay = float(weight_decay), k.maximize = maximize;
    k.keep = float(1 - lambd * size), k.size = float(size), k.share = *mus[i].data();
    *etas[i].data() = float(lr / std::pow(1 + lambd * lr * t, alpha));
    *mus[i].data() = float(1 / std::fmax(1, t - t0));
  }
  run(OptimRule::asgd, all);
}

}  // namespace

void bind_optim(nb::module_& m) {
  const auto arg = [](const char* name) { return nb::arg(name); };
  m.def("sgd", sgd, array("params"), array("grads"), array("buffers"), arg("lr"), arg("momentum"), arg("dampening"),
        arg("weight_decay"), arg("nesterov"), arg("maximize"), arg("fresh"));
  m.def("adam", adam, array("params"), array("grads"), array("exp_avgs"), array("exp_avg_sqs"),
        array("max_exp_avg_sqs"), array("steps"), arg("lr"), arg("beta1"), arg("beta2"), arg("eps"),
        arg("weight_decay"), arg("decoupled"), arg("maximize"));
  m.def("rmsprop", rmsprop, array("params"), array("grads"), array("square_avgs"), array("grad_avgs"),
        array("buffers"), array("steps"), arg("lr"), arg("alpha"), arg("eps"), arg("weight_decay"), arg("momentum"),
        arg("maximize"));
  m.def("adagrad", adagrad, array("params"), array("grads"), array("sums"), array("steps"), arg("lr"),
        arg("lr_decay"), arg("eps"), arg("weight_decay"), arg("maximize"));
  m.def("adadelta", adadelta, array("params"), array("grads"), array("square_avgs"), array("acc_deltas"),
        array("steps"), arg("lr"), arg("rho"), arg("eps"), arg("weight_decay"), arg("maximize"));
  m.def("adamax", adamax, array("params"), array("grads"), array("exp_avgs"), array("exp_infs"), array("steps"),
        arg("lr"), arg("beta1"), arg("beta2"), arg("eps"), arg("weight_decay"), arg("maximize"));
  m.def("nadam", nadam, array("params"), array("grads"), array("exp_avgs"), array("exp_avg_sqs"),
        array("mu_products"), array("steps"), arg("lr"), arg("beta1"), arg("beta2"), arg("eps"), arg("weight_decay"),
        arg("momentum_decay"), arg("decoupled"), arg("maximize"));
  m.def("radam", radam, array("params"), array("grads"), array("exp_avgs"), array("exp_avg_sqs"), array("steps"),
        arg("lr"), arg("beta1"), arg("beta2"), arg("eps"), arg("weight_decay"), arg("decoupled"), arg("maximize"));
  m.def("rprop", rprop, array("params"), array("grads"), array("prevs"), array("sizes"), array("steps"), arg("etas"),
        arg("step_sizes"), arg("maximize"));
  m.def("asgd", asgd, array("params"), array("grads"), array("axs"), array("etas"), array("mus"), array("steps"),
        arg("lr"), arg("lambd"), arg("alpha"), arg("t0"), arg("weight_decay"), arg("maximize"));
}

}  // namespace flambeau
