"""Methods of old programs and small questions to a tensor."""

from __future__ import annotations

import warnings

import numpy as np

from flambeau.core.size import Size
from flambeau.tensor.api import export, torch
from flambeau.tensor.tensor import Tensor


@export("torch method")
def is_nonzero(input):
    """Whether the only element is not zero.

    Raises: RuntimeError unless there is exactly one element.

    >>> import flambeau as torch
    >>> torch.is_nonzero(torch.tensor([2.0]))
    True
    """
    return bool(input)


@export("method")
def new(input, *args, dtype=None, device=None):
    """A tensor of the same dtype: of a size (its elements have no particular value) or of data.

    >>> import flambeau as torch
    >>> torch.ones(2).new([1, 2])
    tensor([1., 2.])
    """
    dtype = dtype or input.dtype
    if not args:
        return torch.empty(0, dtype=dtype)
    if len(args) == 1 and not isinstance(args[0], (int, Size)):
        return torch.as_tensor(args[0]).clone().to(dtype)
    return torch.empty(*args, dtype=dtype)


@export("method")
def resize(input, *sizes):
    """As ``reshape``, for programs that still say so."""
    warnings.warn("non-inplace resize is deprecated", stacklevel=2)
    return input.reshape(*sizes)


@export("method")
def values(input):
    """Of sparse tensors alone; these here are all dense.

    Raises: RuntimeError.
    """
    raise RuntimeError("values expected sparse tensor layout but got Strided: this tensor is dense")


@export("method")
def get_device(input) -> int:
    """The number of the accelerator that holds the tensor, -1 on the CPU."""
    return -1 if input.device.index is None else input.device.index


@export("method")
def apply_(input, function):
    """Replace each element by ``function`` of it: a Python call an element, so slow.

    >>> import flambeau as torch
    >>> torch.ones(2).apply_(lambda v: v * 3)
    tensor([3., 3.])
    """
    return _fill_from(input, (function(v) for v in input.detach().reshape(-1).tolist()))


@export("method")
def map_(input, tensor, function):
    """Replace each element by ``function`` of it and of the element of ``tensor`` beside it.

    >>> import flambeau as torch
    >>> torch.ones(2).map_(torch.tensor([1.0, 2.0]), lambda a, b: a + b)
    tensor([2., 3.])
    """
    others = tensor.detach().expand(input.shape).reshape(-1).tolist()
    pairs = zip(input.detach().reshape(-1).tolist(), others)
    return _fill_from(input, (function(a, b) for a, b in pairs))


def _fill_from(input, numbers):
    if input.requires_grad:
        raise TypeError("Can't call apply_() or map_() on Variable that requires grad.")
    array = np.array(list(numbers)).astype(input._array.dtype).reshape(input.shape)
    return input.copy_(Tensor._around(array))


class UntypedStorage:
    """The memory under a tensor and all its views."""

    def __init__(self, storage):
        self._storage = storage

    def data_ptr(self) -> int:
        """The address of its first byte."""
        return self._storage.buffer.__array_interface__["data"][0]

    def nbytes(self) -> int:
        """Its size in bytes."""
        return self._storage.buffer.nbytes

    size = __len__ = nbytes


@export("method")
def untyped_storage(input) -> UntypedStorage:
    """The memory under this tensor: two tensors share it if its ``data_ptr`` is the same.

    >>> import flambeau as torch
    >>> x = torch.ones(4)
    >>> x[1:].untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    True
    """
    return UntypedStorage(input._storage)
