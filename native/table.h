// All kernels of one instruction set, and the choice among the sets.
#pragma once

#include "conv.h"
#include "conv_pool.h"
#include "gemm.h"
#include "softmax.h"
#include "elementwise.h"
#include "layout.h"
#include "norm.h"
#include "optim.h"
#include "pooling.h"
#include "random.h"
#include "reduce.h"

namespace flambeau {

// Each family has a struct of kernels, a function of table.cc that gives it, and one that shows it to Python.
#define FLAMBEAU_FAMILIES(FAMILY)                                                                            \
  FAMILY(Conv, conv) FAMILY(ConvPool, conv_pool) FAMILY(Gemm, gemm) FAMILY(Elementwise, elementwise)         \
  FAMILY(Layout, layout) FAMILY(Random, random) FAMILY(Pooling, pooling) FAMILY(Norm, norm)                  \
  FAMILY(Optim, optim) FAMILY(Reduce, reduce) FAMILY(Softmax, softmax)

struct Kernels {
#define MEMBER(Type, name) Type##Kernels name;
  FLAMBEAU_FAMILIES(MEMBER)
#undef MEMBER
};

bool use_winograd();  // no: convolutions are computed directly, with a fifth of the rounding error
void set_use_winograd(bool on);

namespace avx512 { const Kernels& table(); }
namespace avx2 { const Kernels& table(); }
namespace portable { const Kernels& table(); }

}  // namespace flambeau
