"""Softmax and log-softmax of float32 along the axis whose numbers are neighbours in memory, and
cross entropy with class numbers.
"""

from __future__ import annotations

import numpy as np

from .library import FLOAT, dense, empty, empty_last, empty_like, kernel, laid_like, rows, runtime


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
        flat = _matrix(x, dim)
        if flat is None:
            return None
        y = empty_like(x)
        function(flat, _matrix(y, dim))
        return y


def _slope(name: str) -> None:
    function = getattr(runtime, f"{name}_backward", None)

    @kernel(f"{name}.input")
    def compute(g, y, dim):
        if y.dtype != FLOAT or g.dtype != FLOAT or g.shape != y.shape or not y.ndim:
            return None
        flat = _matrix(y, dim)
        if flat is None:
            return None
        gx = empty_like(y)
        function(_matrix(laid_like(g, y), dim), flat, _matrix(gx, dim))
        return gx


for _name in ("softmax", "log_softmax"):
    _function(_name)
    _slope(_name)


@kernel("softmax_entropy", last=True)
def softmax_entropy(x, target, weight=None, *, ignore_index, reduction):
    """``ops.loss.softmax_entropy``."""
    if x.dtype != FLOAT or not x.size or not (weight is None or weight.dtype == FLOAT):
        return None
    if x.ndim == 2:
        flat = np.ascontiguousarray(x)
        slope = empty(x.shape)
        slopes = slope
    elif x.ndim == 4:
        slope = empty_last(x.shape)
        flat, slopes = (a.reshape(-1, x.shape[1]) for a in (rows(x), rows(slope)))
    else:
        return None
    loss = np.empty(target.shape if reduction == "none" else (), FLOAT)
    if weight is not None:
        weight = np.ascontiguousarray(weight)
    target = np.ascontiguousarray(target, np.int64).reshape(-1)
    try:
        runtime.cross_entropy(
            flat, target, weight, loss.reshape(-1), slopes, reduction, ignore_index
        )
    except IndexError:
        return None  # the text finds the words
    return loss, slope


@kernel("softmax_entropy.input")
def softmax_entropy_rule(g, slope, _target, _weight, _ignore_index, reduction):
    """The derivative of ``softmax_entropy``, unless that of the slope is asked for."""
    g_loss, g_slope = g
    if g_slope is not None or reduction == "none":
        return None
    return slope if g_loss == 1 else slope * g_loss
