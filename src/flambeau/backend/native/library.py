"""The library itself, the table of what is made with it, and how arrays are laid out for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np


def _load() -> tuple[Any, str]:
    try:
        return import_module("flambeau.backend.native._runtime"), ""
    except ModuleNotFoundError:
        return None, "which could not be built when it was installed"
    except ImportError as error:
        return None, f"which cannot be loaded ({error})"


runtime, missing = _load()  # the module of kernels, or None and why
least: dict[
    str, int
] = {}  # operation: elements of its largest array from which its kernel is asked
kernels: dict[str, Callable] = {}  # operation: kernel, which answers None to what it does not take

_last: set[str] = set()  # operations whose kernels return arrays that lie channels last

FLOAT, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


def kernel(name: str, *, last: bool = False, least_size: int = 0) -> Callable[[Callable], Callable]:
    """Register the decorated function, of arrays and parameters, as the kernel of an operation.

    ``last``: it returns arrays (N, C, *S) that lie channels last, whatever its inputs' order.
    """

    def register(function: Callable) -> Callable:
        kernels[name] = function
        least[name] = least_size
        if last:
            _last.add(name)
        return function

    return register


def makes_last(name: str) -> bool:
    """Whether the kernel of this operation returns arrays that lie channels last."""
    return name in _last


_ORDERS = {rank: (0, *range(2, rank), 1) for rank in range(3, 6)}


def order_last(rank: int) -> tuple[int, ...]:
    """The axes of (N, C, *S), from the outermost in memory to the innermost, channels last."""
    return _ORDERS[rank]


def lies_last(array: np.ndarray) -> bool:
    """Whether (N, C, *S) lies as (N, *S, C), and in that order alone."""
    order = _ORDERS.get(array.ndim)
    return (
        order is not None
        and not array.flags.c_contiguous
        and array.transpose(order).flags.c_contiguous
    )


SMALL = 4096  # bytes below which memory of our own gains nothing


def empty(shape, dtype=FLOAT) -> np.ndarray:
    """An uninitialised array, row by row, in memory that is aligned and kept (native/memory.h)."""
    return (np.empty if math.prod(shape) * dtype.itemsize < SMALL else runtime.empty)(shape, dtype)


def empty_like(x: np.ndarray) -> np.ndarray:
    """The same with the shape, type and order of ``x``, which is dense."""
    if x.nbytes < SMALL:
        return np.empty_like(x)
    return runtime.empty(x.shape, x.dtype, None if x.flags.c_contiguous else x.strides)


def empty_last(shape, dtype=FLOAT) -> np.ndarray:
    """The same (N, C, *S), channels last.

    Where both orders are the same memory, strides are those of an ordinary array.
    """
    pixels = math.prod(shape[2:])
    if shape[1] == 1 or pixels == 1:
        return empty(shape, dtype)
    steps = [dtype.itemsize] * len(shape)
    step = dtype.itemsize * shape[1]
    for axis in range(len(shape) - 1, 1, -1):
        steps[axis] = step
        step *= shape[axis]
    steps[0] = step
    if step * shape[0] < SMALL:
        return np.ndarray(shape, dtype, strides=steps)
    return runtime.empty(shape, dtype, tuple(steps))


def rows(x: np.ndarray) -> np.ndarray:
    """``x`` (N, C, *S) as a dense array (N, *S, C), copied where need be; of (N, C, L) one with
    height 1.
    """
    y = x.transpose(_ORDERS[x.ndim]) if x.ndim > 3 else x.transpose(0, 2, 1)[:, None]
    if y.flags.c_contiguous:
        return y
    if x.dtype != FLOAT or not x.flags.c_contiguous:
        return np.ascontiguousarray(y)
    z = empty(y.shape)
    n, c = x.shape[:2]
    runtime.transpose(x.reshape(n, c, -1), z.reshape(n, -1, c))
    return z


def row_by_row(x: np.ndarray) -> np.ndarray:
    """A copy of ``x`` (N, C, *S), which lies channels last, in the order of its axes."""
    if x.dtype != FLOAT:
        return np.ascontiguousarray(x)
    y = empty(x.shape)
    n, c = x.shape[:2]
    runtime.transpose(x.transpose(order_last(x.ndim)).reshape(n, -1, c), y.reshape(n, c, -1))
    return y


def dense(x: np.ndarray) -> np.ndarray | None:
    """``x`` with its axes in the order in which it lies; ``None`` where it is dense neither row by
    row nor channels last.
    """
    if x.flags.c_contiguous:
        return x
    order = _ORDERS.get(x.ndim)
    if order is None:
        return None
    y = x.transpose(order)
    return y if y.flags.c_contiguous else None


def laid_like(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``g``, or a copy, with its numbers in memory where ``x`` of the same shape has its own."""
    if g.strides == x.strides:
        return g
    if g.dtype == FLOAT and 2 < g.ndim < 6 and g.size >= SMALL:
        if x.flags.c_contiguous:
            if lies_last(g):
                return row_by_row(g)
        elif g.flags.c_contiguous and lies_last(x):
            y = empty_like(x)
            n, c = x.shape[:2]
            across = y.transpose(order_last(y.ndim)).reshape(n, -1, c)
            runtime.transpose(g.reshape(n, c, -1), across)
            return y
    y = empty_like(x)
    np.copyto(y, g)
    return y
