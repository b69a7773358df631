"""Pooling kernels of the C++ runtime against PyTorch, on every instruction set."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from kernel_checks import close, everywhere, native, poisoned

torch = pytest.importorskip("torch")
F = torch.nn.functional

# n, h, w, c, then kernel, stride, padding, dilation (two numbers each), ceil_mode
SHAPES = [
    (2, 8, 8, 32, 2, 2, 2, 2, 0, 0, 1, 1, False),
    (3, 9, 9, 16, 3, 3, 3, 3, 0, 0, 1, 1, False),
    (2, 24, 25, 48, 3, 3, 3, 3, 0, 0, 1, 1, True),
    (2, 13, 11, 64, 3, 3, 2, 2, 1, 1, 1, 1, False),
    (1, 28, 28, 1, 2, 2, 2, 2, 0, 0, 1, 1, False),
    (5, 7, 9, 3, 2, 2, 2, 2, 1, 1, 1, 1, True),
    (2, 10, 10, 8, 2, 2, 2, 2, 0, 0, 1, 1, False),
    (2, 15, 14, 17, 2, 2, 2, 2, 0, 0, 1, 1, True),
    (2, 15, 14, 33, 3, 3, 1, 1, 1, 1, 1, 1, False),
    (1, 9, 30, 20, 2, 3, 5, 4, 0, 1, 1, 1, True),
    (2, 14, 15, 24, 5, 5, 1, 1, 2, 2, 1, 1, False),
    (1, 20, 21, 18, 3, 2, 2, 1, 1, 1, 2, 3, False),
    (2, 1, 50, 19, 1, 4, 1, 2, 0, 1, 1, 2, True),
    (1, 40, 40, 4, 17, 17, 3, 5, 8, 8, 1, 1, False),
    (1, 40, 41, 35, 18, 16, 7, 20, 9, 0, 1, 1, True),
    (1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, False),
    (1, 5, 5, 16, 3, 3, 2, 2, 1, 1, 2, 2, True),
    (0, 8, 8, 5, 2, 2, 2, 2, 0, 0, 1, 1, False),
    (3, 2, 2, 40, 2, 2, 2, 2, 0, 0, 1, 1, False),
]


def output_size(size, kernel, stride, pad, dilation, ceil_mode):
    room = size + 2 * pad - dilation * (kernel - 1) - 1
    n = (-(-room // stride) if ceil_mode else room // stride) + 1
    return n - 1 if ceil_mode and (n - 1) * stride >= size + pad else n


def out_shape(shape):
    n, h, w, c, kh, kw, sh, sw, ph, pw, dh, dw, ceil_mode = shape
    return (
        n,
        output_size(h, kh, sh, ph, dh, ceil_mode),
        output_size(w, kw, sw, pw, dw, ceil_mode),
        c,
    )


def planes(a):
    """As PyTorch's (n, c, h, w)."""
    return torch.from_numpy(np.ascontiguousarray(a.transpose(0, 3, 1, 2)))


def pixels(t):
    return np.ascontiguousarray(t.detach().numpy().transpose(0, 2, 3, 1))


def images(shape, kind):
    rng = np.random.default_rng(sum(shape))
    x = rng.standard_normal(shape).astype(np.float32)
    if kind == "ties":
        x = np.round(x)
    elif kind == "special":
        x.ravel()[:: max(1, x.size // 60)] = np.nan
        x.ravel()[1 :: max(1, x.size // 60)] = -np.inf
        x.ravel()[2 :: max(1, x.size // 50)] = np.inf
        x[..., 0] = -np.inf
    return x


@pytest.mark.parametrize("kind", ["plain", "ties", "special"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_max_pool(shape, kind):
    *window, ceil_mode = shape[4:]
    kernel, stride, pad, dilation = (tuple(window[i : i + 2]) for i in (0, 2, 4, 6))
    x = images(shape[:4], kind)
    out = out_shape(shape)
    gy = np.random.default_rng(1).standard_normal(out).astype(np.float32)
    dtype = np.uint8 if kernel[0] * kernel[1] <= 256 else np.int32

    def run():
        y, places, gx = poisoned(*out), poisoned(*out, dtype=dtype), poisoned(*x.shape)
        alone, indices = poisoned(*out), poisoned(*out, dtype=np.int64)
        native.max_pool_forward(x, y, places, window)
        native.max_pool_forward(x, alone, None, window)
        assert alone.tobytes() == y.tobytes()
        native.max_pool_backward(gy, places, gx, window)
        native.max_pool_indices(places, indices, *x.shape[1:3], window)
        wide = poisoned(*out, dtype=np.int32)
        native.max_pool_forward(x, alone, wide, window)
        np.testing.assert_array_equal(wide, places)
        again = poisoned(*x.shape)
        native.max_pool_backward(gy, wide, again, window)
        np.testing.assert_allclose(again, gx, rtol=1e-5, atol=1e-5)
        native.max_pool_indices(wide, wide_indices := np.empty_like(indices), *x.shape[1:3], window)
        np.testing.assert_array_equal(wide_indices, indices)
        return y, indices, gx

    if 0 in x.shape:
        everywhere(run)
        return
    inputs = planes(x).requires_grad_()
    expected, where = F.max_pool2d(
        inputs, kernel, stride, pad, dilation, ceil_mode, return_indices=True
    )
    expected.backward(planes(gy))
    for y, indices, gx in everywhere(run):
        np.testing.assert_array_equal(y, pixels(expected))
        np.testing.assert_array_equal(indices, pixels(where))
        close(gx, pixels(inputs.grad), 1e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("count_padding, divisor", [(True, None), (False, None), (True, 7)])
def test_average_pool(shape, count_padding, divisor):
    shape = (*shape[:10], 1, 1, shape[12])
    kernel, stride, pad = shape[4:6], shape[6:8], shape[8:10]
    x, out = images(shape[:4], "plain"), out_shape(shape)
    gy = np.random.default_rng(1).standard_normal(out).astype(np.float32)

    def run():
        y, gx = poisoned(*out), poisoned(*x.shape)
        native.avg_pool_forward(x, y, list(shape[4:12]), count_padding, divisor)
        native.avg_pool_backward(gy, gx, list(shape[4:12]), count_padding, divisor)
        return y, gx

    results = everywhere(run)
    if 0 in x.shape:
        return
    inputs = planes(x).double().requires_grad_()
    expected = F.avg_pool2d(inputs, kernel, stride, pad, shape[12], count_padding, divisor)
    expected.backward(planes(gy).double())
    for y, gx in results:
        close(y, pixels(expected), 1e-6)
        close(gx, pixels(inputs.grad), 1e-6)


@pytest.mark.parametrize("size", [(7, 7), (1, 9), (14, 13)])
@pytest.mark.parametrize("out", [(1, 1), (7, 7), (3, 5), (16, 2)])
@pytest.mark.parametrize("c", [1, 5, 16, 40])
def test_adaptive_average(size, out, c):
    x = images((3, *size, c), "plain")
    gy = np.random.default_rng(1).standard_normal((3, *out, c)).astype(np.float32)
    inputs = planes(x).double().requires_grad_()
    expected = F.adaptive_avg_pool2d(inputs, out)
    expected.backward(planes(gy).double())

    def run():
        y, gx = poisoned(*gy.shape), poisoned(*x.shape)
        native.avg_pool_forward(x, y, None)
        native.avg_pool_backward(gy, gx, None)
        return y, gx

    for y, gx in everywhere(run):
        close(y, pixels(expected), 1e-6)
        close(gx, pixels(inputs.grad), 1e-6)


def test_large_means_keep_their_digits():
    x = 1000 + images((1, 112, 112, 16), "plain")
    mean = x.astype(np.float64).mean((1, 2), keepdims=True)

    def run():
        native.avg_pool_forward(x, y := poisoned(1, 1, 1, 16), None)
        return (y,)

    for (y,) in everywhere(run):
        close(y, mean, 5e-7)


def test_random_windows():
    rng = np.random.default_rng(5)
    for _ in range(150):
        c = int(rng.choice([1, 2, 7, 16, 31, 64]))
        kernel, dilation = rng.integers(1, 5, 2), rng.integers(1, 3, 2)
        stride = rng.integers(1, 5, 2)
        pad = rng.integers(0, kernel // 2 + 1)
        size = rng.integers(1, 20, 2) + (kernel - 1) * dilation
        shape = (int(rng.integers(1, 4)), *size, c, *kernel, *stride, *pad, *dilation)
        shape = (*map(int, shape), bool(rng.integers(2)))
        test_max_pool(shape, "ties")


def test_refusals():
    x, y = poisoned(1, 4, 4, 2), poisoned(1, 2, 2, 2)
    places = poisoned(1, 2, 2, 2, dtype=np.uint8)
    window = [2, 2, 2, 2, 0, 0, 1, 1]
    wrong_windows = [
        window[:7], [0, 2, 2, 2, 0, 0, 1, 1], [2, 2, 0, 2, 0, 0, 1, 1], [2, 2, 2, 2, -1, 0, 1, 1],
        [2, 2, 2, 2, 0, 0, 0, 1], [17, 17, 2, 2, 0, 0, 1, 1], [2, 2, 2**40, 2, 0, 0, 1, 1],
    ]  # fmt: skip
    for wrong in wrong_windows:
        with pytest.raises(ValueError):
            native.max_pool_forward(x, y, places, wrong)
    with pytest.raises(ValueError, match="channels"):
        native.max_pool_forward(x, poisoned(1, 2, 2, 3), None, window)
    with pytest.raises(ValueError, match="shape"):
        native.max_pool_forward(x, y, places[:, :1], window)
    with pytest.raises(ValueError, match="uint8 or int32"):
        native.max_pool_forward(x, y, places.astype(np.int64), window)
    with pytest.raises(ValueError, match="zero"):
        native.avg_pool_forward(x, y, window, True, 0)
    with pytest.raises(TypeError):
        native.max_pool_forward(x.astype(np.float64), y, places, window)
    with pytest.raises(TypeError):  # a copy would be written and lost
        native.max_pool_forward(x, y.astype(np.float64), places, window)
    with pytest.raises(TypeError):
        native.max_pool_forward(x, poisoned(1, 2, 4, 2)[:, :, ::2], places, window)


def test_wild_places_stay_inside():
    """Numbers that name no place of the window: whatever the sum is, nothing else is touched."""
    gy = np.ones((1, 3, 3, 20), np.float32)
    for dtype, overlap in itertools.product((np.uint8, np.int32), (1, 2)):
        places = np.full(gy.shape, 250, dtype)
        for c in (3, 20):
            native.max_pool_backward(
                np.ascontiguousarray(gy[..., :c]),
                np.ascontiguousarray(places[..., :c]),
                gx := poisoned(1, 6, 6, c),
                [2, 2, overlap, overlap, 0, 0, 1, 1],
            )
            assert np.isfinite(gx).all()
