"""Conjugate and angle of complex numbers."""

from __future__ import annotations

from .registry import POINTWISE, op


@op(kind=POINTWISE)
def conj(xp, input):
    """The complex conjugates; real numbers as they are."""
    return xp.conj(input) if input.dtype.kind == "c" else input


conj.vjp(input=lambda xp, g: g)


@op(kind=POINTWISE, dtype="float", where="torch method")
def angle(xp, input):
    """The angle of a complex number in the plane, in radians; 0 or pi for real ones.

    >>> import flambeau as torch
    >>> torch.angle(torch.tensor([1.0, -1.0]))
    tensor([0.0000, 3.1416])
    """
    if input.dtype.kind == "c":
        return xp.angle(input)
    turned = xp.where(input < 0, input.dtype.type(xp.pi), input.dtype.type(0))
    return xp.where(xp.isnan(input), input, turned)


angle.vjp(input=lambda xp, g: g * 0)
