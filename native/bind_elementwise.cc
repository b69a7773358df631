// Elementwise functions and random numbers, as Python sees them: every line of elementwise.inc becomes a function.
//
//   f(x, y, a=0, b=0, c=0)             y = f(x)
//   f_backward(g, saved, gx, a, b, c)  gx from the cotangent g and the value that the derivative's rule saves
//   f(x, z, y, a=0, repeat=1, spans=1) y = f(x, z); z has the size of x or is spread over it: z consists of `spans`
//                                      parts, one for each of as many parts of x; within one element i of x meets
//                                      z[i // repeat % len(z)]
//   f_number(x, number, y, a=0)        y = f(x, number)
//
// Arrays may have any shape: what counts is that they are dense and how many elements they have. The result may be the
// very array of an operand.
#include "bind.h"

#include <cmath>
#include <string>

namespace flambeau {
namespace {

using AnyIn = nb::ndarray<const float, nb::device::cpu, nb::c_contig>;
using AnyOut = nb::ndarray<float, nb::device::cpu, nb::c_contig>;
using Mask = nb::ndarray<const bool, nb::device::cpu, nb::c_contig>;
using Words = nb::ndarray<uint64_t, nb::ndim<1>, nb::device::cpu, nb::c_contig>;

template <class A, class B>
int64_t same_size(const A& a, const B& b) {
  check(a.size() == b.size(), "the arrays have different sizes");
  return int64_t(a.size());
}

void def_unary(nb::module_& m, const char* name, Unary function) {
  m.def(
      name,
      [function](const AnyIn& x, const AnyOut& y, float a, float b, float c) {
        const int64_t n = same_size(x, y);
        Unlocked unlocked;
        kernels().elementwise.unary(function, n, x.data(), y.data(), {a, b, c});
      },
      array("x"), array("y"), nb::arg("a") = 0.0f, nb::arg("b") = 0.0f, nb::arg("c") = 0.0f);
}

void def_derivative(nb::module_& m, const char* name, Derivative function) {
  m.def(
      name,
      [function](const AnyIn& g, const AnyIn& saved, const AnyOut& gx, float a, float b, float c) {
        const int64_t n = same_size(g, gx);
        same_size(saved, gx);
        Unlocked unlocked;
        kernels().elementwise.derivative(function, n, g.data(), saved.data(), gx.data(), {a, b, c});
      },
      array("g"), array("saved"), array("gx"), nb::arg("a") = 0.0f, nb::arg("b") = 0.0f, nb::arg("c") = 0.0f);
}

void def_binary(nb::module_& m, const char* name, Binary function) {
  m.def(
      name,
      [function](const AnyIn& x, const AnyIn& z, const AnyOut& y, float a, int64_t repeat, int64_t spans) {
        const int64_t n = same_size(x, y), count = int64_t(z.size());
        check(repeat > 0, "repeat must be positive");
        check(count > 0 || n == 0, "an empty array cannot be spread");
        check(spans > 0 && count % spans == 0 && n % spans == 0, "spans must divide the sizes of both arrays");
        check(spans == 1 || (count > 0 && repeat <= n / count && n % (count * repeat) == 0),
              "the second operand does not fit into the first");
        Unlocked unlocked;
        const ElementwiseKernels& k = kernels().elementwise;
        if (count == n && repeat == 1) return k.binary(function, n, x.data(), z.data(), y.data(), {a, 0, 0});
        if (count == 1) return k.binary_number(function, n, x.data(), *z.data(), y.data(), {a, 0, 0});
        if (n == 0) return;
        k.binary_spread(function, n, x.data(), z.data(), {count / spans, repeat, n / spans}, y.data(), {a, 0, 0});
      },
      array("x"), array("z"), array("y"), nb::arg("a") = 0.0f, nb::arg("repeat") = 1, nb::arg("spans") = 1);
  m.def(
      (std::string(name) + "_number").c_str(),
      [function](const AnyIn& x, float number, const AnyOut& y, float a) {
        const int64_t n = same_size(x, y);
        Unlocked unlocked;
        kernels().elementwise.binary_number(function, n, x.data(), number, y.data(), {a, 0, 0});
      },
      array("x"), nb::arg("number"), array("y"), nb::arg("a") = 0.0f);
}

// y = mask ? a : b; instead of an array each may be None, which stands for its number.
void where(const Mask& mask, const std::optional<AnyIn>& a, const std::optional<AnyIn>& b, const AnyOut& y,
           float a_number, float b_number) {
  const int64_t n = same_size(mask, y);
  if (a) same_size(*a, y);
  if (b) same_size(*b, y);
  Unlocked unlocked;
  kernels().elementwise.where(n, reinterpret_cast<const uint8_t*>(mask.data()), a ? a->data() : nullptr, a_number,
                              b ? b->data() : nullptr, b_number, y.data());
}

// y = x or 1 (None), times 1 / (1 - p) with probability 1 - p, else times 0.
void dropout(uint64_t seed, uint64_t offset, double p, const std::optional<AnyIn>& x, const AnyOut& y) {
  check(p >= 0 && p <= 1, "p must be a probability");
  if (x) same_size(*x, y);
  const double threshold = std::nearbyint(p * 4294967296.0);
  const uint32_t whole = threshold < 4294967295.0 ? uint32_t(threshold) : 4294967295u;
  const float scale = p < 1 ? float(1.0 / (1.0 - p)) : 0.0f;
  Unlocked unlocked;
  kernels().random.dropout(seed, offset, int64_t(y.size()), x ? x->data() : nullptr, whole, scale, y.data());
}

}  // namespace

Monotone monotone(const std::string& name, float a, float b) {
  if (name.empty() || name == "none") return {true, Unary::relu, Derivative::relu, {}};
  if (name == "relu") return {false, Unary::relu, Derivative::relu, {}};
  if (name == "tanh") return {false, Unary::tanh, Derivative::tanh, {}};
  if (name == "sigmoid") return {false, Unary::sigmoid, Derivative::sigmoid, {}};
  if (name == "leaky_relu") {
    check(a >= 0, "leaky_relu falls where its slope is negative");
    return {false, Unary::leaky_relu, Derivative::leaky_relu, {a, 0, 0}};
  }
  if (name == "hardtanh") {
    check(a <= b, "hardtanh: the least value is greater than the greatest");
    return {false, Unary::hardtanh, Derivative::hardtanh, {a, b, 0}};
  }
  throw std::invalid_argument("no activation '" + name + "' here: there are none, relu, leaky_relu (a: its slope), " +
                              "tanh, sigmoid, hardtanh (a, b: its least and greatest value)");
}

void bind_elementwise(nb::module_& m) {
#define UNARY(name, ...) def_unary(m, #name, Unary::name);
#define DERIVATIVE(name, ...) def_derivative(m, #name "_backward", Derivative::name);
#define BINARY(name, ...) def_binary(m, #name, Binary::name);
#include "elementwise.inc"
#undef UNARY
#undef DERIVATIVE
#undef BINARY
  m.def("where", where, array("mask"), array("a").none(), array("b").none(), array("y"),
        nb::arg("a_number") = 0.0f, nb::arg("b_number") = 0.0f);
  m.def("dropout", dropout, nb::arg("seed"), nb::arg("offset"), nb::arg("p"), array("x").none(), array("y"));
  m.def("philox", [](uint64_t seed, uint64_t offset, const Words& out) {
    Unlocked unlocked;
    kernels().random.words(seed, offset, int64_t(out.size()), out.data());
  }, nb::arg("seed"), nb::arg("offset"), array("out"));
  m.def("uniform", [](uint64_t seed, uint64_t offset, const AnyOut& out) {
    Unlocked unlocked;
    kernels().random.uniform(seed, offset, int64_t(out.size()), out.data());
  }, nb::arg("seed"), nb::arg("offset"), array("out"));
}

}  // namespace flambeau
