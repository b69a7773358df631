"""Data sets of images: each checks and reads its files, gives them singly or as tensors."""

from flambeau.vision.datasets.cifar import CIFAR2, CIFAR10, CIFAR100
from flambeau.vision.datasets.digits import Digits
from flambeau.vision.datasets.fakedata import FakeData
from flambeau.vision.datasets.folder import DatasetFolder, ImageFolder
from flambeau.vision.datasets.mnist import EMNIST, KMNIST, MNIST, FashionMNIST
from flambeau.vision.datasets.qmnist import QMNIST
from flambeau.vision.datasets.vision import VisionDataset
from flambeau.vision.errors import DataFileError, ImageFileError

__all__ = [
    "CIFAR2",
    "CIFAR10",
    "CIFAR100",
    "EMNIST",
    "KMNIST",
    "MNIST",
    "QMNIST",
    "DataFileError",
    "DatasetFolder",
    "Digits",
    "FakeData",
    "FashionMNIST",
    "ImageFileError",
    "ImageFolder",
    "VisionDataset",
]
