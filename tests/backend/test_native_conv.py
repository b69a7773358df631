"""The convolutions of the runtime against float64, on every instruction set and many threads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from kernel_checks import everywhere, native, poisoned

DIRECT, WINOGRAD = 2e-6, 1e-5  # relative L2 error


class Case(NamedTuple):
    """x (n, h, w, c_in), a weight (c_out, c_in / groups, *kernel), how the window moves."""

    x: tuple[int, int, int, int]
    c_out: int
    kernel: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def window(self) -> list[int]:
        return [*self.stride, *self.pad, *self.dilation, self.groups]

    @property
    def output(self) -> list[int]:
        return [
            (size + 2 * p - d * (k - 1) - 1) // s + 1
            for size, k, s, p, d in zip(
                self.x[1:3], self.kernel, self.stride, self.pad, self.dilation, strict=True
            )
        ]


def arrays(case: Case, seed: int = 0):
    """x, weight, bias, gradient of the output."""
    rng = np.random.default_rng(seed)
    n, _, _, c_in = case.x
    shapes = [
        case.x,
        (case.c_out, c_in // case.groups, *case.kernel),
        (case.c_out,),
        (n, *case.output, case.c_out),
    ]
    return [rng.standard_normal(shape, np.float32) for shape in shapes]


def exact(case: Case, x, w, bias, gy):
    """Output and the gradients of x and w in float64, tap by tap."""
    n, h, width, c_in = case.x
    oh, ow = case.output
    g, (ph, pw) = case.groups, case.pad
    padded = np.zeros((n, h + 2 * ph, width + 2 * pw, g, c_in // g))
    padded[:, ph : ph + h, pw : pw + width] = x.reshape(n, h, width, g, -1)
    weight = w.astype(np.float64).reshape(g, case.c_out // g, c_in // g, *case.kernel)
    gradient = gy.astype(np.float64).reshape(n, oh, ow, g, -1)
    y = np.zeros((n, oh, ow, g, case.c_out // g))
    gx, gw = np.zeros_like(padded), np.zeros_like(weight)
    for i in range(case.kernel[0]):
        for j in range(case.kernel[1]):
            (sh, sw), top, left = case.stride, i * case.dilation[0], j * case.dilation[1]
            at = np.s_[:, top : top + (oh - 1) * sh + 1 : sh, left : left + (ow - 1) * sw + 1 : sw]
            y += np.einsum("nhwgi,goi->nhwgo", padded[at], weight[..., i, j], optimize=True)
            gx[at] += np.einsum("nhwgo,goi->nhwgi", gradient, weight[..., i, j], optimize=True)
            gw[..., i, j] = np.einsum("nhwgo,nhwgi->goi", gradient, padded[at], optimize=True)
    gx = gx[:, ph : ph + h, pw : pw + width].reshape(case.x)
    return y.reshape(n, oh, ow, -1) + bias, gx, gw.reshape(w.shape)


def run(case: Case, x, w, bias, gy):
    """The three kernels, into poisoned arrays."""
    y, gx, gw = poisoned(*gy.shape), poisoned(*x.shape), poisoned(*w.shape)
    native.conv_forward(x, w, bias, y, case.window)
    native.conv_backward_data(gy, w, gx, case.window)
    native.conv_backward_weight(x, gy, gw, case.window)
    return y, gx, gw


def error(got, expected) -> float:
    """Relative, in the L2 norm."""
    assert got.shape == expected.shape
    scale = np.linalg.norm(expected)
    return (
        float(np.linalg.norm(got - expected) / scale)
        if scale
        else float(np.abs(got).max(initial=0))
    )


def check(case: Case, seed: int = 0) -> None:
    data = arrays(case, seed)
    expected = exact(case, *data)
    for winograd, bound in ((True, WINOGRAD), (False, DIRECT)):
        native.use_winograd(winograd)
        try:
            for results in everywhere(lambda: run(case, *data)):
                for what, got, want in zip(("y", "gx", "gw"), results, expected, strict=True):
                    assert error(got, want) <= bound, f"{what} of {case}, Winograd {winograd}"
        finally:
            native.use_winograd(True)


@pytest.mark.parametrize(
    "case",
    [
        Case((1, 5, 5, 1), 1),
        Case((2, 1, 1, 3), 5, (1, 1)),
        Case((3, 1, 1, 7), 4, pad=(1, 1)),
        Case((2, 1, 9, 4), 6, (1, 3), pad=(0, 1)),  # one-dimensional
        Case((9, 4, 4, 48), 40, pad=(1, 1)),  # as many images as a tile has rows, or nearly
        Case((12, 7, 5, 17), 33, (2, 4), (2, 1), (1, 3)),
        Case((2, 6, 6, 3), 20, (3, 3), (5, 4)),  # stride beyond the kernel
        Case((2, 4, 4, 3), 4, (2, 2), (3, 3), (2, 2)),
        Case((1, 3, 3, 2), 3, (2, 2), pad=(4, 5)),  # padding beyond the kernel
        Case((2, 9, 9, 4), 4, dilation=(3, 2), pad=(2, 2)),
        Case((2, 9, 9, 6), 4, dilation=(4, 4)),
        Case((1, 30, 30, 3), 16, (7, 7), (2, 2), (3, 3)),
        Case((2, 24, 22, 3), 33, (11, 11), (4, 4), (2, 2)),
        Case((8, 14, 14, 3), 3, pad=(1, 1)),
        Case((2, 10, 11, 40), 3, pad=(1, 1)),  # narrow outputs
        Case((3, 28, 28, 1), 32, (5, 5)),
        Case((3, 9, 8, 32), 64, (5, 5)),  # 5x5 Winograd
        Case((2, 13, 7, 37), 50, (5, 5), pad=(2, 2)),
        Case((1, 17, 6, 32), 35, (5, 5), pad=(4, 3)),
        Case((2, 13, 14, 64), 64, pad=(1, 1)),  # 3x3 Winograd, with remainders
        Case((1, 9, 30, 33), 47, pad=(2, 0)),
        Case((5, 6, 6, 96), 200, pad=(1, 1)),
        Case((2, 8, 8, 64), 32, (1, 1)),
        Case((2, 9, 9, 64), 32, (1, 1), (2, 2)),
        Case((1, 6, 6, 24), 24, (1, 1), pad=(1, 1)),
        Case((2, 9, 11, 20), 20, pad=(1, 1), groups=20),  # depthwise
        Case((2, 9, 30, 33), 33, (5, 3), (2, 2), (2, 1), groups=33),
        Case((1, 7, 7, 16), 32, pad=(1, 1), groups=16),  # depthwise with two channels out
        Case((2, 9, 14, 24), 24, pad=(1, 1), groups=6),
        Case((8, 9, 9, 64), 64, (3, 3), (2, 2), (1, 1), groups=4),
        Case((2, 6, 6, 96), 96, pad=(1, 1), groups=3),
        Case((2, 6, 6, 15), 25, pad=(1, 1), groups=5),
    ],
    ids=str,
)
def test_table(case):
    check(case)


@pytest.mark.parametrize("seed", range(8))
def test_random_descriptors(seed):
    """Whatever a window can be."""
    rng = np.random.default_rng(seed)

    def pair(low: int, high: int) -> tuple[int, int]:
        return tuple(int(i) for i in rng.integers(low, high + 1, 2))

    done = 0
    while done < 12:
        groups = int(rng.choice([1, 1, 1, 2, 3, 8]))
        width = int(rng.choice([1, 2, 3, 4, 8, 16, 19, 33]))
        same = bool(rng.integers(2))
        case = Case(
            (int(rng.integers(1, 14)), *pair(1, 15), groups * width),
            groups * (width if same else int(rng.integers(1, 40))),
            pair(1, 5),
            pair(1, 4),
            pair(0, 6),
            pair(1, 3),
            groups,
        )
        if rng.integers(4) == 0:  # what Winograd may take
            kernel = [(3, 3), (5, 5)][int(rng.integers(2))]
            case = case._replace(kernel=kernel, stride=(1, 1), dilation=(1, 1), groups=1)
            case = case._replace(x=(*case.x[:3], 32 + width), c_out=int(rng.integers(32, 70)))
        if min(case.output) < 1:
            continue
        done += 1
        check(case, seed)


@pytest.mark.parametrize("groups", [1, 8])
@pytest.mark.parametrize("kernel", [(3, 3), (5, 5)])
def test_empty_batch(groups, kernel):
    """No image: nothing to write, and a gradient of zero."""
    case = Case((0, 8, 8, 64), 64, kernel, groups=groups)
    for y, gx, gw in everywhere(lambda: run(case, *arrays(case))):
        assert y.size == gx.size == 0
        assert not gw.any()


@pytest.mark.parametrize(
    "case",
    [
        Case((2, 6, 6, 5), 7),
        Case((2, 6, 6, 40), 40, pad=(1, 1)),
        Case((2, 8, 8, 32), 40, (5, 5)),
        Case((2, 6, 6, 8), 8, groups=8),
        Case((2, 6, 6, 10), 10, groups=2),
    ],
    ids=str,
)
def test_fused_bias_and_relu(case):
    x, w, bias, gy = arrays(case)

    def fused():
        plain, cut = poisoned(*gy.shape), poisoned(*gy.shape)
        native.conv_forward(x, w, None, plain, case.window)
        native.conv_forward(x, w, bias, cut, case.window, relu=True)
        return plain, cut

    expected = exact(case, x, w, bias, gy)[0]
    for plain, cut in everywhere(fused):
        assert error(plain, expected - bias) <= WINOGRAD
        assert error(cut, np.maximum(expected, 0)) <= WINOGRAD


@pytest.mark.parametrize(
    "case", [Case((2, 6, 6, 12), 10), Case((2, 7, 7, 36), 40, pad=(1, 1))], ids=str
)
def test_weights_with_any_strides(case):
    """A weight that lies taps first, or inside a larger array, is read and written as it lies."""
    x, w, bias, gy = arrays(case)
    expected = exact(case, x, w, bias, gy)
    turned = np.ascontiguousarray(w.transpose(2, 3, 1, 0)).transpose(3, 2, 0, 1)
    y, gx, room = poisoned(*gy.shape), poisoned(*x.shape), poisoned(*w.shape[:3], 2 * w.shape[3])
    gw = room[..., ::2]
    native.conv_forward(x, turned, bias, y, case.window)
    native.conv_backward_data(gy, turned, gx, case.window)
    native.conv_backward_weight(x, gy, gw, case.window)
    for got, want in zip((y, gx, gw), expected, strict=True):
        assert error(got, want) <= WINOGRAD
    assert np.isnan(room[..., 1::2]).all()


@pytest.mark.parametrize("channels", [1, 3, 16, 35, 200])
@pytest.mark.parametrize("pixels", [0, 1, 5, 4000])
def test_bias_gradient(channels, pixels):
    gy = np.random.default_rng(0).standard_normal((1, 1, pixels, channels), np.float32)

    def total():
        gb = poisoned(channels)
        native.conv_backward_bias(gy, gb)
        return (gb,)

    for (gb,) in everywhere(total):
        expected = gy.astype(np.float64).sum((0, 1, 2))
        assert np.abs(gb - expected).max() <= 1e-6 * np.abs(gy).sum((0, 1, 2)).max(initial=1)


def test_not_a_number_stays_where_it_is():
    """Directly, a NaN touches only the pixels whose window sees it; with relu it stays NaN."""
    case = Case((1, 9, 9, 4), 4)
    x, w, bias, gy = arrays(case)
    x[0, 4, 4, 1] = np.nan

    def forward():
        y = poisoned(*gy.shape)
        native.conv_forward(x, w, bias, y, case.window, relu=True)
        return (y,)

    touched = np.zeros(gy.shape, bool)
    touched[0, 2:5, 2:5] = True
    for (y,) in everywhere(forward):
        np.testing.assert_array_equal(np.isnan(y), touched)


def test_what_does_not_fit_raises():
    x, w, bias, y = arrays(Case((2, 6, 6, 4), 6))
    window = [1, 1, 0, 0, 1, 1, 1]
    native.conv_forward(x, w, bias, y, window)
    for broken, why in [
        ([0, 1, 0, 0, 1, 1, 1], "strides must be positive"),
        ([1, 1, 0, 0, 1, 0, 1], "dilations must be positive"),
        ([1, 1, -1, 0, 1, 1, 1], "padding must not be negative"),
        ([1, 1, 0, 0, 1, 1, 4], "groups must divide"),
        ([1, 1, 0, 0, 1, 1, 0], "groups must divide"),
        ([1, 1, 0, 0, 1, 1, 2], "another number of input channels"),
        ([1, 1, 0, 2**40, 1, 1, 1], "too large"),
        ([1, 1, 0], "seven numbers"),
    ]:
        with pytest.raises(ValueError, match=why):
            native.conv_forward(x, w, bias, y, broken)
    with pytest.raises(ValueError, match="bias"):
        native.conv_forward(x, w, bias[:3], y, window)
    with pytest.raises(ValueError, match="channels"):
        native.conv_forward(x, w, bias, poisoned(2, 4, 4, 5), window)
    with pytest.raises(ValueError, match="window is empty"):
        native.conv_forward(x, w[:, :, :0], bias, y, window)
    with pytest.raises(ValueError, match="no pixels"):
        native.conv_forward(x[:, :0].copy(), w, bias, y, window)
    with pytest.raises(TypeError):
        native.conv_forward(x.astype(np.float64), w, bias, y, window)
    with pytest.raises(TypeError):
        native.conv_forward(x[:, ::2], w, bias, y, window)
