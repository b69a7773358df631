"""Images of noise, to try a program on before its data are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.tensor.api import torch
from flambeau.vision import images
from flambeau.vision.datasets.vision import VisionDataset


class FakeData(VisionDataset):
    """Random images with random labels: the same ones each time, whatever was drawn before.

    Args:
        size: how many. Default 1000.
        image_size: (C, H, W) with 1 to 4 channels. Default (3, 224, 224).
        num_classes: labels are below this. Default 10.
        transform, target_transform: called with a Pillow image, with a label.
        random_offset: added to the index to give the seed of an image. Default 0.

    >>> from flambeau.vision import datasets
    >>> data = datasets.FakeData(size=3, image_size=(1, 2, 4))
    >>> [label for _, label in data] == [label for _, label in data]
    True
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.image_size = image_size
        self.num_classes = num_classes
        self.random_offset = random_offset

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        seed = index % len(self) + self.random_offset
        generator = torch.Generator().manual_seed(seed)
        pixels = torch.randint(
            0, 256, self.image_size, generator=generator, dtype=torch.uint8
        ).numpy()
        target = torch.randint(0, self.num_classes, (1,), generator=generator).item()
        image = images.to_image(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0).copy())
        return self._transformed(image, target)
