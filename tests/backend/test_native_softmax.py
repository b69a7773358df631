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
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("kind", ["plain", "large", "offset"])
def test_cross_entropy(shape, reduction, weighted, smoothing, kind):
    m, c = shape
    x = numbers(shape, kind)
    rng = np.random.default_rng(3)
    target = rng.integers(0, c, m)
    target[rng.random(m) < 0.2] = -7
    if m:
        target[0] = c - 1  # at least one counts
    weight = rng.random(c).astype(np.float32) + 0.1 if weighted else None
    count = m if reduction == "none" else 1
    gy = numbers(count, seed=4)
    inputs = torch.from_numpy(x).double().requires_grad_()
    expected = F.cross_entropy(
        inputs, torch.from_numpy(target),
        torch.from_numpy(weight).double() if weighted else None,
        ignore_index=-7, reduction=reduction, label_smoothing=smoothing,
    )  # fmt: skip
    upstream = torch.from_numpy(gy).double().reshape(expected.shape)
    plain = torch.autograd.grad(expected.sum(), inputs, retain_graph=True)[0].numpy()
    expected.backward(upstream)

    def run():
        loss, saved, fused, gx = poisoned(count), poisoned(m, 2), poisoned(m, c), poisoned(m, c)
        more = (reduction, -7, smoothing)
        native.cross_entropy_forward(x, target, weight, loss, saved, fused, *more)
        alone = poisoned(count)
        total = native.cross_entropy_forward(x, target, weight, alone, saved, None, *more)
        np.testing.assert_array_equal(alone, loss)
        weights = np.ones(c) if weight is None else weight
        np.testing.assert_allclose(total, weights[target[target >= 0]].sum(), rtol=1e-6)
        native.cross_entropy_backward(gy, x, target, weight, saved, gx, *more)
        return loss, fused, gx

    for loss, fused, gx in everywhere(run):
        close(loss, expected.detach().numpy().reshape(-1), 2e-6)
        if m:
            close(fused, plain, 3e-6, least=0.1)
            close(gx, inputs.grad.numpy(), 3e-6, least=0.1)


def test_cross_entropy_without_targets_that_count():
    x, target = numbers((4, 3)), np.full(4, -100)
    loss, saved, gx = poisoned(1), poisoned(4, 2), poisoned(4, 3)
    native.cross_entropy_forward(x, target, None, loss, saved, gx)
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
            loss, saved = poisoned(9), poisoned(9, 2)
            native.cross_entropy_forward(x, target, None, loss, saved, None, "none")
            return (loss,)

        for (loss,) in everywhere(run):
            np.testing.assert_allclose(loss, expected, rtol=1e-6)


def test_refusals():
    x, saved, loss = numbers((4, 3)), poisoned(4, 2), poisoned(1)
    good = np.array([0, 1, 2, -100])
    for bad in (3, -1, 2**40):
        with pytest.raises(IndexError, match="out of bounds"):
            native.cross_entropy_forward(x, np.array([0, 1, 2, bad]), None, loss, saved)
        with pytest.raises(IndexError, match="out of bounds"):
            native.cross_entropy_backward(
                loss, x, np.array([0, 1, 2, bad]), None, saved, poisoned(4, 3)
            )
    with pytest.raises(ValueError, match="target"):
        native.cross_entropy_forward(x, good[:3], None, loss, saved)
    with pytest.raises(ValueError, match="weight"):
        native.cross_entropy_forward(x, good, poisoned(4), loss, saved)
    with pytest.raises(ValueError, match="saved"):
        native.cross_entropy_forward(x, good, None, loss, poisoned(4, 3))
    with pytest.raises(ValueError, match="loss"):
        native.cross_entropy_forward(x, good, None, poisoned(3), saved, None, "none")
    with pytest.raises(ValueError, match="reduction"):
        native.cross_entropy_forward(x, good, None, loss, saved, None, "average")
    with pytest.raises(ValueError, match="smoothing"):
        native.cross_entropy_forward(x, good, None, loss, saved, None, "mean", -100, 1.5)
    with pytest.raises(ValueError, match="shape"):
        native.softmax_forward(x, poisoned(4, 4))
    with pytest.raises(TypeError):
        native.softmax_forward(x, poisoned(4, 3, dtype=np.float64))
