"""The text of tensors against PyTorch's, on random values of every type, shape and magnitude."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import flambeau
from flambeau.core import devices, dtypes
from flambeau.tensor import printing

torch = pytest.importorskip("torch", reason="PyTorch is the oracle for printed text")

FLOATS = ["float16", "bfloat16", "float32", "float64"]
INTEGERS = ["uint8", "int8", "int16", "int32", "int64"]
COMPLEX = ["complex64", "complex128"]
SHAPES = [(), (1,), (3,), (7,), (40,), (2, 3), (1, 1), (4, 25), (2, 1, 3), (2, 2, 2, 2), (30, 30)]
LARGE = [(1001,), (40, 40), (3, 400), (400, 3), (7, 12, 13), (6, 7, 30), (2, 3, 5, 40)]
EMPTY = [(0,), (0, 3), (3, 0), (2, 0, 5)]


class Tensor:
    """What printing sees of a tensor."""

    def __init__(self, array, dtype, device="cpu", requires_grad=False, grad_fn=None):
        self._array, self.shape, self.dtype = array, array.shape, dtype
        self.device = devices.device(device)
        self.requires_grad, self.grad_fn = requires_grad, grad_fn


class Parameter(Tensor):
    pass


class MyTensor(Tensor):
    pass


def twin(expected, cls=Tensor, **kwargs):
    """Our view of a PyTorch tensor's values."""
    name = str(expected.dtype).removeprefix("torch.")
    value = expected.detach()
    if name == "bfloat16":
        ml_dtypes = pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
        array = value.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    else:
        array = value.numpy()
    dtype = getattr(dtypes, "bool_" if name == "bool" else name)
    return cls(array, dtype, **kwargs)


def check(expected, **kwargs):
    ours = twin(expected, requires_grad=expected.requires_grad, **kwargs)
    assert printing.tensor_repr(ours) == repr(expected)


@pytest.fixture(autouse=True)
def _default_options():
    yield
    for library in (printing, torch):
        library.set_printoptions(profile="default")


def random_values(rng, shape, style):
    """Values whose magnitudes drive each of the formats: whole, plain, spread out, special."""
    normal = rng.standard_normal(shape)
    if style == "whole":
        return np.round(normal * 10 ** rng.integers(0, 6))
    if style == "plain":
        return normal * 10.0 ** rng.integers(-3, 5)
    if style == "decades":
        return normal * 10.0 ** rng.uniform(-6, 6, shape)
    if style == "extreme":
        return normal * 10.0 ** rng.choice([-300, -40, -8, 9, 37, 300])
    values = np.where(rng.random(shape) < 0.5, normal * 10.0 ** rng.integers(0, 3), 0.0)
    values = np.where(rng.random(shape) < 0.5, np.round(values), values)
    special = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], shape)
    return np.where(rng.random(shape) < 0.3, special, values)


STYLES = ["whole", "plain", "decades", "extreme", "special"]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats(dtype, style):
    rng = np.random.default_rng(len(style) * 100 + len(dtype))
    for shape in SHAPES + LARGE + EMPTY:
        for _ in range(4):
            values = torch.tensor(random_values(rng, shape, style))
            check(values.to(getattr(torch, dtype)))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("dtype", COMPLEX)
def test_complex(dtype, style):
    rng = np.random.default_rng(7)
    for shape in SHAPES + LARGE + EMPTY:
        real, imag = (torch.tensor(random_values(rng, shape, style)) for _ in range(2))
        check(torch.complex(real, imag).to(getattr(torch, dtype)))


@pytest.mark.parametrize("dtype", [*INTEGERS, "uint16", "uint32", "uint64"])
def test_integers(dtype):
    rng = np.random.default_rng(3)
    info = np.iinfo(dtype)
    for shape in SHAPES + ([] if dtype in ("uint16", "uint32", "uint64") else LARGE + EMPTY):
        for top in (1, 9, 100, info.max):
            low = -min(top, -int(info.min))
            check(torch.from_numpy(np.array(rng.integers(low, top, shape, dtype, endpoint=True))))
    check(torch.from_numpy(np.array([info.min, 0, info.max], dtype)))


@pytest.mark.parametrize("shape", SHAPES + LARGE + EMPTY)
def test_bools(shape):
    rng = np.random.default_rng(11)
    check(torch.from_numpy(np.array(rng.random(shape) < 0.5)))
    check(torch.ones(shape, dtype=torch.bool))


@pytest.mark.parametrize(
    "options",
    [
        {"profile": "short"},
        {"profile": "full"},
        {"precision": 2},
        {"precision": 0},
        {"precision": 8, "linewidth": 40},
        {"threshold": 5},
        {"threshold": 0, "edgeitems": 1},
        {"threshold": 5, "edgeitems": 0},
        {"edgeitems": 5, "threshold": 20},
        {"linewidth": 20},
        {"linewidth": 120},
        {"sci_mode": True},
        {"sci_mode": False},
        {"profile": "short", "precision": 6, "sci_mode": True},
    ],
    ids=str,
)
def test_options(options):
    rng = np.random.default_rng(5)
    for library in (printing, torch):
        library.set_printoptions(**options)
    assert printing.get_printoptions() == torch._tensor_str.get_printoptions()
    for shape in SHAPES + EMPTY + [(40, 40), (6, 7, 30)]:
        for style in STYLES:
            values = torch.tensor(random_values(rng, shape, style))
            check(values)
            check(values.float())
            check(torch.complex(values, -values))
        check(torch.from_numpy(np.array(rng.integers(-50, 50, shape))))


def test_option_context_restores():
    before = printing.get_printoptions()
    with printing.printoptions(precision=1, sci_mode=True):
        assert printing.get_printoptions() == {**before, "precision": 1, "sci_mode": True}
    assert printing.get_printoptions() == before


@pytest.mark.parametrize("width", range(1, 14))
def test_suffixes_wrap_where_pytorch_wraps(width):
    for dtype in (torch.float32, torch.float64):
        x = torch.full((width,), 1.2345, dtype=dtype, requires_grad=True)
        check(x)
        for y in (x * 2, x.exp(), x.view(1, -1).t()):
            node = SimpleNamespace(name=y.grad_fn.name)
            assert printing.tensor_repr(twin(y, requires_grad=True, grad_fn=node)) == repr(y)


def test_integer_scalars_and_default_dtype():
    values = [torch.tensor(1.5), torch.tensor(1.5, dtype=torch.float64), torch.tensor(1 + 2j)]
    values += [values[2].to(torch.complex128), torch.tensor(3), torch.zeros(0, dtype=torch.int64)]
    try:
        for library in (torch, dtypes):
            library.set_default_dtype(library.float64)
        for value in values:
            check(value)
    finally:
        for library in (torch, dtypes):
            library.set_default_dtype(library.float32)


def test_classes_and_devices():
    values = torch.arange(6.0).view(2, 3)
    expected = repr(torch.nn.Parameter(values))
    assert printing.tensor_repr(twin(values, Parameter, requires_grad=True)) == expected
    subclass = values.as_subclass(type("MyTensor", (torch.Tensor,), {}))
    assert printing.tensor_repr(twin(values, MyTensor)) == repr(subclass)
    assert printing.tensor_repr(twin(values[0], device="cuda:0")) == (
        "tensor([0., 1., 2.], device='cuda:0')"
    )
    meta = torch.empty(2, 0, 3, dtype=torch.int32, device="meta")
    ours = twin(torch.empty(2, 0, 3, dtype=torch.int32), device="meta")
    assert printing.tensor_repr(ours) == repr(meta)


def test_real_tensors_and_their_history():
    """The same programs in both libraries: views, node names, parameters, formatted scalars."""
    values = np.random.default_rng(1).standard_normal((5, 6)).astype(np.float32)

    def texts(library):
        x = library.from_numpy(values.copy())
        yield from (x, x.t(), x[::2, 1], x[0].expand(3, 6), x > 0, x.long(), x.double()[:1])
        w = x.clone().requires_grad_()
        yield from (w, w * 2, w.sum(), w.t(), w.view(-1), w[0], w.exp().mean(1), w @ w.t())
        yield from (w.detach(), library.nn.Parameter(x), library.nn.Parameter(x)[:, 0])
        yield from (x.new_zeros(2, 0), x.sum().item(), f"{x[0, 0]:.3f}", f"{x.max()}", str(x[1]))

    for mine, expected in zip(texts(flambeau), texts(torch), strict=True):
        assert repr(mine) == repr(expected)


def test_lost_history():
    class Stale(Tensor):
        grad_fn = property(lambda self: 1 / 0, lambda self, value: None)

    class Lost(Tensor):
        @property
        def grad_fn(self):
            raise RuntimeError("a view was modified without recording")

        @grad_fn.setter
        def grad_fn(self, value):
            pass

    text = printing.tensor_repr(twin(torch.ones(2), Lost, requires_grad=True))
    assert text == "Lost([1., 1.], grad_fn=<Invalid>)"
    with pytest.raises(ZeroDivisionError):
        printing.tensor_repr(twin(torch.ones(2), Stale))
