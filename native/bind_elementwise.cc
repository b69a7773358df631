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

namespace flambeau {
namespace {

using AnyIn = View<const float, kAny>;
using AnyOut = View<float, kAny>;
using MaybeAnyIn = View<const float, kAny, true, true>;

void def_unary(nb::module_& m, const std::string& name, Unary function) {
  def(m, name + "(x[n], y[n], a=0.0, b=0.0, c=0.0)", [function](AnyIn x, AnyOut y, float a, float b, float c) {
    run(kernels().elementwise.unary, function, y.size(), x, y, Numbers{a, b, c});
  });
}

void def_derivative(nb::module_& m, const std::string& name, Binary function) {
  def(m, name + "(g[n], saved[n], gx[n], a=0.0, b=0.0, c=0.0)",
      [function](AnyIn g, AnyIn saved, AnyOut gx, float a, float b, float c) {
        const int64_t n = gx.size();
        run(kernels().elementwise.binary, function, n, g, saved, Spread{n, 1, n}, gx, Numbers{a, b, c});
      });
}

void binary(Binary function, const AnyIn& x, const AnyIn& z, const AnyOut& y, float a, int64_t repeat, int64_t spans) {
  const int64_t n = y.size(), count = z.size();
  check(repeat > 0, "repeat must be positive");
  check(count > 0 || n == 0, "an empty array cannot be spread");
  check(spans > 0 && count % spans == 0 && n % spans == 0, "spans must divide the sizes of both arrays");
  check(spans == 1 || (count > 0 && repeat <= n / count && n % (count * repeat) == 0),
        "the second operand does not fit into the first");
  if (count == n && repeat == 1) spans = 1;
  if (n == 0) return;
  const Spread spread{count / spans, repeat, n / spans};
  run(kernels().elementwise.binary, function, n, x, z, spread, y, Numbers{a, 0, 0});
}

void def_binary(nb::module_& m, const std::string& name, Binary function) {
  def(m, name + "(x[n], z, y[n], a=0.0, repeat=1, spans=1)",
      [function](AnyIn x, AnyIn z, AnyOut y, float a, int64_t repeat, int64_t spans) {
        binary(function, x, z, y, a, repeat, spans);
      });
  def(m, name + "_number(x[n], number, y[n], a=0.0)", [function](AnyIn x, float number, AnyOut y, float a) {
    const int64_t n = y.size();
    run(kernels().elementwise.binary, function, n, x, &number, Spread{1, n, n}, y, Numbers{a, 0, 0});
  });
}

}  // namespace

Monotone monotone(const std::string& name, float a, float b) {
  if (name.empty() || name == "none") return {true, Unary::relu, Binary::relu_backward, {}};
  if (name == "relu") return {false, Unary::relu, Binary::relu_backward, {}};
  if (name == "tanh") return {false, Unary::tanh, Binary::tanh_backward, {}};
  if (name == "sigmoid") return {false, Unary::sigmoid, Binary::sigmoid_backward, {}};
  if (name == "leaky_relu") {
    check(a >= 0, "leaky_relu falls where its slope is negative");
    return {false, Unary::leaky_relu, Binary::leaky_relu_backward, {a, 0, 0}};
  }
  if (name == "hardtanh") {
    check(a <= b, "hardtanh: the least value is greater than the greatest");
    return {false, Unary::hardtanh, Binary::hardtanh_backward, {a, b, 0}};
  }
  throw std::invalid_argument("no activation '" + name + "' here: there are none, relu, leaky_relu (a: its slope), " +
                              "tanh, sigmoid, hardtanh (a, b: its least and greatest value)");
}

void bind_elementwise(nb::module_& m) {
#define UNARY(name, ...) def_unary(m, #name, Unary::name);
#define DERIVATIVE(name, ...) def_derivative(m, #name "_backward", Binary::name##_backward);
#define BINARY(name, ...) def_binary(m, #name, Binary::name);
#include "elementwise.inc"
  // y = mask ? a : b; instead of an array each may be None, which stands for its number.
  def(m, "where(mask[n], a[n], b[n], y[n], a_number=0.0, b_number=0.0)",
      [](View<const bool, kAny> mask, MaybeAnyIn a, MaybeAnyIn b, AnyOut y, float a_number, float b_number) {
        const auto* bytes = reinterpret_cast<const uint8_t*>(mask.data());
        run(kernels().elementwise.where, y.size(), bytes, a, a_number, b, b_number, y);
      });
}

void bind_random(nb::module_& m) {
  // 1 / (1 - p) with probability 1 - p, else 0.
  def(m, "dropout_mask(seed, offset, p, y)", [](uint64_t seed, uint64_t offset, double p, AnyOut y) {
    check(p >= 0 && p <= 1, "p must be a probability");
    const double threshold = std::nearbyint(p * 4294967296.0);
    const uint32_t whole = threshold < 4294967295.0 ? uint32_t(threshold) : 4294967295u;
    const float scale = p < 1 ? float(1.0 / (1.0 - p)) : 0.0f;
    run(kernels().random.dropout_mask, seed, offset, y.size(), whole, scale, y);
  });
  def(m, "philox(seed, offset, out)", [](uint64_t seed, uint64_t offset, View<uint64_t, 1> out) {
    run(kernels().random.words, seed, offset, out.size(), out);
  });
  def(m, "uniform(seed, offset, out)", [](uint64_t seed, uint64_t offset, AnyOut out) {
    run(kernels().random.uniform, seed, offset, out.size(), out);
  });
}

}  // namespace flambeau
