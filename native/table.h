// All kernels of one instruction set, and the choice among the sets.
#pragma once

#include "conv.h"
#include "elementwise.h"
#include "optim.h"
#include "random.h"

namespace flambeau {

struct Kernels {
  ConvKernels conv;
  ElementwiseKernels elementwise;
  RandomKernels random;
  OptimKernels optim;
};

extern bool use_winograd;  // off: convolutions are computed directly, with a fifth of the rounding error

namespace avx512 { const Kernels& table(); }
namespace avx2 { const Kernels& table(); }
namespace portable { const Kernels& table(); }

}  // namespace flambeau
