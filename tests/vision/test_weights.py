"""Published weights: found by name, path, address and content; fitting, or an error that helps."""

from __future__ import annotations

import copy
import hashlib
import inspect
import math
import os
import pickle
import typing

import pytest

import flambeau as torch
from flambeau import nn
from flambeau.io import CheckpointError
from flambeau.vision import models
from flambeau.vision.datasets import DataFileError
from flambeau.vision.models import checkpoints, weights
from flambeau.vision.models.presets import ImageClassification


class Tiny(nn.Module):
    """A network with a head that files may have in vain."""

    def __init__(self, num_classes=2, padding=0, head=True):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 1, padding=padding)
        self.aux = nn.Linear(3, num_classes) if head else None
        self.fc = nn.Linear(3, num_classes)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A published network: (builder, its weights, the published state, the published file)."""
    monkeypatch.setenv("FLAMBEAU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(weights, "_KINDS", dict(weights._KINDS))
    state = Tiny().state_dict()
    made = tmp_path / "made.pth"
    torch.save(state, made)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    file = made.rename(tmp_path / f"tiny-{digest[:8]}.pth")

    class Tiny_Weights(weights.WeightsEnum):
        V1 = weights.Weights(
            file.as_uri(),
            ImageClassification,
            {"categories": lambda: ["a", "b"]},
            options={"head": False, "padding": 1},
            droppable=("aux.",),
        )
        DEFAULT = V1

    builder = weights.published(Tiny_Weights)(lambda **options: Tiny(**options))
    return builder, Tiny_Weights, state, file


def loaded(model, state):
    return all(torch.equal(v, state[k]) for k, v in model.state_dict().items())


# --------------------------------------------------------------------------------- ways to say it


@pytest.mark.parametrize(
    "ask",
    [
        lambda build, kind, file: build(True),
        lambda build, kind, file: build(True, False),
        lambda build, kind, file: build(pretrained=True),
        lambda build, kind, file: build(pretrained=True, progress=False),
        lambda build, kind, file: build(weights=kind.V1),
        lambda build, kind, file: build(weights=kind.DEFAULT),
        lambda build, kind, file: build(weights="V1"),
        lambda build, kind, file: build(weights="DEFAULT"),
        lambda build, kind, file: build(weights="Tiny_Weights.V1"),
        lambda build, kind, file: build(weights=file),
        lambda build, kind, file: build(weights=str(file)),
        lambda build, kind, file: build(weights=file.as_uri()),
        lambda build, kind, file: build(weights=True, num_classes=2),
    ],
)
def test_ways_to_ask(tiny, ask):
    build, kind, state, file = tiny
    model = ask(build, kind, file)
    assert loaded(model, state)
    assert model.conv.padding == (1, 1) and model.aux is None  # what the recipe asks for


@pytest.mark.parametrize("nothing", [{}, {"weights": None}, {"weights": False}])
def test_no_weights(tiny, nothing):
    build, _, state, _ = tiny
    model = build(**nothing)
    assert not loaded(model, state) and model.aux is not None
    assert build(pretrained=False, num_classes=5).fc.out_features == 5


def test_caller_goes_before_recipe(tiny):
    build, kind, state, _ = tiny
    model = build(weights=kind.V1, padding=2, head=True)
    assert model.conv.padding == (2, 2) and loaded(model, state)


def test_members():
    kind = models.ResNet50_Weights
    member = kind.IMAGENET1K_V2
    assert repr(member) == str(member) == "ResNet50_Weights.IMAGENET1K_V2"
    assert kind.DEFAULT is member is kind.verify("DEFAULT") is kind.verify(member)
    assert kind.verify(None) is None
    assert copy.deepcopy(member) is member is pickle.loads(pickle.dumps(member))
    assert models.get_weight("ResNet50_Weights.IMAGENET1K_V2") is member
    for key in ("resnet50", "ResNet50", models.resnet50):
        assert models.get_model_weights(key) is kind


def test_signature():
    """Tools that look at a builder see its arguments and what it builds."""
    assert str(inspect.signature(models.alexnet)).startswith(
        "(weights=None, progress=True, *, pretrained=False, **options: "
    )
    assert typing.get_type_hints(models.alexnet)["return"] is models.AlexNet
    assert models.alexnet.__module__ == "flambeau.vision.models.alexnet"
    assert "61,100,840 parameters" in models.alexnet.__doc__


# ------------------------------------------------------------------------------------- the cache


def test_cache(tiny, tmp_path):
    build, kind, state, file = tiny
    kept = tmp_path / "home" / "checkpoints" / file.name
    build(True)
    assert kept.read_bytes() == file.read_bytes()
    file.unlink()
    assert loaded(build(True), state)  # from the cache
    kept.write_bytes(b"torn")
    with pytest.raises(DataFileError) as caught:
        build(True)
    text = str(caught.value)
    assert file.name in text and f"put the file by hand at {kept}" in text
    assert kind.V1.value.sha256 in text


def test_cache_is_repaired(tiny):
    build, _, state, file = tiny
    kept = checkpoints.cache_folder() / file.name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"torn")
    assert loaded(build(True), state)
    assert kept.read_bytes() == file.read_bytes()


def test_folder_of_pytorch(tiny, tmp_path):
    build, _, state, file = tiny
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    file.rename(folder / file.name)
    assert loaded(build(True), state)
    assert not checkpoints.cache_folder().exists()


def test_folders(monkeypatch):
    for name in ("FLAMBEAU_HOME", "TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", os.sep + "home")
    assert checkpoints.cache_folder().as_posix() == "/home/.cache/flambeau/checkpoints"
    monkeypatch.setenv("XDG_CACHE_HOME", os.sep + "cache")
    assert checkpoints.cache_folder().as_posix() == "/cache/flambeau/checkpoints"
    monkeypatch.setenv("FLAMBEAU_HOME", "~/flambeau")
    assert checkpoints.cache_folder().as_posix() == "/home/flambeau/checkpoints"


@pytest.mark.parametrize(
    "name, begins",
    [("resnet18-f37072fd.pth", "f37072fd"), ("alexnet-owt-7be5be79.pth", "7be5be79")]
    + [("mine.pth", ""), ("net-20.pth", ""), ("net-deadbeef", "")],
)
def test_checksum_in_name(name, begins):
    assert checkpoints.checksum_in(name) == begins


def test_wrong_bytes_at_the_address(tiny, tmp_path):
    build, *_ = tiny
    wrong = tmp_path / "tiny-00000000.pth"
    wrong.write_bytes(b"something else")
    with pytest.raises(DataFileError, match=r"checksum is .*, expected 00000000"):
        build(weights=wrong.as_uri())


def test_no_address(tiny):
    with pytest.raises(DataFileError, match=r"no address for it.*squeezenet1_0_imagenet.pth"):
        models.squeezenet1_0(weights="CAFFE")


# ------------------------------------------------------------------------------ what is in a file


def test_recognised_by_content(tiny, tmp_path):
    build, kind, _, file = tiny
    other = file.rename(tmp_path / "mine.bin")
    assert weights.recognise(other) is kind.V1
    assert build(weights=other).conv.padding == (1, 1)
    with pytest.raises(RuntimeError, match=r"is Tiny_Weights.V1, weights of .*, not resnet18"):
        models.resnet18(weights=other)


def test_unknown_file(tiny, tmp_path):
    build, *_ = tiny
    path = tmp_path / "mine.pth"
    mine = Tiny(num_classes=7, head=False)
    torch.save(mine.state_dict(), path)
    assert weights.recognise(path) is None
    assert loaded(build(weights=path, num_classes=7, head=False), mine.state_dict())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"epoch": 3, "state_dict": state},
        lambda state: {"epoch": 3, "model_state_dict": state},
        lambda state: {"model": state},
        lambda state: {f"module.{key}": value for key, value in state.items()},
        lambda state: {"state_dict": {f"module.{key}": value for key, value in state.items()}},
    ],
)
def test_wrapped_states(tiny, tmp_path, wrap):
    build, _, state, _ = tiny
    path = tmp_path / "wrapped.pth"
    torch.save(wrap(state), path)
    assert loaded(build(weights=path), state)


def edited(state, **changes):
    """A state with other entries; None takes one out."""
    new = {**state, **{key.replace("_", "."): value for key, value in changes.items()}}
    return {key: value for key, value in new.items() if value is not None}


@pytest.mark.parametrize(
    "change, options, text",
    [
        ({"conv_bias": None}, {}, "conv.bias is missing in the file. Is it the file of another"),
        (
            {"conv_bias": None, "stem_bias": torch.zeros(3)},
            {},
            "conv.bias is missing in the file; it has stem.bias, which the network lacks",
        ),
        ({"stem_bias": torch.zeros(3)}, {}, "the network has no stem.bias"),
        (
            {"conv_weight": torch.zeros(3, 2, 1, 1)},
            {},
            "conv.weight is 3 x 2 x 1 x 1 in the file, 3 x 1 x 1 x 1 in the network. Is it",
        ),
        ({}, {"num_classes": 5}, "aux.weight is 2 x 3 in the file, 5 x 3 in the network. The file"),
        ({}, {"num_classes": 5}, "for 2 classes: build the network with num_classes=2"),
        ({}, {"num_classes": 5}, "size mismatch for fc.bias: copying a param with shape"),
    ],
)
def test_files_that_do_not_fit(tiny, tmp_path, change, options, text):
    build, _, state, _ = tiny
    path = tmp_path / "edited.pth"
    torch.save({"model": edited(state, **change)}, path)
    with pytest.raises(RuntimeError) as caught:
        build(weights=path, **options)
    assert text in str(caught.value)
    assert str(path) in str(caught.value) and "Tiny" in str(caught.value)


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 1}, {"a": [1]}, torch.zeros(2)])
def test_no_state_in_the_file(tiny, tmp_path, content):
    path = tmp_path / "odd.pth"
    torch.save(content, path)
    with pytest.raises(RuntimeError, match=r"odd.pth holds no parameters by name, but a"):
        tiny[0](weights=path)


def test_damaged_file(tiny, tmp_path):
    path = tmp_path / "torn.pth"
    path.write_bytes(tiny[3].read_bytes()[:300])
    with pytest.raises(CheckpointError, match=r"torn.pth cannot be read"):
        tiny[0](weights=path)


@pytest.mark.parametrize(
    "ask, error, text",
    [
        (lambda: models.resnet18(weights="V9"), ValueError, "one of ResNet18_Weights: IMAGENET1K"),
        (lambda: models.resnet18(weights="./no.pth"), FileNotFoundError, "no file of weights at"),
        (
            lambda: models.resnet18(weights=models.ResNet50_Weights.DEFAULT),
            TypeError,
            "expected ResNet18_Weights but received ResNet50_Weights",
        ),
        (lambda: models.resnet18(weights=3), TypeError, "received int"),
        (lambda: models.resnet18(True, pretrained=True), ValueError, "not both"),
        (lambda: models.get_weight("ResNet18_Weights"), ValueError, "Invalid weight name"),
        (lambda: models.get_weight("Res_Weights.V1"), ValueError, "couldn't be retrieved"),
        (lambda: models.get_model_weights("lenet5"), ValueError, "no published weights for lenet5"),
    ],
)
def test_refused(ask, error, text):
    with pytest.raises(error, match=text):
        ask()


def test_other_number_of_classes(tiny):
    build, kind, *_ = tiny
    with pytest.raises(ValueError, match="expected value 2 but got 3 instead"):
        build(weights=kind.V1, num_classes=3)


def test_an_error_changes_nothing(tiny, tmp_path):
    state = tiny[2]
    model = Tiny(head=False)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(RuntimeError):
        checkpoints.fill(model, edited(state, fc_bias=torch.zeros(9)), tmp_path)
    assert loaded(model, before)


def test_old_files_of_densenet(tmp_path):
    """The parts of a layer were called norm.1, conv.1, norm.2, conv.2 once."""
    from flambeau.vision.models.densenet import DenseNet

    torch.manual_seed(0)
    model = DenseNet(4, (1, 2), 8, num_classes=3)
    state = copy.deepcopy(model.state_dict())
    old = {}
    for key, value in state.items():
        for part in ("norm1", "conv1", "norm2", "conv2"):
            key = key.replace(f".{part}.", f".{part[:-1]}.{part[-1]}.")
        old[key] = value
    assert "features.denseblock2.denselayer2.norm.1.running_mean" in old
    other = DenseNet(4, (1, 2), 8, num_classes=3)
    keys = list(old)
    assert other.load_state_dict(old).missing_keys == [] and loaded(other, state)
    assert list(old) == keys  # the caller's dictionary is left alone


# ----------------------------------------------------------------------- what torchvision publishes


PUBLISHED = [
    name for name, kind in weights._KINDS.items() if kind.DEFAULT.url.startswith(weights.ADDRESS)
]


@pytest.mark.parametrize("name", PUBLISHED)
def test_same_as_published(name):
    from .oracle import torchvision

    ours = models.get_model_weights(name)
    theirs = torchvision.models.get_model_weights(name)
    assert ours.__name__ == theirs.__name__
    assert set(theirs.__members__) - set(ours.__members__) == set()
    for key, expected in theirs.__members__.items():
        member = ours[key]
        assert member.name == expected.name  # DEFAULT stands for the same one
        assert member.url == expected.url
        assert member.value.sha256 and f"-{member.value.sha256}." in member.url
        assert member.transforms() is not member.transforms()
        assert repr(member.transforms()) == repr(expected.transforms()).replace(
            "InterpolationMode.BILINEAR", str(member.transforms().interpolation)
        )
        for fact in ("num_params", "min_size", "categories"):
            assert _plain(member.meta[fact]) == _plain(expected.meta[fact])
        for score, value in expected.meta["_metrics"]["ImageNet-1K"].items():
            assert member.meta[score] == value or math.isnan(value)
            assert member.meta["_metrics"]["ImageNet-1K"][score] is member.meta[score]


def _plain(fact):
    """Of categories, how many: torchvision gives each its first name, here are all."""
    return len(fact) if isinstance(fact, list) else fact


@pytest.mark.parametrize("zipped", [True, False])
def test_files_that_pytorch_writes(tmp_path, zipped):
    """A state of torchvision's network, in the format of today and in the one of its old files."""
    from .oracle import torch as reference
    from .oracle import torchvision

    theirs = torchvision.models.squeezenet1_1(num_classes=10).eval()
    path = tmp_path / "squeezenet.pth"
    reference.save(theirs.state_dict(), path, _use_new_zipfile_serialization=zipped)
    ours = models.squeezenet1_1(weights=path, num_classes=10).eval()
    x = torch.rand(1, 3, 40, 40)
    expected = theirs(reference.from_numpy(x.numpy())).detach().numpy()
    assert abs(ours(x).detach().numpy() - expected).max() < 1e-5
    with pytest.raises(RuntimeError, match=r"for 10 classes: build .* num_classes=10"):
        models.squeezenet1_1(weights=path)


@pytest.mark.parametrize("options", [{"crop_size": 20, "resize_size": 30}, {"crop_size": 40}])
@pytest.mark.parametrize("kind", ["picture", "tensor"])
def test_preset(kind, options):
    import numpy as np
    from PIL import Image

    from .oracle import torch as reference
    from .oracle import torchvision

    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3)).astype("uint8")
    theirs = torchvision.transforms._presets.ImageClassification(**options)
    if kind == "picture":
        ours, expected = ImageClassification(**options)(Image.fromarray(pixels)), None
        expected = theirs(Image.fromarray(pixels))
    else:
        planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
        ours = ImageClassification(**options)(torch.from_numpy(planes))
        expected = theirs(reference.from_numpy(planes))
    one_level = 1 / 255 / 0.224
    assert abs(ours.numpy() - expected.numpy()).max() < 1.01 * one_level
    assert abs(ours.numpy() - expected.numpy()).mean() < 0.01 * one_level


def test_preset_for_caffe():
    prepare = models.SqueezeNet1_0_Weights.CAFFE.transforms()
    x = torch.full((3, 300, 300), 0, dtype=torch.uint8)
    x[0], x[1], x[2] = 10, 20, 30  # red, green, blue
    assert prepare(x)[:, 0, 0].tolist() == pytest.approx([30 - 104, 20 - 117, 10 - 123], abs=1e-3)
    assert "blue, green, red" in prepare.describe() and "bgr=True" in repr(prepare)


# -------------------------------------------------------------------------------- real photographs


def recognised(model, prepare, names, photographs):
    """How many photographs have their class first, and among the first five."""
    from PIL import Image

    first = five = 0
    for path in photographs:
        with Image.open(path) as picture, torch.no_grad():
            scores = model(prepare(picture.convert("RGB")).unsqueeze(0))[0]
        wanted = path.stem.partition("_")[2].replace("_", " ")
        hits = [wanted in names[i].split(", ") for i in scores.topk(5).indices.tolist()]
        first, five = first + hits[0], five + any(hits)
    return first, five


def test_squeezenet_on_photographs(shared_data):
    """The file alone says what it wants; FLAMBEAU_FULL=1 tries all photographs."""
    pytest.importorskip("PIL", reason="photographs are read by Pillow: not installed")
    path = shared_data / "checkpoints" / "squeezenet1_0_imagenet.pth"
    photographs = sorted((shared_data / "imagenet_samples").glob("n*.JPEG"))
    if not path.is_file() or not photographs:
        pytest.skip(f"no weights of SqueezeNet or no photographs in {shared_data}")
    recipe = weights.recognise(path)
    assert recipe is models.SqueezeNet1_0_Weights.CAFFE
    model = models.squeezenet1_0(weights=path).eval()
    assert model.classifier[1].padding == (1, 1)
    full = bool(os.environ.get("FLAMBEAU_FULL"))
    found = recognised(
        model,
        recipe.transforms(),
        recipe.meta["categories"],
        photographs if full else photographs[::5],
    )
    assert found == ((45, 53) if full else (9, 10))
