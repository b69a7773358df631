"""Arithmetic of float32 with two operands. One of them may be a number, or an array that is spread
over the other: a bias, a number for each channel, for each image and channel, for each pixel.
"""

from __future__ import annotations

import numpy as np

from .elementwise import CHEAP, is_number
from .library import (
    FLOAT,
    dense,
    empty,
    empty_last,
    empty_like,
    kernel,
    laid_like,
    lies_last,
    order_last,
    runtime,
)

_SWAPPED = {"sub": "rsub", "div": "rdiv"}  # f(x, z) as a function of z and x
_PLAIN = {"add": {"alpha": 1}, "sub": {"alpha": 1}, "div": {"rounding_mode": None}}


def binary(name: str, x, z, scale: float = 0.0):
    """``x`` and ``z`` combined by the runtime's function ``name``; ``None`` where it cannot."""
    if type(x) is not np.ndarray or (type(z) is np.ndarray and x.size < z.size):
        x, z, name = z, x, _SWAPPED.get(name, name)
    if type(x) is not np.ndarray or x.size < CHEAP or x.dtype != FLOAT:
        return None
    flat = dense(x)
    if flat is None:
        return None
    if is_number(z):
        y = empty_like(x)
        getattr(runtime, f"{name}_number")(flat, z, dense(y), scale)
        return y
    if type(z) is not np.ndarray or z.dtype != FLOAT:
        return None
    if z.shape == x.shape:
        if z.strides != x.strides:
            if x.flags.c_contiguous and lies_last(z):  # what lies channels last stays so
                x = laid_like(x, z)
                flat = dense(x)
            else:
                z = laid_like(z, x)
        y = empty_like(x)
        getattr(runtime, name)(flat, dense(z), dense(y), scale)
        return y
    spread = _spread(x, z)
    if spread is None:
        return None
    y = empty_like(x)
    getattr(runtime, name)(flat, spread[0], dense(y), scale, *spread[1:])
    return y


def _spread(x, z):
    """How ``z`` is repeated over the larger ``x``, in the order in which that lies: (``z`` as a
    dense array, repeat, spans) as the runtime wants it.
    """
    rank = x.ndim
    if z.ndim > rank:
        return None
    z = z.reshape((1,) * (rank - z.ndim) + z.shape)
    sizes, given = x.shape, z.shape
    if not x.flags.c_contiguous:
        order = order_last(rank)
        z = z.transpose(order)
        sizes, given = [sizes[a] for a in order], z.shape
    groups: list[list] = []  # (repeated, size) of neighbours of one kind
    for n, m in zip(sizes, given):
        if m != n and m != 1:
            return None
        if n == 1:
            continue
        if groups and groups[-1][0] is (m == 1):
            groups[-1][1] *= n
        else:
            groups.append([m == 1, n])
    repeat = groups.pop()[1] if groups and groups[-1][0] else 1
    if groups and not groups[-1][0]:
        groups.pop()
    spans = 1
    if len(groups) == 2 and not groups[0][0]:
        spans = groups[0][1]
    elif len(groups) > 1 or (groups and not groups[0][0]):
        return None
    return np.ascontiguousarray(z), repeat, spans


def _binary(name: str) -> None:
    plain = _PLAIN.get(name)

    @kernel(name, least_size=CHEAP)
    def compute(x, z, **params):
        if params and params != plain:
            alpha = params.get("alpha")
            if not is_number(alpha) or type(x) is not np.ndarray or type(z) is not np.ndarray:
                return None
            if x.size < z.size:
                return None
            return binary("add_scaled", x, z, alpha if name == "add" else -alpha)
        return binary(name, x, z)


for _name in ("add", "sub", "mul", "div", "maximum", "minimum"):
    _binary(_name)


@kernel("rsub", least_size=CHEAP)
def rsub(x, z, *, alpha=1):
    """``ops.arithmetic.rsub``."""
    return binary("sub", z, x) if alpha == 1 else None


for _name in ("input", "other"):
    kernel(f"mul.{_name}", least_size=CHEAP)(lambda g, other: binary("mul", g, other))


@kernel("lerp", least_size=CHEAP)
def lerp(x, end, weight):
    """``ops.clamp.lerp`` with a number; from the nearer end, so that both are reached exactly."""
    if not is_number(weight) or getattr(end, "shape", None) != x.shape:
        return None
    if abs(weight) < 0.5:
        return binary("lerp", x, end, weight)
    return binary("lerp", end, x, 1 - weight)


def _added(name: str, called: str) -> None:
    @kernel(name, least_size=CHEAP)
    def compute(x, one, two, *, value=1):
        if not is_number(value) or not (x.shape == one.shape == two.shape):
            return None
        product = binary(called, one, two) if x.dtype == FLOAT else None
        if product is None or product.strides != x.strides:
            return None
        flat = dense(product)
        runtime.add_scaled(dense(x), flat, flat, value)
        return product


_added("addcmul", "mul")
_added("addcdiv", "div")


@kernel("where", least_size=CHEAP)
def where(condition, x, z):
    """``ops.compare.where`` of arrays that lie alike, or numbers."""
    if condition.dtype != np.bool_ or condition.size < CHEAP:
        return None
    mask = dense(condition)
    if mask is None:
        return None
    arrays, values = [None, None], [0.0, 0.0]
    for i, part in enumerate((x, z)):
        if is_number(part):
            values[i] = part
        elif type(part) is np.ndarray and part.dtype == FLOAT and part.ndim == 0:
            values[i] = float(part)
        elif (
            type(part) is np.ndarray and part.dtype == FLOAT and part.shape == condition.shape
            and part.strides == tuple([4 * s for s in condition.strides])
        ):  # fmt: skip
            arrays[i] = dense(part)
        else:
            return None
    if arrays[0] is None and arrays[1] is None:
        return None
    y = (empty if mask is condition else empty_last)(condition.shape)
    runtime.where(mask, *arrays, dense(y), *values)
    return y


kernel("where.input", least_size=CHEAP)(lambda g, condition: where(condition, g, 0))
kernel("where.other", least_size=CHEAP)(lambda g, condition: where(condition, 0, g))


@kernel("masked_fill", least_size=CHEAP)
def masked_fill(x, mask, value):
    """``ops.index.masked_fill`` with a mask of the input's shape."""
    return where(mask, value, x) if x.dtype == FLOAT else None
