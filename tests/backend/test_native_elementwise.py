"""Elementwise functions and random numbers of the C++ runtime against float64 and PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flambeau.backend.numpy.kernels import philox

native = pytest.importorskip(
    "flambeau.backend.native._runtime", reason="the C++ runtime is not built"
)
torch = pytest.importorskip("torch")
F = torch.nn.functional

SIZES = [0, 1, 3, 15, 16, 17, 63, 1000, 8191, 8192, 8193, 50001]
CORNERS = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e-45, -1e-45, 3e-39, -3e-39, 1.1754944e-38]
CORNERS += [1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0, -3.0, 6.0, 20.0, 3.4e38, -3.4e38, 8388609.0]
CORNERS += [88.72283, 88.7229, -87.34, -103.9, -104.1, 0.625, 0.92, -0.99999994]

# name: (numbers, function of PyTorch); the greatest error in units in the last place where the
# function is one of math.h, else None: then it is compared with a relative tolerance.
UNARY = {
    "abs": ((), torch.abs, 0.5),
    "neg": ((), torch.neg, 0.5),
    "sign": ((), torch.sign, 0.5),
    "square": ((), torch.square, 0.5),
    "cube": ((), lambda x: x**3, None),
    "sqrt": ((), torch.sqrt, 0.5),
    "reciprocal": ((), torch.reciprocal, 0.5),
    "rsqrt": ((), torch.rsqrt, 1.5),
    "exp": ((), torch.exp, 1.1),
    "expm1": ((), torch.expm1, 1.7),
    "log": ((), torch.log, 1.0),
    "log1p": ((), torch.log1p, 1.8),
    "sin": ((), torch.sin, 2.3),
    "cos": ((), torch.cos, 2.3),
    "tanh": ((), torch.tanh, 1.4),
    "erf": ((), torch.erf, 1.4),
    "sigmoid": ((), torch.sigmoid, 2.3),
    "relu": ((), torch.relu, 0.5),
    "logsigmoid": ((), F.logsigmoid, None),
    "leaky_relu": ((0.1,), lambda x: F.leaky_relu(x, 0.1), None),
    "elu": ((1.5, 1.0, 1.0), lambda x: F.elu(x, 1.5), None),
    "threshold": ((0.5, -7.0), lambda x: F.threshold(x, 0.5, -7.0), None),
    "hardtanh": ((-1.5, 2.0), lambda x: F.hardtanh(x, -1.5, 2.0), None),
    "hardshrink": ((0.5,), lambda x: F.hardshrink(x, 0.5), None),
    "softshrink": ((0.5,), lambda x: F.softshrink(x, 0.5), None),
    "hardsigmoid": ((), F.hardsigmoid, None),
    "hardswish": ((), F.hardswish, None),
    "softplus": ((2.0, 20.0), lambda x: F.softplus(x, 2.0, 20.0), None),
    "silu": ((), F.silu, None),
    "mish": ((), F.mish, None),
    "gelu": ((), lambda x: x * (0.5 * (1 + torch.erf(x * 0.5**0.5))), None),
    "gelu_tanh": ((), lambda x: F.gelu(x, approximate="tanh"), None),
}
FROM_RESULT = {"sqrt", "rsqrt", "reciprocal", "exp", "expm1", "tanh", "sigmoid", "relu"}
WITHOUT_DERIVATIVE = {"neg", "sign"}
BINARY = {
    "add": torch.add,
    "sub": torch.sub,
    "rsub": torch.rsub,
    "mul": torch.mul,
    "div": torch.div,
    "rdiv": lambda x, z: z / x,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
}


@pytest.fixture(params=native.instruction_sets(), autouse=True)
def instruction_set(request):
    before = native.instruction_set()
    native.use_instruction_set(request.param)
    yield request.param
    native.use_instruction_set(before)


@pytest.fixture(autouse=True)
def threads():
    before = native.get_num_threads()
    yield
    native.set_num_threads(before)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def poisoned(like):
    return np.full_like(like, np.nan)


def ulps(found, exact):
    """Distance from the float64 values, in units in the last place; infinite where kinds differ."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(np.float32)
        same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
        unit = np.spacing(np.abs(rounded)).astype(np.float64)
        distance = np.abs(found.astype(np.float64) - exact) / unit
    distance = np.nan_to_num(distance, nan=np.inf)
    return np.where(same, np.minimum(distance, 0.5), distance)


def everything():
    """A sample of all float32 numbers, more of the usual ones, and the corners."""
    bits = np.arange(0, 2**32, 65537, dtype=np.uint64).astype(np.uint32).view(np.float32)
    rng = np.random.default_rng(1)
    ranges = [rng.uniform(low, high, 20000) for low, high in [(-110, 95), (-8, 8), (-1, 1), (0, 3)]]
    with np.errstate(invalid="ignore"):  # signalling NaNs
        return np.concatenate([bits, np.array(CORNERS), *ranges]).astype(np.float32)


@pytest.mark.parametrize("name", UNARY)
def test_unary_is_exact_to_the_last_places(name):
    numbers, reference, bound = UNARY[name]
    x = everything()
    y = poisoned(x)
    getattr(native, name)(x, y, *numbers)
    exact = reference(torch.from_numpy(x).double()).numpy()
    if bound is not None:
        assert ulps(y, exact).max() <= bound
        return
    # Compositions lose what a difference of nearly equal numbers loses.
    if name in ("gelu", "gelu_tanh"):  # their limit, 0, where the formula gives NaN
        exact[np.isneginf(x)] = 0
    usual = np.abs(x) < 30
    np.testing.assert_allclose(y[usual], exact[usual], rtol=2e-6, atol=1e-6)
    mine = y[~usual]
    with np.errstate(over="ignore"):
        theirs = exact[~usual].astype(np.float32)
    np.testing.assert_array_equal(np.isnan(mine), np.isnan(theirs))
    np.testing.assert_allclose(mine, theirs, rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(UNARY) - WITHOUT_DERIVATIVE))
def test_derivatives_are_those_of_pytorch(name):
    numbers, reference, _ = UNARY[name]
    x = np.concatenate([normal(5000) * 3, np.array([0.3, 19.0, -19.0, 25.0, -25.0], np.float32)])
    if name in ("sqrt", "rsqrt", "log", "log1p"):
        x = np.abs(x) + np.float32(0.01)
    g = normal(x.size, seed=1)
    t = torch.from_numpy(x).double().requires_grad_()
    y = reference(t)
    y.backward(torch.from_numpy(g).double())
    saved = y.detach().numpy().astype(np.float32) if name in FROM_RESULT else x
    gx = poisoned(x)
    getattr(native, f"{name}_backward")(g, saved, gx, *numbers)
    np.testing.assert_allclose(gx, t.grad.numpy(), rtol=5e-6, atol=2e-6)


@pytest.mark.parametrize("name", ["exp", "tanh", "gelu", "relu", "softplus"])
@pytest.mark.parametrize("size", SIZES)
def test_sizes_places_and_threads_do_not_matter(name, size):
    numbers = UNARY[name][0]
    x = normal(size + 3)
    results = []
    for threads in (1, 2, 5):
        native.set_num_threads(threads)
        y = np.full(size + 8, np.nan, np.float32)
        getattr(native, name)(x[3:], y[5 : 5 + size], *numbers)
        assert np.isnan(y[:5]).all() and np.isnan(y[5 + size :]).all()
        results.append(y[5 : 5 + size].copy())
    in_place = x[3:].copy()
    getattr(native, name)(in_place, in_place, *numbers)
    one_by_one = poisoned(x[3:])
    for i in range(min(size, 40)):
        getattr(native, name)(x[3 + i : 4 + i], one_by_one[i : i + 1], *numbers)
    for other in [*results[1:], in_place]:
        np.testing.assert_array_equal(results[0], other)
    np.testing.assert_array_equal(results[0][:40], one_by_one[:40])


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("size", SIZES)
def test_binary(name, size):
    x, z = normal(size) * 2, normal(size, seed=1)
    x[: len(CORNERS)] = CORNERS[:size]
    z[2 : 2 + len(CORNERS)] = CORNERS[: max(size - 2, 0)]
    y = poisoned(x)
    getattr(native, name)(x, z, y)
    expected = BINARY[name](torch.from_numpy(x), torch.from_numpy(z)).numpy()
    np.testing.assert_array_equal(y, expected)
    getattr(native, name + "_number")(x, 0.75, y)
    expected = BINARY[name](torch.from_numpy(x), torch.full((size,), 0.75)).numpy()
    np.testing.assert_array_equal(y, expected)


ROWS = [(1, 1), (7, 1), (100, 3), (1000, 10), (33, 17), (5, 128), (40, 513), (3, 9000), (2000, 64)]


@pytest.mark.parametrize("rows, columns", ROWS)
@pytest.mark.parametrize("name", ["add", "rsub", "div"])
def test_binary_spreads_over_rows(name, rows, columns):
    x, z = normal(rows, columns), normal(columns, seed=1)
    for threads in (1, 3):
        native.set_num_threads(threads)
        y = poisoned(x)
        getattr(native, name)(x, z, y)
        expected = BINARY[name](torch.from_numpy(x), torch.from_numpy(z)).numpy()
        np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("shape", [(2, 3, 1, 1), (2, 3, 5, 7), (3, 64, 9, 9), (1, 2, 100, 100)])
def test_binary_spreads_over_planes(shape):
    n, c, h, w = shape
    x, z = normal(*shape), normal(c, seed=1)
    native.mul(x, z, x_out := poisoned(x), repeat=h * w)
    np.testing.assert_array_equal(x_out, x * z[:, None, None])
    per_image = normal(n * c, seed=2)
    native.add(x, per_image, x_out, repeat=h * w)
    np.testing.assert_array_equal(x_out, x + per_image.reshape(n, c, 1, 1))


@pytest.mark.parametrize("shape", [(2, 5, 3), (4, 81, 64), (3, 100, 130), (1, 1, 1), (2, 1, 7)])
@pytest.mark.parametrize("name", ["mul", "rsub"])
def test_binary_spreads_in_spans(name, shape):
    """A number for each image and channel of maps channels last, and for each image and pixel."""
    n, pixels, c = shape
    x, channels, places = normal(*shape), normal(n, 1, c, seed=1), normal(n, pixels, 1, seed=2)
    for threads in (1, 3):
        native.set_num_threads(threads)
        getattr(native, name)(x, channels, y := poisoned(x), repeat=1, spans=n)
        expected = BINARY[name](torch.from_numpy(x), torch.from_numpy(channels)).numpy()
        np.testing.assert_array_equal(y, expected)
        getattr(native, name)(x, places, y := poisoned(x), repeat=c, spans=n)
        expected = BINARY[name](torch.from_numpy(x), torch.from_numpy(places)).numpy()
        np.testing.assert_array_equal(y, expected)


def test_scaled_sum_and_lerp():
    x, z = normal(10007), normal(10007, seed=1)
    y = x.copy()
    native.add_scaled(y, z, y, a=-0.3)
    np.testing.assert_allclose(y, x - np.float32(0.3) * z, rtol=1e-5, atol=1e-7)
    native.lerp(x, z, y, a=0.25)
    np.testing.assert_allclose(y, x + 0.25 * (z - x), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("size", SIZES)
def test_where(size):
    mask = np.random.default_rng(0).random(size) < 0.5
    a, b = normal(size), normal(size, seed=1)
    for first in (a, None):
        for second in (b, None):
            y = poisoned(a)
            native.where(mask, first, second, y, 3.0, math.nan)
            yes, no = (np.float32(3) if first is None else a), (np.nan if second is None else b)
            np.testing.assert_array_equal(y, np.where(mask, yes, no).astype(np.float32))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 2047, 2048, 2049, 100003])
@pytest.mark.parametrize("seed, offset", [(0, 0), (12345, 7), (2**64 - 1, 2**64 - 3)])
def test_the_random_stream_is_that_of_numpy(size, seed, offset):
    results = []
    for threads in (1, 2, 5):
        native.set_num_threads(threads)
        words = np.zeros(size, np.uint64)
        native.philox(seed, offset, words)
        uniform = np.full(size, np.nan, np.float32)
        native.uniform(seed, offset, uniform)
        results.append((words, uniform))
    words = philox(seed, offset, size)
    np.testing.assert_array_equal(results[0][0], words)
    halves = philox(seed, offset, -(-size // 2)).view(np.uint32)[:size]
    np.testing.assert_array_equal(
        results[0][1], (halves >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    )
    for other in results[1:]:
        np.testing.assert_array_equal(other[0], results[0][0])
        np.testing.assert_array_equal(other[1], results[0][1])


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.73, 1.0])
@pytest.mark.parametrize("size", [0, 1, 5, 1000, 70001])
def test_dropout_draws_the_mask_of_the_operation(p, size):
    from flambeau.ops.dropout import dropout_mask
    from flambeau.tensor.arrays import xp

    mask = dropout_mask.kernel(xp, 99, 4, shape=(size,), p=p, dtype=np.dtype(np.float32))
    y = poisoned(mask)
    native.dropout_mask(99, 4, p, y)
    np.testing.assert_array_equal(y, mask)


def test_wrong_arguments_are_refused():
    x, y = normal(5), normal(6)
    with pytest.raises(ValueError, match="shape of y"):
        native.exp(x, y)
    with pytest.raises(ValueError, match="shape of saved"):
        native.tanh_backward(x, y, x)
    with pytest.raises(ValueError, match="shape of a"):
        native.where(np.ones(5, bool), y, None, x)
    with pytest.raises(ValueError, match="repeat"):
        native.add(x, x, x, repeat=0)
    with pytest.raises(ValueError, match="spans"):
        native.add(x, x[:2], x, spans=0)
    with pytest.raises(ValueError, match="spans"):
        native.add(x, x[:2], x, spans=5)
    with pytest.raises(ValueError, match="does not fit"):
        native.add(y, y[:2], y, repeat=2, spans=2)
    with pytest.raises(ValueError, match="does not fit"):
        native.add(y, y[:2], y, repeat=2**62, spans=2)
    with pytest.raises(ValueError, match="does not fit"):
        native.add(x[:0], x[:0], x[:0], spans=2)
    with pytest.raises(ValueError, match="empty"):
        native.add(x, x[:0], x)
    with pytest.raises(ValueError, match="probability"):
        native.dropout_mask(0, 0, 1.5, x)
    for wrong in (x.astype(np.float64), np.ones((5, 2), np.float32)[:, 0]):
        with pytest.raises(TypeError):
            native.exp(wrong, x)
    readonly = x.copy()
    readonly.setflags(write=False)
    with pytest.raises(TypeError):
        native.exp(x, readonly)
