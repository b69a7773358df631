"""Normalisation kernels of the runtime against float64 and PyTorch, on every instruction set."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_checks import close, everywhere, native, poisoned

torch = pytest.importorskip("torch")
F = torch.nn.functional

SHAPES = [
    (2, 1), (3, 3), (17, 1), (100, 10), (33, 16), (1000, 7), (513, 64), (4096, 8), (2100, 65),
    (511, 17), (40, 257), (7, 1000), (9, 4099), (1025, 128), (2, 33), (5000, 3), (2, 64),
]  # fmt: skip
EPS = 1e-5


def numbers(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def tensors(*arrays, dtype=torch.float64):
    return [torch.from_numpy(a).to(dtype).requires_grad_() for a in arrays]


def batch_reference(x, w, b, gy, relu, residual=0.0, moments=None):
    """y, mean, var and the gradients of x, w, b and, if there is one, the residual, in float64."""
    leaves = tensors(x, w, b, *([] if isinstance(residual, float) else [residual]))
    x, w, b = leaves[:3]
    mean, var = moments if moments else (x.mean(0), x.var(0, unbiased=False))
    y = (x - mean) / (var + EPS).sqrt() * w + b + (leaves[3] if leaves[3:] else 0.0)
    if relu:
        y = F.relu(y)
    y.backward(torch.from_numpy(gy).double())
    return [t.detach().numpy() for t in (y, mean, var, *(leaf.grad for leaf in leaves))]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("relu", [False, True])
def test_batch_norm(shape, relu):
    m, c = shape
    x, gy = numbers(shape) * 3 + 2, numbers(shape, 1)
    w, b = numbers(c, 2), numbers(c, 3)
    expected = batch_reference(x, w, b, gy, relu)

    def run():
        y, mean, var = poisoned(m, c), poisoned(c), poisoned(c)
        native.batch_norm_train(x, w, b, EPS, y, mean, var, relu)
        gx, gw, gb = poisoned(m, c), poisoned(c), poisoned(c)
        native.batch_norm_backward(gy, x, mean, var, w, b, EPS, gx, gw, gb, relu)
        alone = poisoned(m, c)
        native.batch_norm_backward(gy, x, mean, var, w, b, EPS, alone, None, None, relu)
        np.testing.assert_array_equal(alone, gx)
        return y, mean, var, gx, gw, gb

    check_batch_norm(run, m, expected)


def check_batch_norm(run, m, expected):
    # A tiny output may have the other sign in float64: leave such cases to plain seeds.
    names = ("y", "mean", "var", "gx", "gw", "gb", "g_residual")
    for found in everywhere(run):
        for name, got, want in zip(names, found, expected):
            if m > 2 or name in ("y", "mean", "var", "gb"):  # two rows: gx is nearly 0 / 0
                close(got, want, 4e-6, name)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm_with_residual(shape):
    """With relu behind the sum. Without relu the residual's gradient is that of the output."""
    m, c = shape
    x, gy, residual = numbers(shape) * 3 + 2, numbers(shape, 1), numbers(shape, 4)
    w, b = numbers(c, 2), numbers(c, 3)

    def run():
        y, mean, var = poisoned(m, c), poisoned(c), poisoned(c)
        native.batch_norm_train(x, w, b, EPS, y, mean, var, True, residual)
        gx, gw, gb, gr = poisoned(m, c), poisoned(c), poisoned(c), poisoned(m, c)
        native.batch_norm_backward(gy, x, mean, var, w, b, EPS, gx, gw, gb, True, y, gr)
        fixed = poisoned(m, c)
        native.batch_norm_evaluate(x, w, b, EPS, fixed, mean, var, True, residual)
        close(fixed, y, 1e-6)
        return y, mean, var, gx, gw, gb, gr

    check_batch_norm(run, m, batch_reference(x, w, b, gy, True, residual))
    plain = poisoned(m, c)
    native.batch_norm_train(x, w, b, EPS, plain, poisoned(c), poisoned(c), False, residual)
    close(plain, batch_reference(x, w, b, gy, False, residual)[0], 4e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("relu", [False, True])
def test_batch_norm_with_fixed_moments(shape, relu):
    m, c = shape
    x, gy = numbers(shape), numbers(shape, 1)
    w, b, mean = numbers(c, 2), numbers(c, 3), numbers(c, 5)
    var = np.abs(numbers(c, 6)) + 0.1
    expected = batch_reference(x, w, b, gy, relu, moments=tensors(mean, var))

    def run():
        y, gw, gb = poisoned(m, c), poisoned(c), poisoned(c)
        native.batch_norm_evaluate(x, w, b, EPS, y, mean, var, relu)
        native.batch_norm_backward(gy, x, mean, var, w, b, EPS, None, gw, gb, relu)
        return y, gw, gb

    for y, *gradients in everywhere(run):
        close(y, expected[0], 2e-6)
        for got, want in zip(gradients, expected[4:], strict=True):
            close(got, want, 4e-6)


def test_batch_norm_without_weight_and_bias():
    x, gy = numbers((300, 20)), numbers((300, 20), 1)
    one, zero = np.ones(20, np.float32), np.zeros(20, np.float32)

    def run(w, b):
        y, mean, var, gx = poisoned(300, 20), poisoned(20), poisoned(20), poisoned(300, 20)
        native.batch_norm_train(x, w, b, EPS, y, mean, var)
        native.batch_norm_backward(gy, x, mean, var, w, b, EPS, gx, None, None)
        return y, mean, var, gx

    for a, b in zip(run(None, None), run(one, zero)):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("offset", [0.0, 1e3, -1e5])
@pytest.mark.parametrize("first_row", [None, 0.0, 1e6])
def test_moments_of_hard_columns(offset, first_row):
    """A mean that is large against the deviation, an outlier at the front, ramps: PyTorch's float32
    loses digits here, ours does not.
    """
    for m, c in ((6000, 5), (700, 64)):
        x = numbers((m, c)) + np.float32(offset)
        x[:, 1] += np.linspace(0, 100, m, dtype=np.float32)
        if first_row is not None:
            x[0] = first_row
        exact = x.astype(np.float64)

        def run(x=x, m=m, c=c):
            y, mean, var = poisoned(m, c), poisoned(c), poisoned(c)
            native.batch_norm_train(x, None, None, EPS, y, mean, var)
            return y, mean, var

        for y, mean, var in everywhere(run):
            assert np.abs(mean - exact.mean(0)).max() <= 1e-7 * np.abs(exact).max()
            np.testing.assert_allclose(var, exact.var(0), rtol=3e-6)
            close(y, (exact - exact.mean(0)) / np.sqrt(exact.var(0) + EPS), 3e-6)


def test_batch_norm_special_values():
    x = numbers((200, 40))
    x[3, 0], x[5, 1], x[150, 2] = np.nan, np.inf, -np.inf
    x[:, 3] = 0
    x[:, 4] = 7
    x[:, 5] *= 1e18
    x[:, 6] *= 1e-30
    expected = F.batch_norm(torch.from_numpy(x), None, None, training=True, eps=EPS).numpy()

    def run():
        y, mean, var = poisoned(200, 40), poisoned(40), poisoned(40)
        native.batch_norm_train(x, None, None, EPS, y, mean, var, True)
        return y, mean, var

    for y, mean, var in everywhere(run):
        close(y, np.where(expected < 0, 0, expected), 1e-5)
        assert np.isnan(y[:, :3]).all()
        np.testing.assert_array_equal(y[:, 3:5], 0)
        assert np.isnan(mean[0]) and mean[1] == np.inf and mean[2] == -np.inf
        assert np.isnan(var[:3]).all()
    x = np.array([[np.nan], [-1], [0], [2]], np.float32)  # and the output is the same
    gy, mean, var = np.ones((4, 1), np.float32), np.zeros(1, np.float32), np.ones(1, np.float32)
    for rows, count in ((x, np.float32(2)), (x[1:], np.float32(1))):  # NaN lets it through
        native.batch_norm_backward(
            gy[: len(rows)], rows, mean, var, None, None, 0.0, None, None, gb := poisoned(1), True
        )
        assert gb[0] == count


@pytest.mark.parametrize("shape", [*SHAPES, (1, 1), (130, 768)], ids=str)
@pytest.mark.parametrize("affine", [False, True])
def test_layer_norm(shape, affine):
    m, c = shape
    x, gy = numbers(shape) * 3 + 2, numbers(shape, 1)
    w, b = numbers(c, 2), numbers(c, 3)
    tx, tw, tb = tensors(x, w, b)
    expected = F.layer_norm(tx, (c,), tw if affine else None, tb if affine else None, EPS)
    expected.backward(torch.from_numpy(gy).double())
    given = (w, b) if affine else (None, None)

    def run():
        y, mean, var, gx = poisoned(m, c), poisoned(m), poisoned(m), poisoned(m, c)
        gw, gb = poisoned(c), poisoned(c)
        native.layer_norm_forward(x, *given, EPS, y, mean, var)
        native.layer_norm_backward(gy, x, mean, var, given[0], EPS, gx, gw, gb)
        return y, mean, var, gx, gw, gb

    for y, mean, var, gx, gw, gb in everywhere(run):
        close(y, expected.detach(), 3e-6)
        close(mean, x.astype(np.float64).mean(1), 2e-7)
        close(var, x.astype(np.float64).var(1), 1e-6)
        if c > 3:
            close(gx, tx.grad, 4e-6)
        if affine and c > 1:
            close(gw, tw.grad, 4e-6)
            close(gb, tb.grad, 2e-6)


def test_layer_norm_of_large_means():
    x = numbers((20, 1000)) + np.float32(1e4)
    exact = x.astype(np.float64)

    def run():
        y, mean, var = poisoned(20, 1000), poisoned(20), poisoned(20)
        native.layer_norm_forward(x, None, None, EPS, y, mean, var)
        return y, var

    for y, var in everywhere(run):
        close(var, exact.var(1), 3e-6)
        close(y, (exact - exact.mean(1, keepdims=True)) / exact.std(1, keepdims=True), 3e-4)


def test_empty():
    for m, c in ((0, 5), (4, 0), (0, 0)):
        x, y, row, column = poisoned(m, c), poisoned(m, c), poisoned(c), poisoned(m)
        native.batch_norm_evaluate(x, None, None, EPS, y, row, row)
        native.batch_norm_backward(x, x, row, row, None, None, EPS, y, row, row)
        native.layer_norm_forward(x, None, None, EPS, y, column, column)
        native.layer_norm_backward(x, x, column, column, None, EPS, y, gw := poisoned(c), None)
        assert not gw.any()


def test_refusals():
    x, y, row = poisoned(4, 3), poisoned(4, 3), poisoned(3)
    with pytest.raises(ValueError, match="weight"):
        native.batch_norm_train(x, poisoned(4), None, EPS, y, row, row)
    with pytest.raises(ValueError, match="var"):
        native.batch_norm_train(x, None, None, EPS, y, row, poisoned(4))
    with pytest.raises(ValueError, match="shape"):
        native.batch_norm_train(x, None, None, EPS, poisoned(3, 4), row, row)
    with pytest.raises(ValueError, match="residual"):
        native.batch_norm_train(x, None, None, EPS, y, row, row, True, poisoned(4, 4))
    with pytest.raises(ValueError, match="come with relu"):
        native.batch_norm_backward(x, x, row, row, None, None, EPS, y, None, None, False, x, y)
    with pytest.raises(ValueError, match="mean"):
        native.layer_norm_forward(x, None, None, EPS, y, row, row)
    with pytest.raises(TypeError):
        native.layer_norm_forward(
            x.astype(np.float64), None, None, EPS, y, poisoned(4), poisoned(4)
        )
