// Vectors of floats, for whichever instruction set this file is being compiled for.
//
// Every file of kernels is compiled once for each instruction set (CMakeLists.txt), with FLAMBEAU_ISA as the name of
// its namespace. What is in that namespace must use no template of the standard library that is not made for its own
// types: the linker keeps one copy of std::vector<int>, and it might be the one with AVX-512 in it.
#pragma once

#if defined(__AVX512F__)
#include <immintrin.h>  // parts of vectors
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "pool.h"
#include "scratch.h"

#define FLAMBEAU_INLINE inline __attribute__((always_inline))
#define FLAMBEAU_UNROLL _Pragma("GCC unroll 64")

namespace flambeau::FLAMBEAU_ISA {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
constexpr int kTileRows = 12;  // 24 of the 32 registers accumulate
#elif defined(__AVX__)
constexpr int kLanes = 8;
constexpr int kTileRows = 6;  // 12 of the 16 registers accumulate
#else
constexpr int kLanes = 4;
constexpr int kTileRows = 6;
#endif
constexpr int kTileColumns = 2 * kLanes;

typedef float Vec __attribute__((vector_size(4 * kLanes)));
typedef float UnalignedVec __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
typedef double VecDouble __attribute__((vector_size(4 * kLanes)));
typedef int32_t IntVec __attribute__((vector_size(4 * kLanes)));
typedef double UnalignedVecDouble __attribute__((vector_size(4 * kLanes), aligned(8), may_alias));

// For code that is written once for both types of number: T is float or double.
template <class T> struct VectorOf { using Type = Vec; using Unaligned = UnalignedVec; };
template <> struct VectorOf<double> { using Type = VecDouble; using Unaligned = UnalignedVecDouble; };
template <class T> using VecOf = typename VectorOf<T>::Type;
template <class T> constexpr int lanes_of = 4 * kLanes / int(sizeof(T));

template <class T>
FLAMBEAU_INLINE VecOf<T> load(const T* p) { return *reinterpret_cast<const typename VectorOf<T>::Unaligned*>(p); }
FLAMBEAU_INLINE void store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
FLAMBEAU_INLINE void store(double* p, VecDouble v) { *reinterpret_cast<UnalignedVecDouble*>(p) = v; }

template <class T, std::size_t... I>
FLAMBEAU_INLINE VecOf<T> broadcast(T f, std::index_sequence<I...>) {
  return VecOf<T>{(static_cast<void>(I), f)...};
}
// (Vec{} + f would cost an addition.)
FLAMBEAU_INLINE Vec broadcast(float f) { return broadcast(f, std::make_index_sequence<kLanes>()); }
FLAMBEAU_INLINE VecDouble broadcast(double f) { return broadcast(f, std::make_index_sequence<kLanes / 2>()); }

// Lane i becomes the lane of v that `from` names there.
FLAMBEAU_INLINE Vec shuffled(Vec v, IntVec from) {
#if defined(__clang__)
  return __builtin_shufflevector(v, from);
#else
  return __builtin_shuffle(v, from);
#endif
}

// a > b ? a : b, so b where one is NaN: relu(x) = max(Vec{}, x). GCC makes two instructions of that with AVX-512.
FLAMBEAU_INLINE Vec max(Vec a, Vec b) {
#if defined(__AVX512F__)
  return _mm512_maskz_max_ps(0xffff, a, b);
#else
  return a > b ? a : b;
#endif
}
FLAMBEAU_INLINE VecDouble max(VecDouble a, VecDouble b) { return a > b ? a : b; }

// The first `count` lanes; the others are zero, and their memory is not read.
template <class T>
FLAMBEAU_INLINE VecOf<T> load_part(const T* p, int count) {
  if (count >= lanes_of<T>) return load(p);
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return reinterpret_cast<Vec>(_mm512_maskz_loadu_ps(count > 0 ? (1u << count) - 1 : 0, p));
#endif
  alignas(64) T lanes[lanes_of<T>] = {};
  std::memcpy(lanes, p, sizeof(T) * (count > 0 ? count : 0));
  return load(lanes);
}
template <class T>
FLAMBEAU_INLINE void store_part(T* p, VecOf<T> v, int count) {
  if (count >= lanes_of<T>) return store(p, v);
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return _mm512_mask_storeu_ps(p, count > 0 ? (1u << count) - 1 : 0, reinterpret_cast<__m512>(v));
#endif
  alignas(64) T lanes[lanes_of<T>];
  store(lanes, v);
  std::memcpy(p, lanes, sizeof(T) * (count > 0 ? count : 0));
}

FLAMBEAU_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
FLAMBEAU_INLINE int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
FLAMBEAU_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// body(i) for all 0 <= i < n, in parallel.
template <class F>
void parallel_for(int64_t n, const F& body) {
  parallel_run(n, [](void* context, int64_t i) { (*static_cast<const F*>(context))(i); },
               const_cast<F*>(&body));
}

// How often each of `units` is cut, from `least_cuts` to `most_cuts` times, so that all threads get as many pieces, or
// so many that it does not matter.
FLAMBEAU_INLINE int64_t even_cuts(int64_t units, int64_t least_cuts, int64_t most_cuts) {
  const int64_t threads = get_num_threads();
  int64_t cuts = least_cuts;
  while (units * cuts % threads && units * cuts < 4 * threads && cuts < most_cuts) ++cuts;
  return cuts;
}

// In how many pieces n panels are dealt out where `wanted` are enough: few of them singly, for with pieces of one and
// of two panels some threads would wait for others.
FLAMBEAU_INLINE int64_t pieces_of(int64_t n, int64_t wanted) {
  const int64_t pieces = least(n, wanted);
  return pieces > 1 && n < 2 * pieces ? n : pieces;
}

}  // namespace flambeau::FLAMBEAU_ISA
