"""The C++ runtime, where it could be built. Without it everything runs through NumPy, slower.

Each file beside this one is a family of kernels: what it does not take (another dtype, a rank that
the runtime lacks) it answers with ``None``, and the operation's own text computes it.
"""

from __future__ import annotations

import functools
import math
import os
import warnings
from collections.abc import Callable

import numpy as np

from . import (
    arithmetic,
    conv,
    elementwise,
    embedding,
    join,
    linear,
    norm,
    optim,
    pooling,
    random,
    reduce,
    softmax,
)
from .library import kernels, least, lies_last, makes_last, missing, order_last, row_by_row, runtime
from .memory import kept_memory, kept_memory_limit, set_kept_memory_limit

__all__ = [
    "enabled", "is_available", "kept_memory", "kept_memory_limit", "least_size", "lies_last",
    "makes_last", "order_last", "over", "over_rule", "product", "row_by_row", "runtime",
    "set_kept_memory_limit", "step", "total", "words",
]  # fmt: skip

enabled = os.environ.get("FLAMBEAU_RUNTIME", "1") != "0"  # False: all is computed through NumPy


def is_available() -> bool:
    """Whether the runtime was built for this machine."""
    return runtime is not None


def over(name: str, plain: Callable) -> Callable:
    """The kernel of the operation ``name``: the runtime's where there is one for the arguments,
    else ``plain``.
    """
    ours = kernels.get(name)
    if ours is None or (runtime is None and not makes_last(name)):
        return plain

    @functools.wraps(plain)
    def run(xp, *arrays, **params):
        if enabled:
            if runtime is None:
                _tell()
            else:
                y = ours(*arrays, **params)
                if y is not None:
                    return y
        return plain(xp, *arrays, **params)

    return run


def least_size(name: str) -> float:
    """How many elements the largest array of an operation must have for its kernel to be asked."""
    return least[name] if name in kernels else math.inf


def over_rule(name: str, plain: Callable) -> Callable:
    """The same for a rule of derivatives, which also runs on tensors: those go to ``plain``.

    ``name`` is that of the operation and of its input, or ``all``: ``"tanh.input"``.
    """
    ours = kernels.get(name)
    if ours is None or runtime is None:
        return plain
    enough = least_size(name)

    @functools.wraps(plain)
    def run(xp, g, *values):
        if enabled and xp.name == "numpy" and (type(g) is not np.ndarray or g.size >= enough):
            y = ours(g, *values)
            if y is not None:
                return y
        return plain(xp, g, *values)

    return run


def step(formula: str, lists, numbers: dict) -> bool:
    """Run the formula of an optimiser's rule on lists of arrays; False where NumPy is to do it."""
    return enabled and runtime is not None and optim.step(formula, lists, numbers)


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """The product of matrices or of stacks of them; ``None`` where NumPy is to compute it."""
    return linear.product(a, b) if enabled and runtime is not None else None


def total(x: np.ndarray, axes: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
    """The sum over some axes."""
    y = reduce.reduced("sum", x, axes, keepdims) if enabled and runtime is not None else None
    return x.sum(axis=axes, keepdims=keepdims) if y is None else y


def words(seed: int, offset: int, count: int) -> np.ndarray | None:
    """Words of the random stream; ``None`` where NumPy is to make them."""
    return random.words(seed, offset, count) if enabled else None


def _tell() -> None:
    """Say once that everything is slower than it could be."""
    global enabled
    enabled = False
    warnings.warn(
        f"flambeau runs without its C++ runtime, {missing}: everything works, through NumPy, but "
        "convolutional networks train several times slower. With a C++20 compiler (g++ or clang) "
        "reinstall it; FLAMBEAU_RUNTIME=0 in the environment silences this.",
        RuntimeWarning,
        stacklevel=2,
    )
