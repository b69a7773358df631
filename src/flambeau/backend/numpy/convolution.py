"""Convolution on NumPy arrays: patches laid out as columns, multiplied by the weights in BLAS.

Everything is ``correlate`` and its adjoint in the weights. The adjoint in the data of a strided
correlation splits into phases (the input positions that share a remainder modulo the stride), each
an unstrided correlation with the flipped taps that reach it.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

BLOCK = 1 << 20  # elements of columns at a time: they stay in the cache until they are multiplied


def correlate(x, w, bias, stride, pads, dilation, groups):
    """y[n, o, p] = bias[o] + sum over c, k of w[o, c, k] * x[n, c, stride * p + dilation * k -
    pad].

    x (N, C, *S), w (O, C / groups, *K); ``pads`` holds a pair (before, after) a dimension, negative
    to crop.
    """
    dtype = x.dtype
    x, w = _computable(x), _computable(w)
    n, o, kernel = x.shape[0], w.shape[0], w.shape[2:]
    out = _out_size(x.shape[2:], kernel, stride, pads, dilation)
    inner = o // groups
    y = np.empty((n, groups, inner, math.prod(out)), x.dtype)
    shift = None if bias is None else bias.reshape(groups, inner, 1, 1)
    last = _channels_last(x.shape[1] // groups, kernel, out)
    matrix = _as_matrix(w, groups, last)
    for rows, columns in _columns(x, kernel, out, stride, pads, dilation, groups, last, BLOCK):
        part = np.matmul(matrix, columns).reshape(groups, inner, -1, y.shape[3])
        target = y[rows].transpose(1, 2, 0, 3)
        if shift is None:
            target[...] = part
        else:
            np.add(part, shift, out=target)
    return y.reshape(n, o, *out).astype(dtype, copy=False)


def correlate_data(g, w, size, stride, padding, dilation, groups):
    """Adjoint of ``correlate`` in x: g (N, O, *P), w (O, C / groups, *K) -> (N, C, *size)."""
    swapped = w.reshape(groups, -1, *w.shape[1:]).swapaxes(1, 2)
    swapped = swapped.reshape(-1, *swapped.shape[2:])  # (C, O / groups, *K)
    sizes = g.shape[2:]
    axes = [_phases(*axis) for axis in zip(sizes, size, w.shape[2:], stride, padding, dilation)]
    if math.prod(stride) == 1 and all(axes):
        return _correlate_phase(g, swapped, [phases[0] for phases in axes], groups)
    gx = np.zeros((g.shape[0], swapped.shape[0], *size), g.dtype)
    for phases in itertools.product(*axes):
        where = tuple(phase[0] for phase in phases)
        gx[(slice(None), slice(None), *where)] = _correlate_phase(g, swapped, phases, groups)
    return gx


def correlate_weight(g, x, kernel, stride, padding, dilation, groups):
    """Adjoint of ``correlate`` in w: g (N, O, *P), x (N, C, *S) -> (O, C / groups, *kernel)."""
    dtype = g.dtype
    g, x = _computable(g), _computable(x)
    n, o, out = g.shape[0], g.shape[1], g.shape[2:]
    c = x.shape[1] // groups
    last = _channels_last(c, kernel, out)
    g = g.reshape(n, groups, o // groups, -1).transpose(1, 2, 0, 3)
    total = np.zeros((groups, o // groups, math.prod(kernel) * c), x.dtype)
    # A block is worth its pass over ``total`` only if it is larger than that.
    block = max(BLOCK, 4 * total.size)
    pads = tuple((p, p) for p in padding)
    for rows, columns in _columns(x, kernel, out, stride, pads, dilation, groups, last, block):
        part = g[:, :, rows].reshape(groups, o // groups, -1)
        total += np.matmul(part, columns.swapaxes(1, 2))
    if last:
        total = np.moveaxis(total.reshape(o, *kernel, c), -1, 1)
    return np.ascontiguousarray(total).reshape(o, c, *kernel).astype(dtype, copy=False)


def _computable(x):
    """Half precision is computed in single: BLAS has no half, and sums want the precision."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 and x.dtype.kind in "fV" else x


def _out_size(size, kernel, stride, pads, dilation):
    return tuple(
        (s + lo + hi - d * (k - 1) - 1) // t + 1
        for s, k, t, (lo, hi), d in zip(size, kernel, stride, pads, dilation)
    )


def _channels_last(channels, kernel, out):
    """Whether columns are gathered in runs of channels rather than in runs of pixels: the longer
    runs.
    """
    return channels * kernel[-1] > 8 * out[-1]


def _as_matrix(w, groups, last):
    """Weights (O, C / groups, *K) as (groups, O / groups, taps), taps ordered as the columns
    are.
    """
    if last:
        w = np.moveaxis(w, 1, -1)
    return np.ascontiguousarray(w).reshape(groups, w.shape[0] // groups, -1)


def _columns(x, kernel, out, stride, pads, dilation, groups, last, block):
    """Yield (images, columns): for a block of images the patches as one matrix (groups, taps,
    images * pixels).

    The rows of the matrix are taps of channels, or (``last``, a transposed view) channels of taps.
    One matrix a block, so that BLAS is called a few times with large matrices: many small calls
    cost more than they compute.
    """
    n, channels = x.shape[:2]
    c = channels // groups
    taps, pixels = math.prod(kernel) * c, math.prod(out)
    step = max(1, min(n, block // max(1, groups * taps * pixels)))
    rank = len(out)
    inner = (step, *out, *kernel, c) if last else (c, *kernel, step, *out)
    buffer = np.empty((groups, *inner), x.dtype)
    frame = None
    if last or any(p for pair in pads for p in pair):
        extent = tuple(s + lo + hi for s, (lo, hi) in zip(x.shape[2:], pads))
        frame = np.zeros((step, *extent, channels) if last else (step, channels, *extent), x.dtype)
        source, target = _overlap(x.shape[2:], pads)
        interior = (slice(None), *target) if last else (slice(None), slice(None), *target)
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        count = rows.stop - start
        part = x[rows]
        if frame is not None:
            image = part[(slice(None), slice(None), *source)]
            frame[:count][interior] = np.moveaxis(image, 1, -1) if last else image
            part = frame[:count]
        strides = part.strides
        space, channel = (strides[1 : 1 + rank], strides[-1]) if last else (strides[2:], strides[1])
        steps = tuple(s * t for s, t in zip(space, stride))
        reach = tuple(s * d for s, d in zip(space, dilation))
        if last:
            shape = (groups, count, *out, *kernel, c)
            patches = as_strided(part, shape, (channel * c, strides[0], *steps, *reach, channel))
            gathered = buffer[:, :count]
            np.copyto(gathered, patches)
            yield rows, gathered.reshape(groups, count * pixels, taps).swapaxes(1, 2)
        else:
            shape = (groups, c, *kernel, count, *out)
            patches = as_strided(part, shape, (channel * c, channel, *reach, strides[0], *steps))
            if count < step:
                buffer = np.empty(shape, x.dtype)
            np.copyto(buffer, patches)
            yield rows, buffer.reshape(groups, taps, count * pixels)


def _overlap(size, pads):
    """Slices of the image, and of its padded frame, where the two coincide."""
    source, target = [], []
    for s, (lo, hi) in zip(size, pads):
        first, stop = max(0, -lo), min(s, s + hi)
        stop = max(first, stop)
        source.append(slice(first, stop))
        target.append(slice(first + lo, stop + lo) if stop > first else slice(0, 0))
    return source, target


def _phases(out, size, kernel, stride, padding, dilation):
    """One axis of ``correlate_data``: for each phase (positions, taps, pads, dilation) of its
    correlation.
    """
    found = []
    shared = math.gcd(stride, dilation)
    period, reach = stride // shared, dilation // shared
    for phase in range(stride):
        first = (phase - padding) % stride
        count = -(-(size - first) // stride)
        tap = next((i for i in range(min(period, kernel)) if i * dilation % stride == phase), None)
        if count <= 0 or tap is None:
            continue
        taps = len(range(tap, kernel, period))
        centre = (first + padding - tap * dilation) // stride
        low = (taps - 1) * reach - centre
        high = count + (taps - 1) * reach - out - low
        last = tap + (taps - 1) * period
        flipped = slice(last, tap - 1 if tap else None, -period)
        found.append((slice(first, None, stride), flipped, (low, high), reach))
    return found


def _correlate_phase(g, w, phases, groups):
    _, taps, pads, dilation = zip(*phases)
    weights = w[(slice(None), slice(None), *taps)]
    return correlate(g, weights, None, (1,) * len(phases), pads, dilation, groups)
