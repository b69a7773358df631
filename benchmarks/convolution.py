"""Convolution and pooling against PyTorch: milliseconds of the forward and the backward pass,
alternating, medians.

Run ``python benchmarks/convolution.py``. Shapes are those of the course's LeNet (batch 100), the
book's net (64), ResNet-18 (32).
"""

from __future__ import annotations

import statistics
import time

import numpy as np

import flambeau

try:
    import torch
except ImportError:
    torch = None

# name, batch, in channels, side, out channels, kernel, stride, padding
CONVOLUTIONS = [
    ("LeNet 1", 100, 1, 28, 32, 5, 1, 0),
    ("LeNet 2", 100, 32, 12, 64, 5, 1, 0),
    ("book 1", 64, 3, 32, 16, 3, 1, 1),
    ("book 2", 64, 16, 16, 8, 3, 1, 1),
    ("ResNet 32x32", 32, 64, 32, 64, 3, 1, 1),
    ("ResNet 16x16", 32, 128, 16, 128, 3, 1, 1),
    ("ResNet 8x8", 32, 256, 8, 256, 3, 1, 1),
    ("ResNet 4x4", 32, 512, 4, 512, 3, 1, 1),
    ("ResNet stride 2", 32, 64, 32, 128, 3, 2, 1),
    ("ResNet 1x1 stride 2", 32, 64, 32, 128, 1, 2, 0),
    ("depthwise", 32, 64, 32, 64, 3, 1, 1),
]
POOLS = [
    ("LeNet pool 1", 100, 32, 24, 2, 2),
    ("book pool 1", 64, 16, 32, 2, 2),
    ("ResNet stem", 8, 64, 112, 3, 2),
]
REPEATS = 9


def convolution(library, x, w, stride, padding, groups):
    """One forward and one backward pass; returns their seconds."""
    inputs = [library.from_numpy(a).requires_grad_() for a in (x, w)]
    start = time.perf_counter()
    y = library.nn.functional.conv2d(*inputs, stride=stride, padding=padding, groups=groups)
    middle = time.perf_counter()
    library.autograd.grad(y, inputs, library.ones_like(y))
    return middle - start, time.perf_counter() - middle


def pooling(library, x, kernel, stride):
    """One forward and one backward pass; returns their seconds."""
    x = library.from_numpy(x).requires_grad_()
    start = time.perf_counter()
    y = library.nn.functional.max_pool2d(x, kernel, stride)
    middle = time.perf_counter()
    library.autograd.grad(y, x, library.ones_like(y))
    return middle - start, time.perf_counter() - middle


def compare(name, run):
    """Print the medians of both libraries for one function of a library."""
    libraries = [flambeau] + ([torch] if torch else [])
    times = {library: [] for library in libraries}
    for _ in range(REPEATS):
        for library in libraries:
            times[library].append(run(library))
    cells = []
    for passes in zip(*[zip(*times[library]) for library in libraries]):
        cells += [f"{1e3 * statistics.median(seconds):9.2f}" for seconds in passes]
    print(f"{name:<22}", *cells)


def main() -> None:
    """Measure everything."""
    rng = np.random.default_rng(0)
    print(f"{'ms':<22}   forward   (torch)  backward   (torch)")
    for name, n, c, side, o, k, stride, padding in CONVOLUTIONS:
        groups = c if name == "depthwise" else 1
        x = rng.standard_normal((n, c, side, side), np.float32)
        w = rng.standard_normal((o, c // groups, k, k), np.float32)
        compare(
            name,
            lambda lib, x=x, w=w, s=stride, p=padding, g=groups: convolution(lib, x, w, s, p, g),
        )
    for name, n, c, side, k, stride in POOLS:
        x = rng.standard_normal((n, c, side, side), np.float32)
        compare(name, lambda lib, x=x, k=k, s=stride: pooling(lib, x, k, s))


if __name__ == "__main__":
    main()
