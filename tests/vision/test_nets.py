"""Networks that torchvision lacks: counts as published, and what each paper says of its own."""

from __future__ import annotations

import gzip
import os
import pickle

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.vision import models
from flambeau.vision.models import book, cifar_resnet, wide_resnet_cifar

COUNTS = {
    "lenet5": 44_426,
    "course_net": 105_506,
    "nin": 966_986,
    "nin_imagenet": 7_595_176,
    "bn_inception": 11_295_240,
    "highway": 85_660,
    "resnet20": 269_722,
    "resnet32": 464_154,
    "resnet44": 658_586,
    "resnet56": 853_018,
    "resnet110": 1_727_962,
    "wide_resnet28_10": 36_479_194,
    "book_baseline": 18_090,
    "book_width": 38_386,
    "book_dropout": 38_386,
    "book_batch_norm": 38_482,
    "book_depth": 16_130,
    "book_res": 16_130,
    "book_res_deep": 75_810,
}
CLASSES = {"nin_imagenet": 1000, "bn_inception": 1000, "book": 2}


@pytest.mark.parametrize("name", COUNTS)
def test_count_and_size(name):
    """As published; shape rules alone say that images of its size become scores."""
    with torch.device("meta"):
        model = models.get_model(name)
        scores = model(torch.empty(2, *models.input_size_of(name)))
    assert sum(p.numel() for p in model.parameters()) == COUNTS[name]
    assert scores.shape == (2, CLASSES.get(name, CLASSES.get(name.split("_")[0], 10)))


@pytest.mark.parametrize(
    "name, options, size",
    [
        ("nin", {"num_classes": 4, "in_channels": 1}, (1, 32, 32)),
        ("bn_inception", {"num_classes": 4}, (3, 64, 64)),
        ("highway", {"num_classes": 4, "in_features": 60, "width": 20, "depth": 5}, (3, 4, 5)),
        ("resnet20", {"num_classes": 4}, (3, 32, 32)),
        *((name, {}, (3, 32, 32)) for name in COUNTS if name.startswith("book")),
    ],
)
def test_every_parameter_is_used(name, options, size):
    torch.manual_seed(0)
    model = models.get_model(name, **options)
    model(torch.randn(2, *size)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert any((p.grad != 0).any() for p in model.parameters())


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: models.highway(depth=0), "at least 1 hidden layer, not 0"),
        (lambda: wide_resnet_cifar.WideResNetCifar(depth=20), "10, 16, 22, ..., not 20"),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Network in network ---


def test_nin_is_a_perceptron_at_each_pixel():
    """What a block makes of a window, the same linear layers make of its numbers."""
    torch.manual_seed(0)
    model = models.nin().eval()
    block = list(model.features)[:6]
    x = torch.randn(1, 3, 5, 5)
    vector = x.flatten(1)
    for conv, activation in zip(block[::2], block[1::2]):
        weight = conv.weight.flatten(1)
        vector = activation(nn.functional.linear(vector, weight, conv.bias))
    y = nn.Sequential(*block)(x)
    torch.testing.assert_close(y[:, :, 2, 2], vector, rtol=1e-4, atol=1e-5)


# Highway ---


def test_highway_formula():
    torch.manual_seed(0)
    layer = models.HighwayLayer(4, gate_bias=-2.0, activation=torch.tanh)
    x = torch.randn(3, 4)
    h = torch.tanh(x @ layer.transform.weight.T + layer.transform.bias)
    t = torch.sigmoid(x @ layer.gate.weight.T + layer.gate.bias)
    torch.testing.assert_close(layer(x), h * t + x * (1 - t))
    assert (layer.gate.bias == -2).all()


def test_highway_lets_gradients_pass():
    """Fifty layers deep: with closed gates the first layer still learns, with open ones hardly."""
    norms = []
    for bias in (-4.0, 4.0):
        torch.manual_seed(0)
        model = models.highway(depth=50, gate_bias=bias)
        model(torch.randn(8, 784)).square().sum().backward()
        norms.append(model.plain.weight.grad.norm().item())
    assert norms[0] > 1e3 * norms[1]


# BN-Inception ---


def test_bn_inception_sizes():
    """The maps of figure 5 of the paper."""
    sizes = {}
    with torch.device("meta"):
        model = models.bn_inception()
        inside = model._apply_inception

        def recorded(x, name, *options):
            y = inside(x, name, *options)
            sizes[name] = tuple(y.shape[1:])
            return y

        model._apply_inception = recorded
        model(torch.empty(1, 3, 224, 224))
    assert sizes == {
        "3a": (256, 28, 28),
        "3b": (320, 28, 28),
        "3c": (576, 14, 14),
        "4a": (576, 14, 14),
        "4b": (576, 14, 14),
        "4c": (608, 14, 14),
        "4d": (608, 14, 14),
        "4e": (1056, 7, 7),
        "5a": (1024, 7, 7),
        "5b": (1024, 7, 7),
    }


def test_bn_inception_names():
    names = list(dict(models.bn_inception(num_classes=2).named_parameters()))
    assert len(names) == 2 * (69 + 69 + 1)
    assert {
        "conv1_7x7_s2.weight",
        "conv2_3x3_reduce_bn.bias",
        "inception_3a_1x1.weight",
        "inception_3c_double_3x3_2_bn.weight",
        "inception_5b_pool_proj.bias",
        "last_linear.weight",
    } <= set(names)
    assert "inception_4e_1x1.weight" not in names


def test_bn_inception_takes_the_file_from_caffe():
    """There the statistics of a channel lie in a row."""
    model = models.BNInception(num_classes=2)
    state = model.state_dict()
    rows = {k: v[None] if "_bn." in k and v.ndim == 1 else v for k, v in state.items()}
    assert rows["conv1_7x7_s2_bn.running_mean"].shape == (1, 64)
    assert str(model.load_state_dict(rows)) == "<All keys matched successfully>"


# Residual networks for CIFAR ---


@pytest.fixture(scope="module")
def cifar(shared_data):
    """The test images as bytes, and their classes."""
    raw = gzip.decompress((shared_data / "cifar10" / "test_batch.gz").read_bytes())
    batch = pickle.loads(raw, encoding="latin1")
    return torch.from_numpy(batch["data"].reshape(-1, 3, 32, 32)), np.array(batch["labels"])


def test_resnet20_reaches_its_published_accuracy(shared_data, cifar):
    """9,173 of the 10,000; the first 1,000 here, all with FLAMBEAU_FULL=1."""
    path = shared_data / "checkpoints" / "resnet20-12fca82f.th"
    weights = models.weights.recognise(path)
    assert weights is models.ResNet20_Weights.CIFAR10
    model, prepare = models.resnet20(weights=path).eval(), weights.transforms()
    images, labels = cifar
    full = bool(os.environ.get("FLAMBEAU_FULL"))
    right = 0
    with torch.no_grad():
        for start in range(0, 10_000 if full else 1_000, 250):
            scores = model(prepare(images[start : start + 250]))
            right += int((scores.argmax(1).numpy() == labels[start : start + 250]).sum())
    assert right == (9_173 if full else 915)


def test_shortcut_without_parameters():
    """Every other pixel, zeros in the channels that are new: before and after the old ones."""
    block = cifar_resnet.BasicBlock(2, 6, stride=2).eval()
    nn.init.zeros_(block.bn2.weight)
    x = torch.rand(1, 2, 4, 4)
    y = block(x)
    assert y.shape == (1, 6, 2, 2)
    assert torch.equal(y[:, 2:4], x[:, :, ::2, ::2])
    assert not y[:, :2].any() and not y[:, 4:].any()


@pytest.mark.parametrize(
    "depth, factor, published",
    [(40, 1, 0.6), (40, 2, 2.2), (40, 4, 8.9), (40, 8, 35.7), (28, 10, 36.5), (28, 12, 52.5)]
    + [(22, 8, 17.2), (22, 10, 26.8), (16, 8, 11.0), (16, 10, 17.1)],
)
def test_wide_residual_networks(depth, factor, published):
    """Table 4 of the paper: millions of parameters."""
    with torch.device("meta"):
        model = wide_resnet_cifar.WideResNetCifar(depth, factor)
    count = sum(p.numel() for p in model.parameters())
    assert abs(count / 1e6 - published) <= 0.06
    assert sum(isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3) for m in model.modules()) == (
        depth - 3
    )


def test_wide_block_in_pytorch():
    """The same text with the other framework's functions gives the same numbers."""
    reference = pytest.importorskip("torch", reason="PyTorch is the reference: not installed")
    torch.manual_seed(0)
    block = wide_resnet_cifar.WideBlock(3, 5, stride=2, dropout=0.0).eval()
    p = {k: reference.from_numpy(v.numpy().copy()) for k, v in block.state_dict().items()}
    f = reference.nn.functional
    x = torch.randn(2, 3, 8, 8)

    def normed(x, name):
        parts = (p[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return f.relu(f.batch_norm(x, *parts))

    y = normed(reference.from_numpy(x.numpy()), "bn1")
    shortcut = f.conv2d(y, p["convShortcut.weight"], stride=2)
    y = normed(f.conv2d(y, p["conv1.weight"], stride=2, padding=1), "bn2")
    y = f.conv2d(y, p["conv2.weight"], padding=1) + shortcut
    assert np.allclose(block(x).detach().numpy(), y.numpy(), atol=1e-5)


def test_wide_dropout_is_off_in_evaluation():
    torch.manual_seed(0)
    block = wide_resnet_cifar.WideBlock(2, 2, stride=1, dropout=0.5)
    x = torch.randn(1, 2, 6, 6)
    assert not torch.equal(block(x), block(x))
    block.eval()
    assert torch.equal(block(x), block(x))


# The book's nets ---


def test_names_of_the_book():
    names = {
        "Net": "conv1 conv2 fc1 fc2",
        "NetWidth": "conv1 conv2 fc1 fc2",
        "NetDropout": "conv1 conv1_dropout conv2 conv2_dropout fc1 fc2",
        "NetBatchNorm": "conv1 conv1_batchnorm conv2 conv2_batchnorm fc1 fc2",
        "NetDepth": "conv1 conv2 conv3 fc1 fc2",
        "NetRes": "conv1 conv2 conv3 fc1 fc2",
        "NetResDeep": "conv1 resblocks fc1 fc2",
    }
    for net, children in names.items():
        assert list(dict(getattr(book, net)().named_children())) == children.split()


def test_blocks_of_the_book():
    """One block many times, as its program has it, or as many blocks, as its text says."""
    shared, own = book.NetResDeep(n_blocks=3), book.NetResDeep(n_blocks=3, shared=False)
    assert len({id(block) for block in shared.resblocks}) == 1
    assert len({id(block) for block in own.resblocks}) == 3
    assert "resblocks.2.conv.weight" in shared.state_dict()
    block = shared.resblocks[0]
    assert (block.batch_norm.weight == 0.5).all() and not block.batch_norm.bias.any()
    assert block.conv.bias is None
    assert block.conv.weight.std().item() == pytest.approx((2 / (32 * 9)) ** 0.5, rel=0.05)


def test_the_skip_connection_is_all_that_differs():
    depth, res = book.NetDepth(), book.NetRes()
    res.load_state_dict(depth.state_dict())
    nn.init.zeros_(res.conv3.weight), nn.init.zeros_(res.conv3.bias)
    x = torch.rand(1, 16, 8, 8)
    assert torch.equal(res.third(x), x)
    assert torch.equal(depth.third(x), torch.relu(depth.conv3(x)))


def test_the_book_s_trained_net(shared_data):
    """0.89 of the validation images; here the first 400."""
    model = book.Net().eval()
    path = shared_data / "checkpoints" / "birds_vs_airplanes.pt"
    model.load_state_dict(torch.load(path, map_location="cpu"))
    data = np.load(shared_data / "cifar10" / "cifar2_birds_airplanes.npz")
    mean = np.array([0.4915, 0.4823, 0.4468], np.float32)[:, None, None]
    std = np.array([0.2470, 0.2435, 0.2616], np.float32)[:, None, None]
    images = (data["val_x"][:400].reshape(-1, 3, 32, 32) / 255.0 - mean) / std
    with torch.no_grad():
        found = model(torch.from_numpy(images.astype(np.float32))).argmax(1).numpy()
    assert (found == data["val_y"][:400]).mean() == pytest.approx(0.89, abs=0.03)
