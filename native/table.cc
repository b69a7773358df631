#include "table.h"

namespace flambeau::FLAMBEAU_ISA {

const ConvKernels& conv_kernels();

const Kernels& table() {
  static const Kernels kernels{conv_kernels()};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
