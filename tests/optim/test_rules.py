"""Every update rule against PyTorch's: the same gradients, 50 steps, every option combination."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau

torch = pytest.importorskip("torch", reason="PyTorch is the oracle for optimisers")
pytest.importorskip("expecttest", reason="PyTorch's optimiser samples need expecttest")

from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db
from twins import STEPS, Pair, assert_same_tree, ours, theirs

ABSENT = {"SparseAdam"}  # there are no sparse tensors
NEED_MATRICES = {"Muon"}
INFOS = [info for info in optim_db if info.name not in ABSENT]
RULES = [info for info in INFOS if info.name not in {"LBFGS", *NEED_MATRICES}]


def tolerance(dtype):
    return {"rtol": 1e-6, "atol": 1e-6} if dtype in ("float32", "complex64") else {"rtol": 1e-12}


def samples(infos):
    """Every option combination of PyTorch's own samples."""
    return list(_samples(infos))


def _samples(infos):
    for info in infos:
        for sample in info.optim_inputs_func(device="cpu"):
            yield pytest.param(info, sample.kwargs, id=f"{info.name}-{sample.desc}")


def both(info, pair, kwargs, groups=False):
    """An optimiser of each library over the pair's parameters."""
    cls = getattr(flambeau.optim, info.name)
    mine, expected = pair.ours, pair.torch
    if groups:
        mine, expected = (
            [{"params": p[:2]}, {"params": p[2:], "lr": 0.005}] for p in (mine, expected)
        )
    return cls(mine, **ours(kwargs)), info.optim_cls(expected, **kwargs)


def test_all_optimisers_are_there():
    assert {info.name for info in INFOS} <= set(vars(flambeau.optim))


@pytest.mark.parametrize(("info", "kwargs"), samples(RULES))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_options(info, kwargs, dtype):
    pair = Pair(1, dtype)
    mine, expected = both(info, pair, kwargs)
    for step in range(STEPS):
        pair.give_gradients(skip=(1,) if step % 7 == 3 else ())
        mine.step()
        expected.step()
    pair.check(**tolerance(dtype))
    assert_same_tree(mine.state_dict(), expected.state_dict(), rtol=1e-5)


@pytest.mark.parametrize(("info", "kwargs"), samples(RULES))
def test_complex(info, kwargs):
    if not info.supports_complex or info.name == "Adafactor":
        pytest.skip("not for complex parameters")
    pair = Pair(2, "complex64", [(2, 3), (), (4,)])
    mine, expected = both(info, pair, kwargs)
    for _ in range(STEPS):
        pair.give_gradients()
        mine.step()
        expected.step()
    pair.check(**tolerance("complex64"))


OPTIONS = {
    "SGD": [
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "maximize": True},
        {"lr": 0.1, "momentum": 0.5, "dampening": 0.3, "weight_decay": 0.01, "maximize": True},
    ],
    "Adam": [
        {"amsgrad": True, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
        {"betas": (0.0, 0.5), "eps": 1e-3, "amsgrad": True, "maximize": True},
    ],
    "RMSprop": [
        {"centered": True, "momentum": 0.9, "weight_decay": 0.1, "maximize": True, "alpha": 0.9}
    ],
    "Adagrad": [{"lr_decay": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.1}],
    "ASGD": [{"t0": 10, "lambd": 0.01, "alpha": 0.6, "weight_decay": 0.1, "maximize": True}],
    "Rprop": [{"etas": (0.3, 1.5), "step_sizes": (1e-3, 0.1), "maximize": True}],
    "NAdam": [{"decoupled_weight_decay": True, "weight_decay": 0.1, "momentum_decay": 0.01}],
    "RAdam": [{"betas": (0.9, 0.6), "weight_decay": 0.1, "maximize": True}],
}


@pytest.mark.parametrize(
    ("info", "kwargs"),
    [
        pytest.param(info, kwargs, id=f"{info.name}-{index}")
        for info in RULES
        for index, kwargs in enumerate(OPTIONS.get(info.name, ()))
    ],
)
def test_more_options_in_groups(info, kwargs):
    pair = Pair(3)
    mine, expected = both(info, pair, kwargs, groups=True)
    for _ in range(STEPS):
        pair.give_gradients()
        mine.step()
        expected.step()
    pair.check()
    assert_same_tree(mine.state_dict(), expected.state_dict(), rtol=1e-5)


@pytest.mark.parametrize(("info", "kwargs"), samples(RULES))
def test_state_dicts_are_exchangeable(info, kwargs):
    """After ten steps the two libraries swap their states and go on alike."""
    pair = Pair(4, shapes=[(2, 3), (), (4,)])
    mine, expected = both(info, pair, kwargs)
    for _ in range(10):
        pair.give_gradients()
        mine.step()
        expected.step()
    swapped_mine, swapped_expected = both(info, pair, kwargs)
    swapped_mine.load_state_dict(ours(expected.state_dict()))
    swapped_expected.load_state_dict(theirs(mine.state_dict()))
    for _ in range(10):
        pair.give_gradients()
        swapped_mine.step()
        swapped_expected.step()
    pair.check()
    assert_same_tree(swapped_mine.state_dict(), swapped_expected.state_dict(), rtol=1e-5)


@pytest.mark.parametrize("name", [info.name for info in RULES])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_dtypes(name, dtype):
    """Half and bfloat16 parameters follow PyTorch's within a few of their own roundings."""
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    pair = Pair(5, "float32", [(5, 7)])
    kwargs = {"eps": 1e-3} if name in ("Adam", "AdamW", "NAdam", "RAdam", "RMSprop") else {}
    if name in ("Adagrad", "Adamax", "Adadelta"):
        kwargs = {"eps": 1e-3}
    mine_p = pair.ours[0].detach().to(getattr(flambeau, dtype))
    their_p = pair.torch[0].detach().to(getattr(torch, dtype))
    mine = getattr(flambeau.optim, name)([mine_p], **kwargs)
    expected = getattr(torch.optim, name)([their_p], **kwargs)
    for _ in range(5):
        pair.give_gradients()
        mine_p.grad = pair.ours[0].grad.to(mine_p.dtype)
        their_p.grad = pair.torch[0].grad.to(their_p.dtype)
        mine.step()
        expected.step()
    assert str(mine_p.dtype) == f"torch.{dtype}"
    np.testing.assert_allclose(
        mine_p.float().numpy(), their_p.float().numpy(), rtol=0.04, atol=0.04
    )


@pytest.mark.parametrize("name", [info.name for info in RULES])
def test_layouts(name):
    """Transposed and strided parameters are updated in place, whatever their gradients' layout."""
    pair = Pair(6, shapes=[(300, 200), (300, 200)])
    base = pair.ours[1].detach()
    view = base.t()
    plain = base.t().contiguous().clone()
    optimizers = [getattr(flambeau.optim, name)([p]) for p in (view, plain)]
    for _ in range(3):
        pair.give_gradients()
        for p, optimizer in zip((view, plain), optimizers):
            p.grad = pair.ours[0].grad.t()
            optimizer.step()
    np.testing.assert_allclose(view.numpy(), plain.numpy(), rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(base.numpy().T, view.numpy())


def _error_inputs():
    for info in INFOS:
        for error in info.optim_error_inputs_func(device="cpu", dtype=torch.float32):
            text = f"{info.name}-{error.optimizer_error_input.desc}"
            yield pytest.param(info, error, id=text)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("info", "error"), list(_error_inputs()))
def test_error_inputs(info, error):
    given = error.optimizer_error_input
    params = given.params
    if params is None:
        params = [torch.zeros(2, 2, requires_grad=True)]
    mine = ours(params)
    kwargs = ours(given.kwargs)
    cls = getattr(flambeau.optim, info.name)
    if error.error_on is OptimizerErrorEnum.CONSTRUCTION_ERROR:
        if issubclass(error.error_type, Warning):
            with pytest.warns(error.error_type, match=error.error_regex):
                cls(mine if isinstance(params, torch.Tensor) else [mine[0], mine[0]], **kwargs)
        else:
            mine = _shared(params, mine)
            with pytest.raises(error.error_type, match=error.error_regex):
                cls(mine, **kwargs)
    else:
        for a, b in zip(params, mine):
            b.grad = None if a.grad is None else ours(a.grad)
        optimizer = cls(mine, **kwargs)
        with pytest.raises(error.error_type, match=error.error_regex):
            optimizer.step()


def _shared(params, mine):
    """Keep one tensor one where PyTorch's sample has it twice."""
    if isinstance(params, list) and len(params) == 2 and isinstance(params[0], dict):
        if params[0]["params"] is params[1]["params"]:
            mine[1]["params"] = mine[0]["params"]
    return mine
