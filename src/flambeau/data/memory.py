"""Data that lie in memory as tensors: a batch is one indexing operation, not one a sample."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor

from . import collate
from .dataset import Subset, TensorDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler

__all__ = ["batches_of_keys", "gatherer"]

Keys = Any  # a slice, an array of keys, or a list of them


def gatherer(dataset, collate_fn: Callable) -> Callable[[Keys], list[Tensor]] | None:
    """A function that makes a whole batch of ``dataset``, or None where only its own methods can.

    It gives what collating the samples one by one would: only for data sets and a collation whose
    code nobody changed.
    """
    table = collate.default_collate_fn_map
    if (
        collate_fn is not collate.default_collate
        or table.get(Tensor) is not collate.collate_tensor_fn
    ):
        return None
    cls = type(dataset)
    if isinstance(dataset, TensorDataset) and cls.__getitem__ is TensorDataset.__getitem__:
        if hasattr(dataset, "__getitems__") or not all(type(t) is Tensor for t in dataset.tensors):
            return None
        return functools.partial(_rows, dataset.tensors)
    if cls is Subset:
        inner = gatherer(dataset.dataset, collate_fn)
        keys = _as_keys(dataset.indices) if inner is not None else None
        if keys is not None:
            return _Part(inner, keys)
    return None


class _Part:
    """The rows of a part: a run of keys stays a slice."""

    def __init__(self, inner, keys: np.ndarray):
        self.inner, self.keys = inner, keys
        first = int(keys[0]) if keys.size else 0
        is_run = first >= 0 and np.array_equal(keys, np.arange(first, first + keys.size))
        self.start = first if is_run else None

    def __call__(self, chosen: Keys) -> list[Tensor]:
        if type(chosen) is slice and self.start is not None:
            return self.inner(slice(chosen.start + self.start, chosen.stop + self.start))
        return self.inner(self.keys[chosen])


def _rows(tensors: tuple[Tensor, ...], keys: Keys) -> list[Tensor]:
    if type(keys) is slice:
        return [t[keys].clone() for t in tensors]
    index = torch.from_numpy(np.asarray(keys, np.int64))
    return [t[index] for t in tensors]


def _as_keys(indices) -> np.ndarray | None:
    try:
        keys = np.asarray(indices)
    except (TypeError, ValueError):
        return None
    return keys if keys.ndim == 1 and keys.dtype.kind in "iu" else None


def batches_of_keys(batch_sampler) -> Iterator[Keys]:
    """The batches of a sampler, as slices and arrays where nobody changed its code."""
    if type(batch_sampler) is not BatchSampler:
        return iter(batch_sampler)
    sampler, size = batch_sampler.sampler, batch_sampler.batch_size
    if type(sampler) is SequentialSampler:
        return _slices(len(sampler), size, batch_sampler.drop_last)
    if type(sampler) is RandomSampler:
        return _cuts(sampler, size, batch_sampler.drop_last)
    return iter(batch_sampler)


def _slices(count: int, size: int, drop_last: bool) -> Iterator[slice]:
    stop = count - count % size if drop_last else count
    for start in range(0, stop, size):
        yield slice(start, min(start + size, count))


def _cuts(sampler: RandomSampler, size: int, drop_last: bool) -> Iterator[np.ndarray]:
    rest = np.empty(0, np.int64)
    for keys in sampler.arrays():
        if rest.size:
            keys = np.concatenate([rest, keys])
        whole = keys.size - keys.size % size
        for start in range(0, whole, size):
            yield keys[start : start + size]
        rest = keys[whole:]
    if rest.size and not drop_last:
        yield rest
