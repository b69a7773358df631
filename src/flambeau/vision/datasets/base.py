"""What every image data set here is: arrays in memory, read one by one or as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from flambeau import data
from flambeau.tensor.api import torch
from flambeau.vision import images, transforms


class ImageDataset(data.Dataset):
    """Labelled images held in memory; base of the data sets here.

    `dataset[i]` is (Pillow image, int), each passed through its transform. `tensors()` is the whole
    set at once, which costs no Python per image.

    Args:
        root: folder of the files, or None for a set that needs none.
        transform: called with an image. Default: images stay Pillow images.
        target_transform: called with a label. Default: labels stay integers.
    """

    classes: list[str]
    root: Any  # Path, or None for a set that needs no files

    def __init__(
        self,
        root: str | Path | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        self.root = Path(root).expanduser() if root is not None else None
        self.transform = transform
        self.target_transform = target_transform

    def _pixels(self) -> np.ndarray:
        """All images as uint8, (N, H, W) grey or (N, H, W, 3) colour."""
        raise NotImplementedError

    def _labels(self) -> np.ndarray:
        """All labels, (N,) integers."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._pixels())

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image: Any = images.to_image(self._pixels()[index])
        target: Any = int(self._labels()[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

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
        pixels = self._pixels()
        stack = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
        batch = transforms.whole_set(torch.from_numpy(np.ascontiguousarray(stack)), self.transform)
        labels = self._labels().astype(np.int64)
        if self.target_transform is not None:
            labels = np.asarray([self.target_transform(int(label)) for label in labels])
        return batch, torch.from_numpy(labels)

    @property
    def class_to_idx(self) -> dict[str, int]:
        """Class names with their labels."""
        return {name: label for label, name in enumerate(self.classes)}

    def extra_repr(self) -> str:
        """Lines that a subclass adds to the printed form."""
        return ""

    def __repr__(self) -> str:
        lines = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            lines.append(f"Root location: {self.root}")
        lines += self.extra_repr().splitlines()
        if self.transform or self.target_transform:
            # One entry of several lines: only the first is indented, as users of torchvision know
            # it.
            both = _labelled("Transform: ", self.transform)
            both += _labelled("Target transform: ", self.target_transform)
            lines.append("\n".join(["StandardTransform", *both]))
        return "\n".join([f"Dataset {type(self).__name__}", *(f"    {line}" for line in lines)])


def _labelled(label: str, transform: object | None) -> list[str]:
    if transform is None:
        return []
    first, *rest = repr(transform).splitlines()
    return [label + first] + [" " * len(label) + line for line in rest]
