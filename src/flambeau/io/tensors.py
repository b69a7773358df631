"""Between tensors and what a checkpoint stores of them: storages, offsets, sizes, strides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flambeau.core import dtypes
from flambeau.tensor.storage import Storage
from flambeau.tensor.tensor import Tensor

from .errors import CheckpointError

__all__ = ["STORAGE_NAMES", "StorageType", "StoredTensor", "StoredView", "memory", "rebuild"]

MAX_DIMS = 64
_MAX_ELEMENTS = 1 << 63

# PyTorch's class of a typed storage, by dtype. The unsigned types have none: theirs are untyped.
STORAGE_NAMES = {
    "float32": "FloatStorage", "float64": "DoubleStorage", "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage", "int8": "CharStorage", "uint8": "ByteStorage",
    "int16": "ShortStorage", "int32": "IntStorage", "int64": "LongStorage", "bool": "BoolStorage",
    "complex64": "ComplexFloatStorage", "complex128": "ComplexDoubleStorage",
}  # fmt: skip


class StorageType:
    """A storage class that a file names: the dtype of its elements, bytes for an untyped one."""

    def __init__(self, name: str, dtype: dtypes.dtype):
        self.name = name
        self.dtype = dtype


UNTYPED = StorageType("UntypedStorage", dtypes.uint8)


class StoredView:
    """A storage out of a file: ``raw`` bytes, how they are read, and who owns them for tensors."""

    def __init__(
        self, raw: np.ndarray, dtype: dtypes.dtype, location: str, owner: Storage | None = None
    ):
        self.raw = raw
        self.dtype = dtype
        self.location = location
        self.owner = owner or Storage(raw)

    def as_type(self, dtype: dtypes.dtype) -> StoredView:
        """The same memory read as ``dtype``."""
        return StoredView(self.raw, dtype, self.location, self.owner)

    def part(self, start: int, count: int) -> StoredView:
        """``count`` elements from ``start`` on, in the same memory."""
        size = self.dtype.itemsize
        if min(start, count) < 0 or (start + count) * size > self.raw.size:
            raise CheckpointError(
                f"a view of {count} elements from {start} on does not fit into a storage of "
                f"{self.raw.size // size}"
            )
        raw = self.raw[start * size : (start + count) * size]
        return StoredView(raw, self.dtype, self.location, self.owner)

    def cpu(self) -> StoredView:
        return self

    def __len__(self) -> int:
        return self.raw.size // self.dtype.itemsize

    def tolist(self) -> list:
        return self.raw.view(self.dtype.numpy).tolist()


def rebuild(
    storage: StoredView, offset: int, size: tuple, stride: tuple, dtype: dtypes.dtype | None = None
) -> Tensor:
    """The tensor that looks at ``storage`` from ``offset`` on; raises where it would not fit."""
    if not isinstance(storage, StoredView):
        raise CheckpointError(f"a tensor needs a storage, not a {type(storage).__name__}")
    dtype = dtype or storage.dtype
    size, stride = tuple(size), tuple(stride)
    if not all(type(n) is int and 0 <= n < _MAX_ELEMENTS for n in (offset, *size, *stride)):
        raise CheckpointError(f"impossible tensor: offset {offset}, size {size}, stride {stride}")
    if len(size) != len(stride) or len(size) > MAX_DIMS:
        raise CheckpointError(f"impossible tensor: {len(size)} sizes and {len(stride)} strides")
    count = math.prod(size)
    have = storage.raw.size // dtype.itemsize
    reach = offset + sum((n - 1) * s for n, s in zip(size, stride)) + 1 if count else 0
    if reach > have or math.prod(n or 1 for n in size) >= _MAX_ELEMENTS // 16:
        raise CheckpointError(
            f"the tensor of size {size} and stride {stride} at offset {offset} needs {reach} "
            f"elements, but its storage has {have}"
        )
    if not count:
        array = np.empty(size, dtype.numpy)
    else:
        width = dtype.itemsize
        strides = tuple(s * width for s in stride)
        array = np.ndarray(size, dtype.numpy, storage.raw, offset * width, strides)
    return Tensor._around(array, storage.owner)


class StoredTensor:
    """Where a tensor lies: storage, its ``raw`` bytes; offset, size and stride in elements."""

    __slots__ = ("dtype", "offset", "raw", "size", "storage", "stride")

    def __init__(self, t: Tensor):
        array = t._array
        self.dtype = t.dtype
        self.size = tuple(array.shape)
        self.storage: Any = t._storage
        self.raw = memory(t._storage.buffer)
        start = array.__array_interface__["data"][0] if array.size else _start(self.raw)
        gap = start - _start(self.raw)
        width = array.itemsize
        fits = (
            0 <= gap <= self.raw.size
            and self.raw.size % width == gap % width == 0
            and all(s >= 0 and s % width == 0 for s in array.strides)
        )
        if (
            not fits
        ):  # memory that PyTorch's storages cannot express, such as a reversed NumPy array
            array = np.ascontiguousarray(array)
            self.storage, self.raw, gap = array, memory(array), 0
        self.offset = gap // width
        self.stride = tuple(s // width for s in array.strides)


def _start(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


class _Extent:
    """The memory between two addresses, for NumPy to look at; keeps its owner alive."""

    def __init__(self, owner, start: int, size: int):
        self.owner = owner
        self.__array_interface__ = {
            "data": (start, False), "shape": (size,), "typestr": "|u1", "version": 3,
        }  # fmt: skip


def memory(buffer) -> np.ndarray:
    """The bytes of an array in the order in which they lie in memory."""
    if not isinstance(buffer, np.ndarray):
        return np.frombuffer(buffer, np.uint8)
    if buffer.flags.c_contiguous:
        return buffer.reshape(-1).view(np.uint8)
    if buffer.flags.f_contiguous:
        return buffer.T.reshape(-1).view(np.uint8)
    low, high = np.lib.array_utils.byte_bounds(buffer)
    return np.asarray(_Extent(buffer, low, high - low))
