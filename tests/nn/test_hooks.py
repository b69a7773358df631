"""Hooks of every kind fire in PyTorch's order, see what PyTorch's see, and replace what they
return.
"""

from __future__ import annotations

import copy
import pickle

import pytest
from oracle import lib
from twice import attempt, same


def shapes(values):
    return [None if v is None else tuple(v.shape) for v in values]


def test_forward_hooks():
    def program(torch):
        m = torch.nn.Identity()
        m.register_forward_pre_hook(lambda mod, args: print("pre 1", args))
        m.register_forward_pre_hook(lambda mod, args: args[0] + 1)
        m.register_forward_pre_hook(lambda mod, args: print("first", args), prepend=True)
        m.register_forward_hook(lambda mod, args, out: print("post", args, out))
        m.register_forward_hook(lambda mod, args, out: out * 10)
        handle = m.register_forward_hook(lambda mod, args, out: print("early", out), prepend=True)
        print(m(torch.ones(1)))
        handle.remove()
        handle.remove()
        print(m(torch.ones(1)))
        with m.register_forward_hook(lambda mod, args, out: out - 1):
            print(m(torch.ones(1)))
        print(m(torch.ones(1)))

    same(program)


def test_hooks_with_kwargs():
    def program(torch):
        class Scale(torch.nn.Module):
            def forward(self, x, factor=1):
                return x * factor

        m = Scale()
        m.register_forward_pre_hook(
            lambda mod, args, kwargs: (args, {"factor": kwargs["factor"] + 1}), with_kwargs=True
        )
        m.register_forward_hook(
            lambda mod, args, kwargs, out: print(args, kwargs, out), with_kwargs=True
        )
        print(m(torch.ones(1), factor=4))
        m.register_forward_pre_hook(lambda mod, args, kwargs: 3, with_kwargs=True)
        attempt(m, torch.ones(1), factor=4)

    same(program)


def test_always_call():
    def program(torch):
        class Fails(torch.nn.Module):
            def forward(self, x):
                raise RuntimeError("on purpose")

        m = Fails()
        m.register_forward_hook(lambda mod, args, out: print("never"))
        m.register_forward_hook(lambda mod, args, out: print("always", out), always_call=True)
        attempt(m, torch.ones(1))

        def bad(module, args, out):
            raise ValueError("silenced")

        m.register_forward_hook(bad, always_call=True)
        attempt(m, torch.ones(1))
        ok = torch.nn.Identity()
        ok.register_forward_hook(lambda mod, args, out: print("once"), always_call=True)
        ok(torch.ones(1))

    same(program)


def test_full_backward_hooks():
    def program(torch):
        m = torch.nn.Linear(2, 2)
        with torch.no_grad():
            m.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        m.register_full_backward_pre_hook(lambda mod, g: print("pre", g))
        m.register_full_backward_pre_hook(lambda mod, g: (g[0] * 2,))
        m.register_full_backward_hook(lambda mod, gi, go: print("hook", gi, go))
        m.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 10,))
        m.register_full_backward_hook(lambda mod, gi, go: print("first", gi), prepend=True)
        x = torch.ones(1, 2, requires_grad=True)
        y = m(x)
        print(y.grad_fn.name())
        y.sum().backward()
        print(x.grad, m.bias.grad)

    same(program)


def test_full_backward_hook_without_input_gradient():
    def program(torch):
        m = torch.nn.Linear(2, 1)
        m.register_full_backward_hook(lambda mod, gi, go: print(gi, shapes(go)))
        m(torch.ones(1, 2)).sum().backward()
        m.register_full_backward_hook(lambda mod, gi, go: (torch.ones(1),))
        attempt(m(torch.ones(1, 2)).sum().backward)

    same(program)


def test_backward_hooks_with_several_values():
    def program(torch):
        class Pair(torch.nn.Module):
            def forward(self, x, flag, y):
                return x * 2, "text", y * 3

        m = Pair()
        m.register_full_backward_hook(lambda mod, gi, go: print(gi, go))
        x, y = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
        a, _, b = m(x, True, y)
        (a.sum() + b.sum()).backward()
        print(x.grad, y.grad)

        class Dict(torch.nn.Module):
            def forward(self, x):
                return {"x": x}

        d = Dict()
        d.register_full_backward_hook(lambda mod, gi, go: print("never"))
        d(x)["x"].sum().backward()

    same(program)


def test_backward_hook_refusals():
    def program(torch):
        m = torch.nn.Linear(1, 1)
        m.register_full_backward_hook(lambda mod, gi, go: (None, None))
        attempt(m.register_backward_hook, print)
        x = torch.ones(1, 1, requires_grad=True)
        attempt(m(x).sum().backward)
        m = torch.nn.Linear(1, 1)
        m.register_backward_hook(lambda mod, gi, go: print("plain", shapes(go)))
        attempt(m.register_full_backward_hook, print)
        m(x).sum().backward()
        m = torch.nn.Linear(1, 1)
        m.register_full_backward_pre_hook(lambda mod, g: (None, None))
        attempt(m(x).sum().backward)

    same(program)


def test_hooks_do_not_disturb_no_grad():
    def program(torch):
        m = torch.nn.Linear(1, 1)
        m.register_full_backward_hook(lambda mod, gi, go: print("never"))
        with torch.no_grad():
            print(m(torch.ones(1, 1)).requires_grad)

    same(program)


def test_global_hooks():
    def program(torch):
        from importlib import import_module

        g = import_module(torch.nn.__name__ + ".modules.module")
        handles = [
            g.register_module_forward_pre_hook(lambda m, a: print("pre", type(m).__name__)),
            g.register_module_forward_hook(lambda m, a, o: print("post", type(m).__name__)),
            g.register_module_forward_hook(
                lambda m, a, k, o: print("kw", k), with_kwargs=True, always_call=True
            ),
            g.register_module_full_backward_pre_hook(lambda m, go: print("bpre", type(m).__name__)),
            g.register_module_full_backward_hook(lambda m, gi, go: print("back", type(m).__name__)),
            g.register_module_parameter_registration_hook(lambda m, n, p: print("param", n)),
            g.register_module_buffer_registration_hook(lambda m, n, b: print("buffer", n)),
            g.register_module_module_registration_hook(lambda m, n, c: print("module", n)),
        ]
        try:
            net = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 1))
            net(torch.rand(3, 2, requires_grad=True)).sum().backward()
        finally:
            for handle in handles:
                handle.remove()
        net(torch.rand(3, 2))

    same(program)


def test_registration_hooks_replace():
    from importlib import import_module

    g = import_module(lib.nn.__name__ + ".modules.module")
    new = lib.nn.Parameter(lib.zeros(1))
    with g.register_module_parameter_registration_hook(lambda m, n, p: new):
        m = lib.nn.Module()
        m.w = lib.nn.Parameter(lib.ones(1))
    assert m.w is new


def test_hooks_are_copied_with_their_module():
    calls = []
    m = lib.nn.Identity()
    m.register_forward_hook(lambda mod, args, out: calls.append(mod))
    twin = copy.deepcopy(m)
    twin(lib.ones(1))
    assert calls == [twin]


def record(module, args, output):
    pass


def test_handle_of_pickled_module():
    m = lib.nn.Identity()
    handle = m.register_forward_hook(record)
    m, handle = pickle.loads(pickle.dumps((m, handle)))
    assert len(m._forward_hooks) == 1
    handle.remove()
    assert len(m._forward_hooks) == 0


def test_forgotten_module_is_freed():
    """A hook handle and a load hook with its module keep nothing alive."""
    import gc
    import weakref

    m = lib.nn.Linear(1, 1)
    handle = m.register_forward_hook(record)
    m.register_load_state_dict_pre_hook(record)
    gone = weakref.ref(m)
    gc.disable()
    try:
        del m
        assert gone() is None
    finally:
        gc.enable()
    handle.remove()


def test_output_hooks_leave_no_cycle():
    import gc
    import weakref

    m = lib.nn.Linear(1, 1)
    m.register_full_backward_hook(lambda mod, gi, go: None)
    x = lib.ones(1, 1, requires_grad=True)
    y = m(x)
    y.sum().backward()
    gone = weakref.ref(y)
    gc.disable()
    try:
        del y
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["forward", "backward"])
def test_tensor_hook_inside_module(kind):
    def program(torch):
        m = torch.nn.Linear(1, 1)
        x = torch.ones(1, 1, requires_grad=True)
        y = m(x)
        y.register_hook(lambda g: print(kind, g))
        y.backward(torch.ones(1, 1))

    same(program)
