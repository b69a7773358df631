"""Rows of a table of float32, and adding to them."""

from __future__ import annotations

import math

import numpy as np

from .library import FLOAT, empty, kernel, runtime

LEAST = 16384  # numbers from which the runtime is faster than NumPy


@kernel("add_rows")
def add_rows(g, indices, *, size):
    """``ops.embedding.add_rows``."""
    if g.dtype != FLOAT or g.size < LEAST or not min(size):
        return None
    y = empty(size)
    at = np.ascontiguousarray(indices, np.int64).reshape(-1)
    flat = np.ascontiguousarray(g).reshape(at.size, math.prod(size[1:]))
    try:
        runtime.add_rows(flat, at, y.reshape(size[0], -1))
    except ValueError:
        return None  # the text finds the words
    return y
