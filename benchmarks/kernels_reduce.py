"""Reductions of the C++ runtime against PyTorch, float32, both with the same number of threads.

Run ``python benchmarks/kernels_reduce.py [threads]``. Measurements alternate; printed are the best
times in microseconds and the median of the ratios of pairs: PyTorch's time over ours.
"""

from __future__ import annotations

import statistics
import sys
import time
from functools import partial

import numpy as np
import torch

from flambeau.backend.native import _runtime as native

PAIRS = 40
CASES = [  # name, function, shape, axis
    ("sum of all", "sum", (1_000_000,), None),
    ("max of all", "max", (1_000_000,), None),
    ("norm of all", "norm", (1_000_000,), None),
    ("rows of 10", "sum", (10_000, 10), 1),
    ("rows of 1000", "sum", (1000, 1000), 1),
    ("rows of 1000", "max", (1000, 1000), 1),
    ("rows of 100000", "mean", (10, 100_000), 1),
    ("bias, 10 columns", "sum", (100, 10), 0),
    ("bias, 10 columns", "sum", (100_000, 10), 0),
    ("bias, 64 columns", "sum", (32_768, 64), 0),
    ("bias, 512 columns", "sum", (512, 512), 0),
    ("1000 columns", "max", (1000, 1000), 0),
]


def seconds(run, calls) -> float:
    time.sleep(0.005)  # until the other library's threads have stopped spinning
    start = time.perf_counter()
    while time.perf_counter() - start < 0.003:  # until this one's are awake
        run()
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def both(function, shape, axis):
    """Calls of the two libraries for one case."""
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    tx = torch.from_numpy(x)
    size = 1 if axis is None else shape[1 - axis]
    y = np.zeros(size, np.float32)
    inner = {"inner": size} if axis == 0 else {}
    ours = partial(getattr(native, function), x, y, **inner)
    if function == "norm":
        return ours, partial(torch.linalg.vector_norm, tx)
    names = {"max": "amax"} if function == "max" else {}
    theirs = getattr(torch, names.get(function, function))
    return ours, partial(theirs, tx) if axis is None else partial(theirs, tx, axis)


def main() -> None:
    """Measure everything."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else native.get_num_threads()
    native.set_num_threads(threads)
    torch.set_num_threads(threads)
    print(f"{threads} threads, {native.instruction_set()}")
    print(f"{'microseconds':<40} {'ours':>9} {'torch':>9} {'ratio':>7}")
    for name, function, shape, axis in CASES:
        calls = max(1, 1_000_000 // np.prod(shape))
        ours, theirs = both(function, shape, axis)
        pairs = [(seconds(ours, calls), seconds(theirs, calls)) for _ in range(PAIRS)]
        best = [1e6 * min(times) for times in zip(*pairs)]
        ratio = statistics.median(b / a for a, b in pairs)
        label = f"{function}, {name} {shape}"
        print(f"{label:<40} {best[0]:9.1f} {best[1]:9.1f} {ratio:7.2f}")


if __name__ == "__main__":
    main()
