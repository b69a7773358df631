#include "pack.h"

#include "transpose.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kAhead = 128;  // numbers: weights larger than a cache are fetched before they are wanted

// Rows [k0, k1) of one panel, as they lie.
template <class T>
void pack_rows(const PackFrom<T>& from, int64_t columns, int64_t nr, int64_t c_in, int64_t k0, int64_t k1, T* packed) {
  const int64_t taps = from.taps();
  for (int64_t t = 0; t < taps; ++t) {
    const int64_t at = from.flip ? taps - 1 - t : t;
    const T* tap = from.weight + at / from.kw / from.kh * from.d + at / from.kw % from.kh * from.h +
                   at % from.kw * from.w;
    for (int64_t k = k0; k < k1; ++k) {
      const T* row = tap + k * from.row;
      T* to = packed + (t * c_in + k) * nr;
      if (from.column == 1)
        for (int64_t v = 0; v < nr; v += lanes_of<T>) store(to + v, load_part(row + v, int(columns - v)));
      else for (int64_t j = 0; j < nr; ++j) to[j] = j < columns ? row[j * from.column] : T(0);
    }
  }
}

// The same where all channels in and taps of a channel out lie side by side: squares are turned in registers.
// `Product`: there is one tap, and the tiles fetch what comes next.
template <class T, bool Product>
void pack_turned(const PackFrom<T>& from, int64_t columns, int64_t nr, int64_t c_in, int64_t k0, int64_t k1,
                 T* packed) {
  constexpr int64_t lanes = lanes_of<T>;
  const int64_t taps = Product ? 1 : from.taps();
  int64_t k = k0, t = 0;
  for (int64_t m = k0 * taps; m < k1 * taps; m += lanes) {
    const int count = int(least(lanes, k1 * taps - m));
    T* to[lanes];
    for (int i = 0; i < count; ++i) {
      to[i] = packed + ((from.flip ? taps - 1 - t : t) * c_in + k) * nr;
      if (++t < taps) continue;
      t = 0;
      ++k;
    }
    for (int64_t v = 0; v < nr; v += lanes) {
      const T* source = from.weight + v * from.column + m;
      const bool whole = count == lanes && v + lanes <= columns;
      VecOf<T> square[lanes];
      FLAMBEAU_UNROLL for (int j = 0; j < lanes; ++j, source += from.column) {
        if (!Product) __builtin_prefetch(source + kAhead);
        square[j] = whole ? load(source) : v + j < columns ? load_part(source, count) : VecOf<T>{};
      }
      transpose(square);
      FLAMBEAU_UNROLL for (int i = 0; i < lanes; ++i) if (whole || i < count) store(to[i] + v, square[i]);
    }
  }
}

// Each third number of three vectors.
FLAMBEAU_INLINE void split(const float* from, Vec (&thirds)[3]) {
  FLAMBEAU_UNROLL for (int t = 0; t < 3; ++t) {
    thirds[t] = Vec{};
    FLAMBEAU_UNROLL for (int i = 0; i < 3; ++i) {
      IntVec at;
      FLAMBEAU_UNROLL for (int lane = 0; lane < kLanes; ++lane) at[lane] = 3 * lane + t - i * kLanes;
      thirds[t] = ((at >= 0) & (at < kLanes)) ? shuffled(load(from + i * kLanes), at & (kLanes - 1)) : thirds[t];
    }
  }
}

// The same where all channels out and taps of a channel in lie side by side, as backward data reads them.
template <class T>
void pack_taps(const PackFrom<T>& from, int64_t columns, int64_t nr, int64_t c_in, int64_t k0, int64_t k1, T* packed) {
  constexpr int64_t lanes = lanes_of<T>;
  const int64_t taps = from.taps();
  for (int64_t k = k0; k < k1; ++k) {
    const T* row = from.weight + k * from.row;
    for (int64_t i = 0; i < columns * taps; i += 64 / int64_t(sizeof(T))) __builtin_prefetch(row + 4 * from.row + i);
    const auto tap = [&](int64_t t) { return packed + ((from.flip ? taps - 1 - t : t) * c_in + k) * nr; };
    for (int64_t v = 0; v < nr; v += lanes) {
      if constexpr (sizeof(T) == sizeof(float))
        if (taps == 3 && v + lanes <= columns) {  // a square would be mostly empty
          Vec thirds[3];
          split(row + v * taps, thirds);
          for (int t = 0; t < 3; ++t) store(tap(t) + v, thirds[t]);
          continue;
        }
      for (int64_t t0 = 0; t0 < taps; t0 += lanes) {
        const int64_t count = least(lanes, taps - t0);
        VecOf<T> square[lanes];
        for (int64_t j = 0; j < lanes; ++j) {
          const int64_t at = (v + j) * taps + t0, left = columns * taps - at;
          square[j] = left >= lanes ? load(row + at)
                      : left > 0    ? load_part(row + at, int(least(left, count)))
                                    : VecOf<T>{};
        }
        transpose(square);
        for (int64_t i = 0; i < count; ++i) store(tap(t0 + i) + v, square[i]);
      }
    }
  }
}

}  // namespace

template <class T>
void pack_panel(const PackFrom<T>& from, int64_t columns, int64_t nr, int64_t c_in, int64_t k0, int64_t k1, T* packed) {
  const bool dense = from.h == from.kw && from.w == 1 && from.column != 1 &&
                     (from.kd == 1 || from.d == from.kh * from.kw);
  const int64_t taps = from.taps();
  const auto pack = dense && from.row == taps      ? (taps == 1 ? pack_turned<T, true> : pack_turned<T, false>)
                    : dense && from.column == taps ? pack_taps<T>
                                                   : pack_rows<T>;
  pack(from, columns, nr, c_in, k0, k1, packed);
}

template <class T>
void pack_weights(const PackFrom<T>& from, int64_t c_in, int64_t c_out, T* packed) {
  const int64_t nr = panel_columns<T>(c_out), taps = from.taps(), panel_count = panels<T>(c_out);
  const int64_t slices = panel_count * taps * c_in * nr > 20000 ? ceil_div(c_in, 32) : 1;
  parallel_for(from.groups * panel_count * slices, [&](int64_t u) {
    const int64_t s = u % slices, p = u / slices % panel_count, group = u / slices / panel_count;
    PackFrom<T> panel = from;
    panel.weight += group * from.group + p * nr * from.column;
    pack_panel(panel, least(nr, c_out - p * nr), panel_width<T>(c_out, p), c_in, c_in * s / slices,
               c_in * (s + 1) / slices, packed + (group * panel_count + p) * taps * c_in * nr);
  });
}

template void pack_weights(const PackFrom<float>&, int64_t, int64_t, float*);
template void pack_weights(const PackFrom<double>&, int64_t, int64_t, double*);
template void pack_panel(const PackFrom<float>&, int64_t, int64_t, int64_t, int64_t, int64_t, float*);
template void pack_panel(const PackFrom<double>&, int64_t, int64_t, int64_t, int64_t, int64_t, double*);

}  // namespace flambeau::FLAMBEAU_ISA
