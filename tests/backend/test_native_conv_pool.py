"""Convolution + bias + max pool + activation in one kernel, against PyTorch's sequence of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from kernel_checks import everywhere, native, poisoned

torch = pytest.importorskip("torch")
F = torch.nn.functional

ACTIVATIONS = {
    "none": lambda t, a, b: t,
    "relu": lambda t, a, b: F.relu(t),
    "leaky_relu": lambda t, a, b: F.leaky_relu(t, a),
    "tanh": lambda t, a, b: torch.tanh(t),
    "sigmoid": lambda t, a, b: torch.sigmoid(t),
    "hardtanh": lambda t, a, b: F.hardtanh(t, a, b),
}
NUMBERS = {"leaky_relu": (0.125, 0.0), "hardtanh": (-0.5, 1.5)}


class Case(NamedTuple):
    """x (n, h, w, c_in), the convolution's window, the pool's window."""

    x: tuple[int, int, int, int]
    c_out: int
    kernel: tuple[int, int] = (3, 3)
    pool: tuple[int, int] = (2, 2)
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    pool_stride: tuple[int, int] = (0, 0)  # 0: the pool's window
    pool_pad: tuple[int, int] = (0, 0)
    pool_dilation: tuple[int, int] = (1, 1)
    ceil: bool = False
    activation: str = "relu"

    @property
    def windows(self):
        step = [s or k for s, k in zip(self.pool_stride, self.pool, strict=True)]
        return (
            [*self.stride, *self.pad, *self.dilation, self.groups],
            [*self.pool, *step, *self.pool_pad, *self.pool_dilation],
        )

    def convolve(self, x, w, b):
        return F.conv2d(x, w, b, self.stride, self.pad, self.dilation, self.groups)

    def pooled(self, t, **more):
        step = self.windows[1][2:4]
        return F.max_pool2d(
            t, self.pool, step, self.pool_pad, self.pool_dilation, self.ceil, **more
        )


def arrays(case: Case, whole: bool = False):
    """x, w, b, gy; small whole numbers, or normally distributed ones."""
    rng = np.random.default_rng(0)

    def make(shape):
        if whole:
            return rng.integers(-2, 3, shape).astype(np.float32)
        return rng.standard_normal(shape, np.float32)

    x = make(case.x)
    w = make((case.c_out, case.x[3] // case.groups, *case.kernel))
    if not whole:  # not where tanh is flat, and 1 - y^2 nothing but rounding errors
        w *= np.float32(0.5 / np.sqrt(w[0].size))
    b = make((case.c_out,))
    with torch.no_grad():
        y = case.pooled(case.convolve(*[torch.zeros(s) for s in ((1, *x.shape[3:], *x.shape[1:3]),
                                                                 w.shape, b.shape)]))  # fmt: skip
    return x, w, b, make((case.x[0], *y.shape[2:], case.c_out))


def run(case: Case, x, w, b, gy, places_type=np.uint8):
    """y, places, gx, gw, gb, into poisoned arrays."""
    more = (case.activation, *NUMBERS.get(case.activation, (0.0, 0.0)))
    y, places = poisoned(*gy.shape), poisoned(*gy.shape, dtype=places_type)
    native.conv_pool_forward(x, w, b, y, places, *case.windows, *more)
    gx, gw, gb = poisoned(*x.shape), poisoned(*w.shape), poisoned(*b.shape)
    native.conv_pool_backward(x, w, y, places, gy, gx, gw, gb, *case.windows, *more)
    return y, places, gx, gw, gb


def images(a, dtype=torch.float64):
    return torch.from_numpy(np.ascontiguousarray(a.transpose(0, 3, 1, 2))).to(dtype)


def expected(case: Case, x, w, b, gy, places):
    """y and the gradients in float64. The maxima are where ``places`` says, which must be true."""
    function = ACTIVATIONS[case.activation]
    tx, tw, tb = images(x), torch.from_numpy(w).double(), torch.from_numpy(b).double()
    leaves = [t.requires_grad_() for t in (tx, tw, tb)]
    full = case.convolve(*leaves)
    _, pool = case.windows
    oh, ow = gy.shape[1:3]
    place = torch.from_numpy(places.astype(np.int64).transpose(0, 3, 1, 2).copy())
    row = place // pool[1] * pool[6] + (torch.arange(oh) * pool[2] - pool[4])[:, None]
    column = place % pool[1] * pool[7] + torch.arange(ow) * pool[3] - pool[5]
    assert ((row >= 0) & (row < full.shape[2]) & (column >= 0) & (column < full.shape[3])).all()
    at = (row * full.shape[3] + column).flatten(2)
    maxima = full.flatten(2).gather(2, at).reshape(place.shape)
    scale = max(1.0, float(full.detach().abs().max())) if full.numel() else 1.0
    assert (case.pooled(full) - maxima).abs().max().item() <= 1e-5 * scale if gy.size else True
    y = function(maxima, *NUMBERS.get(case.activation, (0.0, 0.0)))
    gradients = torch.autograd.grad(y, leaves, images(gy))
    gx = gradients[0].permute(0, 2, 3, 1)
    return [t.detach().numpy() for t in (y.permute(0, 2, 3, 1), gx, *gradients[1:])]


def error(got, want) -> float:
    scale = np.linalg.norm(want)
    return float(np.linalg.norm(got - want) / scale) if scale else float(np.abs(got).max(initial=0))


def check(case: Case, places_type=np.uint8, bound=1e-5) -> None:
    data = arrays(case)
    for y, places, *gradients in everywhere(lambda: run(case, *data, places_type)):
        wanted = expected(case, *data, places)
        for what, got, want in zip(("y", "gx", "gw", "gb"), (y, *gradients), wanted, strict=True):
            assert got.shape == want.shape
            assert error(got, want) <= bound, f"{what} of {case}"


CASES = [
    Case((1, 5, 5, 1), 1),
    Case((3, 28, 28, 1), 32, (5, 5), (3, 3)),  # LeNet's first
    Case((13, 28, 28, 1), 32, (5, 5), (3, 3), activation="tanh"),
    Case((5, 8, 8, 32), 64, (5, 5)),  # its second, by Winograd's way
    Case((9, 8, 8, 32), 20, (5, 5), (4, 4)),
    Case((3, 32, 32, 3), 16, pad=(1, 1), activation="tanh"),  # the book's
    Case((9, 16, 16, 16), 8, pad=(1, 1), activation="tanh"),
    Case((2, 63, 63, 3), 24, (11, 11), (3, 3), (4, 4), (2, 2), pool_stride=(2, 2)),  # AlexNet's
    Case((2, 20, 22, 40), 48, pad=(1, 1), activation="leaky_relu"),
    Case((1, 30, 30, 64), 64, pad=(1, 1)),
    Case((7, 9, 11, 5), 17, (2, 4), (3, 2), (2, 1), (1, 3), activation="sigmoid"),
    Case((2, 9, 11, 5), 17, (1, 1), (2, 3), pool_stride=(1, 2), activation="hardtanh"),
    Case((3, 10, 11, 4), 33, (3, 3), (2, 2), pool_pad=(1, 1), activation="none"),
    Case((9, 10, 11, 4), 33, (3, 3), (3, 3), pool_stride=(2, 3), pool_pad=(1, 1), ceil=True),
    Case((2, 12, 13, 6), 9, (3, 2), (3, 2), pool_dilation=(2, 3), pool_stride=(2, 2)),
    Case((2, 12, 13, 6), 9, (3, 2), dilation=(2, 2)),
    Case((2, 10, 10, 8), 8, groups=8, pad=(1, 1)),
    Case((2, 10, 10, 6), 9, groups=3),
    Case((2, 9, 9, 3), 5, (2, 2), (2, 2), (3, 3), (1, 1), pool_stride=(4, 3)),  # pixels unused
    Case((2, 1, 40, 2), 7, (1, 5), (1, 4), activation="tanh"),  # one dimension
    Case((2, 40, 40, 1), 3, (3, 3), (17, 13), activation="leaky_relu"),
    Case((1, 70, 90, 2), 33, (7, 7), (3, 3), (2, 2), (3, 3)),
    Case((70, 3, 3, 1), 1, (2, 2)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_table(case):
    check(case)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("x", [(4, 9, 9, 2), (4, 9, 9, 35)])
def test_activations(activation, x):
    check(Case(x, 34, activation=activation))


def test_places_as_integers():
    check(Case((2, 30, 30, 2), 5, (3, 3), (17, 17), activation="tanh"), np.int32)
    check(Case((2, 12, 12, 2), 5, activation="tanh"), np.int32)


@pytest.mark.parametrize("seed", range(6))
def test_random(seed):
    rng = np.random.default_rng(seed)

    def pair(low: int, high: int) -> tuple[int, int]:
        return tuple(int(i) for i in rng.integers(low, high + 1, 2))

    done = 0
    while done < 8:
        pool, kernel = pair(1, 4), pair(1, 5)
        case = Case(
            (int(rng.integers(1, 15)), *pair(3, 19), int(rng.choice([1, 2, 3, 16, 33]))),
            int(rng.choice([1, 5, 16, 32, 37])), kernel, pool, pair(1, 3), pair(0, 3),
            pool_stride=pair(1, 5), pool_pad=(int(rng.integers(0, pool[0] // 2 + 1)),
                                              int(rng.integers(0, pool[1] // 2 + 1))),
            pool_dilation=pair(1, 2), ceil=bool(rng.integers(2)),
            activation=str(rng.choice(list(ACTIVATIONS))),
        )  # fmt: skip
        try:
            arrays(case)
        except RuntimeError:  # no such window fits
            continue
        done += 1
        check(case)


@pytest.mark.parametrize("order", ["pool first", "activation first"])
@pytest.mark.parametrize("activation", ["none", "relu", "hardtanh", "leaky_relu"])
def test_ties_go_where_pytorch_sends_them(activation, order):
    """Small whole numbers are summed exactly, and many are equal. Where the activation itself makes
    equals, its slope is zero, so that both orders have one gradient.
    """
    case = Case((3, 13, 13, 2), 18, (3, 3), (3, 3), activation=activation)
    x, w, b, gy = arrays(case, whole=True)
    leaves = [images(x, torch.float32), torch.from_numpy(w), torch.from_numpy(b)]
    full = case.convolve(*[t.requires_grad_() for t in leaves])
    numbers = NUMBERS.get(activation, (0.0, 0.0))
    if order == "pool first":
        y = ACTIVATIONS[activation](case.pooled(full), *numbers)
    else:
        y = case.pooled(ACTIVATIONS[activation](full, *numbers))
    gradients = torch.autograd.grad(y, leaves, images(gy, torch.float32))
    for got_y, _, gx, gw, gb in everywhere(lambda: run(case, x, w, b, gy)):
        np.testing.assert_array_equal(got_y, y.detach().permute(0, 2, 3, 1))
        for got, want in zip((gx.transpose(0, 3, 1, 2), gw, gb), gradients, strict=True):
            np.testing.assert_array_equal(got, want)


def test_not_a_number():
    """NaN wins its windows, and the activation lets it through."""
    case = Case((2, 13, 13, 3), 18, (3, 3), (2, 2), activation="relu")
    x, w, b, gy = arrays(case)
    x[1, 6, 7, 2] = np.nan
    x[0, 0, 0, 0] = np.inf
    weights = [torch.from_numpy(a).double() for a in (w, b)]
    y = case.pooled(F.relu(case.convolve(images(x), *weights)))
    for got, *_ in everywhere(lambda: run(case, x, w, b, gy)):
        want = y.permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(got, want, 1e-4, 1e-4)


@pytest.mark.parametrize("channels", [2, 33])
def test_empty_batch(channels):
    case = Case((0, 9, 9, channels), 34)
    for y, _, gx, gw, gb in everywhere(lambda: run(case, *arrays(case))):
        assert y.size == gx.size == 0 and not gw.any() and not gb.any()


@pytest.mark.parametrize("channels", [2, 33])
def test_what_is_not_asked_for(channels):
    """Each gradient, the places and the bias may be left out; weights may have any strides."""
    case = Case((3, 9, 9, channels), 34)
    x, w, b, gy = arrays(case)
    y, places, gx, gw, gb = run(case, x, w, b, gy)
    alone = poisoned(*gy.shape)
    native.conv_pool_forward(x, w, b, alone, None, *case.windows, "relu")
    np.testing.assert_array_equal(alone, y)
    turned = np.ascontiguousarray(w.transpose(2, 3, 1, 0)).transpose(3, 2, 0, 1)
    room = poisoned(*w.shape[:3], 2 * w.shape[3])
    for wanted in [(gx, None, None), (None, gw, None), (None, None, gb), (gx, gw, None)]:
        to = [None if a is None else poisoned(*a.shape) for a in wanted]
        if to[1] is not None:
            to[1] = room[..., ::2]
        native.conv_pool_backward(x, turned, y, places, gy, *to, *case.windows, "relu")
        for got, want in zip(to, wanted, strict=True):
            if want is not None:
                np.testing.assert_array_equal(got, want)
    assert np.isnan(room[..., 1::2]).all()
    nothing = poisoned(*gy.shape)
    native.conv_pool_forward(x, w, None, nothing, places, *case.windows)
    native.conv_pool_forward(x, w, np.zeros_like(b), alone, places, *case.windows, "none")
    np.testing.assert_array_equal(alone, nothing)


def test_numbers_that_name_no_place():
    """Foreign places are no place to read from."""
    case = Case((3, 9, 9, 2), 34, pool_pad=(1, 1))
    x, w, b, gy = arrays(case)
    y, places, *_ = run(case, x, w, b, gy)
    for wrong in (4, 77, 255):
        gw = poisoned(*w.shape)
        bad = np.full_like(places, wrong)
        native.conv_pool_backward(x, w, y, bad, gy, None, gw, None, *case.windows, "relu")
        assert not gw.any()
    gw = poisoned(*w.shape)
    native.conv_pool_backward(x, w, y, np.zeros_like(places), gy, None, gw, None, *case.windows)
    assert np.isfinite(gw).all()


def test_maps_larger_than_the_scratch():
    """Batches that are taken apart, whatever their way."""
    for case in (
        Case((5, 130, 130, 32), 32, pad=(1, 1), activation="none"),
        Case((5, 130, 130, 8), 32, (3, 3), (2, 2), groups=2, activation="none"),
        Case((70, 130, 40, 3), 32, (3, 3), (2, 2), activation="tanh"),
    ):
        data = arrays(case)
        y, places, *gradients = run(case, *data)
        for got, want in zip((y, *gradients), expected(case, *data, places), strict=True):
            assert error(got, want) <= 1e-5


def test_refusals():
    case = Case((2, 9, 9, 3), 5)
    x, w, b, gy = arrays(case)
    y, places, *_ = run(case, x, w, b, gy)
    window, pool = case.windows
    forward = native.conv_pool_forward
    for arguments, words in [
        ((x, w, b, y, places, window[:6], pool), "three numbers a dimension"),
        ((x, w, b, y, places, window, pool[:6]), "eight"),
        ((x, w, b[:2], y, places, window, pool), "bias"),
        ((x, w[:, :2], b, y, places, window, pool), "channels"),
        ((x, w, b, y, places[:1], window, pool), "places"),
        ((x, w, b, y, places, window, pool, "gelu"), "gelu"),
        ((x, w, b, y, places, window, pool, "leaky_relu", -1.0), "slope"),
        ((x, w, b, y, places, window, pool, "hardtanh", 1.0, -1.0), "hardtanh"),
        ((x[:, ::2], w, b, y, places, window, pool), "incompatible"),
        ((x[:, :2].copy(), w, b, y, places, window, pool), "larger"),
    ]:
        with pytest.raises((ValueError, TypeError), match=words):
            forward(*arguments)
    with pytest.raises(ValueError, match="shape of gx"):
        native.conv_pool_backward(x, w, y, places, gy, x[:1].copy(), None, None, window, pool)
    with pytest.raises(TypeError):
        native.conv_pool_backward(x, w, y, None, gy, None, None, None, window, pool)
