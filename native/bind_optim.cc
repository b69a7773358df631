// Steps of optimisers, as Python sees them: one function for all rules,
//
//   optim_step(formula, params, grads, states, numbers),
//
// where `formula` is a name of the table in optim.cc, `params`, `grads` and each of `states` are lists of arrays, and
// `numbers` gives those of optim.h by name. It writes into all arrays but the gradients. A list of states that are not
// wanted holds None throughout. False is returned, and nothing is written, where the arrays of a parameter do not all
// lie densely and in the same order: a step goes through memory as it lies, so any order is right.
#include "bind.h"

#include <nanobind/stl/map.h>

namespace flambeau {
namespace {

using State = View<float, kAny, false>;
using MaybeState = View<float, kAny, false, true>;
using Gradient = View<const float, kAny, false>;
template <class T> using List = std::vector<T>;
using Named = std::map<std::string, float>;

OptimNumbers numbers_of(const Named& given) {
#define NUMBER(name) {#name, &OptimNumbers::name}
  static const std::map<std::string, float OptimNumbers::*> known = {
      NUMBER(sign), NUMBER(weight_decay), NUMBER(keep), NUMBER(size), NUMBER(share), NUMBER(decay), NUMBER(rest),
      NUMBER(eps), NUMBER(momentum), NUMBER(nesterov), NUMBER(rectified), NUMBER(from_gradient),
      NUMBER(from_average), NUMBER(correction), NUMBER(shrink), NUMBER(grow), NUMBER(least), NUMBER(greatest)};
#undef NUMBER
  OptimNumbers made;
  for (const auto& [name, value] : given) {
    check(known.count(name), "a step has no number of this name");
    made.*known.at(name) = value;
  }
  return made;
}

// Whether the numbers of `p` fill their memory without gaps, and those of `a` lie as they do.
template <class A>
bool lies_as(const State& p, const A& a) {
  check(std::ranges::equal(a.shape(), p.shape()), "a gradient or state has another shape than its parameter");
  if (p.size() == 0) return true;
  int64_t last = 0;
  for (int i = 0; i < p.rank(); ++i) {
    if (p.shape(i) == 1) continue;
    if (p.stride(i) <= 0 || a.stride(i) != p.stride(i)) return false;
    last += (p.shape(i) - 1) * p.stride(i);
  }
  return last == p.size() - 1;
}

bool step(const std::string& name, const List<State>& params, const List<Gradient>& grads,
          const List<List<MaybeState>>& states, const Named& numbers) {
  const auto as_long = [&](const auto& list) { return list.size() == params.size(); };
  check(as_long(grads) && std::ranges::all_of(states, as_long), "lists of different lengths");
  check(states.size() <= kMostStates, "too many states");
  OptimFormula formula = nullptr;
  List<OptimTensor> tensors;
  for (std::size_t i = 0; i < params.size(); ++i) {
    const State& p = params[i];
    if (!lies_as(p, grads[i])) return false;
    OptimTensor& t = tensors.emplace_back(OptimTensor{p.size(), p.data(), grads[i].data(), {}});
    int there = 0;
    for (std::size_t j = 0; j < states.size(); ++j) {
      const MaybeState& s = states[j][i];
      if (s && !lies_as(p, s)) return false;
      t.states[j] = s.data();
      there |= bool(s) << j;
    }
    const OptimFormula wanted = kernels().optim.find(name.c_str(), there);
    check(wanted && (i == 0 || wanted == formula), "there is no formula of this name with these states");
    formula = wanted;
  }
  run(kernels().optim.step, formula, numbers_of(numbers), tensors.data(), int64_t(tensors.size()));
  return true;
}

}  // namespace

void bind_optim(nb::module_& m) { def(m, "optim_step(formula, params, grads, states, numbers)", step); }

}  // namespace flambeau
