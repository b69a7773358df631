"""Steps of optimisers in the C++ runtime against PyTorch's fused ones: 11 million parameters in the
62 tensors of a ResNet-18, both with the same number of threads.

Run ``python benchmarks/kernels_optim.py [threads]``. Steps alternate; printed are the best times
in milliseconds and the median of the ratios of pairs: PyTorch's time over ours.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import torch

from flambeau.backend.native import _runtime as native

PAIRS = 30
ADAM = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "maximize": False}
SGD = {"lr": 0.1, "momentum": 0.9, "dampening": 0.0, "weight_decay": 1e-4, "nesterov": False}


def shapes():
    """The sizes of ResNet-18's parameters."""
    sizes = [64 * 3 * 49, 64, 64]
    for c_in, c in [(64, 64), (64, 128), (128, 256), (256, 512)]:
        for first in (True, False):
            before = c_in if first else c
            sizes += [before * c * 9, c, c, c * c * 9, c, c]
            sizes += [before * c, c, c] if first and c_in != c else []
    return sizes + [512 * 1000, 1000]


def zeros(values):
    return [np.zeros_like(v) for v in values]


def seconds(run) -> float:
    time.sleep(0.01)  # until the other library's threads have stopped spinning
    run()  # until this one's are awake
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Measure everything."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else native.get_num_threads()
    native.set_num_threads(threads)
    torch.set_num_threads(threads)
    rng = np.random.default_rng(0)
    params = [rng.standard_normal(n).astype(np.float32) for n in shapes()]
    grads = [rng.standard_normal(n).astype(np.float32) for n in shapes()]
    theirs = [torch.from_numpy(p.copy()).requires_grad_() for p in params]
    for p, g in zip(theirs, grads):
        p.grad = torch.from_numpy(g)
    nothing, count = [None] * len(params), [np.zeros((), np.float32) for _ in params]
    m, v = zeros(params), zeros(params)
    decay = {"weight_decay": 1e-2, "decoupled": True}
    rules = {
        "SGD": lambda: native.sgd(params, grads, m, **SGD, maximize=False, fresh=False),
        "Adam": lambda: native.adam(
            params, grads, m, v, nothing, count, **ADAM, weight_decay=0.0, decoupled=False
        ),
        "AdamW": lambda: native.adam(params, grads, m, v, nothing, count, **ADAM, **decay),
    }
    optimizers = {
        "SGD": torch.optim.SGD(theirs, lr=0.1, momentum=0.9, weight_decay=1e-4, fused=True),
        "Adam": torch.optim.Adam(theirs, fused=True),
        "AdamW": torch.optim.AdamW(theirs, fused=True),
    }
    print(f"{sum(p.size for p in params) / 1e6:.1f} million parameters, {threads} threads")
    for name, run in rules.items():
        run(), optimizers[name].step()
        pairs = [(seconds(run), seconds(optimizers[name].step)) for _ in range(PAIRS)]
        best = [1e3 * min(times) for times in zip(*pairs)]
        ratio = statistics.median(b / a for a, b in pairs)
        print(f"{name:<8} {best[0]:8.2f} {best[1]:8.2f} {ratio:7.2f}")


if __name__ == "__main__":
    main()
