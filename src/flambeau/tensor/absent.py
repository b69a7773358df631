"""Arrays that have a shape, a dtype and strides, but no values: what meta tensors look at.

All of them lie in one stretch of address space that is reserved when the first is made, read-only
and never touched: a model of any size costs nothing, views have the addresses and strides that they
would have in real memory, and arithmetic is refused instead of being done on garbage.
"""

from __future__ import annotations

import functools
import math
import mmap

import numpy as np

used = False  # whether an absent array was ever made: until then the dispatcher need not look


class AbsentArray(np.ndarray):
    """An array without values. What would read or write them raises NotImplementedError."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        raise no_values(f"compute {ufunc.__name__}")

    def __array_function__(self, function, types, args, kwargs):
        raise no_values(f"compute {function.__name__}")

    def _refuse(self, *args, **kwargs):
        raise no_values("read values")

    astype = copy = item = tobytes = tofile = tolist = dump = dumps = _refuse
    __bool__ = __float__ = __int__ = __index__ = __complex__ = __iter__ = _refuse
    __getitem__ = __setitem__ = __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = _refuse


def no_values(what: str) -> NotImplementedError:
    """The error for code that needs the values of a meta tensor."""
    return NotImplementedError(
        f"cannot {what} of meta tensors: they have a shape but no data. Make the tensor, or the "
        "module with to_empty(device='cpu'), on a device that holds values."
    )


@functools.cache
def _reserved() -> np.ndarray:
    """The stretch of address space, in bytes: as much as the machine lets us reserve."""
    for bits in range(46, 29, -2):
        try:
            if hasattr(mmap, "MAP_PRIVATE"):
                flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
                stretch = mmap.mmap(-1, 1 << bits, flags=flags, prot=mmap.PROT_READ)
            else:
                stretch = mmap.mmap(-1, 1 << bits, access=mmap.ACCESS_READ)
        except (OSError, OverflowError, ValueError):
            continue
        return np.frombuffer(stretch, np.uint8)
    raise MemoryError("no address space is left for meta tensors")


def empty(shape, dtype, strides=None) -> AbsentArray:
    """An array without values; ``strides`` in bytes, default row by row.

    Raises: MemoryError when it would not fit the address space.
    """
    global used
    used = True
    dtype = np.dtype(dtype)
    space = _reserved()
    if strides is None:
        length = math.prod(shape) * dtype.itemsize
    else:
        length = sum((n - 1) * s for n, s in zip(shape, strides)) + dtype.itemsize
    if length > space.size:
        raise MemoryError(f"a meta tensor of {length} bytes is larger than the address space")
    buffer = space[: max(length, dtype.itemsize)].view(AbsentArray)
    return np.ndarray.__new__(AbsentArray, shape, dtype, buffer, 0, strides)


def like(array: np.ndarray) -> AbsentArray:
    """An array without values that lies in memory as ``array`` does."""
    order = layout_of(array)
    return empty(array.shape, array.dtype, strides_in(array.shape, array.itemsize, order))


def layout_of(array: np.ndarray) -> tuple[int, ...]:
    """The axes of an array from the outermost in memory to the innermost."""
    return tuple(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))


def strides_in(shape, itemsize: int, order) -> tuple[int, ...]:
    """The strides of a dense array whose axes lie in memory in the given order."""
    strides = [itemsize] * len(shape)
    step = itemsize
    for axis in reversed(order):
        strides[axis] = step
        step *= max(shape[axis], 1)
    return tuple(strides)


def plain(array):
    """The same array without protection, for code that only looks at its shape and strides."""
    return array.view(np.ndarray) if type(array) is AbsentArray else array


def wrapped(array: np.ndarray) -> AbsentArray:
    """A view that such code made, protected again."""
    return array.view(AbsentArray)


def among(values) -> bool:
    """Whether one of the values is an array without values."""
    return any(type(value) is AbsentArray for value in values)
