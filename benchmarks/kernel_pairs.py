"""What benchmarks of kernels share: memory that is aligned, and pairs of measurements."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from flambeau.backend.native import _runtime as native

SECONDS = 1.0  # that one line may take


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


def normal(*shape: int) -> np.ndarray:
    """Random numbers that begin at a cache line."""
    x = aligned(*shape)
    x[...] = np.random.default_rng(0).standard_normal(shape, np.float32)
    return x


def compare(name: str, ours: Callable, theirs: Sequence[Callable]) -> float:
    """Print our time, those of PyTorch's ways, and how often ours fits into the fastest of them:
    by best times, and by medians. Returns the first.
    """
    runs = [ours, *theirs]
    times: list[list[float]] = [[] for _ in runs]
    for run in runs:
        run()
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times[0]) < 5:
        for run, spent in zip(runs, times):
            time.sleep(0.001)  # until the other library's threads have stopped spinning
            start = time.perf_counter()
            run()
            spent.append(1e3 * (time.perf_counter() - start))
    best, median = [min(t) for t in times], [statistics.median(t) for t in times]
    ratio = min(best[1:]) / best[0]
    cells = "  ".join(f"{b:8.4f} ({m:8.4f})" for b, m in zip(best, median))
    print(f"{name:<34} {cells}  {ratio:6.2f} ({min(median[1:]) / median[0]:6.2f})", flush=True)
    return ratio
