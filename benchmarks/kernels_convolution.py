"""The convolution kernels of the C++ runtime against PyTorch, on every shape of the zoo.

For each distinct convolution of the networks of `flambeau.vision.models`, at batch 1 and 32, and
for the shapes of the course, the book and ResNet-18 on small images: forward, backward data,
backward weights. PyTorch runs with contiguous and with channels-last arrays, and the faster of
the two counts. Kernels take turns; a ratio above 1 means that Flambeau is faster.

    python benchmarks/kernels_convolution.py                  # all: half an hour
    python benchmarks/kernels_convolution.py --sample 40      # forty shapes, drawn at random
    python benchmarks/kernels_convolution.py --only depthwise --threads 1 --batches 32
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from kernel_pairs import copied, geometric_mean, pair

import flambeau
from flambeau.backend.native import _runtime as runtime
from flambeau.vision import models

PASSES = ("forward", "data", "weights")


class Shape(NamedTuple):
    """One convolution, whatever the number of images."""

    side: tuple[int, int]
    channels: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int

    @property
    def window(self) -> list[int]:
        return [*self.stride, *self.padding, *self.dilation, self.groups]

    @property
    def output(self) -> tuple[int, int]:
        return tuple(
            (size + 2 * pad - dilation * (k - 1) - 1) // stride + 1
            for size, pad, dilation, k, stride in zip(
                self.side, self.padding, self.dilation, self.kernel, self.stride, strict=True
            )
        )

    @property
    def kind(self) -> str:
        if self.groups == self.channels[0]:
            return "depthwise" if self.groups > 1 else "first layer"
        if self.groups > 1:
            return "grouped"
        if self.kernel == (1, 1):
            return "1x1" if self.stride == (1, 1) else "1x1 strided"
        if self.channels[0] <= 4:
            return "first layer"
        if self.stride == (1, 1) and self.kernel == (3, 3) and min(self.channels) >= 64:
            return "3x3, 64 channels or more"
        if self.stride == (1, 1) and self.kernel == (5, 5) and min(self.channels) >= 32:
            return "5x5, 32 channels or more"
        return "others" if self.stride == (1, 1) else "others strided"

    def __str__(self) -> str:
        size = "x".join(map(str, self.side))
        kernel = "x".join(map(str, self.kernel))
        groups = f" g{self.groups}" if self.groups > 1 else ""
        dilation = f" d{self.dilation[0]}" if max(self.dilation) > 1 else ""
        padding = ",".join(map(str, self.padding))
        arrow = f"{self.channels[0]}->{self.channels[1]}"
        return f"{size} {arrow} k{kernel} s{self.stride[0]} p{padding}{dilation}{groups}"


def square(side: int, c_in: int, c_out: int, k: int, stride: int = 1, pad: int = 0) -> Shape:
    """The usual case."""
    return Shape((side, side), (c_in, c_out), (k, k), (stride, stride), (pad, pad), (1, 1), 1)


# The figures that started the project: batch, shape.
COURSE = [
    (32, square(32, 64, 64, 3, 1, 1)),
    (32, square(16, 128, 128, 3, 1, 1)),
    (32, square(8, 256, 256, 3, 1, 1)),
    (32, square(4, 512, 512, 3, 1, 1)),
    (100, square(28, 1, 32, 5)),
    (100, square(8, 32, 64, 5)),
    (64, square(32, 3, 16, 3, 1, 1)),
    (64, square(16, 16, 8, 3, 1, 1)),
    (32, square(32, 64, 128, 3, 2, 1)),
    (32, square(32, 64, 128, 1, 2, 0)),
]


def zoo() -> Iterator[Shape]:
    """Every convolution of every network, on the meta device: nothing is computed."""
    seen = set()
    for name in models.list_models():
        with flambeau.device("meta"):
            net = models.get_model(name).eval()

        def note(module, inputs, _output):
            x = inputs[0]
            padding = module.padding if not isinstance(module.padding, str) else (0, 0)
            seen.add(
                Shape(
                    tuple(x.shape[2:]),
                    (module.in_channels, module.out_channels),
                    tuple(module.kernel_size),
                    tuple(module.stride),
                    tuple(padding),
                    tuple(module.dilation),
                    module.groups,
                )
            )

        for module in net.modules():
            if isinstance(module, flambeau.nn.Conv2d):
                module.register_forward_hook(note)
        with flambeau.no_grad():
            net(flambeau.empty(1, *models.input_size_of(name), device="meta"))
    yield from sorted(seen)


def ratios(
    n: int, s: Shape, seconds: float, passes: tuple[str, ...]
) -> dict[str, tuple[float, float]]:
    """For each pass our milliseconds and PyTorch's time divided by ours."""
    rng = np.random.default_rng(0)
    x = copied(rng.standard_normal((n, *s.side, s.channels[0]), np.float32))
    w = rng.standard_normal((s.channels[1], s.channels[0] // s.groups, *s.kernel), np.float32)
    w /= math.sqrt(w[0].size)
    gy = copied(rng.standard_normal((n, *s.output, s.channels[1]), np.float32))
    y, gx, gw = copied(gy), copied(x), copied(w)
    ours = {
        "forward": lambda: runtime.conv_forward(x, w, None, y, s.window),
        "data": lambda: runtime.conv_backward_data(gy, w, gx, s.window),
        "weights": lambda: runtime.conv_backward_weight(x, gy, gw, s.window),
    }
    last = [torch.from_numpy(a).permute(0, 3, 1, 2) for a in (x, gy)]
    weight = torch.from_numpy(w)
    layouts = [
        (*last, weight.contiguous(memory_format=torch.channels_last)),
        (*(a.contiguous() for a in last), weight),
    ]

    def peer(tensors, which):
        tx, tg, tw = tensors
        window = (s.stride, s.padding, s.dilation)
        if which == "forward":
            return lambda: torch.conv2d(tx, tw, None, *window, s.groups)
        mask = [which == "data", which == "weights", False]
        backward = torch.ops.aten.convolution_backward
        return lambda: backward(tg, tx, tw, None, *window, False, [0, 0], s.groups, mask)

    found = {}
    with torch.no_grad():
        for which in passes:
            found[which] = pair(ours[which], [peer(t, which) for t in layouts], seconds)
    return found


def main() -> None:
    """Measure, print each shape, the means of each kind, and the worst ten."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sample", type=int, default=0, help="so many shapes, drawn at random (default: all)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the drawing")
    parser.add_argument("--only", default="", help="kinds of convolution that contain this text")
    parser.add_argument("--match", default="", help="shapes that contain this text")
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 32])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.3, help="for one pass of one shape")
    parser.add_argument("--passes", nargs="*", default=PASSES, choices=PASSES)
    parser.add_argument("--list", action="store_true", help="print the shapes, measure nothing")
    options = parser.parse_args()
    runtime.set_num_threads(options.threads)
    torch.set_num_threads(options.threads)

    work = COURSE + [(n, s) for s in zoo() for n in options.batches]
    work = [(n, s) for n, s in work if options.only in s.kind and options.match in f"{n} x {s}"]
    if options.sample and options.sample < len(work):
        work = random.Random(options.seed).sample(work, options.sample)
    if options.list:
        for n, s in work:
            print(f"{s.kind:<26} {n} x {s}")
        return
    print(f"{runtime.instruction_set()}, {options.threads} threads: ms, PyTorch's time / ours")
    results = []
    for n, s in work:
        found = ratios(n, s, options.seconds, options.passes)
        cells = "  ".join(f"{which} {ms:8.3f} {ratio:5.2f}" for which, (ms, ratio) in found.items())
        print(f"{n:>3} x {s!s:<46} {cells}", flush=True)
        results += [(ratio, s.kind, n, which, f"{n} x {s}") for which, (_, ratio) in found.items()]

    print("\ngeometric mean (lowest) of PyTorch's time / ours")
    for kind in sorted({kind for _, kind, *_ in results}):
        for n in sorted({n for _, k, n, *_ in results if k == kind}):
            cells = []
            for which in options.passes:
                some = [r for r, k, m, p, _ in results if (k, m, p) == (kind, n, which)]
                cells.append(f"{which} {geometric_mean(some):5.2f} ({min(some):5.2f})")
            print(f"{kind:<26} batch {n:>3}  {'  '.join(cells)}")
    every = [r for r, *_ in results]
    slow = sum(r < 0.95 for r in every)
    print(
        f"{'all':<26} {geometric_mean(every):.3f}; {slow} of {len(every)} below 0.95\n\nworst ten"
    )
    for ratio, kind, _, which, name in sorted(results)[:10]:
        print(f"{ratio:5.2f} {which:<8} {name} ({kind})")


if __name__ == "__main__":
    main()
