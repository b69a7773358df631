// Formulas of optimisers' update rules.
//
// A step reads the parameters, the gradients and the states once and writes all but the gradients: that is all memory
// traffic that there must be, and it is what the step costs (eleven million parameters of Adam: 300 MB). So a rule is
// a formula, a few lines on vectors between the loads and the stores. What is optional is either a condition that is
// the same for a whole tensor (weight decay), which the processor foresees, or a formula of its own: which there are,
// and with which states, says the table at the end. A formula may serve several rules: RAdam is Adam with other
// numbers, and so is Adagrad RMSprop.
//
// All tensors of a call are cut into jobs of kBlock floats, one parallel loop over all of them: a network has a few
// large tensors and many of a hundred floats.
//
// Each formula computes exactly what the NumPy text of the same formula in the package's optim folder computes,
// operation by operation, so that results are equal bit by bit. For that this file is compiled without contraction of
// products and sums into fused ones (CMakeLists.txt).
#include "optim.h"

#include <cstring>

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
  g *= k.sign;
  return k.weight_decay == 0.0f ? g : p * k.weight_decay + g;
}

FLAMBEAU_INLINE void lerp(Vec& average, Vec value, float share) { average += (value - average) * share; }

FLAMBEAU_INLINE void add_square(Vec& average, Vec value, float decay, float rest) {
  average = average * decay + value * value * rest;
}

using States = Vec (&)[kMostStates];

FLAMBEAU_INLINE void sgd(const OptimNumbers& k, Vec& p, Vec g, States) { p -= g * k.size; }

FLAMBEAU_INLINE void momentum(const OptimNumbers& k, Vec& p, Vec g, States s) {
  s[0] = s[0] * k.momentum + g * k.share;
  p -= (k.nesterov != 0.0f ? g + s[0] * k.momentum : s[0]) * k.size;
}

FLAMBEAU_INLINE void moments(const OptimNumbers& k, Vec g, States s) {
  lerp(s[0], g, k.share);
  add_square(s[1], g, k.decay, k.rest);
}

template <bool kTop>
FLAMBEAU_INLINE void adam(const OptimNumbers& k, Vec& p, Vec g, States s) {
  moments(k, g, s);
  if (kTop) s[2] = greater(s[2], s[1]);
  p -= (k.rectified != 0.0f ? s[0] / (sqrt(s[kTop ? 2 : 1]) + k.eps) : s[0]) * k.size;
}

template <bool kCentred, bool kBuffer>
FLAMBEAU_INLINE void rmsprop(const OptimNumbers& k, Vec& p, Vec g, States s) {
  add_square(s[0], g, k.decay, k.rest);
  Vec square = s[0];
  if (kCentred) {
    lerp(s[1], g, k.rest);
    square -= s[1] * s[1];
  }
  Vec d = g / (sqrt(square) + k.eps);
  if (kBuffer) {
    s[2] = s[2] * k.momentum + d;
    d = s[2];
  }
  p -= d * k.size;
}

FLAMBEAU_INLINE void adadelta(const OptimNumbers& k, Vec& p, Vec g, States s) {
  add_square(s[0], g, k.decay, k.rest);
  const Vec d = g * sqrt(s[1] + k.eps) / sqrt(s[0] + k.eps);
  add_square(s[1], d, k.decay, k.rest);
  p -= d * k.size;
}

FLAMBEAU_INLINE void adamax(const OptimNumbers& k, Vec& p, Vec g, States s) {
  lerp(s[0], g, k.share);
  s[1] = greater(s[1] * k.decay, abs(g) + k.eps);
  p -= s[0] / s[1] * k.size;
}

FLAMBEAU_INLINE void nadam(const OptimNumbers& k, Vec& p, Vec g, States s) {
  moments(k, g, s);
  p -= (g * k.from_gradient + s[0] * k.from_average) / (sqrt(s[1] / k.correction) + k.eps);
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
  p -= g * k.size;
  if (k.share == 1.0f) s[0] = p;
  else lerp(s[0], p, k.share);
}

using Formula = void (*)(const OptimNumbers&, Vec& p, Vec g, States);

// A formula on floats [begin, end) of a tensor. Each bit of `kStates` says that there is a state.
template <Formula formula, int kStates>
void run(const OptimNumbers& numbers, const OptimTensor& t, int64_t begin, int64_t end) {
  const OptimNumbers k = numbers;  // a copy: no store can change it
  for (int64_t i = begin; i < end; i += kLanes) {
    const int count = int(least(end - i, kLanes));
    Vec p = load_part(t.p + i, count), s[kMostStates];
    FLAMBEAU_UNROLL for (int j = 0; j < kMostStates; ++j)
      s[j] = kStates >> j & 1 ? load_part(t.states[j] + i, count) : Vec{};
    const Vec g = descent(k, p, load_part(t.g + i, count));
    p *= k.keep;
    formula(k, p, g, s);
    store_part(t.p + i, p, count);
    FLAMBEAU_UNROLL for (int j = 0; j < kMostStates; ++j)
      if (kStates >> j & 1) store_part(t.states[j] + i, s[j], count);
  }
}

struct Entry {
  const char* name;
  int states;
  OptimFormula run;
};

template <Formula formula, int kStates>
constexpr Entry entry(const char* name) {
  return {name, kStates, run<formula, kStates>};
}

constexpr Entry kFormulas[] = {
    entry<sgd, 0b000>("sgd"),
    entry<momentum, 0b001>("sgd"),
    entry<adam<false>, 0b011>("adam"),
    entry<adam<true>, 0b111>("adam"),
    entry<rmsprop<false, false>, 0b001>("rmsprop"),
    entry<rmsprop<true, false>, 0b011>("rmsprop"),
    entry<rmsprop<false, true>, 0b101>("rmsprop"),
    entry<rmsprop<true, true>, 0b111>("rmsprop"),
    entry<adadelta, 0b011>("adadelta"),
    entry<adamax, 0b011>("adamax"),
    entry<nadam, 0b011>("nadam"),
    entry<rprop, 0b011>("rprop"),
    entry<asgd, 0b001>("asgd"),
};

OptimFormula find(const char* name, int states) {
  for (const Entry& each : kFormulas)
    if (each.states == states && !std::strcmp(each.name, name)) return each.run;
  return nullptr;
}

struct Job {
  const OptimTensor* tensor;
  int64_t begin;
};

void step(OptimFormula formula, const OptimNumbers& numbers, const OptimTensor* tensors, int64_t count) {
  static thread_local Array<Job> all;
  Array<Job>& jobs = all;  // of this thread, for the others too
  jobs.clear();
  for (int64_t t = 0; t < count; ++t)
    for (int64_t begin = 0; begin < tensors[t].n; begin += kBlock) jobs.add({&tensors[t], begin});
  parallel_for(jobs.size(), [&](int64_t i) {
    const auto [tensor, begin] = jobs[i];
    formula(numbers, *tensor, begin, least(begin + kBlock, tensor->n));
  });
}

}  // namespace

const OptimKernels& optim_kernels() {
  static constexpr OptimKernels kernels{find, step};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
