"""``DataLoader``: batches of a data set, made here or by worker processes."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from . import collate, fetch, memory, streams
from .dataset import Dataset, IterableDataset
from .processes import Workers
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed

__all__ = ["DataLoader"]

T_co = TypeVar("T_co", covariant=True)
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _Forever(Sampler):
    """What stands for the keys of a stream."""

    def __iter__(self):
        while True:
            yield None


class DataLoader(Generic[T_co]):
    """An iterable of the batches of a data set.

    One seed gives the same batches for any number of workers: the order is drawn in the main
    process, and the random numbers that the data set sees (Flambeau's, Python's ``random``, NumPy's
    global ones) depend on the epoch and the batch alone.

    Args:
        dataset: a map (``Dataset``, list, ...) or a stream (``IterableDataset``).
        batch_size: samples a batch. Default 1. None: samples one by one, not collated.
        shuffle: a new random order every epoch. Default False.
        sampler: the keys, instead of ``shuffle``.
        batch_sampler: lists of keys, instead of ``batch_size``, ``shuffle``, ``sampler``,
            ``drop_last``.
        num_workers: processes that load; 0 (default): this one.
        collate_fn: makes a batch of a list of samples. Default ``default_collate``.
        pin_memory: accepted; nothing is pinned without an accelerator.
        drop_last: leave out a last batch that is not full. Default False.
        timeout: seconds to wait for a batch of a worker; 0 (default): for ever.
        worker_init_fn: called with the worker's number in each worker, before it loads.
        multiprocessing_context: start method of the workers, or a context. Default: the system's.
        generator: of the order and the seeds. Default: the global one.
        prefetch_factor: batches that each worker loads ahead. Default 2.
        persistent_workers: keep the workers for the next epoch. Default False.
        in_order: False: batches come as they are ready. Default True.
    Raises: ValueError, TypeError for arguments that contradict each other; in the loop what a data
        set raises, and a RuntimeError that names a worker which died.

    >>> import flambeau as torch
    >>> data = torch.utils.data.TensorDataset(torch.arange(5), torch.arange(5) * 10)
    >>> for x, y in torch.utils.data.DataLoader(data, batch_size=2):
    ...     print(x, y)
    tensor([0, 1]) tensor([ 0, 10])
    tensor([2, 3]) tensor([20, 30])
    tensor([4]) tensor([40])
    """

    __initialized = False

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler | Iterable | None = None,
        batch_sampler: Sampler[list] | Iterable[list] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context=None,
        generator=None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self._dataset_kind = fetch.STREAM if isinstance(dataset, IterableDataset) else fetch.MAP
        if self._dataset_kind == fetch.STREAM:
            _check_stream(shuffle, sampler, batch_sampler)
        shuffle = bool(shuffle)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, "
                    "sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive with "
                "drop_last"
            )
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        if sampler is None:
            if self._dataset_kind == fetch.STREAM:
                sampler = _Forever()
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)
            else:
                sampler = SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        if collate_fn is None:
            collate_fn = (
                collate.default_collate if self._auto_collation else collate.default_convert
            )
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        self._IterableDataset_len_called: int | None = None
        self._iterator: Any = None
        self.__initialized = True
        self.check_worker_number_rationality()

    @property
    def multiprocessing_context(self):
        """The context that starts the workers; None for the system's."""
        return self.__multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context) -> None:
        if context is not None:
            if self.num_workers == 0:
                raise ValueError(
                    "multiprocessing_context can only be used with multi-process loading "
                    f"(num_workers > 0), but got num_workers={self.num_workers}"
                )
            if isinstance(context, str):
                known = multiprocessing.get_all_start_methods()
                if context not in known:
                    raise ValueError(
                        "multiprocessing_context option should specify a valid start method in "
                        f"{known!r}, but got multiprocessing_context={context!r}"
                    )
                context = multiprocessing.get_context(context)
            if not isinstance(context, multiprocessing.context.BaseContext):
                raise TypeError(
                    "multiprocessing_context option should be a valid context object or a string "
                    f"specifying the start method, but got multiprocessing_context={context}"
                )
        self.__multiprocessing_context = context

    def __setattr__(self, name: str, value) -> None:
        if self.__initialized and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after {self.__class__.__name__} is initialized"
            )
        super().__setattr__(name, value)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self):
        return self.batch_sampler if self._auto_collation else self.sampler

    def _get_iterator(self) -> Iterator[T_co]:
        return (_Here if self.num_workers == 0 else _Elsewhere)(self)

    def __iter__(self) -> Iterator[T_co]:
        if not (self.persistent_workers and self.num_workers > 0):
            return self._get_iterator()
        if self._iterator is None or self._iterator.workers.closed:
            self._iterator = self._get_iterator()
        else:
            self._iterator._reset(self)
        return self._iterator

    def __len__(self) -> int:
        if self._dataset_kind == fetch.MAP:
            return len(self._index_sampler)
        length = self._IterableDataset_len_called = len(self.dataset)
        if self.batch_size is not None:
            return length // self.batch_size if self.drop_last else -(-length // self.batch_size)
        return length

    def check_worker_number_rationality(self) -> None:
        """Warn where there are more workers than processors."""
        if not self.num_workers:
            return
        has_affinity = hasattr(os, "sched_getaffinity")
        cpus = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count()
        if cpus is None or self.num_workers <= cpus:
            return
        warnings.warn(
            f"This DataLoader will create {self.num_workers} worker processes in total. Our "
            f"suggested max number of worker in current system is {cpus}, which is smaller than "
            "what this DataLoader is going to create. Please be aware that excessive worker "
            "creation might get DataLoader running slow or even freeze, lower the worker number "
            "to avoid potential slowness/freeze if necessary.",
            stacklevel=3,
        )


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
    given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                f"{name}={value}"
            )


class _Batches:
    """One epoch: what is common to loading here and in workers."""

    def __init__(self, loader: DataLoader):
        if loader.pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device "
                "pinned memory won't be used.",
                stacklevel=4,
            )
        self._begin(loader)

    def _begin(self, loader: DataLoader) -> None:
        self._loader = loader
        self._seed = draw_seed(loader.generator)
        self._yielded = 0

    def _keys(self, gather) -> Iterator:
        sampler = self._loader._index_sampler
        return memory.batches_of_keys(sampler) if gather is not None else iter(sampler)

    def __iter__(self):
        return self

    def __len__(self) -> int:
        return len(self._loader._index_sampler)

    def __getstate__(self):
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")

    def _count(self) -> None:
        self._yielded += 1
        loader = self._loader
        promised = loader._IterableDataset_len_called
        if loader._dataset_kind == fetch.MAP or promised is None or self._yielded <= promised:
            return
        message = (
            f"Length of IterableDataset {loader.dataset} was reported to be {promised} (when "
            f"accessing len(dataloader)), but {self._yielded} samples have been fetched. "
        )
        if loader.num_workers > 0:
            message += (
                "For multiprocessing data-loading, this could be caused by not properly "
                "configuring the IterableDataset replica at each worker: see get_worker_info."
            )
        warnings.warn(message, stacklevel=3)


class _Here(_Batches):
    """Batches made in this process."""

    def __init__(self, loader: DataLoader):
        super().__init__(loader)
        if loader.timeout:
            raise AssertionError("a timeout needs num_workers > 0")
        kind = loader._dataset_kind
        job = (kind, loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last)
        if kind == fetch.STREAM:  # runs the data set's __iter__, which may draw
            self._load = self._drawing(lambda: fetch.fetcher(*job), self._seed)
        else:
            self._load = fetch.fetcher(*job)
        self._key_batches = self._keys(self._load.gather)
        self._batch = 0

    def _drawing(self, function, seed: int):
        """What ``function`` returns, with random streams of its own."""
        states = streams.kept()
        try:
            streams.seed_all(seed)
            return function()
        finally:
            streams.put_back(states)

    def __next__(self):
        keys = next(self._key_batches)
        load = self._load
        if load.draws:
            seed = streams.batch_seed(self._seed, self._batch)
            data = self._drawing(lambda: load(keys), seed)
        else:
            data = load(keys)
        self._batch += 1
        self._count()
        return data


class _Elsewhere(_Batches):
    """Batches made by worker processes."""

    def __init__(self, loader: DataLoader):
        super().__init__(loader)
        if loader.prefetch_factor <= 0:
            raise AssertionError("prefetch_factor must be greater than 0 for multi-process loading")
        self.workers = Workers(loader, self._seed)
        self._start()

    def _start(self) -> None:
        loader = self._loader
        gather = (
            memory.gatherer(loader.dataset, loader.collate_fn) if loader._auto_collation else None
        )
        self.workers.begin(self._keys(gather), self._seed)

    def _reset(self, loader: DataLoader) -> None:
        self._begin(loader)
        self._start()

    def __next__(self):
        if self.workers.closed:
            raise StopIteration
        try:
            data = self.workers.next()
        except StopIteration:
            if not self._loader.persistent_workers:
                self.workers.close()
            raise
        self._count()
        return data

    def __del__(self):
        workers = getattr(self, "workers", None)
        if workers is not None:
            workers.close()
