"""The random numbers that a data set sees: one stream a batch, whoever loads it.

Before each batch the global generators (Flambeau's, Python's, NumPy's) are set to a state that
depends on the epoch's seed and the number of the batch alone, in a worker as in the main process.
So augmentation gives the same samples for any number of workers. The main process gets its own
states back afterwards.
"""

from __future__ import annotations

import random

import numpy as np

from flambeau.core.random import default_generator

__all__ = ["batch_seed", "kept", "put_back", "seed_all"]

_MASK = (1 << 64) - 1


def batch_seed(epoch_seed: int, batch: int) -> int:
    """A 64-bit seed, unrelated for other batches and epochs (the output step of SplitMix64)."""
    z = (epoch_seed + (batch + 1) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def seed_all(seed: int) -> None:
    """Start the global generators anew."""
    default_generator.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed & 0xFFFFFFFF)


_spare: list[np.random.MT19937] = []


def kept():
    """The states of the global generators; NumPy goes on with a generator that is ours."""
    numpy = np.random.get_bit_generator()  # exchanged, not copied: its state is 2.5 KB
    np.random.set_bit_generator(_spare.pop() if _spare else np.random.MT19937(0))
    return default_generator.position(), random.getstate(), numpy


def put_back(states) -> None:
    """Give the global generators the states that ``kept`` returned."""
    position, python, numpy = states
    default_generator.set_position(*position)
    random.setstate(python)
    _spare.append(np.random.get_bit_generator())
    np.random.set_bit_generator(numpy)
