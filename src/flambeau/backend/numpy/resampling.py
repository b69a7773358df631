"""Resampling along axes: each output element is a weighted sum of a few input elements."""

from __future__ import annotations

import functools

import numpy as np


@functools.lru_cache(maxsize=256)
def axis_taps(size, out, mode, align_corners, scale, antialias, double):
    """(indices, weights), each (taps, out), of one axis; weights is ``None`` where a single element
    is copied.

    ``scale`` is input elements per output element if the caller fixed it, else ``None``.
    ``double``: compute positions in double precision, as PyTorch does for double inputs; they
    decide where a boundary falls.
    """
    real = np.float64 if double else np.float32
    i = np.arange(out, dtype=real)
    if mode in ("nearest", "nearest-exact"):
        # PyTorch computes these positions in single precision whatever the input's.
        step = np.float32(scale) if scale is not None else np.float32(size) / np.float32(out)
        i = np.arange(out, dtype=np.float32)
        source = np.floor((i + np.float32(0.5)) * step if mode == "nearest-exact" else i * step)
        return np.minimum(source.astype(np.int64), size - 1)[None], None
    if align_corners:
        step = real((size - 1) / (out - 1)) if out > 1 else real(0)
    else:
        step = real(scale) if scale is not None else real(size) / real(out)
    if align_corners and not antialias:
        position = i * step
    else:
        position = (i + real(0.5)) * step - real(0.5)
    if antialias:
        return _smooth_taps(size, mode, position, step)
    if mode == "linear":
        position = np.clip(position, 0, None)
        first = np.minimum(np.floor(position), size - 1)
        t = np.clip(position - first, 0, 1)
        indices, weights = [first, np.minimum(first + 1, size - 1)], [1 - t, t]
    else:
        first = np.floor(position)
        t = position - first
        indices = [np.clip(first + k, 0, size - 1) for k in (-1, 0, 1, 2)]
        weights = [cubic(abs(t - k), -0.75) for k in (-1, 0, 1, 2)]
    return np.stack(indices).astype(np.int64), np.stack(weights)


def cubic(distance, a):
    """The cubic convolution kernel (Keys, 1981) at distances >= 0."""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance < 1, near, np.where(distance < 2, far, 0)).astype(distance.dtype)


def _smooth_taps(size, mode, position, step):
    """Taps of a kernel as wide as the step, so that nothing between output elements is skipped."""
    stretch = max(step, 1)
    support = (1 if mode == "linear" else 2) * stretch
    centre = position + 0.5
    first = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + support + 0.5).astype(np.int64), size)
    offsets = np.arange(max(last - first))[:, None]
    distance = np.abs((first + offsets - centre + 0.5) / stretch)
    weights = np.maximum(1 - distance, 0) if mode == "linear" else cubic(distance, -0.5)
    weights = np.where(first + offsets < last, weights, 0)
    weights /= weights.sum(0)
    return np.minimum(first + offsets, size - 1), weights.astype(position.dtype)


def resample_axes(x, out, plan):
    """x (N, C, *S) -> (N, C, *out); ``plan`` is (mode, align_corners, scales, antialias)."""
    for axis, taps in _plans(x.shape[2:], out, plan, x.dtype):
        indices, weights = taps
        if weights is None:
            x = x.take(indices[0], axis)
            continue
        weights = _along(weights, axis, x)
        y = x.take(indices[0], axis) * weights[0]
        for i in range(1, len(indices)):
            y += x.take(indices[i], axis) * weights[i]
        x = y
    return x


def spread_axes(g, size, plan):
    """Adjoint of ``resample_axes``: (N, C, *out) -> (N, C, *size)."""
    for axis, (indices, weights) in _plans(size, g.shape[2:], plan, g.dtype):
        wide = np.zeros((*g.shape[:axis], size[axis - 2], *g.shape[axis + 1 :]), g.dtype)
        shaped = None if weights is None else _along(weights, axis, g)
        for i, index in enumerate(indices):
            part = g if shaped is None else g * shaped[i]
            # Indices never fall along an axis, so equal ones are neighbours and add up in runs.
            starts = np.flatnonzero(np.diff(index, prepend=-1))
            where = (slice(None),) * axis + (index[starts],)
            wide[where] += np.add.reduceat(part, starts, axis)
        g = wide
    return g


def _plans(size, out, plan, dtype):
    mode, align_corners, scales, antialias = plan
    for axis, (s, o) in enumerate(zip(size, out)):
        scale = scales[axis] if scales else None
        if s != o or scale is not None or antialias:
            taps = axis_taps(s, o, mode, align_corners, scale, antialias, dtype.itemsize == 8)
            yield axis + 2, taps


def _along(weights, axis, x):
    return weights.reshape(*weights.shape, *(1,) * (x.ndim - 1 - axis)).astype(
        x.dtype if x.dtype.kind == "f" else weights.dtype, copy=False
    )
