"""Reductions of the C++ runtime against NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest

native = pytest.importorskip(
    "flambeau.backend.native._runtime", reason="the C++ runtime is not built"
)

SHAPES = [
    (1, 1, 1), (1, 5, 1), (7, 3, 1), (1000, 10, 1), (3, 17, 1), (40, 128, 1), (5, 4096, 1),
    (2, 4097, 1), (3, 50001, 1), (1, 300007, 1), (33, 1, 1), (4, 127, 1), (4, 129, 1),
    (1, 1, 5), (1, 7, 3), (1, 100, 10), (1, 5000, 10), (1, 70, 16), (1, 1000, 17), (1, 33, 100),
    (1, 4099, 64), (1, 31, 1030), (1, 3, 5000), (1, 600, 1500), (1, 40000, 3), (1, 63, 15),
    (5, 9, 4), (3, 64, 49), (2, 3, 7), (4, 200, 300), (6, 1, 9), (2, 5000, 5),
]  # fmt: skip
PLAIN = {
    "sum": lambda x: x.sum(1),
    "mean": lambda x: x.mean(1),
    "prod": lambda x: x.prod(1),
    "max": lambda x: x.max(1),
    "min": lambda x: x.min(1),
    "abs_sum": lambda x: np.abs(x).sum(1),
    "abs_max": lambda x: np.abs(x).max(1),
    "norm": lambda x: np.sqrt((x * x).sum(1)),
}


@pytest.fixture(params=native.instruction_sets(), autouse=True)
def instruction_set(request):
    before = native.instruction_set(), native.get_num_threads()
    native.use_instruction_set(request.param)
    yield request.param
    native.use_instruction_set(before[0])
    native.set_num_threads(before[1])


def run(name, x):
    """The reduction of the middle axis, the same for one, two and five threads."""
    results = []
    for threads in (1, 2, 5):
        native.set_num_threads(threads)
        y = np.full((x.shape[0], x.shape[2]), np.nan, np.float32)
        getattr(native, name)(x, y, **({} if name == "norm" else {"inner": x.shape[2]}))
        results.append(y)
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    return results[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PLAIN)
def test_reductions(name, shape):
    if name == "norm" and shape[2] > 1:
        return
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32) + np.float32(0.5)
    if name == "prod":
        x = np.exp(x / 40).astype(np.float32)
        if shape[1] > 5000:
            x /= np.exp(np.log(x).mean()).astype(np.float32)
    exact = PLAIN[name](x.astype(np.float64))
    scale = np.abs(x).sum(1) / (shape[1] if name == "mean" else 1)
    tolerance = 3e-7 * scale if name in ("sum", "mean") else 2e-7 * np.abs(exact)
    if name in ("prod", "abs_sum"):
        tolerance = 3e-6 * np.sqrt(shape[1] if name == "prod" else 1) * np.abs(exact)
    assert (np.abs(run(name, x) - exact) <= tolerance).all()


def test_a_sum_of_a_million_equal_numbers_is_accurate():
    x = np.full((1, 1 << 20, 1), 0.1, np.float32)
    exact = np.float64(np.float32(0.1)) * (1 << 20)
    assert abs(run("sum", x)[0, 0] / exact - 1) < 1e-6
    assert abs(run("sum", x.reshape(1, -1, 8))[0, 0] * 8 / exact - 1) < 2e-6


@pytest.mark.parametrize("shape", [(3, 9, 1), (2, 5000, 1), (1, 70, 20), (1, 1000, 3)])
@pytest.mark.parametrize("name", sorted(set(PLAIN) - {"norm"}))
def test_infinite_and_undefined_numbers(name, shape):
    rng = np.random.default_rng(0)
    for special in (np.nan, np.inf, -np.inf):
        x = rng.uniform(0.9, 1.1, shape).astype(np.float32)
        x[0, rng.integers(shape[1]), 0] = special
        with np.errstate(all="ignore"):
            expected = PLAIN[name](x)
        np.testing.assert_allclose(run(name, x), expected, rtol=1e-4)


def test_norms_neither_overflow_nor_vanish():
    for size in (1, 10, 100, 10000):
        for value in (1e30, 1e-30, 1e-42, 3.0):
            x = np.full((2, size, 1), value, np.float32)
            expected = np.float64(x[0, 0, 0]) * np.sqrt(size)
            np.testing.assert_allclose(run("norm", x), np.full((2, 1), expected), 1e-6, 1.5e-45)
    assert np.isnan(run("norm", np.array([[[1], [np.nan], [2]]], np.float32))).all()


def test_nothing_to_reduce():
    x = np.zeros((3, 0, 4), np.float32)
    np.testing.assert_array_equal(run("sum", x), np.zeros((3, 4)))
    np.testing.assert_array_equal(run("prod", x), np.ones((3, 4)))
    np.testing.assert_array_equal(run("norm", np.zeros((3, 0, 1), np.float32)), np.zeros((3, 1)))
    assert np.isnan(run("mean", x)).all()
    native.sum(np.zeros((0, 3), np.float32), np.zeros(0, np.float32))
    for name in ("max", "min"):
        with pytest.raises(ValueError, match="no extreme"):
            run(name, x)


def test_wrong_arguments_are_refused():
    x, y = np.zeros((4, 6), np.float32), np.zeros(4, np.float32)
    for shape, inner in [((5,), 1), ((4,), 3), ((4,), 0), ((4,), -1), ((0,), 1)]:
        with pytest.raises(ValueError):
            native.sum(x, np.zeros(shape, np.float32), inner)
    with pytest.raises(ValueError, match="rows"):
        native.norm(x, np.zeros(6, np.float32), 6)
    for wrong in (x.astype(np.float64), x[:, ::2], x.T):
        with pytest.raises(TypeError):
            native.sum(wrong, y)
    with pytest.raises(TypeError):
        native.sum(x, y.astype(np.float64))


@pytest.mark.parametrize("m, c, rows", [(0, 5, 3), (7, 1, 1), (100, 63, 4), (30, 200, 90)])
def test_rows_are_added(m, c, rows):
    rng = np.random.default_rng(0)
    x, at = rng.standard_normal((m, c)).astype(np.float32), rng.integers(0, rows, m)
    expected = np.zeros((rows, c))
    np.add.at(expected, at, x.astype(np.float64))
    for threads in (1, 3):
        native.set_num_threads(threads)
        y = np.full((rows, c), np.nan, np.float32)
        native.add_rows(x, at, y)
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
    for bad in (-1, rows):
        with pytest.raises(ValueError, match="no such row"):
            native.add_rows(np.ones((1, c), np.float32), np.array([bad]), y)
    with pytest.raises(ValueError, match="shape of at"):
        native.add_rows(np.ones((2, c), np.float32), np.array([0]), y)
    with pytest.raises(ValueError, match="columns"):
        native.add_rows(np.ones((1, c + 1), np.float32), np.array([0]), y)
