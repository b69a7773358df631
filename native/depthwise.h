// Depthwise convolution, a channel in and a channel out a group, of doubles and in three dimensions. (Of floats in two
// dimensions it is grouped.h, which is twice as fast and much longer.)
//
// Neighbouring channels lie side by side and are convolved alike, so a vector holds kLanes of them and nothing is
// shared, packed or copied but the weights, as [tap][channel]:
//
//   y[pixel][channels] = sum over taps of x[pixel that the tap reads][channels] * w[tap][channels]
//
// Each product loads both of its factors: half of the speed that a core could have. Rows of the output are dealt to
// threads. For the gradient of the weights each row of the output gives one sum a tap, in a register; these are added
// to partial sums, whose number depends on the problem alone, and the partial sums in order.
#pragma once

#include "conv.h"
#include "gather.h"

namespace flambeau::FLAMBEAU_ISA {

inline bool is_depthwise(const Gather& g) { return g.groups > 1 && g.c_in == 1 && g.c_out == 1; }

template <class T>
void depthwise(const Gather& g, const T* x, const T* weight, WeightStrides at, const T* bias, Activation activation,
               T* y);

// `g`: of the forward convolution.
template <class T>
void depthwise_weight(const Gather& g, const T* x, const T* gy, T* gw, WeightStrides at);

}  // namespace flambeau::FLAMBEAU_ISA
