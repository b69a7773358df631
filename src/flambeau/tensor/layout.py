"""Memory formats: in which order the elements of a tensor lie."""

from __future__ import annotations

import numpy as np

from .tensor import Tensor


class memory_format:
    """An order of dimensions in memory: contiguous, channels last, or as in the input."""

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class layout:
    """How elements are stored; only ``strided`` exists here."""

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
strided = layout("strided")

_ORDER = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}


def order_of(format: memory_format, rank: int) -> tuple[int, ...]:
    """The dimensions from the slowest to the fastest in memory."""
    order = _ORDER.get(format)
    if order is None:
        return tuple(range(rank))
    if len(order) != rank:
        raise RuntimeError(
            f"required rank {len(order)} tensor to use {format.name} format, got rank {rank}"
        )
    return order


def is_contiguous(self, memory_format: memory_format = contiguous_format) -> bool:
    """Whether the elements lie in memory in the order of ``memory_format`` without gaps.

    >>> import flambeau as torch
    >>> torch.zeros(2, 3).t().is_contiguous()
    False
    """
    order = _ORDER.get(memory_format)
    if self._storage.hidden is not None:
        return order is None
    array = self._array
    if order is None:
        return array.flags.c_contiguous
    return len(order) == array.ndim and array.transpose(order).flags.c_contiguous


def laid_out(array: np.ndarray, format: memory_format) -> np.ndarray:
    """A copy of ``array`` in the given format."""
    order = order_of(format, array.ndim)
    return np.array(array.transpose(order), order="C").transpose(np.argsort(order))


Tensor.is_contiguous = is_contiguous
Tensor.layout = strided
