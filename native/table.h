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

// Each family has a struct of kernels, a function that gives those of the instruction set for which a file is compiled,
// and one that shows it to Python.
#define FLAMBEAU_FAMILIES(FAMILY)                                                                            \
  FAMILY(Conv, conv) FAMILY(ConvPool, conv_pool) FAMILY(Gemm, gemm) FAMILY(Elementwise, elementwise)         \
  FAMILY(Layout, layout) FAMILY(Random, random) FAMILY(Pooling, pooling) FAMILY(Norm, norm)                  \
  FAMILY(Optim, optim) FAMILY(Reduce, reduce) FAMILY(Softmax, softmax)

struct Kernels {
#define MEMBER(Type, name) Type##Kernels name;
  FLAMBEAU_FAMILIES(MEMBER)
#undef MEMBER
};

#ifdef FLAMBEAU_ISA
namespace FLAMBEAU_ISA {
#define DECLARE(Type, name) const Type##Kernels& name##_kernels();
FLAMBEAU_FAMILIES(DECLARE)
#undef DECLARE
}  // namespace FLAMBEAU_ISA
#endif

bool use_winograd();  // no: convolutions are computed directly, with a fifth of the rounding error
void set_use_winograd(bool on);

namespace avx512 { const Kernels& table(); }
namespace avx2 { const Kernels& table(); }
namespace portable { const Kernels& table(); }

}  // namespace flambeau
