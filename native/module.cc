// What Python sees of the runtime: arrays in, arrays out, checked. Every function here is called through
// flambeau/backend/native, which lays arrays out as the kernels want them.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "pool.h"
#include "table.h"

namespace nb = nanobind;

namespace flambeau {

bool use_winograd = true;

namespace {

using Images = nb::ndarray<const float, nb::ndim<4>, nb::device::cpu, nb::c_contig>;  // n, h, w, c
using OutImages = nb::ndarray<float, nb::ndim<4>, nb::device::cpu, nb::c_contig>;
using Weight = nb::ndarray<const float, nb::ndim<4>, nb::device::cpu>;  // out, in, h, w; any strides
using OutWeight = nb::ndarray<float, nb::ndim<4>, nb::device::cpu>;
using Vector = nb::ndarray<const float, nb::ndim<1>, nb::device::cpu, nb::c_contig>;

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
const Kernels* kernels = nullptr;

void use_instruction_set(const std::string& name) {
  std::string names;
  for (const Set& set : sets()) {
    if (!set.there) continue;
    names += std::string(names.empty() ? "" : ", ") + set.name;
    if (name.empty() || name == set.name) {
      set_name = set.name;
      kernels = &set.table();
      return;
    }
  }
  throw std::invalid_argument("no instruction set '" + name + "' here: there are " + names);
}

void check(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

struct Window {
  int64_t stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups;
};

ConvShape conv_shape(const int64_t (&x)[4], const int64_t (&w)[4], const int64_t (&y)[4], const Window& v) {
  check(v.stride_h > 0 && v.stride_w > 0, "strides must be positive");
  check(v.dilation_h > 0 && v.dilation_w > 0, "dilations must be positive");
  check(v.groups > 0 && x[3] % v.groups == 0 && w[0] % v.groups == 0, "groups must divide both numbers of channels");
  check(w[1] * v.groups == x[3], "the weight wants another number of input channels");
  check(y[0] == x[0] && y[3] == w[0], "the output has another number of images or channels");
  check(w[2] > 0 && w[3] > 0, "the window is empty");
  return {x[0], x[1], x[2], x[3], y[1], y[2], y[3], w[2], w[3], v.stride_h, v.stride_w, v.pad_h, v.pad_w,
          v.dilation_h, v.dilation_w, v.groups};
}

template <class A>
void shape_of(const A& a, int64_t (&out)[4]) {
  for (int i = 0; i < 4; ++i) out[i] = int64_t(a.shape(i));
}

template <class W>
WeightStrides strides_of(const W& w) {
  return {w.stride(0), w.stride(1), w.stride(2), w.stride(3)};
}

template <class X, class W, class Y>
ConvShape conv_shape(const X& x, const W& w, const Y& y, const Window& v) {
  int64_t xs[4], ws[4], ys[4];
  shape_of(x, xs);
  shape_of(w, ws);
  shape_of(y, ys);
  return conv_shape(xs, ws, ys, v);
}

Window window(const std::vector<int64_t>& numbers) {
  check(numbers.size() == 7, "a window is seven numbers");
  return {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]};
}

void conv_forward(Images x, Weight w, std::optional<Vector> bias, OutImages y, const std::vector<int64_t>& numbers,
                  bool relu) {
  const ConvShape s = conv_shape(x, w, y, window(numbers));
  check(!bias || int64_t(bias->shape(0)) == s.c_out, "the bias has another length than channels out");
  const WeightStrides at = strides_of(w);
  const float* b = bias ? bias->data() : nullptr;
  nb::gil_scoped_release release;
  kernels->conv.forward(s, x.data(), w.data(), at, b, relu, y.data());
}

void conv_backward_data(Images gy, Weight w, OutImages gx, const std::vector<int64_t>& numbers) {
  const ConvShape s = conv_shape(gx, w, gy, window(numbers));
  const WeightStrides at = strides_of(w);
  nb::gil_scoped_release release;
  kernels->conv.backward_data(s, gy.data(), w.data(), at, gx.data());
}

void conv_backward_weight(Images x, Images gy, OutWeight gw, const std::vector<int64_t>& numbers) {
  const ConvShape s = conv_shape(x, gw, gy, window(numbers));
  const WeightStrides at = strides_of(gw);
  nb::gil_scoped_release release;
  kernels->conv.backward_weight(s, x.data(), gy.data(), gw.data(), at);
}

}  // namespace
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
  m.def("use_winograd", [](bool on) { use_winograd = on; });
  m.def("get_num_threads", get_num_threads);
  m.def("set_num_threads", set_num_threads);
  m.def("conv_forward", conv_forward, nb::arg("x"), nb::arg("w"), nb::arg("bias").none(), nb::arg("y"),
        nb::arg("window"), nb::arg("relu") = false);
  m.def("conv_backward_data", conv_backward_data);
  m.def("conv_backward_weight", conv_backward_weight);
}
