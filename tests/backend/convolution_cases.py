"""Convolutions to test the runtime's kernels with, and what they ought to compute."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from kernel_checks import everywhere, native, poisoned

# Relative L2 error.
DIRECT, WINOGRAD, DOUBLE = 2e-6, 1e-5, 1e-14


class Case(NamedTuple):
    """x (n, *S, c_in), a weight (c_out, c_in / groups, *kernel), how the window moves."""

    x: tuple[int, ...]
    c_out: int
    kernel: tuple[int, ...] = (3, 3)
    stride: tuple[int, ...] = (1, 1)
    pad: tuple[int, ...] = (0, 0)
    dilation: tuple[int, ...] = (1, 1)
    groups: int = 1
    dtype: str = "float32"

    @property
    def window(self) -> list[int]:
        return [*self.stride, *self.pad, *self.dilation, self.groups]

    @property
    def output(self) -> list[int]:
        return [
            (size + 2 * p - d * (k - 1) - 1) // s + 1
            for size, k, s, p, d in zip(
                self.x[1:-1], self.kernel, self.stride, self.pad, self.dilation, strict=True
            )
        ]


def volume(
    x, c_out: int, kernel=3, stride=1, pad=0, dilation=1, groups: int = 1, dtype="float32"
) -> Case:
    """A case in which a number stands for one in each dimension."""

    def each(v):
        return v if isinstance(v, tuple) else (v,) * (len(x) - 2)

    return Case(x, c_out, each(kernel), each(stride), each(pad), each(dilation), groups, dtype)


def arrays(case: Case, seed: int = 0):
    """x, weight, bias, gradient of the output."""
    rng = np.random.default_rng(seed)
    shapes = [
        case.x,
        (case.c_out, case.x[-1] // case.groups, *case.kernel),
        (case.c_out,),
        (case.x[0], *case.output, case.c_out),
    ]
    return [rng.standard_normal(shape, case.dtype) for shape in shapes]


def exact(case: Case, x, w, bias, gy):
    """Output and the gradients of x and w in float64, tap by tap."""
    n, *size, c_in = case.x
    g, out = case.groups, case.output
    padded = np.zeros((n, *[s + 2 * p for s, p in zip(size, case.pad)], g, c_in // g))
    inside = (slice(None), *[slice(p, p + s) for s, p in zip(size, case.pad)])
    padded[inside] = x.reshape(n, *size, g, -1)
    weight = w.astype(np.float64).reshape(g, case.c_out // g, c_in // g, *case.kernel)
    gradient = gy.astype(np.float64).reshape(n, *out, g, -1)
    y = np.zeros((n, *out, g, case.c_out // g))
    gx, gw = np.zeros_like(padded), np.zeros_like(weight)
    for tap in itertools.product(*map(range, case.kernel)):
        at = (slice(None), *[
            slice(k * d, k * d + (o - 1) * s + 1, s)
            for k, d, o, s in zip(tap, case.dilation, out, case.stride)
        ])  # fmt: skip
        one = weight[(..., *tap)]
        y += np.einsum("n...gi,goi->n...go", padded[at], one, optimize=True)
        gx[at] += np.einsum("n...go,goi->n...gi", gradient, one, optimize=True)
        flat = (-1, g, case.c_out // g), (-1, g, c_in // g)
        gw[(..., *tap)] = np.einsum(
            "pgo,pgi->goi",
            gradient.reshape(flat[0]), padded[at].reshape(flat[1]), optimize=True,
        )  # fmt: skip
    return y.reshape(n, *out, -1) + bias, gx[inside].reshape(case.x), gw.reshape(w.shape)


def run(case: Case, x, w, bias, gy):
    """The three kernels, into poisoned arrays."""
    y, gx, gw = (poisoned(*a.shape, dtype=a.dtype) for a in (gy, x, w))
    native.conv_forward(x, w, bias, y, case.window)
    native.conv_backward_data(gy, w, gx, case.window)
    native.conv_backward_weight(x, gy, gw, case.window)
    return y, gx, gw


def error(got, expected, terms: float = 1) -> float:
    """Relative, in the L2 norm; where sums of so many products of normal numbers cancel, in that of
    such sums.
    """
    assert got.shape == expected.shape
    scale = max(np.linalg.norm(expected), (terms * expected.size) ** 0.5, 1.0)
    return float(np.linalg.norm(got - expected) / scale)


def check(case: Case, seed: int = 0) -> None:
    """Results within their bound, with Winograd's algorithm and without."""
    data = arrays(case, seed)
    expected = exact(case, *data)
    taps = int(np.prod(case.kernel))
    terms = [
        taps * case.x[-1] // case.groups,
        taps * case.c_out // case.groups,
        data[3][..., 0].size,
    ]
    terms = [n / 4 for n in terms]  # some fall into the padding
    bounds = ((True, WINOGRAD), (False, DIRECT)) if case.dtype == "float32" else ((True, DOUBLE),)
    for winograd, bound in bounds:
        native.use_winograd(winograd)
        try:
            for results in everywhere(lambda: run(case, *data)):
                for what, got, want, n in zip(("y", "gx", "gw"), results, expected, terms):
                    assert error(got, want, n) <= bound, f"{what} of {case}, Winograd {winograd}"
        finally:
            native.use_winograd(True)


def random_case(rng: np.random.Generator, most: int = 300_000) -> Case:
    """Any convolution whose window fits, of at most so many numbers."""
    while True:
        case = _draw(rng, int(rng.integers(1, 4)))
        size = np.prod(case.x) * np.prod(case.kernel) * case.c_out // case.groups
        if min(case.output) < 1 or np.prod(case.output) * case.x[0] * case.c_out > most:
            continue
        if np.prod(case.x) <= most and size <= 100 * most:
            return case


def _draw(rng, rank: int) -> Case:
    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(int(i) for i in rng.integers(low, high + 1, rank))

    def some(chance: float, low: int, high: int, usual: int) -> tuple[int, ...]:
        return each(low, high) if rng.random() < chance else (usual,) * rank

    side = {1: 60, 2: 15, 3: 8}[rank]
    groups = int(rng.choice([1, 1, 1, 2, 3, 5, 8, 17]))
    width = int(rng.choice([1, 1, 2, 3, 4, 5, 8, 16, 19, 33]))
    c_out = groups * (width if rng.integers(2) else int(rng.integers(1, 40)))
    size, kernel = each(1, side), each(1, 5)
    if rng.random() < 0.15:
        kernel = (1,) * rank
    elif rng.random() < 0.2:  # what Winograd's algorithm takes
        k = int(rng.choice([3, 5]))
        kernel, width, groups = (k,) * rank, 32 + width, 1
        c_out = int(rng.integers(32, 70))
        x = (int(rng.integers(1, 6)), *each(k, max(k, side - 3)), width)
        return Case(x, c_out, kernel, (1,) * rank, each(0, k), (1,) * rank)
    return Case(
        (int(rng.integers(1, 14)), *size, groups * width),
        c_out,
        kernel,
        some(0.5, 1, 4, 1),
        each(0, 6) if rng.random() < 0.9 else each(0, 700 // 8**rank),
        some(0.4, 1, 3, 1),
        groups,
        "float64" if rng.random() < 0.4 else "float32",
    )
