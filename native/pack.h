// Weights, packed: in the order in which a tile (tile.h) reads them,
//
//   [panel of columns][tap][channel in][kTileColumns]
//
// where columns are channels out, or, for backward data, channels in with the taps flipped. How weights lie decides how
// they are read: whichever numbers lie side by side, squares of them are turned in registers and written by vectors.
#pragma once

#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

// A panel has half as many columns where that is all there are.
template <class T = float>
inline bool is_narrow(int64_t c_out) { return c_out <= lanes_of<T>; }
template <class T = float>
inline int64_t panel_columns(int64_t c_out) { return is_narrow<T>(c_out) ? lanes_of<T> : 2 * lanes_of<T>; }
template <class T = float>
inline int64_t panels(int64_t c_out) { return ceil_div(c_out, panel_columns<T>(c_out)); }
// The columns that a panel is packed with: the last may be half as wide as the others.
template <class T = float>
inline int64_t panel_width(int64_t c_out, int64_t panel) {
  const int64_t nr = panel_columns<T>(c_out);
  return c_out - panel * nr <= lanes_of<T> ? lanes_of<T> : nr;
}
// Columns, with those that are zero to fill the last panel.
template <class T = float>
inline int64_t padded(int64_t c_out) { return ceil_div(c_out, lanes_of<T>) * lanes_of<T>; }
template <class T = float>
inline int64_t packed_size(int64_t taps, int64_t c_in, int64_t c_out) {
  return panels<T>(c_out) * taps * c_in * panel_columns<T>(c_out);
}

// Weights as they lie. Strides: output channel, input channel, tap; of planes of taps and of groups, where there are
// several.
template <class T>
struct PackFrom {
  const T* weight;
  int64_t column, row, h, w;
  int64_t kh, kw;
  bool flip;
  int64_t kd = 1, d = 0;
  int64_t groups = 1, group = 0;

  int64_t taps() const { return kd * kh * kw; }
};

// All channels in and out of all groups.
template <class T>
void pack_weights(const PackFrom<T>& from, int64_t c_in, int64_t c_out, T* packed);

// Channels in from k0 to k1 of one panel: packed[tap][c_in][nr].
template <class T>
void pack_panel(const PackFrom<T>& from, int64_t columns, int64_t nr, int64_t c_in, int64_t k0, int64_t k1, T* packed);

}  // namespace flambeau::FLAMBEAU_ISA
