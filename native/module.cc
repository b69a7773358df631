// The Python module: which instruction set is used, how many threads; the families of kernels are in bind_*.cc.
#include "bind.h"

#include <atomic>
#include <cstdlib>
#include <string>

#include "pool.h"

namespace flambeau {

namespace {

std::atomic<bool> winograd{true};

struct Set {
  const char* name;
  const Kernels& (*table)();
};

// Those of this processor, the best first.
std::vector<Set> sets() {
  std::vector<Set> found;
#if defined(FLAMBEAU_X86)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    found.push_back({"avx512", avx512::table});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back({"avx2", avx2::table});
#endif
  found.push_back({"portable", portable::table});
  return found;
}

std::atomic<const char*> set_name{nullptr};
std::atomic<const Kernels*> chosen{nullptr};  // a loop of another thread may run while it changes

void use_instruction_set(const std::string& name) {
  std::string names;
  for (const Set& set : sets()) {
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

bool use_winograd() { return winograd.load(std::memory_order_relaxed); }
void set_use_winograd(bool on) { winograd.store(on); }

const Kernels& kernels() { return *chosen.load(std::memory_order_relaxed); }

}  // namespace flambeau

NB_MODULE(_runtime, m) {
  using namespace flambeau;
  const char* forced = std::getenv("FLAMBEAU_ISA");
  use_instruction_set(forced ? forced : "");
  m.def("instruction_set", [] { return std::string(set_name.load()); });
  m.def("instruction_sets", [] {
    std::vector<std::string> names;
    for (const Set& set : sets()) names.push_back(set.name);
    return names;
  });
  m.def("use_instruction_set", use_instruction_set);
  m.def("get_num_threads", get_num_threads);
  m.def("set_num_threads", set_num_threads);
  get_num_threads();  // the pool begins here
  // function(i) for all 0 <= i < n, on the pool: what its tests are made of.
  m.def("parallel_run", [](int64_t n, nb::callable function) {
    const Body body = [](void* context, int64_t i) {
      nb::gil_scoped_acquire locked;
      (*static_cast<nb::callable*>(context))(i);
    };
    Unlocked unlocked;
    parallel_run(n, body, &function);
  });
  bind_memory(m);
#define BIND(Type, name) bind_##name(m);
  FLAMBEAU_FAMILIES(BIND)
#undef BIND
}
