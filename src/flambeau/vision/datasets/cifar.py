"""CIFAR-10 in its Python version, read without executing what the files say."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from flambeau.vision.datasets.base import ImageDataset
from flambeau.vision.datasets.download import download
from flambeau.vision.datasets.files import DataFileError, find, read_bytes

PIXELS = 3 * 32 * 32


class CIFAR10(ImageDataset):
    """Photographs of ten kinds of things: 50,000 to train on, 10,000 to test, 3 x 32 x 32 pixels.

    The batch files of the "python version", gzipped or not, lie in `root/cifar-10-batches-py` or
    directly in `root`.

    Args:
        root: folder of the data.
        train: the training images (default) or the test images.
        transform, target_transform: called with an image, with a label.
        download: fetch the archive if a file is missing (checksum verified). Default False.
        batches: which of the five training batches to read. Default all.
    Raises: DataFileError when files are missing or damaged, naming them.

    `data` is a uint8 NumPy array (N, 32, 32, 3), `targets` a list of integers.
    """

    folder = "cifar-10-batches-py"
    archive = "cifar-10-python.tar.gz"
    mirrors: ClassVar[list[str]] = ["https://www.cs.toronto.edu/~kriz/"]
    checksum = "c58f30108f718f92721af3b95e74349a"
    classes = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]

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
        folders = [self.root / self.folder, self.root]
        if download and any(find(folders, name) is None for name in names):
            self.download()
        paths = {name: find(folders, name) for name in names}
        missing = [name for name, path in paths.items() if path is None]
        if missing:
            raise DataFileError(
                f"CIFAR10: no file {', '.join(missing)} (or .gz) in {folders[0]} "
                f"or in {folders[1]}; "
                "download=True fetches them where there is a network, batches=(1,) reads a part"
            )
        parts = [read_batch(path) for path in paths.values() if path is not None]
        rows = np.concatenate([pixels for pixels, _ in parts])
        # The files keep each image as three planes; pictures are kept pixel by pixel.
        self.data = np.ascontiguousarray(rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        self.targets = [label for _, labels in parts for label in labels]

    def download(self) -> None:
        """Fetch and unpack the archive into `root`."""
        urls = [mirror + self.archive for mirror in self.mirrors]
        archive = download(urls, self.root / self.archive, md5=self.checksum)
        unpack(archive, self.root / self.folder)

    def _pixels(self) -> np.ndarray:
        return self.data

    def _labels(self) -> np.ndarray:
        return np.asarray(self.targets)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


def unpack(archive: Path, folder: Path) -> None:
    """Write the files of a .tar.gz into one folder, each whole or not at all; paths are ignored."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for member in packed:
                source = packed.extractfile(member) if member.isfile() else None
                if source is None:
                    continue
                path = folder / Path(member.name).name
                part = path.with_name(path.name + ".part")
                part.write_bytes(source.read())
                os.replace(part, path)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataFileError(f"{archive} is damaged ({error}): delete it and try again") from error


def read_batch(path: Path) -> tuple[np.ndarray, list[int]]:
    """Pixels (N, 3072) uint8 and labels of one batch file.

    Raises: DataFileError naming the file when it is damaged or holds something else.
    """
    try:
        content = _BatchReader(io.BytesIO(read_bytes(path)), encoding="bytes").load()
        pixels, labels = content[b"data"].array(), content[b"labels"]
    except DataFileError:
        raise
    except Exception as error:  # a damaged pickle fails in any way
        raise DataFileError(f"{path} is not a readable CIFAR-10 batch: {error!r}") from error
    sound = pixels.ndim == 2 and pixels.shape[1] == PIXELS and len(pixels) == len(labels)
    if not sound or not all(type(label) is int and 0 <= label < 10 for label in labels):
        raise DataFileError(
            f"{path}: expected pixels (N, {PIXELS}) and N labels from 0 to 9, got pixels "
            f"{pixels.shape} and {len(labels)} labels"
        )
    return pixels, labels


class _Array:
    """Stands in for the NumPy array that the pickle describes: executes nothing."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self.shape, self.dtype, self.fortran, self.content = state

    def array(self) -> np.ndarray:
        if self.dtype.code not in (b"u1", "u1"):
            raise ValueError(f"pixels of type {self.dtype.code!r}")
        flat = np.frombuffer(self.content, np.uint8)
        if self.fortran:
            return flat.reshape(self.shape[::-1]).T
        return flat.reshape(self.shape)


class _DType:
    def __init__(self, code: bytes | str, *_: Any) -> None:
        self.code = code

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        pass  # byte order and fields: a byte has none


class _BatchReader(pickle.Unpickler):
    """Unpickles numbers, strings, lists, dictionaries and the array; refuses any other name."""

    known: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): lambda *_: _Array(),
        ("numpy._core.multiarray", "_reconstruct"): lambda *_: _Array(),
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _DType,
        # How Python 3 writes bytes for Python 2.
        ("_codecs", "encode"): lambda text, _: text.encode("latin-1"),
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.known[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"the file asks for {module}.{name}, which no batch needs"
            ) from None
