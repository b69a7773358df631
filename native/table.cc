#include "table.h"

namespace flambeau::FLAMBEAU_ISA {

const ConvKernels& conv_kernels();
const ConvPoolKernels& conv_pool_kernels();
const GemmKernels& gemm_kernels();
const SoftmaxKernels& softmax_kernels();
const NormKernels& norm_kernels();
const PoolingKernels& pooling_kernels();
const ElementwiseKernels& elementwise_kernels();
const RandomKernels& random_kernels();
const OptimKernels& optim_kernels();
const ReduceKernels& reduce_kernels();
const LayoutKernels& layout_kernels();

const Kernels& table() {
  static const Kernels kernels{conv_kernels(),        conv_pool_kernels(), gemm_kernels(),    elementwise_kernels(),
                               layout_kernels(),      random_kernels(),    pooling_kernels(), norm_kernels(),
                               optim_kernels(),       reduce_kernels(),    softmax_kernels()};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
