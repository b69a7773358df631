"""Pooling of float32, and its adjoints; that of volumes is in ``volumes.py``."""

from __future__ import annotations

import numpy as np

from . import volumes
from .library import FLOAT, empty_last, kernel, rows, runtime
from .volumes import FLAT, number_type


@kernel("max_windows", last=True)
def max_windows(x, *, kernel, stride, padding, dilation, ceil_mode):
    """``ops.pool.max_windows``."""
    out = _out(x, kernel, stride, padding, dilation, ceil_mode)
    if out is None:
        return None
    if x.ndim == 5:
        return volumes.max_windows(x, out, kernel, stride, padding, dilation)
    y = empty_last((*x.shape[:2], *out))
    places = empty_last(y.shape, number_type(kernel))
    window = _window(kernel, stride, padding, dilation)
    runtime.max_pool_forward(rows(x), rows(y), rows(places), window)
    return y, places


@kernel("max_pool_indices", last=True)
def max_pool_indices(places, *, size, kernel, stride, padding, dilation):
    """``ops.pool.max_pool_indices``."""
    if len(size) != 2 or not places.size or places.dtype not in (np.uint8, np.int32):
        return None
    indices = empty_last(places.shape, np.dtype(np.int64))
    window = _window(kernel, stride, padding, dilation)
    runtime.max_pool_indices(rows(places), rows(indices), *size, window)
    return indices


@kernel("adaptive_max", last=True)
def adaptive_max(x, *, out):
    """``ops.average.adaptive_max``, where all cells have one size."""
    if not _takes(x) or x.ndim > 4 or not min(out):
        return None
    if any(s % n for s, n in zip(x.shape[2:], out)):
        return None
    ones = (1,) * len(out)
    cell = tuple(s // n for s, n in zip(x.shape[2:], out))
    windows = {"kernel": cell, "stride": cell, "padding": (0,) * len(out), "dilation": ones}
    y, places = max_windows(x, **windows, ceil_mode=False)
    if len(out) == 2:
        return y, max_pool_indices(places, size=x.shape[2:], **windows)
    return y, places + np.arange(out[0]) * np.int64(cell[0])


@kernel("max_pool_spread", last=True)
def max_pool_spread(g, places, *, size, kernel, stride, padding, dilation):
    """``ops.pool.max_pool_spread``."""
    if not _takes(g) or not min(size) or places.dtype not in (np.uint8, np.int32):
        return None
    if g.ndim == 5:
        return volumes.max_spread(g, places, size, kernel, stride, padding, dilation)
    gx = empty_last(size)
    window = _window(kernel, stride, padding, dilation)
    runtime.max_pool_backward(rows(g), rows(places), rows(gx), window)
    return gx


@kernel("avg_windows", last=True)
def avg_windows(x, *, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """``ops.average.avg_windows``."""
    out = _out(x, kernel, stride, padding, (1,) * len(kernel), ceil_mode)
    if out is None:
        return None
    y = empty_last((*x.shape[:2], *out))
    if x.ndim == 5:
        more = kernel, stride, padding, count_include_pad, divisor_override
        return volumes.avg_windows(x, out, *more)
    window = _window(kernel, stride, padding, (1,) * len(kernel))
    runtime.avg_pool_forward(rows(x), rows(y), window, count_include_pad, divisor_override)
    return y


@kernel("avg_windows_spread", last=True)
def avg_windows_spread(
    g, *, size, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """``ops.average.avg_windows_spread``."""
    if not _takes(g) or not min(size):
        return None
    if g.ndim == 5:
        more = kernel, stride, padding, count_include_pad, divisor_override
        return volumes.avg_spread(g, size, *more)
    gx = empty_last(size)
    window = _window(kernel, stride, padding, (1,) * len(kernel))
    runtime.avg_pool_backward(rows(g), rows(gx), window, count_include_pad, divisor_override)
    return gx


@kernel("adaptive_avg", last=True)
def adaptive_avg(x, *, out):
    """``ops.average.adaptive_avg``."""
    if not _takes(x) or not min(out):
        return None
    if x.ndim == 5:
        return volumes.adaptive_avg(x, out)
    y = empty_last((*x.shape[:2], *out))
    runtime.avg_pool_forward(rows(x), rows(y), None)
    return y


@kernel("adaptive_avg_spread", last=True)
def adaptive_avg_spread(g, *, size):
    """``ops.average.adaptive_avg_spread``."""
    if not _takes(g) or not min(size):
        return None
    if g.ndim == 5:
        return volumes.adaptive_spread(g, size)
    gx = empty_last(size)
    runtime.avg_pool_backward(rows(g), rows(gx), None)
    return gx


def _takes(x) -> bool:
    return x.dtype == FLOAT and 2 < x.ndim < 6 and x.size > 0


def _out(x, kernel, stride, padding, dilation, ceil_mode):
    """How many windows fit along each dimension; ``None`` where the text is to answer."""
    if not _takes(x):
        return None
    out = []
    for s, k, t, p, d in zip(x.shape[2:], kernel, stride, padding, dilation):
        room = s + 2 * p - d * (k - 1) - 1
        n = (-(-room // t) if ceil_mode else room // t) + 1
        out.append(n - 1 if ceil_mode and (n - 1) * t >= s + p else n)
    return out if min(out) > 0 else None


def _window(*numbers) -> list[int]:
    """Kernel, stride, padding and dilation in pairs; those of one dimension beside flat ones."""
    if len(numbers[0]) == 2:
        return [n for pair in numbers for n in pair]
    return [n for one, (number,) in zip(FLAT, numbers) for n in (one, number)]
