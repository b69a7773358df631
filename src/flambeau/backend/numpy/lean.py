"""NumPy functions that are written in Python, at a fraction of their fixed cost."""

from __future__ import annotations

import numpy as np


def broadcast_to(x, shape):
    """NumPy's broadcast_to: a read-only view of ``x`` that repeats it along new and unit axes."""
    if x.shape == shape:
        return x
    x = np.asarray(x)
    lead = len(shape) - x.ndim
    if lead < 0 or not x.size or x.dtype.kind == "V" or not x.flags.c_contiguous:
        return np.broadcast_to(x, shape)
    strides = [0] * lead
    for have, want, stride in zip(x.shape, shape[lead:], x.strides):
        if have != want and have != 1:
            return np.broadcast_to(x, shape)  # says what does not fit
        strides.append(stride if have == want else 0)
    y = np.ndarray(shape, x.dtype, x, 0, strides)
    y.flags.writeable = False
    return y


def expand_dims(x, axis):
    """A view of ``x`` with a unit axis at ``axis``."""
    if type(axis) is not int or not -x.ndim - 1 <= axis <= x.ndim:
        return np.expand_dims(x, axis)
    if axis < 0:
        axis += x.ndim + 1
    return x.reshape(x.shape[:axis] + (1,) + x.shape[axis:])


def swapaxes(x, axis1, axis2):
    """A view of ``x`` with two axes exchanged."""
    return x.swapaxes(axis1, axis2)


def sum(x, axis=None, dtype=None, out=None, keepdims=False):
    """Sum of all elements or over ``axis``."""
    return np.add.reduce(x, axis, dtype, out, keepdims)


def max(x, axis=None, out=None, keepdims=False, **limits):
    """Largest element, or largest elements along ``axis``."""
    return np.maximum.reduce(x, axis, None, out, keepdims, **limits)


def min(x, axis=None, out=None, keepdims=False, **limits):
    """Smallest element, or smallest elements along ``axis``."""
    return np.minimum.reduce(x, axis, None, out, keepdims, **limits)
