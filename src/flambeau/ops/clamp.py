"""Bounds, blends, and binary functions that keep one operand's sign or size."""

from __future__ import annotations

import math

from flambeau.core.errors import ArgumentError, DTypeError

from .pointwise import EVERYWHERE, FLAT
from .registry import POINTWISE, op


def _no_order(name, x):
    if x.dtype.kind == "c":
        raise DTypeError(f"{name} is not supported for complex types: they have no order")


# PyTorch numbers the nodes by overload; the one for numbers is what users meet.
@op(
    kind=POINTWISE, dtype="same", where=EVERYWHERE, aliases=("clip",), variant=lambda params: 1
)  # fmt: skip
def clamp(xp, input, min=None, max=None):
    """min(max(x, min), max), where either bound may be absent.

    dy/dx = 1 from bound to bound, else 0.

    >>> import flambeau as torch
    >>> torch.clamp(torch.tensor([-2.0, 0.5, 2.0]), -1, 1), torch.tensor([1.0, 5.0]).clamp(max=2)
    (tensor([-1.0000,  0.5000,  1.0000]), tensor([1., 2.]))
    """
    _no_order("clamp", input)
    if min is None and max is None:
        raise ArgumentError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if min is not None and max is not None and input.size > 2048:
        return xp.clip(input, min, max)
    if min is None:
        return xp.minimum(input, max)
    y = xp.maximum(input, min)
    return y if max is None else xp.minimum(y, max)


def _clamp_input(xp, g, input, min, max):
    inside = True
    if min is not None:
        inside = input >= min
    if max is not None:
        below = input <= max
        inside = below if min is None else xp.logical_and(inside, below)
    return xp.where(inside, g, 0)


def _clamp_min(xp, g, input, min, max):
    low = input < min
    return xp.where(low if max is None else xp.logical_and(low, min < max), g, 0)


def _clamp_max(xp, g, input, min, max):
    high = input > max
    return xp.where(high if min is None else xp.logical_or(high, max < min), g, 0)


clamp.vjp(input=_clamp_input, min=_clamp_min, max=_clamp_max)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def clamp_min(xp, input, min):
    """max(x, min).

    >>> import flambeau as torch
    >>> torch.clamp_min(torch.tensor([-2.0, 0.5]), 0)
    tensor([0.0000, 0.5000])
    """
    _no_order("clamp_min", input)
    return xp.maximum(input, min)


clamp_min.vjp(
    input=lambda xp, g, input, min: xp.where(input >= min, g, 0),
    min=lambda xp, g, input, min: xp.where(input < min, g, 0),
)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def clamp_max(xp, input, max):
    """min(x, max).

    >>> import flambeau as torch
    >>> torch.clamp_max(torch.tensor([-2.0, 0.5]), 0)
    tensor([-2.,  0.])
    """
    _no_order("clamp_max", input)
    return xp.minimum(input, max)


clamp_max.vjp(
    input=lambda xp, g, input, max: xp.where(input <= max, g, 0),
    max=lambda xp, g, input, max: xp.where(input > max, g, 0),
)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def lerp(xp, input, end, weight):
    """Blend, y = input + weight (end - input); exact at weight 0 and 1.

    >>> import flambeau as torch
    >>> torch.lerp(torch.tensor([0.0, 10.0]), torch.tensor([4.0, 20.0]), 0.25)
    tensor([ 1.0000, 12.5000])
    """
    if not hasattr(weight, "dtype"):
        near = abs(weight) < 0.5
        span = end - input
        return input + weight * span if near else end - span * (1 - weight)
    span = end - input
    return xp.where(xp.abs(weight) < 0.5, input + weight * span, end - span * (1 - weight))


lerp.vjp(
    input=lambda xp, g, weight: g * (1 - weight),
    end=lambda xp, g, weight: g * weight,
    weight=lambda xp, g, input, end: g * (end - input),
)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def copysign(xp, input, other):
    """|input| with the sign of other (of a zero too).

    dy/dinput = sign of y over sign of input, 0 at 0.

    >>> import flambeau as torch
    >>> torch.copysign(torch.tensor([1.0, -2.0]), torch.tensor([-0.0, 3.0]))
    tensor([-1.,  2.])
    """
    return xp.copysign(input, other)


copysign.vjp(
    input=lambda xp, g, input, y: g * xp.where(input == 0, 0, y / xp.where(input == 0, 1, input)),
    other=FLAT,
)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, tensors=2)
def heaviside(xp, input, values):
    """Step: 0 below zero, ``values`` at zero, 1 above; not differentiable. Both of one dtype.

    >>> import flambeau as torch
    >>> torch.heaviside(torch.tensor([-1.0, 0.0, 2.0]), torch.tensor([0.5]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    if input.dtype.kind == "c":
        raise DTypeError("heaviside is not yet implemented for complex tensors.")
    return xp.where(input == 0, values, (input > 0).astype(input.dtype))


heaviside.vjp(input=FLAT, values=FLAT)


@op(kind=POINTWISE, dtype="float", where="torch method", tensors=2)
def logaddexp(xp, input, other):
    """log(e^a + e^b) without overflow; d/da = e^(a - y).

    >>> import flambeau as torch
    >>> torch.logaddexp(torch.tensor([1000.0]), torch.tensor([1000.0]))
    tensor([1000.6932])
    """
    return xp.logaddexp(input, other)


logaddexp.vjp(
    input=lambda xp, g, input, other: g * _share(xp, input, other),
    other=lambda xp, g, input, other: g * _share(xp, other, input),
)


def _share(xp, mine, other):
    """e^mine / (e^mine + e^other); a half each where both are the same infinity."""
    return xp.sigmoid(xp.where(mine == other, 0, mine - other))


@op(kind=POINTWISE, dtype="float", where="torch method", tensors=2)
def logaddexp2(xp, input, other):
    """log2(2^a + 2^b) without overflow; d/da = 2^(a - y).

    >>> import flambeau as torch
    >>> torch.logaddexp2(torch.tensor([3.0]), torch.tensor([3.0]))
    tensor([4.])
    """
    return xp.logaddexp2(input, other)


def _share2(xp, mine, other):
    return xp.sigmoid(xp.where(mine == other, 0, mine - other) * math.log(2.0))


logaddexp2.vjp(
    input=lambda xp, g, input, other: g * _share2(xp, input, other),
    other=lambda xp, g, input, other: g * _share2(xp, other, input),
)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE, tensors=0)
def xlogy(xp, input, other):
    """x log y, and 0 where x = 0, unless y is NaN; d/dx = log y, d/dy = x / y.

    >>> import flambeau as torch
    >>> torch.xlogy(torch.tensor([0.0, 2.0]), torch.tensor([0.0, 3.0]))
    tensor([0.0000, 2.1972])
    """
    settled = xp.logical_and(xp.equal(input, 0), xp.logical_not(xp.isnan(other)))
    y = xp.multiply(input, xp.log(other))
    return xp.where(settled, xp.zeros_like(y), y)


xlogy.vjp(
    input=lambda xp, g, input, other: xp.where(
        xp.logical_and(input == 0, other <= 0), 0, g * _log(xp, other)
    ),
    other=lambda xp, g, input, other: g * (input / other),
)


def _log(xp, x):
    return math.log(x) if isinstance(x, (int, float)) and x > 0 else xp.log(x)
