"""Lazy modules: before, during and after they learn their shape."""

from __future__ import annotations

import copy
import pickle
import warnings

import pytest
from oracle import SELF_TEST, agree, lib
from twice import attempt, same


def test_life_of_a_lazy_network():
    def program(torch):
        nn = torch.nn
        net = nn.Sequential(
            nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2)
        )
        print(net, [type(p).__name__ for p in net.parameters()], net[0].weight)
        print([name for name, _ in net.named_parameters()], list(net.state_dict()))
        print(net(torch.ones(2, 3, 4, 4)).shape)
        print(net, [type(p).__name__ for p in net.parameters()])
        print([tuple(p.shape) for p in net.parameters()], net[1].running_mean.shape)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(program)


def test_refusals():
    def program(torch):
        p = torch.nn.UninitializedParameter()
        print(p, p.dtype, p.requires_grad, torch.nn.parameter.is_lazy(p))
        attempt(lambda: p.shape)
        attempt(p.share_memory_)
        m = torch.nn.LazyConv1d(2, 2, groups=2)
        attempt(m, torch.ones(2))
        attempt(m, torch.ones(2, 3, 4))

        class Careless(torch.nn.modules.lazy.LazyModuleMixin, torch.nn.Linear):
            pass

        attempt(Careless(1, 1), torch.ones(1, 1))
        p.materialize((2, 3), dtype=torch.float64)
        print(type(p).__name__, p.shape, p.dtype, p.requires_grad)

    same(program)


def test_use_before_the_shape_is_known():
    p = lib.nn.UninitializedParameter()
    with pytest.raises(ValueError, match="Call `forward` with a dummy batch"):
        p.sum()
    with pytest.raises(ValueError, match="uninitialized parameter"):
        p.view(-1)


def test_load_into_and_from_lazy():
    def program(t):
        m, full = t.nn.LazyLinear(2), t.nn.Linear(3, 2)
        with t.no_grad():
            full.weight.fill_(1.0), full.bias.fill_(2.0)
        m.load_state_dict(full.state_dict())
        y = m(t.ones(1, 3))
        other = t.nn.LazyLinear(2)
        other.load_state_dict(t.nn.LazyLinear(2).state_dict())
        return y, m.in_features, other.has_uninitialized_params()

    agree(program)


@pytest.mark.skipif(SELF_TEST, reason="PyTorch loads what fits first")
def test_failed_load_leaves_lazy_lazy():
    m = lib.nn.Sequential(lib.nn.LazyLinear(2))
    with pytest.raises(RuntimeError, match="Unexpected"):
        m.load_state_dict({"0.weight": lib.ones(2, 3), "0.bias": lib.ones(2), "x": lib.ones(1)})
    assert m[0].has_uninitialized_params()


@pytest.mark.skipif(SELF_TEST, reason="PyTorch's copies lose the dtype")
@pytest.mark.parametrize("twin", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies(twin):
    m = twin(lib.nn.LazyLinear(2, dtype=lib.float64))
    assert m.has_uninitialized_params() and m.weight.dtype == lib.float64
    m(lib.ones(1, 3, dtype=lib.float64))
    assert type(m) is lib.nn.Linear and m.weight.shape == (2, 3)


def test_conversion_and_optimisation():
    m = lib.nn.LazyLinear(2).double()
    assert m.weight.dtype == lib.float64
    weight = m.weight
    m(lib.ones(1, 3, dtype=lib.float64)).sum().backward()
    assert m.weight is weight and weight.grad.shape == (2, 3)
