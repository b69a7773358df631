"""Elementwise kernels of the C++ runtime against PyTorch: a million float32 numbers, results into
memory that is there already, both with the same number of threads.

Run ``python benchmarks/kernels_elementwise.py [threads]``.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from kernel_pairs import compare, normal, use_threads

from flambeau.backend.native import _runtime as native

SIZE = 1_000_000
F = torch.nn.functional


def main() -> None:
    """Measure everything."""
    use_threads()
    x, z, y = (normal(SIZE, seed=seed) for seed in range(3))
    rows, bias = x.reshape(-1, 64), z[:64].copy()
    tx, tz, ty, trows, tbias = map(torch.from_numpy, (x, z, normal(SIZE), rows, bias))
    aten = torch.ops.aten
    with torch.no_grad():
        for name in ["exp", "log", "expm1", "tanh", "sigmoid", "erf", "sin", "sqrt", "relu", "abs"]:
            source = np.abs(x) if name in ("log", "sqrt") else x
            ours = partial(getattr(native, name), source, y)
            reference = (
                partial(torch.clamp_min, min=0) if name == "relu" else getattr(aten, name).out
            )
            theirs = partial(reference, torch.from_numpy(source), out=ty)
            compare(name, ours, theirs)
        compare("gelu", lambda: native.gelu(x, y), lambda: aten.gelu.out(tx, out=ty))
        compare(
            "gelu_tanh",
            lambda: native.gelu_tanh(x, y),
            lambda: aten.gelu.out(tx, approximate="tanh", out=ty),
        )
        compare("silu", lambda: native.silu(x, y), lambda: aten.silu.out(tx, out=ty))
        compare(
            "softplus", lambda: native.softplus(x, y, 1, 20), lambda: aten.softplus.out(tx, out=ty)
        )
        compare("add", lambda: native.add(x, z, y), lambda: torch.add(tx, tz, out=ty))
        compare("add in place", lambda: native.add(y, z, y), lambda: ty.add_(tz))
        compare(
            "mul number", lambda: native.mul_number(x, 0.5, y), lambda: torch.mul(tx, 0.5, out=ty)
        )
        compare("div", lambda: native.div(x, z, y), lambda: torch.div(tx, tz, out=ty))
        compare(
            "add bias to rows",
            lambda: native.add(rows, bias, y),
            lambda: torch.add(trows, tbias, out=ty.view(-1, 64)),
        )
        compare(
            "tanh backward",
            lambda: native.tanh_backward(x, z, y),
            lambda: aten.tanh_backward.grad_input(tx, tz, grad_input=ty),
        )
        compare(
            "gelu backward",
            lambda: native.gelu_backward(x, z, y),
            lambda: aten.gelu_backward.grad_input(tx, tz, grad_input=ty),
        )
        compare(
            "relu backward",
            lambda: native.relu_backward(x, z, y),
            lambda: aten.threshold_backward.grad_input(tx, tz, 0, grad_input=ty),
        )
        mask = z > 0
        tmask = torch.from_numpy(mask)
        compare(
            "where", lambda: native.where(mask, x, z, y), lambda: torch.where(tmask, tx, tz, out=ty)
        )
        compare(
            "dropout",
            lambda: (native.dropout_mask(1, 0, 0.5, y), native.mul(x, y, y)),
            lambda: F.dropout(tx, 0.5),
        )
        compare("uniform", lambda: native.uniform(1, 0, y), lambda: ty.uniform_())


if __name__ == "__main__":
    main()
