"""The random numbers that a data set sees while a batch is made.

They depend on the loader's seed and the number of the batch alone, never on which process makes
it. So the same batches come
from any number of workers.
"""

from __future__ import annotations

import random
import sys
from contextlib import contextmanager

from flambeau.core.random import default_generator

_MASK = (1 << 64) - 1


def batch_seed(base_seed: int, batch: int) -> int:
    """A seed for one batch; neighbours get unrelated ones (the finaliser of SplitMix64)."""
    z = (base_seed + 0x9E3779B97F4A7C15 * (batch + 1)) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def seed_all(seed: int) -> None:
    """Seed Flambeau's default stream, ``random``, and ``numpy.random`` if the program uses it."""
    default_generator.manual_seed(seed)
    random.seed(seed)
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed(seed & 0xFFFFFFFF)


@contextmanager
def stream_of(base_seed: int, batch: int):
    """Give one batch its own random streams, and put the caller's back afterwards."""
    position = default_generator.position()
    python = random.getstate()
    numpy = sys.modules.get("numpy.random")
    state = numpy.get_state() if numpy else None
    seed_all(batch_seed(base_seed, batch))
    try:
        yield
    finally:
        default_generator.set_position(*position)
        random.setstate(python)
        if numpy:
            numpy.set_state(state)
