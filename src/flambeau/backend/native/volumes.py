"""Pooling of volumes (N, C, D, H, W) by what the runtime has for planes: first the planes of all
depths as so many images, then the depth, as the height of images whose width is all pixels of a
plane. Windows are boxes, so a maximum is that of maxima, and a mean that of means.
"""

from __future__ import annotations

import math

import numpy as np

from .library import empty, empty_last, rows, runtime

FLAT = (1, 1, 0, 1)  # kernel, stride, padding, dilation along a dimension that is not pooled


def number_type(kernel) -> np.dtype:
    """The type that numbers the places of a window."""
    return np.dtype(np.uint8 if math.prod(kernel) <= 256 else np.int32)


def max_windows(x, out, *window):
    """The maxima of (N, C, D, H, W), and their places in their windows."""
    n, c, d = x.shape[:3]
    kernel = window[0]
    planes, depths = _windows(window)
    maxima = empty((n * d, *out[1:], c))
    places = np.empty(maxima.shape, number_type(kernel[1:]))
    runtime.max_pool_forward(_images(x), maxima, places, planes)
    y = empty_last((n, c, *out))
    deep = np.empty(_columns(y).shape, number_type(kernel[:1]))
    runtime.max_pool_forward(maxima.reshape(n, d, -1, c), _columns(y), deep, depths)
    chosen = empty_last(y.shape, number_type(kernel))
    inside = np.take_along_axis(places.reshape(n, d, -1, c), _depth(deep, d, window), 1)
    np.multiply(deep, math.prod(kernel[1:]), out=_columns(chosen), casting="unsafe")
    np.add(_columns(chosen), inside, out=_columns(chosen), casting="unsafe")
    return y, chosen


def max_spread(g, chosen, size, *window):
    """The adjoint, for given places."""
    (n, c, d), pixels = size[:3], math.prod(g.shape[3:])
    kernel = window[0]
    planes, depths = _windows(window)
    deep, inside = np.divmod(_columns(chosen), math.prod(kernel[1:]))
    deep = deep.astype(number_type(kernel[:1]))
    middle = empty((n, d, pixels, c))
    runtime.max_pool_backward(_columns(g), deep, middle, depths)
    places = np.zeros(middle.shape, number_type(kernel[1:]))
    np.put_along_axis(places, _depth(deep, d, window), inside, 1)
    gx = empty_last(size)
    shape = (n * d, *g.shape[3:], c)
    runtime.max_pool_backward(middle.reshape(shape), places.reshape(shape), _images(gx), planes)
    return gx


def _depth(deep, d, window):
    """The depth of each chosen place, (N, D', pixels, C)."""
    (_, stride, padding, dilation) = (p[0] for p in window)
    start = np.arange(deep.shape[1]) * stride - padding
    return np.clip(start.reshape(-1, 1, 1) + deep * np.int64(dilation), 0, d - 1)


def avg_windows(x, out, kernel, stride, padding, count_include_pad, divisor):
    """The means of (N, C, D, H, W)."""
    n, c, d = x.shape[:3]
    planes, depths = _windows((kernel, stride, padding, (1, 1, 1)))
    means = empty((n * d, *out[1:], c))
    once = None if divisor is None else 1
    runtime.avg_pool_forward(_images(x), means, planes, count_include_pad, once)
    y = empty_last((n, c, *out))
    means = means.reshape(n, d, -1, c)
    runtime.avg_pool_forward(means, _columns(y), depths, count_include_pad, divisor)
    return y


def avg_spread(g, size, kernel, stride, padding, count_include_pad, divisor):
    """The adjoint."""
    (n, c, d), pixels = size[:3], math.prod(g.shape[3:])
    planes, depths = _windows((kernel, stride, padding, (1, 1, 1)))
    middle, gx = empty((n, d, pixels, c)), empty_last(size)
    runtime.avg_pool_backward(_columns(g), middle, depths, count_include_pad, divisor)
    middle = middle.reshape(n * d, *g.shape[3:], c)
    once = None if divisor is None else 1
    runtime.avg_pool_backward(middle, _images(gx), planes, count_include_pad, once)
    return gx


def adaptive_avg(x, out):
    """The means of nearly equal cells of (N, C, D, H, W)."""
    n, c, d = x.shape[:3]
    means, y = empty((n * d, *out[1:], c)), empty_last((n, c, *out))
    runtime.avg_pool_forward(_images(x), means, None)
    runtime.avg_pool_forward(means.reshape(n, d, -1, c), _columns(y), None)
    return y


def adaptive_spread(g, size):
    """The adjoint."""
    (n, c, d), pixels = size[:3], math.prod(g.shape[3:])
    middle, gx = empty((n, d, pixels, c)), empty_last(size)
    runtime.avg_pool_backward(_columns(g), middle, None)
    runtime.avg_pool_backward(middle.reshape(n * d, *g.shape[3:], c), _images(gx), None)
    return gx


def _images(x):
    """(N, C, D, H, W) as N * D images (H, W, C)."""
    y = rows(x)
    return y.reshape(-1, *y.shape[2:])


def _columns(x):
    """(N, C, D, H, W) as N images (D, H * W, C)."""
    y = rows(x)
    return y.reshape(*y.shape[:2], -1, y.shape[4])


def _windows(window):
    """The runtime's numbers of the window's planes, and of its depth."""
    planes = [n for numbers in window for n in numbers[1:]]
    return planes, [n for numbers, one in zip(window, FLAT) for n in (numbers[0], one)]
