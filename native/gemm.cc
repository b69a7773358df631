// Matrix products; also those of convolutions with windows of one pixel, whose rows are pixels.
//
// The tile of tile.h does all the work: kTileRows x kTileColumns of C stay in registers while the sum runs over k. What
// is left to arrange is that its operands are near. C is cut into pieces, blocks of rows by panels of columns (a panel
// is as wide as a tile), and k into blocks. For a block of k,
//   - a panel of B is *packed*, [k][kTileColumns], to be read in order. Where B is stored transposed (the weight of a
//     linear layer) squares are turned in registers on the way;
//   - a block of A stays in the second-level cache while all panels pass by.
//
// How A lies makes two kinds of products:
//   - along k (tile_dot): layers forward and the gradient of their input. A is read in place, but copied where its rows
//     lie a multiple of 4096 bytes apart: they would all fall into one set of the first-level cache. Where many blocks
//     of rows use a panel all panels are packed before; with one block each is packed just before it is used.
//   - rows side by side (tile_outer): A transposed, the gradient of weights, g^T x summed over a batch or over pixels.
//     (To pack A too, tile by tile, was slower throughout.) Few weights and many pixels make few pieces and a long sum:
//     then k is cut into parts, each summed for itself, and the parts are added in order.
//
// Long matrices come from memory, and whoever multiplies them waits for it. So each tile fetches meanwhile what comes
// next: rows of A, or the next panel of B, or, where the sum is short, the lines of C that it will write. (Without it
// such products took up to 1.7 times as long.)
//
// Every number of C is summed in the same order wherever it is computed, and on however many threads.
#include "gemm.h"

#include "bias.h"
#include "pack.h"
#include "table.h"
#include "tile.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kNear = 256;   // of k: a panel of it stays in the first-level cache
constexpr int64_t kFar = 2048;   // of k: a panel of it stays in the second-level cache
constexpr int64_t kSharedBytes = 4 << 20;      // of panels that are packed before
constexpr int64_t kBlockNumbers = 48 * 1024;  // of A, for the second-level cache
constexpr int64_t kFewRows = 256;             // of A: one block
constexpr int64_t kManyRows = 240;            // of A, side by side: more are cut
constexpr int64_t kShort = 96;                // of k: a tile is finished before its lines of C have come
constexpr int64_t kAliased = 4096;            // bytes
constexpr int64_t kManyPanels = 8;            // for which a copy of A pays
constexpr int64_t kLittleWork = 40000;        // products that one thread does before others come
constexpr int64_t kMostParts = 16;            // of k
constexpr int64_t kPartLength = 2048;         // at least, or adding the parts costs too much
constexpr int64_t kPartNumbers = 1 << 21;     // of all parts together

// Panel p of B, rows [k0, k0 + k): a matrix is the weights of windows of one pixel.
template <class T>
void pack_panel(const GemmOf<T>& g, int64_t nr, int64_t p, int64_t k0, int64_t k, T* to) {
  const T* b = g.b + k0 * g.b_row + p * nr * g.b_column;
  const int64_t columns = least(nr, g.n - p * nr);
  pack_panel(PackFrom<T>{b, g.b_column, g.b_row, 1, 1, 1, 1, false}, columns, panel_width<T>(g.n, p), k, 0, k, to);
}

// How a product is cut.
template <class T>
struct Cut {
  bool outer;   // rows of A lie side by side
  bool shared;  // all panels are packed before
  int64_t nr, panels, blocks, parts;
  int64_t near;  // of k at once

  explicit Cut(const GemmOf<T>& g) : outer(g.a_column != 1 && g.a_row == 1) {
    nr = panel_columns<T>(g.n);
    panels = ceil_div(g.n, nr);
    parts = outer && !g.relu ? most(1, least(least(g.k / kPartLength, kMostParts), kPartNumbers / (g.m * g.n))) : 1;
    // All panels together should stay in the last-level cache, from which each block of rows reads them.
    const int64_t far = least(kFar, most(kNear, kSharedBytes / int64_t(sizeof(T) * g.n)));
    const int64_t fitting = most(1, kBlockNumbers / (least(g.k, far) + least(g.n, 128)) / kTileRows) * kTileRows;
    blocks = outer ? ceil_div(g.m, kManyRows) : g.m <= kFewRows ? 1 : ceil_div(g.m, fitting);
    shared = !outer && blocks > 1;
    const int64_t limit = outer ? kNear : shared ? far : least(kFar, most(kNear, kBlockNumbers / g.m));
    near = most(1, ceil_div(g.k, most(1, ceil_div(g.k, limit))));
  }
};

// Rows [row, row + rows), panels [begin, end), and k from k0 to k1 of a product.
struct Piece {
  int64_t row, rows, begin, end, k0, k1;
};

// A block of A, as the tiles read it.
template <class T>
struct Block {
  const T* a;
  int64_t rows, tiles, k, step;  // step: from row to row, or from k to k where rows lie side by side
  bool outer, streamed;          // streamed: read in place, in the order of memory

  int64_t begin(int64_t tile) const { return rows * tile / tiles; }
  int64_t offset(int64_t tile) const { return begin(tile) * (outer ? 1 : step); }
};

template <class T>
Block<T> block_of(const GemmOf<T>& g, bool outer, const Piece& piece, int64_t from, int64_t k, Scratch& scratch) {
  const T* a = g.a + piece.row * g.a_row + from * g.a_column;
  const int64_t rows = piece.rows, tiles = ceil_div(rows, kTileRows), panels = piece.end - piece.begin;
  if (outer) return {a, rows, tiles, k, g.a_column, true, false};
  const bool dense = g.a_row == k, aliased = g.a_row * int64_t(sizeof(T)) % kAliased == 0 && panels > 1;
  if (g.a_column == 1 && !aliased && (dense || panels < kManyPanels)) return {a, rows, tiles, k, g.a_row, false, dense};
  const int64_t step = k + 64 / int64_t(sizeof(T));
  T* copy = static_cast<T*>(scratch.bytes(sizeof(T) * rows * step));
  for (int64_t r = 0; r < rows; ++r)
    if (g.a_column == 1) std::memcpy(copy + r * step, a + r * g.a_row, sizeof(T) * k);
    else for (int64_t i = 0; i < k; ++i) copy[r * step + i] = a[r * g.a_row + i * g.a_column];
  return {copy, rows, tiles, k, step, false, false};
}

// What comes after a panel, to be fetched meanwhile: B by the first tiles, a line of each row, A by the others.
template <class T>
struct Next {
  const T *a = nullptr, *b = nullptr;
  int64_t a_step = 0, b_step = 0;

  Next(const GemmOf<T>& g, const Cut<T>& cut, const Piece& piece, const Block<T>& block, int64_t from, int64_t p) {
    const bool last = p + 1 == piece.end, ends = from + block.k == piece.k1;
    const T* panel = g.b + from * g.b_row + p * cut.nr * g.b_column;
    if (!cut.shared && g.b_column == 1 && !(last && ends)) {
      b = last ? panel + block.k * g.b_row - (p - piece.begin) * cut.nr : panel + cut.nr;
      b_step = g.b_row;
    } else if (!cut.shared && g.b_row == 1 && g.b_column == block.k && !last) {
      b = panel + cut.nr * block.k;
      b_step = cut.nr;
    }
    if (cut.outer && last && !ends) {
      a = g.a + (from + block.k) * g.a_column + piece.row;
      a_step = g.a_column;
    } else if (block.streamed && p == piece.begin) {
      a = block.a + kTileRows * block.step;
      a_step = kTileRows;
    }
  }
};

// A block of A times one panel.
template <class T>
void multiply(const Block<T>& block, const T* panel, int64_t nr, int columns, FinishOf<T> finish, const Next<T>& next,
              T* c, int64_t c_row) {
  const bool narrow = nr == lanes_of<T>;
  for (int64_t t = 0; t < block.tiles; ++t) {
    const int64_t begin = block.begin(t), count = block.begin(t + 1) - begin;
    const int64_t line = 64 / int64_t(sizeof(T));
    const bool fetch_b = t < nr / line && next.b, fetch_a = !fetch_b && next.a;
    const bool fetch_c = !fetch_b && !fetch_a && (block.outer || block.k <= kShort);
    finish.ahead = fetch_b   ? next.b + t * line
                   : fetch_a ? next.a + block.offset(t)
                   : fetch_c ? c + begin * c_row
                             : nullptr;
    finish.ahead_step = fetch_b ? next.b_step : fetch_a ? next.a_step : fetch_c ? c_row : 0;
    if (block.outer) {
      const PixelRun run{0, 0, block.k};
      pick_outer<T>(int(count), narrow)(&run, 1, block.a + block.offset(t), panel, block.step, c + begin * c_row,
                                        c_row, columns, finish);
    } else {
      const SegmentOf<T> segment{block.a + block.offset(t), panel, block.k};
      pick_dot<T>(int(count), narrow)(&segment, 1, block.step, c + begin * c_row, c_row, columns, finish);
    }
  }
}

// `shared`: all panels of these k, packed, or null. `c`: where the piece's sum goes; `adds`: to what is there.
template <class T>
void compute(const GemmOf<T>& g, const Cut<T>& cut, const Piece& piece, const T* shared, bool adds, T* c,
             int64_t c_row) {
  static thread_local Scratch a_scratch, b_scratch;
  T* own = shared ? nullptr : static_cast<T*>(b_scratch.bytes(sizeof(T) * cut.near * cut.nr));
  int64_t from = piece.k0;
  do {
    const Block<T> block = block_of(g, cut.outer, piece, from, least(cut.near, piece.k1 - from), a_scratch);
    const bool last = from + block.k == g.k;
    for (int64_t p = piece.begin; p < piece.end; ++p) {
      const int64_t column = p * cut.nr, columns = least(cut.nr, g.n - column);
      if (own) pack_panel(g, cut.nr, p, from, block.k, own);
      const FinishOf<T> finish{last && g.bias ? g.bias + column : nullptr,
                               last && g.relu ? Activation::kRelu : Activation::kNone, adds || from > piece.k0};
      multiply(block, own ? own : shared + p * cut.near * cut.nr, panel_width<T>(g.n, p), int(columns), finish,
               Next<T>(g, cut, piece, block, from, p), c + piece.row * c_row + column, c_row);
    }
    from += cut.near;
  } while (from < piece.k1);
}

// c += the parts, in their order.
template <class T>
void add_parts(const GemmOf<T>& g, const T* sums, int64_t count) {
  constexpr int64_t kRowsAtOnce = 8;
  parallel_for(ceil_div(g.m, kRowsAtOnce), [&](int64_t u) {
    for (int64_t r = u * kRowsAtOnce; r < least(g.m, (u + 1) * kRowsAtOnce); ++r)
      for (int64_t v = 0; v < g.n; v += lanes_of<T>) {
        const int here = int(g.n - v);
        VecOf<T> total = load_part(g.c + r * g.c_row + v, here);
        for (int64_t q = 0; q < count; ++q) total += load_part(sums + (q * g.m + r) * g.n + v, here);
        store_part(g.c + r * g.c_row + v, total, here);
      }
  });
}

// body(i) for all i < n: by all threads where there is work for them.
template <class F>
void for_pieces(int64_t n, bool parallel, const F& body) {
  if (parallel) return parallel_for(n, body);
  for (int64_t i = 0; i < n; ++i) body(i);
}

template <class T>
void product(const GemmOf<T>& g) {
  static thread_local Scratch kept;
  const Cut<T> cut(g);
  const bool parallel = g.m * g.n * g.k > kLittleWork;
  // Panels are dealt out where there are few blocks of rows.
  const int64_t units = cut.parts * cut.blocks, size = g.m * g.n;
  const int64_t pieces = parallel ? pieces_of(cut.panels, ceil_div(2 * get_num_threads(), units)) : 1;
  const int64_t room = cut.shared ? cut.panels * cut.near * cut.nr : (cut.parts - 1) * size;
  T* sums = static_cast<T*>(kept.bytes(sizeof(T) * room));
  T* packed = cut.shared ? sums : nullptr;
  int64_t k0 = 0;
  do {
    const int64_t k = cut.shared ? least(g.k - k0, cut.near) : g.k;
    if (packed)
      for_pieces(cut.panels, parallel,
                 [&](int64_t p) { pack_panel(g, cut.nr, p, k0, k, packed + p * cut.near * cut.nr); });
    for_pieces(units * pieces, parallel, [&](int64_t u) {
      const int64_t i = u % pieces, block = u / pieces % cut.blocks, part = u / pieces / cut.blocks;
      const int64_t row = g.m * block / cut.blocks, end = g.m * (block + 1) / cut.blocks;
      const Piece piece{row, end - row, cut.panels * i / pieces, cut.panels * (i + 1) / pieces,
                        k0 + k * part / cut.parts, k0 + k * (part + 1) / cut.parts};
      const bool adds = k0 > 0 || (g.accumulate && part == 0);
      compute(g, cut, piece, packed, adds, part ? sums + (part - 1) * size : g.c, part ? g.n : g.c_row);
    });
    k0 += k;
  } while (k0 < g.k);
  if (cut.parts > 1) add_parts(g, sums, cut.parts - 1);
}

template <class T>
void gemm(const GemmOf<T>& given) {
  if (given.batch * given.m * given.n == 0) return;
  static thread_local Scratch scratch;
  GemmOf<T> one = given;
  if (one.bias) {  // padded to whole panels
    T* copy = static_cast<T*>(scratch.bytes(sizeof(T) * (one.n + 2 * lanes_of<T>)));
    std::memcpy(copy, one.bias, sizeof(T) * one.n);
    std::memset(copy + one.n, 0, sizeof(T) * 2 * lanes_of<T>);
    one.bias = copy;
  }
  const auto multiply = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      GemmOf<T> g = one;
      g.a += i * g.a_batch;
      g.b += i * g.b_batch;
      g.c += i * g.c_batch;
      product(g);
    }
  };
  const int64_t work = one.m * one.n * one.k;
  const bool each_by_all = work > kLittleWork && one.batch < 2 * get_num_threads();
  if (each_by_all || one.batch * work <= kLittleWork) return multiply(0, one.batch);
  const int64_t together = most(1, kLittleWork / most(1, work));
  parallel_for(ceil_div(one.batch, together),
               [&](int64_t u) { multiply(u * together, least(one.batch, (u + 1) * together)); });
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
    const int64_t n = s.m * s.out;
    float* slope = scratch.floats(n);
    elementwise_kernels().binary(activation.slope, n, gy, y, {n, 1, n}, slope, activation.numbers);
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
