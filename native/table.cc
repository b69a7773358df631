#include "table.h"

namespace flambeau::FLAMBEAU_ISA {

const Kernels& table() {
#define TAKE(Type, name) name##_kernels(),
  static const Kernels kernels{FLAMBEAU_FAMILIES(TAKE)};
#undef TAKE
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
