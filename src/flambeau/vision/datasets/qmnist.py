"""QMNIST: MNIST made again from its source, with all test digits and who wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from flambeau.tensor.api import torch
from flambeau.vision.datasets.download import download
from flambeau.vision.datasets.files import find
from flambeau.vision.datasets.idx import INT, read_idx
from flambeau.vision.datasets.mnist import MNIST
from flambeau.vision.errors import DataFileError


class QMNIST(MNIST):
    """The digits of MNIST with 60,000 test images and eight numbers about each image.

    C. Yadav and L. Bottou, "Cold Case: The Lost MNIST Digits", 2019.

    Args:
        root: folder of the data.
        what: "train", "test", "test10k" (those of MNIST), "test50k" (the others) or "nist" (all of
            the source). Default: "train" or "test", as `train` says.
        compat: labels are digits (default), not tensors of eight numbers.
        train, transform, target_transform, download: as for `MNIST`.
    Raises: ValueError for another `what`; DataFileError when files are missing or damaged.

    `targets` is an int64 tensor (N, 8), the digit first.
    """

    subsets = {
        "train": "train",
        "test": "test",
        "test10k": "test",
        "test50k": "test",
        "nist": "nist",
    }
    mirrors = ["https://raw.githubusercontent.com/facebookresearch/qmnist/master/"]
    files: ClassVar[dict[str, tuple[str, str]]] = {
        "train": ("qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int"),
        "test": ("qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int"),
        "nist": ("xnist-images-idx3-ubyte", "xnist-labels-idx2-int"),
    }
    checksums = {
        "qmnist-train-images-idx3-ubyte.gz": "ed72d4157d28c017586c42bc6afe6370",
        "qmnist-train-labels-idx2-int.gz": "0058f8dd561b90ffdd0f734c6a30e5e4",
        "qmnist-test-images-idx3-ubyte.gz": "1394631089c404de565df7b7aeaf9412",
        "qmnist-test-labels-idx2-int.gz": "5b5b05890a5e13444e108efe57b788aa",
        "xnist-images-idx3-ubyte.xz": "7f124b3b8ab81486c9d8c2749c17f834",
        "xnist-labels-idx2-int.xz": "5ed0e788978e45d4a8bd4b7caec3d79d",
    }

    def __init__(
        self,
        root: str | Path,
        what: str | None = None,
        compat: bool = True,
        train: bool = True,
        **kwargs: Any,
    ) -> None:
        self.what = what or ("train" if train else "test")
        if self.what not in self.subsets:
            raise ValueError(
                f"Unknown value '{what}' for argument what. "
                f"Valid values are {{{tuple(self.subsets)}}}."
            )
        self.compat = compat
        super().__init__(root, train, **kwargs)

    def _names(self) -> tuple[str, str]:
        return self.files[self.subsets[self.what]]

    def download(self) -> None:
        """Fetch the two files of this part unless they are there."""
        for packed, md5 in self.checksums.items():
            name = Path(packed).stem
            if name in self._names() and find(self._folders, name) is None:
                urls = [mirror + packed for mirror in self.mirrors]
                download(urls, Path(self.raw_folder, packed), md5=md5)

    def _load(self) -> tuple[Any, Any]:
        paths = self._paths()
        images, labels = read_idx(paths[0], 3), read_idx(paths[1], 2, INT)
        digits = labels[:, 0] if labels.shape[1:] == (8,) else np.empty(0)
        if len(images) != len(digits) or not ((digits >= 0) & (digits < 10)).all():
            raise DataFileError(
                f"{paths[1]}: expected 8 numbers, the first a digit, for each of the {len(images)} "
                f"images in {paths[0]}; got {labels.shape}"
            )
        part = {"test10k": slice(10000), "test50k": slice(10000, None)}.get(self.what, slice(None))
        return torch.from_numpy(images[part]), torch.from_numpy(labels[part].astype(np.int64))

    def _labels(self) -> Any:
        return self.targets[:, 0]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if self.compat:
            return super().__getitem__(index)
        return self._transformed(self._image(index), self.targets[index])

    def _take(self, indices: np.ndarray, labels: np.ndarray) -> None:
        self.data, self.targets = self.data[indices], self.targets[indices]
        self.targets[:, 0] = torch.from_numpy(labels)

    def extra_repr(self) -> str:
        return f"Split: {self.what}"
