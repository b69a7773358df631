"""From a list of samples to one batch."""

from __future__ import annotations

import collections.abc as abc

import numpy as np

from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor


def default_convert(data):
    """NumPy arrays in (nested) ``data`` as tensors; everything else as it is."""
    if isinstance(data, Tensor | str | bytes):
        return data
    if isinstance(data, np.ndarray | np.generic):
        return data if data.dtype.kind in "SUO" else torch.as_tensor(data)
    if isinstance(data, abc.Mapping):
        return {k: default_convert(v) for k, v in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, tuple):
        return [default_convert(v) for v in data]
    if isinstance(data, abc.Sequence):
        return [default_convert(v) for v in data]
    return data


def default_collate(batch: list):
    """Stack samples: tensors and arrays along a new first dimension, numbers into a tensor,
    containers item by item.

    >>> from flambeau.utils.data import default_collate
    >>> default_collate([(1, 2.0), (3, 4.0)])
    [tensor([1, 3]), tensor([2., 4.], dtype=torch.float64)]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return _stack(batch)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SUO":
            raise TypeError(_REFUSED.format(first.dtype))
        return _stack([torch.as_tensor(a) for a in batch])
    if isinstance(first, np.generic) and first.dtype.kind not in "SUO":
        return torch.as_tensor(np.array(batch))
    if isinstance(first, bool | int):
        return torch.tensor(batch)
    if isinstance(first, float):
        return torch.tensor(batch, dtype=torch.float64)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, abc.Mapping):
        return {k: default_collate([sample[k] for sample in batch]) for k in first}
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(column) for column in zip(*batch)))
    if isinstance(first, abc.Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return [default_collate(list(column)) for column in zip(*batch)]
    raise TypeError(_REFUSED.format(type(first)))


_REFUSED = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}. "
    "Give the DataLoader a collate_fn (or a transform such as ToTensor) that makes tensors."
)


def _stack(tensors: list) -> Tensor:
    shapes = {tuple(t.shape) for t in tensors}
    if len(shapes) > 1:
        raise RuntimeError(
            "stack expects each tensor to be equal size, but the samples of this batch have the "
            f"shapes {sorted(shapes)[:5]}. Resize or pad them, or give a collate_fn."
        )
    return torch.stack(tensors, 0)
