#include "general.h"

namespace flambeau::FLAMBEAU_ISA {
namespace {

constexpr int64_t kCopyBytes = 384 * 1024;   // of the second-level cache, for input rows; weights need the rest
constexpr int64_t kPanelBytes = 512 * 1024;  // of weights: larger panels are taken plane by plane

constexpr int64_t kAhead = 8;                // pixels

// The axes of a convolution. Those along which the window does nothing count as images, or all as one long row.
struct Volume {
  Axis depth, rows, columns;
  int64_t images;

  Volume(const ConvShape& s, bool backward)
      : depth{s.d, s.od, s.kd, s.stride_d, s.pad_d, s.dilation_d, backward},
        rows{s.h, s.oh, s.kh, s.stride_h, s.pad_h, s.dilation_h, backward},
        columns{s.w, s.ow, s.kw, s.stride_w, s.pad_w, s.dilation_w, backward},
        images(s.n) {
    if (backward)
      for (Axis* axis : {&depth, &rows, &columns}) {
        const int64_t input = axis->input;
        axis->input = axis->output;
        axis->output = input;
      }
    if (!idle(rows)) return;
    if (idle(columns)) {
      join(columns, rows.input);
      rows.input = rows.output = 1;
      if (!idle(depth)) return;
      join(columns, images * depth.input);
      depth.input = depth.output = images = 1;
    } else if (idle(depth)) {
      images *= depth.input * rows.input;
      depth.input = depth.output = rows.input = rows.output = 1;
    }
  }

  int64_t taps() const { return depth.size * rows.size * columns.size; }

 private:
  static void join(Axis& axis, int64_t times) {
    axis.input *= times;
    axis.output *= times;
  }
  static bool idle(const Axis& a) { return a.size == 1 && a.stride == 1 && a.pad == 0 && a.input == a.output; }
};

struct Tap {
  int64_t kernel, input, count;  // `count` taps in a row read `count` pixels in a row
};

void add_taps(const Axis& axis, int64_t o, bool inside, bool merge, Array<Tap>& taps) {
  const int64_t begin = taps.size();
  for (int64_t k = 0; k < axis.size; ++k) {
    int64_t i;
    if (!axis.reads(o, k, i) || (inside && (i < 0 || i >= axis.input))) continue;
    if (merge && taps.size() > begin && taps.last().kernel + taps.last().count == k &&
        taps.last().input + taps.last().count == i)
      ++taps.last().count;
    else taps.add({k, i, 1});
  }
}

// The columns of a row in sets that read the same taps: with stride s backward every s-th, else all of them. The taps
// of a set's column number q lie q * advance further than those of its first.
struct Columns {
  struct Phase {
    int64_t first, count, taps_begin, taps_end;
  };
  Array<Phase> phases;
  Array<Tap> taps;
  int64_t step, advance, count = 0;  // columns of the largest set
  int64_t left = 0, right = 0;       // what column 0 of all sets reads

  Columns(const Axis& axis, bool merge) : step(axis.backward ? axis.stride : 1), advance(axis.backward ? 1 : axis.stride) {
    for (int64_t first = 0; first < least(step, axis.output); ++first)
      add(axis, first, ceil_div(axis.output - first, step), false, merge);
    if ((count - 1) * advance + right - left <= 4 * axis.input + 256) return;
    // Mostly padding: then each column is a set of its own, with the taps that fall into the image.
    phases.clear();
    taps.clear();
    advance = left = 0;
    right = axis.input;
    for (int64_t o = 0; o < axis.output; ++o) add(axis, o, 1, true, merge);
    count = 1;
  }

 private:
  void add(const Axis& axis, int64_t first, int64_t columns, bool inside, bool merge) {
    const int64_t begin = taps.size();
    add_taps(axis, first, inside, merge, taps);
    phases.add({first, columns, begin, taps.size()});
    count = most(count, columns);
    if (!inside)
      for (int64_t t = begin; t < taps.size(); ++t) {
        left = t == 0 ? taps[t].input : least(left, taps[t].input);
        right = t == 0 ? taps[t].input + taps[t].count : most(right, taps[t].input + taps[t].count);
      }
  }
};

// One vector of output channels of R pixels, lane by lane. `taps`: offsets in a and b.
template <int R, class T>
void tile_lanes(const PixelRun* taps, int64_t tap_count, const T* a, const T* b, int64_t a_row, T* c, int64_t c_row,
                int columns, const FinishOf<T>& finish) {
  VecOf<T> sum[R];
  const VecOf<T> start = finish.bias ? load(finish.bias) : VecOf<T>{};
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) sum[r] = start;
  for (int64_t t = 0; t < tap_count; ++t) {
    const VecOf<T> factor = load(b + taps[t].b);
    FLAMBEAU_UNROLL for (int r = 0; r < R; ++r) sum[r] += load(a + taps[t].a + r * a_row) * factor;
  }
  FLAMBEAU_UNROLL for (int r = 0; r < R; ++r)
      store_part(c + r * c_row, finish.activation == Activation::kRelu ? max(VecOf<T>{}, sum[r]) : sum[r], columns);
}

template <class T>
using TileLanes = void (*)(const PixelRun*, int64_t, const T*, const T*, int64_t, T*, int64_t, int,
                           const FinishOf<T>&);
template <class T, std::size_t... R>
TileLanes<T> pick_lanes(int64_t rows, std::index_sequence<R...>) {
  static constexpr TileLanes<T> table[] = {tile_lanes<int(R) + 1, T>...};
  return table[rows - 1];
}

// Part of the output: rows of one plane of one image, columns (of each set), panels of one block.
struct Piece {
  int64_t image, plane, row_begin, row_end, column_begin, column_end, block, panel_begin, panel_end;
};

template <class T>
struct Work {
  const Volume& v;
  const Channels<T>& channels;
  const Columns& columns;
  const T *x, *packed, *bias;  // packed: [block][panel][tap][channel in][nr]; bias: [block][panel][nr]
  Activation activation;
  T* y;

  void run(const Piece& piece) const;

 private:
  // What a piece reads: planes and rows that exist, and the copy of them.
  struct Input {
    Array<Tap> planes, rows;
    Array<int64_t> rows_begin;  // of each output row, in `rows`; one more at the end
    int64_t low, high, left, width;
    Scratch scratch;
    T* copy;

    int64_t row(int64_t plane, int64_t i) const { return (plane * (high - low) + i - low) * width; }
  };

  void find(const Piece& piece, Input& in) const;
  void copy(const Piece& piece, Input& in) const;
  void dense(const Piece& piece, const Input& in, int64_t panel) const;
  void lanewise(const Piece& piece, const Input& in, int64_t row, Array<PixelRun>& taps) const;

  const T* weights(int64_t block, int64_t panel) const {
    return packed + (block * channels.panels + panel) * v.taps() * channels.c_in * channels.nr;
  }
  FinishOf<T> finish(int64_t block, int64_t panel, bool first, bool last) const {
    const T* shift = bias && first ? bias + (block * channels.panels + panel) * channels.nr : nullptr;
    return {shift, last ? activation : Activation::kNone, !first};
  }
  T* output(const Piece& piece, int64_t row, int64_t column, int64_t panel) const {
    const int64_t image = piece.image * v.depth.output + piece.plane;
    return y + ((image * v.rows.output + row) * v.columns.output + column) * channels.out_pixel() +
           channels.first(piece.block, panel);
  }
};

template <class T>
void Work<T>::find(const Piece& piece, Input& in) const {
  in.planes.clear();
  in.rows.clear();
  in.rows_begin.clear();
  add_taps(v.depth, piece.plane, true, false, in.planes);
  in.low = v.rows.input;
  in.high = 0;
  for (int64_t o = piece.row_begin; o < piece.row_end; ++o) {
    in.rows_begin.add(in.rows.size());
    add_taps(v.rows, o, true, false, in.rows);
    for (int64_t t = in.rows_begin.last(); t < in.rows.size(); ++t) {
      in.low = least(in.low, in.rows[t].input);
      in.high = most(in.high, in.rows[t].input + 1);
    }
  }
  in.rows_begin.add(in.rows.size());
  if (in.high < in.low) in.high = in.low = 0;
  in.left = columns.left + piece.column_begin * columns.advance;
  in.width = (columns.right + (piece.column_end - 1) * columns.advance - in.left) * channels.width;
}

template <class T>
void Work<T>::copy(const Piece& piece, Input& in) const {
  in.copy = static_cast<T*>(in.scratch.bytes(sizeof(T) * (in.planes.size() * (in.high - in.low) * in.width + kLanes)));
  const int64_t pixels = in.width / channels.width, size = v.columns.input;
  const int64_t before = least(pixels, most(0, -in.left)), end = most(before, least(pixels, size - in.left));
  for (int64_t p = 0; p < in.planes.size(); ++p)
    for (int64_t i = in.low; i < in.high; ++i) {
      const int64_t image = piece.image * v.depth.input + in.planes[p].input;
      T* to = in.copy + in.row(p, i);
      std::memset(to, 0, sizeof(T) * before * channels.width);
      if (end > before)
        channels.copy(x + ((image * v.rows.input + i) * size + in.left + before) * channels.in_pixel(), end - before,
                      piece.block, to + before * channels.width);
      std::memset(to + end * channels.width, 0, sizeof(T) * (pixels - end) * channels.width);
    }
}

// All tiles of a panel.
template <class T>
void Work<T>::dense(const Piece& piece, const Input& in, int64_t panel) const {
  static thread_local Array<SegmentOf<T>> segments;
  const int64_t tap_size = channels.c_in * channels.nr, plane_size = v.rows.size * v.columns.size * tap_size;
  const int64_t planes_at_once = most(1, kPanelBytes / int64_t(plane_size * sizeof(T)));
  const int64_t plane_count = most(1, in.planes.size());
  const T* b = weights(piece.block, panel);
  const int count = int(channels.count(piece.block, panel));
  for (int64_t plane = 0; plane < plane_count; plane += planes_at_once) {
    const int64_t end = least(plane + planes_at_once, in.planes.size());
    const FinishOf<T> finish = this->finish(piece.block, panel, plane == 0, plane + planes_at_once >= plane_count);
    for (int64_t o = piece.row_begin; o < piece.row_end; ++o)
      for (int64_t f = 0; f < columns.phases.size(); ++f) {
        const auto& phase = columns.phases[f];
        const int64_t first = piece.column_begin, some = least(piece.column_end, phase.count) - first;
        if (some <= 0) continue;
        const int64_t tiles = ceil_div(some, kTileRows), row = o - piece.row_begin;
        for (int64_t tile = 0; tile < tiles; ++tile) {
          const int64_t q = first + some * tile / tiles, rows = first + some * (tile + 1) / tiles - q;
          segments.clear();
          for (int64_t p = plane; p < end; ++p)
            for (int64_t r = in.rows_begin[row]; r < in.rows_begin[row + 1]; ++r)
              for (int64_t t = phase.taps_begin; t < phase.taps_end; ++t) {
                const Tap& tap = columns.taps[t];
                const int64_t from = tap.input + q * columns.advance - in.left;
                segments.add({in.copy + in.row(p, in.rows[r].input) + from * channels.width,
                              b + in.planes[p].kernel * plane_size +
                                  (in.rows[r].kernel * v.columns.size + tap.kernel) * tap_size,
                              tap.count * channels.c_in});
              }
          pick_dot<T>(int(rows), channels.nr == lanes_of<T>)(
              segments.data(), segments.size(), columns.advance * channels.width,
              output(piece, o, phase.first + q * columns.step, panel), columns.step * channels.out_pixel(), count,
              finish);
        }
      }
  }
}

// One row, all panels.
template <class T>
void Work<T>::lanewise(const Piece& piece, const Input& in, int64_t o, Array<PixelRun>& taps) const {
  constexpr auto sizes = std::make_index_sequence<kTileRows>();
  const int64_t row = o - piece.row_begin, k_step = channels.width / channels.c_in;
  for (int64_t f = 0; f < columns.phases.size(); ++f) {
    const auto& phase = columns.phases[f];
    const int64_t first = piece.column_begin, some = least(piece.column_end, phase.count) - first;
    if (some <= 0) continue;
    taps.clear();
    for (int64_t p = 0; p < in.planes.size(); ++p)
      for (int64_t r = in.rows_begin[row]; r < in.rows_begin[row + 1]; ++r)
        for (int64_t t = phase.taps_begin; t < phase.taps_end; ++t)
          for (int64_t k = 0; k < channels.c_in; ++k) {
            const Tap& tap = columns.taps[t];
            const int64_t kernel = (in.planes[p].kernel * v.rows.size + in.rows[r].kernel) * v.columns.size + tap.kernel;
            taps.add({in.row(p, in.rows[r].input) + (tap.input - in.left) * channels.width + k * k_step,
                      (kernel * channels.c_in + k) * channels.nr, 1});
          }
    const int64_t tiles = ceil_div(some, kTileRows);
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t q = first + some * tile / tiles, rows = first + some * (tile + 1) / tiles - q;
      const T* a = in.copy + q * columns.advance * channels.width;
      for (int64_t panel = piece.panel_begin; panel < piece.panel_end; ++panel) {
        const int count = int(channels.count(piece.block, panel));
        if (count > 0)
          pick_lanes<T>(rows, sizes)(taps.data(), taps.size(), a + panel * channels.nr, weights(piece.block, panel),
                                     columns.advance * channels.width,
                                     output(piece, o, phase.first + q * columns.step, panel),
                                     columns.step * channels.out_pixel(), count,
                                     finish(piece.block, panel, true, true));
      }
    }
  }
}

template <class T>
void Work<T>::run(const Piece& piece) const {
  static thread_local Input in;
  static thread_local Array<PixelRun> taps;
  find(piece, in);
  copy(piece, in);
  if (channels.lanewise)
    for (int64_t o = piece.row_begin; o < piece.row_end; ++o) lanewise(piece, in, o, taps);
  else
    for (int64_t panel = piece.panel_begin; panel < piece.panel_end; ++panel) dense(piece, in, panel);
}

// Cut the output into pieces whose input fits the cache, but so that there are enough for everyone.
template <class T>
void run_all(const Work<T>& work) {
  const Volume& v = work.v;
  const Channels<T>& channels = work.channels;
  const Columns& columns = work.columns;
  const int64_t fitting = kCopyBytes / int64_t(sizeof(T) * channels.width * v.depth.size);  // pixels of a plane
  const int64_t span = columns.right - columns.left, advance = most(1, columns.advance);
  int64_t across = least(columns.count, most(4 * kTileRows, (fitting / v.rows.size - span) / advance));
  const int64_t rows_fitting = fitting / ((across - 1) * columns.advance + span + 1) - v.rows.size * v.rows.dilation + 1;
  int64_t down = v.rows.backward ? most(1, rows_fitting) * v.rows.stride : most(1, rows_fitting / v.rows.stride);
  down = least(down, v.rows.output);
  const int64_t others = v.images * v.depth.output * channels.blocks, wanted = 4 * get_num_threads();
  const auto count = [&] { return others * ceil_div(v.rows.output, down) * ceil_div(columns.count, across); };
  while (down > 1 && count() < wanted) down = (down + 1) / 2;
  while (across > 2 * kTileRows && count() < wanted) across = (across + 1) / 2;
  const int64_t pieces = channels.lanewise ? 1 : least(channels.panels, ceil_div(get_num_threads(), count()));
  const int64_t downs = ceil_div(v.rows.output, down), acrosses = ceil_div(columns.count, across);
  parallel_for(count() * pieces, [&](int64_t u) {
    const int64_t part = u % pieces, block = u / pieces % channels.blocks, a = u / pieces / channels.blocks % acrosses;
    const int64_t rest = u / pieces / channels.blocks / acrosses, d = rest % downs, plane = rest / downs;
    work.run({plane / v.depth.output, plane % v.depth.output, v.rows.output * d / downs, v.rows.output * (d + 1) / downs,
              columns.count * a / acrosses, columns.count * (a + 1) / acrosses, block, channels.panels * part / pieces,
              channels.panels * (part + 1) / pieces});
  });
}

// A weight as the algorithm sees it: channels in and out exchanged and taps turned round for backward data.
template <class T>
struct Weight {
  const T* data;
  WeightStrides at;
  int64_t kd, kh, kw;
  bool backward;

  const T* tap(int64_t t) const {
    const int64_t from = backward ? kd * kh * kw - 1 - t : t;
    return data + from / kw / kh * at.d + from / kw % kh * at.h + from % kw * at.w;
  }
  int64_t row() const { return backward ? at.out : at.in; }
  int64_t column() const { return backward ? at.in : at.out; }
};

// One panel of several groups, number by number.
template <class T>
void pack_lanes(const Weight<T>& w, const Channels<T>& channels, int64_t block, int64_t panel, T* packed) {
  const int64_t count = channels.count(block, panel), first = channels.first(block, panel);
  for (int64_t t = 0; t < w.kd * w.kh * w.kw; ++t)
    for (int64_t k = 0; k < channels.c_in; ++k, packed += channels.nr)
      for (int64_t l = 0; l < channels.nr; ++l) {
        const int64_t o = first + l, group = o / channels.c_out, own = o % channels.c_out;
        const int64_t out = w.backward ? group * channels.c_in + k : o, in = w.backward ? own : k;
        packed[l] = l < count ? w.tap(t)[out * w.at.out + in * w.at.in] : 0;
      }
}

// One panel of one group. `data` of the weight: of the group. Blocks of rows, which are read again for each column.
template <class T>
void pack_dense(const Weight<T>& w, const Channels<T>& channels, int64_t panel, T* packed) {
  const int64_t count = channels.count(0, panel), taps = w.kd * w.kh * w.kw, nr = channels.nr, c_in = channels.c_in;
  if (count < nr) std::memset(packed, 0, sizeof(T) * taps * c_in * nr);
  for (int64_t k0 = 0; k0 < c_in; k0 += 16)
    for (int64_t j = 0; j < count; ++j)
      for (int64_t t = 0; t < taps; ++t) {
        const T* from = w.tap(t) + (panel * nr + j) * w.column();
        for (int64_t k = k0; k < least(c_in, k0 + 16); ++k) packed[(t * c_in + k) * nr + j] = from[k * w.row()];
      }
}

template <class T>
void pack(const Weight<T>& w, const Channels<T>& channels, T* packed) {
  const int64_t panel_size = w.kd * w.kh * w.kw * channels.c_in * channels.nr;
  const bool one_depth = w.kd == 1 || w.at.d == w.kh * w.at.h;
  const int64_t group_out = w.backward ? channels.c_in : channels.c_out;
  if constexpr (sizeof(T) == sizeof(float))
    if (!channels.lanewise && one_depth) {
      // All panels of a group at once, or each alone where they are narrower than pack_weights would make them.
      const int64_t calls = channels.nr == panel_columns(channels.c_out) ? 1 : channels.panels;
      const auto some = [&](int64_t u) {
        const int64_t group = u / calls, first = u % calls * channels.nr;
        const int64_t count = calls == 1 ? channels.c_out : least(channels.nr, channels.c_out - first);
        pack_weights({w.data + group * group_out * w.at.out + first * w.column(), w.column(), w.row(), w.at.h, w.at.w,
                      w.kd * w.kh, w.kw, w.backward},
                     channels.c_in, count, packed + (group * channels.panels + u % calls) * panel_size);
      };
      return channels.groups * calls == 1 ? some(0) : parallel_for(channels.groups * calls, some);
    }
  parallel_for(channels.blocks * channels.panels, [&](int64_t u) {
    const int64_t block = u / channels.panels, panel = u % channels.panels;
    T* to = packed + u * panel_size;
    if (channels.lanewise) return pack_lanes(w, channels, block, panel, to);
    Weight<T> group = w;
    group.data += block * group_out * w.at.out;
    pack_dense(group, channels, panel, to);
  });
}

}  // namespace

template <class T>
void Channels<T>::copy(const T* from, int64_t pixels, int64_t block, T* to) const {
  if (!lanewise) {
    if (groups == 1) return void(std::memcpy(to, from, sizeof(T) * pixels * c_in));
    from += block * c_in;
    for (; pixels > 0; --pixels, from += in_pixel(), to += c_in) {
      // The processor foresees what is read in order, not these pieces.
      for (int64_t c = 0; c < c_in; c += 64 / sizeof(T)) __builtin_prefetch(from + kAhead * in_pixel() + c);
      std::memcpy(to, from, sizeof(T) * c_in);
    }
    return;
  }
  const int64_t size = panels * nr, first = block * size, count = least(size, out_pixel() - first);
  if (c_in == 1 && c_out == 1) {
    for (from += first; pixels > 0; --pixels, from += in_pixel(), to += size) {
      std::memcpy(to, from, sizeof(T) * count);
      std::memset(to + count, 0, sizeof(T) * (size - count));
    }
    return;
  }
  static thread_local Array<int32_t> source;  // of an output channel: the first channel of its group
  source.clear();
  for (int64_t o = 0; o < size; ++o) source.add(int32_t(o < count ? (first + o) / c_out * c_in : 0));
  const int32_t* at = source.data();
  for (; pixels > 0; --pixels, from += in_pixel())
    for (int64_t k = 0; k < c_in; ++k, to += size)
      for (int64_t o = 0; o < size; ++o) to[o] = from[at[o] + k];
}

template <class T>
void general(const ConvShape& s, bool backward, const T* x, const T* weight, WeightStrides at, const T* bias,
             Activation activation, T* y) {
  static thread_local Scratch weight_scratch, bias_scratch;
  const Volume v(s, backward);
  const int64_t in = s.c_in / s.groups, out = s.c_out / s.groups;
  const Channels<T> channels(s.groups, backward ? out : in, backward ? in : out);
  const int64_t panels = channels.blocks * channels.panels, panel_size = v.taps() * channels.c_in * channels.nr;
  T* packed = static_cast<T*>(weight_scratch.bytes(sizeof(T) * panels * panel_size));
  pack(Weight<T>{weight, at, s.kd, s.kh, s.kw, backward}, channels, packed);
  T* shift = nullptr;
  if (bias) {
    shift = static_cast<T*>(bias_scratch.bytes(sizeof(T) * panels * channels.nr));
    std::memset(shift, 0, sizeof(T) * panels * channels.nr);
    for (int64_t u = 0; u < panels; ++u) {
      const int64_t block = u / channels.panels, panel = u % channels.panels;
      const int64_t count = channels.count(block, panel);
      if (count > 0) std::memcpy(shift + u * channels.nr, bias + channels.first(block, panel), sizeof(T) * count);
    }
  }
  const Columns columns(v.columns, !channels.lanewise);
  run_all(Work<T>{v, channels, columns, x, packed, shift, activation, y});
}

template struct Channels<float>;
template struct Channels<double>;
template void general<float>(const ConvShape&, bool, const float*, const float*, WeightStrides, const float*,
                             Activation, float*);
template void general<double>(const ConvShape&, bool, const double*, const double*, WeightStrides, const double*,
                              Activation, double*);

}  // namespace flambeau::FLAMBEAU_ISA
