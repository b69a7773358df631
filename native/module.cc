// The Python module: which instruction set is used, how many threads; the families of kernels are in bind_*.cc.
#include "bind.h"

#include <cstdlib>
#include <string>

#include "pool.h"

namespace flambeau {

bool use_winograd = true;

namespace {

struct Set {
  const char* name;
  bool there;
  const Kernels& (*table)();
};

std::vector<Set> sets() {
  std::vector<Set> found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  found.push_back({"avx512", avx512, avx512::table});
  found.push_back({"avx2", avx2, avx2::table});
#endif
  found.push_back({"portable", true, portable::table});
  return found;
}

const char* set_name = nullptr;
const Kernels* chosen = nullptr;

void use_instruction_set(const std::string& name) {
  std::string names;
  for (const Set& set : sets()) {
    if (!set.there) continue;
    names += std::string(names.empty() ? "" : ", ") + set.name;
    if (name.empty() || name == set.name) {
      set_name = set.name;
      chosen = &set.table();
      return;
    }
  }
  throw std::invalid_argument("no instruction set '" + name + "' here: there are " + names);
}

}  // namespace

const Kernels& kernels() { return *chosen; }

}  // namespace flambeau

NB_MODULE(_runtime, m) {
  using namespace flambeau;
  const char* forced = std::getenv("FLAMBEAU_ISA");
  use_instruction_set(forced ? forced : "");
  m.def("instruction_set", [] { return std::string(set_name); });
  m.def("instruction_sets", [] {
    std::vector<std::string> names;
    for (const Set& set : sets())
      if (set.there) names.push_back(set.name);
    return names;
  });
  m.def("use_instruction_set", use_instruction_set);
  m.def("get_num_threads", get_num_threads);
  m.def("set_num_threads", set_num_threads);
  bind_conv(m);
  bind_memory(m);
  bind_softmax(m);
  bind_norm(m);
  bind_pooling(m);
  bind_elementwise(m);
  bind_optim(m);
  bind_reduce(m);
}
