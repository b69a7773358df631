"""Tensors that look at another's memory, and their history when it is overwritten."""

from __future__ import annotations

import numpy as np

from flambeau.core.config import modes
from flambeau.tape.node import NO_EDGE, Node

from .arrays import xp
from .storage import View
from .tensor import Tensor


def wrap(op, source: Tensor, params, y):
    """The result of a view operation: shares storage and version counter with ``source``."""
    if type(y) is not tuple:
        return _wrap_one(source, ((op, params, None),), y, None)
    reason = "is the output of a function that returns multiple views"
    return tuple(_wrap_one(source, ((op, params, i),), a, reason) for i, a in enumerate(y))


def _wrap_one(source: Tensor, steps, array, frozen) -> Tensor:
    t = object.__new__(Tensor)
    storage = source._storage
    t._array = array
    t._storage = storage
    t._requires_grad = False
    t._grad = t._grad_fn = t._hooks = t._accumulator = t._post_hooks = None
    t._output_nr = 0
    above = source._view
    if above is None:
        t._view = View(source, steps, storage.version, modes.grad_enabled, frozen)
    else:
        t._view = View(
            above.base, above.steps + steps, storage.version,
            above.recorded and modes.grad_enabled, frozen or above.frozen,
        )  # fmt: skip
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
    t._grad_fn, t._output_nr, t._requires_grad = AsStridedBackward0(base, view.steps, t), 0, True


def replay(base: Tensor, steps) -> Tensor:
    """The view that ``steps`` make of ``base``."""
    from .dispatch import dispatch

    for op, params, index in steps:
        base = dispatch(op, (base,), params)
        if index is not None:
            base = base[index]
    return base


def replay_array(array: np.ndarray, steps) -> np.ndarray:
    """The same on a bare array."""
    for op, params, index in steps:
        array = op.run(xp, array, **params)
        if index is not None:
            array = array[index]
    return array


class AsStridedBackward0(Node):
    """The history of a view whose base was overwritten: all its view steps at once."""

    __slots__ = ("steps",)

    def __init__(self, base: Tensor, steps, t: Tensor):
        array = t._array
        super().__init__(
            ((base._grad_fn, base._output_nr),), ((array.shape, array.dtype),), base._grad_fn.line
        )
        self.steps = steps

    def apply(self, space, grads):
        node, nr = self.edges[0]
        whole = space.zeros(*node.meta[nr])
        return [space.add_view(whole, self.steps, grads[0])]


class CopySlices(Node):
    """The history of a base after an in-place operation on one of its views.

    Outside the view the gradient goes on to the base's old history; inside it goes through the
    operation's node ``inner``.
    """

    __slots__ = ("inner", "steps")

    def __init__(self, base: Tensor, base_edge, steps, inner, line):
        array = base._array
        super().__init__((base_edge, *inner.edges[1:]), ((array.shape, array.dtype),), line)
        self.steps = steps
        self.inner = inner

    def apply(self, space, grads):
        whole = space.copy(grads[0])
        inside = space.view(whole, self.steps)
        results = self.inner.apply(space, [space.copy(inside)])
        g = results[0]
        whole = space.write_view(whole, self.steps, inside, g)
        return [whole, *results[1:]]

    def release(self) -> None:
        self.inner.release()


__all__ = ["NO_EDGE", "CopySlices", "refresh", "replay", "replay_array", "wrap"]
