// Update rules of optimisers.
//
// A step reads the parameters, the gradients and the states once and writes all but the gradients: that is all memory
// traffic that there must be, and it is what the step costs (eleven million parameters of Adam: 300 MB). So a rule is
// a few lines on vectors between the loads and the stores, and what is optional (weight decay, centred averages) are
// conditions that are the same for a whole tensor: the processor foresees them.
//
// All tensors of a call are cut into jobs of kBlock floats, one parallel loop over all of them: a network has a few
// large tensors and many of a hundred floats.
//
// Each rule computes exactly what the NumPy text of the same name in the package's optim folder computes, operation by
// operation, so that results are equal bit by bit. For that this file is compiled without contraction of products and
// sums into fused ones (CMakeLists.txt).
#include "optim.h"

#include "array.h"
#include "math.h"
#include "table.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kBlock = 16384;

// NaN of either.
FLAMBEAU_INLINE Vec greater(Vec a, Vec b) { return ((a > b) | (a != a)) ? a : b; }

// The gradient of what is minimised.
FLAMBEAU_INLINE Vec descent(const OptimNumbers& k, Vec p, Vec g) {
  if (k.weight_decay == 0.0f) return k.maximize ? -g : g;
  const Vec decay = p * k.weight_decay;
  return k.maximize ? decay - g : decay + g;
}

FLAMBEAU_INLINE void lerp(Vec& average, Vec value, float share) { average += (value - average) * share; }

FLAMBEAU_INLINE void add_square(Vec& average, Vec value, float decay, float rest) {
  average = average * decay + value * value * rest;
}

using States = Vec (&)[3];

FLAMBEAU_INLINE void sgd(const OptimNumbers& k, Vec& p, Vec g, States s) {
  if (k.momentum != 0.0f) {
    s[0] = k.fresh ? g : s[0] * k.momentum + g * k.share;
    g = k.nesterov ? g + s[0] * k.momentum : s[0];
  }
  p -= g * k.size;
}

FLAMBEAU_INLINE void moments(const OptimNumbers& k, Vec g, States s) {
  lerp(s[0], g, k.rest1);
  add_square(s[1], g, k.decay2, k.rest2);
}

FLAMBEAU_INLINE void adam(const OptimNumbers& k, Vec& p, Vec g, States s) {
  moments(k, g, s);
  p -= s[0] / (sqrt(s[1]) + k.eps) * k.size;
}

FLAMBEAU_INLINE void amsgrad(const OptimNumbers& k, Vec& p, Vec g, States s) {
  moments(k, g, s);
  s[2] = greater(s[2], s[1]);
  p -= s[0] / (sqrt(s[2]) + k.eps) * k.size;
}

template <bool kCentred, bool kBuffer>
FLAMBEAU_INLINE void rmsprop(const OptimNumbers& k, Vec& p, Vec g, States s) {
  add_square(s[0], g, k.decay1, k.rest1);
  Vec square = s[0];
  if (kCentred) {
    lerp(s[1], g, k.rest1);
    square -= s[1] * s[1];
  }
  Vec d = g / (sqrt(square) + k.eps);
  if (kBuffer) {
    s[2] = s[2] * k.momentum + d;
    d = s[2];
  }
  p -= d * k.size;
}

FLAMBEAU_INLINE void adagrad(const OptimNumbers& k, Vec& p, Vec g, States s) {
  s[0] += g * g;
  p -= g / (sqrt(s[0]) + k.eps) * k.size;
}

FLAMBEAU_INLINE void adadelta(const OptimNumbers& k, Vec& p, Vec g, States s) {
  add_square(s[0], g, k.decay1, k.rest1);
  const Vec d = g * sqrt(s[1] + k.eps) / sqrt(s[0] + k.eps);
  add_square(s[1], d, k.decay1, k.rest1);
  p -= d * k.size;
}

FLAMBEAU_INLINE void adamax(const OptimNumbers& k, Vec& p, Vec g, States s) {
  lerp(s[0], g, k.rest1);
  s[1] = greater(s[1] * k.decay2, abs(g) + k.eps);
  p -= s[0] / s[1] * k.size;
}

FLAMBEAU_INLINE void nadam(const OptimNumbers& k, Vec& p, Vec g, States s) {
  moments(k, g, s);
  p -= (g * k.from_gradient + s[0] * k.from_average) / (sqrt(s[1] / k.correction) + k.eps);
}

FLAMBEAU_INLINE void radam(const OptimNumbers& k, Vec& p, Vec g, States s) {
  moments(k, g, s);
  p -= (k.rectified ? s[0] / (sqrt(s[1]) + k.eps) : s[0]) * k.size;
}

FLAMBEAU_INLINE void rprop(const OptimNumbers& k, Vec& p, Vec g, States s) {
  const Vec agreement = g * s[0], same = agreement * 0.0f + 1.0f;  // NaN stays
  s[1] *= agreement < 0.0f ? broadcast(k.shrink) : (agreement > 0.0f ? broadcast(k.grow) : same);
  s[1] = clamp(s[1], k.least, k.greatest);
  s[0] = agreement < 0.0f ? Vec{} : g;
  const Vec sign = s[0] > 0.0f ? broadcast(1.0f) : (s[0] < 0.0f ? broadcast(-1.0f) : s[0]);
  p -= sign * s[1];
}

FLAMBEAU_INLINE void asgd(const OptimNumbers& k, Vec& p, Vec g, States s) {
  p = p * k.decay1 - g * k.size;
  s[0] = k.share == 1.0f ? p : s[0] + (p - s[0]) * k.share;
}

using Rule = void (*)(const OptimNumbers&, Vec& p, Vec g, States);

// A rule on floats [begin, end) of a tensor. `S` says which states there are.
template <Rule rule, bool... S>
void run(const OptimTensor& t, int64_t begin, int64_t end) {
  static constexpr bool there[3] = {S...};
  const OptimNumbers k = t.numbers;  // a copy: no store can change it
  for (int64_t i = begin; i < end; i += kLanes) {
    const int count = int(least(end - i, kLanes));
    Vec p = load_part(t.p + i, count), s[3];
    FLAMBEAU_UNROLL for (int j = 0; j < 3; ++j) s[j] = there[j] ? load_part(t.states[j] + i, count) : Vec{};
    p *= k.keep;
    rule(k, p, descent(k, p, load_part(t.g + i, count)), s);
    store_part(t.p + i, p, count);
    FLAMBEAU_UNROLL for (int j = 0; j < 3; ++j)
      if (there[j]) store_part(t.states[j] + i, s[j], count);
  }
}

using Run = void (*)(const OptimTensor&, int64_t begin, int64_t end);

Run pick(OptimRule rule, const OptimTensor& t) {
  const bool first = t.states[0], second = t.states[1], third = t.states[2];
  switch (rule) {
    case OptimRule::sgd: return first ? run<sgd, true, false, false> : run<sgd, false, false, false>;
    case OptimRule::adam: return third ? run<amsgrad, true, true, true> : run<adam, true, true, false>;
    case OptimRule::rmsprop:
      if (second && third) return run<rmsprop<true, true>, true, true, true>;
      if (second) return run<rmsprop<true, false>, true, true, false>;
      return third ? run<rmsprop<false, true>, true, false, true> : run<rmsprop<false, false>, true, false, false>;
    case OptimRule::adagrad: return run<adagrad, true, false, false>;
    case OptimRule::adadelta: return run<adadelta, true, true, false>;
    case OptimRule::adamax: return run<adamax, true, true, false>;
    case OptimRule::nadam: return run<nadam, true, true, false>;
    case OptimRule::radam: return run<radam, true, true, false>;
    case OptimRule::rprop: return run<rprop, true, true, false>;
    case OptimRule::asgd: return run<asgd, true, false, false>;
  }
  return nullptr;
}

struct Job {
  const OptimTensor* tensor;
  int64_t begin;
};

void step(OptimRule rule, const OptimTensor* tensors, int64_t count) {
  static thread_local Array<Job> all;
  Array<Job>& jobs = all;  // of this thread, for the others too
  jobs.clear();
  for (int64_t t = 0; t < count; ++t)
    for (int64_t begin = 0; begin < tensors[t].n; begin += kBlock) jobs.add({&tensors[t], begin});
  parallel_for(jobs.size(), [&](int64_t i) {
    const OptimTensor& tensor = *jobs[i].tensor;
    pick(rule, tensor)(tensor, jobs[i].begin, least(jobs[i].begin + kBlock, tensor.n));
  });
}

}  // namespace

const OptimKernels& optim_kernels() {
  static constexpr OptimKernels kernels{step};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
