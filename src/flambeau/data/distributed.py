"""The share of one process among several that train together."""

from __future__ import annotations

import math
from collections.abc import Iterator

from flambeau.core.random import Generator
from flambeau.tensor.api import torch

from .dataset import Dataset
from .sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th key from ``rank`` on, of an order that all processes agree on.

    Args:
        dataset: has a length.
        num_replicas, rank: how many processes there are, and which this is.
        shuffle: random order, a new one after each ``set_epoch``. Default True.
        seed: of the order, the same in all processes. Default 0.
        drop_last: drop what does not divide evenly. Default False: repeat samples instead.
    Raises: RuntimeError without num_replicas or rank, ValueError for a rank out of range.

    >>> import flambeau as torch
    >>> from flambeau.utils.data.distributed import DistributedSampler
    >>> [list(DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in range(2)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Dataset,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError(
                "Requires distributed package to be available: this version of Flambeau has none, "
                "so give num_replicas and rank"
            )
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        share = len(dataset) / num_replicas
        self.num_samples = math.floor(share) if drop_last else math.ceil(share)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        n = len(self.dataset)
        if self.shuffle:
            generator = Generator().manual_seed(self.seed + self.epoch)
            order = torch.randperm(n, generator=generator).tolist()
        else:
            order = list(range(n))
        if len(order) < self.total_size:
            order *= -(-self.total_size // n)
        return iter(order[: self.total_size][self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of ``epoch``; without it every epoch has the same one."""
        self.epoch = epoch
