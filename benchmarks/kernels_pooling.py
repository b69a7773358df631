"""Pooling kernels of the C++ runtime against PyTorch's, contiguous and channels last.

Run ``python benchmarks/kernels_pooling.py [threads]``. Each line is one forward and one backward
pass of float32 images; our results go into memory that is there already, PyTorch's into what its
allocator gives.
"""

from __future__ import annotations

import numpy as np
import torch
from kernel_pairs import aligned, compare, geometric_mean, native, normal, use_threads

# name, images, channels, side, kernel, stride, padding
MAX = [
    ("LeNet", 100, 32, 24, 3, 3, 0),
    ("LeNet 2x2", 100, 32, 24, 2, 2, 0),
    ("book 1", 64, 16, 32, 2, 2, 0),
    ("book 2", 64, 8, 16, 2, 2, 0),
    ("one channel", 64, 1, 28, 2, 2, 0),
    ("ResNet stem", 8, 64, 112, 3, 2, 1),
    ("SqueezeNet", 8, 96, 109, 3, 2, 0),
    ("Inception", 8, 192, 28, 3, 1, 1),
    ("VGG", 4, 128, 112, 2, 2, 0),
]
AVERAGE = [
    ("DenseNet transition", 8, 128, 56, 2, 2, 0),
    ("Inception", 8, 192, 28, 3, 1, 1),
    ("ResNet global", 32, 512, 7, 7, 7, 0),
]
aten = torch.ops.aten


def layouts(x: np.ndarray) -> list[torch.Tensor]:
    """The same images in PyTorch's two layouts."""
    images = torch.from_numpy(x).permute(0, 3, 1, 2)
    return [images.contiguous(), images]


def max_pool(x, gy, kernel, stride, pad):
    """Our pass, and PyTorch's."""
    y, places, gx = aligned(*gy.shape), aligned(*gy.shape, dtype=np.uint8), aligned(*x.shape)
    window = [kernel, kernel, stride, stride, pad, pad, 1, 1]
    numbers = ([kernel] * 2, [stride] * 2, [pad] * 2, [1, 1], False)

    def ours():
        native.max_pool_forward(x, y, places, window)
        native.max_pool_backward(gy, places, gx, window)

    def theirs(images, g):
        _, indices = aten.max_pool2d_with_indices(images, *numbers)
        aten.max_pool2d_with_indices_backward(g, images, *numbers, indices)

    return ours, theirs


def average_pool(x, gy, kernel, stride, pad):
    """Our pass, and PyTorch's."""
    y, gx = aligned(*gy.shape), aligned(*x.shape)
    window = [kernel, kernel, stride, stride, pad, pad, 1, 1]
    numbers = ([kernel] * 2, [stride] * 2, [pad] * 2, False, True, None)

    def ours():
        native.avg_pool_forward(x, y, window)
        native.avg_pool_backward(gy, gx, window)

    def theirs(images, g):
        aten.avg_pool2d(images, *numbers)
        aten.avg_pool2d_backward(g, images, *numbers)

    return ours, theirs


def main() -> None:
    """Measure everything."""
    use_threads()
    print(f"{'':<34} {'ours':>19}  {'torch':>19}  {'channels last':>19}  faster by")
    for kind, passes, shapes in (("max", max_pool, MAX), ("average", average_pool, AVERAGE)):
        ratios = []
        for name, n, c, side, kernel, stride, pad in shapes:
            out = (side + 2 * pad - kernel) // stride + 1
            x, gy = normal(n, side, side, c), normal(n, out, out, c)
            ours, theirs = passes(x, gy, kernel, stride, pad)
            ways = [(lambda i=i, g=g, f=theirs: f(i, g)) for i, g in zip(layouts(x), layouts(gy))]
            ratios.append(compare(f"{kind} {name}", ours, ways))
        mean = geometric_mean(ratios)
        print(f"{kind}: geometric mean {mean:.2f}, least {min(ratios):.2f}")


if __name__ == "__main__":
    main()
