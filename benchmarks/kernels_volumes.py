"""Convolutions in three dimensions, of float64 and in large groups, against PyTorch.

Each line: forward, backward data, backward weights; our milliseconds and PyTorch's time, of its
faster layout, divided by ours.

    python benchmarks/kernels_volumes.py --threads 1 --match 3d
"""

from __future__ import annotations

import argparse
import math

import numpy as np
import torch
from kernel_pairs import copied, geometric_mean, pair
from kernels_convolution import PASSES

from flambeau.backend.native import _runtime as runtime

# name: images and sizes channels last, channels out, window, stride, padding, groups, type
SHAPES = {
    "3d first layer 16x112x112": ((1, 16, 112, 112, 3), 64, (3, 7, 7), (1, 2, 2), (1, 3, 3), 1),
    "3d 64, 16x28x28": ((1, 16, 28, 28, 64), 64, 3, 1, 1, 1),
    "3d 64, 8x14x14, 4 clips": ((4, 8, 14, 14, 64), 64, 3, 1, 1, 1),
    "3d 64 -> 128 stride 2, 16x28x28": ((1, 16, 28, 28, 64), 128, 3, 2, 1, 1),
    "3d 128, 8x14x14": ((2, 8, 14, 14, 128), 128, 3, 1, 1, 1),
    "3d 256, 4x7x7": ((4, 4, 7, 7, 256), 256, 3, 1, 1, 1),
    "3d 512, 2x4x4": ((8, 2, 4, 4, 512), 512, 3, 1, 1, 1),
    "3d 64 -> 256 pointwise": ((1, 8, 28, 28, 64), 256, 1, 1, 0, 1),
    "3d 64 -> 128 pointwise stride 2": ((1, 16, 28, 28, 64), 128, 1, 2, 0, 1),
    "3d (1, 3, 3) 64": ((1, 8, 28, 28, 64), 64, (1, 3, 3), 1, (0, 1, 1), 1),
    "3d (3, 1, 1) 64": ((1, 16, 28, 28, 64), 64, (3, 1, 1), 1, (1, 0, 0), 1),
    "3d depthwise 64": ((2, 8, 28, 28, 64), 64, 3, 1, 1, 64),
    "3d 1 -> 16, 32x32x32": ((2, 32, 32, 32, 1), 16, 3, 1, 1, 1),
    "groups of 32": ((8, 28, 28, 256), 256, 3, 1, 1, 8),
    "groups of 64 stride 2": ((8, 28, 28, 512), 512, 3, 2, 1, 8),
    "groups of 48": ((8, 14, 14, 336), 336, 3, 1, 1, 7),
    "groups of 24": ((8, 28, 28, 144), 144, 3, 1, 1, 6),
    "groups of 32, one image": ((1, 56, 56, 256), 256, 3, 1, 1, 8),
    "depthwise, two channels out": ((8, 28, 28, 64), 128, 3, 1, 1, 64),
    "64-bit 2d 64": ((8, 28, 28, 64), 64, 3, 1, 1, 1, "float64"),
    "64-bit 2d 256, 7x7": ((8, 7, 7, 256), 256, 3, 1, 1, 1, "float64"),
    "64-bit 2d first layer": ((8, 64, 64, 3), 64, 7, 2, 3, 1, "float64"),
    "64-bit 2d pointwise": ((8, 14, 14, 256), 128, 1, 1, 0, 1, "float64"),
    "64-bit 2d depthwise": ((8, 28, 28, 64), 64, 3, 1, 1, 64, "float64"),
    "64-bit 1d 32": ((4, 4000, 32), 64, 9, 1, 4, 1, "float64"),
    "64-bit 3d 32": ((1, 8, 16, 16, 32), 32, 3, 1, 1, 1, "float64"),
}


def ratios(shape, c_out, kernel, stride, pad, groups, dtype="float32", seconds=0.5):
    """Our milliseconds and PyTorch's time / ours, of the three passes."""
    rank = len(shape) - 2
    each = [v if isinstance(v, tuple) else (v,) * rank for v in (kernel, stride, pad)]
    kernel, stride, pad = each
    size = [(s + 2 * p - k) // t + 1 for s, k, t, p in zip(shape[1:-1], *each)]
    rng = np.random.default_rng(0)
    x = copied(rng.standard_normal(shape, dtype))
    w = rng.standard_normal((c_out, shape[-1] // groups, *kernel), dtype)
    gy = copied(rng.standard_normal((shape[0], *size, c_out), dtype))
    y, gx, gw = copied(gy), copied(x), copied(w)
    window = [*stride, *pad, *(1,) * rank, groups]
    ours = {
        "forward": lambda: runtime.conv_forward(x, w, None, y, window),
        "data": lambda: runtime.conv_backward_data(gy, w, gx, window),
        "weights": lambda: runtime.conv_backward_weight(x, gy, gw, window),
    }
    last = [torch.from_numpy(a).movedim(-1, 1) for a in (x, gy)]
    layouts = [(*last, torch.from_numpy(w)), (*(a.contiguous() for a in last), torch.from_numpy(w))]
    convolve = (torch.conv1d, torch.conv2d, torch.conv3d)[rank - 1]
    backward = torch.ops.aten.convolution_backward

    def peer(tensors, which):
        tx, tg, tw = tensors
        ones, zeros = (1,) * rank, (0,) * rank
        if which == "forward":
            return lambda: convolve(tx, tw, None, stride, pad, ones, groups)
        mask = [which == "data", which == "weights", False]
        return lambda: backward(
            tg, tx, tw, None, stride, pad, ones, False, zeros, groups, mask
        )  # fmt: skip

    found = []
    with torch.no_grad():
        for which in PASSES:
            found.append(pair(ours[which], [peer(t, which) for t in layouts], seconds))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--match", default="", help="names that contain this text")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.5, help="for one pass of one shape")
    options = parser.parse_args()
    runtime.set_num_threads(options.threads)
    torch.set_num_threads(options.threads)
    every = []
    for name, shape in SHAPES.items():
        if options.match not in name:
            continue
        found = ratios(*shape, seconds=options.seconds)
        every += [ratio for _, ratio in found]
        cells = "  ".join(f"{which} {ms:8.3f} {r:5.2f}" for which, (ms, r) in zip(PASSES, found))
        print(f"{name:<34} {cells}", flush=True)
    if every and not math.isnan(min(every)):
        print(f"geometric mean {geometric_mean(every):.2f}, least {min(every):.2f}")


if __name__ == "__main__":
    main()
