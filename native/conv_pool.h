// Convolution + bias + max pool + activation as one operation, and its backward: what the kernels are told.
//
// The activation must never fall (Monotone, elementwise.h): then the maximum may be taken first, and the activation is
// computed of the maxima alone.
#pragma once

#include "conv.h"
#include "elementwise.h"
#include "pooling.h"

namespace flambeau {

struct ConvPoolShape {
  ConvShape conv;
  PoolWindow window;  // over the convolution's output, conv.oh x conv.ow
  int64_t oh, ow;     // of the result
};

// What backward writes; each may be null.
struct ConvPoolGradients {
  float* gx;
  float* gw;
  WeightStrides gw_at;
  float* gb;
};

struct ConvPoolKernels {
  // With neither pointer of `places` the result alone is written.
  void (*forward)(const ConvPoolShape&, const Monotone&, const float* x, const float* weight, WeightStrides,
                  const float* bias, float* y, MaxPlaces places);
  // y and places: of forward. `weight` is read for gx alone, x for gw.
  void (*backward)(const ConvPoolShape&, const Monotone&, const float* x, const float* weight, WeightStrides,
                   const float* y, MaxPlaces places, const float* gy, const ConvPoolGradients&);
};

}  // namespace flambeau
