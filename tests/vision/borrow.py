"""torchvision made to draw its random numbers from our stream, so that whole classes compare."""

from __future__ import annotations

from typing import Any

import numpy as np

import flambeau

from .oracle import torch


class Empty:
    """What the oracle gets for `torch.empty(...)`, on which it then calls a random filler."""

    def __init__(self, *size: Any, dtype: Any = None) -> None:
        self.mine = flambeau.empty(*size)

    def uniform_(self, low: Any, high: Any) -> Any:
        return theirs(self.mine.uniform_(float(low), float(high)))

    def normal_(self) -> Any:
        return theirs(self.mine.normal_())


class Borrowed:
    """The oracle's `torch`, but for the functions that draw: those ask Flambeau."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    empty = Empty

    def rand(self, *size: Any) -> Any:
        return theirs(flambeau.rand(*size))

    def randint(self, *args: Any, **options: Any) -> Any:
        options.pop("dtype", None)
        return theirs(flambeau.randint(*args, **options))

    def randperm(self, n: int) -> Any:
        return theirs(flambeau.randperm(n))


def theirs(value: Any) -> Any:
    """A tensor of ours, or a number or an image, as the oracle has it."""
    if isinstance(value, flambeau.Tensor):
        return torch.from_numpy(np.ascontiguousarray(value.detach().numpy()))
    return value


def distance(mine: Any, oracles: Any) -> float:
    """The largest difference of two images of one kind, form and type; an error if they are not."""
    if isinstance(mine, flambeau.Tensor):
        assert str(mine.dtype) == str(oracles.dtype)
        mine, oracles = mine.detach().numpy(), oracles.numpy()
    else:
        assert (mine.mode, mine.size) == (oracles.mode, oracles.size)
        mine, oracles = np.asarray(mine), np.asarray(oracles)
    assert mine.shape == oracles.shape
    return float(np.abs(mine.astype(np.float64) - oracles.astype(np.float64)).max(initial=0))
