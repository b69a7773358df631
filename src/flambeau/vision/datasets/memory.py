"""Data sets whose images are arrays in memory, read one by one or as a whole."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from flambeau.tensor.api import torch
from flambeau.vision import images, transforms
from flambeau.vision.datasets.vision import VisionDataset


class ImageDataset(VisionDataset):
    """Labelled images held in memory; base of the data sets here that are small enough.

    `dataset[i]` is (Pillow image, int), each passed through its transform. `tensors()` is the whole
    set at once, which costs no Python per image. `data` holds the pixels as uint8, (N, H, W) grey
    or (N, H, W, 3) colour, and `targets` the labels; each is a tensor or an array or (labels) a
    list, whichever torchvision has there.

    Args:
        root: folder of the files, or None for a set that needs none.
        transform: called with an image. Default: images stay Pillow images.
        target_transform: called with a label. Default: labels stay integers.
    """

    data: Any

    def __init__(
        self,
        root: str | Path | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(self._image(index), int(self._labels()[index]))

    def _image(self, index: int) -> Any:
        return images.to_image(np.asarray(self.data)[index])

    def tensors(self) -> tuple[Any, Any]:
        """The whole set as two tensors, transformed at once instead of image by image.

        Shape:  images (N, C, H, W) float, labels (N,) int64; row i equals `dataset[i]` after
                `ToTensor`.
        Raises: TypeError where a transform has no form for whole sets (`batch`).

        >>> from flambeau.vision import datasets, transforms
        >>> images, labels = datasets.Digits(transform=transforms.ToTensor()).tensors()
        >>> images.shape, labels.dtype
        (torch.Size([1437, 1, 8, 8]), torch.int64)
        """
        pixels = np.asarray(self.data)
        stack = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
        batch = transforms.whole_set(torch.from_numpy(np.ascontiguousarray(stack)), self.transform)
        labels = np.array(self._labels(), np.int64)
        if self.target_transform is not None:
            labels = np.asarray([self.target_transform(int(label)) for label in labels])
        return batch, torch.from_numpy(labels)

    def _take(self, indices: np.ndarray, labels: np.ndarray) -> None:
        self.data = self.data[indices]
        if isinstance(self.targets, list):
            self.targets = labels.tolist()
        else:
            self.targets = torch.from_numpy(labels)

    @property
    def class_to_idx(self) -> dict[str, int]:  # type: ignore[override]
        """Class names with their labels."""
        return {name: label for label, name in enumerate(self.classes)}

    # The names that programs of before 2019 use.
    train_data = property(lambda self: self._renamed("train_data", "data"))
    test_data = property(lambda self: self._renamed("test_data", "data"))
    train_labels = property(lambda self: self._renamed("train_labels", "targets"))
    test_labels = property(lambda self: self._renamed("test_labels", "targets"))

    def _renamed(self, old: str, new: str) -> Any:
        warnings.warn(f"{old} has been renamed {new}", stacklevel=3)
        return getattr(self, new)
