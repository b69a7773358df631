"""Feature maps that lie channels last while their strides are those of a contiguous tensor.

The runtime's kernels work channels last. If what they make were laid out anew each time, a network
would spend its time transposing; if it were shown as it lies, ``x.view(-1, 256)`` after a pool
would fail. So a result that lies channels last is *hidden*: its storage (``HiddenStorage``) keeps
the order to itself until somebody looks. The dispatcher looks at ``storage.hidden`` before it
reads ``_array``; all other code simply reads ``_array`` and finds an ordinary array.

Only what PyTorch would have made contiguous may be hidden. A tensor that the user laid out
channels last stays visible as such, and so do the results computed from it.
"""

from __future__ import annotations

import numpy as np

from flambeau.backend.native import lies_last, order_last
from flambeau.ops.registry import POINTWISE, REDUCE

from .storage import HiddenStorage
from .tensor import Tensor


def agree(op, inputs, arrays) -> bool:
    """Whether ``op`` may compute with hidden inputs as they lie; else they are laid out, and
    replaced in ``arrays``.

    It may where all inputs look contiguous: then so must the result, and it can be hidden again.
    """
    if op.kind is POINTWISE or op.kind is REDUCE or op.hides:
        for t, array in zip(inputs, arrays):
            if isinstance(t, Tensor) and t._storage.hidden is None and array.ndim > 1:
                if not array.flags.c_contiguous:
                    break
        else:
            return True
    for i, t in enumerate(inputs):
        if isinstance(t, Tensor):
            arrays[i] = t._array
    return False


def results(y, inputs, arrays):
    """Tensors around what a kernel made that may lie channels last."""
    if type(y) is tuple:
        return tuple([_result(a, inputs, arrays) for a in y])
    return _result(y, inputs, arrays)


def _result(array, inputs, arrays) -> Tensor:
    if type(array) is not np.ndarray:
        array = np.asarray(array)
    base = array.base
    for a in arrays:
        if a is array or (
            base is not None and type(a) is np.ndarray and (base is a or base is a.base)
        ):
            array = array.copy(order="K")
            break
    if array.ndim < 3:
        plain = array.flags.c_contiguous and 1 not in array.shape
        return Tensor._around(array if plain else in_order(array))
    if _shown(inputs):
        return Tensor._around(in_order(array, order_last(array.ndim)))
    if lies_last(array):
        return Tensor._over(HiddenStorage(array))
    return Tensor._around(in_order(array))


def _shown(inputs) -> bool:
    """Whether one of the inputs was laid out channels last by the user."""
    return any(
        isinstance(t, Tensor) and t._storage.hidden is None and lies_last(t._array) for t in inputs
    )


def in_order(array: np.ndarray, order=()) -> np.ndarray:
    """``array``, or a copy, with the strides of one whose axes lie in memory in the given order;
    without one that of the axes.
    """
    turned = np.asarray(array.transpose(order) if order else array, order="C")
    if 1 in array.shape:  # NumPy gives axes of size 1 any stride
        turned = np.ndarray(turned.shape, turned.dtype, turned)
    return turned.transpose(np.argsort(order)) if order else turned


def tensor(g) -> Tensor:
    """A tensor around a cotangent, which users are about to see."""
    g = np.asarray(g)
    return Tensor._over(HiddenStorage(g)) if lies_last(g) else Tensor._around(g)


def restored(array, storage) -> Tensor:
    """A tensor around an array that was saved of a tensor with this storage."""
    if type(storage) is HiddenStorage:
        if array is storage.hidden:
            return Tensor._over(storage)
        whole = storage.whole()
        if array is not whole and array.base is not whole:  # saved before it was laid out
            return Tensor._over(storage)
    return Tensor._around(array, storage)
