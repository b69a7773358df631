"""Small photographs: CIFAR-10, CIFAR-100, and the birds and airplanes among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from flambeau.vision.datasets.archive import unpack
from flambeau.vision.datasets.batches import PIXELS, read_batch
from flambeau.vision.datasets.cifar_names import CIFAR10_NAMES, COARSE_NAMES, FINE_NAMES
from flambeau.vision.datasets.download import download
from flambeau.vision.datasets.files import find, require
from flambeau.vision.datasets.memory import ImageDataset
from flambeau.vision.errors import DataFileError


class _Cifar(ImageDataset):
    """What both have in common: a folder and an archive a version, batch files, labels in them."""

    folders: ClassVar[tuple[str, str]]  # of the Python version, of the binary version
    archive: ClassVar[str]
    mirrors: ClassVar[list[str]] = ["https://www.cs.toronto.edu/~kriz/"]
    checksum: ClassVar[str]
    labels: ClassVar[tuple[str, ...]]  # in the order of the binary version
    train: bool

    def download(self) -> None:
        """Fetch the archive of the Python version and unpack it into `root`."""
        root = Path(self.root)
        urls = [mirror + self.archive for mirror in self.mirrors]
        unpack(download(urls, root / self.archive, md5=self.checksum), root)

    def _load(self, names: Sequence[str], wanted: str, fetch: bool, hint: str = "") -> None:
        """Read these batch files, in whichever version they lie there, into data and targets."""
        root = Path(self.root)
        folders = [root / self.folders[0], root / self.folders[1], root]
        alternatives = [(name, f"{name}.bin") for name in names]
        if fetch and any(find(folders, *names) is None for names in alternatives):
            self.download()
        paths = require(type(self).__name__, folders, alternatives, hint)
        parts = [read_batch(path, self.labels, wanted, len(self.classes)) for path in paths]
        self.data = _pictures(np.concatenate([pixels for pixels, _ in parts]))
        self.targets = [label for _, labels in parts for label in labels]

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


def _pictures(rows: np.ndarray) -> np.ndarray:
    """Pictures (N, 32, 32, 3), pixel by pixel, of rows that keep each as three planes."""
    return np.ascontiguousarray(rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


class CIFAR10(_Cifar):
    """Photographs of ten kinds of things: 50,000 to train on, 10,000 to test, 3 x 32 x 32 pixels.

    The batch files, gzipped or not, lie in `root/cifar-10-batches-py` (the Python version),
    `root/cifar-10-batches-bin` (the binary version, names end in .bin) or directly in `root`.
    A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.

    Args:
        root: folder of the data.
        train: the training images (default) or the test images.
        transform, target_transform: called with an image, with a label.
        download: fetch the archive if a file is missing (checksum verified). Default False.
        batches: which of the five training batches to read. Default all.
    Raises: DataFileError when files are missing or damaged, naming them.

    `data` is a uint8 NumPy array (N, 32, 32, 3), `targets` a list of integers.
    """

    folders = ("cifar-10-batches-py", "cifar-10-batches-bin")
    archive = "cifar-10-python.tar.gz"
    checksum = "c58f30108f718f92721af3b95e74349a"
    labels = ("labels",)
    classes = list(CIFAR10_NAMES)

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
        batches: Sequence[int] = (1, 2, 3, 4, 5),
    ) -> None:
        super().__init__(root, transform, target_transform)
        self.train = train
        names = [f"data_batch_{number}" for number in batches] if train else ["test_batch"]
        self._load(names, "labels", download, hint=", batches=(1,) reads a part")


class CIFAR100(_Cifar):
    """Photographs of a hundred kinds of things in twenty groups, in the form of `CIFAR10`.

    The files, gzipped or not, lie in `root/cifar-100-python` (`train`, `test`),
    `root/cifar-100-binary` (`train.bin`, `test.bin`) or directly in `root`.
    A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.

    Args:
        root: folder of the data.
        train: the 50,000 training images (default) or the 10,000 test images.
        transform, target_transform: called with an image, with a label.
        download: fetch the archive if a file is missing (checksum verified). Default False.
        coarse: label images by the twenty groups. Default False: by the hundred kinds.
    Raises: DataFileError when files are missing or damaged, naming them.
    """

    folders = ("cifar-100-python", "cifar-100-binary")
    archive = "cifar-100-python.tar.gz"
    checksum = "eb9058c3a382ffc7106e4002c42a8d85"
    labels = ("coarse_labels", "fine_labels")
    classes = list(FINE_NAMES)

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
        coarse: bool = False,
    ) -> None:
        super().__init__(root, transform, target_transform)
        self.train = train
        if coarse:
            self.classes = list(COARSE_NAMES)
        wanted = "coarse_labels" if coarse else "fine_labels"
        self._load(["train" if train else "test"], wanted, download)


class CIFAR2(CIFAR10):
    """The airplanes (label 0) and birds (label 1) of CIFAR-10: 10,000 to train on, 2,000 to test.

    Read from `cifar2_birds_airplanes.npz` in `root` (arrays `train_x`, `val_x` of (N, 3072) bytes,
    `train_y`, `val_y`) where that file is, else picked out of the files of CIFAR-10.

    Args:   as for `CIFAR10`.
    Raises: DataFileError when files are missing or damaged, naming them.
    """

    file = "cifar2_birds_airplanes.npz"

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
        batches: Sequence[int] = (1, 2, 3, 4, 5),
    ) -> None:
        path = Path(root).expanduser() / self.file
        if path.is_file():
            ImageDataset.__init__(self, root, transform, target_transform)
            self.train = train
            self.classes = ["airplane", "bird"]
            rows, self.targets = _read_npz(path, "train" if train else "val")
            self.data = _pictures(rows)
        else:
            super().__init__(root, train, transform, target_transform, download, batches)
            self._restrict(("airplane", "bird"))


def _read_npz(path: Path, part: str) -> tuple[np.ndarray, list[int]]:
    """Rows of pixels and labels 0 or 1 of one part of the file."""
    try:
        with path.open("rb") as raw, np.load(raw) as file:
            rows, labels = file[f"{part}_x"], file[f"{part}_y"]
    except Exception as error:  # a damaged archive fails in any way
        raise DataFileError(f"{path} is damaged or not such a file: {error!r}") from error
    sound = labels.ndim == 1 and rows.shape == (labels.size, PIXELS)
    if not sound or not rows.dtype == labels.dtype == np.uint8 or labels.max(initial=0) > 1:
        raise DataFileError(
            f"{path}: expected {part}_x of (N, {PIXELS}) bytes and {part}_y of N bytes 0 or 1, got "
            f"{rows.shape} {rows.dtype} and {labels.shape} {labels.dtype}"
        )
    return rows, labels.tolist()
