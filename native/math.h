// Exponential, logarithm and their relatives for vectors of floats.
//
// Each function is made of the same three steps. *Reduce*: write x through a number in a short interval, exactly or
// almost (exp: x = n ln 2 + r; log: x = 2^e (1 + f)). *Approximate*: a polynomial on that interval whose greatest
// relative error is as small as its degree allows (Remez, with coefficients rounded to float one after the other, each
// making up for the rounding of those before it). *Put together*: the large, exact part is added or multiplied last,
// so that the rounding errors of the small part hardly count.
//
// Every lane does the same work: where a function needs two formulas both are computed and one is selected. Over the
// whole range (denormal numbers, zeros with their sign, infinities, NaN) the results are within about a unit in the
// last place of the exact ones (2.3 at worst); the tests state the bounds.
#pragma once

#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

typedef uint32_t Bits __attribute__((vector_size(4 * kLanes)));

constexpr float kInfinity = __builtin_inff();
constexpr float kNaN = __builtin_nanf("");

FLAMBEAU_INLINE Bits bits(Vec x) { return reinterpret_cast<Bits>(x); }
FLAMBEAU_INLINE Vec from_bits(Bits b) { return reinterpret_cast<Vec>(b); }
FLAMBEAU_INLINE Vec to_float(Bits whole) { return __builtin_convertvector(reinterpret_cast<IntVec>(whole), Vec); }
FLAMBEAU_INLINE Vec abs(Vec x) { return from_bits(bits(x) & 0x7fffffffu); }
// The magnitude of one, the sign of the other.
FLAMBEAU_INLINE Vec with_sign(Vec magnitude, Vec sign) {
  return from_bits((bits(magnitude) & 0x7fffffffu) | (bits(sign) & 0x80000000u));
}
FLAMBEAU_INLINE Vec smaller(Vec a, Vec b) {  // b where one is NaN
#if defined(__AVX512F__)
  return _mm512_maskz_min_ps(0xffff, a, b);
#else
  return a < b ? a : b;
#endif
}
// NaN passes through as x.
FLAMBEAU_INLINE Vec clamp(Vec x, float low, float high) {
  return smaller(broadcast(high), max(broadcast(low), x));
}

FLAMBEAU_INLINE Vec sqrt(Vec x) {  // one instruction: compilers see it
  for (int i = 0; i < kLanes; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
}

// 1 / x within a unit in the last place, for 1e-30 < |x| < 1e30: a division takes as long as ten products.
FLAMBEAU_INLINE Vec quick_reciprocal(Vec x) {
#if defined(__AVX512F__)
  const Vec near = _mm512_maskz_rcp14_ps(0xffff, x);
  return near + near * (1.0f - x * near);
#else
  return 1.0f / x;
#endif
}

// c[0] + c[1] x + c[2] x^2 + ...
template <int N>
FLAMBEAU_INLINE Vec polynomial(Vec x, const float (&c)[N]) {
  Vec y = broadcast(c[N - 1]);
  FLAMBEAU_UNROLL for (int i = N - 2; i >= 0; --i) y = y * x + c[i];
  return y;
}

// The nearest whole number, halves to even, for |x| < 2^22: adding 1.5 * 2^23 leaves no bits for a fraction.
constexpr float kRounder = 12582912.0f;
FLAMBEAU_INLINE Vec nearest(Vec x) { return (x + kRounder) - kRounder; }

// 2^n for whole -126 <= n <= 127.
FLAMBEAU_INLINE Vec power_of_two(Vec n) {
  return from_bits((reinterpret_cast<Bits>(__builtin_convertvector(n, IntVec)) + 127u) << 23);
}

// p 2^n for whole |n| <= 250, rounded once where the result is denormal.
FLAMBEAU_INLINE Vec scaled(Vec p, Vec n) {
#if defined(__AVX512F__)
  return _mm512_maskz_scalef_ps(0xffff, p, n);
#else
  const IntVec whole = __builtin_convertvector(n, IntVec), half = whole >> 1;
  const Bits first = reinterpret_cast<Bits>(half), second = reinterpret_cast<Bits>(whole - half);
  return p * from_bits((first + 127u) << 23) * from_bits((second + 127u) << 23);
#endif
}

constexpr float kLog2E = 1.44269504f;
// ln 2 in two parts: the product of the first with a small whole number is exact.
constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;

struct PowerOfE {
  Vec rounded;  // n + 127 + kRounder, whose lowest bits are the exponent of 2^n
  Vec n;        // whole; x = n ln 2 + r
  Vec r;        // |r| <= ln 2 / 2
};

FLAMBEAU_INLINE PowerOfE split_power(Vec x) {
  const Vec rounded = x * kLog2E + (kRounder + 127.0f), n = rounded - (kRounder + 127.0f);
  const Vec r = (x - n * kLn2High) - n * kLn2Low;
  return {rounded, n, r};
}

// (e^r - 1 - r) / r^2
constexpr float kExp2 = 4.999999702e-01f, kExp3 = 1.666654497e-01f, kExp4 = 4.166743904e-02f,
                kExp5 = 8.366453461e-03f, kExp6 = 1.387056545e-03f;

FLAMBEAU_INLINE Vec exp_of_rest(Vec r) {
  static constexpr float c[] = {1.0f, 1.0f, kExp2, kExp3, kExp4, kExp5, kExp6};
  return polynomial(r, c);
}

FLAMBEAU_INLINE Vec exp(Vec x) {
  const PowerOfE power = split_power(clamp(x, -104.0f, 89.0f));  // beyond it is 0 or infinite
  return scaled(exp_of_rest(power.r), power.n);
}

// exp for |x| <= 87 or NaN: the result is a normal number.
FLAMBEAU_INLINE Vec exp_normal(Vec x) {
  const PowerOfE power = split_power(x);
  return exp_of_rest(power.r) * from_bits(bits(power.rounded) << 23);
}

FLAMBEAU_INLINE Vec expm1(Vec x) {
  const PowerOfE power = split_power(clamp(x, -26.0f, 89.0f));
  static constexpr float c[] = {kExp2, kExp3, kExp4, kExp5, kExp6};
  const Vec fraction = polynomial(power.r, c) * (power.r * power.r) + power.r;
  const Vec half = power_of_two(power.n - 1.0f);  // 2^128 has no representation
  const Vec y = 2.0f * (half * fraction + (half - 0.5f));
  return abs(x) < 1e-12f ? x : y;
}

// log(1 + f) - f for |f| <= 1/3.
FLAMBEAU_INLINE Vec log_rest(Vec f) {
  static constexpr float c[] = {3.333321512e-01f, -2.499980479e-01f, 2.001044005e-01f,  -1.668020189e-01f,
                                1.400544196e-01f, -1.218787730e-01f, 1.398615092e-01f,  -1.287702471e-01f};
  return (polynomial(f, c) * f - 0.5f) * (f * f);
}

// e log 2 + log(1 + f).
FLAMBEAU_INLINE Vec log_sum(Vec e, Vec f) { return e * kLn2High + (f + (e * kLn2Low + log_rest(f))); }

// The bits of 2^e for which x / 2^e lies in [2/3, 4/3), less those of 1: e in the place of the exponent.
FLAMBEAU_INLINE Bits exponent_of(Vec x) { return (bits(x) - 0x3f2aaaabu) & 0xff800000u; }
FLAMBEAU_INLINE Vec exponent_value(Bits e) {
  return __builtin_convertvector(reinterpret_cast<IntVec>(e) >> 23, Vec);
}

// Of a logarithm whose argument reaches 0 at `zero` = 0: what zero, negative numbers, infinity and NaN give.
FLAMBEAU_INLINE Vec log_ends(Vec y, Vec zero, Vec x) {
  y = x < kInfinity ? y : x;  // infinity and NaN stay
  return zero <= 0.0f ? (zero < 0.0f ? broadcast(kNaN) : broadcast(-kInfinity)) : y;
}

FLAMBEAU_INLINE Vec log(Vec x) {
  const auto denormal = x < 1.17549435e-38f;
  const Vec normal = denormal ? x * 8388608.0f : x;
  const Bits e = exponent_of(normal);
  const Vec f = from_bits(bits(normal) - e) - 1.0f;
  const Vec power = exponent_value(e) - (denormal ? broadcast(23.0f) : Vec{});
  return log_ends(log_sum(power, f), x, x);
}

FLAMBEAU_INLINE Vec log1p(Vec x) {
  const Vec sum = x + 1.0f;
  const Bits e = exponent_of(sum);
  const Vec scale = from_bits(0x40800000u - e);  // 4 / 2^e: 2^-128 would be no normal number
  const Vec f = (0.25f * x) * scale + (0.25f * scale - 1.0f);
  const Vec y = log_ends(log_sum(exponent_value(e), f), sum, x);
  return abs(x) < 1e-12f ? x : y;
}

FLAMBEAU_INLINE Vec tanh(Vec x) {
  static constexpr float c[] = {-3.333328068e-01f, 1.333140582e-01f, -5.373651907e-02f, 2.062819712e-02f,
                                -5.692353006e-03f};
  const Vec a = abs(x), square = x * x;
  const Vec small = a * square * polynomial(square, c) + a;
  const Vec doubled = a + a;
  const Vec large = 1.0f - 2.0f / (exp_normal(smaller(broadcast(20.0f), doubled)) + 1.0f);
  return with_sign(a < 0.625f ? small : large, x);
}

FLAMBEAU_INLINE Vec sigmoid(Vec x) {
  const Vec e = exp(-abs(x));  // never infinite: both tails keep their precision
  return (x < 0.0f ? e : broadcast(1.0f)) / (e + 1.0f);
}

FLAMBEAU_INLINE Vec erf(Vec x) {
  static constexpr float near[] = {1.283791512e-01f,  -3.761250079e-01f, 1.128187701e-01f,
                                   -2.676858008e-02f, 4.995853174e-03f,  -6.003795424e-04f};
  // log(1 - erf(x)) for 0.92 <= x <= 4
  static constexpr float far[] = {-1.956724154e-04f, -1.127675653e+00f, -6.371821761e-01f, -1.039316878e-01f,
                                  2.222697996e-02f,  -3.043236909e-03f, 1.959397778e-04f};
  const Vec a = abs(x), cut = smaller(broadcast(4.0f), a);
  const Vec small = a * polynomial(x * x, near) + a;
  const Vec large = 1.0f - exp_normal(polynomial(cut, far));
  return with_sign(a < 0.92f ? small : large, x);
}

// sin(x + quarter * pi / 2). Multiples of pi / 2 are taken off in four parts whose products with a number below 2^13
// are exact; the few larger arguments go to the C library one by one.
FLAMBEAU_INLINE Vec sine(Vec x, uint32_t quarter) {
  static constexpr float s[] = {-1.666665375e-01f, 8.332106285e-03f, -1.950787409e-04f};
  static constexpr float c[] = {4.166664556e-02f, -1.388730831e-03f, 2.443210724e-05f};
  const Vec n = nearest(x * 0.636619772f);
  const Vec r = (((x - n * 1.5703125f) - n * 4.8375129700e-04f) - n * 7.5495336205e-08f) - n * 2.5633440683e-12f;
  const Vec square = r * r;
  const Vec of_sine = polynomial(square, s) * square * r + r;
  const Vec of_cosine = polynomial(square, c) * (square * square) + (1.0f - 0.5f * square);
  const Bits turn = reinterpret_cast<Bits>(__builtin_convertvector(n, IntVec)) + quarter;
  const Vec y = (turn & 1u) != 0u ? of_cosine : of_sine;
  Vec result = from_bits(bits(y) ^ ((turn & 2u) << 30));
  const Bits large = reinterpret_cast<Bits>(abs(x) > 8192.0f);
  uint32_t any = 0;
  for (int i = 0; i < kLanes; ++i) any |= large[i];
  if (__builtin_expect(any != 0, 0)) {
    for (int i = 0; i < kLanes; ++i)
      if (large[i]) result[i] = quarter ? __builtin_cosf(x[i]) : __builtin_sinf(x[i]);
  }
  return result;
}
FLAMBEAU_INLINE Vec sin(Vec x) { return x == 0.0f ? x : sine(x, 0); }
FLAMBEAU_INLINE Vec cos(Vec x) { return sine(x, 1); }

// log(1 + e^x) for any x.
FLAMBEAU_INLINE Vec softplus(Vec x) {
  return max(Vec{}, x) + log1p(exp(-abs(x)));
}

}  // namespace flambeau::FLAMBEAU_ISA
