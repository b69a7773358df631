"""Elementwise functions of one number: rounding, exponentials, roots and what neural networks make
of them.
"""

from __future__ import annotations

import math

from .registry import POINTWISE, STOPS, ZERO, op

FLAT = ZERO("piecewise constant")
TRUTH = STOPS("a truth value has no derivative")
EVERYWHERE = "torch method inplace"


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, aliases=("absolute",))
def abs_(xp, input):
    """Absolute value |x|; dy/dx = sign(x), which is 0 at 0 and for NaN.

    >>> import flambeau as torch
    >>> torch.abs(torch.tensor([-1.5, 0.0, 2.0]))
    tensor([1.5000, 0.0000, 2.0000])
    """
    return xp.abs(input)


def _abs_rule(xp, g, input):
    direction = xp.sign(input)
    return g * xp.where(xp.isnan(direction), 0, direction)


abs_.vjp(input=_abs_rule)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, aliases=("negative",))
def neg(xp, input):
    """Opposite, -x; dy/dx = -1. Raises RuntimeError for bool.

    >>> import flambeau as torch
    >>> torch.neg(torch.tensor([-1.5, 2.0]))
    tensor([ 1.5000, -2.0000])
    """
    if input.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. "
            "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return xp.negative(input)


neg.vjp(input=lambda xp, g: -g)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def exp(xp, input):
    """Exponential, y = e^x; dy/dx = y.

    >>> import flambeau as torch
    >>> torch.exp(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return xp.exp(input)


@exp.on("numpy")
def _(xp, input):
    return xp.in_double(xp.exp, input)


exp.vjp(input=lambda xp, g, y: g * y)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def exp2(xp, input):
    """Power of two, y = 2^x; dy/dx = y ln 2.

    >>> import flambeau as torch
    >>> torch.exp2(torch.tensor([0.0, 3.0]))
    tensor([1., 8.])
    """
    return xp.exp2(input)


exp2.vjp(input=lambda xp, g, y: g * (y * math.log(2.0)))


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def expm1(xp, input):
    """y = e^x - 1, accurate near 0; dy/dx = y + 1.

    >>> import flambeau as torch
    >>> torch.expm1(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """
    return xp.expm1(input)


expm1.vjp(input=lambda xp, g, y: g * (y + 1))


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def log(xp, input):
    """Natural logarithm; dy/dx = 1 / x.

    >>> import flambeau as torch
    >>> torch.log(torch.tensor([1.0, 10.0]))
    tensor([0.0000, 2.3026])
    """
    return xp.log(input)


@log.on("numpy")
def _(xp, input):
    return xp.in_double(xp.log, input)


log.vjp(input=lambda xp, g, input: g / input)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def log2(xp, input):
    """Logarithm to base 2; dy/dx = 1 / (x ln 2).

    >>> import flambeau as torch
    >>> torch.log2(torch.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """
    return xp.log2(input)


log2.vjp(input=lambda xp, g, input: g / (input * math.log(2.0)))


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def log10(xp, input):
    """Logarithm to base 10; dy/dx = 1 / (x ln 10).

    >>> import flambeau as torch
    >>> torch.log10(torch.tensor([1.0, 10.0]))
    tensor([0., 1.])
    """
    return xp.log10(input)


log10.vjp(input=lambda xp, g, input: g / (input * math.log(10.0)))


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE, node="Log1P")
def log1p(xp, input):
    """y = log(1 + x), accurate near 0; dy/dx = 1 / (1 + x).

    >>> import flambeau as torch
    >>> torch.log1p(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """
    return xp.log1p(input)


log1p.vjp(input=lambda xp, g, input: g / (input + 1))


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def sqrt(xp, input):
    """Square root; dy/dx = 1 / (2 y), infinite at 0.

    >>> import flambeau as torch
    >>> torch.sqrt(torch.tensor([0.0, 9.0]))
    tensor([0., 3.])
    """
    return xp.sqrt(input)


sqrt.vjp(input=lambda xp, g, y: g / (2 * y))


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def rsqrt(xp, input):
    """Reciprocal square root, y = x^(-1/2); dy/dx = -y^3 / 2.

    >>> import flambeau as torch
    >>> torch.rsqrt(torch.tensor([1.0, 4.0]))
    tensor([1.0000, 0.5000])
    """
    return xp.reciprocal(xp.sqrt(input))


rsqrt.vjp(input=lambda xp, g, y: -0.5 * g * (y * y * y))


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, node="Pow")
def square(xp, input):
    """Square, y = x^2; dy/dx = 2 x.

    >>> import flambeau as torch
    >>> torch.square(torch.tensor([-1.5, 2.0]))
    tensor([2.2500, 4.0000])
    """
    if input.dtype.kind == "b":
        return xp.square(input.astype(xp.int64))
    return xp.square(input)


square.vjp(input=lambda xp, g, input: g * (2 * input))


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def reciprocal(xp, input):
    """y = 1 / x; dy/dx = -y^2.

    >>> import flambeau as torch
    >>> torch.reciprocal(torch.tensor([1.0, -4.0]))
    tensor([ 1.0000, -0.2500])
    """
    return xp.reciprocal(input)


reciprocal.vjp(input=lambda xp, g, y: -g * (y * y))


@op(kind=POINTWISE, dtype="float", where="torch method inplace F")
def sigmoid(xp, input):
    """Logistic function, y = 1 / (1 + exp(-x)); dy/dx = y (1 - y).

    >>> import flambeau as torch
    >>> torch.sigmoid(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([0.2689, 0.5000, 0.7311])
    """
    return 1 / (xp.exp(-input) + 1)


sigmoid.vjp(input=lambda xp, g, y: g * (y * (1 - y)))


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def relu(xp, input):
    """Positive part, y = max(x, 0); dy/dx = 1 where x > 0 (or NaN), else 0.

    >>> import flambeau as torch
    >>> torch.relu(torch.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """
    if input.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu: convert the tensor to a number")
    return xp.maximum(input, 0)


@relu.on("numpy")
def _(xp, input):
    """NumPy's clip takes a third of the time of its maximum, but its calls cost more."""
    if input.dtype.kind != "f" or input.size < 4096:
        return relu.kernel(xp, input)
    return xp.clip(input, 0, math.inf)


relu.vjp(input=lambda xp, g, y: xp.where(y <= 0, 0, g))


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def sign(xp, input):
    """-1, 0 or 1 as x is negative, zero (or NaN), or positive; dy/dx = 0.

    >>> import flambeau as torch
    >>> torch.sign(torch.tensor([-1.5, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
    if input.dtype.kind == "b":
        return input.copy()
    if input.dtype.kind == "c":
        raise RuntimeError("Unlike NumPy, sign doesn't support complex numbers: use sgn instead")
    y = xp.sign(input)
    return xp.where(xp.isnan(y), 0, y).astype(y.dtype) if input.dtype.kind == "f" else y


sign.vjp(input=FLAT)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def sgn(xp, input):
    """x / |x|, and 0 at 0: the sign of a real, the direction of a complex number; dy/dx = 0.

    >>> import flambeau as torch
    >>> torch.sgn(torch.tensor([-1.5, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
    if input.dtype.kind == "c":
        size = xp.abs(input)
        return xp.where(size == 0, 0, input / size).astype(input.dtype)
    return sign.kernel(xp, input)


sgn.vjp(input=FLAT)


def _rounds(function, xp, input):
    """Integers are round already; NumPy 2.0 would make floats of them."""
    if input.dtype.kind in "fV":  # V: bfloat16
        return function(input)
    if input.dtype.kind in "bc":
        raise RuntimeError(f"rounding is not implemented for {input.dtype.name} tensors")
    return input.copy()


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def floor(xp, input):
    """Largest integer that is not above x; dy/dx = 0.

    >>> import flambeau as torch
    >>> torch.floor(torch.tensor([-1.5, 2.7]))
    tensor([-2.,  2.])
    """
    return _rounds(xp.floor, xp, input)


floor.vjp(input=FLAT)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def ceil(xp, input):
    """Smallest integer that is not below x; dy/dx = 0.

    >>> import flambeau as torch
    >>> torch.ceil(torch.tensor([-1.5, 2.2]))
    tensor([-1.,  3.])
    """
    return _rounds(xp.ceil, xp, input)


ceil.vjp(input=FLAT)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, aliases=("fix",))
def trunc(xp, input):
    """x without its fraction; dy/dx = 0.

    >>> import flambeau as torch
    >>> torch.trunc(torch.tensor([-1.5, 2.7]))
    tensor([-1.,  2.])
    """
    return _rounds(xp.trunc, xp, input)


trunc.vjp(input=FLAT)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, variant=lambda p: int(p["decimals"] != 0))
def round_(xp, input, *, decimals=0):
    """Nearest integer, halves to the even one; ``decimals`` digits are kept; dy/dx = 0.

    >>> import flambeau as torch
    >>> torch.round(torch.tensor([0.5, 1.5, 2.6])), torch.round(torch.tensor(1.2345), decimals=2)
    (tensor([0., 2., 3.]), tensor(1.2300))
    """
    if decimals == 0:
        return _rounds(xp.rint, xp, input)
    return _rounds(lambda x: xp.round(x, decimals), xp, input)


round_.vjp(input=FLAT)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def frac(xp, input):
    """Fraction of x, with its sign: x - trunc(x); dy/dx = 1.

    >>> import flambeau as torch
    >>> torch.frac(torch.tensor([-1.5, 2.25]))
    tensor([-0.5000,  0.2500])
    """
    if input.dtype.kind in "biuc":
        raise RuntimeError(f"frac is not implemented for {input.dtype.name} tensors")
    return input - xp.trunc(input)


frac.vjp(input=lambda xp, g: g)


def _logit_bounds(input, eps):
    return input if eps is None else input.clip(eps, 1 - eps)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def logit(xp, input, *, eps=None):
    """Log-odds, y = log(z / (1 - z)) with z = x clamped to [eps, 1 - eps]; dy/dx = 1 / (z (1 - z)).

    >>> import flambeau as torch
    >>> torch.logit(torch.tensor([0.25, 0.5]))
    tensor([-1.0986,  0.0000])
    """
    z = _logit_bounds(input, eps)
    return xp.log(z / (1 - z))


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def nan_to_num(xp, input, *, nan=None, posinf=None, neginf=None):
    """NaN and infinities become finite: ``nan`` (0), ``posinf`` (largest), ``neginf`` (lowest).

    dy/dx = 1 elsewhere.

    >>> import flambeau as torch
    >>> torch.nan_to_num(torch.tensor([float("nan"), 2.0]))
    tensor([0., 2.])
    """
    return xp.nan_to_num(input, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


nan_to_num.vjp(input=lambda xp, g, input: xp.where(xp.isfinite(input), g, 0))


def _logit_rule(xp, g, input, eps):
    slope = g / (input * (1 - input))
    if eps is None:
        return xp.where(xp.logical_or(input < 0, input > 1), float("nan"), slope)
    return xp.where(xp.logical_or(input < eps, input > 1 - eps), 0, slope)


logit.vjp(input=_logit_rule)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def deg2rad(xp, input):
    """Degrees to radians, y = x pi / 180.

    >>> import flambeau as torch
    >>> torch.deg2rad(torch.tensor([180.0, 90.0]))
    tensor([3.1416, 1.5708])
    """
    return input * (math.pi / 180)


deg2rad.vjp(input=lambda xp, g: g * (math.pi / 180))


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def rad2deg(xp, input):
    """Radians to degrees, y = x 180 / pi.

    >>> import flambeau as torch
    >>> torch.rad2deg(torch.tensor([3.1415927]))
    tensor([180.])
    """
    return input * (180 / math.pi)


rad2deg.vjp(input=lambda xp, g: g * (180 / math.pi))
