"""Elementwise functions of float32 and their derivatives, where there are elements enough that
threads or vector math pay. Derivatives are kernels of rules, ``NAME.input``: functions of (g, saved
value, parameters).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .library import FLOAT, dense, kernel, runtime

CHEAP, COSTLY = 32768, 4096  # elements from which the runtime is faster than NumPy


def _no_numbers(*_params):
    return ()


def _unary(name: str, least: int, numbers: Callable = _no_numbers, run: str = "") -> None:
    function = getattr(runtime, run or name, None)

    @kernel(name, least_size=least)
    def compute(x, **params):
        if x.size < least or x.dtype != FLOAT:
            return None
        flat = dense(x)
        if flat is None:
            return None
        y = np.empty_like(x)
        function(flat, dense(y), *numbers(**params))
        return y


def _derivative(name: str, least: int, numbers: Callable = _no_numbers, run: str = "") -> None:
    function = getattr(runtime, f"{run or name}_backward", None)

    @kernel(f"{name}.input", least_size=least)
    def compute(g, saved, *params):
        if saved.size < least or saved.dtype != FLOAT or g.dtype != FLOAT or g.shape != saved.shape:
            return None
        flat = dense(saved)
        if flat is None:
            return None
        if g.strides != saved.strides:
            g, given = np.empty_like(saved), g
            np.copyto(g, given)
        gx = np.empty_like(saved)
        function(dense(g), flat, dense(gx), *numbers(*params))
        return gx


def _both(
    name: str, least: int, numbers: Callable = _no_numbers, slope: Callable | None = None
) -> None:
    _unary(name, least, numbers)
    _derivative(name, least, slope or numbers)


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


@kernel("gelu", least_size=COSTLY)
def gelu(x, *, approximate="none"):
    """``ops.activation.gelu``."""
    if x.size < COSTLY or x.dtype != FLOAT or dense(x) is None:
        return None
    y = np.empty_like(x)
    (runtime.gelu_tanh if approximate == "tanh" else runtime.gelu)(dense(x), dense(y))
    return y


@kernel("gelu.input", least_size=COSTLY)
def gelu_slope(g, x, approximate="none"):
    """The derivative of ``gelu``."""
    if x.size < COSTLY or x.dtype != FLOAT or g.dtype != FLOAT or g.shape != x.shape:
        return None
    if dense(x) is None or g.strides != x.strides:
        return None
    gx = np.empty_like(x)
    run = runtime.gelu_tanh_backward if approximate == "tanh" else runtime.gelu_backward
    run(dense(g), dense(x), dense(gx))
    return gx


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
            y = np.empty_like(x)
            function(flat, dense(z), dense(y))
            return y
        if type(z) is float or type(z) is int:
            y = np.empty_like(x)
            with_number(flat, z, dense(y))
            return y
        return None


_PLAIN = {"add": {"alpha": 1}, "sub": {"alpha": 1}, "div": {"rounding_mode": None}}
for _name in ("add", "sub", "mul", "div", "maximum", "minimum"):
    _binary(_name)
