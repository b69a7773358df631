"""nn.utils against PyTorch's: clipping, vectors, weight and spectral norm, parametrizations,
fusing.
"""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
from oracle import SELF_TEST, agree, lib, to_lib, torch, unlike
from twice import attempt, same

VALUES = np.random.default_rng(0).standard_normal((4, 3))


def weighted(t, kind="Linear", *args):
    """A layer with the same values in both libraries."""
    m = getattr(t.nn, kind)(*(args or (3, 4)), dtype=t.float64)
    random = np.random.default_rng(1)
    with t.no_grad():
        for p in m.parameters():
            p.copy_(t.from_numpy(random.standard_normal(tuple(p.shape))))
    return m


def quiet(function):
    def run(t):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(t)

    return run


@pytest.mark.parametrize("norm", [2.0, 1, float("inf"), 0.5])
@pytest.mark.parametrize("limit", [0.1, 100.0])
def test_clip_grad_norm(norm, limit):
    def program(t):
        params = [t.nn.Parameter(t.zeros(4, 3, dtype=t.float64)), t.nn.Parameter(t.zeros(2))]
        params[0].grad = t.from_numpy(VALUES.copy())
        params[1].grad = t.tensor([3.0, -4.0])
        total = t.nn.utils.clip_grad_norm_(params, limit, norm)
        return total, params[0].grad, params[1].grad

    agree(program)


def test_clipping_edge_cases():
    def program(t):
        p = t.nn.Parameter(t.zeros(2))
        u = t.nn.utils
        print(u.clip_grad_norm_([p], 1.0), u.clip_grad_norm_([], 1.0), u.get_total_norm([]))
        p.grad = t.tensor([float("inf"), 1.0])
        attempt(u.clip_grad_norm_, p, 1.0, error_if_nonfinite=True)
        print(p.grad)
        u.clip_grad_value_(p, 0.5)
        print(p.grad)
        u.clip_grad_norm_((q for q in []), 1.0)
        u.clip_grad_norm(p, 1.0)
        u.clip_grads_with_norm_(p, 1.0, t.tensor(4.0))
        print(p.grad)

    same(program)


def test_vectors():
    def program(t):
        m = weighted(t)
        vector = t.nn.utils.parameters_to_vector(m.parameters())
        t.nn.utils.vector_to_parameters(vector.detach() * 2, m.parameters())
        return vector, m.weight, m.bias

    agree(program)
    agree(lambda t: t.nn.utils.vector_to_parameters(3, []))


@pytest.mark.skipif(SELF_TEST, reason="PyTorch leaves it half changed")
def test_vector_that_is_too_short_changes_nothing():
    m = lib.nn.Linear(2, 2)
    before = m.weight.detach().clone()
    with pytest.raises(RuntimeError):
        lib.nn.utils.vector_to_parameters(lib.ones(5), m.parameters())
    assert lib.equal(m.weight, before)


@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("new", [False, True])
def test_weight_norm(dim, new):
    @quiet
    def program(t):
        utils = t.nn.utils.parametrizations if new else t.nn.utils
        m = utils.weight_norm(weighted(t), dim=dim)
        y = m(t.from_numpy(VALUES))
        y.pow(2).sum().backward()
        return y, [p.grad for p in m.parameters()], list(m.state_dict().values())

    agree(program)


@quiet
def weight_norm_program(torch):
    u = torch.nn.utils
    m = u.weight_norm(torch.nn.Linear(2, 3))
    print(m, list(m.state_dict()))
    attempt(u.weight_norm, m)
    u.remove_weight_norm(m)
    print(list(m.state_dict()), len(m._forward_pre_hooks))
    attempt(u.remove_weight_norm, m)
    m = u.parametrizations.weight_norm(torch.nn.Linear(2, 3))
    print(m, list(m.state_dict()), type(m).__name__)
    old = u.weight_norm(torch.nn.Linear(2, 3)).state_dict()
    print(m.load_state_dict(old))
    u.parametrize.remove_parametrizations(m, "weight")
    print(m, list(m.state_dict()), type(m).__name__)


def test_weight_norm_text():
    same(weight_norm_program)


def test_removed_weight_norm_keeps_the_weight():
    m = weighted(lib)
    before = m.weight.detach().clone()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lib.nn.utils.remove_weight_norm(lib.nn.utils.weight_norm(m))
    assert lib.allclose(m.weight, before) and isinstance(m.weight, lib.nn.Parameter)


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("kind, args", [("Linear", (3, 4)), ("Conv1d", (3, 4, 2))])
def test_spectral_norm(new, kind, args):
    """From the same vectors: the same weights over training calls and in evaluation."""

    def made(t):
        utils = t.nn.utils.parametrizations if new else t.nn.utils
        return utils.spectral_norm(weighted(t, kind, *args), n_power_iterations=2)

    theirs, ours = made(torch), made(lib)
    assert repr(ours) == repr(theirs) and list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict({k: to_lib(v) for k, v in theirs.state_dict().items()})
    x = torch.randn(2, 3, 3, dtype=torch.float64)
    for _ in range(2):
        theirs(x), ours(to_lib(x))
    theirs(x).pow(2).sum().backward(), ours(to_lib(x)).pow(2).sum().backward()
    params = dict(ours.named_parameters())
    for name, p in theirs.named_parameters():
        assert unlike(params[name].grad, p.grad, 1e-9, 1e-12) is None
    ours.eval(), theirs.eval()
    assert unlike(ours(to_lib(x)).detach(), theirs(x).detach(), 1e-9, 1e-12) is None
    values = ours.state_dict()
    for name, value in theirs.state_dict().items():
        assert unlike(values[name], value, 1e-9, 1e-12) is None, name


def test_spectral_norm_text():
    def program(torch):
        u = torch.nn.utils
        m = u.spectral_norm(torch.nn.Linear(2, 3))
        print(m, list(m.state_dict()), m.state_dict()._metadata)
        attempt(u.spectral_norm, m)
        u.remove_spectral_norm(m)
        print(list(m.state_dict()), len(m._forward_pre_hooks), len(m._state_dict_hooks))
        attempt(u.remove_spectral_norm, m)
        attempt(u.spectral_norm, torch.nn.Linear(2, 3, bias=False), "bias")
        attempt(u.spectral_norm, torch.nn.Linear(2, 3), n_power_iterations=0)
        m = u.parametrizations.spectral_norm(torch.nn.ConvTranspose2d(2, 3, 2))
        print(m.parametrizations.weight[0]._u.shape)

    same(program)


@pytest.mark.parametrize("map_name", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
def test_orthogonal(map_name, shape):
    m = lib.nn.Linear(*shape, dtype=lib.float64)
    parametrize = lib.nn.utils.parametrize
    lib.nn.utils.parametrizations.orthogonal(m, orthogonal_map=map_name)

    def identity():
        w = m.weight if m.weight.shape[0] >= m.weight.shape[1] else m.weight.T
        return lib.allclose(w.T @ w, lib.eye(w.shape[1], dtype=lib.float64))

    assert identity()
    optimizer_step = 0.1
    m.weight.sum().backward()
    with lib.no_grad():
        original = m.parametrizations.weight.original
        original -= optimizer_step * original.grad
    assert identity()
    target = lib.nn.init.orthogonal_(lib.empty(m.weight.shape, dtype=lib.float64))
    m.weight = target
    assert lib.allclose(m.weight, target)
    parametrize.remove_parametrizations(m, "weight")
    assert lib.allclose(m.weight, target)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
def test_orthogonal_as_pytorch(shape):
    """From the same original: the same matrix and gradient; assigned and read back."""

    tall = np.linalg.qr(START[: max(shape), : min(shape)])[0]
    matrix = tall if shape[1] >= shape[0] else tall.T

    def made(t):
        m = t.nn.Linear(*shape, dtype=t.float64)
        with t.no_grad():
            m.weight.copy_(t.from_numpy(matrix.copy()))
        return t.nn.utils.parametrizations.orthogonal(
            m, orthogonal_map="householder", use_trivialization=False
        )

    theirs, ours = made(torch), made(lib)
    assert np.allclose(ours.weight.detach().numpy(), matrix)
    assert unlike(ours.weight.detach(), theirs.weight.detach(), 1e-9, 1e-12) is None
    for m in (theirs, ours):
        (m.weight * m.weight.detach().cumsum(0)).sum().backward()
    a, b = (m.parametrizations.weight.original.grad for m in (ours, theirs))
    assert unlike(a, b, 1e-8, 1e-10) is None


START = np.random.default_rng(2).standard_normal((6, 6))


def parametrize_program(torch):
    nn, p = torch.nn, torch.nn.utils.parametrize

    class Symmetric(nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).T

    class Exp(nn.Module):
        def forward(self, x):
            return x.exp()

        def right_inverse(self, y):
            return y.log()

    class Narrow(nn.Module):
        def forward(self, x):
            return x[:1]

    class Wide(nn.Module):
        def forward(self, x):
            return x.double()

    class Word(nn.Module):
        def forward(self, x):
            return "word"

    m = nn.Linear(2, 2)
    with torch.no_grad():
        m.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    p.register_parametrization(m, "weight", Symmetric())
    print(m, m.weight, type(m).__name__, type(m).__mro__[1].__name__)
    print(list(m.state_dict()), [n for n, _ in m.named_parameters()])
    print(p.is_parametrized(m), p.is_parametrized(m, "weight"), p.is_parametrized(m, "bias"))
    print(p.type_before_parametrizations(m).__name__)
    attempt(setattr, m, "weight", torch.ones(2, 2))
    for bad in (Narrow, Wide, Word):
        attempt(p.register_parametrization, m, "weight", bad())
        attempt(p.register_parametrization, nn.Linear(2, 2), "weight", bad())
    attempt(p.register_parametrization, m, "nothing", Symmetric())
    p.register_parametrization(m, "weight", Exp())
    print(m.weight)
    m.weight.sum().backward()
    print(m.parametrizations.weight.original.grad)
    with p.cached():
        print(m.weight is m.weight)
    print(m.weight is m.weight)
    twin = copy.deepcopy(m)
    print(twin.weight.equal(m.weight), type(twin).__name__)
    attempt(m.__getstate__)
    other = nn.Linear(2, 2)
    p.transfer_parametrizations_and_params(m, other)
    print(other, other.parametrizations.weight.original is m.parametrizations.weight.original)
    p.remove_parametrizations(m, "weight", leave_parametrized=False)
    print(m, m.weight, type(m).__name__)
    attempt(p.remove_parametrizations, m, "weight")
    e = p.register_parametrization(nn.Linear(1, 1), "bias", Exp(), unsafe=True)
    e.bias = torch.tensor([2.0])
    print(e.bias, e.parametrizations.bias.original)
    b = nn.BatchNorm1d(2)
    p.register_parametrization(b, "running_mean", Exp(), unsafe=True)
    print(list(b.state_dict()), [n for n, _ in b.named_buffers()])


def test_parametrize():
    same(parametrize_program)


@pytest.mark.skipif(SELF_TEST, reason="PyTorch leaves it half changed")
def test_refused_parametrization_changes_nothing():
    class Narrow(lib.nn.Module):
        def forward(self, x):
            return x[:1]

        def right_inverse(self, x):
            return x * 2

    m = lib.nn.Linear(2, 2)
    before = m.weight.detach().clone()
    with pytest.raises(ValueError, match="shape"):
        lib.nn.utils.parametrize.register_parametrization(m, "weight", Narrow())
    assert lib.equal(m.weight, before) and type(m) is lib.nn.Linear


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("transpose", [True, False])
def test_fuse(bias, affine, transpose):
    kind = lib.nn.ConvTranspose2d if transpose else lib.nn.Conv2d
    conv = kind(2, 3, 3, bias=bias).eval()
    bn = lib.nn.BatchNorm2d(3, affine=affine)
    for _ in range(3):
        bn(lib.randn(4, 3, 2, 2) * 2 + 1)
    bn.eval()
    x = lib.randn(2, 2, 6, 6)
    fused = lib.nn.utils.fuse_conv_bn_eval(conv, bn, transpose)
    assert lib.allclose(fused(x), bn(conv(x)), atol=1e-5)
    linear, norm = lib.nn.Linear(2, 3, bias=bias).eval(), lib.nn.BatchNorm1d(3).eval()
    y = lib.randn(4, 2)
    assert lib.allclose(
        lib.nn.utils.fuse_linear_bn_eval(linear, norm)(y), norm(linear(y)), atol=1e-5
    )
    with pytest.raises(AssertionError, match="eval"):
        lib.nn.utils.fuse_conv_bn_eval(conv.train(), bn)


def test_functional_call():
    call = lib.nn.utils.stateless.functional_call
    m = lib.nn.Sequential(lib.nn.Linear(1, 1), lib.nn.Linear(1, 1))
    m[1].weight = m[0].weight
    own = m[0].weight
    zeros = {"0.bias": lib.zeros(1), "1.bias": lib.zeros(1)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = call(m, {"0.weight": lib.full((1, 1), 3.0), **zeros}, (lib.ones(1, 1),))
        assert float(y) == 9.0 and m[0].weight is own
        with pytest.raises(RuntimeError, match="Missing"):
            call(m, zeros, (lib.ones(1, 1),), strict=True)
        with pytest.raises(ValueError, match="tied"):
            both = {"0.weight": lib.ones(1, 1), "1.weight": lib.ones(1, 1)}
            call(m, both, (lib.ones(1, 1),))
