"""Comparisons, choices and the larger or smaller of two."""

from __future__ import annotations

from flambeau.core import dtypes
from flambeau.core.errors import DTypeError

from .pointwise import EVERYWHERE, TRUTH
from .registry import POINTWISE, op


def _truth(**extra):
    return op(kind=POINTWISE, dtype="same", where=EVERYWHERE, **extra)


@_truth()
def eq(xp, input, other):
    """Whether input == other, elementwise.

    >>> import flambeau as torch
    >>> torch.eq(torch.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return xp.equal(input, other)


@_truth(aliases=("not_equal",))
def ne(xp, input, other):
    """Whether input != other, elementwise.

    >>> import flambeau as torch
    >>> torch.ne(torch.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return xp.not_equal(input, other)


@_truth(aliases=("less",))
def lt(xp, input, other):
    """Whether input < other, elementwise.

    >>> import flambeau as torch
    >>> torch.lt(torch.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return xp.less(input, other)


@_truth(aliases=("less_equal",))
def le(xp, input, other):
    """Whether input <= other, elementwise.

    >>> import flambeau as torch
    >>> torch.le(torch.tensor([1, 2, 3]), 2)
    tensor([ True,  True, False])
    """
    return xp.less_equal(input, other)


@_truth(aliases=("greater",))
def gt(xp, input, other):
    """Whether input > other, elementwise.

    >>> import flambeau as torch
    >>> torch.gt(torch.tensor([1, 2, 3]), 2)
    tensor([False, False,  True])
    """
    return xp.greater(input, other)


@_truth(aliases=("greater_equal",))
def ge(xp, input, other):
    """Whether input >= other, elementwise.

    >>> import flambeau as torch
    >>> torch.ge(torch.tensor([1, 2, 3]), 2)
    tensor([False,  True,  True])
    """
    return xp.greater_equal(input, other)


for _f in (eq, ne, lt, le, gt, ge):
    _f.vjp(input=TRUTH, other=TRUTH)


@op(kind=POINTWISE, dtype="same", where="torch method", tensors=2)
def maximum(xp, input, other):
    """The larger of two, NaN if one is; at a tie each gets half of the gradient.

    >>> import flambeau as torch
    >>> torch.maximum(torch.tensor([1.0, 5.0]), torch.tensor([3.0, 2.0]))
    tensor([3., 5.])
    """
    _refuse_complex(input, "maximum")
    return xp.maximum(input, other)


maximum.vjp(
    input=lambda xp, g, input, other: _winner(xp, g, input == other, input < other),
    other=lambda xp, g, input, other: _winner(xp, g, input == other, input > other),
)


@op(kind=POINTWISE, dtype="same", where="torch method", tensors=2)
def minimum(xp, input, other):
    """The smaller of two, NaN if one is; at a tie each gets half of the gradient.

    >>> import flambeau as torch
    >>> torch.minimum(torch.tensor([1.0, 5.0]), torch.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """
    _refuse_complex(input, "minimum")
    return xp.minimum(input, other)


minimum.vjp(
    input=lambda xp, g, input, other: _winner(xp, g, input == other, input > other),
    other=lambda xp, g, input, other: _winner(xp, g, input == other, input < other),
)


def _winner(xp, g, tie, lost):
    return xp.where(tie, g / 2, xp.where(lost, 0, g))


def _refuse_complex(x, name):
    if x.dtype.kind == "c":
        raise DTypeError(f"{name} not implemented for complex tensors: they have no order")


@op(kind=POINTWISE, dtype="same", where="torch method", tensors=2)
def fmax(xp, input, other):
    """The larger of two, or the one that is a number where the other is NaN.

    >>> import flambeau as torch
    >>> torch.fmax(torch.tensor([1.0, float("nan")]), torch.tensor([3.0, 2.0]))
    tensor([3., 2.])
    """
    _refuse_complex(input, "fmax")
    return xp.fmax(input, other)


fmax.vjp(
    input=lambda xp, g, input, other: _if(xp, g, (input >= other) | xp.isnan(other)),
    other=lambda xp, g, input, other: _unless(xp, g, (input >= other) | xp.isnan(other)),
)


@op(kind=POINTWISE, dtype="same", where="torch method", tensors=2)
def fmin(xp, input, other):
    """The smaller of two, or the one that is a number where the other is NaN.

    >>> import flambeau as torch
    >>> torch.fmin(torch.tensor([1.0, float("nan")]), torch.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """
    _refuse_complex(input, "fmin")
    return xp.fmin(input, other)


fmin.vjp(
    input=lambda xp, g, input, other: _if(xp, g, (input <= other) | xp.isnan(other)),
    other=lambda xp, g, input, other: _unless(xp, g, (input <= other) | xp.isnan(other)),
)


def _if(xp, g, mask):
    return xp.where(mask, g, 0)


def _unless(xp, g, mask):
    return xp.where(mask, 0, g)


@op(kind=POINTWISE, dtype="same", promote_from=1)
def where(xp, condition, input, other):
    """input where condition holds, else other; the gradient goes where the value came from.

    >>> import flambeau as torch
    >>> torch.where(torch.tensor([True, False]), torch.tensor([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    """
    if condition.dtype.kind != "b":
        if condition.dtype.name != "uint8":
            raise DTypeError(
                f"where expected condition to be a boolean tensor, but got a tensor with dtype "
                f"{dtypes.from_numpy_dtype(condition.dtype)}: compare it first, condition != 0"
            )
        condition = condition.astype(bool)
    return xp.where(condition, input, other)


where.vjp(
    condition=TRUTH,
    input=lambda xp, g, condition: xp.where(condition, g, 0),
    other=lambda xp, g, condition: xp.where(condition, 0, g),
)
