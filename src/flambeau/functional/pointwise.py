"""Elementwise functions made of others, and comparisons of whole tensors."""

from __future__ import annotations

import math

from flambeau.core.errors import ArgumentError, DTypeError
from flambeau.tensor.api import export, torch
from flambeau.tensor.namespace import xp
from flambeau.tensor.tensor import Tensor


@export("torch method")
def positive(input):
    """The tensor itself, +x. Raises RuntimeError for bool.

    >>> import flambeau as torch
    >>> torch.positive(torch.tensor([1.0, -2.0]))
    tensor([ 1., -2.])
    """
    if input.dtype == torch.bool:
        raise DTypeError("The `+` operator, on a bool tensor is not supported.")
    return input


@export("torch method inplace")
def float_power(input, exponent):
    """Power computed in double precision: ``pow`` of float64 operands.

    >>> import flambeau as torch
    >>> torch.float_power(torch.tensor([2, 3]), 2)
    tensor([4., 9.], dtype=torch.float64)
    """
    wide = [x.to(_wide(x)) if isinstance(x, Tensor) else x for x in (input, exponent)]
    return torch.pow(*wide)


def _wide(x):
    return torch.complex128 if x.is_complex() else torch.float64


@export("torch method inplace")
def ldexp(input, other):
    """input * 2^other.

    >>> import flambeau as torch
    >>> torch.ldexp(torch.tensor([1.0]), torch.tensor([3]))
    tensor([8.])
    """
    return input * torch.pow(2.0, other)


@export("torch method inplace")
def mvlgamma(input, p):
    """Logarithm of the multivariate gamma function of dimension p.

    y = p (p - 1) / 4 log(pi) + sum over i < p of lgamma(x - i / 2)

    >>> import flambeau as torch
    >>> torch.mvlgamma(torch.tensor([3.0]), 2)
    tensor([1.5502])
    """
    if p < 1:
        raise ArgumentError("p has to be greater than or equal to 1")
    if not input.is_floating_point():
        input = input.to(torch.get_default_dtype())
    shifts = torch.arange(0, p, dtype=input.dtype, device=input.device) / 2
    total = torch.lgamma(input.unsqueeze(-1) - shifts).sum(-1)
    return total + p * (p - 1) / 4 * math.log(math.pi)


@export("torch", name="polygamma")
def polygamma(n, input):
    """The n-th derivative of digamma.

    >>> import flambeau as torch
    >>> torch.polygamma(1, torch.tensor([1.0, 0.5]))
    tensor([1.6449, 4.9348])
    """
    return xp.polygamma(input, n=int(n))


@export("method inplace", name="polygamma")
def _polygamma(input, n):
    """The n-th derivative of digamma."""
    return xp.polygamma(input, n=int(n))


@export("torch method")
def equal(input, other):
    """Whether two tensors have the same size and the same elements, as a Python bool.

    >>> import flambeau as torch
    >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
    True
    """
    if not isinstance(other, Tensor):
        raise TypeError(
            f"equal(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}"
        )
    return input.shape == other.shape and bool(torch.eq(input, other).all())


@export("torch method")
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |input - other| <= atol + rtol |other|, elementwise; infinities must be equal.

    >>> import flambeau as torch
    >>> torch.isclose(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
    tensor([ True, False])
    """
    if input.dtype != other.dtype:
        raise DTypeError(f"{input.dtype} did not match {other.dtype}")
    if rtol < 0 or atol < 0:
        raise ArgumentError(f"rtol and atol must not be negative, but got {rtol} and {atol}")
    input, other = input.detach(), other.detach()
    close = torch.eq(input, other)
    if equal_nan:
        close = close | (torch.isnan(input) & torch.isnan(other))
    if input.dtype.is_floating_point or input.is_complex():
        error, allowed = torch.abs(input - other), atol + torch.abs(rtol * other)
    else:
        error = torch.abs(input.double() - other.double())
        allowed = atol + rtol * torch.abs(other.double())
    return close | (torch.isfinite(error) & torch.le(error, allowed))


@export("torch method")
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close, as a Python bool; see ``isclose``.

    >>> import flambeau as torch
    >>> torch.allclose(torch.tensor([1.0]), torch.tensor([1.0 + 1e-7]))
    True
    """
    return bool(torch.isclose(input, other, rtol, atol, equal_nan).all())
