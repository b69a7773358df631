// Steps of optimisers over many tensors in one call: what a kernel is told.
#pragma once

#include <cstdint>

namespace flambeau {

enum class OptimRule : int { sgd, adam, rmsprop, adagrad, adadelta, adamax, nadam, radam, rprop, asgd };

// The numbers of a step of one tensor. A rule uses some; what is made of them and of the count of steps in double
// precision (bias corrections) comes finished.
struct OptimNumbers {
  float size = 0;          // of the step: the learning rate, corrected
  float weight_decay = 0;  // times p is added to the gradient
  float keep = 1;          // p is multiplied by it before the step
  float momentum = 0;      // of the buffer of directions
  float share = 1;         // of the gradient in that buffer, or of p in an average
  float decay1 = 0, rest1 = 0;  // the first running average: its decay, 1 - decay; ASGD: p is multiplied by it
  float decay2 = 0, rest2 = 0;  // the second
  float eps = 0;
  float from_gradient = 0, from_average = 0, correction = 1;  // NAdam
  float shrink = 0, grow = 0, least = 0, greatest = 0;        // Rprop
  bool maximize = false, nesterov = false;
  bool fresh = false;      // the buffer takes the gradient as it is
  bool rectified = false;  // RAdam
};

// Which states a rule has, and in what order, bind_optim.cc says; those not wanted are null.
struct OptimTensor {
  int64_t n;
  float* p;
  const float* g;
  float* states[3];
  OptimNumbers numbers;
};

struct OptimKernels {
  void (*step)(OptimRule, const OptimTensor* tensors, int64_t count);
};

}  // namespace flambeau
