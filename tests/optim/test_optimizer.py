"""What all optimisers share: groups, state, hooks, messages, text."""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings

import numpy as np
import pytest

import flambeau
from flambeau.optim import optimizer as base
from flambeau.plan import record

torch = pytest.importorskip("torch", reason="PyTorch is the oracle for optimisers")

from twins import Pair, assert_same_tree, ours, theirs

NAMES = ["SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta", "RMSprop"]
NAMES += ["Rprop", "ASGD", "LBFGS", "Adafactor", "Muon"]


def leaf(*shape, library=flambeau):
    p = library.zeros(*shape)
    p.requires_grad = True
    return p


@pytest.mark.parametrize("name", NAMES)
def test_text_defaults_and_signature(name):
    p, q = leaf(2, 2), leaf(2, 2, library=torch)
    mine, expected = getattr(flambeau.optim, name)([p]), getattr(torch.optim, name)([q])
    assert repr(mine) == repr(expected)
    assert mine.defaults == expected.defaults
    assert list(mine.state_dict()["param_groups"][0]) == list(
        expected.state_dict()["param_groups"][0]
    )
    parameters = inspect.signature(getattr(torch.optim, name).__init__).parameters
    found = inspect.signature(getattr(flambeau.optim, name).__init__).parameters
    assert [(v.name, v.kind) for v in found.values()] == [
        (v.name, v.kind) for v in parameters.values()
    ]


def test_groups_with_names_and_defaults():
    def build(library):
        optimizer = library.optim.SGD([("w", leaf(2, library=library))], lr=0.5, momentum=0.9)
        optimizer.add_param_group({"params": [("b", leaf(3, library=library))], "lr": 0.1})
        return optimizer

    mine, expected = build(flambeau), build(torch)
    assert repr(mine) == repr(expected)
    assert mine.state_dict() == expected.state_dict()


@pytest.mark.parametrize(
    "group",
    [
        [1, 2],
        {"params": {"set"}},
        {"params": [3]},
        {"params": ["text"]},
        {"params": [("name",)]},
        "non-leaf",
        "twice",
        "named",
    ],
    ids=str,
)
def test_refused_groups_change_nothing(group):
    def attempt(library):
        p = leaf(2, library=library)
        optimizer = library.optim.SGD([p], lr=0.1)
        given = group
        if group == "non-leaf":
            given = {"params": p * 2}
        elif group == "twice":
            given = {"params": [p]}
        elif group == "named":
            given = {"params": [("x", leaf(1, library=library))]}
        keys = set(given) if isinstance(given, dict) else None
        with pytest.raises((TypeError, ValueError, IndexError)) as caught:
            optimizer.add_param_group(given)
        assert len(optimizer.param_groups) == 1
        return caught.value, given, keys

    mine, given, keys = attempt(flambeau)
    expected, *_ = attempt(torch)
    assert type(mine) is type(expected)
    assert str(mine) == str(expected)
    if keys:
        assert set(given) == keys


def test_required_options_and_empty_lists():
    from torch.optim.optimizer import required as theirs_required

    for library, required in ((flambeau, base.required), (torch, theirs_required)):
        with pytest.raises(ValueError, match="didn't specify a value of required optimization"):
            library.optim.Optimizer([leaf(1, library=library)], {"lr": required})
        with pytest.raises(ValueError, match="optimizer got an empty parameter list"):
            library.optim.SGD([])


def test_duplicates_warn():
    p = leaf(2)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        flambeau.optim.SGD([p, p])


def test_closure_runs_with_gradients_and_gives_the_loss():
    p = leaf(2)
    optimizer = flambeau.optim.SGD([p], lr=1.0)

    def closure():
        assert flambeau.is_grad_enabled()
        p.grad = flambeau.ones(2)
        return flambeau.tensor(3.0)

    with flambeau.no_grad():
        assert optimizer.step(closure).item() == 3.0
    np.testing.assert_array_equal(p.detach().numpy(), [-1, -1])
    assert p.is_leaf and p.requires_grad and p.grad_fn is None


def test_one_operation_a_group_and_one_version_a_parameter():
    params = [leaf(3) for _ in range(6)]
    optimizer = flambeau.optim.Adam([{"params": params[:4]}, {"params": params[4:]}])
    for p in params:
        p.grad = flambeau.ones(3)
    optimizer.step()
    before = [p._version for p in params]
    with record.entries() as seen:
        optimizer.step()
    assert [entry.name for entry in seen] == ["adam", "adam"]
    assert [p._version for p in params] == [v + 1 for v in before]


def test_zero_grad():
    p, q = leaf(2), leaf(2)
    optimizer = flambeau.optim.SGD([p, q])
    p.grad = kept = flambeau.ones(2)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is kept and q.grad is None
    np.testing.assert_array_equal(kept.numpy(), [0, 0])
    optimizer.zero_grad()
    assert p.grad is None


@pytest.mark.parametrize("name", [n for n in NAMES if n != "LBFGS"])
def test_a_gradient_that_does_not_fit_updates_nothing(name):
    pair = Pair(1, shapes=[(2, 3), (4, 4)])
    if name == "Muon":
        pair = Pair(1, shapes=[(2, 3), (4, 4)])
    p, q = pair.ours
    optimizer = getattr(flambeau.optim, name)([{"params": [p]}, {"params": [q]}])
    pair.give_gradients()
    optimizer.step()
    pair.give_gradients()
    before = copy.deepcopy([p.detach(), q.detach()]), copy.deepcopy(optimizer.state_dict())
    q.data = flambeau.ones(4, 5)
    with pytest.raises(RuntimeError, match=r"parameter 0 of group 1 has shape \(4, 5\)"):
        optimizer.step()
    np.testing.assert_array_equal(p.detach().numpy(), before[0][0].numpy())
    assert_same_tree(ours(theirs(optimizer.state_dict())), theirs(before[1]))


def test_parameters_that_cannot_be_written():
    good = leaf(3)
    expanded = flambeau.zeros(1).expand(3)
    whole = flambeau.zeros(3, dtype=flambeau.int64)
    for bad, message in ((expanded, "expanded view"), (whole, "is of torch.int64")):
        optimizer = flambeau.optim.SGD([good, bad], lr=1.0)
        for p in (good, bad):
            p.grad = flambeau.ones(3, dtype=p.dtype)
        with pytest.raises(RuntimeError, match=f"(?s)parameter 1 of group 0.*{message}"):
            optimizer.step()
        np.testing.assert_array_equal(good.detach().numpy(), [0, 0, 0])


def test_state_that_does_not_fit_is_named():
    p = leaf(2)
    optimizer = flambeau.optim.Adam([p])
    p.grad = flambeau.ones(2)
    optimizer.step()
    optimizer.param_groups[0]["amsgrad"] = True
    with pytest.raises(KeyError, match="max_exp_avg_sq"):
        optimizer.step()
    other = flambeau.optim.Adam([leaf(3)])
    other.load_state_dict(optimizer.state_dict())
    other.param_groups[0]["amsgrad"] = False
    other.param_groups[0]["params"][0].grad = flambeau.ones(3)
    with pytest.raises(RuntimeError, match=r"has shape \(3,\), its state 'exp_avg' has \(2,\)"):
        other.step()


def test_load_state_dict_checks_first():
    mine = flambeau.optim.SGD([leaf(2)], lr=0.1, momentum=0.9)
    two_groups = flambeau.optim.SGD([{"params": [leaf(1)]}, {"params": [leaf(1)]}])
    two_params = flambeau.optim.SGD([leaf(1), leaf(1)])
    with pytest.raises(ValueError, match="different number of parameter groups"):
        mine.load_state_dict(two_groups.state_dict())
    with pytest.raises(ValueError, match="doesn't match the size of optimizer's group"):
        mine.load_state_dict(two_params.state_dict())
    assert mine.param_groups[0]["lr"] == 0.1


def test_loaded_state_is_a_copy_in_the_parameters_dtype():
    pair = Pair(2, "float64", [(3,)])
    first = flambeau.optim.Adam(pair.ours)
    pair.give_gradients()
    first.step()
    p = leaf(3)
    second = flambeau.optim.Adam([p])
    second.load_state_dict(first.state_dict())
    entry = second.state[p]
    assert entry["exp_avg"].dtype is flambeau.float32
    assert entry["step"].dtype is flambeau.float32
    assert entry["step"] is not first.state[pair.ours[0]]["step"]
    p.grad = flambeau.ones(3)
    second.step()
    assert first.state[pair.ours[0]]["step"].item() == 1


def test_old_checkpoints_with_plain_step_counts():
    pair = Pair(3, shapes=[(2,)])
    mine, expected = flambeau.optim.Adam(pair.ours), torch.optim.Adam(pair.torch)
    pair.give_gradients()
    mine.step()
    expected.step()
    for optimizer in (mine, expected):
        state = copy.deepcopy(optimizer.state_dict())
        state["state"][0]["step"] = 1
        optimizer.load_state_dict(state)
    pair.give_gradients()
    mine.step()
    expected.step()
    pair.check()
    assert_same_tree(mine.state_dict(), expected.state_dict())


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("LBFGS", "Muon")])
def test_checkpoints_cross_over_through_files(name, tmp_path):
    pair = Pair(5, shapes=[(2, 3), (4,)])
    libraries = ((flambeau, pair.ours), (torch, pair.torch))

    def build():
        return [getattr(library.optim, name)(params, lr=0.02) for library, params in libraries]

    def step(optimizers):
        for _ in range(3):
            pair.give_gradients()
            for optimizer in optimizers:
                optimizer.step()

    first = build()
    step(first)
    for (library, _), optimizer in zip(libraries, first):
        library.save(optimizer.state_dict(), tmp_path / f"{library.__name__}.pt")
    second = build()
    second[0].load_state_dict(flambeau.load(tmp_path / "torch.pt"))
    second[1].load_state_dict(torch.load(tmp_path / "flambeau.pt"))
    step(second)
    pair.check()
    assert_same_tree(second[0].state_dict(), second[1].state_dict(), rtol=1e-5)


@pytest.mark.parametrize("how", ["pickle", "deepcopy"])
def test_copies_go_on_alike(how):
    pair = Pair(4, shapes=[(2, 3), (4,)])
    optimizer = flambeau.optim.SGD(pair.ours, lr=0.1, momentum=0.9)
    pair.give_gradients()
    optimizer.step()
    both = (optimizer, pair.ours)
    other, params = pickle.loads(pickle.dumps(both)) if how == "pickle" else copy.deepcopy(both)
    assert other.param_groups[0]["params"][0] is params[0]
    pair.give_gradients()
    for p, q in zip(pair.ours, params):
        q.grad = p.grad.clone()
    optimizer.step()
    other.step()
    for p, q in zip(pair.ours, params):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


def test_hooks():
    p = leaf(1)
    optimizer = flambeau.optim.SGD([p], lr=1.0)
    calls = []
    handles = [
        base.register_optimizer_step_pre_hook(lambda o, a, k: calls.append("all pre")),
        optimizer.register_step_pre_hook(lambda o, a, k: calls.append(("pre", a[0] is o, k))),
        optimizer.register_step_post_hook(lambda o, a, k: calls.append("post")),
        base.register_optimizer_step_post_hook(lambda o, a, k: calls.append("all post")),
    ]
    optimizer.step()
    assert calls == ["all pre", ("pre", True, {}), "post", "all post"]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(calls) == 4
    optimizer.register_step_pre_hook(lambda o, a, k: ((o, lambda: 5.0), {}))
    assert optimizer.step() == 5.0
    optimizer.register_step_pre_hook(lambda o, a, k: 1)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args"):
        optimizer.step()


def test_hooks_run_once_for_an_overriding_step():
    class Loud(flambeau.optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    optimizer = Loud([leaf(1)])
    calls = []
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    optimizer.step()
    assert calls == [1]


def test_state_dict_hooks():
    optimizer = flambeau.optim.SGD([leaf(1)], lr=1.0)
    order = []
    optimizer.register_state_dict_pre_hook(lambda o: order.append("second"))
    optimizer.register_state_dict_pre_hook(lambda o: order.append("first"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda o, s: {**s, "extra": 1})
    state = optimizer.state_dict()
    assert order == ["first", "second"] and state["extra"] == 1

    def halve(o, state):
        groups = [{**group, "lr": group["lr"] / 2} for group in state["param_groups"]]
        return {**state, "param_groups": groups}

    optimizer.register_load_state_dict_pre_hook(halve)
    optimizer.register_load_state_dict_post_hook(lambda o: order.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(state)
    assert order[-1] == 0.5 and state["param_groups"][0]["lr"] == 1.0


def test_implementations_that_exclude_each_other():
    for library in (flambeau, torch):
        p = leaf(1, library=library)
        with pytest.raises(RuntimeError, match="`fused` and `foreach` cannot be `True` together"):
            library.optim.Adam([p], fused=True, foreach=True)
        with pytest.raises(RuntimeError, match="`fused` does not support `differentiable`"):
            library.optim.SGD([p], fused=True, differentiable=True)
    with pytest.raises(RuntimeError, match="differentiable=True is not available"):
        flambeau.optim.Adam([leaf(1)], differentiable=True)
    for options in ({"foreach": True}, {"fused": True}):
        flambeau.optim.Adam([leaf(1)], **options)


def test_adam_checkpoint_in_adamw_decays_decoupled():
    adam, adamw = flambeau.optim.Adam([leaf(1)]), flambeau.optim.AdamW([leaf(1)])
    adamw.load_state_dict(adam.state_dict())
    assert adamw.param_groups[0]["decoupled_weight_decay"] is True


def test_an_optimiser_of_ones_own():
    class Sign(flambeau.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @flambeau.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.add_(p.grad.sign(), alpha=-group["lr"])

    p = leaf(2)
    p.grad = flambeau.tensor([3.0, -4.0])
    optimizer = Sign([p], lr=0.5)
    calls = []
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.step()
    np.testing.assert_array_equal(p.detach().numpy(), [-0.5, 0.5])
    assert calls == [1]
    with pytest.raises(NotImplementedError):
        plain = flambeau.optim.Optimizer([p], {})
        plain.step()
