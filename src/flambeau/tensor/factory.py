"""Tensors made of Python values and NumPy arrays."""

from __future__ import annotations

import warnings

import numpy as np

from flambeau.core import devices, dtypes
from flambeau.core.config import modes

from . import absent
from .dispatch import wrap
from .tensor import Tensor


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False) -> Tensor:
    """A new leaf with a copy of ``data``: a number, nested lists, a NumPy array, or a tensor.

    Python floats get the default dtype (float32), integers int64; arrays and tensors keep theirs.

    >>> import flambeau as torch
    >>> torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    where = devices.require(device)
    if isinstance(data, Tensor):
        where = devices.require(device or modes.device or data.device)
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use "
            "sourceTensor.detach().clone() "
            "or sourceTensor.detach().clone().requires_grad_(True), rather than "
            "torch.tensor(sourceTensor).",
            stacklevel=2,
        )
    made = _placed(data, dtype, True, where)
    if requires_grad:
        made.requires_grad = True
    return made


def as_tensor(data, dtype=None, device=None) -> Tensor:
    """``data`` as a tensor, without a copy where its memory can be shared.

    >>> import flambeau as torch
    >>> x = torch.ones(2)
    >>> torch.as_tensor(x) is x
    True
    """
    if isinstance(data, Tensor):
        return data.to(device or modes.device or data.device, dtype)
    return _placed(data, dtype, False, devices.require(device))


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the memory of a NumPy array.

    >>> import numpy, flambeau as torch
    >>> a = numpy.zeros(2); t = torch.from_numpy(a); a[0] = 5; t
    tensor([5., 0.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    dtypes.from_numpy_dtype(ndarray.dtype)
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative "
            "strides are not currently supported. (You can probably work around this by making a "
            "copy of your array with array.copy().)"
        )
    if not ndarray.dtype.isnative:
        raise ValueError("given numpy array has byte order different from the native byte order")
    _check_aligned(ndarray)
    if not ndarray.flags.writeable:
        warnings.warn(
            "The given NumPy array is not writable: writing to the tensor will fail. Copy the "
            "array "
            "to protect its data or make it writable.",
            stacklevel=2,
        )
    return wrap(ndarray)


def from_dlpack(external) -> Tensor:
    """A tensor that shares the memory of any object that speaks DLPack."""
    return wrap(np.from_dlpack(external))


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False) -> Tensor:
    """A 1-d tensor that shares the memory of a buffer."""
    array = np.frombuffer(buffer, dtypes.to_numpy_dtype(dtype), count, offset)
    _check_aligned(array)
    return wrap(array).requires_grad_(requires_grad)


def _check_aligned(array: np.ndarray) -> None:
    if not array.flags.aligned:
        raise ValueError(
            f"the numbers of the given memory begin at no multiple of their {array.itemsize} "
            "bytes, and cannot be shared: make a copy of the array with array.copy()"
        )


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False) -> Tensor:
    """``obj`` as a tensor; ``copy=True`` always copies, ``copy=False`` never."""
    made = as_tensor(obj, dtype, device)
    shared = made is obj or (isinstance(obj, np.ndarray) and np.shares_memory(made._array, obj))
    if copy and shared:
        made = made.detach().clone()
    elif copy is False and not shared:
        raise ValueError("can't alias arbitrary sequence into a tensor: a copy is needed")
    return made.requires_grad_() if requires_grad else made


def _placed(data, dtype, copy: bool, device) -> Tensor:
    """Data of any kind as a tensor on ``device``."""
    if isinstance(data, Tensor) and data.is_meta:
        return data.detach().to(device, dtype, copy=copy)
    array = _array(data, dtype, copy)
    return wrap(absent.like(array) if device is devices.META else array)


def _array(data, dtype, copy: bool) -> np.ndarray:
    wanted = None if dtype is None else dtypes.to_numpy_dtype(dtype)
    if isinstance(data, Tensor):
        return np.array(data._array, wanted)
    if isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data)
        dtypes.from_numpy_dtype(array.dtype)
        copy = copy or not array.flags.aligned
        return np.array(array, wanted or array.dtype.newbyteorder("="), copy=copy or None)
    if hasattr(data, "__array__") and not isinstance(data, list | tuple):
        return _array(np.asarray(data), dtype, copy)
    array = _from_sequence(data, wanted)
    return array


def _from_sequence(data, wanted) -> np.ndarray:
    data = _plain(data)
    try:
        array = np.array(data, wanted) if wanted is not None else np.array(data)
    except (ValueError, TypeError) as error:
        raise _explain(data, error) from None
    except OverflowError:
        raise RuntimeError(
            "Overflow when unpacking long long: an integer needs over 64 bits"
        ) from None
    if wanted is not None:
        return array
    if array.dtype.kind == "f" and (array.size == 0 or not _holds_arrays(data)):
        return array.astype(dtypes.get_default_dtype().numpy)
    if array.dtype.kind == "c" and not _holds_arrays(data):
        return array.astype(dtypes.get_default_dtype().to_complex().numpy)
    if array.dtype.kind in "OUSMm":
        raise _explain(data, None)
    return array


def _plain(data):
    """Nested sequences with tensors replaced by their arrays."""
    if isinstance(data, Tensor):
        return data._array if data._array.ndim else data._array.item()
    if isinstance(data, list | tuple):
        if any(isinstance(x, list | tuple | Tensor) for x in data):
            return [_plain(x) for x in data]
        return list(data) if isinstance(data, tuple) else data
    if isinstance(data, range):
        return list(data)
    return data


def _holds_arrays(data) -> bool:
    while isinstance(data, list) and data:
        data = data[0]
    return isinstance(data, np.ndarray | np.generic)


def _explain(data, error) -> Exception:
    first = data
    while isinstance(first, list) and first:
        lengths = {len(x) if isinstance(x, list) else -1 for x in first}
        if len(lengths) > 1:
            sizes = [len(x) if isinstance(x, list) else 0 for x in first]
            at = next(i for i, n in enumerate(sizes) if n != sizes[0])
            return ValueError(
                f"expected sequence of length {sizes[0]} at dim 1 (got {sizes[at]}): rows of a "
                f"tensor "
                "must have the same length"
            )
        first = first[0]
    if isinstance(first, int | float | complex):  # then another element is the odd one
        rest = data
        while isinstance(rest, list) and rest:
            first = next((x for x in rest if isinstance(x, str | bytes) or x is None), first)
            rest = rest[-1]
    if isinstance(first, str | bytes):
        return TypeError(f"new(): invalid data type '{type(first).__name__}'")
    if first is None or error is None:
        return RuntimeError(f"Could not infer dtype of {type(first).__name__}")
    return type(error)(str(error))
