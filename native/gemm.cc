// Matrix products.
//
// The tile of tile.h does all the work: kTileRows x kTileColumns of C stay in registers while the sum runs over k. What
// is left to arrange is that its operands are near. Three loops do so, from the outside:
//
//   1. k is cut into blocks of kBlock. The sums of the first block go into C, those of the others are added to it.
//   2. The rows of A are cut into blocks of up to kRows. The block of A, kRows x kBlock, stays in the second-level
//      cache while all of B's columns pass by.
//   3. The columns of B are cut into panels as wide as a tile. A panel of the block, kBlock x kTileColumns, 32 KB, stays
//      in the first-level cache while the tiles of the block of A go over it.
//
// A panel of B must be *packed*, [k][kTileColumns], to be read in order. Where B is stored transposed (the weight of a
// linear layer) squares are turned in registers on the way. With several blocks of rows the panels are packed once for
// all of them; with one, each panel is packed just before it is used and never leaves the first-level cache.
//
// A is read in place where that goes well: rows along k by tile_dot, columns by tile_outer (A transposed: a gradient of
// weights, g^T x). It is copied where it is used by many panels, and where its rows lie a multiple of 4096 bytes apart:
// they would all fall into one set of the first-level cache.
//
// Pieces of parallel work are (block of rows, some panels), or products of a batch. Every number of C is summed in the
// same order wherever it is computed.
#include "gemm.h"

#include "bias.h"
#include "table.h"
#include "tile.h"
#include "transpose.h"

namespace flambeau::FLAMBEAU_ISA {

const ElementwiseKernels& elementwise_kernels();

namespace {

constexpr int64_t kBlock = 256;        // of k
constexpr int64_t kRows = 120;         // of A
constexpr int64_t kAliased = 4096;     // bytes
constexpr int64_t kManyPanels = 8;     // for which a copy of A pays
constexpr int64_t kLittleWork = 40000; // products that one thread does before others come

// Panel [k][nr] of rows [0, k) and columns [0, columns) of B.
template <class T>
void pack_panel(const T* b, int64_t b_row, int64_t b_column, int64_t k, int64_t columns, int64_t nr, T* to) {
  constexpr int kLanes = lanes_of<T>;
  int64_t done = 0;
  if (b_column == 1) {
    for (; done < k; ++done)
      for (int64_t v = 0; v < nr; v += kLanes)
        store(to + done * nr + v, load_part(b + done * b_row + v, int(columns - v)));
  } else if (b_row == 1) {
    for (; done + kLanes <= k; done += kLanes)
      for (int64_t v = 0; v < nr; v += kLanes) {
        VecOf<T> square[kLanes];
        for (int64_t j = 0; j < kLanes; ++j)
          square[j] = v + j < columns ? load(b + (v + j) * b_column + done) : VecOf<T>{};
        transpose(square);
        for (int64_t i = 0; i < kLanes; ++i) store(to + (done + i) * nr + v, square[i]);
      }
  }
  for (; done < k; ++done)
    for (int64_t j = 0; j < nr; ++j) to[done * nr + j] = j < columns ? b[done * b_row + j * b_column] : T(0);
}

// A block of A, as the tiles read it.
template <class T>
struct Block {
  const T* a;
  int64_t step;  // from row to row; or from k to k where rows lie side by side
  bool rows_together;
};

template <class T>
Block<T> block_of(const GemmOf<T>& g, const T* a, int64_t rows, int64_t k, int64_t panels, T* copy) {
  const int64_t step = g.a_column == 1 ? g.a_row : g.a_column;
  const bool together = g.a_column != 1 && g.a_row == 1, near = together || g.a_column == 1;
  const bool aliased = step * int64_t(sizeof(T)) % kAliased == 0 && panels > 1;
  if (near && !aliased && panels < kManyPanels) return {a, step, together};
  const int64_t room = together ? kRows : kBlock + 64 / int64_t(sizeof(T));
  if (near) {
    for (int64_t i = 0; i < (together ? k : rows); ++i)
      std::memcpy(copy + i * room, a + i * step, sizeof(T) * (together ? rows : k));
  } else {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t i = 0; i < k; ++i) copy[r * room + i] = a[r * g.a_row + i * g.a_column];
  }
  return {copy, room, together};
}

// What is done to rows of C when their sums are complete and the tile could not do it.
template <class T>
void finish_rows(const FinishOf<T>& finish, int64_t rows, int64_t columns, T* c, int64_t c_row) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < columns; v += lanes_of<T>) {
      const int here = int(columns - v);
      VecOf<T> y = load_part(c + r * c_row + v, here);
      if (finish.bias) y += load(finish.bias + v);
      if (finish.activation == Activation::kRelu) y = max(VecOf<T>{}, y);
      store_part(c + r * c_row + v, y, here);
    }
}

// Rows [0, rows) of a block of A times one panel.
template <class T>
void multiply(const Block<T>& block, int64_t rows, int64_t k, const T* panel, int64_t nr, int columns,
              const FinishOf<T>& finish, T* c, int64_t c_row) {
  const int64_t tiles = ceil_div(rows, kTileRows);
  const bool narrow = nr == lanes_of<T>;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t begin = rows * t / tiles, count = rows * (t + 1) / tiles - begin;
    if (block.rows_together) {
      const PixelRun run{0, 0, k};
      pick_outer<T>(int(count), narrow)(&run, 1, block.a + begin, panel, block.step, c + begin * c_row, c_row, columns,
                                        finish.accumulate);
    } else {
      const SegmentOf<T> segment{block.a + begin * block.step, panel, k};
      pick_dot<T>(int(count), narrow)(&segment, 1, block.step, c + begin * c_row, c_row, columns, finish);
    }
  }
  const bool more = finish.bias || finish.activation != Activation::kNone;
  if (block.rows_together && more) finish_rows(finish, rows, columns, c, c_row);
}

// body(i) for all i < n: by all threads where there is work for them.
template <class F>
void for_pieces(int64_t n, bool parallel, const F& body) {
  if (parallel) return parallel_for(n, body);
  for (int64_t i = 0; i < n; ++i) body(i);
}

template <class T>
void product(const GemmOf<T>& g, const T* a, const T* b, T* c, const T* bias) {
  static thread_local Scratch shared_scratch;
  const int64_t nr = g.n <= lanes_of<T> ? lanes_of<T> : 2 * lanes_of<T>, panels = ceil_div(g.n, nr);
  const int64_t blocks = ceil_div(g.m, kRows), threads = get_num_threads();
  const bool parallel = g.m * g.n * g.k > kLittleWork;
  // Panels are dealt out where there are few blocks of rows.
  const int64_t pieces = parallel ? least(panels, ceil_div(2 * threads, blocks)) : 1;
  T* shared = blocks > 1 ? static_cast<T*>(shared_scratch.bytes(sizeof(T) * panels * kBlock * nr)) : nullptr;
  for (int64_t k0 = 0; k0 < g.k; k0 += kBlock) {
    const int64_t k = least(kBlock, g.k - k0);
    const bool last = k0 + k == g.k;
    const auto pack = [&](int64_t p, T* to) {
      pack_panel(b + k0 * g.b_row + p * nr * g.b_column, g.b_row, g.b_column, k, least(nr, g.n - p * nr), nr, to);
    };
    if (shared) for_pieces(panels, parallel, [&](int64_t p) { pack(p, shared + p * kBlock * nr); });
    for_pieces(blocks * pieces, parallel, [&](int64_t u) {
      static thread_local Scratch a_scratch, b_scratch;
      const int64_t row = g.m * (u / pieces) / blocks, rows = g.m * (u / pieces + 1) / blocks - row;
      const int64_t begin = panels * (u % pieces) / pieces, end = panels * (u % pieces + 1) / pieces;
      T* copy = static_cast<T*>(a_scratch.bytes(sizeof(T) * kRows * (kBlock + 64)));
      T* own = shared ? nullptr : static_cast<T*>(b_scratch.bytes(sizeof(T) * kBlock * nr));
      const Block<T> block = block_of(g, a + row * g.a_row + k0 * g.a_column, rows, k, end - begin, copy);
      for (int64_t p = begin; p < end; ++p) {
        if (own) pack(p, own);
        const FinishOf<T> finish{last && bias ? bias + p * nr : nullptr,
                                 last && g.relu ? Activation::kRelu : Activation::kNone, k0 > 0 || g.accumulate};
        multiply(block, rows, k, own ? own : shared + p * kBlock * nr, nr, int(least(nr, g.n - p * nr)), finish,
                 c + row * g.c_row + p * nr, g.c_row);
      }
    });
  }
}

// Without products there are only the bias and what was in C.
template <class T>
void no_product(const GemmOf<T>& g, const T* bias) {
  const FinishOf<T> finish{bias, g.relu ? Activation::kRelu : Activation::kNone, false};
  for (int64_t i = 0; i < g.batch; ++i) {
    T* c = g.c + i * g.c_batch;
    if (!g.accumulate)
      for (int64_t r = 0; r < g.m; ++r) std::memset(c + r * g.c_row, 0, sizeof(T) * g.n);
    finish_rows(finish, g.m, g.n, c, g.c_row);
  }
}

template <class T>
void gemm(const GemmOf<T>& g) {
  if (g.batch * g.m * g.n == 0) return;
  static thread_local Scratch scratch;
  const T* bias = nullptr;
  if (g.bias) {
    T* copy = static_cast<T*>(scratch.bytes(sizeof(T) * (g.n + 2 * lanes_of<T>)));
    std::memcpy(copy, g.bias, sizeof(T) * g.n);
    std::memset(copy + g.n, 0, sizeof(T) * 2 * lanes_of<T>);
    bias = copy;
  }
  if (g.k == 0) return no_product(g, bias);
  const bool apart = g.batch > 1 && g.batch * g.m * g.n * g.k > kLittleWork;
  const int64_t together = apart ? most(1, kLittleWork / (g.m * g.n * g.k)) : g.batch;
  if (g.batch < 2 * get_num_threads() && g.m * g.n * g.k > kLittleWork) {  // each by all threads
    for (int64_t i = 0; i < g.batch; ++i)
      product(g, g.a + i * g.a_batch, g.b + i * g.b_batch, g.c + i * g.c_batch, bias);
    return;
  }
  for_pieces(ceil_div(g.batch, together), apart, [&](int64_t u) {
    for (int64_t i = u * together; i < least(g.batch, (u + 1) * together); ++i)
      product(g, g.a + i * g.a_batch, g.b + i * g.b_batch, g.c + i * g.c_batch, bias);
  });
}

// ---- linear layers ----

void linear_forward(const LinearShape& s, const Monotone& activation, const float* x, const float* weight,
                    const float* bias, float* y) {
  const bool relu = !activation.identity && activation.function == Unary::relu;
  gemm(GemmOf<float>{1, s.m, s.out, s.in, x, 0, s.in, 1, weight, 0, 1, s.in, y, 0, s.out, bias, relu, false});
  if (!relu && !activation.identity)
    elementwise_kernels().unary(activation.function, s.m * s.out, y, y, activation.numbers);
}

void linear_backward(const LinearShape& s, const Monotone& activation, const float* x, const float* weight,
                     const float* y, const float* gy, float* gx, float* gw, float* gb) {
  static thread_local Scratch scratch;
  const float* g = gy;
  if (!activation.identity) {
    float* slope = scratch.floats(s.m * s.out);
    elementwise_kernels().derivative(activation.slope, s.m * s.out, gy, y, slope, activation.numbers);
    g = slope;
  }
  if (gb) bias_gradient(s.m, s.out, g, gb);
  if (gw) gemm(GemmOf<float>{1, s.out, s.in, s.m, g, 0, 1, s.out, x, 0, s.in, 1, gw, 0, s.in});
  if (gx) gemm(GemmOf<float>{1, s.m, s.in, s.out, g, 0, s.out, 1, weight, 0, s.in, 1, gx, 0, s.in});
}

}  // namespace

const GemmKernels& gemm_kernels() {
  static constexpr GemmKernels kernels{gemm<float>, gemm<double>, linear_forward, linear_backward};
  return kernels;
}

}  // namespace flambeau::FLAMBEAU_ISA
