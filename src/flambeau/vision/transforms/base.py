"""What every transform of an image can do."""

from __future__ import annotations

from typing import Any, ClassVar

from flambeau import nn
from flambeau.tensor.api import torch


class Transform(nn.Module):
    """A module that maps an image, or a batch of images at once, to another.

    `forward` takes one Pillow image or a tensor (..., C, H, W). `batch` takes a whole set
    (N, C, H, W) and gives what `forward` gives image by image. The attributes named in `options`
    are what is printed.
    """

    options: ClassVar[tuple[str, ...]] = ()
    separator: ClassVar[str] = ", "  # of the printed options; torchvision has both ", " and ","

    def batch(self, images: Any) -> Any:
        """The same on a whole set (N, C, H, W)."""
        return self(images)

    def extra_repr(self) -> str:
        return self.separator.join(f"{name}={getattr(self, name)}" for name in self.options)


class RandomTransform(Transform):
    """A transform that draws anew for every image of a whole set.

    `forward` draws once: a batch given to it is transformed alike.
    """

    def batch(self, images: Any) -> Any:
        """The same on a whole set (N, C, H, W), drawing for each image."""
        return torch.stack([self(image) for image in images])


class Sometimes(RandomTransform):
    """What transforms by chance share: `changed` with probability p, else the image as it was.

    Args:   p: the probability.
    """

    options: ClassVar[tuple[str, ...]] = ("p",)

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def changed(self, img: Any) -> Any:
        """The image as it is when chance says so."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does")

    def forward(self, img: Any) -> Any:
        return self.changed(img) if torch.rand(1).item() < self.p else img
