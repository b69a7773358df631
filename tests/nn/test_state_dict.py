"""Saving and loading state: PyTorch's names, order and messages; a failing load changes nothing."""

from __future__ import annotations

import pytest
from oracle import SELF_TEST, lib
from twice import attempt, same


def net(torch, hidden=3):
    nn = torch.nn
    return nn.Sequential(nn.Linear(2, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, 1))


def test_contents():
    def program(torch):
        m = net(torch)
        state = m.state_dict()
        print(type(state).__name__, [(k, tuple(v.shape), str(v.dtype)) for k, v in state.items()])
        print(state._metadata)
        print([v.requires_grad for v in state.values()], type(state["0.weight"]).__name__)
        print([v.requires_grad for v in m.state_dict(keep_vars=True).values()])
        print(
            list(m.state_dict(prefix="net.")),
            state["0.weight"].data_ptr() == m[0].weight.data_ptr(),
        )
        given = {}
        print(m.state_dict(destination=given) is given, list(given))
        print(list(m.state_dict({}, "p.")))

    same(program)


def test_messages():
    def program(torch):
        m, other = net(torch), net(torch, 4)
        print(m.load_state_dict(m.state_dict()))
        attempt(m.load_state_dict, other.state_dict())
        attempt(m.load_state_dict, {})
        attempt(m.load_state_dict, {"0.weight": torch.ones(3, 2), "x": 1, "0.y.z": 2, "9.w": 3})
        attempt(m.load_state_dict, {**m.state_dict(), "0.bias": 3, "0.weight": [1]})
        attempt(m.load_state_dict, 3)
        print(m.load_state_dict({"x": 1}, strict=False))
        attempt(m.load_state_dict, other.state_dict(), strict=False)
        attempt(m.load_state_dict, {**m.state_dict(), "0._extra_state": 3})
        state = m.state_dict()
        del state["1.num_batches_tracked"]
        attempt(m.load_state_dict, state)
        del state._metadata
        attempt(m.load_state_dict, state)

    same(program)


def test_scalar_saved_as_vector():
    def program(torch):
        m = torch.nn.Module()
        m.w = torch.nn.Parameter(torch.tensor(1.0))
        print(m.load_state_dict({"w": torch.tensor([5.0])}), m.w)

    same(program)


def test_assign():
    def program(torch):
        m = net(torch)
        old = m[0].weight
        given = torch.ones(3, 2)
        state = {**m.state_dict(), "0.weight": given}
        m.load_state_dict(state, assign=True)
        print(m[0].weight is old, m[0].weight.data_ptr() == given.data_ptr(), m[0].weight)
        m.load_state_dict({**state, "0.weight": given.double()}, assign=True)
        print(m[0].weight.dtype, type(m[0].weight).__name__)

    same(program)


def test_extra_state():
    def program(torch):
        class Counting(torch.nn.Linear):
            seen = 0

            def get_extra_state(self):
                return {"seen": self.seen}

            def set_extra_state(self, state):
                self.seen = state["seen"]

        m = torch.nn.Sequential(Counting(1, 1))
        m[0].seen = 5
        state = m.state_dict()
        print(list(state), state["0._extra_state"])
        other = torch.nn.Sequential(Counting(1, 1))
        print(other.load_state_dict(state), other[0].seen)
        del state["0._extra_state"]
        attempt(other.load_state_dict, state)

    same(program)


def test_hooks():
    def program(torch):
        m = net(torch)
        m[0].register_state_dict_pre_hook(lambda mod, prefix, keep: print("pre", prefix, keep))

        def post(module, state, prefix, metadata):
            print("post", prefix, len(state), metadata)
            state[prefix + "added"] = torch.ones(1)

        m[0].register_state_dict_post_hook(post)
        state = m.state_dict()
        print(list(state))

        def rename(module, state, prefix, metadata, strict, missing, unexpected, errors):
            print("load", type(module).__name__, prefix, strict)
            state.pop(prefix + "added", None)

        handle = m[0].register_load_state_dict_pre_hook(rename)
        m.register_load_state_dict_post_hook(lambda mod, keys: print("done", keys))
        print(m.load_state_dict(state))
        handle.remove()
        attempt(m.load_state_dict, state)
        m.register_load_state_dict_post_hook(lambda mod, keys: keys.unexpected_keys.clear())
        print(m.load_state_dict(state))
        m.register_load_state_dict_post_hook(lambda mod, keys: keys)
        attempt(m.load_state_dict, state)

        bad = net(torch)
        bad.register_state_dict_post_hook(lambda *args: {})
        attempt(bad.state_dict)
        other = net(torch)
        other._register_state_dict_hook(lambda mod, state, prefix, meta: {"replaced": 1})
        print(other.state_dict())
        attempt(other._register_state_dict_hook, post)

    same(program)


def test_override_sees_arguments():
    def program(torch):
        class Old(torch.nn.Linear):
            _version = 3

            def _load_from_state_dict(self, state, prefix, meta, *rest):
                print(prefix, meta.get("version"))
                if prefix + "w" in state:
                    state[prefix + "weight"] = state.pop(prefix + "w")
                super()._load_from_state_dict(state, prefix, meta, *rest)

        m = torch.nn.Sequential(Old(1, 1))
        state = m.state_dict()
        print(m.load_state_dict(state))
        print(m.load_state_dict({"0.w": torch.ones(1, 1), "0.bias": torch.zeros(1)}), m[0].weight)

    same(program)


def test_instance_norm_of_old_states():
    def program(torch):
        m = torch.nn.InstanceNorm1d(2)
        attempt(m.load_state_dict, {"running_mean": torch.ones(2), "running_var": torch.ones(2)})

    same(program)


@pytest.mark.skipif(SELF_TEST, reason="PyTorch loads what fits before it reports what does not")
def test_failed_load_changes_nothing():
    m = net(lib)
    before = {k: v.clone() for k, v in m.state_dict().items()}
    versions = [p._version for p in m.parameters()]
    good = net(lib).state_dict()
    for broken in (
        {k: v for k, v in good.items() if k != "2.bias"},
        {**good, "extra": lib.ones(1)},
        {**good, "2.weight": lib.ones(5, 5)},
        {**good, "2.weight": "no tensor"},
    ):
        for assign in (False, True):
            with pytest.raises(RuntimeError, match="Error"):
                m.load_state_dict(broken, assign=assign)
    for name, value in m.state_dict().items():
        assert lib.equal(value, before[name])
    assert [p._version for p in m.parameters()] == versions


def test_dtype_conversion_and_memory():
    def program(torch):
        m = net(torch)
        weight = m[0].weight
        m.load_state_dict({k: v.double() for k, v in m.state_dict().items()})
        print(weight.dtype, m[0].weight is weight, weight._version)

    same(program)
