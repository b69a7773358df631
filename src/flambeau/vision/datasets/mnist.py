"""MNIST and the data sets that share its files: FashionMNIST, KMNIST."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from flambeau.tensor.api import torch
from flambeau.vision.datasets.base import ImageDataset
from flambeau.vision.datasets.download import download
from flambeau.vision.datasets.files import DataFileError, find
from flambeau.vision.datasets.idx import read_idx


class MNIST(ImageDataset):
    """Handwritten digits: 60,000 training and 10,000 test images of 28 x 28 grey pixels.

    The four files, gzipped or not, lie in `root/MNIST/raw` or directly in `root`.

    Args:
        root: folder of the data.
        train: the training images (default) or the test images.
        transform, target_transform: called with an image, with a label.
        download: fetch files that are not there (to `root/MNIST/raw`, checksums verified). Default
            False.
    Raises: DataFileError when files are missing or damaged, naming them.

    `data` is a uint8 tensor (N, 28, 28), `targets` an int64 tensor (N).
    """

    mirrors: ClassVar[list[str]] = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    checksums: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
    }
    classes = [
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform, target_transform)
        self.train = train
        if download:
            self.download()
        prefix = "train" if train else "t10k"
        images = self._read(f"{prefix}-images-idx3-ubyte", 3)
        labels = self._read(f"{prefix}-labels-idx1-ubyte", 1)
        self._check(prefix, images, labels)
        self.data = torch.from_numpy(images)
        self.targets = torch.from_numpy(labels.astype(np.int64))

    @property
    def raw_folder(self) -> Path:
        """Where downloaded files go: `root/MNIST/raw` (a subclass: its own name)."""
        return self.root / type(self).__name__ / "raw"

    def download(self) -> None:
        """Fetch the files that are in none of the two places."""
        for name, md5 in self.checksums.items():
            if find([self.raw_folder, self.root], name) is None:
                urls = [f"{mirror}{name}.gz" for mirror in self.mirrors]
                download(urls, self.raw_folder / f"{name}.gz", md5=md5)

    def _read(self, name: str, ndim: int) -> np.ndarray:
        path = find([self.raw_folder, self.root], name)
        if path is None:
            raise DataFileError(
                f"{type(self).__name__}: no file {name} or {name}.gz in {self.raw_folder} "
                f"or in {self.root}; "
                "download=True fetches it where there is a network"
            )
        return read_idx(path, ndim)

    def _check(self, prefix: str, images: np.ndarray, labels: np.ndarray) -> None:
        """Both files are sound for themselves; do they belong together?"""
        if len(images) != len(labels):
            raise DataFileError(
                f"{type(self).__name__} in {self.root}: "
                f"{len(images)} {prefix} images, {len(labels)} labels"
            )
        if labels.size and labels.max() >= len(self.classes):
            raise DataFileError(
                f"{type(self).__name__} in {self.root}: the {prefix} labels reach {labels.max()}, "
                f"and there are {len(self.classes)} classes"
            )

    def _pixels(self) -> np.ndarray:
        return self.data.numpy()

    def _labels(self) -> np.ndarray:
        return self.targets.numpy()

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"

    # The names that programs of before 2019 use.
    train_data = property(lambda self: self._renamed("train_data", "data"))
    test_data = property(lambda self: self._renamed("test_data", "data"))
    train_labels = property(lambda self: self._renamed("train_labels", "targets"))
    test_labels = property(lambda self: self._renamed("test_labels", "targets"))

    def _renamed(self, old: str, new: str) -> Any:
        warnings.warn(f"{old} has been renamed {new}", stacklevel=3)
        return getattr(self, new)


class FashionMNIST(MNIST):
    """Articles of clothing in the format of MNIST: see `MNIST`."""

    mirrors = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    checksums = {
        "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
    }
    classes = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """Cursive Japanese characters in the format of MNIST: see `MNIST`."""

    mirrors = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    checksums = {
        "train-images-idx3-ubyte": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte": "7320c461ea6c1c855c0b718fb2a4b134",
    }
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
