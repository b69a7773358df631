"""Questions about single numbers, logic, and arithmetic on bits."""

from __future__ import annotations

from flambeau.core.dtypes import from_numpy_dtype
from flambeau.core.errors import DTypeError

from .pointwise import EVERYWHERE, TRUTH
from .registry import POINTWISE, STOPS, op

BITS = STOPS("bits have no derivative")


@op(kind=POINTWISE, where="torch method")
def isnan(xp, input):
    """Whether each element is NaN.

    >>> import flambeau as torch
    >>> torch.isnan(torch.tensor([1.0, float("nan")]))
    tensor([False,  True])
    """
    return xp.isnan(input)


@op(kind=POINTWISE, where="torch method")
def isinf(xp, input):
    """Whether each element is infinite.

    >>> import flambeau as torch
    >>> torch.isinf(torch.tensor([1.0, float("-inf")]))
    tensor([False,  True])
    """
    return xp.isinf(input)


@op(kind=POINTWISE, where="torch method")
def isfinite(xp, input):
    """Whether each element is neither infinite nor NaN.

    >>> import flambeau as torch
    >>> torch.isfinite(torch.tensor([1.0, float("-inf"), float("nan")]))
    tensor([ True, False, False])
    """
    return xp.isfinite(input)


@op(kind=POINTWISE, where="torch method")
def isposinf(xp, input):
    """Whether each element is +infinity.

    >>> import flambeau as torch
    >>> torch.isposinf(torch.tensor([1.0, float("inf"), -float("inf")]))
    tensor([False,  True, False])
    """
    _real(input, "isposinf")
    return xp.isposinf(input) if input.dtype.kind in "fV" else xp.zeros(input.shape, bool)


@op(kind=POINTWISE, where="torch method")
def isneginf(xp, input):
    """Whether each element is -infinity.

    >>> import flambeau as torch
    >>> torch.isneginf(torch.tensor([1.0, float("inf"), -float("inf")]))
    tensor([False, False,  True])
    """
    _real(input, "isneginf")
    return xp.isneginf(input) if input.dtype.kind in "fV" else xp.zeros(input.shape, bool)


def _real(x, name):
    if x.dtype.kind == "c":
        raise DTypeError(f"{name} does not support complex inputs.")


@op(kind=POINTWISE, where="torch method")
def isreal(xp, input):
    """Whether each element has no imaginary part.

    >>> import flambeau as torch
    >>> torch.isreal(torch.tensor([1.0, 2.0]))
    tensor([True, True])
    """
    return xp.isreal(input)


@op(kind=POINTWISE, where="torch method")
def signbit(xp, input):
    """Whether the sign of each element is set (of -0.0 too).

    >>> import flambeau as torch
    >>> torch.signbit(torch.tensor([1.0, -0.0, -3.0]))
    tensor([False,  True,  True])
    """
    _real(input, "signbit")
    if input.dtype.kind in "fV":
        return xp.signbit(input)
    return input < 0 if input.dtype.kind == "i" else xp.zeros(input.shape, bool)


@op(kind=POINTWISE, where=EVERYWHERE)
def logical_not(xp, input):
    """Whether each element is zero.

    >>> import flambeau as torch
    >>> torch.logical_not(torch.tensor([0, 3]))
    tensor([ True, False])
    """
    return xp.logical_not(input)


for _f in (isnan, isinf, isfinite, isposinf, isneginf, isreal, signbit, logical_not):
    _f.vjp(input=TRUTH)


@op(kind=POINTWISE, where=EVERYWHERE, tensors=2)
def logical_and(xp, input, other):
    """Whether both are non-zero.

    >>> import flambeau as torch
    >>> torch.logical_and(torch.tensor([0, 3]), torch.tensor([1, 1]))
    tensor([False,  True])
    """
    return xp.logical_and(input, other)


@op(kind=POINTWISE, where=EVERYWHERE, tensors=2)
def logical_or(xp, input, other):
    """Whether one is non-zero.

    >>> import flambeau as torch
    >>> torch.logical_or(torch.tensor([0, 3]), torch.tensor([0, 0]))
    tensor([False,  True])
    """
    return xp.logical_or(input, other)


@op(kind=POINTWISE, where=EVERYWHERE, tensors=2)
def logical_xor(xp, input, other):
    """Whether exactly one is non-zero.

    >>> import flambeau as torch
    >>> torch.logical_xor(torch.tensor([0, 3]), torch.tensor([1, 1]))
    tensor([ True, False])
    """
    return xp.logical_xor(input, other)


for _f in (logical_and, logical_or, logical_xor):
    _f.vjp(input=TRUTH, other=TRUTH)


def _whole(name, *operands):
    for x in operands:
        dtype = getattr(x, "dtype", None)
        if isinstance(x, float) or (dtype is not None and dtype.kind in "fcV"):
            given = "a float" if dtype is None else f"a {from_numpy_dtype(dtype)} tensor"
            raise DTypeError(f"{name} takes integers and bools, got {given}")


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def bitwise_not(xp, input):
    """Every bit flipped; ``not`` for bools. Raises RuntimeError for floats.

    >>> import flambeau as torch
    >>> torch.bitwise_not(torch.tensor([0, 5])), ~torch.tensor([True, False])
    (tensor([-1, -6]), tensor([False,  True]))
    """
    _whole("bitwise_not", input)
    return xp.invert(input)


bitwise_not.vjp(input=BITS)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, tensors=0)
def bitwise_and(xp, input, other):
    """Bits set in both; ``and`` for bools. Raises RuntimeError for floats.

    >>> import flambeau as torch
    >>> torch.bitwise_and(torch.tensor([6, 5]), 3)
    tensor([2, 1])
    """
    _whole("bitwise_and", input, other)
    return xp.bitwise_and(input, other)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, tensors=0)
def bitwise_or(xp, input, other):
    """Bits set in one; ``or`` for bools. Raises RuntimeError for floats.

    >>> import flambeau as torch
    >>> torch.bitwise_or(torch.tensor([6, 5]), 3)
    tensor([7, 7])
    """
    _whole("bitwise_or", input, other)
    return xp.bitwise_or(input, other)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, tensors=0)
def bitwise_xor(xp, input, other):
    """Bits set in exactly one; ``xor`` for bools. Raises RuntimeError for floats.

    >>> import flambeau as torch
    >>> torch.bitwise_xor(torch.tensor([6, 5]), 3)
    tensor([5, 6])
    """
    _whole("bitwise_xor", input, other)
    return xp.bitwise_xor(input, other)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, tensors=0)
def bitwise_left_shift(xp, input, other):
    """Bits moved up by ``other`` places.

    >>> import flambeau as torch
    >>> torch.bitwise_left_shift(torch.tensor([1, 5]), 2)
    tensor([ 4, 20])
    """
    _whole("bitwise_left_shift", input, other)
    return xp.left_shift(input, other)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE, tensors=0)
def bitwise_right_shift(xp, input, other):
    """Bits moved down by ``other`` places, keeping the sign.

    >>> import flambeau as torch
    >>> torch.bitwise_right_shift(torch.tensor([4, -5]), 1)
    tensor([ 2, -3])
    """
    _whole("bitwise_right_shift", input, other)
    return xp.right_shift(input, other)


for _f in (bitwise_and, bitwise_or, bitwise_xor, bitwise_left_shift, bitwise_right_shift):
    _f.vjp(input=BITS, other=BITS)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def gcd(xp, input, other):
    """Greatest common divisor of integers; gcd(0, 0) is 0.

    >>> import flambeau as torch
    >>> torch.gcd(torch.tensor([12, 7]), torch.tensor([18, 21]))
    tensor([6, 7])
    """
    _whole("gcd", input, other)
    return xp.gcd(input, other)


@op(kind=POINTWISE, dtype="same", where=EVERYWHERE)
def lcm(xp, input, other):
    """Least common multiple of integers.

    >>> import flambeau as torch
    >>> torch.lcm(torch.tensor([4, 7]), torch.tensor([6, 2]))
    tensor([12, 14])
    """
    _whole("lcm", input, other)
    return xp.lcm(input, other)


for _f in (gcd, lcm):
    _f.vjp(input=BITS, other=BITS)
