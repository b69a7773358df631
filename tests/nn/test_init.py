"""Initialisation: the distributions, formulas and refusals of PyTorch's nn.init."""

from __future__ import annotations

import math
import warnings

import pytest
from oracle import agree, lib
from twice import attempt, same

N = 40_000


def moments(tensor):
    return float(tensor.mean()), float(tensor.std()), float(tensor.min()), float(tensor.max())


@pytest.fixture(autouse=True)
def _seed():
    lib.manual_seed(0)


def check_uniform(tensor, bound):
    mean, std, low, high = moments(tensor)
    assert abs(mean) < 0.03 * bound
    assert std == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert -bound <= low < -0.99 * bound and 0.99 * bound < high <= bound


def check_normal(tensor, std):
    mean, found, _, _ = moments(tensor)
    assert abs(mean) < 0.03 * std and found == pytest.approx(std, rel=0.02)


def test_uniform_and_normal():
    init = lib.nn.init
    check_uniform(init.uniform_(lib.empty(N), -2.0, 2.0), 2.0)
    check_normal(init.normal_(lib.empty(N), 0.0, 3.0), 3.0)
    mean, *_ = moments(init.normal_(lib.empty(N), 5.0, 1.0))
    assert mean == pytest.approx(5, rel=0.01)


@pytest.mark.parametrize("shape", [(100, 400), (40, 20, 5, 10)])
def test_xavier_and_kaiming(shape):
    init = lib.nn.init
    field = math.prod(shape[2:])
    fan_in, fan_out = shape[1] * field, shape[0] * field
    check_uniform(
        init.xavier_uniform_(lib.empty(shape), 2.0), 2 * math.sqrt(6 / (fan_in + fan_out))
    )
    check_normal(init.xavier_normal_(lib.empty(shape), 2.0), 2 * math.sqrt(2 / (fan_in + fan_out)))
    for mode, fan in (("fan_in", fan_in), ("fan_out", fan_out)):
        gain = math.sqrt(2 / (1 + 0.25))
        check_uniform(init.kaiming_uniform_(lib.empty(shape), 0.5, mode), gain * math.sqrt(3 / fan))
        check_normal(
            init.kaiming_normal_(lib.empty(shape), mode=mode, nonlinearity="relu"),
            math.sqrt(2 / fan),
        )


@pytest.mark.parametrize("mean, std, a, b", [(0, 1, -2, 2), (1, 2, 0, 3), (0, 0.02, -2, 2)])
def test_trunc_normal(mean, std, a, b):
    """The moments of the cut-off normal distribution, by its formulas."""
    x = lib.nn.init.trunc_normal_(lib.empty(N, dtype=lib.float64), mean, std, a, b)
    alpha, beta = (a - mean) / std, (b - mean) / std

    def density(t):
        return math.exp(-t * t / 2) / math.sqrt(2 * math.pi)

    mass = (math.erf(beta / math.sqrt(2)) - math.erf(alpha / math.sqrt(2))) / 2
    shift = (density(alpha) - density(beta)) / mass
    spread = 1 + (alpha * density(alpha) - beta * density(beta)) / mass - shift**2
    found, deviation, low, high = moments(x)
    assert a <= low and high <= b
    assert found == pytest.approx(mean + shift * std, abs=0.03 * std)
    assert deviation == pytest.approx(std * math.sqrt(spread), rel=0.02)


def test_trunc_normal_far_from_the_mean_warns():
    with pytest.warns(UserWarning, match="more than 2 std"):
        x = lib.nn.init.trunc_normal_(lib.empty(1000), 0.0, 1.0, 3.0, 4.0)
    assert float(x.min()) >= 3 and float(x.max()) <= 4


@pytest.mark.parametrize("shape", [(30, 20), (20, 30), (8, 2, 2, 2)])
def test_orthogonal(shape):
    w = lib.nn.init.orthogonal_(lib.empty(shape, dtype=lib.float64), gain=3).reshape(shape[0], -1)
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    assert lib.allclose(small, 9 * lib.eye(small.shape[0], dtype=lib.float64))


def test_sparse():
    w = lib.nn.init.sparse_(lib.empty(50, 20), 0.9, 0.5)
    assert ((w == 0).sum(0) == 45).all()


def test_constants():
    agree(lambda t: t.nn.init.constant_(t.empty(2, 3), 0.3))
    agree(lambda t: t.nn.init.ones_(t.empty(2)))
    agree(lambda t: t.nn.init.zeros_(t.empty(2)))
    agree(lambda t: t.nn.init.eye_(t.ones(3, 2)))
    agree(lambda t: t.nn.init.dirac_(t.ones(4, 3, 3)))
    agree(lambda t: t.nn.init.dirac_(t.ones(4, 2, 3, 3), 2))
    agree(lambda t: t.nn.init.dirac_(t.ones(2, 2, 3, 3, 2)))


def test_refusals_and_gains():
    def program(torch):
        init = torch.nn.init
        one, two = torch.ones(2), torch.ones(2, 2)
        for f in (init.eye_, init.dirac_, init.xavier_normal_, init.orthogonal_):
            attempt(f, one)
        attempt(init.sparse_, one, 0.1)
        attempt(init.dirac_, two)
        attempt(init.dirac_, torch.ones(3, 2, 1), 2)
        attempt(init.kaiming_normal_, two, mode="middle")
        attempt(init.kaiming_normal_, two, nonlinearity="sine")
        attempt(init.calculate_gain, "leaky_relu", "x")
        attempt(init.calculate_gain, "leaky_relu", True)
        for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
            print(name, init.calculate_gain(name))
        print(init.calculate_gain("leaky_relu", 0.3))
        init.kaiming_uniform_(torch.empty(0, 2))
        init.uniform(torch.empty(1))
        init.xavier_normal(torch.empty(2, 2))

    same(program)


def test_parameters_are_filled_without_history():
    p = lib.nn.Parameter(lib.empty(3, 3))
    for name in ("uniform_", "normal_", "ones_", "zeros_", "eye_", "orthogonal_", "trunc_normal_"):
        assert getattr(lib.nn.init, name)(p) is p
        assert p.is_leaf and p.requires_grad


def test_defaults_of_layers():
    """The bounds that PyTorch's layers draw from."""
    nn = lib.nn
    check_uniform(nn.Linear(400, 100).weight, 1 / 20)
    check_uniform(nn.Conv2d(16, 100, 5).weight, 1 / 20)
    check_uniform(nn.Conv2d(16, 4000, 5).bias, 1 / 20)
    check_uniform(nn.ConvTranspose2d(50, 16, 5).weight, 1 / 20)
    check_uniform(nn.Bilinear(25, 40, 40).weight, 1 / 5)
    check_uniform(nn.LSTM(100, 100).weight_hh_l0, 1 / 10)
    check_normal(nn.Embedding(400, 100).weight, 1.0)
    assert not nn.Embedding(4, 3, padding_idx=-1).weight[3].any()
    check_uniform(nn.MultiheadAttention(100, 2).in_proj_weight, math.sqrt(6 / 400))


def test_skip_init():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        m = lib.nn.utils.skip_init(lib.nn.Linear, 3, 2, bias=False)
    assert m.weight.shape == (2, 3) and m.bias is None
    with pytest.raises(RuntimeError, match="device"):
        lib.nn.utils.skip_init(lib.nn.ReLU)
    with pytest.raises(RuntimeError, match="Expected a Module"):
        lib.nn.utils.skip_init(int)
