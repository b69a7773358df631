#include "depthwise.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kMostPartials = 16;

// The weight of a tap, numbered as [plane][row][column], of channel 0. Backward taps are counted from the last.
template <class W>
W* tap_of(const Gather& g, W* weight, WeightStrides at, int64_t tap) {
  if (g.rows.backward) tap = g.taps() - 1 - tap;
  const int64_t row = tap / g.columns.size;
  return weight + row / g.rows.size * at.d + row % g.rows.size * at.h + tap % g.columns.size * at.w;
}

// Row `index` of the output of all images: body(tap, where the input row begins) for each row of taps in the image.
template <class F>
void for_tap_rows(const Gather& g, int64_t index, const F& body) {
  const int64_t plane = index / g.rows.output, image = plane / g.depth.output;
  for (int64_t kd = 0; kd < g.depth.size; ++kd)
    for (int64_t kh = 0; kh < g.rows.size; ++kh) {
      int64_t d, h;
      if (!g.depth.reads(plane % g.depth.output, kd, d) || d < 0 || d >= g.depth.input) continue;
      if (!g.rows.reads(index % g.rows.output, kh, h) || h < 0 || h >= g.rows.input) continue;
      body((kd * g.rows.size + kh) * g.columns.size,
           ((image * g.depth.input + d) * g.rows.input + h) * g.columns.input * g.groups);
    }
}

}  // namespace

template <class T>
void depthwise(const Gather& g, const T* x, const T* weight, WeightStrides at, const T* bias, Activation activation,
               T* y) {
  using Vec = VecOf<T>;
  static thread_local Scratch scratch;
  const int64_t channels = g.groups, row = ceil_div(channels, lanes_of<T>) * lanes_of<T>;
  T* packed = static_cast<T*>(scratch.bytes(sizeof(T) * g.taps() * row));
  for (int64_t t = 0; t < g.taps(); ++t)
    for (int64_t c = 0; c < channels; ++c) packed[t * row + c] = tap_of(g, weight, at, t)[c * at.out];
  parallel_for(g.images * g.depth.output * g.rows.output, [&](int64_t index) {
    for (int64_t q = 0; q < g.columns.output; ++q) {
      static thread_local Array<PixelRun> taps;  // where their pixels and weights lie
      taps.clear();
      for_tap_rows(g, index, [&](int64_t tap, int64_t from) {
        for (int64_t k = 0; k < g.columns.size; ++k) {
          int64_t i;
          if (g.columns.reads(q, k, i) && i >= 0 && i < g.columns.input)
            taps.add({from + i * channels, (tap + k) * row, 1});
        }
      });
      for (int64_t c = 0; c < channels; c += lanes_of<T>) {
        const int count = int(channels - c);
        Vec sum = bias ? load_part(bias + c, count) : Vec{};
        for (int64_t t = 0; t < taps.size(); ++t)
          sum += load_part(x + taps[t].a + c, count) * load(packed + taps[t].b + c);
        if (activation == Activation::kRelu) sum = max(Vec{}, sum);
        store_part(y + (index * g.columns.output + q) * channels + c, sum, count);
      }
    }
  });
}

template <class T>
void depthwise_weight(const Gather& g, const T* x, const T* gy, T* gw, WeightStrides at) {
  static thread_local Scratch scratch;
  const Axis& columns = g.columns;
  const int64_t channels = g.groups, row = ceil_div(channels, lanes_of<T>) * lanes_of<T>, size = g.taps() * row;
  const int64_t rows = g.images * g.depth.output * g.rows.output, partials = least(rows, kMostPartials);
  T* sums = static_cast<T*>(scratch.bytes(sizeof(T) * partials * size));
  parallel_for(partials, [&](int64_t partial) {
    T* own = sums + partial * size;
    std::memset(own, 0, sizeof(T) * size);
    for (int64_t index = rows * partial / partials; index < rows * (partial + 1) / partials; ++index)
      for_tap_rows(g, index, [&](int64_t tap, int64_t from) {
        for (int64_t k = 0; k < columns.size; ++k) {
          const int64_t shift = k * columns.dilation - columns.pad;  // column q reads q * stride + shift
          const int64_t begin = shift < 0 ? ceil_div(-shift, columns.stride) : 0;
          const int64_t end = columns.input > shift ? (columns.input - 1 - shift) / columns.stride + 1 : 0;
          for (int64_t c = 0; c < channels; c += lanes_of<T>) {
            const T *in = x + from + shift * channels + c, *out = gy + index * columns.output * channels + c;
            VecOf<T> sum{};
            for (int64_t q = begin; q < least(end, columns.output); ++q)
              sum += load_part(in + q * columns.stride * channels, int(channels - c)) *
                     load_part(out + q * channels, int(channels - c));
            T* to = own + (tap + k) * row + c;
            store(to, load(to) + sum);
          }
        }
      });
  });
  for (int64_t t = 0; t < g.taps(); ++t)
    for (int64_t c = 0; c < channels; ++c) {
      T sum = 0;
      for (int64_t q = 0; q < partials; ++q) sum += sums[q * size + t * row + c];
      tap_of(g, gw, at, t)[c * at.out] = sum;
    }
}

#define FLAMBEAU_INSTANCE(T)                                                                                     \
  template void depthwise(const Gather&, const T*, const T*, WeightStrides, const T*, Activation, T*);           \
  template void depthwise_weight(const Gather&, const T*, const T*, T*, WeightStrides);
FLAMBEAU_INSTANCE(float)
FLAMBEAU_INSTANCE(double)

}  // namespace flambeau::FLAMBEAU_ISA
