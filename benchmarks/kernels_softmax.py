"""Softmax and cross-entropy kernels of the C++ runtime against PyTorch's.

Run ``python benchmarks/kernels_softmax.py [threads]``. Each line is one forward and one backward
pass; ours of cross entropy is one, which computes the gradient with the loss.
"""

from __future__ import annotations

import numpy as np
import torch
from kernel_pairs import aligned, compare, geometric_mean, native, normal, use_threads

SHAPES = [(100, 10), (64, 2), (1024, 10), (65536, 10), (8192, 21), (4096, 64), (256, 100),
          (128, 1000), (1024, 1000), (64, 32000)]  # fmt: skip
aten = torch.ops.aten


def cross_entropy(m, c):
    """Loss and gradient: ours, and PyTorch's."""
    x, gx = normal(m, c), aligned(m, c)
    target = np.random.default_rng(1).integers(0, c, m)
    loss = aligned(1)
    scores, classes, g = torch.from_numpy(x), torch.from_numpy(target), torch.ones(())

    def ours():
        native.cross_entropy(x, target, None, loss, gx)

    def theirs():
        log_p = aten._log_softmax(scores, 1, False)
        _, total = aten.nll_loss_forward(log_p, classes, None, 1, -100)
        back = aten.nll_loss_backward(g, log_p, classes, None, 1, -100, total)
        aten._log_softmax_backward_data(back, log_p, 1, torch.float32)

    return ours, theirs


def softmax(m, c, name):
    """Our pass, and PyTorch's; ``name`` is softmax or log_softmax."""
    x, gy, y, gx = normal(m, c), normal(m, c), aligned(m, c), aligned(m, c)
    scores, g = torch.from_numpy(x), torch.from_numpy(gy)
    forward, backward = (getattr(native, f"{name}_{way}") for way in ("forward", "backward"))
    forth, back = getattr(aten, f"_{name}"), getattr(aten, f"_{name}_backward_data")

    def ours():
        forward(x, y)
        backward(gy, y, gx)

    return ours, lambda: back(g, forth(scores, 1, False), 1, torch.float32)


def main() -> None:
    """Measure everything."""
    use_threads()
    print(f"{'':<34} {'ours':>19}  {'torch':>19}  faster by")
    ratios = []
    for shape in SHAPES:
        ours, theirs = cross_entropy(*shape)
        ratios.append(compare(f"cross entropy {shape}", ours, theirs))
    mean = geometric_mean(ratios)
    print(f"cross entropy: geometric mean {mean:.2f}, least {min(ratios):.2f}")
    for name in ("softmax", "log_softmax"):
        for shape in SHAPES:
            ours, theirs = softmax(*shape, name)
            compare(f"{name} {shape}", ours, theirs)


if __name__ == "__main__":
    main()
