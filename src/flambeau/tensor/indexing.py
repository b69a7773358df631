"""``x[...]`` and ``x[...] = y``.

The basic part of an index (ints, slices, ``None``, ``...``) becomes a chain of view operations;
what remains are tensors, read by ``index`` and written by ``index_put``.
"""

from __future__ import annotations

import numpy as np

from flambeau.core.errors import DimError
from flambeau.ops.registry import OPS

from .dispatch import dispatch, wrap
from .inplace import check_writable, dispatch_inplace
from .tensor import Tensor

_SELECT, _SLICE, _UNSQUEEZE = OPS["select"], OPS["slice"], OPS["unsqueeze"]
_ALIAS, _INDEX, _INDEX_PUT = OPS["alias"], OPS["index"], OPS["index_put"]
_COPY, _FILL, _TO_COPY = OPS["copy"], OPS["fill"], OPS["to_copy"]


def getitem(self: Tensor, index) -> Tensor:
    """``x[index]``: a view for ints, slices, ``None`` and ``...``; a copy when tensors or lists
    take part.
    """
    kind = type(index)
    if kind is int:
        return _select(self, 0, index)
    if kind is slice:
        if not self._array.ndim:
            raise DimError("slice() cannot be applied to a 0-dim tensor.")
        return _slice(self, 0, index)
    view, indices = _parse(self, index)
    if indices:
        return dispatch(_INDEX, (view, *indices))
    return dispatch(_ALIAS, (self,)) if view is self else view


def setitem(self: Tensor, index, value) -> None:
    """``x[index] = value``: writes ``value``, broadcast and cast, to the places that ``x[index]``
    would read.
    """
    view, indices = _parse(self, index)
    if not indices:
        write(view, value)
        return
    if isinstance(value, Tensor):
        if value._array.dtype != view._array.dtype:
            value = dispatch(_TO_COPY, (value,), _cast(view._array.dtype))
        value = _without_leading_ones(value, view, indices)
    else:
        value = wrap(_value(value, view._array.dtype))
    dispatch_inplace(_INDEX_PUT, (view, value, *indices), {"accumulate": False})


def write(view: Tensor, value) -> None:
    """Fill ``view`` with a number, or copy a tensor or nested list into it."""
    if isinstance(value, Tensor):
        dispatch_inplace(_COPY, (view, value))
    elif isinstance(value, int | float | complex | np.generic):
        if isinstance(value, complex) and view._array.dtype.kind != "c":
            raise RuntimeError(
                f"value cannot be converted to type {view.dtype} without overflow: {value!r}"
            )
        check_writable(view._array, "setitem")
        dispatch_inplace(_FILL, (view, value))
    else:
        dispatch_inplace(_COPY, (view, wrap(_value(value, view._array.dtype))))


def _cast(dtype) -> dict:
    return {"dtype": dtype, "memory_format": "preserve"}


def _value(value, dtype: np.dtype) -> np.ndarray:
    """A number, nested list or NumPy array as an array of ``dtype``."""
    from .factory import tensor

    if isinstance(value, int | float | np.generic):
        return np.asarray(value).astype(dtype)
    try:
        return tensor(value)._array.astype(dtype)
    except (RuntimeError, TypeError):
        raise TypeError(f"can't assign a {type(value).__name__} to a tensor") from None


def _without_leading_ones(value: Tensor, view: Tensor, indices) -> Tensor:
    """PyTorch lets the value have more leading dimensions of size 1 than the places written to."""
    rank = view._array.ndim - len(indices) + max(i._array.ndim for i in indices if i is not None)
    extra = value._array.ndim - rank
    if extra > 0 and value._array.shape[:extra] == (1,) * extra:
        return value.reshape(value.shape[extra:])
    return value


def _select(x: Tensor, dim: int, index: int, at: int | None = None) -> Tensor:
    shape = x._array.shape
    if not shape:
        raise DimError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
            "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
        )
    n = shape[dim]
    if not -n <= index < n:
        at = dim if at is None else at
        raise DimError(f"index {index} is out of bounds for dimension {at} with size {n}")
    return dispatch(_SELECT, (x,), {"dim": dim, "index": index + n if index < 0 else index})


def _slice(x: Tensor, dim: int, piece: slice) -> Tensor:
    step = 1 if piece.step is None else _integer(piece.step)
    if step <= 0:
        raise ValueError("step must be greater than zero (x.flip(dim) reverses a dimension)")
    start, end, _ = slice(_bound(piece.start), _bound(piece.stop)).indices(x._array.shape[dim])
    params = {"dim": dim, "start": start, "end": max(start, end), "step": step}
    return dispatch(_SLICE, (x,), params)


def _bound(value):
    return value if value is None else _integer(value)


def _integer(value) -> int:
    if hasattr(value, "__index__"):
        return value.__index__()
    raise TypeError("slice indices must be integers or None or have an __index__ method")


_COMPOUND = (Tensor, slice, list, tuple)


def _stands_for_tuple(index) -> bool:
    """A short list that holds more than numbers is read as a tuple, as old NumPy did."""
    return (
        type(index) is list
        and len(index) < 32
        and any(i is None or i is Ellipsis or isinstance(i, _COMPOUND) for i in index)
    )


def delitem(self: Tensor, index) -> None:
    """Refused: a tensor keeps its size."""
    raise TypeError("Tensor does not support deleting items: take what is to stay, x[mask]")


def _parse(x: Tensor, index) -> tuple[Tensor, list]:
    """The view that the basic part of ``index`` makes of ``x``, and the tensors to index it
    with.
    """
    items = index if type(index) is tuple or _stands_for_tuple(index) else (index,)
    items = [_item(i) for i in items]
    taken = sum(_dims_taken(i) for i in items)
    rank = x._array.ndim
    if taken > rank:
        raise DimError(f"too many indices for tensor of dimension {rank}")
    indices: list = []  # a tensor or None for each dimension of the view, a mask for several
    dim = at = 0  # in the view, in the original tensor
    for item in items:
        if item is None:
            x = dispatch(_UNSQUEEZE, (x,), {"dim": dim})
            indices.append(None)
            dim += 1
        elif item is Ellipsis:
            indices += [None] * (rank - taken)
            dim += rank - taken
            at += rank - taken
        elif type(item) is slice:
            if item.start is not None or item.stop is not None or item.step is not None:
                x = _slice(x, dim, item)
            indices.append(None)
            dim += 1
            at += 1
        elif type(item) is int:
            x = _select(x, dim, item, at)
            at += 1
        elif item._array.ndim == 0:  # a truth value: a new dimension of size 0 or 1
            x = dispatch(_UNSQUEEZE, (x,), {"dim": dim})
            indices.append(wrap(item._array.reshape(1)))
            dim += 1
        else:
            indices.append(item)
            width = _dims_taken(item)
            dim += width
            at += width
    while indices and indices[-1] is None:
        indices.pop()
    return x, indices


def _item(item):
    """One part of an index as int, slice, ``None``, ``...`` or a tensor (0-d only if it is a truth
    value).
    """
    kind = type(item)
    if kind is int or kind is slice or item is None or item is Ellipsis:
        return item
    if isinstance(item, bool | np.bool_):
        return wrap(np.asarray(bool(item)))
    if not isinstance(item, Tensor) and not isinstance(item, list | tuple | range | np.ndarray):
        if hasattr(item, "__index__"):
            return item.__index__()
        if isinstance(item, str):
            raise TypeError(f"a tensor has no names to be indexed by: {item!r}")
        raise DimError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are "
            f"valid indices (got {kind.__name__})"
        )
    array = item._array if isinstance(item, Tensor) else _indices_of(item)
    code = array.dtype.kind
    if array.ndim == 0 and code in "iu" and array.dtype != np.uint8:
        return int(array)
    if code == "b":
        return item if isinstance(item, Tensor) else wrap(array)
    if array.dtype == np.uint8:
        return wrap(array.astype(np.bool_))
    if code not in "iu":
        raise DimError("tensors used as indices must be long, int, byte or bool tensors")
    return item if isinstance(item, Tensor) else wrap(array)


def _indices_of(sequence) -> np.ndarray:
    """A list or array of indices as an array; an empty one has integers."""
    if isinstance(sequence, np.ndarray):
        return sequence
    from .factory import tensor

    array = tensor(list(sequence))._array
    return array if array.size else array.astype(np.int64)


def _dims_taken(item) -> int:
    if item is None or item is Ellipsis:
        return 0
    if isinstance(item, Tensor):
        return item._array.ndim if item._array.dtype.kind == "b" else 1
    return 1
