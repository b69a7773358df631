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

struct Kernels {
  ConvKernels conv;
  ConvPoolKernels conv_pool;
  GemmKernels gemm;
  ElementwiseKernels elementwise;
  LayoutKernels layout;
  RandomKernels random;
  PoolingKernels pooling;
  NormKernels norm;
  OptimKernels optim;
  ReduceKernels reduce;
  SoftmaxKernels softmax;
};

bool use_winograd();  // no: convolutions are computed directly, with a fifth of the rounding error
void set_use_winograd(bool on);

namespace avx512 { const Kernels& table(); }
namespace avx2 { const Kernels& table(); }
namespace portable { const Kernels& table(); }

}  // namespace flambeau
