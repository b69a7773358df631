#include "layout.h"

#include "table.h"
#include "transpose.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kPiece = 16384;  // numbers that one index of the loop moves, about

// A short side of R numbers, three colours say, would leave most of a square empty. Where R is known the compiler turns
// runs of R vectors.
template <int R>
void spread(int64_t count, const float* __restrict x, int64_t x_row, float* __restrict y) {
  for (int64_t i = 0; i < count; ++i)
    for (int r = 0; r < R; ++r) y[i * R + r] = x[r * x_row + i];
}
template <int R>
void collect(int64_t count, const float* __restrict x, float* __restrict y, int64_t y_row) {
  for (int64_t i = 0; i < count; ++i)
    for (int r = 0; r < R; ++r) y[r * y_row + i] = x[i * R + r];
}

// Columns begin .. end of one matrix.
void turn(int64_t rows, int64_t columns, int64_t begin, int64_t end, const float* __restrict x, float* __restrict y) {
  if (rows == 3) return spread<3>(end - begin, x + begin, columns, y + begin * rows);
  if (columns == 3) return collect<3>(rows, x, y, rows);
  for (int64_t r = 0; r < rows; r += kLanes) {
    const int tall = int(least(kLanes, rows - r));
    for (int64_t c = begin; c < end; c += kLanes) {
      const int wide = int(least(kLanes, end - c));
      Vec square[kLanes];
      FLAMBEAU_UNROLL for (int i = 0; i < kLanes; ++i)
        square[i] = i < tall ? load_part(x + (r + i) * columns + c, wide) : Vec{};
      transpose(square);
      FLAMBEAU_UNROLL for (int j = 0; j < kLanes; ++j)
        if (j < wide) store_part(y + (c + j) * rows + r, square[j], tall);
    }
  }
}

void transpose_all(int64_t batch, int64_t rows, int64_t columns, const float* x, float* y) {
  const int64_t span = ceil_div(most(kPiece / rows, 1), kLanes) * kLanes, pieces = ceil_div(columns, span);
  parallel_for(batch * pieces, [&](int64_t u) {
    const int64_t b = u / pieces, begin = u % pieces * span, at = b * rows * columns;
    turn(rows, columns, begin, least(columns, begin + span), x + at, y + at);
  });
}

}  // namespace

const LayoutKernels& layout_kernels() {
  static constexpr LayoutKernels kernels{transpose_all};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
