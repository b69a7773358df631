"""Sums, means, products and extremes of float32 over some dimensions of a dense array."""

from __future__ import annotations

import math

import numpy as np

from .library import FLOAT, empty, kernel, lies_last, order_last, rows, runtime

LEAST = 8192  # elements from which the runtime is faster than NumPy


def reduced(name: str, x: np.ndarray, dim=None, keepdim: bool = False) -> np.ndarray | None:
    """``x`` reduced by the runtime's function ``name``; ``None`` where the text is to do it.

    The runtime reduces an axis between two others, so neighbouring dimensions in memory are taken
    for one, and where those to reduce are not all neighbours it is called for each group.
    """
    if x.dtype != FLOAT or x.size < LEAST:
        return None
    axes = range(x.ndim) if dim is None else (dim,) if type(dim) is int else dim
    if x.flags.c_contiguous:
        order = None
        gone = [axis in axes for axis in range(x.ndim)]
        sizes = x.shape
    elif lies_last(x):
        order = order_last(x.ndim)
        gone = [axis in axes for axis in order]
        sizes = [x.shape[axis] for axis in order]
        x = x.transpose(order)
    else:
        return None
    groups: list[list] = []  # (reduced, size), none beside one of its kind
    for is_gone, n in zip(gone, sizes):
        if groups and groups[-1][0] is is_gone:
            groups[-1][1] *= n
        else:
            groups.append([is_gone, n])
    function = getattr(runtime, name)
    left = [is_gone for is_gone, _ in groups].count(True)
    size = x.size
    inner = 1
    if not left or (name == "norm" and (left > 1 or not groups[-1][0])):
        return None
    for is_gone, n in reversed(groups):
        if not is_gone:
            inner *= n
            continue
        size //= n
        left -= 1
        kept = [1 if g else n for g, n in zip(gone, sizes) if keepdim or not g]
        y = empty((size,) if left else kept)
        function(x, y, inner)
        x = y
    if order is None:
        return x
    if keepdim:
        return x.transpose(np.argsort(order))
    return x.transpose(np.argsort([axis for axis in order if axis not in axes]))


def _reduction(name: str, called: str) -> None:
    @kernel(name, least_size=LEAST)
    def compute(x, *, dim=None, keepdim=False, dtype=None):
        return reduced(called, x, dim, keepdim) if dtype is None else None


for _name, _called in (
    ("sum", "sum"), ("mean", "mean"), ("prod_over", "prod"), ("amax", "max"), ("amin", "min"),
    ("max_all", "max"), ("min_all", "min"),
):  # fmt: skip
    _reduction(_name, _called)


_NORMS = {1.0: "abs_sum", 2.0: "norm", math.inf: "abs_max"}


@kernel("vector_norm", least_size=LEAST)
def vector_norm(x, *, ord, dim=None, keepdim=False, dtype=None):
    """``ops.factor.vector_norm``."""
    called = _NORMS.get(ord)
    return None if called is None or dtype is not None else reduced(called, x, dim, keepdim)


def _extreme(name: str, called: str, find) -> None:
    @kernel(name, least_size=LEAST)
    def compute(x, *, dim, keepdim=False):
        extremes = reduced(called, x, dim, keepdim)
        return None if extremes is None else (extremes, find(x, axis=dim, keepdims=keepdim))


def selected(g, places, input_shape, dim, keepdim):
    """Their derivative: the cotangent lies where the extremes were."""
    if g.dtype != FLOAT or math.prod(input_shape) < LEAST:
        return None
    if not keepdim:
        g, places = np.expand_dims(g, dim), np.expand_dims(places, dim)
    gx = empty(input_shape)
    gx.fill(0)
    np.put_along_axis(gx, places, g, dim)
    return gx


kernel("max_dim.input")(selected)
kernel("min_dim.input")(selected)
_extreme("max_dim", "max", np.argmax)
_extreme("min_dim", "min", np.argmin)


@kernel("convolution.bias")
def bias_gradient(g):
    """The gradient of a convolution's bias: the sum over all pixels."""
    if g.dtype != FLOAT or not 2 < g.ndim < 6 or not g.size:
        return None
    total = np.empty(g.shape[1], FLOAT)
    runtime.sum(rows(g), total, total.size)
    return total
