"""Products of matrices and of stacks of them: the one place that says which the runtime computes.

Measured (benchmarks/kernels_gemm.py), its products take 0.5 to 0.9 of the time of NumPy's BLAS from
a few thousand multiplications on. Below that the call is what costs, and few rows or columns wait
for memory: those are NumPy's.
"""

from __future__ import annotations

import numpy as np

from .library import DOUBLE, FLOAT, empty, runtime

LEAST_ROWS, LEAST_COLUMNS, LEAST_PRODUCTS = 12, 8, 16384


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """a b, of two matrices, two stacks of as many, or a stack and one matrix for all of it;
    ``None`` where NumPy is to compute it.
    """
    if a.ndim < 2 or b.ndim < 2 or a.size * b.shape[-1] < LEAST_PRODUCTS:
        return None
    if a.dtype != b.dtype or (a.dtype != FLOAT and a.dtype != DOUBLE):
        return None
    if b.ndim == 2 and a.ndim > 2 and a.flags.c_contiguous:
        y = product(a.reshape(-1, a.shape[-1]), b)
        return None if y is None else y.reshape(*a.shape[:-1], b.shape[1])
    (m, k), (inner, n) = a.shape[-2:], b.shape[-2:]
    if a.shape[:-2] != b.shape[:-2] or k != inner or m < LEAST_ROWS or n < LEAST_COLUMNS:
        return None
    left, right = _stack(a), _stack(b)
    if left is None or right is None:
        return None
    y = empty((*a.shape[:-1], n), a.dtype)
    runtime.gemm(left, right, y if y.ndim < 4 else y.reshape(-1, m, n))
    return y


def _stack(x: np.ndarray) -> np.ndarray | None:
    """``x`` with at most one axis before its matrices; ``None`` where that would copy it."""
    if any(stride % x.itemsize for stride in x.strides):
        return None
    for outer in range(x.ndim - 3):
        if x.strides[outer] != x.strides[outer + 1] * x.shape[outer + 1]:
            return None
    return x if x.ndim < 4 else x.reshape(-1, *x.shape[-2:])
