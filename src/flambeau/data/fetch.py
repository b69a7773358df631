"""Making one batch out of a data set."""

from __future__ import annotations

import itertools

from .collate import default_collate
from .dataset import Subset, TensorDataset


class Exhausted(Exception):
    """The stream has no more samples."""


class MapFetcher:
    """Batches of a data set that can be indexed."""

    def __init__(self, dataset, batched: bool, collate_fn):
        self.dataset = dataset
        self.batched = batched
        self.collate_fn = collate_fn
        self.gather = _gatherer(dataset) if batched and collate_fn is default_collate else None

    def __call__(self, indices):
        if self.gather is not None:
            return self.gather(indices)
        if not self.batched:
            return self.collate_fn(self.dataset[indices])
        if callable(getattr(self.dataset, "__getitems__", None)):
            return self.collate_fn(self.dataset.__getitems__(indices))
        return self.collate_fn([self.dataset[i] for i in indices])


def _gatherer(dataset):
    """For tensors in memory: a function that gathers a whole batch at once; otherwise ``None``."""
    if type(dataset) is TensorDataset:
        return dataset.batch
    if type(dataset) is Subset:
        inner, own = _gatherer(dataset.dataset), dataset.indices
        if inner is not None:
            return lambda indices: inner([own[i] for i in indices])
    return None


class StreamFetcher:
    """Batches of a data set that can only be iterated."""

    def __init__(self, dataset, batched: bool, collate_fn, drop_last: bool):
        self.samples = iter(dataset)
        self.batched = batched
        self.collate_fn = collate_fn
        self.drop_last = drop_last

    def __call__(self, indices):
        if not self.batched:
            for sample in self.samples:
                return self.collate_fn(sample)
            raise Exhausted
        batch = list(itertools.islice(self.samples, len(indices)))
        if not batch or (self.drop_last and len(batch) < len(indices)):
            raise Exhausted
        return self.collate_fn(batch)
