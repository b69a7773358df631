"""Arithmetic of two or three operands: sums, products, quotients, powers and their remainders."""

from __future__ import annotations

import math
from numbers import Number

from flambeau.core.dtypes import get_default_dtype
from flambeau.core.errors import ArgumentError, DTypeError

from .pointwise import EVERYWHERE, FLAT
from .registry import POINTWISE, op

_KINDS = {"u": "i", "V": "f"}  # V: bfloat16


def _kind(x) -> str:
    """'b', 'i', 'f' or 'c': what an array or a Python number is made of."""
    if hasattr(x, "dtype"):
        return _KINDS.get(x.dtype.kind, x.dtype.kind)
    return {bool: "b", int: "i", float: "f"}.get(type(x), "c")


def _scaled(xp, x, alpha, beside):
    """``alpha * x``, with PyTorch's checks of alpha."""
    if alpha == 1:
        return x
    kinds = _kind(x) + _kind(beside)
    if isinstance(alpha, float) and not ("f" in kinds or "c" in kinds):
        raise ArgumentError(
            f"For integral input tensors, argument alpha must not be a floating point number, "
            f"got {alpha}"
        )
    if isinstance(alpha, bool) and kinds != "bb":
        raise ArgumentError("Boolean alpha only supported for Boolean results.")
    return x * alpha


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def add(xp, input, other, *, alpha=1):
    """Sum, y = input + alpha * other.

    >>> import flambeau as torch
    >>> torch.add(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]), alpha=0.5)
    tensor([ 6., 12.])
    """
    return xp.add(input, other if alpha == 1 else _scaled(xp, other, alpha, input))


add.vjp(input=lambda xp, g: g, other=lambda xp, g, alpha: g if alpha == 1 else g * alpha)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, aliases=("subtract",))
def sub(xp, input, other, *, alpha=1):
    """Difference, y = input - alpha * other. Raises RuntimeError for bool tensors.

    >>> import flambeau as torch
    >>> torch.sub(torch.tensor([1.0, 2.0]), 3)
    tensor([-2., -1.])
    """
    return xp.subtract(input, other if alpha == 1 else _scaled(xp, other, alpha, input))


@sub.checks
def _no_bool_difference(a, b):
    if "b" not in (_kind(a), _kind(b)):
        return
    if _kind(a) == _kind(b) == "b":
        raise DTypeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )
    raise DTypeError(
        "Subtraction, the `-` operator, with a bool tensor is not supported. "
        "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
    )


sub.vjp(input=lambda xp, g: g, other=lambda xp, g, alpha: -g if alpha == 1 else g * -alpha)


# PyTorch numbers the nodes by overload; the one for numbers is what users meet.
@op(kind=POINTWISE, dtype="same", where="torch", variant=lambda params: 1)
def rsub(xp, input, other, *, alpha=1):
    """Difference the other way, y = other - alpha * input.

    >>> import flambeau as torch
    >>> torch.rsub(torch.tensor([1.0, 2.0]), 3)
    tensor([2., 1.])
    """
    return xp.subtract(other, input if alpha == 1 else _scaled(xp, input, alpha, other))


rsub.checks(_no_bool_difference)
rsub.vjp(input=lambda xp, g, alpha: g * -alpha, other=lambda xp, g: g)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, aliases=("multiply",))
def mul(xp, input, other):
    """Product, y = input * other; dy/dinput = other.

    >>> import flambeau as torch
    >>> torch.mul(torch.tensor([1.0, 2.0]), torch.tensor([[3.0], [4.0]]))
    tensor([[3., 6.],
            [4., 8.]])
    """
    return xp.multiply(input, other)


mul.vjp(input=lambda xp, g, other: g * other, other=lambda xp, g, input: g * input)


def _div_variant(params) -> int:
    return 0 if params.get("rounding_mode") is None else 2


@op(
    kind=POINTWISE, dtype="same", where=EVERYWHERE,
    aliases=("divide", "true_divide"), variant=_div_variant,
)  # fmt: skip
def div(xp, input, other, *, rounding_mode=None):
    """Quotient, y = input / other, of integers as floats.

    dy/dinput = 1 / other, dy/dother = -y / other.

    Args: rounding_mode: None, "trunc" (towards zero, as in C) or "floor" (as Python's //).

    >>> import flambeau as torch
    >>> x = torch.tensor([7, -7])
    >>> torch.div(x, 2), torch.div(x, 2, rounding_mode="trunc")
    (tensor([ 3.5000, -3.5000]), tensor([ 3, -3]))
    """
    if rounding_mode is None:
        if input.dtype.kind in "biu" if hasattr(input, "dtype") else other.dtype.kind in "biu":
            return xp.divide(input, other, dtype=get_default_dtype().numpy)
        return xp.divide(input, other)
    if rounding_mode == "floor":
        return _floor_divide(xp, input, other)
    if rounding_mode == "trunc":
        return _trunc_divide(xp, input, other)
    raise ArgumentError(
        f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
        f"{rounding_mode!r}"
    )


def _check_integer_divisor(xp, input, other):
    if _kind(input) in "bi" and _kind(other) in "bi" and xp.any(xp.equal(other, 0)):
        raise ArgumentError("ZeroDivisionError: integer division by zero")


def _floor_divide(xp, input, other):
    _check_integer_divisor(xp, input, other)
    if _kind(input) in "fc" or _kind(other) in "fc":
        # NumPy answers NaN for an infinite dividend and for a zero divisor keeps the infinity, as
        # PyTorch.
        y = xp.floor_divide(input, other)
        return xp.where(xp.isinf(input), xp.divide(input, other), y)
    return xp.floor_divide(input, other)


def _trunc_divide(xp, input, other):
    _check_integer_divisor(xp, input, other)
    if _kind(input) in "fc" or _kind(other) in "fc":
        return xp.trunc(xp.divide(input, other))
    return xp.floor_divide(input - xp.fmod(input, other), other)


def _div_input(xp, g, other, rounding_mode):
    return g / other if rounding_mode is None else xp.zeros_like(g)


def _div_other(xp, g, input, other, rounding_mode):
    return -g * ((input / other) / other) if rounding_mode is None else xp.zeros_like(g)


div.vjp(input=_div_input, other=_div_other)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def floor_divide(xp, input, other):
    """Quotient rounded down, as Python's //; not differentiable.

    >>> import flambeau as torch
    >>> torch.floor_divide(torch.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    return _floor_divide(xp, input, other)


floor_divide.vjp(input=FLAT, other=FLAT)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, tensors=0)
def remainder(xp, input, other):
    """Remainder with the sign of the divisor, as Python's %: x - y floor(x / y).

    d/dx = 1, d/dy = -floor(x / y).

    >>> import flambeau as torch
    >>> torch.remainder(torch.tensor([-3.0, 3.0]), 2)
    tensor([1., 1.])
    """
    _check_integer_divisor(xp, input, other)
    return xp.remainder(input, other)


remainder.vjp(
    input=lambda xp, g: g,
    other=lambda xp, g, input, other: -g * xp.floor(input / other),
)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def fmod(xp, input, other):
    """Remainder with the sign of the dividend, as C's fmod: x - y trunc(x / y).

    d/dx = 1, d/dy = -trunc(x / y).

    >>> import flambeau as torch
    >>> torch.fmod(torch.tensor([-3.0, 3.0]), 2)
    tensor([-1.,  1.])
    """
    _check_integer_divisor(xp, input, other)
    return xp.fmod(input, other)


fmod.vjp(
    input=lambda xp, g: g,
    other=lambda xp, g, input, other: -g * xp.trunc(input / other),
)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, variant=lambda params: params.get("form", 0))
def pow_(xp, input, exponent, *, form=0):
    """Power, y = x^p.

    dy/dx = p x^(p-1), dy/dp = y log x, both 0 where y does not depend on the operand.

    >>> import flambeau as torch
    >>> torch.pow(torch.tensor([1.0, 2.0, 3.0]), 2), torch.pow(2, torch.tensor([1.0, 3.0]))
    (tensor([1., 4., 9.]), tensor([2., 8.]))
    """
    if isinstance(exponent, (int, float)) and hasattr(input, "dtype"):
        return _power_of_number(xp, input, exponent)
    if _kind(input) in "bi" and _kind(exponent) in "bi":
        return _integer_power(xp, input, exponent)
    return xp.power(input, exponent)


def _power_of_number(xp, input, exponent):
    if input.dtype.kind in "biu":
        return (
            xp.power(input, exponent, dtype=input.dtype)
            if input.dtype.kind != "b"
            else (xp.power(input.astype(xp.int64), exponent).astype(bool))
        )
    if exponent == 2:
        return xp.multiply(input, input)
    if exponent == 0.5:
        return xp.sqrt(input)
    if exponent == 3:
        return xp.multiply(xp.multiply(input, input), input)
    if exponent == -1:
        return xp.reciprocal(input)
    return xp.power(input, exponent)


def _integer_power(xp, input, exponent):
    """NumPy refuses negative exponents.

    Rounded towards zero only the bases 1 and -1 keep a value.
    """
    if _kind(input) == "b" and _kind(exponent) == "b":
        return xp.logical_or(input, xp.logical_not(exponent))
    negative = xp.less(exponent, 0)
    if not xp.any(negative):
        return xp.power(input, exponent)
    y = xp.power(input, xp.abs(exponent))
    return xp.where(negative & (xp.abs(input) != 1), 0, y).astype(y.dtype)


@pow_.args
def _(input, exponent):
    form = 0 if isinstance(exponent, Number) else 2 if isinstance(input, Number) else 1
    if form == 0 and isinstance(exponent, int) and exponent < 0:
        if not (input.dtype.is_floating_point or input.dtype.is_complex):
            raise ArgumentError("Integers to negative integer powers are not allowed.")
    if form == 0 and isinstance(input, Number):
        raise TypeError(
            "pow(): argument 'input' (position 1) must be Tensor, not "
            f"{type(input).__name__}, where the exponent is a number"
        )
    return (input, exponent), {"form": form}


def _pow_input(xp, g, input, exponent):
    if isinstance(exponent, Number):
        if exponent == 0:
            return xp.zeros_like(g)
        if exponent == 2:
            return g * (2 * input)
        return g * (exponent * xp.power(input, exponent - 1))
    return xp.where(exponent == 0, 0, g * (exponent * xp.power(input, exponent - 1)))


def _pow_exponent(xp, g, y, input, exponent):
    if isinstance(input, Number):
        logarithm = math.log(input) if input > 0 else -math.inf if input == 0 else math.nan
        slope = g * (y * logarithm)
        return xp.where(exponent >= 0, 0, slope) if input == 0 else slope
    settled = xp.logical_and(input == 0, exponent >= 0)
    return g * xp.where(settled, 0, y * xp.log(xp.where(settled, 1, input)))


pow_.vjp(input=_pow_input, exponent=_pow_exponent)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def addcmul(xp, input, tensor1, tensor2, *, value=1):
    """y = input + value * tensor1 * tensor2.

    >>> import flambeau as torch
    >>> torch.addcmul(torch.ones(2), torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]), value=0.5)
    tensor([2.5000, 5.0000])
    """
    product = xp.multiply(tensor1, tensor2)
    return xp.add(input, product if value == 1 else _scaled(xp, product, value, input))


addcmul.vjp(
    input=lambda xp, g: g,
    tensor1=lambda xp, g, tensor2, value: g * (tensor2 * value),
    tensor2=lambda xp, g, tensor1, value: g * (tensor1 * value),
)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def addcdiv(xp, input, tensor1, tensor2, *, value=1):
    """y = input + value * tensor1 / tensor2. Raises RuntimeError for integers.

    >>> import flambeau as torch
    >>> torch.addcdiv(torch.ones(2), torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0]), value=0.5)
    tensor([1.2500, 1.2500])
    """
    if tensor1.dtype.kind in "biu":
        raise DTypeError(
            "Integer division with addcdiv is no longer supported: use "
            "input + value * torch.trunc(tensor1 / tensor2), or make the tensors floating point."
        )
    quotient = xp.divide(tensor1, tensor2)
    return xp.add(input, quotient if value == 1 else quotient * value)


addcdiv.vjp(
    input=lambda xp, g: g,
    tensor1=lambda xp, g, tensor2, value: g * value / tensor2,
    tensor2=lambda xp, g, tensor1, tensor2, value: -g * (value * tensor1 / (tensor2 * tensor2)),
)
