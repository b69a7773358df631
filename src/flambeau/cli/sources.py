"""The data sets and networks that `flambeau train` knows by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flambeau.vision import datasets, models, transforms


@dataclass(frozen=True)
class Source:
    """A data set by name: how to open a part of it, and how many epochs are usual."""

    open: Callable[[str, bool], Any]  # (root, train) -> data set
    epochs: int


def _files(kind: Any) -> Callable[[str, bool], Any]:
    return lambda root, train: kind(root, train=train, download=True)


def _digits(root: str, train: bool) -> Any:
    # Paper around the digit, so that a convolution without padding sees its edges.
    return datasets.Digits(train=train, size=28, margin=3)


SOURCES = {
    "digits": Source(_digits, epochs=12),
    "mnist": Source(_files(datasets.MNIST), epochs=5),
    "fashion-mnist": Source(_files(datasets.FashionMNIST), epochs=10),
    "kmnist": Source(_files(datasets.KMNIST), epochs=10),
    "cifar10": Source(_files(datasets.CIFAR10), epochs=20),
}

MODELS = {"course-net": models.course_net, "lenet5": models.lenet5}


@dataclass(frozen=True)
class Data:
    """A data set in memory, ready to train on: images of mean 0 and deviation 1 in each channel."""

    train: tuple[Any, Any]
    test: tuple[Any, Any]
    classes: list[str]
    mean: list[float]
    std: list[float]


def open_data(name: str, root: str) -> Data:
    """Read both parts of a data set; mean and deviation are measured on the training part."""
    source = SOURCES[name]
    train, test = source.open(root, True), source.open(root, False)
    images, labels = train.tensors()
    mean = images.mean((0, 2, 3)).tolist()
    std = images.std((0, 2, 3)).tolist()
    normalize = transforms.Normalize(mean, std, inplace=True)
    test_images, test_labels = test.tensors()
    return Data(
        (normalize(images), labels),
        (normalize(test_images), test_labels),
        train.classes,
        mean,
        std,
    )
