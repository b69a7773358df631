"""Tensors that look at another's memory, and their history when it is overwritten.

A view knows its base. Which elements of the base it shows follows from where both lie in their
common storage, so nothing else has to be remembered, and a base or view that changes its own shape
in place stays right.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flambeau.core.config import modes
from flambeau.tape.node import Node

from .storage import View
from .tensor import Tensor


def wrap(source: Tensor, y):
    """The result of a view operation: shares storage and version counter with ``source``."""
    if type(y) is not tuple:
        return _wrap_one(source, y, None)
    reason = "is the output of a function that returns multiple views"
    return tuple([_wrap_one(source, a, reason) for a in y])


def _wrap_one(source: Tensor, array, frozen) -> Tensor:
    t = object.__new__(Tensor)
    storage = source._storage
    t._array = array
    t._storage = storage
    t._requires_grad = False
    t._grad = t._grad_fn = t._hooks = t._accumulator = t._post_hooks = None
    t._output_nr = 0
    above = source._view
    if above is None:
        t._view = View(source, storage.version, modes.grad_enabled, frozen)
    else:
        recorded = above.recorded and modes.grad_enabled
        t._view = View(above.base, storage.version, recorded, frozen or above.frozen)
    return t


def refresh(t: Tensor) -> None:
    """Make the ``grad_fn`` of a view anew after its memory was written to."""
    view = t._view
    version = t._storage.version
    if view.version == version:
        return
    view.version = version
    base = view.base
    made_by_user = t._requires_grad and t._grad_fn is None  # a leaf that looks at another tensor
    if base._grad_fn is None or not view.recorded or made_by_user:
        return
    t._grad_fn, t._output_nr, t._requires_grad = AsStridedBackward0(base, t), 0, True


class Region(NamedTuple):
    """Where a tensor lies in its storage, in elements."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int

    @classmethod
    def of(cls, t: Tensor) -> Region:
        return cls(t._array.shape, t.stride(), t.storage_offset())

    def within(self, buffer: np.ndarray) -> np.ndarray:
        """The same region of another storage of as many elements."""
        size = buffer.itemsize
        strides = tuple([s * size for s in self.strides])
        return np.ndarray(self.shape, buffer.dtype, buffer, self.offset * size, strides)


class Overlap:
    """The elements that a base and one of its views share."""

    def __init__(self, base: Tensor, view: Tensor):
        self.base, self.view = Region.of(base), Region.of(view)
        self.elements = base._storage.buffer.nbytes // base._array.itemsize

    def split(self, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A copy of ``g``, shaped like the base, and the part of it that the view shows."""
        buffer = np.zeros(self.elements, g.dtype)
        whole = self.base.within(buffer)
        whole[...] = g
        return whole, self.view.within(buffer)

    def places(self) -> np.ndarray:
        """For each element of the view its position in the flattened base, or -1 outside."""
        buffer = np.full(self.elements, -1, np.int64)
        whole = self.base.within(buffer)
        whole[...] = np.arange(whole.size).reshape(whole.shape)
        return self.view.within(buffer).copy()


class AsStridedBackward0(Node):
    """The history of a view whose base was overwritten."""

    __slots__ = ("overlap",)

    def __init__(self, base: Tensor, view: Tensor):
        array = view._array
        edge = (base._grad_fn, base._output_nr)
        super().__init__((edge,), ((array.shape, array.dtype),), base._grad_fn.line)
        self.overlap = Overlap(base, view)

    def apply(self, space, grads):
        node, nr = self.edges[0]
        return [space.scatter(self.overlap.places(), grads[0], *node.meta[nr])]


class CopySlices(Node):
    """The history of a base after an in-place operation on one of its views.

    Outside the view the gradient goes on to the base's old history; inside it goes through the
    operation's node ``inner``.
    """

    __slots__ = ("inner", "overlap")

    def __init__(self, base: Tensor, base_edge, view: Tensor, inner):
        array = base._array
        edges = (base_edge, *inner.edges[1:])
        super().__init__(edges, ((array.shape, array.dtype),), inner.line)
        self.inner = inner
        self.overlap = Overlap(base, view)

    def apply(self, space, grads):
        results = None

        def through(inside):
            nonlocal results
            results = self.inner.apply(space, [inside])
            return results[0]

        whole = space.replace(self.overlap, grads[0], through)
        return [whole, *results[1:]]

    def release(self) -> None:
        self.inner.release()
