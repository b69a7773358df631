"""Operations through the public API against PyTorch's: what users pay, Python included.

Run ``python benchmarks/operations.py [threads] [part of a name]``. Each line is an operation on a
million elements or so, five times in a row, forward, and forward plus backward where it says so;
"small" lines are operations on a hundred elements, where there is only the fixed cost.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import torch
from kernel_pairs import compare, geometric_mean, normal, use_threads

import flambeau

MAP = (16, 64, 32, 32)
FUNCTIONS: dict[str, Callable] = {
    "exp": lambda lib, x: x.exp(),
    "tanh": lambda lib, x: x.tanh(),
    "sigmoid": lambda lib, x: x.sigmoid(),
    "gelu": lambda lib, x: lib.nn.functional.gelu(x),
    "relu": lambda lib, x: lib.nn.functional.relu(x),
    "add": lambda lib, x: x + x,
    "add a number": lambda lib, x: x + 1.5,
    "power of two": lambda lib, x: x**2,
    "clamp": lambda lib, x: x.clamp(-1, 1),
    "where": lambda lib, x: lib.where(x > 0, x, 0.0),
    "sum": lambda lib, x: x.sum(),
    "mean of rows": lambda lib, x: x.mean(-1),
    "sum of columns": lambda lib, x: x.sum(0),
    "max of rows": lambda lib, x: x.max(-1).values,
}
DRAWN: dict[str, Callable] = {
    "rand": lambda lib, x: lib.rand(1000, 1000),
    "dropout": lambda lib, x: lib.nn.functional.dropout(x, 0.5),
}
MAPS: dict[str, Callable] = {
    "max pool": lambda lib, x: lib.nn.functional.max_pool2d(x, 2),
    "max pool 3, stride 2": lambda lib, x: lib.nn.functional.max_pool2d(x, 3, 2, 1),
    "average pool": lambda lib, x: lib.nn.functional.avg_pool2d(x, 2),
    "global average": lambda lib, x: lib.nn.functional.adaptive_avg_pool2d(x, 1),
    "adaptive maximum": lambda lib, x: lib.nn.functional.adaptive_max_pool2d(x, 4),
    "batch norm": lambda lib, x: lib.nn.functional.batch_norm(x, None, None, training=True),
    "group norm": lambda lib, x: lib.nn.functional.group_norm(x, 8),
    "instance norm": lambda lib, x: lib.nn.functional.instance_norm(x),
    "layer norm": lambda lib, x: lib.nn.functional.layer_norm(x, (32,)),
    "times each channel": lambda lib, x: x * x[:, :, :1, :1].detach(),
    "plus a bias": lambda lib, x: x + x[0, :, :1, :1].detach(),
}
SCORES = [(100, 10), (1024, 10), (65536, 10), (4096, 64), (1024, 1000), (64, 32000)]


def pair(function, array, backward, **more):
    """The function as a call of each library, ours first; backward from ones.

    A call runs it five times in a row, as a loop would. Maps come out of a convolution, and so
    does what arrives at backward: they lie as they do within a network.
    """

    def call(lib):
        x = lib.tensor(array).requires_grad_(backward)
        if x.ndim == 4:
            x = lib.nn.functional.conv2d(x, lib.eye(x.shape[1])[:, :, None, None])
        else:
            x = x * 1  # not a leaf: nobody copies its gradient
        given = {name: lib.tensor(a) for name, a in more.items()}
        with lib.no_grad():
            y = function(lib, x, **given)
            ones = y * 0 + 1

        def run():
            for _ in range(5):
                y = function(lib, x, **given)
                if backward:
                    lib.autograd.grad(y, x, ones)

        return run

    return call(flambeau), [call(torch)]


def entropy(lib, x, target):
    """The loss of a classifier."""
    return lib.nn.functional.cross_entropy(x, target)


def embedding(lib, table, rows):
    """Rows of a table."""
    return lib.nn.functional.embedding(rows, table)


def lines():
    """(name, ours, theirs) of every measurement."""
    big, small, rng = normal(1000, 1000), normal(10, 10), np.random.default_rng(0)
    for name, function in (FUNCTIONS | DRAWN).items():
        yield name, *pair(function, big, False)
    for name, function in FUNCTIONS.items():
        yield f"{name}, both ways", *pair(function, big, True)
    for name, function in MAPS.items():
        yield f"{name}, both ways", *pair(function, normal(*MAP), True)
    for shape in SCORES:
        target = rng.integers(0, shape[1], shape[0])
        yield (
            f"cross entropy {shape}, both ways",
            *pair(entropy, normal(*shape), True, target=target),
        )
    rows = rng.integers(0, 10000, 8192)
    yield "embedding, both ways", *pair(embedding, normal(10000, 128), True, rows=rows)
    for name, function in FUNCTIONS.items():
        yield f"small {name}", *pair(function, small, False)


def main() -> None:
    """Measure everything, or what has a name like the last argument."""
    use_threads()
    flambeau.set_num_threads(torch.get_num_threads())
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    print(f"{'':<34} {'ours':>19}  {'torch':>19}  faster by")
    ratios = [compare(*line) for line in lines() if wanted in line[0]]
    mean = geometric_mean(ratios)
    print(f"geometric mean {mean:.2f}, least {min(ratios):.2f}")


if __name__ == "__main__":
    main()
