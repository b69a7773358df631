#include "table.h"

namespace flambeau::FLAMBEAU_ISA {

#define DECLARE(Type, name) const Type##Kernels& name##_kernels();
FLAMBEAU_FAMILIES(DECLARE)
#undef DECLARE

const Kernels& table() {
#define TAKE(Type, name) name##_kernels(),
  static const Kernels kernels{FLAMBEAU_FAMILIES(TAKE)};
#undef TAKE
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
