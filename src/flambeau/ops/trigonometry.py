"""Trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

import math

from .pointwise import EVERYWHERE
from .registry import POINTWISE, op


def _float(**extra):
    return op(kind=POINTWISE, dtype="float", where=EVERYWHERE, **extra)


@_float()
def sin(xp, input):
    """Sine; dy/dx = cos x.

    >>> import flambeau as torch
    >>> torch.sin(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """
    return xp.sin(input)


sin.vjp(input=lambda xp, g, input: g * xp.cos(input))


@_float()
def cos(xp, input):
    """Cosine; dy/dx = -sin x.

    >>> import flambeau as torch
    >>> torch.cos(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """
    return xp.cos(input)


cos.vjp(input=lambda xp, g, input: -g * xp.sin(input))


@_float()
def tan(xp, input):
    """Tangent; dy/dx = 1 + y^2.

    >>> import flambeau as torch
    >>> torch.tan(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    return xp.tan(input)


tan.vjp(input=lambda xp, g, y: g * (1 + y * y))


@_float(aliases=("arcsin",))
def asin(xp, input):
    """Inverse sine; dy/dx = 1 / sqrt(1 - x^2), NaN outside [-1, 1].

    >>> import flambeau as torch
    >>> torch.asin(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """
    return xp.arcsin(input)


asin.vjp(input=lambda xp, g, input: g / xp.sqrt(1 - input * input))


@_float(aliases=("arccos",))
def acos(xp, input):
    """Inverse cosine; dy/dx = -1 / sqrt(1 - x^2), NaN outside [-1, 1].

    >>> import flambeau as torch
    >>> torch.acos(torch.tensor([0.0, 1.0]))
    tensor([1.5708, 0.0000])
    """
    return xp.arccos(input)


acos.vjp(input=lambda xp, g, input: -g / xp.sqrt(1 - input * input))


@_float(aliases=("arctan",))
def atan(xp, input):
    """Inverse tangent; dy/dx = 1 / (1 + x^2).

    >>> import flambeau as torch
    >>> torch.atan(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """
    return xp.arctan(input)


atan.vjp(input=lambda xp, g, input: g / (1 + input * input))


@_float()
def sinh(xp, input):
    """Hyperbolic sine; dy/dx = cosh x.

    >>> import flambeau as torch
    >>> torch.sinh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """
    return xp.sinh(input)


sinh.vjp(input=lambda xp, g, input: g * xp.cosh(input))


@_float()
def cosh(xp, input):
    """Hyperbolic cosine; dy/dx = sinh x.

    >>> import flambeau as torch
    >>> torch.cosh(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """
    return xp.cosh(input)


cosh.vjp(input=lambda xp, g, input: g * xp.sinh(input))


@op(kind=POINTWISE, dtype="float", where="torch method inplace F")
def tanh(xp, input):
    """Hyperbolic tangent; dy/dx = 1 - y^2.

    >>> import flambeau as torch
    >>> torch.tanh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return xp.tanh(input)


tanh.vjp(input=lambda xp, g, y: g * (1 - y * y))


@_float(aliases=("arcsinh",))
def asinh(xp, input):
    """Inverse hyperbolic sine; dy/dx = 1 / sqrt(x^2 + 1).

    >>> import flambeau as torch
    >>> torch.asinh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """
    return xp.arcsinh(input)


asinh.vjp(input=lambda xp, g, input: g / xp.sqrt(input * input + 1))


@_float(aliases=("arccosh",))
def acosh(xp, input):
    """Inverse hyperbolic cosine; dy/dx = 1 / sqrt(x^2 - 1), NaN below 1.

    >>> import flambeau as torch
    >>> torch.acosh(torch.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """
    return xp.arccosh(input)


acosh.vjp(input=lambda xp, g, input: g / (xp.sqrt(input - 1) * xp.sqrt(input + 1)))


@_float(aliases=("arctanh",))
def atanh(xp, input):
    """Inverse hyperbolic tangent; dy/dx = 1 / (1 - x^2).

    >>> import flambeau as torch
    >>> torch.atanh(torch.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
    return xp.arctanh(input)


atanh.vjp(input=lambda xp, g, input: g / (1 - input * input))


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE, aliases=("arctan2",), tensors=2)
def atan2(xp, input, other):
    """Angle of the point (other, input) in (-pi, pi].

    d/dinput = other / r^2, d/dother = -input / r^2.

    >>> import flambeau as torch
    >>> torch.atan2(torch.tensor([1.0, -1.0]), torch.tensor([0.0, -1.0]))
    tensor([ 1.5708, -2.3562])
    """
    return xp.arctan2(input, other)


def _over_radius(xp, g, input, other):
    """g / r^2, and 0 at the origin, where the angle has no derivative."""
    radius = input * input + other * other
    return xp.where(radius == 0, 0, g / xp.where(radius == 0, 1, radius))


atan2.vjp(
    input=lambda xp, g, input, other: _over_radius(xp, g, input, other) * other,
    other=lambda xp, g, input, other: _over_radius(xp, g, input, other) * -input,
)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE, tensors=2)
def hypot(xp, input, other):
    """Length of (input, other), y = sqrt(a^2 + b^2) without overflow; dy/da = a / y.

    >>> import flambeau as torch
    >>> torch.hypot(torch.tensor([3.0]), torch.tensor([4.0]))
    tensor([5.])
    """
    return xp.hypot(input, other)


hypot.vjp(
    input=lambda xp, g, y, input: g * (input / y), other=lambda xp, g, y, other: g * (other / y)
)


@_float()
def sinc(xp, input):
    """Normalised cardinal sine, y = sin(pi x) / (pi x) and 1 at 0; dy/dx = (cos(pi x) - y) / x.

    >>> import flambeau as torch
    >>> torch.sinc(torch.tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """
    z = input * math.pi
    return xp.where(z == 0, xp.ones_like(z), xp.sin(z) / xp.where(z == 0, xp.ones_like(z), z))


def _sinc_rule(xp, g, input):
    flat = input * input == 0  # its square may vanish before x does
    x = xp.where(flat, 1, input)
    z = x * math.pi
    slope = (z * xp.cos(z) - xp.sin(z)) / (z * x)
    return g * xp.where(flat, 0, slope)


sinc.vjp(input=_sinc_rule)
