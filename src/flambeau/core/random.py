"""Random streams: a seed and a position, never a hidden state.

Every random number is a pure function of (seed, position) through the counter-based generator
Philox 4x64-10 (Salmon et al.,
"Parallel random numbers: as easy as 1, 2, 3", 2011). A draw reserves the next positions of its
generator's stream, so one seed
gives the same numbers on every device and at any number of threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from .errors import ArgumentError

_MASK = (1 << 64) - 1
DEFAULT_SEED = 67280421310721


class Generator:
    """A random stream: ``seed`` and the ``offset`` of the next draw, in blocks of four 64-bit
    words.

    >>> import flambeau as torch
    >>> g = torch.Generator().manual_seed(7)
    >>> a = torch.rand(2, generator=g); b = torch.rand(2, generator=g.manual_seed(7))
    >>> torch.equal(a, b)
    True
    """

    get_state: Callable  # functional/random.py gives it these two: a state is a tensor
    set_state: Callable

    def __init__(self, device="cpu") -> None:
        from .devices import require

        self.device = require(device)
        self._seed = DEFAULT_SEED
        self._offset = 0
        self._lock = threading.Lock()

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of ``seed`` (an integer in [-2**63, 2**64)) anew."""
        if not isinstance(seed, int):
            try:
                seed = seed.__index__()
            except AttributeError:
                raise TypeError(
                    f"manual_seed expected an integer, but got {type(seed).__name__}"
                ) from None
        if not -(1 << 63) <= seed <= _MASK:
            raise RuntimeError(f"Overflow when unpacking long long: seed {seed} needs over 64 bits")
        self._seed, self._offset = seed & _MASK, 0
        return self

    def seed(self) -> int:
        """Start a stream that nobody can foresee; returns its seed."""
        fresh = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(fresh)
        return fresh

    def initial_seed(self) -> int:
        """The seed of the stream."""
        return self._seed

    def reserve(self, words: int) -> tuple[int, int]:
        """Take the next ``words`` 64-bit words of the stream: returns (seed, offset of the first
        block).
        """
        with self._lock:
            start = self._offset
            self._offset += -(-words // 4)
        return self._seed, start

    def position(self) -> tuple[int, int]:
        """(seed, offset): what ``get_state`` stores."""
        return self._seed, self._offset

    def set_position(self, seed: int, offset: int) -> None:
        if not (0 <= seed <= _MASK and 0 <= offset <= _MASK):
            raise ArgumentError(f"not a random state: seed {seed}, offset {offset}")
        self._seed, self._offset = seed, offset

    def clone_state(self) -> Generator:
        """A generator that goes on from the same position, independently."""
        twin = Generator(self.device)
        twin._seed, twin._offset = self._seed, self._offset
        return twin

    def __reduce__(self):
        return _restore, (self._seed, self._offset)

    def __repr__(self) -> str:
        return f"<torch.Generator seed={self._seed} offset={self._offset}>"


def _restore(seed: int, offset: int) -> Generator:
    generator = Generator()
    generator.set_position(seed, offset)
    return generator


default_generator = Generator()
