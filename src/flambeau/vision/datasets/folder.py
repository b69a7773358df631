"""Data sets that are folders: one folder a class, one file a sample."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from flambeau.vision import images
from flambeau.vision.datasets.vision import VisionDataset

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def has_file_allowed_extension(filename: str, extensions: str | tuple[str, ...]) -> bool:
    """Whether a file's name ends in one of these (lower case) extensions, written in any case.

    >>> from flambeau.vision.datasets.folder import has_file_allowed_extension
    >>> has_file_allowed_extension("Dog.JPG", (".png", ".jpg"))
    True
    """
    return filename.lower().endswith(
        extensions if isinstance(extensions, str) else tuple(extensions)
    )


def is_image_file(filename: str) -> bool:
    """Whether a file's name says that it is a picture.

    >>> from flambeau.vision.datasets.folder import is_image_file
    >>> is_image_file("dog.jpeg"), is_image_file("notes.txt")
    (True, False)
    """
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def find_classes(directory: str | Path) -> tuple[list[str], dict[str, int]]:
    """The folders in a folder in alphabetical order, and the number of each.

    Raises: FileNotFoundError when there is none.
    """
    with os.scandir(directory) as entries:
        classes = sorted(entry.name for entry in entries if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: label for label, name in enumerate(classes)}


def make_dataset(
    directory: str | Path,
    class_to_idx: dict[str, int] | None = None,
    extensions: str | tuple[str, ...] | None = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """Every file below the class folders with the number of its class, in alphabetical order.

    Args:
        directory: folder of the class folders.
        class_to_idx: numbers of the classes. Default: as `find_classes` gives them.
        extensions: which files count; or
        is_valid_file: called with a path, says whether the file counts.
        allow_empty: a class may have no file. Default False.
    Raises: ValueError unless exactly one of extensions and is_valid_file is given;
            FileNotFoundError for classes without files.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        class_to_idx = find_classes(directory)[1]
    elif not class_to_idx:
        raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
    if (extensions is None) == (is_valid_file is None):
        raise ValueError(
            "Both extensions and is_valid_file cannot be None or not None at the same time"
        )

    def counts(path: str) -> bool:
        if is_valid_file is not None:
            return is_valid_file(path)
        return has_file_allowed_extension(path, extensions or ())

    samples: list[tuple[str, int]] = []
    empty = []
    for name, label in sorted(class_to_idx.items()):
        found = [path for path in _files(os.path.join(directory, name)) if counts(path)]
        samples += [(path, label) for path in found]
        if not found:
            empty.append(name)
    if empty and not allow_empty:
        listed = extensions if isinstance(extensions, str) else ", ".join(extensions or ())
        raise FileNotFoundError(
            f"Found no valid file for the classes {', '.join(empty)}. "
            + (f"Supported extensions are: {listed}" if listed else "")
        )
    return samples


def _files(folder: str) -> list[str]:
    """Paths of all files below a folder, through links too."""
    return [
        os.path.join(place, name)
        for place, _, names in sorted(os.walk(folder, followlinks=True))
        for name in sorted(names)
    ]


def pil_loader(path: str | Path) -> Any:
    """The picture in a file as a Pillow image in RGB.

    Raises: ImageFileError (an OSError) naming the file when it is damaged or holds no picture.
    """
    image = images.pillow()
    raw = Path(path).read_bytes()
    with images.naming(path):
        return image.open(io.BytesIO(raw)).convert("RGB")


def default_loader(path: str | Path) -> Any:
    """How `ImageFolder` reads a file unless told otherwise: `pil_loader`."""
    return pil_loader(path)


class DatasetFolder(VisionDataset):
    """Samples of any kind in files that lie in one folder a class: root/CLASS/.../file.

    Args:
        root: folder of the class folders.
        loader: called with a path, gives the sample.
        extensions: which files count, such as (".npy",); or
        is_valid_file: called with a path, says whether the file counts.
        transform, target_transform: called with a sample, with a label.
        allow_empty: a class may have no file. Default False.
    Raises: FileNotFoundError for a folder without classes and for classes without files;
            ValueError unless exactly one of extensions and is_valid_file is given.

    `classes` are the names in alphabetical order, `class_to_idx` their numbers, `samples` the pairs
    (path, number), `targets` the numbers alone. A subclass may override `find_classes` and
    `make_dataset`.
    """

    def __init__(
        self,
        root: str | Path,
        loader: Callable[[str], Any],
        extensions: tuple[str, ...] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.loader = loader
        self.extensions = extensions
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = self.make_dataset(
            self.root,
            class_to_idx=self.class_to_idx,
            extensions=extensions,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.targets = [label for _, label in self.samples]

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        """Names of the classes and their numbers: see the function of this name."""
        return find_classes(directory)

    @staticmethod
    def make_dataset(
        directory: str | Path,
        class_to_idx: dict[str, int],
        extensions: tuple[str, ...] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """The samples: see the function of this name; here the classes must be given."""
        if class_to_idx is None:
            raise ValueError("The class_to_idx parameter cannot be None.")
        return make_dataset(directory, class_to_idx, extensions, is_valid_file, allow_empty)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._transformed(self.loader(path), target)

    def _take(self, indices: np.ndarray, labels: np.ndarray) -> None:
        self.targets = labels.tolist()
        self.samples = [(self.samples[i][0], label) for i, label in zip(indices, self.targets)]
        self.class_to_idx = {name: label for label, name in enumerate(self.classes)}


class ImageFolder(DatasetFolder):
    """Pictures that lie in one folder a class: root/dog/xxx.png, root/cat/123.jpg.

    Args:
        root: folder of the class folders.
        transform, target_transform: called with an image, with a label.
        loader: called with a path, gives the image. Default: a Pillow image in RGB.
        is_valid_file: called with a path, says whether the file counts. Default: by its extension.
        allow_empty: a class may have no file. Default False.
    Raises: as `DatasetFolder`; reading a damaged file raises ImageFileError, which names it.

    `imgs` is another name of `samples`.

    >>> import os, tempfile
    >>> from flambeau.vision import datasets
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for index, (image, label) in enumerate(datasets.FakeData(6, (3, 8, 8), 2)):
    ...         os.makedirs(f"{root}/{'cat' if index % 2 else 'dog'}", exist_ok=True)
    ...         image.save(f"{root}/{'cat' if index % 2 else 'dog'}/{index}.png")
    ...     pictures = datasets.ImageFolder(root)
    >>> pictures.classes, pictures.targets
    (['cat', 'dog'], [0, 0, 0, 1, 1, 1])
    """

    def __init__(
        self,
        root: str | Path,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(
            root,
            loader,
            IMG_EXTENSIONS if is_valid_file is None else None,
            transform,
            target_transform,
            is_valid_file,
            allow_empty,
        )
        self.imgs = self.samples

    def _take(self, indices: np.ndarray, labels: np.ndarray) -> None:
        super()._take(indices, labels)
        self.imgs = self.samples
