"""The optimisers that are no elementwise rule, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau

torch = pytest.importorskip("torch", reason="PyTorch is the oracle for optimisers")

from twins import Pair, assert_same_tree, ours, theirs


def bowl(points):
    """Value and gradient of a lopsided bowl, for arrays of any shapes as one vector.

    Convex: on a nonconvex function the line search amplifies the last bit of rounding.
    """
    x = np.concatenate([p.reshape(-1) for p in points]).astype(np.float64)
    weights = np.linspace(1, 30, x.size)
    total = x.sum()
    loss = 0.25 * (x**4).sum() + 0.5 * (weights * (x - 1) ** 2).sum() + 0.5 * total**2
    g = x**3 + weights * (x - 1) + total
    pieces = np.split(g, np.cumsum([p.size for p in points])[:-1])
    return float(loss), [piece.reshape(p.shape).astype(p.dtype) for piece, p in zip(pieces, points)]


def closure_of(library, params):
    """A closure that sets the gradients and returns the loss as a tensor; counts its calls."""

    def closure():
        closure.calls += 1
        loss, grads = bowl([p.detach().numpy() for p in params])
        for p, g in zip(params, grads):
            p.grad = library.from_numpy(g)
        return library.tensor(loss, dtype=library.float64)

    closure.calls = 0
    return closure


SETTINGS = [
    {},
    {"lr": 0.1},
    {"lr": 0.5, "max_iter": 5},
    {"max_iter": 7, "history_size": 3, "line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "tolerance_grad": 1e-3},
    {"line_search_fn": "strong_wolfe", "max_eval": 6},
    {"line_search_fn": "strong_wolfe", "lr": 0.3, "tolerance_change": 1e-4},
]


@pytest.mark.parametrize("kwargs", SETTINGS, ids=str)
def test_lbfgs(kwargs):
    pair = Pair(7, "float64", [(2, 2), (), (3,)])
    mine = flambeau.optim.LBFGS(pair.ours, **kwargs)
    expected = torch.optim.LBFGS(pair.torch, **kwargs)
    my_closure, their_closure = closure_of(flambeau, pair.ours), closure_of(torch, pair.torch)
    for step in range(12):
        mine_loss, their_loss = mine.step(my_closure), expected.step(their_closure)
        assert float(mine_loss) == pytest.approx(float(their_loss), rel=1e-6)
        assert my_closure.calls == their_closure.calls
        pair.check()
        if step == 5:
            state = ours(expected.state_dict())
            expected.load_state_dict(theirs(mine.state_dict()))
            mine.load_state_dict(state)
    entry, other = (o.state_dict()["state"][0] for o in (mine, expected))
    for key in ("func_evals", "n_iter", "d", "prev_flat_grad", "prev_loss", "old_dirs"):
        assert_same_tree(entry[key], other[key], rtol=1e-5)


def test_lbfgs_complex():
    pair = Pair(8, "complex128", [(2, 2), (3,)])
    mine = flambeau.optim.LBFGS(pair.ours, line_search_fn="strong_wolfe")
    expected = torch.optim.LBFGS(pair.torch, line_search_fn="strong_wolfe")

    def closure(library, params):
        def run():
            loss = 0.0
            for p in params:
                value = p.detach().numpy()
                p.grad = library.from_numpy(2 * (value - (1 + 2j)))
                loss += float((abs(value - (1 + 2j)) ** 2).sum())
            return loss

        return run

    for _ in range(3):
        mine.step(closure(flambeau, pair.ours))
        expected.step(closure(torch, pair.torch))
    pair.check()


def test_lbfgs_puts_parameters_back_when_the_closure_raises():
    pair = Pair(9, "float64", [(4,)])
    (p,) = pair.ours
    before = p.detach().clone()
    good = closure_of(flambeau, pair.ours)

    def closure():
        if good.calls:
            raise ZeroDivisionError
        return good()

    optimizer = flambeau.optim.LBFGS([p], line_search_fn="strong_wolfe")
    with pytest.raises(ZeroDivisionError):
        optimizer.step(closure)
    np.testing.assert_array_equal(p.detach().numpy(), before.numpy())


def test_lbfgs_refuses_groups_and_unknown_searches():
    p, q = flambeau.zeros(2), flambeau.zeros(2)
    with pytest.raises(ValueError, match="doesn't support per-parameter options"):
        flambeau.optim.LBFGS([{"params": [p]}, {"params": [q]}])
    optimizer = flambeau.optim.LBFGS([p], line_search_fn="golden")
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        optimizer.step(lambda: 0.0)


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"nesterov": False, "weight_decay": 0.0},
        {"adjust_lr_fn": "match_rms_adamw", "lr": 0.01},
        {"momentum": 0.5, "ns_steps": 3},
    ],
    ids=str,
)
def test_muon(kwargs):
    """As near as PyTorch's bfloat16 iteration allows."""
    pair = Pair(10, "float32", [(8, 5), (5, 8), (6, 6)])
    mine = flambeau.optim.Muon(pair.ours, **kwargs)
    expected = torch.optim.Muon(pair.torch, **kwargs)
    for _ in range(20):
        pair.give_gradients()
        mine.step()
        expected.step()
    pair.check(rtol=2e-3, atol=2e-3)
    assert_same_tree(mine.state_dict(), expected.state_dict())
