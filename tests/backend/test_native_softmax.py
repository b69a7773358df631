"""Softmax and cross-entropy kernels of the C++ runtime against PyTorch in float64, on every
instruction set.
"""

from __future__ import annotations

import numpy as np
import pytest
from kernel_checks import close, everywhere, native, poisoned

torch = pytest.importorskip("torch")
F = torch.nn.functional

SHAPES = [
    (1, 1), (5, 1), (3, 2), (100, 10), (17, 10), (33, 16), (7, 31), (1000, 32), (9, 33),
    (50, 100), (5, 128), (6, 129), (4, 1000),
    (70, 257), (2, 20001), (2000, 3), (0, 10),
]  # fmt: skip


def numbers(shape, kind="plain", seed=0):
    x = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    if kind == "large":
        x *= 1000
    if kind == "offset":
        x += 10000
    return x


def special(shape):
    """Rows with NaN, infinities, all minus infinity, huge and equal numbers."""
    x = numbers(shape)
    for row, value in enumerate((np.nan, np.inf, -np.inf, 3e38, -3e38)):
        if row < len(x):
            x[row, -1] = value
    if len(x) > 6:
        x[5], x[6] = -np.inf, 7
    return x


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", ["plain", "large", "offset", "special"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(shape, kind, name):
    x = special(shape) if kind == "special" else numbers(shape, kind)
    gy = numbers(shape, seed=1)
    inputs = torch.from_numpy(x).double().requires_grad_()
    expected = getattr(F, name)(inputs, 1)
    expected.backward(torch.from_numpy(gy).double())

    def run():
        y, gx = poisoned(*shape), poisoned(*shape)
        getattr(native, f"{name}_forward")(x, y)
        getattr(native, f"{name}_backward")(gy, y, gx)
        return y, gx

    for y, gx in everywhere(run):
        finite = np.isfinite(expected.detach().numpy().astype(np.float32))
        np.testing.assert_array_equal(np.isfinite(y), finite)
        np.testing.assert_array_equal(np.isnan(y), np.isnan(expected.detach().numpy()))
        np.testing.assert_allclose(
            y[finite], expected.detach().numpy()[finite], rtol=2e-6, atol=2e-7
        )
        rows = np.isfinite(inputs.grad.numpy()).all(1)
        assert not np.isfinite(gx[~rows]).any() or kind == "special"
        close(gx[rows], inputs.grad.numpy()[rows], 2e-5 if kind == "offset" else 3e-6, least=0.1)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["plain", "large", "offset"])
def test_cross_entropy(shape, reduction, weighted, kind):
    m, c = shape
    x = numbers(shape, kind)
    rng = np.random.default_rng(3)
    target = rng.integers(0, c, m)
    target[rng.random(m) < 0.2] = -7
    if m:
        target[0] = c - 1  # at least one counts
    weight = rng.random(c).astype(np.float32) + 0.1 if weighted else None
    count = m if reduction == "none" else 1
    inputs = torch.from_numpy(x).double().requires_grad_()
    expected = F.cross_entropy(
        inputs, torch.from_numpy(target),
        torch.from_numpy(weight).double() if weighted else None,
        ignore_index=-7, reduction=reduction,
    )  # fmt: skip
    gradient = torch.autograd.grad(expected.sum(), inputs)[0].numpy()

    def run():
        loss, gx = poisoned(count), poisoned(m, c)
        native.cross_entropy(x, target, weight, loss, gx, reduction, -7)
        return loss, gx

    for loss, gx in everywhere(run):
        close(loss, expected.detach().numpy().reshape(-1), 2e-6)
        if m:
            close(gx, gradient, 3e-6, least=0.1)


def test_cross_entropy_without_targets_that_count():
    x, target = numbers((4, 3)), np.full(4, -100)
    loss, gx = poisoned(1), poisoned(4, 3)
    native.cross_entropy(x, target, None, loss, gx)
    assert np.isnan(loss[0])  # as PyTorch: a mean of nothing
    np.testing.assert_array_equal(gx, 0)


def test_cross_entropy_of_special_rows():
    for c in (5, 40):
        x = special((9, c))
        target = np.arange(9) % c
        target[6] = c - 1
        expected = F.cross_entropy(
            torch.from_numpy(x).double(), torch.from_numpy(target), reduction="none"
        ).numpy()

        def run(x=x, target=target):
            loss = poisoned(9)
            native.cross_entropy(x, target, None, loss, np.empty_like(x), "none")
            return (loss,)

        for (loss,) in everywhere(run):
            np.testing.assert_allclose(loss, expected, rtol=1e-6)


def test_refusals():
    x, loss, gx = numbers((4, 3)), poisoned(1), poisoned(4, 3)
    good = np.array([0, 1, 2, -100])
    for bad in (3, -1, 2**40):
        with pytest.raises(IndexError, match="out of bounds"):
            native.cross_entropy(x, np.array([0, 1, 2, bad]), None, loss, gx)
    with pytest.raises(ValueError, match="target"):
        native.cross_entropy(x, good[:3], None, loss, gx)
    with pytest.raises(ValueError, match="weight"):
        native.cross_entropy(x, good, poisoned(4), loss, gx)
    with pytest.raises(ValueError, match="loss"):
        native.cross_entropy(x, good, None, poisoned(3), gx, "none")
    with pytest.raises(ValueError, match="reduction"):
        native.cross_entropy(x, good, None, loss, gx, "average")
    with pytest.raises(ValueError, match="shape"):
        native.softmax_forward(x, poisoned(4, 4))
    with pytest.raises(TypeError):
        native.softmax_forward(x, poisoned(4, 3, dtype=np.float64))
