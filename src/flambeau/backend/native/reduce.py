"""Sums over many numbers."""

from __future__ import annotations

import numpy as np

from .library import FLOAT, kernel, rows, runtime


@kernel("convolution.bias")
def bias_gradient(g):
    """The gradient of a convolution's bias: the sum over all pixels."""
    if g.dtype != FLOAT or not 2 < g.ndim < 5 or not g.size:
        return None
    total = np.empty(g.shape[1], FLOAT)
    runtime.sum(rows(g), total, total.size)
    return total
