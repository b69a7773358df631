#include "bias.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kPixels = 64;  // summed before they are added to the sum of the piece
constexpr int64_t kMostPieces = 32;
constexpr int64_t kPieceFloats = 4096;  // at least, or a second thread costs more than it helps

// sum += rows [begin, end) of channels [c, c + V * kLanes).
template <int V>
void add_columns(const float* gy, int64_t channels, int64_t begin, int64_t end, int64_t c, float* sum) {
  Vec total[V] = {};
  for (int64_t p = begin; p < end; ++p)
    FLAMBEAU_UNROLL for (int v = 0; v < V; ++v)
        total[v] += load_part(gy + p * channels + c + v * kLanes, int(least(kLanes, channels - c - v * kLanes)));
  FLAMBEAU_UNROLL for (int v = 0; v < V; ++v) store(sum + c + v * kLanes, load(sum + c + v * kLanes) + total[v]);
}

void add_pixels(const float* gy, int64_t channels, int64_t begin, int64_t end, float* sum) {
  int64_t c = 0;
  for (; c + 4 * kLanes <= channels; c += 4 * kLanes) add_columns<4>(gy, channels, begin, end, c, sum);
  for (; c < channels; c += kLanes) add_columns<1>(gy, channels, begin, end, c, sum);
}

}  // namespace

void bias_gradient(int64_t pixels, int64_t channels, const float* gy, float* gb) {
  static thread_local Scratch scratch;
  const int64_t padded = ceil_div(channels, kLanes) * kLanes;
  const int64_t pieces = most(1, least(kMostPieces, pixels * channels / kPieceFloats));
  float* sums = scratch.floats(pieces * padded);
  parallel_for(pieces, [&](int64_t piece) {
    float* sum = sums + piece * padded;
    std::memset(sum, 0, sizeof(float) * padded);
    const int64_t end = pixels * (piece + 1) / pieces;
    for (int64_t p = pixels * piece / pieces; p < end; p += kPixels)
      add_pixels(gy, channels, p, least(end, p + kPixels), sum);
  });
  for (int64_t c = 0; c < channels; ++c) {
    float sum = 0;
    for (int64_t piece = 0; piece < pieces; ++piece) sum += sums[piece * padded + c];
    gb[c] = sum;
  }
}

}  // namespace flambeau::FLAMBEAU_ISA
