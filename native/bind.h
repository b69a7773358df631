// What the files that show kernels to Python share: kinds of arrays, checks, the kernels in use.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <unistd.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include "table.h"

namespace flambeau {

namespace nb = nanobind;

// Arrays of floats, dense in C order; nanobind refuses others before a kernel sees them.
template <int N> using In = nb::ndarray<const float, nb::ndim<N>, nb::device::cpu, nb::c_contig>;
template <int N> using Out = nb::ndarray<float, nb::ndim<N>, nb::device::cpu, nb::c_contig>;
// With any strides.
template <int N> using StridedIn = nb::ndarray<const float, nb::ndim<N>, nb::device::cpu>;
template <int N> using StridedOut = nb::ndarray<float, nb::ndim<N>, nb::device::cpu>;

// An argument that is taken as it is. Without this nanobind would convert an array of another type or layout, and what
// is written into the copy would be lost.
constexpr auto array(const char* name) { return nb::arg(name).noconvert(); }

inline void check(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

// Whether two dense arrays share no memory. What is checked before a kernel runs must not change while it runs: numbers
// that say where to read or write are no part of its results.
template <class A, class B>
bool apart(const A& a, const B& b) {
  const auto begin = [](const auto& x) { return reinterpret_cast<uintptr_t>(x.data()); };
  return begin(a) + a.nbytes() <= begin(b) || begin(b) + b.nbytes() <= begin(a);
}

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

// The shape of an array that there is not.
struct Sizes {
  std::vector<int64_t> sizes;
  std::size_t ndim() const { return sizes.size(); }
  int64_t shape(std::size_t i) const { return sizes[i]; }
};

// Numbers and sizes as kernels want them, checked.
ConvShape conv_shape_of(const Sizes& x, const Sizes& w, const Sizes& y, const std::vector<int64_t>& window);
PoolWindow pool_window(const std::vector<int64_t>& window);
void check_fits(const PoolShape&, const PoolWindow&);
Monotone monotone(const std::string& name, float a, float b);

// Where in their windows maxima lie: bytes, integers, or nothing.
using Places = std::optional<nb::ndarray<nb::ndim<4>, nb::device::cpu, nb::c_contig>>;

template <class Y>
MaxPlaces max_places(const Places& places, const PoolWindow& window, const Y& y) {
  if (!places) return {nullptr, nullptr};
  for (int i = 0; i < 4; ++i) check(places->shape(i) == y.shape(i), "places and output differ in shape");
  if (places->dtype() == nb::dtype<int32_t>()) return {nullptr, static_cast<int32_t*>(places->data())};
  check(places->dtype() == nb::dtype<uint8_t>(), "places must be uint8 or int32");
  check(window.kh * window.kw <= 256, "the window has more places than a byte can number: use int32");
  return {static_cast<uint8_t*>(places->data()), nullptr};
}

// The kernels of the instruction set in use.
const Kernels& kernels();

void bind_conv(nb::module_& m);
void bind_memory(nb::module_& m);
void bind_conv_pool(nb::module_& m);
void bind_gemm(nb::module_& m);
void bind_softmax(nb::module_& m);
void bind_norm(nb::module_& m);
void bind_pooling(nb::module_& m);
void bind_elementwise(nb::module_& m);
void bind_optim(nb::module_& m);
void bind_reduce(nb::module_& m);

}  // namespace flambeau
