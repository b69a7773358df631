"""Elementwise functions of float32 and their derivatives, where there are elements enough that
threads or vector math pay. Derivatives are kernels of rules, ``NAME.input``: functions of (g, saved
value, parameters).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .library import FLOAT, dense, empty_like, kernel, laid_like, runtime

CHEAP, COSTLY = 32768, 4096  # elements from which the runtime is faster than NumPy


def _no_numbers(*_params, **_named):
    return ()


def _both(
    name: str,
    least: int,
    numbers: Callable = _no_numbers,
    slope: Callable | None = None,
    called: Callable | None = None,
) -> None:
    """A function and its derivative.

    ``numbers``: what the runtime is told besides arrays, from the operation's parameters; ``slope``
    the same for the derivative. ``called``: the runtime's name, where that depends on them.
    """
    called = called or (lambda *_params, **_named: name)

    @kernel(name, least_size=least)
    def compute(x, **params):
        if x.size < least or x.dtype != FLOAT:
            return None
        flat = dense(x)
        if flat is None:
            return None
        y = empty_like(x)
        getattr(runtime, called(**params))(flat, dense(y), *numbers(**params))
        return y

    @kernel(f"{name}.input", least_size=least)
    def compute_slope(g, saved, *params):
        if saved.size < least or saved.dtype != FLOAT or g.dtype != FLOAT or g.shape != saved.shape:
            return None
        flat = dense(saved)
        if flat is None:
            return None
        gx = empty_like(saved)
        run = getattr(runtime, f"{called(*params)}_backward")
        run(dense(laid_like(g, saved)), flat, dense(gx), *(slope or numbers)(*params))
        return gx


_both("relu", CHEAP)
_both("leaky_relu", CHEAP, lambda negative_slope=0.01: (negative_slope,))
_both(
    "threshold", CHEAP, lambda threshold, value: (threshold, value), lambda threshold: (threshold,)
)
_both("hardtanh", CHEAP, lambda min_val, max_val: (min_val, max_val))
_both("hardshrink", CHEAP, lambda lambd=0.5: (lambd,))
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


def _binary(name: str) -> None:
    function = getattr(runtime, name, None)
    with_number = getattr(runtime, f"{name}_number", None)

    @kernel(name, least_size=CHEAP)
    def compute(x, z, **params):
        if type(x) is not np.ndarray or x.size < CHEAP or x.dtype != FLOAT:
            return None
        if params and params != _PLAIN.get(name):
            return None
        flat = dense(x)
        if flat is None:
            return None
        if (
            type(z) is np.ndarray
            and z.shape == x.shape
            and z.strides == x.strides
            and z.dtype == FLOAT
        ):
            y = empty_like(x)
            function(flat, dense(z), dense(y))
            return y
        if type(z) is float or type(z) is int:
            y = empty_like(x)
            with_number(flat, z, dense(y))
            return y
        return None


_PLAIN = {"add": {"alpha": 1}, "sub": {"alpha": 1}, "div": {"rounding_mode": None}}
for _name in ("add", "sub", "mul", "div", "maximum", "minimum"):
    _binary(_name)
