"""Normalisation kernels of the C++ runtime against PyTorch's.

Run ``python benchmarks/kernels_norm.py [threads]``. Each line is one forward and one backward pass
in training; PyTorch's batch norm is measured contiguous and channels last. Our results go into
memory that is there already, PyTorch's into what its allocator gives.
"""

from __future__ import annotations

import numpy as np
import torch
from kernel_pairs import aligned, compare, geometric_mean, native, normal, use_threads

# images, channels, side
BATCH = [
    (32, 64, 32), (32, 128, 16), (32, 256, 8), (32, 512, 4), (64, 16, 32), (64, 3, 32),
    (8, 64, 112), (8, 256, 56), (8, 2048, 7), (512, 200, 1),
]  # fmt: skip
LAYER = [(4096, 128), (1024, 768), (64, 4096), (100, 10)]
EPS = 1e-5
aten = torch.ops.aten


def batch_norm(n, c, side, relu):
    """Our pass, and PyTorch's in both layouts."""
    m = n * side * side
    x, gy, y, gx = normal(m, c), normal(m, c), aligned(m, c), aligned(m, c)
    weight, bias = np.ones(c, np.float32), np.zeros(c, np.float32)
    mean, var, gw, gb = (np.zeros(c, np.float32) for _ in range(4))
    rows = [torch.from_numpy(a) for a in (weight, bias, np.zeros_like(bias), np.ones_like(bias))]

    def ours():
        native.batch_norm_train(x, weight, bias, EPS, y, mean, var, relu)
        native.batch_norm_backward(gy, x, mean, var, weight, bias, EPS, gx, gw, gb, relu)

    def way(last):
        images, g = (
            torch.from_numpy(a.reshape(n, side, side, c)).permute(0, 3, 1, 2) for a in (x, gy)
        )
        if not last:
            images, g = images.contiguous(), g.contiguous()

        def theirs():
            out, kept, scale = aten.native_batch_norm(images, *rows, True, 0.1, EPS)
            back = g
            if relu:
                out = aten.relu_(out)
                back = aten.threshold_backward(g, out, 0)
            aten.native_batch_norm_backward(
                back, images, rows[0], *rows[2:], kept, scale, True, EPS, [True] * 3
            )

        return theirs

    return ours, [way(False), way(True)]


def layer_norm(m, c):
    """Our pass, and PyTorch's."""
    x, gy, y, gx = normal(m, c), normal(m, c), aligned(m, c), aligned(m, c)
    weight, bias = np.ones(c, np.float32), np.zeros(c, np.float32)
    gw, gb, mean, var = (np.zeros(size, np.float32) for size in (c, c, m, m))
    tx, tg, tw, tb = map(torch.from_numpy, (x, gy, weight, bias))

    def ours():
        native.layer_norm_forward(x, weight, bias, EPS, y, mean, var)
        native.layer_norm_backward(gy, x, mean, var, weight, EPS, gx, gw, gb)

    def theirs():
        _, kept, scale = aten.native_layer_norm(tx, [c], tw, tb, EPS)
        aten.native_layer_norm_backward(tg, tx, [c], kept, scale, tw, tb, [True] * 3)

    return ours, [theirs]


def main() -> None:
    """Measure everything."""
    use_threads()
    print(f"{'':<34} {'ours':>19}  {'torch':>19}  {'channels last':>19}  faster by")
    for kind, relu in (("batch norm", False), ("batch norm + relu", True)):
        ratios = [compare(f"{kind} {s}", *batch_norm(*s, relu)) for s in BATCH]
        mean = geometric_mean(ratios)
        print(f"{kind}: geometric mean {mean:.2f}, least {min(ratios):.2f}")
    for shape in LAYER:
        compare(f"layer norm {shape}", *layer_norm(*shape))


if __name__ == "__main__":
    main()
