"""Averaged models and the schedule that goes with them, against PyTorch's."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import flambeau

torch = pytest.importorskip("torch", reason="PyTorch is the oracle for weight averaging")

from torch.optim import swa_utils as expected_utils

from flambeau.optim import swa_utils

LIBRARIES = ((flambeau, swa_utils), (torch, expected_utils))


def models():
    """Networks with batch norm and the same weights."""
    built = []
    for library, _ in LIBRARIES:
        nn = library.nn
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
        rng = np.random.default_rng(0)
        for p in model.parameters():
            p.data = library.tensor(rng.standard_normal(tuple(p.shape)), dtype=library.float32)
        built.append(model)
    return built


def disturb(model, library, seed):
    rng = np.random.default_rng(seed)
    with library.no_grad():
        for p in model.parameters():
            p.add_(library.tensor(rng.standard_normal(tuple(p.shape)), dtype=library.float32))
        model(library.tensor(rng.standard_normal((5, 3)), dtype=library.float32))


def check(mine, expected):
    state, other = mine.state_dict(), expected.state_dict()
    assert list(state) == list(other)
    for key, value in other.items():
        assert str(state[key].dtype) == str(value.dtype)
        np.testing.assert_allclose(state[key].numpy(), value.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        lambda u: {},
        lambda u: {"avg_fn": u.get_ema_avg_fn(0.8)},
        lambda u: {"avg_fn": u.get_swa_avg_fn()},
        lambda u: {"multi_avg_fn": u.get_ema_multi_avg_fn(0.8)},
        lambda u: {"multi_avg_fn": u.get_swa_multi_avg_fn()},
        lambda u: {"avg_fn": lambda average, current, n: 0.3 * average + 0.7 * current},
    ],
    ids=["default", "ema", "swa", "multi ema", "multi swa", "own"],
)
def test_averaged_model(options, use_buffers):
    pair = models()
    if use_buffers and "swa_update" in str(options(expected_utils).get("multi_avg_fn")):
        pytest.skip("PyTorch cannot average the integer buffers of batch norm this way")
    averaged = [
        utils.AveragedModel(model, use_buffers=use_buffers, **options(utils))
        for model, (_, utils) in zip(pair, LIBRARIES)
    ]
    for seed in range(6):
        for model, average, (library, _) in zip(pair, averaged, LIBRARIES):
            disturb(model, library, seed)
            average.update_parameters(model)
        check(*averaged)
    batches = [np.random.default_rng(9).standard_normal((6, 3)).astype(np.float32)] * 2
    for average, (library, utils) in zip(averaged, LIBRARIES):
        average.eval()
        utils.update_bn([(library.from_numpy(b), 0) for b in batches], average)
        assert not average.training
    check(*averaged)
    outputs = [a(lib.from_numpy(batches[0])) for a, (lib, _) in zip(averaged, LIBRARIES)]
    mine, expected = (y.detach().numpy() for y in outputs)
    np.testing.assert_allclose(mine, expected, rtol=1e-4, atol=1e-5)


def test_refused():
    for (_, utils), model in zip(LIBRARIES, models()):
        for make in (utils.get_ema_avg_fn, utils.get_ema_multi_avg_fn):
            with pytest.raises(ValueError, match=r"Invalid decay value 1.5 provided"):
                make(1.5)
        with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn"):
            utils.AveragedModel(
                model, avg_fn=utils.get_ema_avg_fn(), multi_avg_fn=utils.get_ema_multi_avg_fn()
            )
    with pytest.raises(AttributeError, match="has no attribute 'average'"):
        swa_utils.average  # noqa: B018


@pytest.mark.parametrize(
    "options",
    [
        {"swa_lr": 0.05},
        {"swa_lr": [0.05, 0.5], "anneal_strategy": "linear", "anneal_epochs": 5},
        {"swa_lr": 0.05, "anneal_epochs": 0},
    ],
    ids=str,
)
@pytest.mark.parametrize("start", [0, 7])
def test_swalr(options, start):
    pairs = []
    for library, utils in LIBRARIES:
        p, q = library.zeros(1), library.zeros(1)
        o = library.optim.SGD([{"params": [p]}, {"params": [q], "lr": 0.3}], lr=0.1)
        before = library.optim.lr_scheduler.ExponentialLR(o, 0.9)
        for _ in range(start):
            o.step()
            before.step()
        pairs.append((o, utils.SWALR(o, **options)))
    for step in range(20):
        rates = []
        for o, schedule in pairs:
            o.step()
            schedule.step()
            rates.append(schedule.get_last_lr())
        assert rates[0] == pytest.approx(rates[1], rel=1e-9)
        if step == 3:
            states = [copy.deepcopy(schedule.state_dict()) for _, schedule in pairs]
            assert set(states[0]) == set(states[1])
            for (_, schedule), state in zip(pairs, reversed(states)):
                schedule.load_state_dict(state)


@pytest.mark.parametrize(
    "options",
    [
        {"swa_lr": [0.1]},
        {"swa_lr": 0.1, "anneal_strategy": "x"},
        {"swa_lr": 1, "anneal_epochs": -1},
    ],
    ids=str,
)
def test_swalr_refuses(options):
    def attempt(library, utils):
        o = library.optim.SGD([{"params": [library.zeros(1)]}, {"params": [library.zeros(1)]}])
        with pytest.raises(ValueError) as caught:
            utils.SWALR(o, **options)
        return str(caught.value)

    assert attempt(*LIBRARIES[0]) == attempt(*LIBRARIES[1])
