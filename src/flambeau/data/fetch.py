"""Makes batches of keys into batches of data; used by the main process and by workers alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import memory

__all__ = ["MAP", "STREAM", "fetcher"]

MAP, STREAM = "map", "stream"


def fetcher(
    kind: str, dataset, batched: bool, collate_fn: Callable, drop_last: bool
) -> Callable[[Any], Any]:
    """A function from what the sampler gives to a batch.

    It raises StopIteration where a stream ends.

    Its attribute ``draws`` tells whether code of the user runs, which may draw random numbers.
    """
    if kind == STREAM:
        return _Stream(dataset, batched, collate_fn, drop_last)
    return _Map(dataset, batched, collate_fn)


class _Map:
    def __init__(self, dataset, batched: bool, collate_fn: Callable):
        self.dataset = dataset
        self.batched = batched
        self.collate_fn = collate_fn
        self.gather = memory.gatherer(dataset, collate_fn) if batched else None
        self.draws = self.gather is None
        self.whole = callable(getattr(dataset, "__getitems__", None))

    def __call__(self, keys):
        if self.gather is not None and (type(keys) is slice or len(keys)):
            return self.gather(keys)
        if not self.batched:
            return self.collate_fn(self.dataset[keys])
        if self.whole:
            return self.collate_fn(self.dataset.__getitems__(keys))
        dataset = self.dataset
        return self.collate_fn([dataset[key] for key in keys])


class _Stream:
    draws = True
    gather = None

    def __init__(self, dataset, batched: bool, collate_fn: Callable, drop_last: bool):
        self.samples = iter(dataset)
        self.batched = batched
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.ended = False

    def __call__(self, keys):
        if self.ended:
            raise StopIteration
        if not self.batched:
            return self.collate_fn(next(self.samples))
        batch = []
        for _ in keys:
            try:
                batch.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not batch or (self.drop_last and len(batch) < len(keys)):
            raise StopIteration
        return self.collate_fn(batch)
