"""Elementwise functions of float32 and their derivatives, where there are elements enough that
threads or vector math pay. Derivatives are kernels of rules, ``NAME.input``: functions of (g, saved
value, parameters).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from .library import FLOAT, dense, empty_like, kernel, laid_like, runtime

CHEAP, COSTLY = 32768, 4096  # elements from which the runtime is faster than NumPy


def _no_numbers(*_params, **_named):
    return ()


def one(name: str, least: int, x, *numbers):
    """A function of one array; ``None`` where the text is to compute it."""
    if type(x) is not np.ndarray or x.size < least or x.dtype != FLOAT:
        return None
    flat = dense(x)
    if flat is None:
        return None
    y = empty_like(x)
    getattr(runtime, name)(flat, dense(y), *numbers)
    return y


def slope(name: str, least: int, g, saved, *numbers):
    """Its derivative, which lies as the saved value does."""
    if type(saved) is not np.ndarray or saved.size < least or saved.dtype != FLOAT:
        return None
    if g.dtype != FLOAT or g.shape != saved.shape:
        return None
    flat = dense(saved)
    if flat is None:
        return None
    gx = empty_like(saved)
    getattr(runtime, f"{name}_backward")(dense(laid_like(g, saved)), flat, dense(gx), *numbers)
    return gx


def _both(
    name: str,
    least: int,
    numbers: Callable = _no_numbers,
    of_slope: Callable | None = None,
    called: Callable | None = None,
) -> None:
    """The kernels of a function and of its derivative.

    ``numbers``: what the runtime is told besides arrays, from the operation's parameters;
    ``of_slope`` the same for the derivative. ``called``: the runtime's name, where that depends on
    them.
    """
    called = called or (lambda *_params, **_named: name)
    of_slope = of_slope or numbers

    @kernel(name, least_size=least)
    def compute(x, **params):
        return one(called(**params), least, x, *numbers(**params))

    @kernel(f"{name}.input", least_size=least)
    def compute_slope(g, saved, *params):
        return slope(called(*params), least, g, saved, *of_slope(*params))


_both("relu", CHEAP)
_both("leaky_relu", CHEAP, lambda negative_slope=0.01: (negative_slope,))
_both(
    "threshold", CHEAP, lambda threshold, value: (threshold, value), lambda threshold: (threshold,)
)
_both("hardtanh", CHEAP, lambda min_val, max_val: (min_val, max_val))
_both("hardshrink", CHEAP, lambda lambd=0.5: (lambd,))
_both("softshrink", CHEAP, lambda lambd=0.5: (lambd,))
_both("hardsigmoid", CHEAP)
_both("hardswish", CHEAP)
_both("elu", COSTLY, lambda alpha=1.0, scale=1.0, input_scale=1.0: (alpha, scale, input_scale))
_both("softplus", COSTLY, lambda beta=1.0, threshold=20.0: (beta, threshold))
for _name in (
    "tanh",
    "sigmoid",
    "logsigmoid",
    "silu",
    "mish",
    "exp",
    "log",
    "log1p",
    "expm1",
    "erf",
    "sin",
    "cos",
):
    _both(_name, COSTLY)
for _name in ("sqrt", "rsqrt", "square", "reciprocal"):
    _both(_name, CHEAP)


_both(
    "gelu",
    COSTLY,
    called=lambda approximate="none": "gelu_tanh" if approximate == "tanh" else "gelu",
)

for _name in ("abs", "neg", "sign"):
    kernel(_name, least_size=CHEAP)(functools.partial(one, _name, CHEAP))
kernel("abs.input", least_size=CHEAP)(functools.partial(slope, "abs", CHEAP))


# Functions of a number too, which says what the runtime calls them.


def is_number(x) -> bool:
    """Whether ``x`` is a Python number, no bool."""
    return type(x) is float or type(x) is int


_POWERS = {2: "square", 3: "cube", 0.5: "sqrt", -1: "reciprocal"}


@kernel("pow", least_size=CHEAP)
def power(x, exponent, *, form=0):
    """``ops.arithmetic.pow`` with an exponent that is a product, a quotient or a root."""
    name = _POWERS.get(exponent) if is_number(exponent) else None
    return None if name is None else one(name, CHEAP, x)


@kernel("pow.input", least_size=CHEAP)
def power_rule(g, x, exponent):
    """Its derivative."""
    if not is_number(exponent) or exponent not in (2, 3):
        return None
    return slope(_POWERS[exponent], CHEAP, g, x)


def _bounds(low, high):
    """Both bounds as numbers; ``None`` where they are arrays, or no numbers at all."""
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    if not is_number(low) or not is_number(high) or low != low or high != high:
        return None
    return low, high


def _clamped(name: str, order: Callable) -> None:
    """One of the names of ``ops.clamp.clamp``; ``order`` brings its bounds into order."""

    @kernel(name, least_size=CHEAP)
    def compute(x, *given):
        bounds = _bounds(*order(*given))
        return None if bounds is None else one("hardtanh", CHEAP, x, *bounds)

    @kernel(f"{name}.input", least_size=CHEAP)
    def compute_slope(g, x, *given):
        bounds = _bounds(*order(*given))
        return None if bounds is None else slope("clamp", CHEAP, g, x, *bounds)


_clamped("clamp", lambda low=None, high=None: (low, high))
_clamped("clamp_min", lambda low: (low, None))
_clamped("clamp_max", lambda high: (None, high))
