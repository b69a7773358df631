"""Cutting, resizing and mirroring by chance."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from flambeau.tensor.api import torch
from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import RandomTransform, uniform, whole
from flambeau.vision.transforms.functional.geometry import both
from flambeau.vision.transforms.functional.interpolation import InterpolationMode, of_pillow


class RandomHorizontalFlip(RandomTransform):
    """Mirrors an image left to right with probability p.

    Shape:  Pillow image or tensor (..., H, W) -> the same
    Args:   p: the probability. Default 0.5.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomHorizontalFlip(p=1.0)(torch.tensor([[1, 2, 3]]))
    tensor([[3, 2, 1]])
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return functional.hflip(img) if torch.rand(1).item() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(RandomTransform):
    """Mirrors an image upside down with probability p.

    Shape:  Pillow image or tensor (..., H, W) -> the same
    Args:   p: the probability. Default 0.5.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomVerticalFlip(p=1.0)(torch.tensor([[1, 2], [3, 4]]))
    tensor([[3, 4],
            [1, 2]])
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return functional.vflip(img) if torch.rand(1).item() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomCrop(RandomTransform):
    """A part of an image of fixed size, from a place drawn at random.

    Shape:  Pillow image or tensor (..., H, W) -> (..., height, width)
    Args:   size: (height, width), or one number for both. padding, fill, padding_mode: a border
            added first, as `Pad` takes it. pad_if_needed: widen an image that is too small, as
            much on both sides as it lacks.
    Raises: ValueError if the image is smaller than the part.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomCrop(4, padding=1)(torch.zeros(3, 5, 5)).shape
    torch.Size([3, 4, 4])
    """

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = tuple(both(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: Sequence[int]) -> tuple[int, int, int, int]:
        """Draws top, left, height and width for `functional.crop`."""
        _, height, width = functional.get_dimensions(img)
        th, tw = output_size
        if height < th or width < tw:
            raise ValueError(
                f"Required crop size {(th, tw)} is larger than input image size {(height, width)}"
            )
        if (height, width) == (th, tw):
            return 0, 0, th, tw
        return whole(0, height - th + 1), whole(0, width - tw + 1), th, tw

    def forward(self, img: Any) -> Any:
        if self.padding is not None:
            img = functional.pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            _, height, width = functional.get_dimensions(img)
            lacking = [max(self.size[1] - width, 0), max(self.size[0] - height, 0)]
            if any(lacking):
                img = functional.pad(img, lacking, self.fill, self.padding_mode)
        return functional.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomResizedCrop(RandomTransform):
    """A part of an image of random area and shape, at a fixed size: how Inception was trained.

    The logarithm of the aspect ratio is uniform, so that wide is as likely as tall. Where ten draws
    do not fit into the image it is the largest part of an allowed shape in the middle. (Szegedy et
    al., Going deeper with convolutions, 2015.)

    Shape:  Pillow image or tensor (..., H, W) -> (..., height, width)
    Args:   size: (height, width), or one number for both. scale: smallest and largest area, as
            shares of the image's. ratio: smallest and largest width / height. interpolation,
            antialias: as `Resize` takes them.
    Raises: TypeError unless scale and ratio are sequences.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomResizedCrop(4)(torch.zeros(3, 20, 30)).shape
    torch.Size([3, 4, 4])
    """

    def __init__(
        self,
        size: Any,
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = both(size)
        if not isinstance(scale, Sequence):
            raise TypeError("Scale should be a sequence")
        if not isinstance(ratio, Sequence):
            raise TypeError("Ratio should be a sequence")
        if scale[0] > scale[1] or ratio[0] > ratio[1]:
            warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=2)
        self.interpolation = of_pillow(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(
        img: Any, scale: Sequence[float], ratio: Sequence[float]
    ) -> tuple[int, int, int, int]:
        """Draws top, left, height and width for `functional.resized_crop`."""
        _, height, width = functional.get_dimensions(img)
        for _ in range(10):
            area = height * width * uniform(scale[0], scale[1])
            aspect = math.exp(uniform(math.log(ratio[0]), math.log(ratio[1])))
            w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < w <= width and 0 < h <= height:
                return whole(0, height - h + 1), whole(0, width - w + 1), h, w
        w, h = width, height
        if width / height < min(ratio):
            h = round(width / min(ratio))
        elif width / height > max(ratio):
            w = round(height * max(ratio))
        return (height - h) // 2, (width - w) // 2, h, w

    def forward(self, img: Any) -> Any:
        box = self.get_params(img, self.scale, self.ratio)
        return functional.resized_crop(
            img, *box, self.size, self.interpolation, antialias=self.antialias
        )

    def __repr__(self) -> str:
        scale, ratio = (tuple(round(x, 4) for x in pair) for pair in (self.scale, self.ratio))
        return (
            f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )
