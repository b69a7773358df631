"""Softmax and log-softmax of float32 along the axis whose numbers are neighbours in memory."""

from __future__ import annotations

import numpy as np

from .library import FLOAT, dense, kernel, laid_like, runtime


def _matrix(x: np.ndarray, dim: int) -> np.ndarray | None:
    """``x`` as rows along ``dim``; ``None`` where these numbers are no neighbours."""
    innermost = x.ndim - 1 if x.flags.c_contiguous else 1
    if dim != innermost or not x.size:
        return None
    flat = dense(x)
    return None if flat is None else flat.reshape(-1, x.shape[dim])


def _function(name: str) -> None:
    function = getattr(runtime, f"{name}_forward", None)

    @kernel(name, last=True)
    def compute(x, *, dim):
        if x.dtype != FLOAT or not x.ndim:
            return None
        rows = _matrix(x, dim)
        if rows is None:
            return None
        y = np.empty_like(x)
        function(rows, _matrix(y, dim))
        return y


def _slope(name: str) -> None:
    function = getattr(runtime, f"{name}_backward", None)

    @kernel(f"{name}.input")
    def compute(g, y, dim):
        if y.dtype != FLOAT or g.dtype != FLOAT or g.shape != y.shape or not y.ndim:
            return None
        rows = _matrix(y, dim)
        if rows is None:
            return None
        gx = np.empty_like(y)
        function(_matrix(laid_like(g, y), dim), rows, _matrix(gx, dim))
        return gx


for _name in ("softmax", "log_softmax"):
    _function(_name)
    _slope(_name)
