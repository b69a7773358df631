// Windows of a pool, as its loops walk over them.
//
// A window begins at a coordinate of the image that may lie in the padding, and its places are `dilation` apart. Two
// questions come up wherever a pool is computed, its gradient, or that of a convolution under it: which places of a
// window are in the image (places_inside, along one dimension), and where a place lies that is known by its number, as
// forward leaves the numbers of the maxima behind (Steps).
#pragma once

#include "pooling.h"
#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

struct Range {
  int64_t begin, end;

  int64_t size() const { return end - begin; }
};

// Piece i of 0 .. n, cut into pieces that are nearly equal.
FLAMBEAU_INLINE Range piece(int64_t n, int64_t i, int64_t pieces) { return {n * i / pieces, n * (i + 1) / pieces}; }

// The places k of a window that starts at coordinate `first` for which first + k * dilation is in the image.
FLAMBEAU_INLINE Range places_inside(int64_t first, int64_t dilation, int64_t places, int64_t size) {
  if (first >= 0 && first + (places - 1) * dilation < size) return {0, places};  // most are: no division
  const int64_t begin = first >= 0 ? 0 : ceil_div(-first, dilation);
  const int64_t end = first >= size ? 0 : least(places, (size - 1 - first) / dilation + 1);
  return {least(begin, end), end};
}

// The distance from a window's first place to the one that a number names, where neighbouring places are `down` and
// `across` apart. What names no place of the window is `nowhere`. Bytes are looked up: a division for each would cost
// more than all else that is done with it.
class Steps {
 public:
  Steps(const PoolWindow& window, int64_t down, int64_t across, int64_t nowhere = 0)
      : count_(window.kh * window.kw), columns_(window.kw), down_(down), across_(across), nowhere_(nowhere) {
    for (int32_t place = 0; place < 256; ++place) of_bytes_[place] = (*this)(place);
  }
  int64_t operator()(uint8_t place) const { return of_bytes_[place]; }
  int64_t operator()(int32_t place) const {
    return place >= 0 && place < count_ ? place / columns_ * down_ + place % columns_ * across_ : nowhere_;
  }

 private:
  int64_t count_, columns_, down_, across_, nowhere_, of_bytes_[256];
};

}  // namespace flambeau::FLAMBEAU_ISA
