"""Steps of optimisers in the C++ runtime against PyTorch's fused ones: 11 million parameters in the
62 tensors of a ResNet-18, both with the same number of threads.

Run ``python benchmarks/kernels_optim.py [threads]``.
"""

from __future__ import annotations

import numpy as np
import torch
from kernel_pairs import compare, use_threads

from flambeau.backend.native import _runtime as native

SGD = {"size": 0.1, "momentum": 0.9, "share": 1.0, "weight_decay": 1e-4}
ADAM = {"size": 1e-3, "share": 0.1, "decay": 0.999, "rest": 0.001, "eps": 1e-8}


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


def main() -> None:
    """Measure everything."""
    use_threads()
    rng = np.random.default_rng(0)
    params = [rng.standard_normal(n).astype(np.float32) for n in shapes()]
    grads = [rng.standard_normal(n).astype(np.float32) for n in shapes()]
    theirs = [torch.from_numpy(p.copy()).requires_grad_() for p in params]
    for p, g in zip(theirs, grads):
        p.grad = torch.from_numpy(g)
    m, v, nothing = zeros(params), zeros(params), [None] * len(params)
    moments, decay = [m, v, nothing], {"keep": 1 - 1e-5}
    rules = {
        "SGD": lambda: native.optim_step("sgd", params, grads, [m], SGD),
        "Adam": lambda: native.optim_step("adam", params, grads, moments, ADAM),
        "AdamW": lambda: native.optim_step("adam", params, grads, moments, ADAM | decay),
    }
    optimizers = {
        "SGD": torch.optim.SGD(theirs, lr=0.1, momentum=0.9, weight_decay=1e-4, fused=True),
        "Adam": torch.optim.Adam(theirs, fused=True),
        "AdamW": torch.optim.AdamW(theirs, fused=True),
    }
    print(f"{sum(p.size for p in params) / 1e6:.1f} million parameters")
    for name, run in rules.items():
        compare(name, run, optimizers[name].step)


if __name__ == "__main__":
    main()
