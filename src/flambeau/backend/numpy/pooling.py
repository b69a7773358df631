"""Pooling windows on NumPy arrays: loops over the taps of a window, each a strided view of the
whole batch.
"""

from __future__ import annotations

import itertools
import math

import numpy as np


def window_maxima(x, kernel, stride, padding, dilation, out):
    """Largest element of each window and the number of the tap that holds it: (N, C, *out) twice.

    The first of equal elements counts, and a NaN beats every number.
    """
    frame = _frame(x, kernel, stride, padding, dilation, out, _lowest(x.dtype))
    views = [frame[where] for where in taps(kernel, stride, dilation, out)]
    y = views[0].copy()
    for view in views[1:]:
        np.maximum(y, view, out=y)
    # The number of the first tap that equals the maximum is how many before it do not.
    chosen = np.zeros(y.shape, np.uint8 if len(views) <= 256 else np.int32)
    missed = np.ones(y.shape, bool)
    for view in views[:-1]:
        missed &= view != y
        chosen += missed
    if y.dtype.kind in "fV" and np.isnan(y.sum()):
        for tap, view in enumerate(views):
            np.copyto(chosen, tap, where=np.isnan(view))
    return y, chosen


def spread_windows(g, chosen, size, kernel, stride, padding, dilation):
    """Adjoint of picking: adds g (N, C, *out) where each window's chosen tap lies, in (N, C,
    *size).
    """
    out = g.shape[2:]
    before = tuple(padding)
    extent = tuple(
        max(s + p, (o - 1) * t + d * (k - 1) + 1)
        for s, p, o, t, d, k in zip(size[2:], before, out, stride, dilation, kernel)
    )
    frame = np.zeros((*size[:2], *extent), g.dtype)
    # Selected by their bits: a product with 0 would turn infinities into NaN, and np.where is slow.
    word = np.dtype(f"i{g.dtype.itemsize}")
    bits = np.ascontiguousarray(g).view(word)
    apart = all(t >= d * (k - 1) + 1 for t, d, k in zip(stride, dilation, kernel))
    for tap, where in enumerate(taps(kernel, stride, dilation, out)):
        mask = (chosen == tap).astype(word)
        np.negative(mask, out=mask)  # all bits where this tap was chosen, none elsewhere
        if apart:
            np.bitwise_and(bits, mask, out=frame.view(word)[where])
        else:
            frame[where] += np.bitwise_and(bits, mask).view(g.dtype)
    return crop(frame, size[2:], before)


def pick_windows(x, chosen, kernel, stride, padding, dilation):
    """The element of x (N, C, *S) under each window's chosen tap: (N, C, *out)."""
    out = chosen.shape[2:]
    frame = _frame(x, kernel, stride, padding, dilation, out, 0)
    y = np.zeros(chosen.shape, x.dtype)
    for tap, where in enumerate(taps(kernel, stride, dilation, out)):
        np.copyto(y, frame[where], where=chosen == tap)
    return y


def window_indices(chosen, size, kernel, stride, padding, dilation):
    """The position of each window's chosen tap in the flattened plane of ``size``, as int64."""
    index = np.zeros((), np.int64)
    rest = chosen
    for axis in range(len(kernel) - 1, -1, -1):
        rest, tap = np.divmod(rest, kernel[axis])
        start = np.arange(chosen.shape[2 + axis]) * stride[axis] - padding[axis]
        start = start.reshape(-1, *(1,) * (len(kernel) - 1 - axis))
        index = index + (start + tap * np.int64(dilation[axis])) * math.prod(size[axis + 1 :])
    return index


def sum_windows(x, kernel, stride, padding, out):
    """Sum of each window of x (N, C, *S), zeros beyond its border: (N, C, *out)."""
    ones = (1,) * len(kernel)
    frame = _frame(x, kernel, stride, padding, ones, out, 0)
    # Windows are boxes: one axis after the other needs the sum of the kernel's sides, not their
    # product.
    for axis, (k, t, o) in enumerate(zip(kernel, stride, out), 2):
        parts = [
            frame[(*(slice(None),) * axis, slice(i, i + t * (o - 1) + 1, t))] for i in range(k)
        ]
        total = parts[0].copy()
        for part in parts[1:]:
            total += part
        frame = total
    return frame


def spread_sums(g, size, kernel, stride, padding):
    """Adjoint of ``sum_windows``: (N, C, *out) -> (N, C, *size)."""
    frame = g
    for axis, (k, t, s, p) in enumerate(zip(kernel, stride, size[2:], padding), 2):
        o = g.shape[axis]
        extent = max(s + p, (o - 1) * t + k)
        wide = np.zeros((*frame.shape[:axis], extent, *frame.shape[axis + 1 :]), g.dtype)
        for i in range(k):
            wide[(*(slice(None),) * axis, slice(i, i + t * (o - 1) + 1, t))] += frame
        frame = wide
    return crop(frame, size[2:], padding)


def taps(kernel, stride, dilation, out):
    """For each tap of a window the index of the elements that it meets, in row-major order."""
    return [
        (
            slice(None),
            slice(None),
            *[
                slice(i * d, i * d + t * (o - 1) + 1, t)
                for i, d, t, o in zip(tap, dilation, stride, out)
            ],
        )
        for tap in itertools.product(*map(range, kernel))
    ]


def crop(frame, size, before):
    """The part of a padded frame that is not padding."""
    if frame.shape[2:] == tuple(size):
        return frame
    return frame[
        (slice(None), slice(None), *[slice(b, b + s) for b, s in zip(before, size)])
    ].copy()


def _frame(x, kernel, stride, padding, dilation, out, fill):
    """``x`` with ``fill`` around it as far as the windows reach; ``x`` itself where they stay
    inside.
    """
    size = x.shape[2:]
    extent = tuple(
        max(s + p, (o - 1) * t + d * (k - 1) + 1)
        for s, p, o, t, d, k in zip(size, padding, out, stride, dilation, kernel)
    )
    if extent == size:
        return x
    frame = np.full((*x.shape[:2], *extent), fill, x.dtype)
    frame[(slice(None), slice(None), *[slice(p, p + s) for p, s in zip(padding, size)])] = x
    return frame


def _lowest(dtype):
    if dtype.kind in "fV":
        return -np.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def window_counts(size, kernel, stride, padding, out, include_padding):
    """How many elements each window averages: an array of shape ``out``; padding counts if
    ``include_padding``.
    """
    counts = np.ones((), np.int64)
    for s, k, t, p, o in zip(size, kernel, stride, padding, out):
        first = np.arange(o) * t - p
        last = np.minimum(first + k, s + p)
        if not include_padding:
            first, last = np.maximum(first, 0), np.minimum(last, s)
        counts = counts[..., None] * (last - first)
    return counts


def cell_bounds(size, out):
    """Adaptive pooling's cells along one axis: cell i is [floor(i size / out), ceil((i + 1) size /
    out)).
    """
    i = np.arange(out)
    return i * size // out, -(-(i + 1) * size // out)


def cell_means(x, out):
    """Mean of each cell of x (N, C, *S): (N, C, *out), one axis after the other."""
    for axis, o in enumerate(out, 2):
        s = x.shape[axis]
        if o and s % o == 0:
            x = x.reshape(*x.shape[:axis], o, s // o, *x.shape[axis + 1 :]).mean(axis + 1)
        else:
            matrix = _cell_matrix(s, o, x.dtype)
            x = np.moveaxis(np.matmul(np.moveaxis(x, axis, -1), matrix.T), -1, axis)
    return np.ascontiguousarray(x)


def spread_means(g, size):
    """Adjoint of ``cell_means``: (N, C, *out) -> (N, C, *size)."""
    for axis, s in enumerate(size[2:], 2):
        o = g.shape[axis]
        if o and s % o == 0:
            g = np.repeat(g / (s // o) if s != o else g, s // o, axis)
        else:
            matrix = _cell_matrix(s, o, g.dtype)
            g = np.moveaxis(np.matmul(np.moveaxis(g, axis, -1), matrix), -1, axis)
    return np.ascontiguousarray(g)


def _cell_matrix(size, out, dtype):
    first, last = cell_bounds(size, out)
    i = np.arange(size)
    inside = (i >= first[:, None]) & (i < last[:, None])
    return (inside / (last - first)[:, None]).astype(dtype)


def cell_maxima(x, out):
    """Largest element of each cell of x (N, C, *S), and its position in the flattened plane
    (int64).
    """
    size = x.shape[2:]
    rank = len(out)
    index = np.zeros((1,) * (2 * rank), np.int64)
    for axis, (s, o) in enumerate(zip(size, out)):
        first, last = cell_bounds(s, o)
        # Shorter cells name their last element again, which changes no maximum.
        reach = max(last - first) if o else 0
        within = np.minimum(first[:, None] + np.arange(reach), last[:, None] - 1)
        shape = [1] * (2 * rank)
        shape[axis], shape[rank + axis] = within.shape
        index = index * s + within.reshape(shape)
    index = index.reshape(*index.shape[:rank], -1)
    cells = x.reshape(*x.shape[:2], -1)[:, :, index]
    chosen = cells.argmax(-1)
    positions = np.take_along_axis(np.broadcast_to(index, cells.shape), chosen[..., None], -1)
    return np.take_along_axis(cells, chosen[..., None], -1)[..., 0], positions[..., 0]


def add_at_positions(g, positions, size):
    """Zeros of shape ``size`` (N, C, *S) with g added at its positions in each flattened plane."""
    planes, cells = math.prod(size[:2]), math.prod(size[2:])
    flat = positions.reshape(planes, -1) + np.arange(planes)[:, None] * cells
    total = np.bincount(flat.ravel(), g.ravel(), planes * cells)
    return total.astype(g.dtype).reshape(size)
