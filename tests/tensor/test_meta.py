"""Meta tensors: shapes, dtypes and strides without values, memory or arithmetic."""

from __future__ import annotations

import copy
import io
import pickle
import resource

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn import functional as F


def meta(*size, **options):
    return torch.empty(*size, device="meta", **options)


# Making them -------------------------------------------------------------------------------------

FACTORIES = {
    "empty": lambda **o: torch.empty(2, 3, **o),
    "zeros": lambda **o: torch.zeros(2, 3, dtype=torch.int32, **o),
    "ones": lambda **o: torch.ones((2,), **o),
    "full": lambda **o: torch.full((2, 2), 7, **o),
    "arange": lambda **o: torch.arange(2, 9, 3, **o),
    "linspace": lambda **o: torch.linspace(0, 1, 5, **o),
    "eye": lambda **o: torch.eye(2, 3, **o),
    "rand": lambda **o: torch.rand(4, dtype=torch.float64, **o),
    "randn": lambda **o: torch.randn(4, 1, **o),
    "randint": lambda **o: torch.randint(3, (4,), **o),
    "randperm": lambda **o: torch.randperm(5, **o),
    "normal": lambda **o: torch.normal(0.0, 1.0, (2, 2), **o),
    "tensor": lambda **o: torch.tensor([[1, 2]], **o),
    "scalar_tensor": lambda **o: torch.scalar_tensor(2, **o),
    "as_tensor": lambda **o: torch.as_tensor(np.zeros((2, 3)), **o),
    "empty_strided": lambda **o: torch.empty_strided((2, 3), (1, 2), **o),
    "channels_last": lambda **o: torch.empty(2, 3, 4, 4, memory_format=torch.channels_last, **o),
    "zeros_like": lambda **o: torch.zeros_like(torch.ones(2, 3).t(), **o),
    "rand_like": lambda **o: torch.rand_like(torch.ones(2, 3), **o),
    "new_full": lambda **o: torch.ones(1).new_full((2,), 3, **o),
    "hann_window": lambda **o: torch.hann_window(5, **o),
}


@pytest.mark.parametrize("name", FACTORIES)
def test_factories(name):
    """They give what they give elsewhere, and draw nothing from the generator."""
    make = FACTORIES[name]
    torch.manual_seed(0)
    state = torch.get_rng_state()
    made = make(device="meta")
    assert made.is_meta and not made.is_cpu and made.device == torch.device("meta")
    assert torch.equal(torch.get_rng_state(), state)
    real = make()
    assert (made.shape, made.dtype, made.stride()) == (real.shape, real.dtype, real.stride())


def test_device_as_context():
    with torch.device("meta"):
        assert torch.zeros(2).is_meta and torch.tensor([1.0]).is_meta and torch.rand(3).is_meta
        with torch.device("cpu"):
            assert torch.zeros(2).is_cpu
        assert torch.zeros(2, device="cpu").is_cpu
        assert torch.zeros_like(torch.zeros(2, device="cpu")).is_cpu
        assert torch.get_default_device() == torch.device("meta")
    assert torch.zeros(2).is_cpu
    with pytest.raises(ZeroDivisionError), torch.device("meta"):
        1 / 0  # noqa: B018
    assert torch.get_default_device() == torch.device("cpu")


def test_default_device():
    torch.set_default_device("meta")
    try:
        assert torch.ones(2).is_meta
    finally:
        torch.set_default_device(None)
    assert torch.ones(2).is_cpu


def test_no_memory():
    """A terabyte of parameters, initialised and run, moves nothing."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with torch.device("meta"):
        layer = nn.Linear(1 << 19, 1 << 19)
        y = layer(torch.empty(1 << 16, 1 << 19))
    assert y.shape == (1 << 16, 1 << 19) and layer.weight.nbytes == 1 << 40
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 15  # kilobytes
    with pytest.raises(MemoryError, match="address space"):
        meta(1 << 60)


# What they look like -----------------------------------------------------------------------------

PRINTED = [
    (lambda: meta(3), "tensor(..., device='meta', size=(3,))"),
    (lambda: meta((), dtype=torch.int64), "tensor(..., device='meta', size=(), dtype=torch.int64)"),
    (lambda: meta(0), "tensor(..., device='meta', size=(0,))"),
    (
        lambda: meta(2).requires_grad_(),
        "tensor(..., device='meta', size=(2,), requires_grad=True)",
    ),
    (
        lambda: meta(2).requires_grad_() * 2,
        "tensor(..., device='meta', size=(2,), grad_fn=<MulBackward0>)",
    ),
    (
        lambda: nn.Linear(2, 1, device="meta").weight,
        "Parameter containing:\ntensor(..., device='meta', size=(1, 2), requires_grad=True)",
    ),
]  # fmt: skip


@pytest.mark.parametrize("make, text", PRINTED)
def test_printing(make, text):
    assert repr(make()) == text
    assert f"{meta(())}" == "tensor(..., device='meta', size=())"


REFUSED = {
    "item": (lambda x: x[0].item(), RuntimeError, r"Tensor.item\(\) cannot be called on meta"),
    "bool": (lambda x: bool(x[0]), RuntimeError, "cannot be called on meta tensors"),
    "float": (lambda x: float(x[0]), RuntimeError, "cannot be called on meta tensors"),
    "index": (lambda x: [1, 2][x.long()[0]], RuntimeError, "cannot be called on meta tensors"),
    "equal": (lambda x: torch.equal(x, x), RuntimeError, "meta tensors"),
    "tolist": (lambda x: x.tolist(), NotImplementedError, "Cannot copy out of meta tensor"),
    "numpy": (lambda x: x.numpy(), TypeError, "can't convert meta device type tensor to numpy"),
    "asarray": (np.asarray, TypeError, "can't convert meta device type tensor to numpy"),
    "cpu": (lambda x: x.cpu(), NotImplementedError, "Cannot copy out of meta tensor; no data!"),
    "to": (lambda x: x.to("cpu", torch.int64), NotImplementedError, "Cannot copy out of meta"),
    "copy": (lambda x: torch.ones(3).copy_(x), NotImplementedError, "Cannot copy out of meta"),
    "setitem": (lambda x: torch.ones(3).__setitem__(0, x[0]), NotImplementedError, "Cannot copy"),
    "nonzero": (lambda x: x.nonzero(), NotImplementedError, "depends on the values"),
    "mask": (lambda x: x[x > 0], NotImplementedError, "count the true elements of meta"),
    "masked_select": (lambda x: x.masked_select(x > 0), NotImplementedError, "on the values"),
    "unique": (lambda x: x.unique(), NotImplementedError, "depends on the values"),
    "one_hot": (lambda x: F.one_hot(x.long()), RuntimeError, "meta tensors"),
    "add": (lambda x: x + torch.ones(3), RuntimeError, "Tensor on device cpu is not on the exp"),
    "radd": (lambda x: torch.ones(3) + x, RuntimeError, "Tensor on device meta is not on the exp"),
    "add_": (lambda x: torch.ones(3).add_(x), RuntimeError, "device meta is not on the expected"),
    "out": (lambda x: torch.add(x, x, out=torch.ones(3)), RuntimeError, "not on the expected dev"),
    "linear": (lambda x: nn.Linear(3, 1)(x), RuntimeError, "is not on the expected device"),
    "cat": (lambda x: torch.cat([x, torch.ones(3)]), RuntimeError, "not on the expected device"),
    "view": (lambda x: x.expand(2, 3).t().view(6), RuntimeError, "view size is not compatible"),
    "mm": (lambda x: meta(2, 3) @ meta(2, 3), RuntimeError, "shapes cannot be multiplied"),
    "broadcast": (lambda x: x + meta(4), RuntimeError, r"size of tensor a \(3\) must match"),
    "inplace": (lambda x: x.add_(meta(2, 3)), RuntimeError, "doesn't match the broadcast shape"),
    "module": (lambda x: nn.Linear(2, 1, device="meta").to("cpu"), NotImplementedError, "to_empty"),
    "leaf": (lambda x: x.requires_grad_().add_(1), RuntimeError, "a leaf Variable that requires"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    """What needs values, or mixes devices, or does not fit, says so as PyTorch does."""
    do, error, words = REFUSED[name]
    with pytest.raises(error, match=words):
        do(meta(3))


def test_mixing_that_is_allowed():
    x, numbers = meta(3), torch.tensor([2, 0])
    assert (x + torch.tensor(2.0)).is_meta and (2 * x).is_meta
    assert x[numbers].shape == (2,) and x[torch.tensor([True, False, True])].shape == (2,)
    assert x.copy_(torch.ones(3)) is x
    x[0], x[numbers] = 1.0, 2.0
    assert x.is_meta and x._version == 3
    assert torch.add(x, x, out=meta(0)).shape == (3,)


# Geometry ----------------------------------------------------------------------------------------


def test_views():
    x = meta(4, 6)
    views = [x.t(), x[1:, ::2], x[2], x.view(2, 12), x.unsqueeze(0).expand(5, 4, 6), x.diagonal()]
    real = torch.empty(4, 6)
    twins = [
        real.t(), real[1:, ::2], real[2], real.view(2, 12),
        real.unsqueeze(0).expand(5, 4, 6), real.diagonal(),
    ]  # fmt: skip
    for v, r in zip(views, twins):
        assert (v.shape, v.stride(), v.storage_offset()) == (
            r.shape,
            r.stride(),
            r.storage_offset(),
        )
        assert v.is_meta and v._base is x
    version = x._version
    views[0].zero_()
    assert x._version == version + 1
    assert (x.t() + 1).stride() == (1, 6) and x.t().contiguous().stride() == (4, 1)
    assert x.data_ptr() == 0


def test_copies():
    x = meta(2, 3).t().requires_grad_()
    y = copy.deepcopy(x)
    assert y.is_meta and y.shape == (3, 2) and y.requires_grad
    assert torch.ones(2).to("meta").is_meta and x.to("meta") is x
    assert x.double().dtype == torch.float64 and x.detach().is_meta and x.data.is_meta


def test_pickles():
    x = meta(2, 3, dtype=torch.float64).t().requires_grad_()
    file = io.BytesIO()
    torch.save({"x": x, "w": nn.Linear(1, 2, device="meta").weight}, file)
    file.seek(0)
    loaded = torch.load(file)
    for y in (loaded["x"], pickle.loads(pickle.dumps(x))):
        assert y.is_meta and y.requires_grad
        assert (y.shape, y.stride(), y.dtype) == (x.shape, x.stride(), x.dtype)
    assert isinstance(loaded["w"], nn.Parameter) and loaded["w"].is_meta


# Modules -----------------------------------------------------------------------------------------


def net():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.5), nn.Flatten(), nn.Linear(8 * 8 * 8, 10),
    )  # fmt: skip


def test_modules():
    torch.manual_seed(0)
    state = torch.get_rng_state()
    with torch.device("meta"):
        model = net()
        y = model(torch.rand(2, 3, 16, 16))
    assert torch.equal(torch.get_rng_state(), state)  # neither initialisation nor dropout drew
    assert y.shape == (2, 10) and y.is_meta and y.requires_grad
    assert {p.device.type for p in (*model.parameters(), *model.buffers())} == {"meta"}
    moved = net().to("meta")
    assert all(p.is_meta and p.requires_grad for p in moved.parameters())
    model.to_empty(device="cpu").load_state_dict(net().state_dict())
    assert model.eval()(torch.rand(2, 3, 16, 16)).is_cpu


@pytest.mark.parametrize(
    "make, size",
    [
        (lambda: nn.LSTM(3, 4, 2, batch_first=True), (2, 5, 3)),
        (lambda: nn.TransformerEncoderLayer(8, 2, batch_first=True), (2, 5, 8)),
        (lambda: nn.Sequential(nn.GroupNorm(2, 4), nn.Upsample(scale_factor=2)), (1, 4, 3, 3)),
        (lambda: nn.Sequential(nn.LayerNorm(6), nn.GELU(), nn.Softmax(-1)), (2, 6)),
        (lambda: nn.ConvTranspose2d(2, 3, 3, stride=2, output_padding=1), (1, 2, 4, 4)),
    ],
)
def test_layers(make, size):
    def shapes(y):
        return [shapes(t) for t in y] if isinstance(y, tuple) else (y.shape, y.dtype)

    model = make().eval()
    with torch.no_grad():
        real = shapes(model(torch.rand(size)))
        assert shapes(model.to("meta")(meta(size))) == real


def test_backward():
    """Gradients follow the shape rules too."""
    model = net().to("meta")
    loss = F.cross_entropy(model(meta(2, 3, 16, 16)), torch.tensor([1, 2]).to("meta"))
    loss.backward()
    for p in model.parameters():
        assert p.grad.is_meta and p.grad.shape == p.shape and p.grad.dtype == p.dtype
