// Steps of optimisers over many tensors in one call: what a kernel is told.
#pragma once

#include <cstdint>

namespace flambeau {

// The numbers of a step. A formula uses some; they come finished from the rules of the package's optim folder, which
// make them of the options and the count of steps in double precision (bias corrections).
struct OptimNumbers {
  float sign = 1;          // of the gradient: -1 follows it uphill
  float weight_decay = 0;  // times p is added to the gradient
  float keep = 1;          // p is multiplied by it before the step
  float size = 0;          // of the step: the learning rate, corrected
  float share = 0;         // of the gradient in a running average or in the buffer of directions, of p in an average
  float decay = 0, rest = 0;  // of the running average of squares: its decay, 1 - decay
  float eps = 0;
  float momentum = 0, nesterov = 0;                           // of the buffer of directions
  float rectified = 1;                                        // RAdam: 0 while the squares are not to be used
  float from_gradient = 0, from_average = 0, correction = 1;  // NAdam
  float shrink = 0, grow = 0, least = 0, greatest = 0;        // Rprop
};

constexpr int kMostStates = 3;

struct OptimTensor {
  int64_t n;
  float* p;
  const float* g;
  float* states[kMostStates];  // those not wanted are null
};

using OptimFormula = void (*)(const OptimNumbers&, const OptimTensor&, int64_t begin, int64_t end);

struct OptimKernels {
  // The formula of this name with these states, a bit for each; null if there is none.
  OptimFormula (*find)(const char* name, int states);
  void (*step)(OptimFormula, const OptimNumbers&, const OptimTensor* tensors, int64_t count);
};

}  // namespace flambeau
