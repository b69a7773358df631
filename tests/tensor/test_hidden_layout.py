"""Feature maps lie channels last and nobody notices: all that looks, against PyTorch."""

from __future__ import annotations

import copy
import gc
import io
import pickle
import weakref

import numpy as np
import pytest

pytorch = pytest.importorskip("torch", reason="the oracle")
pytest.importorskip("flambeau.backend.native._runtime", reason="the C++ runtime is not built")

import flambeau
from flambeau.backend import native
from flambeau.tensor.storage import HiddenStorage

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 3, 8, 8)).astype(np.float32)
W = RNG.standard_normal((4, 3, 3, 3)).astype(np.float32)
BOTH = (flambeau, pytorch)


@pytest.fixture(autouse=True)
def _runtime_on(monkeypatch):
    monkeypatch.setattr(native, "enabled", True)


def conv(torch, x=None, requires_grad=False):
    """A convolution's result (2, 4, 8, 8)."""
    x = torch.from_numpy(X.copy()) if x is None else x
    w = torch.from_numpy(W.copy()).requires_grad_(requires_grad)
    return torch.nn.functional.conv2d(x, w, padding=1)


def pooled(torch, y):
    return torch.nn.functional.max_pool2d(y, 2)


def normed(torch, y):
    return torch.nn.functional.batch_norm(y, None, None, training=True)


def averaged(torch, y):
    return torch.nn.functional.avg_pool2d(y, 2)


MAPS = {
    "conv": conv,
    "relu": lambda torch: conv(torch).relu(),
    "pool": lambda torch: pooled(torch, conv(torch)),
    "average": lambda torch: averaged(torch, conv(torch)),
    "norm": lambda torch: normed(torch, conv(torch)),
    "residual": lambda torch: conv(torch) + normed(torch, conv(torch)),
    "scaled": lambda torch: 2 * conv(torch) * torch.linspace(0, 1, 4).reshape(4, 1, 1) - 1,
    "in place": lambda torch: conv(torch).relu_().add_(1).mul_(conv(torch)),
    "joined": lambda torch: torch.cat([conv(torch), conv(torch).tanh()], 1),
    "chosen": lambda torch: torch.where(conv(torch) > 0, conv(torch), 0.0),
    "clamped": lambda torch: conv(torch).clamp(-1, 1).sigmoid(),
    "normed in evaluation": lambda torch: torch.nn.functional.batch_norm(
        conv(torch), torch.zeros(4), torch.ones(4)
    ),
    "detached": lambda torch: conv(torch).detach().exp(),
}


X3 = RNG.standard_normal((2, 3, 4, 5, 6)).astype(np.float32)
W3 = RNG.standard_normal((4, 3, 3, 3, 3)).astype(np.float32)


def volume(torch, dtype=None):
    """A convolution's result (2, 4, 4, 5, 6)."""
    x, w = (torch.from_numpy(a.copy()).to(dtype or torch.float32) for a in (X3, W3))
    return torch.nn.functional.conv3d(x, w, padding=1)


def line(torch):
    x = torch.from_numpy(X[:, :, 0].copy())
    return torch.nn.functional.conv1d(x, torch.from_numpy(W[:, :, 0].copy()), padding=1)


OTHER_RANKS = {
    "one dimension": line,
    "three dimensions": volume,
    "of float64": lambda torch: volume(torch, torch.float64),
    "norm": lambda torch: normed(torch, volume(torch)),
    "residual": lambda torch: (volume(torch) + normed(torch, volume(torch))).relu_(),
    "joined": lambda torch: torch.cat([volume(torch), volume(torch).tanh()], 1),
    "transposed": lambda torch: torch.nn.functional.conv_transpose3d(
        volume(torch), torch.from_numpy(W3.copy()), torch.linspace(0, 1, 3), stride=2
    ),
}


def is_hidden(t) -> bool:
    return t._storage.hidden is not None


@pytest.mark.parametrize("name", MAPS)
def test_stays_hidden(name):
    """Nothing in these chains lays the maps out."""
    y = MAPS[name](flambeau)
    if name not in ("pool", "average"):  # without kernels of their own they come out contiguous
        assert is_hidden(y)
    assert type(y.shape) is flambeau.Size and y.dtype is flambeau.float32
    assert y.ndim == y.dim() == 4 and y.numel() == y.nelement() and y.size(1) == y.shape[1]
    assert y.element_size() == y.itemsize == 4 and y.nbytes == 4 * y.numel()
    assert y.is_contiguous() and not y.is_contiguous(memory_format=flambeau.channels_last)
    assert y.contiguous() is y and y.float() is y and y.to("cpu") is y
    assert (
        y.device.type == "cpu" and not y.is_meta and y.is_floating_point() and not y.requires_grad
    )
    assert y.is_leaf and y._version == (3 if name == "in place" else 0)
    if name not in ("pool", "average"):
        assert is_hidden(y)
    assert y.stride() == MAPS[name](pytorch).stride()
    assert not is_hidden(y) and y._array.flags.c_contiguous


@pytest.mark.parametrize("name", OTHER_RANKS)
def test_other_ranks(name):
    """Sequences and volumes are hidden like maps, and look as contiguous."""
    y, want = OTHER_RANKS[name](flambeau), OTHER_RANKS[name](pytorch)
    assert is_hidden(y) and y.is_contiguous() and y.shape == want.shape
    assert is_hidden(y.exp()) and is_hidden(y)
    same(plain([y.sum((2,)), y.mean(1)]), plain([want.sum((2,)), want.mean(1)]))
    assert y.stride() == want.stride() and not is_hidden(y)
    same(
        plain([y, y.view(2, -1)[:, 7], y[1, 2]]), plain([want, want.view(2, -1)[:, 7], want[1, 2]])
    )


def test_volumes_channels_last():
    """What the user laid out channels last in three dimensions stays so."""

    def program(torch):
        x, w = torch.from_numpy(X3.copy()), torch.from_numpy(W3.copy())
        y = torch.nn.functional.conv3d(x.to(memory_format=torch.channels_last_3d), w, padding=1)
        return [y.relu().stride(), plain(y.relu())]

    same(program(flambeau), program(pytorch))


LOOKS = {
    "stride": lambda torch, y: y.stride(),
    "stride of a dimension": lambda torch, y: y.stride(1),
    "contiguity": lambda torch, y: (
        y.is_contiguous(),
        y.is_contiguous(memory_format=torch.channels_last),
    ),
    "offset": lambda torch, y: (y.storage_offset(), y[1:, 1].storage_offset()),
    "storage": lambda torch, y: y.untyped_storage().nbytes(),
    "view": lambda torch, y: y.view(y.shape[0], -1),
    "view of all": lambda torch, y: y.view(-1),
    "reshape": lambda torch, y: y.reshape(-1, 4),
    "flatten": lambda torch, y: y.flatten(1),
    "unflatten": lambda torch, y: y.unflatten(1, (2, -1)),
    "numpy": lambda torch, y: y.numpy().strides,
    "array": lambda torch, y: np.asarray(y).flags.c_contiguous,
    "list": lambda torch, y: y.tolist(),
    "element": lambda torch, y: y[1, 2, 0, 1].item(),
    "slices": lambda torch, y: (y[:, 1:3, ::2], y[:, 1:3, ::2].stride()),
    "mask": lambda torch, y: y[y > 0],
    "index": lambda torch, y: y[:, torch.tensor([2, 0])].stride(),
    "permute": lambda torch, y: (
        y.permute(0, 2, 3, 1).stride(),
        y.permute(0, 2, 3, 1).contiguous().stride(),
    ),
    "transpose": lambda torch, y: y.transpose(1, 3).stride(),
    "expand": lambda torch, y: y[:1].expand(3, -1, -1, -1).stride(),
    "as_strided": lambda torch, y: torch.as_strided(y, (3, 5), (7, 2), 1),
    "unfold": lambda torch, y: y.unfold(2, 2, 1).stride(),
    "diagonal": lambda torch, y: torch.diagonal(y, 0, 2, 3).stride(),
    "split": lambda torch, y: [p.stride() for p in y.split(2, 1)],
    "unbind": lambda torch, y: [p.stride() for p in y],
    "squeeze": lambda torch, y: y[:, :1].squeeze().stride(),
    "new axis": lambda torch, y: y.unsqueeze(0).stride(),
    "view as integers": lambda torch, y: y.view(torch.int32).stride(),
    "clone": lambda torch, y: (y.clone(), y.clone().stride()),
    "channels last": lambda torch, y: y.contiguous(memory_format=torch.channels_last).stride(),
    "clone channels last": lambda torch, y: y.clone(memory_format=torch.channels_last).stride(),
    "to channels last": lambda torch, y: y.to(memory_format=torch.channels_last).stride(),
    "like": lambda torch, y: (
        torch.zeros_like(y).stride(),
        torch.empty_like(y).stride(),
        torch.rand_like(y).stride(),
    ),
    "double": lambda torch, y: (y.double(), y.double().stride()),
    "sum": lambda torch, y: (
        y.sum((2, 3)),
        y.sum((2, 3)).stride(),
        y.mean(0).stride(),
        y.amax(1, keepdim=True).stride(),
    ),
    "argmax": lambda torch, y: (y.argmax(1), y.argmax(), y.argmax(1).stride()),
    "softmax": lambda torch, y: (y.softmax(1), y.softmax(1).stride()),
    "matmul": lambda torch, y: (y @ y.transpose(2, 3)).stride(),
    "with rows": lambda torch, y: (
        y * torch.ones(y.shape[3]),
        (y + torch.ones(y.shape[2:]).t()).stride(),
    ),
    "comparison": lambda torch, y: (y > 0, (y > 0).stride(), (y > 0).view(-1).sum()),
    "with a contiguous one": lambda torch, y: (y + torch.ones(y.shape)).stride(),
    "with a channels last one": lambda torch, y: (
        y + torch.ones(y.shape).contiguous(memory_format=torch.channels_last)
    ).stride(),
    "write": lambda torch, y: (y.view(-1)[3:5].fill_(7), y, y.flatten()[3].item()),
    "write through a view": lambda torch, y: [(v := y[:, 1]), v.zero_(), y][2],
    "write after a detach": lambda torch, y: [
        (d := y.detach()),
        d.add_(1),
        d.view(-1)[0].item(),
        y.view(-1)[:3],
    ],
    "write before a view of a twin": lambda torch, y: [
        (d := y.detach()),
        y.view(-1),
        d.mul_(3),
        y,
        d.view(-1)[:5],
    ],
    "set an item": lambda torch, y: [y.__setitem__((0, 1), 5.0), y.__setitem__(y > 1, 0.5), y][2],
    "copy": lambda torch, y: (torch.zeros(y.shape).copy_(y), y.copy_(torch.ones(y.shape[1:]))),
    "data": lambda torch, y: (y.data.view(-1)[:4], y.data.stride()),
    "data written": lambda torch, y: [y.data.mul_(2), y, y._version][1:],
    "deep copy": lambda torch, y: (copy.deepcopy(y), copy.deepcopy(y).stride()),
    "copy of the handle": lambda torch, y: copy.copy(y).stride(),
    "resize": lambda torch, y: y.resize_(2, 3),
    "transposed in place": lambda torch, y: y.transpose_(1, 2).stride(),
    "parameter": lambda torch, y: torch.nn.Parameter(y).stride(),
    "leaf": lambda torch, y: y.requires_grad_().stride(),
    "dlpack": lambda torch, y: torch.from_dlpack(y).stride(),
    "printed": lambda torch, y: repr(y),
    "iteration": lambda torch, y: [float(p.sum()) > 0 for p in y],
    "length": lambda torch, y: len(y),
    "set data": lambda torch, y: [
        (p := torch.zeros(1)),
        setattr(p, "data", y),
        p.stride(),
        p.view(-1)[:2],
    ][2:],
    "out": lambda torch, y: torch.add(y, 1, out=torch.empty(y.shape)).stride(),
    "out into it": lambda torch, y: [torch.add(y.detach(), 1, out=y), y][1],
    "stack": lambda torch, y: (torch.stack([y, y]).stride(), torch.cat([y, y]).stride()),
    "interpolate": lambda torch, y: torch.nn.functional.interpolate(y, scale_factor=2).stride(),
    "pad": lambda torch, y: torch.nn.functional.pad(y, (1, 1)).stride(),
    "dropout": lambda torch, y: torch.nn.functional.dropout(y, 0.5).stride(),
    "layer norm": lambda torch, y: torch.nn.functional.layer_norm(y, y.shape[1:]).stride(),
    "group norm": lambda torch, y: torch.nn.functional.group_norm(y, 2).stride(),
    "conv again": lambda torch, y: torch.nn.functional.conv2d(
        y, torch.ones(2, y.shape[1], 1, 1)
    ).stride(),
    "conv to a pixel": lambda torch, y: torch.nn.functional.conv2d(
        y, torch.ones(2, *y.shape[1:])
    ).stride(),
    "conv to one channel": lambda torch, y: torch.nn.functional.conv2d(
        y, torch.ones(1, y.shape[1], 1, 1)
    ).stride(),
    "shuffle": lambda torch, y: torch.nn.functional.pixel_shuffle(y[:, :4], 2).stride(),
    "global mean": lambda torch, y: torch.nn.functional.adaptive_avg_pool2d(y, 1).stride(),
}


def plain(value):
    """A value of either framework as NumPy and Python know it."""
    if isinstance(value, (flambeau.Tensor, pytorch.Tensor)):
        return value.detach().numpy()
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    return value


def same(ours, theirs):
    """Whether two results agree, numbers up to rounding."""
    if isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            same(a, b)
    elif isinstance(theirs, (np.ndarray, float)):
        assert np.shape(ours) == np.shape(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    else:
        assert ours == theirs


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ["conv", "pool", "norm", "residual", "in place"])
def test_looks(name, look):
    if look == "printed":
        y = MAPS[name](flambeau)
        twin = flambeau.from_numpy(MAPS[name](flambeau).numpy())
        assert repr(y) == repr(twin) and f"{y[0, 0, 0, 0]:.3f}" == f"{twin[0, 0, 0, 0]:.3f}"
        return
    same(*[plain(LOOKS[look](torch, MAPS[name](torch))) for torch in BOTH])


def test_addresses_stay():
    """Once somebody has seen an address it is the address."""
    y = conv(flambeau)
    twin = y.detach()
    assert is_hidden(y) and is_hidden(twin)
    address = y.data_ptr()
    assert not is_hidden(twin) and twin.data_ptr() == address == y.numpy().ctypes.data
    y.relu_()
    assert y.data_ptr() == y.view(-1).data_ptr() == address
    assert np.shares_memory(y.numpy(), twin.numpy())


def test_pickles_and_files():
    y = conv(flambeau)
    want = conv(flambeau).numpy()
    for made in (
        pickle.loads(pickle.dumps(y)),
        pickle.loads(pickle.dumps([conv(flambeau).detach(), 1]))[0],
    ):
        assert made.stride() == (256, 64, 8, 1) and (made.numpy() == want).all()
    file = io.BytesIO()
    flambeau.save({"y": conv(flambeau)}, file)
    file.seek(0)
    loaded = pytorch.load(file)["y"]
    assert loaded.stride() == (256, 64, 8, 1) and (loaded.numpy() == want).all()


def test_attributes_that_do_not_exist():
    y = conv(flambeau)
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        y.colour  # noqa: B018
    assert not hasattr(y, "colour") and is_hidden(y)
    y.colour = "red"
    assert y.colour == "red" and is_hidden(y)


def gradients(torch, look_at=lambda t: None):
    """A small net backward, its maps looked at on the way; gradients of all that can have one."""
    x = torch.from_numpy(X.copy()).requires_grad_()
    w = torch.from_numpy(W.copy()).requires_grad_()
    scale = torch.linspace(0.5, 1.5, 4).requires_grad_()
    y = torch.nn.functional.conv2d(x, w, padding=1)
    look_at(y)
    z = torch.nn.functional.batch_norm(y, None, None, scale, training=True)
    look_at(z)
    z = torch.nn.functional.max_pool2d(torch.tanh(z) + y, 2)
    look_at(z)
    loss = (z.view(2, -1).square() * torch.linspace(0, 1, 64)).sum()
    look_at(y)
    loss.backward()
    return [x.grad, w.grad, scale.grad]


@pytest.mark.parametrize("look", ["nothing", "strides", "twins", "numbers"])
def test_gradients(look):
    """What is saved for the backward pass is right, also if the map was laid out meanwhile."""
    looks = {
        "nothing": lambda t: None, "strides": lambda t: t.stride(),
        "twins": lambda t: t.detach().view(-1).sum(), "numbers": lambda t: t.detach().numpy(),
    }  # fmt: skip
    for ours, theirs in zip(gradients(flambeau, looks[look]), gradients(pytorch)):
        same(plain(ours), plain(theirs))
        assert ours.stride() == theirs.stride() and ours.is_contiguous()


def test_hooks_and_retained_gradients():
    def program(torch):
        seen = []
        y = conv(torch, requires_grad=True)
        y.register_hook(
            lambda g: seen.append((g.stride(), g.is_contiguous(), g.view(2, -1).sum(1)))
        )
        y.register_hook(lambda g: g.relu() * 2)
        y.retain_grad()
        z = torch.nn.functional.relu(y)
        z.register_hook(lambda g: seen.append(g.view(-1)[0].item()))
        z.grad_fn.register_hook(lambda into, out: seen.append((into[0].stride(), out[0].stride())))
        (z * torch.linspace(-1, 1, 8)).sum().backward()
        (g,) = torch.autograd.grad(
            conv(torch, (x := torch.from_numpy(X.copy()).requires_grad_())).sum(), x
        )
        return [plain(list(seen)), plain(y.grad), y.grad.stride(), plain(g), g.stride()]

    same(program(flambeau), program(pytorch))


def test_a_hook_that_writes():
    """A gradient changed in place by a hook is the gradient that flows on."""

    def program(torch):
        y = conv(torch, x := torch.from_numpy(X.copy()).requires_grad_())
        z = y.tanh()
        y.register_hook(lambda g: g.mul_(3))
        z.sum().backward()
        return x.grad.numpy()

    same(program(flambeau), program(pytorch))


def test_saved_tensors():
    """A map that was saved and then written to is refused, in whichever order it is looked at."""
    for look in (lambda t: None, lambda t: t.stride()):
        for torch in BOTH:
            y = conv(torch, requires_grad=True)
            z = y.sin()
            look(y)
            with torch.no_grad():
                y.mul_(2)
            look(y)
            with pytest.raises(RuntimeError, match="modified by an inplace operation"):
                z.sum().backward()


def test_in_place_in_a_graph():
    def program(torch):
        w = torch.from_numpy(W.copy()).requires_grad_()
        y = torch.nn.functional.conv2d(torch.from_numpy(X.copy()), w, padding=1)
        z = torch.nn.functional.hardtanh(y.mul_(2), inplace=True).sin()
        z += normed(torch, conv(torch))
        v = z[:, 1]
        v *= 2
        z.view(-1)[5] = 0
        z.square().sum().backward()
        return [w.grad.numpy(), z.detach().numpy(), z._version, w.grad.stride()]

    same(program(flambeau), program(pytorch))


def test_pack_hooks():
    """Saved maps handed to hooks look contiguous."""
    seen = []

    def pack(t):
        seen.append(
            (t.shape, t.is_contiguous(), t.stride() == tuple(np.empty(t.shape, np.uint8).strides))
        )
        return t

    w = flambeau.tensor(W).requires_grad_()
    with flambeau.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        z = pooled(flambeau, conv(flambeau).mul(w.sum()).tanh())
        z.sum().backward()
    assert seen and all(contiguous and strides for _, contiguous, strides in seen)
    assert w.grad is not None


def test_second_derivatives():
    def program(torch, look):
        x = torch.from_numpy(X.copy()).requires_grad_()
        y = conv(torch, x)
        z = y.tanh() * y
        (g,) = torch.autograd.grad(z.sum(), y, create_graph=True)
        look(y), look(g)
        h = (g * g).sum()
        (gg,) = torch.autograd.grad(h, x)
        return [plain(g), g.stride(), plain(gg), gg.stride()]

    want = program(pytorch, lambda t: None)
    same(program(flambeau, lambda t: None), want)
    same(program(flambeau, lambda t: t.view(-1)), want)


def test_custom_functions():
    def program(torch):
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = x * x
                ctx.save_for_backward(x, y)
                return y

            @staticmethod
            def backward(ctx, g):
                x, y = ctx.saved_tensors
                return g * (2 * x) + 0 * y.view(-1)[0], x.stride() and None

        class Fixed(Square):
            @staticmethod
            def backward(ctx, g):
                return Square.backward(ctx, g)[0]

        x = torch.from_numpy(X.copy()).requires_grad_()
        Fixed.apply(conv(torch, x)).sum().backward()
        return x.grad.numpy()

    same(program(flambeau), program(pytorch))


def test_memory_is_not_held_twice():
    """The order in which it lay goes when it is laid out."""
    y = conv(flambeau)
    lay = weakref.ref(y._storage.hidden)
    y.view(-1)
    gc.collect()
    assert lay() is None


def test_inference_and_no_grad():
    for mode in (flambeau.inference_mode, flambeau.no_grad):
        with mode():
            y = pooled(flambeau, conv(flambeau).relu_())
            assert y.view(2, -1).shape == (2, 64)


VISIBLE = {
    "conv": lambda torch, x, w: torch.nn.functional.conv2d(x, w, padding=1),
    "conv to one channel": lambda torch, x, w: torch.nn.functional.conv2d(x, w[:1], padding=1),
    "conv of a hidden one": lambda torch, x, w: torch.nn.functional.conv2d(
        conv(torch), torch.ones(2, 4, 3, 3).contiguous(memory_format=torch.channels_last)),
    "relu": lambda torch, x, w: torch.nn.functional.conv2d(x, w, padding=1).relu(),
    "pool": lambda torch, x, w: pooled(torch, torch.nn.functional.conv2d(x, w, padding=1)),
    "average": lambda torch, x, w: averaged(torch, x),
    "norm": lambda torch, x, w: normed(torch, torch.nn.functional.conv2d(x, w, padding=1)),
    "residual": lambda torch, x, w: conv(torch) + torch.nn.functional.conv2d(x, w, padding=1),
    "in place": lambda torch, x, w: x.clone().mul_(2).relu_(),
}  # fmt: skip


@pytest.mark.parametrize("name", VISIBLE)
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("images", [True, False])
def test_visible_channels_last(name, weights, images):
    """What the user laid out channels last says so, and so does what is computed from it."""

    def program(torch):
        x, w = torch.from_numpy(X.copy()), torch.from_numpy(W.copy())
        x = x.contiguous(memory_format=torch.channels_last) if images else x
        w = w.contiguous(memory_format=torch.channels_last) if weights else w
        y = VISIBLE[name](torch, x, w)
        return [
            y.numpy(),
            y.is_contiguous(memory_format=torch.channels_last),
            y.is_contiguous(),
            y.stride(),
        ]

    same(program(flambeau), program(pytorch))


def test_visible_model():
    def program(torch):
        torch.manual_seed(0)
        nn = torch.nn
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3))
        with torch.no_grad():
            for i, p in enumerate(model.parameters()):
                p.copy_(torch.linspace(-1, 1, p.numel()).reshape(p.shape) + 0.1 * i)
        model = model.to(memory_format=torch.channels_last)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        x = torch.from_numpy(X.copy()).contiguous(memory_format=torch.channels_last)
        for _ in range(2):
            y = model(x)
            optimizer.zero_grad()
            y.square().mean().backward()
            optimizer.step()
        strides = [(p.stride(), p.grad.stride()) for p in model.parameters()]
        return [strides, y.stride(), y.detach().numpy()]

    same(program(flambeau), program(pytorch))


@pytest.mark.parametrize("rank", [2, 3])
def test_a_network_lays_nothing_out(monkeypatch, rank):
    """Forward and backward of a residual net transpose its maps nowhere but at the end."""
    laid = []
    get = HiddenStorage.whole
    monkeypatch.setattr(
        HiddenStorage, "whole", lambda self: laid.append(self.hidden.shape) or get(self)
    )
    nn = flambeau.nn
    conv, norm = (nn.Conv2d, nn.BatchNorm2d) if rank == 2 else (nn.Conv3d, nn.BatchNorm3d)
    body = nn.Sequential(conv(4, 4, 3, padding=1), norm(4), nn.ReLU(inplace=True), conv(4, 4, 1))
    first, last = conv(3, 4, 3), nn.Linear(4, 2)
    y = first(flambeau.tensor(X if rank == 2 else X3))
    y = flambeau.relu(body(y) + y)
    y = body(y)
    y += flambeau.relu(y)
    last(y.mean(tuple(range(2, y.ndim)))).sum().backward()
    assert not laid
