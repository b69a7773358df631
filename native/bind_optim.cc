// Steps of optimisers, as Python sees them: for each rule of the package's optim folder a function of the same name
// that takes the same lists and numbers, `rule(params, grads, *states, **numbers)`, and does the same in place.
// Gradients are read only. Lists of states that may hold None hold it throughout or nowhere.
//
// What is particular to a rule is which states it has and how the numbers of a tensor's step (optim.h) follow from
// those of the call: a function, called once a tensor. What it takes as float& is a list too, a number for each tensor
// that it may write, such as the count of steps.
#include "bind.h"

#include <nanobind/stl/pair.h>

#include <cmath>

namespace flambeau {
namespace {

using State = View<float, kAny>;
using MaybeState = View<float, kAny, true, true>;
using Gradient = View<const float, kAny>;
using Number = View<float, 0>;
template <class T> using List = std::vector<T>;
using Pair = std::pair<double, double>;

// An argument of a rule's function as Python gives it, and that of one tensor.
template <class T> using Listed = std::conditional_t<std::is_same_v<T, float&>, List<Number>, T>;
float& of_tensor(const List<Number>& numbers, std::size_t i) { return *numbers[i].data(); }
template <class T> const T& of_tensor(const T& number, std::size_t) { return number; }

template <class T>
void check_length(const T& argument, std::size_t length) {
  if constexpr (requires { argument.size(); }) check(argument.size() == length, "lists of different lengths");
}

// Everything is checked here, before anything is written.
template <class... States>
List<OptimTensor> tensors(const List<State>& params, const List<Gradient>& grads, const List<States>&... states) {
  List<OptimTensor> made;
  for (std::size_t i = 0; i < params.size(); ++i) {
    const int64_t n = params[i].size();
    check(grads[i].size() == n, "a gradient has another size than its parameter");
    check(((!states[i] || states[i].size() == n) && ...), "a state has another size than its parameter");
    made.push_back({n, params[i].data(), grads[i].data(), {states[i].data()...}, {}});
  }
  return made;
}

template <class... States>
void def_rule(nb::module_& m, const std::string& name, OptimRule rule, auto numbers, const char* arguments) {
  const auto bind = [&]<class... P>(std::function<OptimNumbers(P...)>) {
    def(m, name + "(params, grads, " + arguments + ")",
        [rule, numbers](const List<State>& params, const List<Gradient>& grads, const List<States>&... states,
                        const Listed<P>&... given) {
          check_length(grads, params.size());
          (check_length(states, params.size()), ...);
          (check_length(given, params.size()), ...);
          List<OptimTensor> all = tensors(params, grads, states...);
          for (std::size_t i = 0; i < all.size(); ++i) {
            all[i].numbers = numbers(of_tensor(given, i)...);
            check(rule != OptimRule::sgd || all[i].numbers.momentum == 0 || all[i].states[0],
                  "momentum needs its buffers");
          }
          run(kernels().optim.step, rule, all.data(), int64_t(all.size()));
        });
  };
  bind(std::function{numbers});
}

// What most rules have in common.
OptimNumbers adaptive(double lr, double beta1, double beta2, double eps, double weight_decay, bool decoupled,
                      bool maximize) {
  OptimNumbers k;
  k.size = float(lr);
  k.weight_decay = decoupled ? 0.0f : float(weight_decay);
  k.keep = decoupled ? float(1 - lr * weight_decay) : 1.0f;
  k.decay1 = float(beta1), k.rest1 = float(1 - beta1);
  k.decay2 = float(beta2), k.rest2 = float(1 - beta2);
  k.eps = float(eps), k.maximize = maximize;
  return k;
}

OptimNumbers sgd(double lr, double momentum, double dampening, double weight_decay, bool nesterov, bool maximize,
                 bool fresh) {
  OptimNumbers k = adaptive(lr, 0, 0, 0, weight_decay, false, maximize);
  k.momentum = float(momentum), k.share = float(1 - dampening);
  k.nesterov = nesterov, k.fresh = fresh;
  return k;
}

OptimNumbers adam(float& step, double lr, double beta1, double beta2, double eps, double weight_decay, bool decoupled,
                  bool maximize) {
  const double t = step += 1, root = std::pow(1 - std::pow(beta2, t), 0.5);
  OptimNumbers k = adaptive(lr, beta1, beta2, eps * root, weight_decay, decoupled, maximize);
  k.size = float(lr * root / (1 - std::pow(beta1, t)));
  return k;
}

OptimNumbers rmsprop(float& step, double lr, double alpha, double eps, double weight_decay, double momentum,
                     bool maximize) {
  step += 1;
  OptimNumbers k = adaptive(lr, alpha, 0, eps, weight_decay, false, maximize);
  k.momentum = float(momentum);
  return k;
}

OptimNumbers adagrad(float& step, double lr, double lr_decay, double eps, double weight_decay, bool maximize) {
  const double t = step;
  step += 1;
  return adaptive(lr / (1 + t * lr_decay), 0, 0, eps, weight_decay, false, maximize);
}

OptimNumbers adadelta(float& step, double lr, double rho, double eps, double weight_decay, bool maximize) {
  step += 1;
  return adaptive(lr, rho, 0, eps, weight_decay, false, maximize);
}

OptimNumbers adamax(float& step, double lr, double beta1, double beta2, double eps, double weight_decay,
                    bool maximize) {
  const double t = step += 1;
  return adaptive(lr / (1 - std::pow(beta1, t)), beta1, beta2, eps, weight_decay, false, maximize);
}

OptimNumbers nadam(float& mu_product, float& step, double lr, double beta1, double beta2, double eps,
                   double weight_decay, double momentum_decay, bool decoupled, bool maximize) {
  OptimNumbers k = adaptive(lr, beta1, beta2, eps, weight_decay, decoupled, maximize);
  const double t = step += 1;
  const double mu = beta1 * (1 - 0.5 * std::pow(0.96, t * momentum_decay));
  const double mu_next = beta1 * (1 - 0.5 * std::pow(0.96, (t + 1) * momentum_decay));
  const double product = mu_product *= float(mu);
  k.from_gradient = float(lr * (1 - mu) / (1 - product));
  k.from_average = float(lr * mu_next / (1 - product * mu_next));
  k.correction = float(1 - std::pow(beta2, t));
  return k;
}

OptimNumbers radam(float& step, double lr, double beta1, double beta2, double eps, double weight_decay, bool decoupled,
                   bool maximize) {
  OptimNumbers k = adaptive(lr, beta1, beta2, eps, weight_decay, decoupled, maximize);
  const double t = step += 1, power = std::pow(beta2, t), correction = 1 - power;
  const double limit = 2 / (1 - beta2) - 1, rho = limit - 2 * t * power / correction;
  double size = lr / (1 - std::pow(beta1, t));
  k.rectified = rho > 5;
  if (k.rectified) {
    const double ratio = (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho);
    size *= std::pow(ratio * correction, 0.5);
  }
  k.size = float(size);
  return k;
}

OptimNumbers rprop(float& step, Pair etas, Pair step_sizes, bool maximize) {
  step += 1;
  OptimNumbers k;
  k.shrink = float(etas.first), k.grow = float(etas.second);
  k.least = float(step_sizes.first), k.greatest = float(step_sizes.second);
  k.maximize = maximize;
  return k;
}

OptimNumbers asgd(float& eta, float& mu, float& step, double lr, double lambd, double alpha, double t0,
                  double weight_decay, bool maximize) {
  const double t = step += 1, size = eta;
  OptimNumbers k = adaptive(size, 1 - lambd * size, 0, 0, weight_decay, false, maximize);
  k.share = mu;
  eta = float(lr / std::pow(1 + lambd * lr * t, alpha));
  mu = float(1 / std::fmax(1, t - t0));
  return k;
}

}  // namespace

void bind_optim(nb::module_& m) {
  using S = State;
  using Maybe = MaybeState;
#define RULE(name) m, #name, OptimRule::name, name
  def_rule<Maybe>(RULE(sgd), "buffers, lr, momentum, dampening, weight_decay, nesterov, maximize, fresh");
  def_rule<S, S, Maybe>(RULE(adam), "exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps, "
                                    "lr, beta1, beta2, eps, weight_decay, decoupled, maximize");
  def_rule<S, Maybe, Maybe>(RULE(rmsprop), "square_avgs, grad_avgs, buffers, steps, "
                                           "lr, alpha, eps, weight_decay, momentum, maximize");
  def_rule<S>(RULE(adagrad), "sums, steps, lr, lr_decay, eps, weight_decay, maximize");
  def_rule<S, S>(RULE(adadelta), "square_avgs, acc_deltas, steps, lr, rho, eps, weight_decay, maximize");
  def_rule<S, S>(RULE(adamax), "exp_avgs, exp_infs, steps, lr, beta1, beta2, eps, weight_decay, maximize");
  def_rule<S, S>(RULE(nadam), "exp_avgs, exp_avg_sqs, mu_products, steps, "
                              "lr, beta1, beta2, eps, weight_decay, momentum_decay, decoupled, maximize");
  def_rule<S, S>(RULE(radam), "exp_avgs, exp_avg_sqs, steps, "
                              "lr, beta1, beta2, eps, weight_decay, decoupled, maximize");
  def_rule<S, S>(RULE(rprop), "prevs, sizes, steps, etas, step_sizes, maximize");
  def_rule<S>(RULE(asgd), "axs, etas, mus, steps, lr, lambd, alpha, t0, weight_decay, maximize");
#undef RULE
}

}  // namespace flambeau
