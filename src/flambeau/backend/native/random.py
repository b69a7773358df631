"""The random stream, and what of float32 is made of it bit by bit as the texts do."""

from __future__ import annotations

import math

import numpy as np

from .library import FLOAT, empty, kernel, runtime

LEAST = 512  # words from which the runtime is faster than NumPy


def words(seed: int, offset: int, count: int) -> np.ndarray | None:
    """``count`` words of the stream; ``None`` where NumPy is to make them."""
    if runtime is None or count < LEAST:
        return None
    out = np.empty(count, np.uint64)
    runtime.philox(seed, offset, out)
    return out


@kernel("rand")
def rand(seed, offset, *, size, dtype):
    """``ops.random.rand``."""
    if dtype != FLOAT or math.prod(size) < LEAST:
        return None
    y = empty(size)
    runtime.uniform(seed, offset, y)
    return y


@kernel("dropout_mask")
def dropout_mask(seed, offset, *, shape, p, dtype):
    """``ops.dropout.dropout_mask``."""
    if dtype != FLOAT or math.prod(shape) < LEAST:
        return None
    y = empty(shape)
    runtime.dropout_mask(seed, offset, p, y)
    return y
