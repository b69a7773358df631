"""Operations that the C++ runtime computes against their NumPy texts: values and gradients."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest

import flambeau
from flambeau.backend import native

pytest.importorskip("flambeau.backend.native._runtime", reason="the C++ runtime is not built")
F = flambeau.nn.functional


@contextlib.contextmanager
def switched(on: bool):
    """The runtime used, or not."""
    before, native.enabled = native.enabled, on
    try:
        yield
    finally:
        native.enabled = before


def numbers(rng, shape) -> np.ndarray:
    return rng.standard_normal(shape).astype(np.float32)


def gradients(function, arrays, on):
    """The outputs of ``function`` and the gradients of its inputs, as arrays."""
    with switched(on):
        inputs = [flambeau.tensor(a).requires_grad_(a.dtype.kind == "f") for a in arrays]
        out = function(*inputs)
        weights = np.random.default_rng(1).standard_normal(out.shape).astype(np.float32)
        (out * flambeau.tensor(weights)).sum().backward()
        return [out.detach().numpy(), *[t.grad.numpy() for t in inputs if t.grad is not None]]


def agree(function, *arrays, tolerance=2e-5):
    """The runtime and NumPy compute the same, in arrays that lie alike."""
    fast, plain = gradients(function, arrays, True), gradients(function, arrays, False)
    assert len(fast) == len(plain)
    for a, b in zip(fast, plain):
        assert a.shape == b.shape and a.dtype == b.dtype and a.strides == b.strides
        scale = float(np.sqrt(np.mean(np.square(b, dtype=np.float64)))) if b.size else 1.0
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * max(scale, 1e-3) * 10)


def random_convolution(rng, rank):
    """Arrays and parameters of a convolution that fits."""
    groups = int(rng.choice([1, 1, 2, 3]))
    inside, outside = groups * int(rng.integers(1, 9)), groups * int(rng.integers(1, 9))
    kernel = rng.integers(1, 5, rank)
    dilation, stride = rng.integers(1, 3, rank), rng.integers(1, 4, rank)
    padding = rng.integers(0, 3, rank)
    size = np.maximum(1, dilation * (kernel - 1) + 1 - 2 * padding) + rng.integers(0, 9, rank)
    n = int(rng.integers(1, 5))
    params = {
        "stride": tuple(map(int, stride)), "padding": tuple(map(int, padding)),
        "dilation": tuple(map(int, dilation)), "groups": groups,
    }  # fmt: skip
    x = numbers(rng, (n, inside, *size))
    w = numbers(rng, (outside, inside // groups, *kernel))
    return x, w, numbers(rng, outside), params


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("rank", [1, 2])
def test_convolution(seed, rank):
    x, w, b, params = random_convolution(np.random.default_rng(seed), rank)
    convolve = F.conv1d if rank == 1 else F.conv2d
    agree(lambda x, w, b: convolve(x, w, b, **params), x, w, b)
    agree(lambda x, w: convolve(x, w, **params), x, w)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("rank", [1, 2])
def test_transposed_convolution(seed, rank):
    rng = np.random.default_rng(seed)
    _, w, _, params = random_convolution(rng, rank)
    x = numbers(rng, (2, w.shape[0], *rng.integers(3, 7, rank)))
    b = numbers(rng, w.shape[1] * params["groups"])
    extra = tuple(
        int(rng.integers(0, max(s, d))) for s, d in zip(params["stride"], params["dilation"])
    )
    convolve = F.conv_transpose1d if rank == 1 else F.conv_transpose2d
    with contextlib.suppress(RuntimeError):  # too small a result
        convolve(flambeau.tensor(x), flambeau.tensor(w), **params, output_padding=extra)
        agree(lambda x, w, b: convolve(x, w, b, **params, output_padding=extra), x, w, b)


def test_convolution_of_odd_memory():
    """Inputs that are views, expanded, reversed or read-only are computed all the same."""
    rng = np.random.default_rng(0)
    x, w = numbers(rng, (4, 9, 10, 3)), numbers(rng, (3, 3, 3, 5))
    agree(lambda x, w: F.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 0, 1, 2)), x, w)
    agree(
        lambda x, w: F.conv2d(x[::2, 1:, :, :1].permute(0, 3, 1, 2), w[:1].permute(3, 0, 1, 2)),
        x,
        w,
    )
    agree(
        lambda x, w: F.conv2d(x.expand(2, 3, 9, 9), w),
        numbers(rng, (1, 3, 9, 1)),
        numbers(rng, (2, 3, 2, 2)),
    )
    frozen = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    frozen.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        F.conv2d(flambeau.from_numpy(frozen), flambeau.tensor(numbers(rng, (2, 3, 1, 1))))


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_other_dtypes_stay_with_numpy(dtype):
    rng = np.random.default_rng(0)
    x, w = (
        flambeau.tensor(rng.standard_normal(s).astype(dtype)) for s in ((2, 3, 8, 8), (4, 3, 3, 3))
    )
    with switched(False):
        want = F.conv2d(x, w)
    assert (F.conv2d(x, w) == want).all() and F.conv2d(x, w).dtype == x.dtype


def test_empty_batches_and_bad_shapes():
    w = flambeau.zeros(4, 3, 3, 3)
    assert F.conv2d(flambeau.zeros(0, 3, 8, 8), w).shape == (0, 4, 6, 6)
    for shape in ((2, 2, 8, 8), (2, 3, 2, 8)):
        with pytest.raises(RuntimeError):
            F.conv2d(flambeau.zeros(shape), w)
    with pytest.raises(RuntimeError):
        F.conv2d(flambeau.zeros(2, 3, 8, 8), w, flambeau.zeros(5))


def test_second_derivatives():
    rng = np.random.default_rng(0)
    x, w = numbers(rng, (2, 3, 8, 8)), numbers(rng, (4, 3, 3, 3))

    def twice(x, w):
        y = F.max_pool2d(F.conv2d(x, w, padding=1).sin(), 2).tanh()
        (g,) = flambeau.autograd.grad(y.square().sum(), x, create_graph=True)
        return g.square()

    agree(twice, x, w, tolerance=1e-4)


def test_threads_are_the_pools():
    before = flambeau.get_num_threads()
    try:
        flambeau.set_num_threads(3)
        assert flambeau.get_num_threads() == native.runtime.get_num_threads() == 3
    finally:
        flambeau.set_num_threads(before)


def test_without_the_runtime_it_is_said_once(monkeypatch):
    monkeypatch.setattr(native, "runtime", None)
    monkeypatch.setattr(native, "enabled", True)
    x, w = flambeau.ones(1, 1, 4, 4), flambeau.ones(1, 1, 3, 3)
    with pytest.warns(RuntimeWarning, match="without its C\\+\\+ runtime"):
        assert F.conv2d(x, w)[0, 0, 0, 0] == 9
    assert F.conv2d(x, w)[0, 0, 1, 1] == 9  # nothing is said again
