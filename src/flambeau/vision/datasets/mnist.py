"""MNIST and the data sets that share its files: FashionMNIST, KMNIST, EMNIST."""

from __future__ import annotations

import os
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from flambeau.tensor.api import torch
from flambeau.vision.datasets.archive import unpack
from flambeau.vision.datasets.download import download
from flambeau.vision.datasets.files import find, require
from flambeau.vision.datasets.idx import read_idx
from flambeau.vision.datasets.memory import ImageDataset
from flambeau.vision.errors import DataFileError


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
        self.data, self.targets = self._load()

    @property
    def raw_folder(self) -> str:
        """Where downloaded files go: `root/MNIST/raw` (a subclass: its own name)."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def _folders(self) -> list[Path]:
        """Where files are looked for."""
        return [Path(self.raw_folder), Path(self.root)]

    def _names(self) -> tuple[str, str]:
        """The file of the images and the file of the labels."""
        prefix = "train" if self.train else "t10k"
        return f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"

    def download(self) -> None:
        """Fetch the files that are in none of the two places."""
        for name, md5 in self.checksums.items():
            if find(self._folders, *_spellings(name)) is None:
                urls = [f"{mirror}{name}.gz" for mirror in self.mirrors]
                download(urls, Path(self.raw_folder, f"{name}.gz"), md5=md5)

    def _paths(self) -> list[Path]:
        owner = type(self).__name__
        return require(owner, self._folders, [_spellings(name) for name in self._names()])

    def _load(self) -> tuple[Any, Any]:
        """Images and labels as tensors."""
        paths = self._paths()
        images, labels = read_idx(paths[0], 3), read_idx(paths[1], 1)
        # Both files are sound for themselves; do they belong together?
        if len(images) != len(labels):
            raise DataFileError(
                f"{len(images)} images in {paths[0]}, {len(labels)} labels in {paths[1]}"
            )
        if labels.max(initial=0) >= len(self.classes):
            raise DataFileError(
                f"the labels in {paths[1]} reach {labels.max()}, and there are "
                f"{len(self.classes)} classes"
            )
        return torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64))

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


def _spellings(name: str) -> tuple[str, str]:
    """As published, and as some programs write it: train-images.idx3-ubyte."""
    return name, name.replace("-idx", ".idx")


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


_MERGED = sorted(set(string.digits + string.ascii_letters) - set("cijklmopsuvwxyz"))


class EMNIST(MNIST):
    """Handwritten letters and digits in the format of MNIST, in six selections.

    Files `emnist-SPLIT-train-images-idx3-ubyte` and so on, gzipped or not, lie in
    `root/EMNIST/raw`, in its folder `gzip`, or directly in `root`. Images are transposed, as
    published. G. Cohen et al., "EMNIST: an extension of MNIST to handwritten letters", 2017.

    Args:
        root: folder of the data.
        split: "byclass", "bymerge", "balanced", "letters" (labels 1 to 26), "digits" or "mnist".
        train, transform, target_transform, download: as for `MNIST`.
    Raises: ValueError for another split; DataFileError when files are missing or damaged.
    """

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    classes_split_dict = {
        "byclass": sorted(string.digits + string.ascii_letters),
        "bymerge": _MERGED,
        "balanced": _MERGED,
        "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits),
        "mnist": list(string.digits),
    }

    def __init__(self, root: str | Path, split: str, **kwargs: Any) -> None:
        if split not in self.splits:
            raise ValueError(
                f"Unknown value '{split}' for argument split. Valid values are {{{self.splits}}}."
            )
        self.split = split
        self.classes = self.classes_split_dict[split]
        super().__init__(root, **kwargs)

    @property
    def _folders(self) -> list[Path]:
        raw = Path(self.raw_folder)
        return [raw, raw / "gzip", Path(self.root)]

    def _names(self) -> tuple[str, str]:
        prefix = f"emnist-{self.split}-{'train' if self.train else 'test'}"
        return f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"

    def download(self) -> None:
        """Fetch and unpack the archive of all selections unless the files are there."""
        if any(find(self._folders, name) is None for name in self._names()):
            raw = Path(self.raw_folder)
            unpack(download([self.url], raw / "gzip.zip", md5=self.md5), raw)
