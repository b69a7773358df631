// The two innermost loops, in which convolutions and matrix products spend nine tenths of their time.
//
// A processor core adds and multiplies only as fast as operands reach its arithmetic units. Two vector products can
// start in a cycle, two vectors can be loaded from the nearest cache: a product that loads both its factors and its
// sum runs at a third of what is possible. So a *tile* of the result, rows x columns, stays in registers while the sum
// runs over k: in each step `kTileColumns` numbers of B are loaded, and each of the rows multiplies them by one number
// of A. With AVX-512 12 x 32 results take 24 of the 32 registers, and a step does 24 vector products on 2 loads of B
// and 12 broadcasts of A, which come with the multiplication for free.
//
//   tile_dot     C[rows][columns] (+)= sum over k of A[row][k] B[k][column]       (forward, backward data, GEMM)
//   tile_outer   C[rows][columns] (+)= sum over p of A[p][row] B[p][column]       (backward weights)
//
// The sum comes in segments: runs of A and B that are contiguous along k. A convolution is a sum over the taps of
// its window, one segment a tap (or a whole row of taps), each pointing straight into the image: nothing is copied
// into a matrix first. B is always packed: [k][kTileColumns], so that it is read in order.
#pragma once

#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

template <class T>
struct SegmentOf {
  const T* a;     // row 0; the others at a fixed distance
  const T* b;     // packed
  int64_t count;  // of k
};
using Segment = SegmentOf<float>;

enum class Activation : int { kNone = 0, kRelu = 1 };

// What happens to a finished tile before it is stored; and what the processor fetches meanwhile.
template <class T>
struct FinishOf {
  const T* bias = nullptr;  // one number a column, kTileColumns of them
  Activation activation = Activation::kNone;
  bool accumulate = false;   // add to what is in C
  const T* ahead = nullptr;  // memory that will be wanted: with each step of the sum a cache line of it ...
  int64_t ahead_step = 0;    // ... so many numbers further
};
using Finish = FinishOf<float>;

template <class T>
FLAMBEAU_INLINE void fetch(const T*& ahead, int64_t step) {
  __builtin_prefetch(ahead, 0, 2);
  ahead += step;
}

// The end of a tile. Each question is asked once a tile, not once a vector: short sums spend a sixth of their time
// here.
template <int R, int V, class T>
FLAMBEAU_INLINE void finish_tile(VecOf<T> (&sum)[R][V], T* c, int64_t c_row, int columns, const FinishOf<T>& finish) {
  constexpr int kLanes = lanes_of<T>;
#define FLAMBEAU_EACH FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) FLAMBEAU_UNROLL for (int v = 0; v < V; ++v)
  if (finish.accumulate) FLAMBEAU_EACH sum[r][v] += load_part(c + r * c_row + v * kLanes, columns - v * kLanes);
  if (finish.bias) FLAMBEAU_EACH sum[r][v] += load(finish.bias + v * kLanes);
  if (finish.activation == Activation::kRelu) FLAMBEAU_EACH sum[r][v] = max(VecOf<T>{}, sum[r][v]);
  if (columns >= V * kLanes) FLAMBEAU_EACH store(c + r * c_row + v * kLanes, sum[r][v]);
  else FLAMBEAU_EACH store_part(c + r * c_row + v * kLanes, sum[r][v], columns - v * kLanes);
#undef FLAMBEAU_EACH
}

// V = vectors a row: 2, or 1 where at most one vector of columns is wanted.
template <int R, int V, class T>
void tile_dot(const SegmentOf<T>* segments, int64_t segment_count, int64_t a_row, T* c, int64_t c_row, int columns,
              const FinishOf<T>& finish) {
  using Vec = VecOf<T>;
  constexpr int kLanes = lanes_of<T>;
  Vec sum[R][V];
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) sum[r][v] = Vec{};
  // Else the stores at the end would wait for their cache lines, where C is large and its rows far apart.
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r)
      FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) __builtin_prefetch(c + r * c_row + v * kLanes, 1);
  const T* ahead = finish.ahead ? finish.ahead : c;
  for (int64_t s = 0; s < segment_count; ++s) {
    // A pointer for every third row: the processor's addressing reaches the two between (base + 1, 2 x distance).
    const T* a[(R + 2) / 3];
    FLAMBEAU_UNROLL for (int g = 0; g < (R + 2) / 3; ++g) a[g] = segments[s].a + 3 * g * a_row;
    const T* b = segments[s].b;
    for (int64_t k = segments[s].count; k > 0; --k) {
      Vec columns_of_b[V];
      FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) columns_of_b[v] = load(b + v * kLanes);
      FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) {
        const Vec factor = broadcast(a[r / 3][(r % 3) * a_row]);
        FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) sum[r][v] += factor * columns_of_b[v];
      }
      FLAMBEAU_UNROLL for (int g = 0; g < (R + 2) / 3; ++g) ++a[g];
      fetch(ahead, finish.ahead_step);
      b += V * kLanes;
    }
  }
  finish_tile<R, V, T>(sum, c, c_row, columns, finish);
}

struct PixelRun {
  int64_t a, b;  // offsets in numbers from the beginnings of A and B
  int64_t count;
};

// A: at each pixel R numbers, pixels `a_pixel` numbers apart. B: [pixel][V * kLanes]. C: R rows of `columns` numbers.
template <int R, int V, class T>
void tile_outer(const PixelRun* runs, int64_t run_count, const T* a_base, const T* b_base, int64_t a_pixel, T* c,
                int64_t c_row, int columns, const FinishOf<T>& finish) {
  using Vec = VecOf<T>;
  constexpr int kLanes = lanes_of<T>;
  Vec sum[R][V];
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) sum[r][v] = Vec{};
  const T* ahead = finish.ahead ? finish.ahead : c;
  for (int64_t s = 0; s < run_count; ++s) {
    const T* a = a_base + runs[s].a;
    const T* b = b_base + runs[s].b;
    for (int64_t p = runs[s].count; p > 0; --p) {
      Vec columns_of_b[V];
      FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) columns_of_b[v] = load(b + v * kLanes);
      FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) {
        const Vec factor = broadcast(a[r]);
        FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) sum[r][v] += factor * columns_of_b[v];
      }
      a += a_pixel;
      b += V * kLanes;
      fetch(ahead, finish.ahead_step);
    }
  }
  finish_tile<R, V, T>(sum, c, c_row, columns, finish);
}

template <class T>
using TileDotOf = void (*)(const SegmentOf<T>*, int64_t, int64_t, T*, int64_t, int, const FinishOf<T>&);
template <class T>
using TileOuterOf = void (*)(const PixelRun*, int64_t, const T*, const T*, int64_t, T*, int64_t, int,
                             const FinishOf<T>&);
using TileDot = TileDotOf<float>;
using TileOuter = TileOuterOf<float>;

template <class T, int V, std::size_t... R>
FLAMBEAU_INLINE TileDotOf<T> pick_dot(int rows, std::index_sequence<R...>) {
  static constexpr TileDotOf<T> table[] = {tile_dot<int(R) + 1, V, T>...};
  return table[rows - 1];
}

template <class T, int V, std::size_t... R>
FLAMBEAU_INLINE TileOuterOf<T> pick_outer(int rows, std::index_sequence<R...>) {
  static constexpr TileOuterOf<T> table[] = {tile_outer<int(R) + 1, V, T>...};
  return table[rows - 1];
}

// The kernel for a tile of 1..kTileRows rows, and at most one vector of columns or more.
template <class T = float>
inline TileDotOf<T> pick_dot(int rows, bool narrow) {
  constexpr auto sizes = std::make_index_sequence<kTileRows>();
  return narrow ? pick_dot<T, 1>(rows, sizes) : pick_dot<T, 2>(rows, sizes);
}
template <class T = float>
inline TileOuterOf<T> pick_outer(int rows, bool narrow) {
  constexpr auto sizes = std::make_index_sequence<kTileRows>();
  return narrow ? pick_outer<T, 1>(rows, sizes) : pick_outer<T, 2>(rows, sizes);
}

}  // namespace flambeau::FLAMBEAU_ISA
