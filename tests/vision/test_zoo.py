"""The networks that torchvision has: structure, sizes, text and numbers are its own."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.vision import models
from flambeau.vision.models import densenet, inception, mobilenet, resnet, vgg

from .oracle import torch as reference
from .oracle import torchvision

COUNTS = {
    "alexnet": 61100840,
    "vgg11": 132863336,
    "vgg11_bn": 132868840,
    "vgg13": 133047848,
    "vgg13_bn": 133053736,
    "vgg16": 138357544,
    "vgg16_bn": 138365992,
    "vgg19": 143667240,
    "vgg19_bn": 143678248,
    "resnet18": 11689512,
    "resnet34": 21797672,
    "resnet50": 25557032,
    "resnet101": 44549160,
    "resnet152": 60192808,
    "resnext50_32x4d": 25028904,
    "resnext101_32x8d": 88791336,
    "resnext101_64x4d": 83455272,
    "wide_resnet50_2": 68883240,
    "wide_resnet101_2": 126886696,
    "densenet121": 7978856,
    "densenet161": 28681000,
    "densenet169": 14149480,
    "densenet201": 20013928,
    "squeezenet1_0": 1248424,
    "squeezenet1_1": 1235496,
    "mobilenet_v2": 3504872,
    "googlenet": 13004888,
    "inception_v3": 27161264,
}

# Options that change the structure; both sides are given the same.
VARIANTS = [
    ("alexnet", {"num_classes": 10, "dropout": 0.1}),
    ("vgg11", {"num_classes": 10, "dropout": 0.1}),
    ("resnet50", {"replace_stride_with_dilation": [False, True, True], "num_classes": 21}),
    ("densenet121", {"memory_efficient": True, "drop_rate": 0.2, "num_classes": 3}),
    ("squeezenet1_1", {"num_classes": 5, "dropout": 0.0}),
    ("mobilenet_v2", {"width_mult": 0.35, "num_classes": 5, "dropout": 0.0}),
    ("mobilenet_v2", {"width_mult": 1.4, "round_nearest": 4}),
    ("mobilenet_v2", {"inverted_residual_setting": [[1, 16, 1, 1], [6, 24, 2, 2]]}),
    ("googlenet", {"aux_logits": False, "num_classes": 7}),
    ("inception_v3", {"aux_logits": False, "num_classes": 7, "dropout": 0.1}),
]


def quiet(name):
    """What keeps torchvision from warning about its own initialisation."""
    return {"init_weights": True} if name in ("googlenet", "inception_v3") else {}


def pair_on_meta(name, options):
    with torch.device("meta"):
        ours = getattr(models, name)(**options)
    with reference.device("meta"):
        theirs = getattr(torchvision.models, name)(**options, **quiet(name))
    return ours, theirs


def count(model):
    return sum(p.numel() for p in model.parameters())


def described(model):
    return [(k, tuple(v.shape), str(v.dtype)) for k, v in model.state_dict().items()]


@pytest.mark.parametrize("name", COUNTS)
def test_structure(name):
    ours, theirs = pair_on_meta(name, {})
    assert count(ours) == COUNTS[name]
    assert described(ours) == described(theirs)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name, options", VARIANTS)
def test_options(name, options):
    ours, theirs = pair_on_meta(name, options)
    assert described(ours) == described(theirs)
    assert repr(ours) == repr(theirs)


def test_without_auxiliary_classifiers():
    with torch.device("meta"):
        assert count(models.googlenet(aux_logits=False)) == 6624904
        assert count(models.inception_v3(aux_logits=False)) == 23834568


def test_norm_layer():
    """Another normalisation, as a function of the number of channels."""
    with torch.device("meta"):
        ours = models.resnet18(norm_layer=lambda width: nn.GroupNorm(8, width))
    with reference.device("meta"):
        theirs = torchvision.models.resnet18(
            norm_layer=lambda width: reference.nn.GroupNorm(8, width)
        )
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name", COUNTS)
def test_sizes(name):
    """Scores come out of images of the size that the network was made for, and of another one."""
    with torch.device("meta"):
        model = getattr(models, name)(num_classes=7)
        size = models.input_size_of(name)
        outputs = model(torch.empty(2, *size))
        outputs = outputs if isinstance(outputs, tuple) else [outputs]
        assert all(y.shape == (2, 7) for y in outputs)
        assert model.eval()(torch.empty(1, 3, 256, 320)).shape == (1, 7)


# ------------------------------------------------------------------------------------ the numbers


def pair(name, dtype="float64", **options):
    """The same network on both sides, with the same parameters."""
    reference.manual_seed(0)
    theirs = getattr(torchvision.models, name)(**options, **quiet(name))
    with nn.init.skipped():
        ours = getattr(models, name)(**options)
    ours.load_state_dict({k: torch.from_numpy(v.numpy()) for k, v in theirs.state_dict().items()})
    return ours.to(getattr(torch, dtype)), theirs.to(getattr(reference, dtype))


def same(ours, theirs, atol=1e-4):
    ours, theirs = (y if isinstance(y, tuple) else (y,) for y in (ours, theirs))
    assert len(ours) == len(theirs)
    for ours_, theirs_ in zip(ours, theirs, strict=True):
        expected = theirs_.detach().numpy()
        assert np.abs(expected).max() > 0.01  # else equality would prove nothing
        assert np.allclose(ours_.detach().numpy(), expected, atol=atol, rtol=1e-4)


def images(size, dtype="float64", batch=2):
    return np.random.default_rng(0).standard_normal((batch, 3, size, size)).astype(dtype)


# float64 where batch statistics of few numbers magnify the rounding; float32 where there are none
@pytest.mark.parametrize(
    "name, size, dtype, options",
    [
        ("alexnet", 64, "float32", {"dropout": 0.0}),
        ("resnet18", 32, "float64", {}),
        ("resnext50_32x4d", 32, "float64", {}),
        ("densenet121", 32, "float64", {}),
        ("squeezenet1_0", 64, "float32", {"dropout": 0.0}),
        ("squeezenet1_1", 64, "float32", {"dropout": 0.0}),
        ("mobilenet_v2", 32, "float64", {"dropout": 0.0}),
        ("googlenet", 64, "float64", {"dropout": 0.0, "dropout_aux": 0.0, "transform_input": True}),
    ],
)
def test_same_scores(name, size, dtype, options):
    ours, theirs = pair(name, dtype, **options)
    x = images(size, dtype)
    same(ours.train()(torch.from_numpy(x)), theirs.train()(reference.from_numpy(x)))
    buffers = dict(theirs.named_buffers())
    for key, value in ours.named_buffers():  # running statistics were updated in the same way
        assert np.allclose(value.numpy(), buffers[key].numpy(), atol=1e-6)
    same(ours.eval()(torch.from_numpy(x)), theirs.eval()(reference.from_numpy(x)))


def test_same_scores_vgg():
    """Its convolutions; the linear layers after them are those of AlexNet."""
    theirs = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["A"], batch_norm=True)
    ours = vgg.make_layers(vgg.cfgs["A"], batch_norm=True)
    state = theirs.state_dict()
    ours.load_state_dict({key: torch.from_numpy(value.numpy()) for key, value in state.items()})
    x = images(32)
    same(ours.double()(torch.from_numpy(x)), theirs.double()(reference.from_numpy(x)))


def test_same_scores_inception():
    ours, theirs = pair("inception_v3", transform_input=True)
    x = images(75, batch=1)
    same(ours.eval()(torch.from_numpy(x)), theirs.eval()(reference.from_numpy(x)))
    aux, theirs_aux = ours.AuxLogits.train(), theirs.AuxLogits.train()
    x = np.random.default_rng(0).standard_normal((2, 768, 17, 17))
    same(aux(torch.from_numpy(x)), theirs_aux(reference.from_numpy(x)))


def test_same_gradients():
    ours, theirs = pair("resnet18")
    x = images(32)
    ours(torch.from_numpy(x)).pow(2).sum().backward()
    theirs(reference.from_numpy(x)).pow(2).sum().backward()
    expected = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        g = expected[name].grad.numpy()
        assert np.allclose(parameter.grad.numpy(), g, atol=1e-6 * np.abs(g).max(), rtol=1e-6), name


def test_memory_efficient_densenet():
    """Computing the concatenations again changes neither scores nor gradients."""
    torch.manual_seed(0)
    plain = densenet.DenseNet(4, (2, 2), 8, num_classes=3).double()
    saving = densenet.DenseNet(4, (2, 2), 8, num_classes=3, memory_efficient=True).double()
    saving.load_state_dict(plain.state_dict())
    x = torch.from_numpy(images(32))
    gradients = []
    for model in (plain, saving):
        inputs = x.clone().requires_grad_()
        model(inputs).pow(2).sum().backward()
        gradients.append([inputs.grad, *(p.grad for p in model.parameters())])
    for a, b in zip(*gradients, strict=True):
        assert torch.allclose(a, b)


# --------------------------------------------------------------------------------- initialisation


@pytest.mark.parametrize(
    "name",
    ["resnet18", "densenet121", "squeezenet1_1", "mobilenet_v2", "googlenet"],
)
def test_same_initialisation(name):
    """Each parameter has the mean and the deviation that torchvision gives it."""
    torch.manual_seed(0)
    reference.manual_seed(0)
    ours = dict(getattr(models, name)().named_parameters())
    theirs = getattr(torchvision.models, name)(**quiet(name))
    for key, parameter in theirs.named_parameters():
        a, b = ours[key].detach().numpy(), parameter.detach().numpy()
        if b.std() == 0:
            assert np.array_equal(a, b), key
        elif a.size > 500:
            # Quantiles: a truncated normal of 32 bits gives a number at its far bound now and then.
            spread = [np.quantile(np.abs(v.ravel()[:100_000]), (0.5, 0.9)) for v in (a, b)]
            assert np.allclose(*spread, rtol=6 / np.sqrt(min(a.size, 100_000))), key


@pytest.mark.parametrize(
    "kind, key, deviation",
    [
        ("InceptionAux", "fc.weight", 0.001),
        ("InceptionAux", "conv0.conv.weight", 0.1),
        ("InceptionD", "branch3x3_1.conv.weight", 0.1),
    ],
)
def test_initialisation_of_inception(kind, key, deviation):
    part = getattr(inception, kind)(*((64, 100) if kind == "InceptionAux" else (64,)))
    for module in part.modules():
        inception.initialise(module, std=0.1)
    assert abs(part.state_dict()[key].std().item() / deviation - 1) < 0.05


def test_initialisation_of_vgg():
    model = vgg.VGG.__new__(vgg.VGG)
    nn.Module.__init__(model)
    model.features = vgg.make_layers([16, "M", 32], batch_norm=True)
    convolution = model.features[0]
    for module in model.modules():
        vgg._initialise(module)
    assert abs(convolution.weight.std().item() / (2 / (16 * 9)) ** 0.5 - 1) < 0.2
    assert convolution.bias.abs().max() == 0
    linear = nn.Linear(200, 50)
    vgg._initialise(linear)
    assert abs(linear.weight.std().item() / 0.01 - 1) < 0.05


def test_zero_init_residual():
    model = resnet.ResNet(resnet.Bottleneck, [1, 1, 1, 1], zero_init_residual=True)
    assert model.layer1[0].bn3.weight.abs().max() == 0
    assert model.layer1[0].bn2.weight.min() == 1
    block = models.resnet18(zero_init_residual=True).layer1[0]
    x = torch.rand(1, 64, 4, 4)
    assert torch.equal(block(x), x)


# ---------------------------------------------------------------------------------------- outputs


def test_auxiliary_outputs():
    with torch.device("meta"):
        x = torch.empty(2, 3, 299, 299)
        google, three = models.googlenet(num_classes=5), models.inception_v3(num_classes=5)
        outputs = google(x)
        assert outputs._fields == ("logits", "aux_logits2", "aux_logits1")
        assert isinstance(outputs, models.GoogLeNetOutputs)
        assert three(x)._fields == ("logits", "aux_logits")
        assert isinstance(three(x), models.InceptionOutputs)
        assert google.eval()(x).shape == three.eval()(x).shape == (2, 5)
        assert models.googlenet(aux_logits=False)(x).shape == (2, 1000)


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda: resnet.BasicBlock(8, 8, groups=2), ValueError, "groups=1 and base_width=64"),
        (lambda: resnet.BasicBlock(8, 8, dilation=2), NotImplementedError, "Dilation > 1"),
        (
            lambda: models.resnet50(replace_stride_with_dilation=[True]),
            ValueError,
            "3-element tuple",
        ),
        (lambda: models.squeezenet.SqueezeNet("1_2"), ValueError, "Unsupported SqueezeNet version"),
        (lambda: mobilenet.InvertedResidual(8, 8, 3, 6), ValueError, "stride should be 1 or 2"),
        (
            lambda: models.mobilenet_v2(inverted_residual_setting=[]),
            ValueError,
            "inverted_residual_setting",
        ),
        (lambda: models.googlenet(blocks=[1]), ValueError, "blocks length should be 3"),
        (lambda: models.inception_v3(inception_blocks=[1]), ValueError, "should be 7"),
    ],
)
def test_refused(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_names():
    """Everything that torchvision's package offers for these networks is offered here."""
    files = ["alexnet", "vgg", "resnet", "densenet", "squeezenet", "mobilenetv2", "googlenet"]
    missing = []
    for file in [*files, "inception"]:
        with contextlib.suppress(ImportError):
            import importlib

            theirs = importlib.import_module(f"torchvision.models.{file}")
            missing += [n for n in theirs.__all__ if n[0] != "_" and not hasattr(models, n)]
    assert not missing
