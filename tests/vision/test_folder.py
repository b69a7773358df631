"""Folders of samples, against torchvision's; damaged pictures are named."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import datasets, transforms
from flambeau.vision.datasets import folder

Image = pytest.importorskip("PIL.Image", reason="single images are Pillow images: not installed")


@pytest.fixture
def torchvision():
    """The oracle; only the tests that compare with it skip without it."""
    from .oracle import torchvision

    return torchvision


@pytest.fixture
def tree(tmp_path):
    """root/ with two classes, nested folders, files that do not count, and a file beside."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    for place in ("dog/b.png", "dog/A.JPG", "dog/deep/c.bmp", "cat/z.ppm", "cat/10.png"):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    Image.fromarray(pixels[:, :, 0]).save(tmp_path / "cat" / "grey.png")
    (tmp_path / "dog" / "notes.txt").write_text("no picture")
    (tmp_path / "readme.txt").write_text("no class")
    return tmp_path


OPTIONS = {
    "plain": {},
    "valid": {"is_valid_file": lambda path: "1" in path or path.endswith("txt")},
    "empty": {"is_valid_file": lambda path: path.endswith("txt"), "allow_empty": True},
    "transforms": {"transform": None, "target_transform": lambda label: -label},
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("as_text", [True, False])
def test_the_samples_are_those_of_torchvision(torchvision, tree, options, as_text):
    root = str(tree) if as_text else tree
    options = dict(OPTIONS[options])
    if "transform" in options:
        options["transform"] = transforms.ToTensor()
    ours = datasets.ImageFolder(root, **options)
    theirs = torchvision.datasets.ImageFolder(root, **options)
    for name in ("classes", "class_to_idx", "samples", "imgs", "targets", "extensions", "root"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert repr(ours) == repr(theirs) and len(ours) == len(theirs)


def test_pictures_are_in_colour(torchvision, tree):
    data = datasets.ImageFolder(tree, transforms.ToTensor(), lambda label: label * 10)
    theirs = torchvision.datasets.ImageFolder(tree, torchvision.transforms.ToTensor())
    for (image, label), (wanted, other) in zip(data, theirs, strict=True):
        assert np.array_equal(image.numpy(), wanted.numpy()) and label == other * 10
    assert data[0][0].shape == (3, 5, 4)
    loader = torch.utils.data.DataLoader(data, batch_size=4)
    assert [len(labels) for _, labels in loader] == [4, 2]


def test_other_samples(tree):
    np.save(tree / "dog" / "one.npy", np.arange(3))
    np.save(tree / "cat" / "two.npy", np.arange(4))
    data = datasets.DatasetFolder(str(tree), np.load, (".npy",), transform=np.sum)
    assert list(data) == [(6, 0), (3, 1)] and data.loader is np.load


def test_some_classes_only(tree):
    (tree / "emu").mkdir()
    (tree / "emu" / "x.png").write_bytes((tree / "dog" / "b.png").read_bytes())
    data = datasets.ImageFolder(tree)
    part = data.only("emu", "cat")
    assert part.targets == [1, 1, 1, 0] and part.class_to_idx == {"emu": 0, "cat": 1}
    assert part.imgs is part.samples and part.samples[3] == (data.samples[-1][0], 0)
    assert len(data) == 7 and len(data.imgs) == 7


ERRORS = {
    "no folder": lambda kind, root: kind.ImageFolder(root / "nowhere"),
    "no class": lambda kind, root: kind.ImageFolder(root / "dog" / "deep"),
    "empty class": lambda kind, root: kind.DatasetFolder(root, str, (".png", ".bmp")),
    "empty classes": lambda kind, root: kind.DatasetFolder(root, str, ".xyz"),
    "not valid": lambda kind, root: kind.ImageFolder(root, is_valid_file=lambda path: False),
    "neither": lambda kind, root: kind.DatasetFolder(root, str),
    "both": lambda kind, root: kind.DatasetFolder(root, str, (".a",), is_valid_file=any),
    "no map": lambda kind, root: kind.DatasetFolder.make_dataset(root, None, (".png",)),
    "empty map": lambda kind, root: kind.DatasetFolder.make_dataset(root, {}, (".png",)),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_those_of_torchvision(torchvision, tree, case):
    (tree / "dog" / "deep" / "c.bmp").rename(tree / "dog" / "deep" / "c.gif")
    (tree / "cat" / "10.png").rename(tree / "cat" / "10.tif")
    (tree / "cat" / "grey.png").unlink()
    with pytest.raises((ValueError, OSError)) as theirs:
        ERRORS[case](torchvision.datasets, tree)
    with pytest.raises(theirs.type) as ours:
        ERRORS[case](datasets, tree)
    assert str(ours.value) == str(theirs.value)


def test_functions_of_this_module(torchvision, tree):
    reference = torchvision.datasets.folder
    assert folder.IMG_EXTENSIONS == reference.IMG_EXTENSIONS
    for name in ("a.PNG", "a.png.txt", "png", "b.webp"):
        assert folder.is_image_file(name) == reference.is_image_file(name)
        for extensions in (".png", (".txt", ".png")):
            assert folder.has_file_allowed_extension(
                name, extensions
            ) == reference.has_file_allowed_extension(name, extensions)
    assert folder.find_classes(tree) == reference.find_classes(tree)
    some = {"dog": 5, "absent": 1}
    ours, theirs = (
        kind.make_dataset(str(tree), some, ".png", allow_empty=True) for kind in (folder, reference)
    )
    assert ours == theirs == [(str(tree / "dog" / "b.png"), 5)]


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "flipped"])
@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "tif", "bmp"])
def test_damaged_pictures_are_named(tmp_path, extension, damage):
    path = tmp_path / "dog" / f"damaged.{extension}"
    path.parent.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)).save(path)
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut": content[: len(content) // 2],
            "text": b"no picture",
            "empty": b"",
            "flipped": bytes(byte ^ 0xFF for byte in content[:60]) + content[60:],
        }[damage]
    )
    data = datasets.ImageFolder(tmp_path)
    with pytest.raises(datasets.ImageFileError, match=rf"damaged\.{extension} is not a readable"):
        data[0]
    with pytest.raises(OSError):  # what programs for Pillow catch
        data[0]


def test_a_missing_picture_is_named(tree):
    data = datasets.ImageFolder(tree)
    (tree / "cat" / "10.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"10\.png"):
        data[0]
