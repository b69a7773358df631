"""Padding by what is inside, and windows laid out as columns, with their adjoints."""

from __future__ import annotations

import math

import numpy as np

from .pooling import crop, taps


def reach_inside(size, before, after, mode):
    """For each position of a padded axis the position inside that it copies."""
    i = np.arange(-before, size + after)
    if mode == "replicate":
        return np.clip(i, 0, size - 1)
    if mode == "circular":
        return i % size
    i = np.abs(i)  # reflect: the border element itself is not repeated
    return np.where(i >= size, 2 * (size - 1) - i, i)


def pad_border(x, pads, mode):
    """``x`` with its last axes lengthened by (before, after) elements, copied from inside."""
    first = x.ndim - len(pads)
    for axis, (before, after) in enumerate(pads, first):
        if before or after:
            x = x.take(reach_inside(x.shape[axis], before, after, mode), axis)
    return x


def fold_border(g, pads, mode):
    """Adjoint of ``pad_border``: what was copied outside adds up inside."""
    first = g.ndim - len(pads)
    for axis, (before, after) in enumerate(pads, first):
        if not (before or after):
            continue
        g = np.moveaxis(g, axis, -1)
        size = g.shape[-1] - before - after
        source = reach_inside(size, before, after, mode)
        low, high = max(0, before), g.shape[-1] - max(0, after)
        inside = np.zeros((*g.shape[:-1], size), g.dtype)
        inside[..., source[low:high]] = g[..., low:high]
        for part in (slice(0, low), slice(high, None)):
            target = source[part]
            if mode == "replicate" and target.size:
                inside[..., target[0]] += g[..., part].sum(-1)
            elif target.size:  # one border alone never meets an element twice
                inside[..., target] += g[..., part]
        g = np.moveaxis(inside, -1, axis)
    return np.ascontiguousarray(g)


def unfold_windows(x, kernel, stride, padding, dilation, out):
    """Windows of x (N, C, *S) as columns (N, C * prod(kernel), prod(out)), zeros beyond the
    border.
    """
    n, c = x.shape[:2]
    pads = [(0, 0), (0, 0), *[(p, p) for p in padding]]
    frame = np.pad(x, pads) if any(padding) else x
    columns = np.empty((n, c, math.prod(kernel), *out), x.dtype)
    for i, where in enumerate(taps(kernel, stride, dilation, out)):
        columns[:, :, i] = frame[where]
    return columns.reshape(n, c * math.prod(kernel), math.prod(out))


def fold_windows(columns, size, kernel, stride, padding, dilation, out):
    """Adjoint of ``unfold_windows``: overlapping windows add up in (N, C, *size)."""
    n, taken = columns.shape[0], math.prod(kernel)
    columns = columns.reshape(n, columns.shape[1] // taken, taken, *out)
    extent = tuple(s + 2 * p for s, p in zip(size, padding))
    frame = np.zeros((n, columns.shape[1], *extent), columns.dtype)
    for i, where in enumerate(taps(kernel, stride, dilation, out)):
        frame[where] += columns[:, :, i]
    return crop(frame, size, padding)
