"""Data sets of images: each checks and reads its files, gives them singly or as tensors."""

from flambeau.vision.datasets.base import ImageDataset as VisionDataset
from flambeau.vision.datasets.cifar import CIFAR10
from flambeau.vision.datasets.digits import Digits
from flambeau.vision.datasets.files import DataFileError
from flambeau.vision.datasets.mnist import KMNIST, MNIST, FashionMNIST

__all__ = [
    "CIFAR10",
    "KMNIST",
    "MNIST",
    "DataFileError",
    "Digits",
    "FashionMNIST",
    "VisionDataset",
]
