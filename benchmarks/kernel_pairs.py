"""What benchmarks of kernels share: memory that is aligned, and measurements in turns."""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from flambeau.backend.native import _runtime as native

SECONDS = 1.0  # that one line may take
REST = 0.010  # seconds; the threads of PyTorch's OpenMP spin for about seven milliseconds
TURN = 0.005  # seconds of one function's calls in a row


def use_threads() -> None:
    """As many threads as the command line says, for both libraries."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else native.get_num_threads()
    native.set_num_threads(count)
    torch.set_num_threads(count)
    print(f"{count} threads, {native.instruction_set()}; milliseconds: best (median of all)")


def aligned(*shape: int, dtype=np.float32) -> np.ndarray:
    """Zeros that begin at a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


def copied(array: np.ndarray) -> np.ndarray:
    """A copy that begins at a cache line, as PyTorch's arrays do."""
    copy = aligned(*array.shape, dtype=array.dtype)
    copy[...] = array
    return copy


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Random numbers that begin at a cache line."""
    return copied(np.random.default_rng(seed).standard_normal(shape, np.float32))


def rounds(functions: Sequence[Callable], seconds: float = SECONDS) -> list[list[float]]:
    """The milliseconds of each function in each round; they take turns for so many seconds.

    A turn begins with a rest, until the other library's threads have stopped spinning (they would
    hold a core), and with a call that does not count; the best call of a turn does.
    """
    taken: list[list[float]] = [[] for _ in functions]
    stop = time.perf_counter() + seconds
    while len(taken[0]) < 3 or (time.perf_counter() < stop and len(taken[0]) < 50):
        for function, times in zip(functions, taken, strict=True):
            time.sleep(REST)
            function()
            turn: list[float] = []
            end = time.perf_counter() + TURN
            while not turn or (time.perf_counter() < end and len(turn) < 20):
                start = time.perf_counter()
                function()
                turn.append(time.perf_counter() - start)
            times.append(1e3 * min(turn))
    return taken


def faster_by(mine: Sequence[float], others: Sequence[Sequence[float]]) -> float:
    """How often our time fits into that of the fastest of the others: the median of the rounds."""
    peer = min(others, key=statistics.median)
    return statistics.median(t / m for t, m in zip(peer, mine, strict=True))


def pair(ours: Callable, theirs: Sequence[Callable], seconds: float) -> tuple[float, float]:
    """The median of our milliseconds, and ``faster_by``."""
    mine, *others = rounds([ours, *theirs], seconds)
    return statistics.median(mine), faster_by(mine, others)


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def compare(name: str, ours: Callable, theirs: Callable | Sequence[Callable]) -> float:
    """Print our time, that of PyTorch's way or ways, and how often ours fits into the fastest: by
    best times, and by ``faster_by``, which is returned.
    """
    times = rounds([ours, *([theirs] if callable(theirs) else theirs)])
    best, median = [min(t) for t in times], [statistics.median(t) for t in times]
    ratio = faster_by(times[0], times[1:])
    cells = "  ".join(f"{b:8.4f} ({m:8.4f})" for b, m in zip(best, median))
    print(f"{name:<34} {cells}  {min(best[1:]) / best[0]:6.2f} ({ratio:6.2f})", flush=True)
    return ratio
