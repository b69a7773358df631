"""The default random stream: ``flambeau.random``."""

from __future__ import annotations

import contextlib

from .core.random import Generator, default_generator
from .functional.random import get_rng_state, initial_seed, manual_seed, seed, set_rng_state

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]


@contextlib.contextmanager
def fork_rng(devices=None, enabled=True, _caller="fork_rng", device_type="cpu"):
    """Draws inside leave the default stream where it was.

    >>> import flambeau as torch
    >>> _ = torch.manual_seed(0); a = torch.rand(1); _ = torch.manual_seed(0)
    >>> with torch.random.fork_rng(): _ = torch.rand(5)
    >>> torch.equal(a, torch.rand(1))
    True
    """
    if not enabled:
        yield
        return
    position = default_generator.position()
    try:
        yield
    finally:
        default_generator.set_position(*position)
