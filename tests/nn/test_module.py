"""Module: registering, finding, walking, converting, printing, as PyTorch does."""

from __future__ import annotations

import copy
import pickle

import pytest
from oracle import SELF_TEST, lib
from twice import attempt, same


def net(torch):
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Sequential(nn.Flatten(), nn.Linear(16, 2)),
    )


def test_registration_refusals():
    def program(torch):
        nn = torch.nn
        m = nn.Module()
        p, b, c = nn.Parameter(torch.ones(2)), torch.ones(2), nn.ReLU()
        m.taken = 1
        for name in ("", "a.b", "taken", 3, "training"):
            attempt(m.register_parameter, name, p)
            attempt(m.register_buffer, name, b)
            attempt(m.add_module, name, c)
        attempt(m.register_parameter, "x", b)
        attempt(m.register_parameter, "x", "word")
        attempt(m.register_parameter, "x", torch.ones(2, requires_grad=True) * 2)
        attempt(m.register_buffer, "x", "word")
        attempt(m.add_module, "x", 3)
        attempt(m.add_module, "x", None)
        m.p, m.c = p, c
        m.register_buffer("b", b)
        attempt(setattr, m, "p", b)
        attempt(setattr, m, "p", 3)
        attempt(setattr, m, "c", 3)
        attempt(setattr, m, "b", 3)
        attempt(getattr, m, "nothing")
        attempt(delattr, m, "nothing")
        attempt(lambda: nn.Linear(1, 2).missing)
        attempt(nn.Module, 3)
        attempt(nn.Module, key=3)
        attempt(m)

    same(program)


def test_assignment_before_init():
    def program(torch):
        nn = torch.nn

        def early(value):
            class Net(nn.Module):
                def __init__(self):
                    self.value = value
                    super().__init__()

            return Net

        for value in (nn.Parameter(torch.ones(1)), nn.ReLU(), nn.Buffer(torch.ones(1)), 3):
            attempt(early(value))

    same(program)


def test_attributes_move_between_kinds():
    def program(torch):
        nn = torch.nn
        m = nn.Module()

        def state():
            print(sorted(m._parameters), sorted(m._buffers), sorted(m._modules), "x" in m.__dict__)

        m.x = 1
        state()
        m.x = nn.Parameter(torch.ones(1))
        state()
        m.x = None
        state()
        m.x = nn.ReLU()
        state()
        del m.x
        state()
        m.register_buffer("x", torch.zeros(1), persistent=False)
        print(list(m.state_dict()))
        m.x = torch.ones(1)
        state()
        print(list(m.state_dict()))
        m.y = nn.Buffer(torch.ones(1), persistent=False)
        m.z = nn.Buffer(torch.ones(1))
        print(list(m.state_dict()), [name for name, _ in m.named_buffers()])
        print([name for name in dir(m) if len(name) == 1])

    same(program)


def test_walking():
    def program(torch):
        m = net(torch)
        m.add_module("again", m[0])
        for flag in (True, False):
            print([n for n, _ in m.named_parameters(remove_duplicate=flag)])
            print([n for n, _ in m.named_modules(remove_duplicate=flag)])
            print([n for n, _ in m.named_parameters("net", recurse=flag)])
            print([n for n, _ in m.named_buffers("net", recurse=flag)])
        print([n for n, _ in m.named_children()], len(list(m.children())), len(list(m.modules())))
        print(len(list(m.parameters())), len(list(m.buffers())))
        m.apply(lambda module: print(type(module).__name__))

    same(program)


def test_finding():
    def program(torch):
        m = net(torch)
        print(m.get_submodule("3.1"), m.get_submodule("") is m)
        print(m.get_parameter("3.1.weight").shape, m.get_buffer("1.running_mean").shape)
        for target in ("4", "3.1.weight", "0.weight.x"):
            attempt(m.get_submodule, target)
        for target in ("0.nothing", "1.running_mean", "0.training"):
            attempt(m.get_parameter, target)
        for target in ("0.nothing", "0.weight"):
            attempt(m.get_buffer, target)
        m.set_submodule("3.1", torch.nn.Identity())
        m.set_submodule("3.new", torch.nn.Identity())
        print(m)
        attempt(m.set_submodule, "", torch.nn.ReLU())
        attempt(m.set_submodule, "0.weight", torch.nn.ReLU())
        attempt(m.set_submodule, "0.other", torch.nn.ReLU(), strict=True)
        attempt(m.set_submodule, "0", 3)

    same(program)


def test_conversion():
    def program(torch):
        m = net(torch)
        for p in m.parameters():
            p.grad = torch.ones_like(p)
        first = m[0].weight
        for convert in (
            lambda: m.double(),
            lambda: m.float(),
            lambda: m.half(),
            lambda: m.to(torch.float64),
            lambda: m.to("cpu"),
            lambda: m.to("cpu", torch.float32),
            lambda: m.to(torch.ones(1, dtype=torch.float64)),
            lambda: m.to(dtype=torch.float32, device=torch.device("cpu")),
            lambda: m.type(torch.float64),
        ):
            convert()
            print(first.dtype, first is m[0].weight, first.grad.dtype, m[1].running_mean.dtype)
            print(m[1].num_batches_tracked.dtype)
        attempt(m.to, torch.int64)
        print(m.cpu() is m)

    same(program)


def test_modes_and_gradients():
    def program(torch):
        m = net(torch)
        m.eval()
        print([x.training for x in m.modules()])
        m.train()
        print([x.training for x in m.modules()])
        attempt(m.train, 1)
        m[3].requires_grad_(False)
        print([p.requires_grad for p in m.parameters()])
        m(torch.ones(2, 1, 4, 4)).sum().backward()
        print([p.grad is None for p in m.parameters()])
        m.zero_grad(set_to_none=False)
        print([p.grad is None or float(p.grad.abs().sum()) for p in m.parameters()])
        m.zero_grad()
        print([p.grad is None for p in m.parameters()])

    same(program)


def test_printing():
    def program(torch):
        nn = torch.nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(2, 3, bias=False)
                self.inner = net(torch)
                self.nothing = None
                self.layers = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1), nn.ReLU()])
                self.named = nn.ModuleDict({"a": nn.Tanh(), "b": nn.Identity()})

            def extra_repr(self):
                return "first line\nsecond line"

        print(Net())
        print(nn.Module(), nn.Sequential(), nn.ModuleList(), nn.ModuleDict())
        print(nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(1), False))

    same(program)


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies(twin):
    """Values equal, memory of its own, ties and hooks kept."""
    m = net(lib)
    m.add_module("tied", lib.nn.Linear(16, 2))
    m.tied.weight = m[3][1].weight
    m.eval()
    other = twin(m)
    assert repr(other) == repr(m) and not other.training
    assert other.tied.weight is other[3][1].weight
    state = m.state_dict()
    for name, value in other.state_dict().items():
        assert lib.equal(value, state[name])
    with lib.no_grad():
        other[0].weight.fill_(7.0)
    assert not lib.equal(other[0].weight, m[0].weight)
    assert isinstance(other[0].weight, lib.nn.Parameter) and other[0].weight.requires_grad


def test_deepcopy_of_parameter_drops_gradient():
    def program(torch):
        p = torch.nn.Parameter(torch.ones(2), requires_grad=False)
        q = copy.deepcopy(p)
        print(type(q) is type(p), q.requires_grad, q.data_ptr() == p.data_ptr())
        p = torch.nn.Parameter(torch.ones(2))
        p.grad = torch.ones(2)
        print(copy.deepcopy(p).grad)

    same(program)


def test_parameters_share_their_data():
    def program(torch):
        data = torch.ones(2)
        p = torch.nn.Parameter(data)
        data[0] = 5
        print(p, p.is_leaf, isinstance(p, torch.Tensor))
        print(torch.nn.Parameter(), torch.nn.Parameter(torch.ones(1) * 2).grad_fn)
        print(type(p + 1).__name__, type(p.data).__name__, type(p.detach()).__name__)
        attempt(torch.nn.Parameter, torch.tensor([1]))

    same(program)


@pytest.mark.skipif(SELF_TEST, reason="what the library adds to PyTorch")
def test_cuda_is_refused_and_changes_nothing():
    m = lib.nn.Linear(2, 2)
    with pytest.raises(RuntimeError, match="cuda"):
        m.cuda()
    with pytest.raises(RuntimeError, match="cuda"):
        m.to("cuda")
    assert m.weight.device.type == "cpu"


def test_call_super_init():
    def program(torch):
        class Mixin:
            def __init__(self, value):
                self.value = value

        class Net(torch.nn.Module, Mixin):
            call_super_init = True

        print(Net(value=3).value)

    same(program)
