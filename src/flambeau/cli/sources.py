"""The data sets that the commands know by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flambeau.vision import datasets, transforms


@dataclass(frozen=True)
class Source:
    """A data set by name: what it is, how a part of it is opened, how many epochs are usual."""

    about: str
    open: Callable[[str, bool], Any]  # (root, train) -> data set
    epochs: int


def _files(kind: Any) -> Callable[[str, bool], Any]:
    return lambda root, train: kind(root, train=train, download=True)


def _digits(root: str, train: bool) -> Any:
    # Paper around the digit, so that a convolution without padding sees its edges.
    return datasets.Digits(train=train, size=28, margin=3)


_SMALL = "70,000 grey images 28 x 28, 10 classes"

SOURCES = {
    "digits": Source("1,797 grey images 28 x 28 of digits; comes with Flambeau", _digits, 12),
    "mnist": Source(f"{_SMALL} of handwritten digits", _files(datasets.MNIST), 5),
    "fashion-mnist": Source(f"{_SMALL} of clothes", _files(datasets.FashionMNIST), 10),
    "kmnist": Source(f"{_SMALL} of cursive hiragana", _files(datasets.KMNIST), 10),
    "cifar10": Source(
        "60,000 colour images 32 x 32 of 10 kinds of things", _files(datasets.CIFAR10), 20
    ),
    "cifar100": Source(
        "60,000 colour images 32 x 32 of 100 kinds of things", _files(datasets.CIFAR100), 30
    ),
    "cifar2": Source("12,000 images of CIFAR-10: birds and airplanes", _files(datasets.CIFAR2), 20),
}


@dataclass(frozen=True)
class Images:
    """What a network must know of images: their size, the classes, how they are normalised."""

    shape: tuple[int, int, int]  # channels, height, width
    classes: list[str]
    mean: list[float]
    std: list[float]


@dataclass(frozen=True)
class Data:
    """A data set in memory, ready to train on: images of mean 0 and deviation 1 in each channel."""

    train: tuple[Any, Any]
    test: tuple[Any, Any]
    images: Images


def source(name: str) -> Source:
    """A data set by name. Raises ValueError, with the names that there are, for an unknown one."""
    if name not in SOURCES:
        raise ValueError(f"no data set {name!r}: there are {', '.join(SOURCES)}")
    return SOURCES[name]


def open_data(name: str, root: str) -> Data:
    """Read both parts of a data set; mean and deviation are measured on the training part."""
    train = source(name).open(root, True)
    images, labels = train.tensors()
    mean, std = images.mean((0, 2, 3)).tolist(), images.std((0, 2, 3)).tolist()
    normalized = transforms.Normalize(mean, std, inplace=True)(images)
    test, classes = held_out(name, root, mean, std)
    return Data((normalized, labels), test, Images(tuple(images.shape[1:]), classes, mean, std))


def held_out(
    name: str, root: str, mean: list[float], std: list[float]
) -> tuple[tuple[Any, Any], list[str]]:
    """The part of a data set that is not trained on, normalised, and the names of the classes.

    Raises: ValueError when mean and deviation are not one number for each channel.
    """
    test = source(name).open(root, False)
    images, labels = test.tensors()
    if not len(mean) == len(std) == images.shape[1]:
        raise ValueError(
            f"mean and std are one number for each channel: {name} has {images.shape[1]}, "
            f"got {len(mean)} and {len(std)}"
        )
    return (transforms.Normalize(mean, std, inplace=True)(images), labels), list(test.classes)
