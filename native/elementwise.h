// Elementwise functions of dense arrays: which kernels there are and what they are told. The functions themselves are
// lines of elementwise.inc.
#pragma once

#include <cstdint>

namespace flambeau {

struct Numbers {
  float a, b, c;  // what a function takes beside its arrays, such as a slope
};

enum class Unary : int {
#define UNARY(name, ...) name,
#include "elementwise.inc"
};

enum class Binary : int {  // a derivative is a function of the cotangent and of what was saved
#define BINARY(name, ...) name,
#define DERIVATIVE(name, ...) name##_backward,
#include "elementwise.inc"
};

// A function that never falls, and whose derivative can be told from its result: what follows a max pool or a product
// in one kernel with it.
struct Monotone {
  bool identity;
  Unary function;
  Binary slope;  // of the result
  Numbers numbers;
};

// How the second operand of a binary function spreads over the first: element i meets z[i / repeat % count], and each
// `span` elements another `count` of them, z[i / span * count + i / repeat % count]. An array of the size n of the
// first has count n, repeat 1 and span n; derivatives want such a one. A number has count 1, a bias of rows (m, c)
// repeat 1 and count c; a number for each channel of (n, c, h, w) has repeat h * w and count c; a number for each image
// and channel of (n, h, w, c) has repeat 1, count c and span h * w * c.
struct Spread {
  int64_t count, repeat, span;
};

// The result may be written over an operand, but must not overlap it otherwise.
struct ElementwiseKernels {
  void (*unary)(Unary, int64_t n, const float* x, float* y, const Numbers&);
  void (*binary)(Binary, int64_t n, const float* x, const float* z, Spread, float* y, const Numbers&);
  // y = mask ? a : b; a null pointer stands for the number beside it.
  void (*where)(int64_t n, const uint8_t* mask, const float* a, float a_number, const float* b, float b_number,
                float* y);
};

}  // namespace flambeau
