"""Pooling of float32 in one or two dimensions, and its adjoints."""

from __future__ import annotations

import numpy as np

from .library import FLOAT, empty_last, kernel, rows, runtime


@kernel("max_windows", last=True)
def max_windows(x, *, kernel, stride, padding, dilation, ceil_mode):
    """``ops.pool.max_windows``."""
    out = _out(x, kernel, stride, padding, dilation, ceil_mode)
    if out is None:
        return None
    y = empty_last((*x.shape[:2], *out))
    places = empty_last(y.shape, np.dtype(np.uint8 if np.prod(kernel) <= 256 else np.int32))
    window = _window((1, 1, 0, 1), kernel, stride, padding, dilation)
    runtime.max_pool_forward(rows(x), rows(y), rows(places), window)
    return y, places


@kernel("max_pool_spread", last=True)
def max_pool_spread(g, places, *, size, kernel, stride, padding, dilation):
    """``ops.pool.max_pool_spread``."""
    if not _takes(g) or not min(size) or places.dtype not in (np.uint8, np.int32):
        return None
    gx = empty_last(size)
    window = _window((1, 1, 0, 1), kernel, stride, padding, dilation)
    runtime.max_pool_backward(rows(g), rows(places), rows(gx), window)
    return gx


@kernel("avg_windows", last=True)
def avg_windows(x, *, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """``ops.average.avg_windows``."""
    out = _out(x, kernel, stride, padding, (1,) * len(kernel), ceil_mode)
    if out is None:
        return None
    y = empty_last((*x.shape[:2], *out))
    window = _window((1, 1, 0), kernel, stride, padding)
    runtime.avg_pool_forward(rows(x), rows(y), window, count_include_pad, divisor_override)
    return y


@kernel("avg_windows_spread", last=True)
def avg_windows_spread(
    g, *, size, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """``ops.average.avg_windows_spread``."""
    if not _takes(g) or not min(size):
        return None
    gx = empty_last(size)
    window = _window((1, 1, 0), kernel, stride, padding)
    runtime.avg_pool_backward(rows(g), rows(gx), window, count_include_pad, divisor_override)
    return gx


@kernel("adaptive_avg", last=True)
def adaptive_avg(x, *, out):
    """``ops.average.adaptive_avg``."""
    if not _takes(x) or not min(out):
        return None
    y = empty_last((*x.shape[:2], *out))
    runtime.adaptive_avg_forward(rows(x), rows(y))
    return y


@kernel("adaptive_avg_spread", last=True)
def adaptive_avg_spread(g, *, size):
    """``ops.average.adaptive_avg_spread``."""
    if not _takes(g) or not min(size):
        return None
    gx = empty_last(size)
    runtime.adaptive_avg_backward(rows(g), rows(gx))
    return gx


def _takes(x) -> bool:
    return x.dtype == FLOAT and 2 < x.ndim < 5 and x.size > 0


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


def _window(flat, *numbers) -> list[int]:
    """The numbers in pairs; those of one dimension beside ``flat`` ones."""
    if len(numbers[0]) == 2:
        return [n for pair in numbers for n in pair]
    return [n for one, (number,) in zip(flat, numbers) for n in (one, number)]
