"""What dtype an operation computes in: PyTorch's rules for tensors, zero-dimensional tensors and
Python numbers.
"""

from __future__ import annotations

import numpy as np

from flambeau.core import dtypes
from flambeau.core.dtypes import FLOATING, promote_types

from .storage import lying


def promote(op, inputs, arrays) -> list:
    """The operands of an operation in the dtype of its policy; numbers stay numbers where NumPy
    treats them alike.
    """
    if op.check is not None:
        op.check(*arrays)
    head = op.promote_from
    if head:
        return arrays[:head] + _common(op, inputs[head:], arrays[head:])
    return _common(op, inputs, arrays)


def _common(op, inputs, arrays) -> list:
    first = None
    for a in arrays:
        kind = type(a)
        if kind is np.ndarray:
            if first is None:
                first = a.dtype
                is_float = first.kind == "f"
                if not is_float and op.dtype == "float":
                    break
            elif a.dtype is not first and a.dtype != first:
                break
        elif a is not None and not (first is not None and is_float and kind in WEAK):
            break
    else:
        return arrays  # one dtype, and no number that could raise it
    wanted = result_type(*inputs)
    if op.dtype == "float" and wanted.category < FLOATING:
        wanted = dtypes.get_default_dtype()
    target = wanted.numpy
    return [a if a is None else _cast(a, target) for a in arrays]


def _cast(a, dtype):
    if type(a) is not np.ndarray:
        return _cast_number(a, dtype)
    return a if a.dtype == dtype else a.astype(dtype)


WEAK = frozenset((float, int))


def _cast_number(value, dtype):
    """A number as NumPy should see it beside arrays of ``dtype``: integers wrap around as in C."""
    if isinstance(value, np.generic):
        value = value.item()
    if dtype.kind in "iu":
        bits = 8 * dtype.itemsize
        value = int(value) & ((1 << bits) - 1)
        if dtype.kind == "i" and value >> (bits - 1):
            value -= 1 << bits
    return np.asarray(value, dtype)


def result_type(*operands) -> dtypes.dtype:
    """The dtype of an arithmetic operation on tensors and numbers.

    Tensors with dimensions decide; zero-dimensional tensors, and then numbers, count only if their
    category
    (bool < integer < float < complex) is higher.

    >>> import flambeau as torch
    >>> torch.result_type(torch.tensor([1, 2]), 1.0)
    torch.float32
    """
    dimensional = zero_dimensional = number = None
    for t in operands:
        array = lying(t) if hasattr(t, "_storage") else t
        if array is None:
            continue
        if isinstance(array, np.ndarray):
            d = dtypes.from_numpy_dtype(array.dtype)
            if array.ndim:
                dimensional = d if dimensional is None else promote_types(dimensional, d)
            else:
                zero_dimensional = (
                    d if zero_dimensional is None else promote_types(zero_dimensional, d)
                )
        else:
            d = dtypes.scalar_dtype(array.item() if isinstance(array, np.generic) else array)
            number = d if number is None else promote_types(number, d)
    result = dimensional
    for lower in (zero_dimensional, number):
        if lower is not None and (result is None or lower.category > result.category):
            if result is not None and lower.is_complex and result.is_floating_point:
                lower = result.to_complex()
            result = lower
    return result
