"""Tensors in pickles: memory is written once, and tensors that shared it share it again."""

from __future__ import annotations

import numpy as np

from flambeau.core import dtypes

from . import absent
from .storage import Storage
from .tensor import Tensor

__all__ = ["reduce_storage", "reduce_tensor"]


def reduce_tensor(t: Tensor):
    """What ``pickle`` stores of a tensor: not its history, so it comes back as a leaf."""
    array, buffer = t._array, t._storage.buffer
    if t.is_meta:
        return rebuild_meta, (
            type(t), t.dtype.name, array.shape, array.strides, bool(t.requires_grad),
            dict(vars(t)) or None,
        )  # fmt: skip
    if isinstance(buffer, np.ndarray) and (buffer.flags.c_contiguous or buffer.flags.f_contiguous):
        offset = t.data_ptr() - _address(buffer) if array.size else 0
        place = (t._storage, offset, array.strides)
    else:  # memory that is not all there, such as part of a foreign buffer
        array = np.array(array, order="C")
        place = (Storage(array), 0, array.strides)
    return rebuild_tensor, (
        type(t), t.dtype.name, array.shape, *place, bool(t.requires_grad), dict(vars(t)) or None,
    )  # fmt: skip


def rebuild_tensor(
    cls, dtype: str, shape, storage: Storage, offset: int, strides, requires_grad, state
):
    """The tensor that ``reduce_tensor`` described."""
    if 0 in shape:
        array = np.empty(shape, dtypes.BY_NAME[dtype].numpy)
    else:
        array = np.ndarray(shape, dtypes.BY_NAME[dtype].numpy, storage.buffer, offset, strides)
    t = cls._around(array, storage)
    t._requires_grad = requires_grad
    if state:
        vars(t).update(state)
    return t


def rebuild_meta(cls, dtype: str, shape, strides, requires_grad: bool, state):
    """The tensor without values that ``reduce_tensor`` described."""
    t = cls._around(absent.empty(shape, dtypes.BY_NAME[dtype].numpy, strides))
    t._requires_grad = requires_grad
    if state:
        vars(t).update(state)
    return t


def reduce_storage(storage: Storage):
    """What ``pickle`` stores of a storage: its bytes."""
    buffer = storage.buffer
    flat = buffer.reshape(-1) if buffer.flags.c_contiguous else buffer.T.reshape(-1)
    return rebuild_storage, (flat.view(np.uint8),)


def rebuild_storage(raw: np.ndarray) -> Storage:
    return Storage(raw if raw.flags.writeable else raw.copy())


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]
