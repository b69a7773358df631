"""Methods that change the shape of a tensor itself instead of returning another."""

from __future__ import annotations

import math

import numpy as np

from flambeau.core.config import modes
from flambeau.ops.view import sizes
from flambeau.tensor import absent, inplace
from flambeau.tensor.api import export
from flambeau.tensor.tensor import Tensor


@export("method")
def resize_(input, *size, memory_format=None):
    """Give ``input`` another size in its own memory, which grows where it must.

    Elements keep their places in memory; those that come new have no particular value.

    Raises: RuntimeError for a tensor that requires a gradient.

    >>> import flambeau as torch
    >>> torch.arange(6).resize_(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
    if input.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape, array = sizes(size), input._array
    if any(n < 0 for n in shape):
        raise RuntimeError(f"resize_: sizes must not be negative, got {list(shape)}")
    storage, offset = input._storage, input.storage_offset()
    buffer = storage.buffer
    if input.is_meta:
        end = offset + math.prod(shape)
        size = max(end, _elements(buffer, array.itemsize))
        storage.buffer = grown = absent.empty((size,), array.dtype)
        input._array = absent.wrapped(absent.plain(grown)[offset:end].reshape(shape))
        inplace.wrote(input, "resize_")
        return input
    wanted, have = offset + math.prod(shape), _elements(buffer, array.itemsize)
    if wanted > have or not isinstance(buffer, np.ndarray) or not buffer.flags.c_contiguous:
        grown = np.zeros(max(wanted, have), array.dtype)
        grown[offset : offset + array.size] = array.ravel()
        storage.buffer = buffer = grown
    input._array = np.ndarray(shape, array.dtype, buffer, offset * array.itemsize)
    inplace.wrote(input, "resize_")
    return input


def _elements(buffer, itemsize: int) -> int:
    return getattr(buffer, "nbytes", 0) // itemsize


@export("method")
def resize_as_(input, other, *, memory_format=None):
    """``input`` resized to the size of ``other``."""
    return resize_(input, tuple(other.shape))


@export("method")
def set_(input, source=None):
    """Make ``input`` look at the memory of ``source``, in its size and strides."""
    if source is None:
        source = Tensor._around(np.empty(0, input._array.dtype))
    if source._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"set_: expected a source of dtype {input.dtype}, got {source.dtype}; convert it first"
        )
    input._array, input._storage = source._array, source._storage
    return input


def _twin(name: str):
    """The in-place form of a view method: the tensor itself takes the view's place."""

    def twin(input, *args, **kwargs):
        recording = modes.grad_enabled
        if recording:
            inplace.check_not_leaf(input, name)
        # Recorded whatever the mode: the elements stay, so the history must follow the shape.
        modes.grad_enabled = recording or input._grad_fn is not None
        try:
            seen = getattr(input, name)(*args, **kwargs)
        finally:
            modes.grad_enabled = recording
        if input._view is not None:
            input._view = seen._view
        input._array = seen._array
        if seen._requires_grad:
            input._grad_fn, input._output_nr = seen._grad_fn, seen._output_nr
        inplace.wrote(input, f"{name}_")
        if input._view is not None:
            input._view.version = input._storage.version
        return input

    twin.__name__ = twin.__qualname__ = f"{name}_"
    twin.__doc__ = f"In-place version of ``{name}``: the memory stays, the tensor's shape changes."
    return twin


for _name in (
    "as_strided", "movedim", "moveaxis", "squeeze", "swapaxes", "swapdims", "t", "transpose",
    "unsqueeze",
):  # fmt: skip
    export("method")(_twin(_name))

__all__ = ["resize_", "resize_as_", "set_"]
