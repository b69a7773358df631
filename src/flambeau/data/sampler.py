"""Samplers: in which order, and how often, the keys of a data set come."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Generic, TypeVar

import numpy as np

from flambeau.core import dtypes
from flambeau.core.random import Generator
from flambeau.tensor.api import torch

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

T_co = TypeVar("T_co", covariant=True)


def draw_seed(generator=None) -> int:
    """A seed out of a random stream, the global one by default."""
    return int(torch.randint(0, 2**63 - 1, (), dtype=dtypes.int64, generator=generator).item())


class Sampler(Generic[T_co]):
    """Base of all samplers: subclasses write ``__iter__`` and, if they can, ``__len__``."""

    def __init__(self, data_source: Sized | None = None) -> None:
        pass

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """The keys 0, 1, 2, ... in order.

    >>> import flambeau as torch
    >>> list(torch.utils.data.SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """The keys in random order, or drawn with replacement.

    Args:
        data_source: what has as many keys as its length.
        replacement: draw each key independently. Default False: every key once before any comes
            again.
        num_samples: how many keys. Default: as many as there are.
        generator: of the order. Default: a new one, seeded from the global one.
    Raises: TypeError, ValueError for arguments of the wrong kind.

    >>> import flambeau as torch
    >>> sorted(torch.utils.data.RandomSampler(range(4)))
    [0, 1, 2, 3]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator=None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, but got "
                f"num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        """How many keys one pass gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def arrays(self) -> Iterator[np.ndarray]:
        """The keys of one pass, in arrays."""
        n, wanted = len(self.data_source), self.num_samples
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(draw_seed())
        if self.replacement:
            yield torch.randint(n, (wanted,), generator=generator).numpy()
            return
        for start in range(0, wanted, n):
            yield torch.randperm(n, generator=generator).numpy()[: wanted - start]

    def __iter__(self) -> Iterator[int]:
        for keys in self.arrays():
            yield from keys.tolist()

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given keys in random order.

    >>> import flambeau as torch
    >>> sorted(torch.utils.data.SubsetRandomSampler([2, 5, 7]))
    [2, 5, 7]
    """

    def __init__(self, indices: Sequence[int], generator=None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in torch.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Keys drawn with given weights.

    Args:
        weights: one a key, not negative; they need not add up to 1.
        num_samples: how many keys one pass gives.
        replacement: whether a key can come twice. Default True.
        generator: of the draws. Default: the global one.
    Raises: ValueError for arguments of the wrong kind.

    >>> import flambeau as torch
    >>> list(torch.utils.data.WeightedRandomSampler([0, 1, 0], 3))
    [1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator=None,
    ) -> None:
        _positive("num_samples", num_samples)
        _boolean("replacement", replacement)
        weights = torch.as_tensor(weights, dtype=dtypes.float64)
        if weights.dim() != 1:
            raise ValueError(
                "weights should be a 1d sequence but given weights have shape "
                f"{tuple(weights.shape)}"
            )
        self.weights = weights
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = torch.multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        )
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of ``batch_size`` keys out of another sampler.

    Args:
        sampler: any iterable of keys.
        batch_size: keys a batch.
        drop_last: leave out a last batch that is not full.
    Raises: ValueError for arguments of the wrong kind.

    >>> import flambeau as torch
    >>> list(torch.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        _positive("batch_size", batch_size)
        _boolean("drop_last", drop_last)
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        keys = iter(self.sampler)
        while batch := list(itertools.islice(keys, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def _positive(name: str, value) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")


def _boolean(name: str, value) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{name} should be a boolean value, but got {name}={value}")
