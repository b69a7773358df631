"""The convolutions of the runtime against float64, on every instruction set and many threads."""

from __future__ import annotations

import numpy as np
import pytest
from convolution_cases import (
    WINOGRAD,
    Case,
    arrays,
    check,
    error,
    exact,
    random_case,
    run,
    volume,
)
from kernel_checks import everywhere, native, poisoned


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
        Case((1, 7, 7, 300), 250, (1, 1)),
        Case((6, 31, 33, 70), 13, (1, 1)),  # several partial sums of the weights
        Case((9, 43, 45, 16), 37, (1, 1), (2, 1)),
        Case((2, 40, 37, 3), 40, (5, 4), (1, 2), (3, 2)),  # backward data to few channels
        Case((1, 70, 13, 1), 17, (3, 3), (2, 3), (1, 0), (3, 1)),
        Case((3, 11, 12, 8), 9, (2, 6), (4, 1), (6, 7)),
        Case((2, 1, 2000, 1), 4, (1, 31), pad=(0, 15)),
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


@pytest.mark.parametrize("seed", range(30))
def test_random_descriptors(seed):
    """Whatever a window can be, of both types, in one to three dimensions."""
    rng = np.random.default_rng(seed)
    for _ in range(10):
        check(random_case(rng, 20_000), seed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "case",
    [
        volume((2, 40, 5), 7, pad=1),  # one dimension
        volume((1, 1500, 3), 4, 9, 3, 4),
        volume((1, 700, 24), 40, 3, pad=2, dilation=2),
        volume((3, 90, 12), 12, 5, 2, 2, groups=12),
        volume((2, 9, 8, 64), 64, pad=1, groups=2),  # groups that fill vectors
        volume((2, 9, 8, 72), 96, (3, 2), (2, 1), (1, 0), groups=3),
        volume((2, 9, 8, 20), 40, pad=1, groups=20),  # depthwise with more channels out
        volume((2, 9, 8, 40), 20, pad=1, groups=20),  # and fewer
        volume((2, 9, 8, 21), 35, pad=1, groups=7),
        volume((2, 6, 7, 8, 3), 17, 3, pad=1),  # three dimensions
        volume((1, 5, 12, 12, 3), 20, (3, 7, 7), (1, 2, 2), (1, 3, 3)),
        volume((2, 4, 6, 7, 33), 40, 3, pad=1),
        volume((1, 8, 8, 9, 16), 32, 3, 2, 1),
        volume((2, 3, 9, 8, 32), 64, 3),  # no tap writes all planes backward
        volume((3, 2, 8, 8, 40), 33, 3, pad=(2, 1, 1)),  # nor forward
        volume((2, 5, 10, 9, 32), 32, (3, 5, 5), pad=(2, 2, 2), dilation=(2, 1, 1)),
        volume((2, 1, 8, 8, 32), 32, 3, pad=1),  # taps that read nothing
        volume((2, 4, 6, 7, 33), 40, (1, 3, 3), pad=(0, 1, 1)),  # as two dimensions
        volume((2, 4, 6, 7, 33), 40, (3, 1, 1), pad=(1, 0, 0)),
        volume((2, 4, 6, 7, 33), 40, 1),
        volume((2, 4, 6, 7, 33), 40, 1, 2),
        volume((1, 1, 2, 2, 5), 6, 3, pad=2),
        volume((1, 7, 5, 6, 4), 3, 2, 3, 1),
        volume((1, 6, 7, 7, 4), 5, 3, dilation=2, pad=3),
        volume((2, 4, 6, 7, 20), 20, 3, pad=1, groups=20),
        volume((2, 4, 6, 7, 24), 24, 3, 2, 1, groups=3),
        volume((1, 3, 4, 4, 260), 40, 3, pad=1),  # weights beyond the cache, plane by plane
        volume((1, 5, 6, 3), 4, 2, (40, 30), (600, 3000)),  # mostly padding
        volume((1, 9, 3), 4, 3, 1, 1000, dilation=500),
        volume((2, 3, 9, 9, 6), 6, 2, 900, (2, 1000, 2000), groups=6),
    ],
    ids=str,
)
def test_any_kind(case, dtype):
    check(case._replace(dtype=dtype))


@pytest.mark.parametrize(
    ("case", "passes"),
    [
        (Case((2, 13, 14, 64), 64, pad=(1, 1)), "y gx gw"),
        (Case((2, 13, 14, 64), 64, (5, 5), pad=(2, 2)), "y gx gw"),
        (volume((2, 4, 13, 14, 64), 64, pad=1), "y gx gw"),
        (volume((2, 4, 13, 14, 64), 64, pad=(0, 1, 1)), "y gw"),  # no tap writes all of gx
        (Case((2, 13, 14, 64), 64, stride=(2, 2)), ""),
        (Case((2, 13, 14, 64), 64, dilation=(2, 2)), ""),
        (Case((2, 13, 14, 64), 64, groups=2), ""),
        (Case((2, 13, 14, 64), 16), ""),
    ],
    ids=str,
)
def test_where_winograd_is_used(case, passes):
    """Its results are rounded otherwise than those of the direct way."""
    data = arrays(case)
    quick = run(case, *data)
    native.use_winograd(False)
    try:
        direct = run(case, *data)
    finally:
        native.use_winograd(True)
    used = [name for name, a, b in zip(("y", "gx", "gw"), quick, direct) if (a != b).any()]
    assert used == passes.split()


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
        ([1, 1, 0], "three numbers a dimension"),
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
    with pytest.raises(ValueError, match="different dimensions"):
        native.conv_forward(x, w[..., 0], bias, y, window)
    with pytest.raises(ValueError, match="one to three dimensions"):
        native.conv_forward(x[0, 0], w, bias, y, window)
    for c_out, taps in ((2**50, 1), (1, 2**23), (2**10, 2**20)):  # one number shown many times
        wide = np.broadcast_to(np.float32(1), (c_out, 4, taps, taps))
        with pytest.raises(ValueError, match=r"too large|channels"):
            native.conv_forward(x, wide, None, poisoned(2, 4, 4, 6), window)
    with pytest.raises(TypeError):
        native.conv_forward(x.astype(np.float64), w, bias, y, window)
    with pytest.raises(TypeError):
        native.conv_forward(x[:, ::2], w, bias, y, window)
