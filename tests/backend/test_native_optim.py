"""Steps of optimisers in the C++ runtime: bit by bit what the NumPy rules compute."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from flambeau.backend import native as backend
from flambeau.tensor.arrays import xp

native = pytest.importorskip(
    "flambeau.backend.native._runtime", reason="the C++ runtime is not built"
)

SIZES = [(3,), (1,), (0,), (17, 5), (16384,), (16385,), (40000,), (16,), (2, 3, 5, 7)]
ADAM = {"lr": 0.01, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.0, "maximize": False}
DECAY = {"weight_decay": 0.1}
DECOUPLED = {"weight_decay": 0.1, "decoupled_weight_decay": True}
SGD = {
    "lr": 0.1, "momentum": 0.9, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False,
    "maximize": False, "fresh": False,
}  # fmt: skip
PLAIN = {"lr": 0.01, "eps": 1e-8, "weight_decay": 0.0, "maximize": False}
ASGD = {"lr": 0.1, "lambd": 1e-4, "alpha": 0.75, "t0": 2, "weight_decay": 0, "maximize": False}
RPROP = {"etas": (0.5, 1.2), "step_sizes": (1e-6, 50), "maximize": False}

# rule: the kinds of its states (zeros, optional zeros: a name; numbers: their first value), its
# options, and what changes in further cases
RULES = {
    "sgd": (
        ["momentum?"],
        SGD,
        [
            {"momentum": 0.0},
            {"fresh": True},
            {"dampening": 0.3, "weight_decay": 0.05},
            {"nesterov": True, "maximize": True, "weight_decay": 0.05},
        ],
    ),
    "adam": (
        ["zeros", "zeros", "top?", 0.0],
        ADAM,
        [DECAY, {**DECOUPLED, "maximize": True}, {**DECAY, "top": True, "maximize": True}],
    ),
    "rmsprop": (
        ["zeros", "centered?", "momentum?", 0.0],
        {**PLAIN, "alpha": 0.99, "momentum": 0},
        [
            {"momentum": 0.9},
            {"centered": True, "weight_decay": 0.1},
            {"centered": True, "momentum": 0.9, "maximize": True},
        ],
    ),
    "adagrad": (["zeros", "none?", "none?", 0.0], {**PLAIN, "lr_decay": 0.1}, [DECAY]),
    "adadelta": (["zeros", "zeros", 0.0], {**PLAIN, "rho": 0.9}, [DECAY]),
    "adamax": (["zeros", "zeros", 0.0], ADAM, [{**DECAY, "maximize": True}]),
    "nadam": (
        ["zeros", "zeros", 1.0, 0.0],
        {**ADAM, "momentum_decay": 4e-3},
        [DECAY, DECOUPLED],
    ),
    "radam": (
        ["zeros", "zeros", "none?", 0.0],
        ADAM,
        [DECAY, {**DECOUPLED, "maximize": True}],
    ),
    "rprop": (["zeros", "sizes", 0.0], RPROP, [{"maximize": True}]),
    "asgd": (["zeros", 0.1, 1.0, 0.0], ASGD, [{**DECAY, "maximize": True}]),
}
CASES = [(rule, change) for rule in RULES for change in [{}, *RULES[rule][2]]]


@pytest.fixture(params=native.instruction_sets(), autouse=True)
def instruction_set(request):
    before = native.instruction_set(), native.get_num_threads()
    native.use_instruction_set(request.param)
    yield request.param
    native.use_instruction_set(before[0])
    native.set_num_threads(before[1])


def lists(rule, change):
    """Parameters, gradients and states of a rule, and its options."""
    kinds, options, _ = RULES[rule]
    options = {**options, **change}
    rng = np.random.default_rng(0)
    params = [rng.standard_normal(size).astype(np.float32) for size in SIZES]
    made = [params, [np.zeros_like(p) for p in params]]
    for kind in kinds:
        if isinstance(kind, float):
            made.append([np.array(kind, np.float32) for _ in params])
        elif kind == "sizes":
            made.append([np.full_like(p, 0.01) for p in params])
        elif kind.endswith("?") and not options.get(kind[:-1]):
            made.append([None for _ in params])
        else:
            made.append([np.zeros_like(p) for p in params])
    return made, {k: v for k, v in options.items() if k not in ("top", "centered")}


def run(rule, made, options, monkeypatch, on):
    """A step; ``on``: its formula in the runtime, else that of the rule."""
    taken = []

    def step(*arguments):
        taken.append(on and backend.optim.step(*arguments))
        return taken[-1]

    monkeypatch.setattr(backend, "step", step)
    module = importlib.import_module(f"flambeau.optim.{rule}")
    with np.errstate(all="ignore"):
        getattr(module, rule)(xp, *made, **options)
    assert taken and all(done == on for done in taken)


def steps(rule, change, monkeypatch, on, count=7):
    """Parameters and states after some steps with other gradients each."""
    made, options = lists(rule, change)
    rng = np.random.default_rng(1)
    for _ in range(count):
        for g in made[1]:
            g[...] = rng.standard_normal(g.shape) * rng.choice([0, 1e-20, 1, 1e3], g.shape)
        run(rule, made, options, monkeypatch, on)
    return [a for group in (made[0], *made[2:]) for a in group if a is not None]


@pytest.mark.parametrize("rule, change", CASES)
def test_steps_are_those_of_the_rules_bit_by_bit(rule, change, monkeypatch):
    expected = steps(rule, change, monkeypatch, False)
    for threads in (1, 2, 5):
        native.set_num_threads(threads)
        for a, b in zip(steps(rule, change, monkeypatch, True), expected):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("rule", RULES)
def test_infinite_and_undefined_gradients_pass_as_in_the_rules(rule, monkeypatch):
    results = []
    for on in (False, True):
        made, options = lists(rule, {})
        for g in made[1]:
            g.reshape(-1)[:3] = [np.nan, np.inf, -np.inf][: g.size]
        for _ in range(2):
            run(rule, made, options, monkeypatch, on)
        results.append([a for group in made for a in group if a is not None])
    for a, b in zip(*results):
        np.testing.assert_array_equal(a, b)


def test_parameters_with_other_counts_of_steps_have_numbers_of_their_own(monkeypatch):
    counts = [0, 3, 3, 1, 0, 3]
    made = [[np.ones(5, np.float32) for _ in counts] for _ in range(4)]
    moments = [None] * len(counts), [np.array(t, np.float32) for t in counts]
    run("adam", [*made, *moments], ADAM, monkeypatch, True)
    for i, t in enumerate(counts):
        alone = [[np.ones(5, np.float32)] for _ in range(4)]
        run("adam", [*alone, [None], [np.array(t, np.float32)]], ADAM, monkeypatch, True)
        assert moments[1][i] == t + 1
        for a, b in zip(made, alone):
            np.testing.assert_array_equal(a[i], b[0])


NUMBERS = {"size": 0.1, "share": 0.1, "decay": 0.9, "rest": 0.1, "eps": 1e-8}


def test_wrong_lists_are_refused_and_nothing_is_changed():
    made, _ = lists("adam", {})
    params, grads, m, v, top, _ = made
    before = [p.copy() for p in params]
    right = ["adam", params, grads, [m, v, top], NUMBERS]
    wrong = [
        (ValueError, 0, "newton"),
        (ValueError, 0, "sgd"),
        (ValueError, 2, grads[:-1]),
        (ValueError, 2, [g[..., :-1].copy() if g.size else g for g in grads]),
        (ValueError, 3, [m, v[:-1], top]),
        (ValueError, 3, [m, [np.zeros(2, np.float32) for _ in v], top]),
        (ValueError, 3, [m, top, top]),
        (ValueError, 3, [m, [*v[:-1], None], top]),
        (ValueError, 3, [m, v, v, v]),
        (ValueError, 4, {"speed": 1.0}),
        (TypeError, 4, {"size": "large"}),
        (TypeError, 2, [g.astype(np.float64) for g in grads]),
        (TypeError, 1, [p.astype(np.float64) for p in params]),
    ]
    for error, place, value in wrong:
        with pytest.raises(error):
            native.optim_step(*[value if i == place else a for i, a in enumerate(right)])
    for p, old in zip(params, before):
        np.testing.assert_array_equal(p, old)


def test_arrays_that_lie_alike_and_without_gaps_are_taken_in_any_order():
    def fits(change, other=None):
        p, g = np.ones((4, 3, 5, 6), np.float32), np.ones((4, 3, 5, 6), np.float32)
        p, g = change(p), (other or change)(g)
        taken = native.optim_step("sgd", [p], [g], [[None]], {"size": 1.0})
        assert (p == (0 if taken else 1)).all()
        return taken

    assert fits(lambda a: a)
    assert fits(lambda a: a.transpose(0, 2, 3, 1))
    assert fits(lambda a: a.T)
    assert fits(lambda a: a[:1, :, None])
    assert not fits(lambda a: a, lambda a: a.reshape(6, 5, 3, 4).T)
    assert not fits(lambda a: a[..., ::2])
    assert not fits(lambda a: a[:, :2])
    assert not fits(lambda a: a[::-1])


def test_no_tensors_are_no_work():
    assert native.optim_step("adam", [], [], [[], [], []], {})
