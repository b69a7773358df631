"""Matrix products and linear layers of the runtime against float64 and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_checks import close, everywhere, native, poisoned

from flambeau.backend.numpy import kernels

BOUND = {np.float32: 3e-6, np.float64: 1e-14}
SHAPES = [
    (1, 1, 1), (1, 7, 1), (5, 1, 3), (1, 300, 40), (40, 300, 1), (12, 32, 32), (13, 33, 31),
    (64, 64, 64), (100, 256, 200), (100, 200, 10), (121, 257, 65), (250, 20, 130), (3, 600, 70),
    (500, 3, 3), (241, 515, 47),
]  # fmt: skip
BATCHES = [
    (0, 3, 4, 5), (1, 70, 80, 90), (3, 1, 9, 4), (40, 64, 64, 64), (300, 3, 2, 5), (5, 130, 20, 33),
]  # fmt: skip


def numbers(*shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def stored(x, how):
    """``x`` in another order of memory."""
    if how == "transposed":
        return np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)
    if how == "part":
        room = np.full((*x.shape[:-2], x.shape[-2] + 3, 2 * x.shape[-1] + 5), np.nan, x.dtype)
        room[..., 1:-2, 3 : 3 + x.shape[-1]] = x
        return room[..., 1:-2, 3 : 3 + x.shape[-1]]
    if how == "strided":
        room = np.full((*x.shape[:-2], 2 * x.shape[-2], 3 * x.shape[-1]), np.nan, x.dtype)
        room[..., ::2, ::3] = x
        return room[..., ::2, ::3]
    return x


def product(a, b, **more):
    """The product in a poisoned array, for ``everywhere``."""

    def run():
        c = poisoned(*a.shape[:-1], b.shape[-1], dtype=a.dtype)
        native.gemm(a, b, c, **more)
        return (c,)

    return run


def added(a, b, room, before, bias):
    """relu(before + product + bias) in the middle of ``room``."""

    def run():
        room[1:-1, 1:-2] = before
        native.gemm(a, b, room[1:-1, 1:-2], bias, True, True)
        return (room.copy(),)

    return run


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_orders_of_memory(shape, dtype):
    m, k, n = shape
    a, b = numbers(m, k, dtype=dtype), numbers(k, n, dtype=dtype, seed=1)
    expected = a.astype(np.longdouble) @ b.astype(np.longdouble)
    scale = float((np.abs(a) @ np.abs(b)).max())
    for one in ("rows", "transposed", "part", "strided"):
        for other in (
            ("rows", "transposed") if one != "rows" else ("rows", "transposed", "part", "strided")
        ):
            left, right = stored(a, one), stored(b, other)
            for (c,) in everywhere(product(left, right)):
                close(c, expected, BOUND[dtype], f"{one} {other}", scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["rows", "transposed"])
def test_epilogue(dtype, order):
    """Bias, relu, and what was in C, at one block of k and at three; nothing beside C changes."""
    for m, k, n in [(13, 40, 37), (130, 600, 37), (5, 0, 9), (7, 4, 1)]:
        a, b = stored(numbers(m, k, dtype=dtype), order), numbers(k, n, dtype=dtype, seed=1)
        bias, before = numbers(n, dtype=dtype, seed=2), numbers(m, n, dtype=dtype, seed=3)
        plain = a.astype(np.float64) @ b.astype(np.float64)
        scale = float((np.abs(a) @ np.abs(b)).max(initial=1.0))
        room = poisoned(m + 2, n + 3, dtype=dtype)

        for (whole,) in everywhere(added(a, b, room, before, bias)):
            expected = np.maximum(plain + bias + before, 0)
            close(whole[1:-1, 1:-2], expected, BOUND[dtype], least=scale)
            assert np.isnan(whole[[0, -1]]).all() and np.isnan(whole[:, [0, -1, -2]]).all()
        for (biased,) in everywhere(product(a, b, bias=bias)):
            close(biased, plain + bias, BOUND[dtype], least=scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", BATCHES, ids=str)
def test_batches(shape, dtype):
    batch, m, k, n = shape
    a, b = numbers(batch, m, k, dtype=dtype), numbers(batch, k, n, dtype=dtype, seed=1)
    one = np.broadcast_to(numbers(k, n, dtype=dtype, seed=2), b.shape)  # the same matrix each time
    turned = stored(a, "transposed")
    for right in (b, one):
        expected = a.astype(np.float64) @ right.astype(np.float64)
        for (c,) in everywhere(product(turned, right)):
            close(c, expected, 20 * BOUND[dtype], str(shape))


@pytest.mark.parametrize("shape", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0)], ids=str)
def test_nothing(shape):
    m, k, n = shape
    for (c,) in everywhere(product(numbers(m, k), numbers(k, n))):
        assert not c.any()


@pytest.mark.parametrize("order", ["rows", "transposed"])
def test_not_a_number(order):
    """NaN and infinity reach what they are a factor of, and relu keeps them."""
    a, b = numbers(30, 40), numbers(40, 50, seed=1)
    a[3, 4], a[7, 1], b[5, 6] = np.nan, np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        expected = a.astype(np.float64) @ b.astype(np.float64)
    expected = np.where(expected <= 0, 0, expected)
    for (c,) in everywhere(product(stored(a, order), b, relu=True)):
        close(c, expected, 1e-5)


@pytest.mark.parametrize(
    "activation", ["none", "relu", "tanh", "sigmoid", "leaky_relu", "hardtanh"]
)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (32, 10, 100), (100, 256, 200), (9, 300, 33), (0, 4, 5)], ids=str
)
def test_linear(shape, activation):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    m, k, n = shape
    x, w, b, gy = numbers(m, k), numbers(n, k, seed=1), numbers(n, seed=2), numbers(m, n, seed=3)
    w /= np.float32(np.sqrt(k))
    at = {"leaky_relu": (0.125, 0.0), "hardtanh": (-0.5, 1.5)}.get(activation, (0.0, 0.0))
    leaves = [torch.from_numpy(v).double().requires_grad_() for v in (x, w, b)]
    y = functional.linear(*leaves)
    if activation != "none":
        slopes = {"leaky_relu": at[:1], "hardtanh": at}.get(activation, ())
        y = getattr(functional if slopes else torch, activation)(y, *slopes)
    gradients = torch.autograd.grad(y, leaves, torch.from_numpy(gy).double())

    def run():
        out = poisoned(m, n)
        native.linear_forward(x, w, b, out, activation, *at)
        gx, gw, gb = poisoned(m, k), poisoned(n, k), poisoned(n)
        native.linear_backward(x, w, out, gy, gx, gw, gb, activation, *at)
        native.linear_backward(x, w, out, gy, None, None, None, activation, *at)
        return out, gx, gw, gb

    for results in everywhere(run):
        wanted = [t.detach().numpy() for t in (y, *gradients)]
        for what, got, want in zip(("y", "gx", "gw", "gb"), results, wanted, strict=True):
            close(got, want, 1e-5, what)


def test_refusals():
    a, b, c = numbers(4, 5), numbers(5, 6), poisoned(4, 6)
    for arguments, words in [
        ((a, b.T, c), "fit"),
        ((a, b, c[:, ::2]), "fit"),
        ((a, b[:, ::2], poisoned(4, 6)[:, ::2]), "side by side"),
        ((a, b, np.broadcast_to(c[:1], (4, 6)).copy()[:3]), "fit"),
        ((a[0], b, c), "dimensions"),
        ((a, b, c, numbers(5)), "bias"),
        ((a.astype(np.float64), b, c), "incompatible"),
        ((a[None], b[None], np.zeros((2, 4, 6), np.float32)), "number of matrices"),
        ((a, b, np.lib.stride_tricks.as_strided(c, (4, 6), (4, 4))), "overlap"),
    ]:
        with pytest.raises((ValueError, TypeError), match=words):
            native.gemm(*arguments)
    with pytest.raises(ValueError, match="inputs"):
        native.linear_forward(a, numbers(3, 4), None, poisoned(4, 3))
    with pytest.raises(ValueError, match="gelu"):
        native.linear_forward(a, numbers(3, 5), None, poisoned(4, 3), "gelu")


CALLS = {
    "matrices": ((40, 30), (30, 50)),
    "turned": ((30, 40), (50, 30), "turn both"),
    "stacks": ((5, 40, 30), (5, 30, 50)),
    "stacks of stacks": ((2, 3, 40, 30), (2, 3, 30, 50)),
    "stacks of turned": ((2, 3, 30, 40), (2, 3, 50, 30), "turn both"),
    "one matrix for a stack": ((4, 7, 40, 30), (30, 50)),
    "axes exchanged": ((2, 40, 3, 30), (2, 30, 3, 50), "heads"),
    "broadcast stacks": ((5, 1, 40, 30), (6, 30, 50)),
    "every second column": ((40, 60), (60, 50), "skip"),
    "backwards": ((40, 30), (30, 50), "reverse"),
    "few rows": ((3, 300), (300, 50)),
    "few columns": ((400, 300), (300, 2)),
    "vector": ((400, 300), (300,)),
    "nothing in common": ((400, 0), (0, 300)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("call", CALLS)
def test_products_are_those_of_numpy_whoever_makes_them(call, dtype):
    left, right, *way = CALLS[call]
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape).astype(dtype) for shape in (left, right))
    if way == ["turn both"]:
        a, b = a.swapaxes(-1, -2), b.swapaxes(-1, -2)
    elif way == ["heads"]:
        a, b = a.swapaxes(1, 2), b.swapaxes(1, 2)
    elif way == ["skip"]:
        a, b = a[:, ::2], b[::2]
    elif way == ["reverse"]:
        a, b = a[::-1], b[:, ::-1]
    y, expected = kernels.matmul(a, b), np.matmul(a, b)
    assert y.shape == expected.shape and y.dtype == expected.dtype
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-4 if dtype == np.float32 else 1e-12)
