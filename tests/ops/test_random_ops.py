"""Random operations: one seed one stream, and the distribution that the name promises."""

from __future__ import annotations

import importlib
import math
import os

import numpy as np
import pytest

torch = importlib.import_module(os.environ.get("FLAMBEAU_UNDER_TEST", "flambeau"))
F = torch.nn.functional
N = 40_000

# name -> (draw, mean, standard deviation, lowest, highest); None where there is no bound.
DRAWS = {
    "rand": (lambda: torch.rand(N), 0.5, math.sqrt(1 / 12), 0.0, 1.0),
    "randn": (lambda: torch.randn(N), 0.0, 1.0, None, None),
    "rand_like": (lambda: torch.rand_like(torch.empty(N)), 0.5, math.sqrt(1 / 12), 0.0, 1.0),
    "randn_like": (lambda: torch.randn_like(torch.empty(N)), 0.0, 1.0, None, None),
    "randint": (lambda: torch.randint(-3, 4, (N,)), 0.0, 2.0, -3, 3),
    "randint_like": (lambda: torch.randint_like(torch.empty(N), 0, 7), 3.0, 2.0, 0, 6),
    "randperm": (lambda: torch.randperm(N), (N - 1) / 2, N / math.sqrt(12), 0, N - 1),
    "normal": (lambda: torch.normal(2.0, 3.0, (N,)), 2.0, 3.0, None, None),
    "normal tensors": (
        lambda: torch.normal(torch.full((N,), -1.0), torch.full((N,), 0.5)),
        -1.0,
        0.5,
        None,
        None,
    ),
    "normal_": (lambda: torch.empty(N).normal_(1.0, 2.0), 1.0, 2.0, None, None),
    "uniform_": (lambda: torch.empty(N).uniform_(-2, 4), 1.0, math.sqrt(3.0), -2.0, 4.0),
    "bernoulli": (lambda: torch.bernoulli(torch.full((N,), 0.3)), 0.3, math.sqrt(0.21), 0, 1),
    "bernoulli_": (lambda: torch.empty(N).bernoulli_(0.3), 0.3, math.sqrt(0.21), 0, 1),
    "exponential_": (lambda: torch.empty(N).exponential_(2.0), 0.5, 0.5, 0.0, None),
    "log_normal_": (
        lambda: torch.empty(N).log_normal_(0.0, 0.5),
        math.exp(0.125),
        math.sqrt((math.exp(0.25) - 1) * math.exp(0.25)),
        0.0,
        None,
    ),
    "geometric_": (lambda: torch.empty(N).geometric_(0.25), 4.0, math.sqrt(12.0), 1, None),
    "random_ to": (lambda: torch.empty(N).random_(5), 2.0, math.sqrt(2.0), 0, 4),
    "random_ from to": (lambda: torch.empty(N).random_(3, 8), 5.0, math.sqrt(2.0), 3, 7),
    "multinomial": (
        lambda: torch.multinomial(torch.tensor([1.0, 0.0, 3.0]), N, replacement=True),
        1.5,
        math.sqrt(0.75),
        0,
        2,
    ),
    "poisson": (lambda: torch.poisson(torch.full((N,), 3.0)), 3.0, math.sqrt(3.0), 0, None),
    "dropout": (lambda: F.dropout(torch.ones(N), 0.75), 1.0, math.sqrt(3.0), 0.0, 4.0),
    "alpha_dropout": (lambda: F.alpha_dropout(torch.randn(N), 0.3), 0.0, 1.0, None, None),
}


@pytest.mark.parametrize("name", DRAWS)
def test_distribution(name):
    """Mean and deviation within five standard errors, values within their bounds."""
    draw, mean, deviation, low, high = DRAWS[name]
    torch.manual_seed(20)
    values = draw().numpy().astype(np.float64)
    assert values.shape == (N,)
    assert abs(values.mean() - mean) < 5 * deviation / math.sqrt(N) + 1e-9
    assert abs(values.std() - deviation) < 0.05 * deviation
    if low is not None:
        assert values.min() >= low
    if high is not None:
        assert values.max() <= high


@pytest.mark.parametrize("name", DRAWS)
def test_seed_repeats(name):
    """The same seed gives the same numbers, another seed others."""
    draw = DRAWS[name][0]
    torch.manual_seed(3)
    first, second = draw(), draw()
    torch.manual_seed(3)
    again, second_again = draw(), draw()
    torch.manual_seed(4)
    other = draw()
    assert torch.equal(first, again) and torch.equal(second, second_again)
    assert not torch.equal(first, second) and not torch.equal(first, other)


def test_state_can_be_saved_and_restored():
    torch.manual_seed(0)
    torch.randn(5)
    state = torch.get_rng_state()
    first = torch.randn(7)
    torch.set_rng_state(state)
    assert torch.equal(first, torch.randn(7))


def test_generators_are_independent():
    """A generator has a stream of its own; the default stream does not see it."""
    torch.manual_seed(1)
    plain = torch.rand(4)
    torch.manual_seed(1)
    own = torch.Generator().manual_seed(1)
    drawn = torch.rand(4, generator=own)
    assert torch.equal(plain, torch.rand(4))
    assert torch.equal(drawn, torch.rand(4, generator=torch.Generator().manual_seed(1)))
    assert own.initial_seed() == 1
    state = own.get_state()
    following = torch.randn(3, generator=own)
    own.set_state(state)
    assert torch.equal(following, torch.randn(3, generator=own))


def test_initial_seed():
    torch.manual_seed(77)
    assert torch.initial_seed() == 77


def test_fork_rng_leaves_the_stream_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with torch.random.fork_rng():
        torch.rand(100)
    assert torch.equal(expected, torch.rand(3))


def test_randperm_is_a_permutation():
    assert torch.equal(torch.randperm(1000).sort().values, torch.arange(1000))
    assert torch.randperm(5).dtype == torch.int64


def test_multinomial_without_replacement():
    """No index twice, none of weight zero; too many draws are refused."""
    weights = torch.tensor([[0.0, 1.0, 2.0, 3.0], [5.0, 0.0, 1.0, 1.0]])
    for _ in range(50):
        rows = torch.multinomial(weights, 3)
        assert rows.shape == (2, 3) and rows.dtype == torch.int64
        for row, refused in zip(rows.tolist(), (0, 1)):
            assert len(set(row)) == 3 and refused not in row
    with pytest.raises(RuntimeError):
        torch.multinomial(torch.ones(3), 4)


def test_dropout_scales_what_it_keeps():
    torch.manual_seed(0)
    x = torch.ones(1000, requires_grad=True)
    y = F.dropout(x, 0.5)
    assert set(y.tolist()) == {0.0, 2.0}
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())
    assert torch.equal(F.dropout(x, 0.5, training=False), x)
    assert not F.dropout(x, 1.0).any()


def test_dropout2d_drops_whole_channels():
    torch.manual_seed(0)
    y = F.dropout2d(torch.ones(20, 30, 4, 4), 0.4)
    per_channel = y.flatten(2)
    assert torch.equal(per_channel.amin(2), per_channel.amax(2))
    kept = (per_channel.amax(2) > 0).float().mean().item()
    assert 0.5 < kept < 0.7
    torch.testing.assert_close(y.max(), torch.tensor(1 / 0.6))


@pytest.mark.parametrize(
    "call",
    [
        lambda: torch.bernoulli(torch.tensor([1.5])),
        lambda: torch.multinomial(torch.tensor([-1.0, 2.0]), 1),
        lambda: torch.empty(3).normal_(0, -1),
        lambda: torch.randint(5, 5, (2,)),
        lambda: torch.empty(3).uniform_(2, 1),
    ],
)
def test_impossible_parameters_are_refused(call):
    with pytest.raises(RuntimeError):
        call()


def test_dropout_probability_is_checked():
    with pytest.raises(ValueError):
        F.dropout(torch.ones(2), 1.5)
