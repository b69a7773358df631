"""What the numeric types can hold."""

from __future__ import annotations

import numpy as np

from .dtypes import dtype, get_default_dtype


class finfo:
    """Limits of a floating point type: ``bits``, ``eps``, ``max``, ``min``, ``tiny``.

    ``resolution`` is the precision in decimals.

    >>> import flambeau as torch
    >>> torch.finfo(torch.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: dtype | None = None):
        found = type or get_default_dtype()
        if not (found.is_floating_point or found.is_complex):
            raise TypeError(
                f"torch.finfo() requires a floating point input type, got {found}: use torch.iinfo"
            )
        real = found.to_real()
        if real.name == "bfloat16":
            self.bits, self.eps, self.resolution = 16, 2.0**-7, 0.01
            self.max, self.tiny = (2 - 2.0**-7) * 2.0**127, 2.0**-126
        else:
            limits = np.finfo(real.numpy)
            self.bits, self.eps, self.max = limits.bits, float(limits.eps), float(limits.max)
            self.tiny, self.resolution = float(limits.tiny), float(limits.resolution)
        self.min, self.smallest_normal, self.dtype = -self.max, self.tiny, real.name

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer type: ``bits``, ``max``, ``min``.

    >>> import flambeau as torch
    >>> torch.iinfo(torch.int8).max
    127
    """

    def __init__(self, type: dtype):
        if type.is_floating_point or type.is_complex or type.name == "bool":
            raise TypeError(
                f"torch.iinfo() requires an integer input type, got {type}: use torch.finfo"
            )
        limits = np.iinfo(type.numpy)
        self.bits, self.max, self.min = int(limits.bits), int(limits.max), int(limits.min)
        self.dtype = type.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether promotion may turn ``from_`` into ``to``: to the same kind of number or a higher one.

    >>> import flambeau as torch
    >>> torch.can_cast(torch.float64, torch.int64), torch.can_cast(torch.int64, torch.float32)
    (False, True)
    """
    if to.name == "bool":
        return from_.name == "bool"
    return from_.category <= to.category
