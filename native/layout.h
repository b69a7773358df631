// Feature maps from one order of memory to another: (n, c, pixels) to (n, pixels, c), and back.
//
// Both are the same task: for each image a matrix is transposed. Copied number by number one side is always read or
// written a row apart, and each cache line of it is touched 16 times, long after it was thrown out. So the matrix is
// cut into squares of kLanes x kLanes numbers, which are turned in registers (transpose.h): whole vectors are read
// and whole vectors written. Squares follow one another along the longer side of what is written; where one side is
// short (three colours) the vectors of that side are partly full.
#pragma once

#include <cstdint>

namespace flambeau {

struct LayoutKernels {
  // y[b][column][row] = x[b][row][column]
  void (*transpose)(int64_t batch, int64_t rows, int64_t columns, const float* x, float* y);
};

}  // namespace flambeau
