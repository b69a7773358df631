"""What every transform of an image can do."""

from __future__ import annotations

from typing import Any

from flambeau import nn
from flambeau.tensor.api import torch


class Transform(nn.Module):
    """A module that maps an image, or a batch of images at once, to another.

    `forward` takes one Pillow image or a tensor (..., C, H, W). `batch` takes a whole set
    (N, C, H, W) and gives what `forward` gives image by image.
    """

    def batch(self, images: Any) -> Any:
        """The same on a whole set (N, C, H, W)."""
        return self(images)


class RandomTransform(Transform):
    """A transform that draws anew for every image of a whole set.

    `forward` draws once: a batch given to it is transformed alike.
    """

    def batch(self, images: Any) -> Any:
        """The same on a whole set (N, C, H, W), drawing for each image."""
        return torch.stack([self(image) for image in images])


def uniform(low: float, high: float) -> float:
    """A number between two others, from Flambeau's generator."""
    return float(low + (high - low) * torch.rand(1).item())


def whole(low: int, high: int) -> int:
    """A whole number from `low` up to but not including `high`, from Flambeau's generator."""
    return int(torch.randint(low, high, (1,)).item())
