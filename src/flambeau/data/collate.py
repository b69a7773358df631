"""How samples become a batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from flambeau.core import dtypes
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor

__all__ = ["collate", "default_collate", "default_collate_fn_map", "default_convert"]

_REFUSED = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)
_NO_NUMBERS = "SUOa"  # kinds of NumPy elements that no tensor holds


def default_convert(data: Any) -> Any:
    """NumPy arrays, at any depth, as tensors; everything else stays.

    >>> import numpy as np
    >>> from flambeau.utils.data import default_convert
    >>> default_convert({"x": np.array([0, 1]), "name": "a"})
    {'x': tensor([0, 1]), 'name': 'a'}
    """
    if isinstance(data, Tensor):
        return data
    if isinstance(data, (np.ndarray, np.generic)):
        return data if data.dtype.kind in _NO_NUMBERS else torch.as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple):
        items = [default_convert(each) for each in data]
        return type(data)(*items) if hasattr(data, "_fields") else items
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(each) for each in data])
    return data


def default_collate(batch: Any) -> Any:
    """Samples as one batch, with a new first dimension.

    Tensors are stacked; NumPy arrays and numbers become tensors; strings and bytes stay a list;
    mappings, named tuples and sequences are collated entry by entry (a tuple becomes a list).

    Raises: TypeError for samples of other kinds, RuntimeError for samples of different lengths.

    >>> import flambeau as torch
    >>> from flambeau.utils.data import default_collate
    >>> default_collate([{"x": 1.5, "y": "a"}, {"x": 2.5, "y": "b"}])
    {'x': tensor([1.5000, 2.5000], dtype=torch.float64), 'y': ['a', 'b']}
    >>> default_collate([(0, torch.zeros(2)), (1, torch.ones(2))])
    [tensor([0, 1]), tensor([[0., 0.],
            [1., 1.]])]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Any, *, collate_fn_map: dict[Any, Callable] | None = None) -> Any:
    """``default_collate`` with a table of one's own.

    Args:
        collate_fn_map: type, or tuple of types -> function of (batch, *, collate_fn_map).
    """
    first = batch[0]
    if collate_fn_map is not None:
        function = collate_fn_map.get(type(first))
        if function is None:
            function = next(
                (f for kind, f in collate_fn_map.items() if isinstance(first, kind)), None
            )
        if function is not None:
            return function(batch, collate_fn_map=collate_fn_map)

    def together(samples):
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like_mapping(first, {key: together([each[key] for each in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*map(together, zip(*batch)))
    if isinstance(first, Sequence):
        if any(len(each) != len(first) for each in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [together(samples) for samples in zip(*batch)]
        return columns if isinstance(first, tuple) else _like_sequence(first, columns)
    raise TypeError(_REFUSED.format(type(first)))


def _like_mapping(example: Mapping, entries: dict) -> Any:
    """``entries`` in a mapping of the kind of ``example``, which may carry more than entries."""
    try:
        if isinstance(example, MutableMapping):
            twin = copy.copy(example)
            twin.update(entries)
            return twin
        return type(example)(entries)
    except TypeError:  # a kind that can be neither copied nor made of entries
        return entries


def _like_sequence(example: Sequence, items: list) -> Any:
    try:
        if isinstance(example, MutableSequence):
            twin = copy.copy(example)
            for i, item in enumerate(items):
                twin[i] = item
            return twin
        return type(example)(items)
    except TypeError:  # such as a range
        return items


def collate_tensor_fn(batch, *, collate_fn_map=None):
    return torch.stack(list(batch), 0)


def collate_numpy_array_fn(batch, *, collate_fn_map=None):
    if batch[0].dtype.kind in _NO_NUMBERS:
        raise TypeError(_REFUSED.format(batch[0].dtype))
    return collate([torch.as_tensor(each) for each in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch, *, collate_fn_map=None):
    return torch.as_tensor(np.asarray(batch))


def collate_float_fn(batch, *, collate_fn_map=None):
    return torch.tensor(batch, dtype=dtypes.float64)


def collate_int_fn(batch, *, collate_fn_map=None):
    return torch.tensor(batch)


def collate_str_fn(batch, *, collate_fn_map=None):
    return batch


default_collate_fn_map: dict[Any, Callable] = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}
