// What the files that show kernels to Python share: checks, the kernels in use, and how they are run. How arrays come
// is in view.h, what is said of a function's arguments in signature.h.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <unistd.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include "signature.h"
#include "table.h"
#include "view.h"

namespace flambeau {

inline void check(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

// The kernels of the instruction set in use.
const Kernels& kernels();

// While it lives, other Python threads run. A daemon thread that comes back when Python is ending is ended there by
// unwinding its stack, which no destructor survives: it is held here, until the process is gone.
class Unlocked {
 public:
  Unlocked() : state_(PyEval_SaveThread()) {}
  Unlocked(const Unlocked&) = delete;
  ~Unlocked() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {
      for (;;) pause();
    }
  }

 private:
  PyThreadState* state_;
};

// A kernel called while other Python threads run; of arrays it gets the data.
template <class A>
decltype(auto) data_of(const A& a) {
  if constexpr (AnyView<A>) return a.data();
  else return (a);
}

template <class R, class... P, class... A>
R run(R (*kernel)(P...), const A&... arguments) {
  Unlocked unlocked;
  return kernel(data_of(arguments)...);
}

// Numbers and sizes as kernels want them, checked.
using Window = std::vector<int64_t>;

using Shape = std::span<const Py_ssize_t>;

template <class W>
WeightStrides weight_strides(const W& w) {
  const auto from_last = [&](int i) { return w.rank() - i < 2 ? 0 : w.stride(w.rank() - i); };
  return {w.stride(0), w.stride(1), from_last(3), from_last(2), from_last(1)};
}

// `window`: strides, paddings, dilations, one each dimension of space; groups. Without `y` its size is the greatest.
ConvShape conv_shape(Shape x, Shape w, std::optional<Shape> y, const Window& window);
PoolWindow pool_window(const PoolShape&, const Window& numbers);
Monotone monotone(const std::string& name, float a, float b);

// Where in their windows maxima lie: bytes, integers, or nothing.
using Places = View<void, 4>;
using MaybePlaces = View<void, 4, true, true>;

template <class P>
MaxPlaces max_places(const P& places, const PoolWindow& window) {
  if (!places) return {nullptr, nullptr};
  if (places.template holds<int32_t>()) return {nullptr, static_cast<int32_t*>(places.data())};
  check(places.template holds<uint8_t>(), "places must be uint8 or int32");
  check(window.kh * window.kw <= 256, "the window has more places than a byte can number: use int32");
  return {static_cast<uint8_t*>(places.data()), nullptr};
}

void bind_memory(nb::module_& m);
#define BINDER(Type, name) void bind_##name(nb::module_& m);
FLAMBEAU_FAMILIES(BINDER)
#undef BINDER

}  // namespace flambeau
