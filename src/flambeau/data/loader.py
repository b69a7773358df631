"""Batches of a data set, in order, with or without worker processes."""

from __future__ import annotations

import itertools

from flambeau.tensor.api import torch

from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .fetch import Exhausted, MapFetcher, StreamFetcher
from .pool import WorkerPool
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler
from .streams import stream_of
from .worker import END, Failure, Setup


class _Endless(Sampler):
    """What a stream is asked for: ``None`` again and again."""

    def __iter__(self):
        return itertools.repeat(None)


class DataLoader:
    """Iterates over batches of ``dataset``.

    dataset: something to index (``__getitem__``, ``__len__``) or to iterate (``IterableDataset``).
    batch_size: samples in a batch; ``None`` gives single samples. Default 1.
    shuffle: a new random order every time it is iterated.
    num_workers: processes that make batches ahead; 0 makes them here.

    The batches depend on the seed (``generator``, or ``torch.manual_seed``) and not on
    ``num_workers``; random numbers
    drawn inside the data set too.

    >>> import flambeau as torch
    >>> from flambeau.utils.data import DataLoader, TensorDataset
    >>> [x for x, in DataLoader(TensorDataset(torch.arange(5)), batch_size=2)]
    [tensor([0, 1]), tensor([2, 3]), tensor([4])]
    """

    def __init__(
        self, dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None, num_workers=0,
        collate_fn=None, pin_memory=False, drop_last=False, timeout=0, worker_init_fn=None,
        multiprocessing_context=None, generator=None, *, prefetch_factor=None,
        persistent_workers=False, pin_memory_device="", in_order=True,
    ):  # fmt: skip
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self._stream = isinstance(dataset, IterableDataset)
        if self._stream:
            _check_stream(shuffle, sampler, batch_sampler)
        elif shuffle and sampler is not None:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, "
                    "and drop_last"
                )
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive with "
                "drop_last"
            )
        if sampler is None:
            if self._stream:
                sampler = _Endless()
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)
            else:
                sampler = SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate
        self.collate_fn = collate_fn
        self.num_workers, self.timeout, self.worker_init_fn = num_workers, timeout, worker_init_fn
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers, self.in_order = persistent_workers, in_order
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.multiprocessing_context = multiprocessing_context
        self._pool: WorkerPool | None = None
        self._sealed = True

    def __setattr__(self, name, value):
        fixed = (
            "batch_size",
            "batch_sampler",
            "sampler",
            "drop_last",
            "dataset",
            "persistent_workers",
        )
        if name in fixed and getattr(self, "_sealed", False):
            raise ValueError(f"{name} attribute should not be set after DataLoader is initialized")
        object.__setattr__(self, name, value)

    @property
    def _index_sampler(self):
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __len__(self) -> int:
        if not self._stream:
            return len(self._index_sampler)
        n = len(self.dataset)
        if self.batch_size is None:
            return n
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self):
        seed = int(torch.randint(1 << 62, (), generator=self.generator).item())
        if self.num_workers:
            return _from_workers(self, seed)
        return _from_here(self, seed)

    def _workers(self) -> WorkerPool:
        if self._pool is not None:
            return self._pool
        setups = [
            Setup(self.dataset, self._stream, self.batch_sampler is not None, self.collate_fn,
                  self.drop_last, self.worker_init_fn, i, self.num_workers)
            for i in range(self.num_workers)
        ]  # fmt: skip
        pool = WorkerPool(setups, self.multiprocessing_context, self.timeout)
        if self.persistent_workers:
            self._pool = pool
        return pool

    def __del__(self):
        pool = self.__dict__.get("_pool")
        if pool is not None:
            pool.close()


def _from_here(loader: DataLoader, seed: int):
    """The batches, made in this process."""
    batched = loader.batch_sampler is not None
    if loader._stream:
        fetch = StreamFetcher(loader.dataset, batched, loader.collate_fn, loader.drop_last)
        for indices in loader._index_sampler:
            try:
                yield fetch(indices)
            except Exhausted:
                return
        return
    fetch = MapFetcher(loader.dataset, batched, loader.collate_fn)
    for order, indices in enumerate(loader._index_sampler):
        if fetch.gather is not None:  # plain rows of tensors: nothing random can happen
            yield fetch.gather(indices)
            continue
        with stream_of(seed, order):
            batch = fetch(indices)
        yield batch


def _from_workers(loader: DataLoader, seed: int):
    """The batches, made by worker processes; a bounded number of tasks is under way at any time."""
    pool = loader._workers()
    finished = False
    try:
        pool.begin(seed)
        yield from _run_epoch(loader, pool)
        finished = True
    finally:
        if not (loader.persistent_workers and finished):
            loader._pool = None
            pool.close()


def _run_epoch(loader: DataLoader, pool: WorkerPool):
    tasks = enumerate(loader._index_sampler)
    alive = list(range(len(pool)))
    turn = 0
    under_way: dict[int, int] = {}  # order -> worker
    arrived: dict[int, object] = {}
    expected = 0

    def hand_out(i: int) -> None:
        task = next(tasks, None)
        if task is not None:
            under_way[task[0]] = i
            pool.send(i, task)

    for _ in range(loader.prefetch_factor):
        for i in alive:
            hand_out(i)
    while under_way or arrived:
        if loader.in_order:
            while expected not in under_way and expected not in arrived:
                expected += 1  # a stream that ended early leaves gaps
            ready = expected if expected in arrived else None
        else:
            ready = next(iter(arrived), None)
        if ready is None:
            i, order, value = pool.receive()
            if value is END or (isinstance(value, bytes) and value == END and loader._stream):
                del under_way[order]
                if i in alive:
                    alive.remove(i)
                continue
            arrived[order] = value
            continue
        value = arrived.pop(ready)
        i = under_way.pop(ready)
        if i in alive or not alive:
            target = i
        else:
            turn += 1
            target = alive[turn % len(alive)]
        if target in alive:
            hand_out(target)
        if isinstance(value, Failure):
            value.reraise()
        yield value


def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers) -> None:
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable "
            "multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_stream(shuffle, sampler, batch_sampler) -> None:
    if shuffle not in (None, False):
        raise ValueError(
            "DataLoader with IterableDataset: expected unspecified shuffle option, but got "
            f"shuffle={shuffle}"
        )
    for name, given in (("sampler", sampler), ("batch_sampler", batch_sampler)):
        if given is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                f"{name}={given}"
            )
