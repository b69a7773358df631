"""Reductions of the C++ runtime against PyTorch, float32, both with the same number of threads.

Run ``python benchmarks/kernels_reduce.py [threads]``.
"""

from __future__ import annotations

from functools import partial

import torch
from kernel_pairs import aligned, compare, normal, use_threads

from flambeau.backend.native import _runtime as native

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


def both(function, shape, axis):
    """Calls of the two libraries for one case."""
    x = normal(*shape)
    tx = torch.from_numpy(x)
    size = 1 if axis is None else shape[1 - axis]
    y = aligned(size)
    inner = {"inner": size} if axis == 0 else {}
    ours = partial(getattr(native, function), x, y, **inner)
    if function == "norm":
        return ours, partial(torch.linalg.vector_norm, tx)
    names = {"max": "amax"} if function == "max" else {}
    theirs = getattr(torch, names.get(function, function))
    return ours, partial(theirs, tx) if axis is None else partial(theirs, tx, axis)


def main() -> None:
    """Measure everything."""
    use_threads()
    for name, function, shape, axis in CASES:
        compare(f"{function}, {name} {shape}", *both(function, shape, axis))


if __name__ == "__main__":
    main()
