"""Steps of optimisers in the C++ runtime: bit by bit what the NumPy rules compute."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from flambeau.tensor.arrays import xp

native = pytest.importorskip(
    "flambeau.backend.native._runtime", reason="the C++ runtime is not built"
)

SIZES = [(3,), (1,), (0,), (17, 5), (16384,), (16385,), (40000,), (16,), (2, 3, 5, 7)]
ADAM = {
    "lr": 0.01,
    "beta1": 0.9,
    "beta2": 0.99,
    "eps": 1e-8,
    "weight_decay": 0.0,
    "maximize": False,
}
SGD = {
    "lr": 0.1, "momentum": 0.9, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False,
    "maximize": False, "fresh": False,
}  # fmt: skip
RMSPROP = {
    "lr": 0.01,
    "alpha": 0.99,
    "eps": 1e-8,
    "weight_decay": 0,
    "momentum": 0,
    "maximize": False,
}
PLAIN = {"lr": 0.01, "eps": 1e-8, "weight_decay": 0.0, "maximize": False}
ASGD = {"lr": 0.1, "lambd": 1e-4, "alpha": 0.75, "t0": 2, "weight_decay": 0, "maximize": False}
RPROP = {"etas": (0.5, 1.2), "step_sizes": (1e-6, 50), "maximize": False}

# rule: the kinds of its states (zeros, optional zeros: a name; numbers: their first value), its
# numbers, and what changes in further cases
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
        {**ADAM, "decoupled": False},
        [
            {"weight_decay": 0.1},
            {"weight_decay": 0.1, "decoupled": True, "maximize": True},
            {"top": True, "weight_decay": 0.1, "maximize": True},
        ],
    ),
    "rmsprop": (
        ["zeros", "centered?", "momentum?", 0.0],
        RMSPROP,
        [
            {"momentum": 0.9},
            {"centered": True, "weight_decay": 0.1},
            {"centered": True, "momentum": 0.9, "maximize": True},
        ],
    ),
    "adagrad": (["zeros", 0.0], {**PLAIN, "lr_decay": 0.1}, [{"weight_decay": 0.1}]),
    "adadelta": (["zeros", "zeros", 0.0], {**PLAIN, "rho": 0.9}, [{"weight_decay": 0.1}]),
    "adamax": (["zeros", "zeros", 0.0], ADAM, [{"weight_decay": 0.1, "maximize": True}]),
    "nadam": (
        ["zeros", "zeros", 1.0, 0.0],
        {**ADAM, "decoupled": False, "momentum_decay": 4e-3},
        [{"weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled": True}],
    ),
    "radam": (
        ["zeros", "zeros", 0.0],
        {**ADAM, "decoupled": False},
        [{"weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled": True, "maximize": True}],
    ),
    "rprop": (["zeros", "sizes", 0.0], RPROP, [{"maximize": True}]),
    "asgd": (["zeros", 0.1, 1.0, 0.0], ASGD, [{"weight_decay": 0.1, "maximize": True}]),
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
    """Parameters, gradients and states of a rule, and its numbers."""
    kinds, numbers, _ = RULES[rule]
    numbers = {**numbers, **change}
    rng = np.random.default_rng(0)
    params = [rng.standard_normal(size).astype(np.float32) for size in SIZES]
    made = [params, [np.zeros_like(p) for p in params]]
    for kind in kinds:
        if isinstance(kind, float):
            made.append([np.array(kind, np.float32) for _ in params])
        elif kind == "sizes":
            made.append([np.full_like(p, 0.01) for p in params])
        elif kind.endswith("?") and not numbers.get(kind[:-1]):
            made.append([None for _ in params])
        else:
            made.append([np.zeros_like(p) for p in params])
    return made, {k: v for k, v in numbers.items() if k not in ("top", "centered")}


def steps(run, rule, change, count=7):
    """Parameters and states after some steps with other gradients each."""
    made, numbers = lists(rule, change)
    rng = np.random.default_rng(1)
    for _ in range(count):
        for g in made[1]:
            g[...] = rng.standard_normal(g.shape) * rng.choice([0, 1e-20, 1, 1e3], g.shape)
        run(made, numbers)
    return [a for group in (made[0], *made[2:]) for a in group if a is not None]


@pytest.mark.parametrize("rule, change", CASES)
def test_steps_are_those_of_the_rules_bit_by_bit(rule, change):
    def plain(made, numbers):
        module = importlib.import_module(f"flambeau.optim.{rule}")
        getattr(module, rule)(xp, *made, **numbers)

    with np.errstate(all="ignore"):
        expected = steps(plain, rule, change)
    for threads in (1, 2, 5):
        native.set_num_threads(threads)
        found = steps(lambda made, numbers: getattr(native, rule)(*made, **numbers), rule, change)
        for a, b in zip(found, expected):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("rule", RULES)
def test_infinite_and_undefined_gradients_pass_as_in_the_rules(rule):
    results = []
    for plain in (True, False):
        made, numbers = lists(rule, {})
        for g in made[1]:
            g.reshape(-1)[:3] = [np.nan, np.inf, -np.inf][: g.size]
        for _ in range(2):
            with np.errstate(all="ignore"):
                if plain:
                    module = importlib.import_module(f"flambeau.optim.{rule}")
                    getattr(module, rule)(xp, *made, **numbers)
                else:
                    getattr(native, rule)(*made, **numbers)
        results.append([a for group in made for a in group if a is not None])
    for a, b in zip(*results):
        np.testing.assert_array_equal(a, b)


def test_wrong_lists_are_refused_and_nothing_is_changed():
    made, numbers = lists("adam", {})
    before = [p.copy() for p in made[0]]
    wrong = [
        (ValueError, 1, made[1][:-1]),
        (ValueError, 1, [g[..., :-1].copy() if g.size else g for g in made[1]]),
        (ValueError, 2, [np.zeros(2, np.float32) for _ in made[2]]),
        (ValueError, 5, made[5][:-1]),
        (TypeError, 1, [g.astype(np.float64) for g in made[1]]),
        (TypeError, 0, [p.astype(np.float64) for p in made[0]]),
        (TypeError, 0, [np.ones((4, 4), np.float32).T[:, :2]] * len(made[0])),
        (TypeError, 5, [1.0] * len(made[0])),
    ]
    for error, place, group in wrong:
        given = [group if i == place else g for i, g in enumerate(made)]
        with pytest.raises(error):
            native.adam(*given, **numbers)
    for p, old, step in zip(made[0], before, made[5]):
        np.testing.assert_array_equal(p, old)
        assert step == 0
    with pytest.raises(ValueError, match="momentum"):
        native.sgd(made[0], made[1], [None] * len(made[0]), **SGD)


def test_no_tensors_are_no_work():
    native.adam([], [], [], [], [], [], **{**ADAM, "decoupled": False})
