"""Every schedule against PyTorch's: the same program under both libraries, 100 steps."""

from __future__ import annotations

import copy
import gc
import inspect
import math
import warnings
import weakref

import numpy as np
import pytest

import flambeau

torch = pytest.importorskip("torch", reason="PyTorch is the oracle for learning rate schedules")


def optimizer(library, name="SGD", **options):
    """Two groups with different rates."""
    p, q = (library.zeros(1).requires_grad_() for _ in range(2))
    cls = getattr(library.optim, name)
    return cls([{"params": [p]}, {"params": [q], "lr": 0.3}], lr=0.1, **options)


class Falling:
    """A callable object, whose attributes belong to the schedule's state."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, epoch):
        return self.rate ** (epoch % 7)


def chain(s, o):
    return s.ChainedScheduler(
        [s.ConstantLR(o, factor=0.1, total_iters=4), s.ExponentialLR(o, gamma=0.9)], optimizer=o
    )


def sequence(s, o):
    parts = [
        s.ConstantLR(o, factor=0.1, total_iters=20),
        s.ExponentialLR(o, gamma=0.9),
        s.CosineAnnealingLR(o, T_max=10),
    ]
    return s.SequentialLR(o, parts, milestones=[10, 30])


def nested(s, o):
    inner = s.SequentialLR(
        o, [s.LinearLR(o, total_iters=5), s.StepLR(o, step_size=3)], milestones=[6]
    )
    return s.SequentialLR(o, [inner, s.PolynomialLR(o, total_iters=50)], milestones=[20])


PROGRAMS = {
    "lambda": lambda s, o: s.LambdaLR(o, lambda e: 0.95**e),
    "lambdas": lambda s, o: s.LambdaLR(o, [lambda e: 1 / (e + 1), Falling(0.9)]),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda e: 0.95 if e % 2 else 1.01),
    "step": lambda s, o: s.StepLR(o, step_size=7, gamma=0.5),
    "multistep": lambda s, o: s.MultiStepLR(o, milestones=[3, 10, 10, 60], gamma=0.5),
    "constant": lambda s, o: s.ConstantLR(o, factor=0.25, total_iters=13),
    "constant default": lambda s, o: s.ConstantLR(o),
    "linear": lambda s, o: s.LinearLR(o, start_factor=0.2, end_factor=0.7, total_iters=33),
    "linear default": lambda s, o: s.LinearLR(o),
    "exponential": lambda s, o: s.ExponentialLR(o, gamma=0.97),
    "polynomial": lambda s, o: s.PolynomialLR(o, total_iters=40, power=2.5),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, T_max=15, eta_min=0.01),
    "cosine once": lambda s, o: s.CosineAnnealingLR(o, T_max=100),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=7, eta_min=0.001),
    "longer restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=3),
    "cyclic": lambda s, o: s.CyclicLR(o, 0.01, 0.2, step_size_up=6, step_size_down=11),
    "cyclic halving": lambda s, o: s.CyclicLR(
        o, [0.01, 0.02], [0.2, 0.4], step_size_up=5, mode="triangular2", base_momentum=0.5
    ),
    "cyclic shrinking": lambda s, o: s.CyclicLR(
        o, 0.01, 0.2, step_size_up=5, mode="exp_range", gamma=0.98, cycle_momentum=False
    ),
    "cyclic own": lambda s, o: s.CyclicLR(
        o, 0.01, 0.2, step_size_up=5, scale_fn=Falling(0.8), scale_mode="iterations"
    ),
    "one cycle": lambda s, o: s.OneCycleLR(o, max_lr=0.5, total_steps=100),
    "one cycle linear": lambda s, o: s.OneCycleLR(
        o, [0.5, 1.0], epochs=10, steps_per_epoch=10, anneal_strategy="linear", pct_start=0.4
    ),
    "three phases": lambda s, o: s.OneCycleLR(
        o, max_lr=0.5, total_steps=100, three_phase=True, final_div_factor=10.0
    ),
    "chain": chain,
    "sequence": sequence,
    "nested": nested,
}


def both(program, **options):
    """Optimiser and schedule of each library."""
    pairs = []
    for library in (flambeau, torch):
        o = optimizer(library, **options)
        with warnings.catch_warnings():
            if program == "nested":  # as in PyTorch, its start looks like a second step
                warnings.simplefilter("ignore")
            pairs.append((o, PROGRAMS[program](library.optim.lr_scheduler, o)))
    return pairs


def assert_alike(pairs, context=""):
    (mine, schedule), (expected, expected_schedule) = pairs
    assert schedule.get_last_lr() == pytest.approx(expected_schedule.get_last_lr(), rel=1e-9)
    for a, b in zip(mine.param_groups, expected.param_groups):
        assert list(a) == list(b) or set(a) == set(b)
        for key in set(b) - {"params"}:
            assert a[key] == pytest.approx(b[key], rel=1e-9) if b[key] else a[key] == b[key]


def advance(pairs, steps):
    for _ in range(steps):
        for o, schedule in pairs:
            o.step()
            schedule.step()
        assert_alike(pairs)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_hundred_steps(program, name):
    pairs = both(program, name=name)
    assert_alike(pairs)
    advance(pairs, 100 if program not in ("one cycle", "one cycle linear") else 99)


@pytest.mark.parametrize("program", PROGRAMS)
def test_states_are_exchangeable(program):
    """After 23 steps each library goes on from the other's state."""
    pairs = both(program)
    advance(pairs, 23)
    states = [copy.deepcopy(_plain(schedule.state_dict())) for _, schedule in pairs]
    assert set(states[0]) == set(states[1]) or program.startswith(("one", "three", "cyclic"))
    fresh = both(program)
    for (o, schedule), (old, _), state in zip(fresh, pairs, reversed(states)):
        o.load_state_dict(old.state_dict())
        schedule.load_state_dict(state)
    advance(fresh, 20)


def _plain(state):
    """A state without the bound functions that PyTorch leaves in it."""
    return {key: value for key, value in state.items() if not inspect.ismethod(value)}


@pytest.mark.parametrize("program", PROGRAMS)
def test_resuming_by_last_epoch(program):
    if program in ("chain", "sequence", "nested"):
        pytest.skip("composed schedules resume from a state dict")
    pairs = both(program)
    advance(pairs, 9)
    resumed = []
    for library, (o, old) in zip((flambeau, torch), pairs):
        cls = getattr(library.optim.lr_scheduler, type(old).__name__)
        kwargs = {
            "LambdaLR": {"lr_lambda": lambda e: 0.95**e},
            "MultiplicativeLR": {"lr_lambda": lambda e: 0.95},
            "StepLR": {"step_size": 7, "gamma": 0.5},
            "MultiStepLR": {"milestones": [3, 10, 60]},
            "ExponentialLR": {"gamma": 0.97},
            "CosineAnnealingLR": {"T_max": 15},
            "CosineAnnealingWarmRestarts": {"T_0": 7},
            "CyclicLR": {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 6},
            "OneCycleLR": {"max_lr": 0.5, "total_steps": 100},
        }.get(cls.__name__, {})
        resumed.append((o, cls(o, **kwargs, last_epoch=8)))
    assert_alike(resumed)
    advance(resumed, 20)


CLOSED = [
    "step",
    "multistep",
    "constant",
    "linear",
    "exponential",
    "polynomial",
    "cosine",
    "lambda",
]


@pytest.mark.parametrize("program", [*CLOSED, "restarts", "longer restarts"])
def test_steps_to_a_given_epoch(program):
    pairs = both(program)
    for epoch in (0, 3, 17, 4, 80):
        for o, schedule in pairs:
            o.step()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                schedule.step(epoch)
        assert_alike(pairs)


@pytest.mark.parametrize("epoch", [0.3, 2.5, 7.25, 40.0])
def test_fractions_of_an_epoch(epoch):
    pairs = both("longer restarts")
    for _, schedule in pairs:
        schedule.step(epoch)
    assert_alike(pairs)


def test_schedules_on_top_of_each_other():
    pairs = []
    for library in (flambeau, torch):
        s, o = library.optim.lr_scheduler, optimizer(library)
        pairs.append((o, [s.ExponentialLR(o, 0.95), s.StepLR(o, 5), s.LinearLR(o)]))
    for _ in range(30):
        for o, schedules in pairs:
            o.step()
            for schedule in schedules:
                schedule.step()
        assert_alike([(o, schedules[-1]) for o, schedules in pairs])


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 2},
        {"mode": "max", "patience": 1, "threshold": 0.5, "threshold_mode": "abs"},
        {"mode": "max", "patience": 0, "threshold": 0.1, "cooldown": 3},
        {"threshold_mode": "abs", "threshold": 0.3, "patience": 3, "cooldown": 2},
        {"patience": 0, "min_lr": [0.05, 0.2], "factor": 0.7},
        {"patience": 0, "min_lr": 0.01, "eps": 1e-3},
    ],
    ids=str,
)
def test_plateau(options):
    metrics = np.random.default_rng(0).standard_normal(100).cumsum() / 5 + 3
    metrics[::13] = math.nan
    pairs = []
    for library in (flambeau, torch):
        o = optimizer(library)
        pairs.append((o, library.optim.lr_scheduler.ReduceLROnPlateau(o, **options)))
    for step, metric in enumerate(metrics):
        for o, schedule in pairs:
            o.step()
            schedule.step(metric)
        assert_alike(pairs)
        if step == 40:
            states = [copy.deepcopy(schedule.state_dict()) for _, schedule in pairs]
            assert set(states[0]) == set(states[1])
            pairs[0][1].load_state_dict(states[1])
            pairs[1][1].load_state_dict(states[0])


def test_plateau_with_a_new_group():
    for library in (flambeau, torch):
        o = optimizer(library)
        schedules = library.optim.lr_scheduler
        fixed = schedules.ReduceLROnPlateau(o, patience=0, min_lr=[0.0, 0.0])
        free = schedules.ReduceLROnPlateau(o, patience=0)
        o.add_param_group({"params": [library.zeros(2)]})
        for schedule in (fixed, free):
            schedule.step(1.0)
        with pytest.raises(RuntimeError, match=r"\(3\) differs from when `ReduceLROnPlateau`"):
            fixed.step(2.0)
        free.step(2.0)
        assert o.param_groups[2]["lr"] == pytest.approx(0.01)


@pytest.mark.parametrize(
    "program", ["step", "exponential", "cosine", "linear", "restarts", "cyclic shrinking"]
)
def test_tensor_rates_are_written_in_place(program):
    pairs, tensors = [], []
    for library in (flambeau, torch):
        lr = library.tensor(0.1)
        o = library.optim.SGD([library.zeros(1)], lr=lr)
        if program == "cyclic shrinking":
            s = library.optim.lr_scheduler.CyclicLR(o, 0.01, 0.2, 5, cycle_momentum=False)
        else:
            s = PROGRAMS[program](library.optim.lr_scheduler, o)
        pairs.append((o, s))
        tensors.append(lr)
    for _ in range(20):
        for (o, schedule), lr in zip(pairs, tensors):
            o.step()
            schedule.step()
            assert o.param_groups[0]["lr"] is lr
        assert float(tensors[0]) == pytest.approx(float(tensors[1]), rel=1e-5)
        mine, expected = (float(s.get_last_lr()[0]) for _, s in pairs)
        assert mine == pytest.approx(expected, rel=1e-5)


def warned(run):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        run()
    return [(w.category, str(w.message)) for w in seen]


def test_warnings():
    def wrong_order(library):
        schedule = library.optim.lr_scheduler.StepLR(optimizer(library), 3)
        return lambda: (schedule.step(), schedule.step())

    def overridden(library):
        o = optimizer(library)
        schedule = library.optim.lr_scheduler.StepLR(o, 3)
        o.step = lambda: None
        return schedule.step

    def epoch(library):
        o = optimizer(library)
        schedule = library.optim.lr_scheduler.StepLR(o, 3)
        o.step()
        return lambda: schedule.step(2)

    def get_lr(library):
        return library.optim.lr_scheduler.StepLR(optimizer(library), 3).get_lr

    def right_order(library):
        o = optimizer(library)
        schedule = library.optim.lr_scheduler.StepLR(o, 3)
        return lambda: (o.step(), schedule.step(), o.step(), schedule.step())

    for case in (wrong_order, overridden, epoch, get_lr, right_order):
        assert warned(case(flambeau)) == warned(case(torch))
    assert len(warned(wrong_order(flambeau))) == 1


REFUSED = [
    lambda s, o: s.StepLR("sgd", 3),
    lambda s, o: s.StepLR(o, 3, last_epoch=4),
    lambda s, o: s.LambdaLR(o, [abs]),
    lambda s, o: s.MultiplicativeLR(o, 0.5),
    lambda s, o: s.ConstantLR(o, factor=1.5),
    lambda s, o: s.LinearLR(o, start_factor=0.0),
    lambda s, o: s.LinearLR(o, end_factor=2.0),
    lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=0),
    lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=0),
    lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=3, eta_min="low"),
    lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=3).step(-1),
    lambda s, o: s.CyclicLR(o, [0.1], 0.2),
    lambda s, o: s.CyclicLR(o, 0.1, [0.2, 0.3, 0.4]),
    lambda s, o: s.CyclicLR(o, 0.1, 0.2, mode="square"),
    lambda s, o: s.OneCycleLR(o, 0.1),
    lambda s, o: s.OneCycleLR(o, 0.1, total_steps=-2),
    lambda s, o: s.OneCycleLR(o, 0.1, epochs=0, steps_per_epoch=3),
    lambda s, o: s.OneCycleLR(o, 0.1, epochs=3, steps_per_epoch=1.5),
    lambda s, o: s.OneCycleLR(o, 0.1, total_steps=10, pct_start=2.0),
    lambda s, o: s.OneCycleLR(o, 0.1, total_steps=10, anneal_strategy="square"),
    lambda s, o: s.ReduceLROnPlateau(o, factor=1.0),
    lambda s, o: s.ReduceLROnPlateau("sgd"),
    lambda s, o: s.ReduceLROnPlateau(o, mode="mean"),
    lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="mean"),
    lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]),
    lambda s, o: s.SequentialLR(o, [], []),
    lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1)], [1]),
    lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1), s.ReduceLROnPlateau(o)], [1]),
    lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1), 3], [1]),
    lambda s, o: s.ChainedScheduler([]),
    lambda s, o: s.ChainedScheduler([s.StepLR(o, 1), s.ReduceLROnPlateau(o)]),
    lambda s, o: s.LRScheduler(o),
]


@pytest.mark.parametrize("index", range(len(REFUSED)))
def test_refused(index):
    def attempt(library):
        o = optimizer(library)
        with pytest.raises(Exception) as caught:
            REFUSED[index](library.optim.lr_scheduler, o)
        return type(caught.value), str(caught.value)

    assert attempt(flambeau) == attempt(torch)


def test_schedules_of_different_optimisers_are_refused():
    for library in (flambeau, torch):
        s = library.optim.lr_scheduler
        one, two = optimizer(library), optimizer(library)
        parts = [s.StepLR(one, 1), s.StepLR(two, 1)]
        with pytest.raises(ValueError, match="SequentialLR expects all schedulers to belong"):
            s.SequentialLR(one, parts, [1])
        with pytest.raises(ValueError, match="ChainedScheduler expects all schedulers to belong"):
            s.ChainedScheduler(parts)


def test_momentum_is_needed_where_it_is_cycled():
    for library in (flambeau, torch):
        s = library.optim.lr_scheduler
        for build in (
            lambda o, s=s: s.CyclicLR(o, 0.1, 0.2),
            lambda o, s=s: s.OneCycleLR(o, 0.1, total_steps=10),
        ):
            with pytest.raises(ValueError, match="optimizer must support momentum or beta1"):
                build(optimizer(library, "Adagrad"))


def test_one_cycle_ends():
    for library in (flambeau, torch):
        o = optimizer(library)
        schedule = library.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=5)
        for _ in range(5):
            o.step()
            schedule.step()
        with pytest.raises(ValueError, match=r"Tried to step 6 times. The specified number"):
            schedule.step()


def test_a_refused_cycle_leaves_the_optimiser_alone():
    o = optimizer(flambeau)
    before = copy.deepcopy(o.state_dict())
    for build in REFUSED[11:20]:
        with pytest.raises(ValueError):
            build(flambeau.optim.lr_scheduler, o)
    assert o.state_dict() == before


def test_a_schedule_keeps_no_optimiser_alive_by_its_step():
    o = optimizer(flambeau)
    flambeau.optim.lr_scheduler.StepLR(o, 3)
    ref = weakref.ref(o)
    gc.disable()
    try:
        del o
        assert ref() is None
    finally:
        gc.enable()


def test_all_names_are_there():
    names = torch.optim.lr_scheduler.__all__
    assert set(names) <= set(flambeau.optim.lr_scheduler.__all__)
    for name in names:
        mine, expected = (
            inspect.signature(getattr(library.optim.lr_scheduler, name).__init__)
            for library in (flambeau, torch)
        )
        assert list(mine.parameters) == list(expected.parameters)
        for a, b in zip(mine.parameters.values(), expected.parameters.values()):
            assert a.default == b.default
