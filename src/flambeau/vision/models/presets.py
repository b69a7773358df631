"""What is done to a photograph before a network sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau import nn
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision.transforms import functional as F
from flambeau.vision.transforms.functional import InterpolationMode


class ImageClassification(nn.Module):
    """Shorter edge to one size, the middle cut out, bytes to floats, channels normalised.

    Shape:  Pillow image or tensor (..., 3, H, W) -> float (..., 3, crop_size, crop_size)
    Args:
        crop_size: edge of the square that is cut out. resize_size: shorter edge before. Default
            256.
        mean, std: of each channel in red, green, blue, on a scale of 0..1. Default: ImageNet's.
        interpolation, antialias: as `resize` takes them. Default bilinear, True.
        bgr: give the channels in the order blue, green, red, as Caffe had them. Default False.

    >>> import flambeau as torch
    >>> from flambeau.vision.models.presets import ImageClassification
    >>> ImageClassification(crop_size=6, resize_size=8)(torch.zeros(3, 10, 20)).shape
    torch.Size([3, 6, 6])
    """

    def __init__(
        self,
        *,
        crop_size: int,
        resize_size: int = 256,
        mean: Sequence[float] = (0.485, 0.456, 0.406),
        std: Sequence[float] = (0.229, 0.224, 0.225),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
        bgr: bool = False,
    ) -> None:
        super().__init__()
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias
        self.bgr = bgr

    def forward(self, img: Any) -> Any:
        img = F.resize(img, self.resize_size, self.interpolation, antialias=self.antialias)
        img = F.center_crop(img, self.crop_size)
        if not isinstance(img, Tensor):
            img = F.pil_to_tensor(img)
        img = F.normalize(F.convert_image_dtype(img), self.mean, self.std)
        return torch.flip(img, (-3,)) if self.bgr else img

    def __repr__(self) -> str:
        shown = ["crop_size", "resize_size", "mean", "std", "interpolation"]
        shown += ["bgr"] if self.bgr else []
        lines = "".join(f"\n    {name}={getattr(self, name)}" for name in shown)
        return f"{type(self).__name__}({lines}\n)"

    def describe(self) -> str:
        """The recipe in a sentence.

        >>> from flambeau.vision.models.presets import ImageClassification
        >>> ImageClassification(crop_size=224).describe()[:41]
        'Photographs of any size: the shorter edge'
        """
        order = "blue, green, red" if self.bgr else "red, green, blue"
        return (
            f"Photographs of any size: the shorter edge becomes {self.resize_size[0]} pixels long "
            f"({self.interpolation.value}), the middle {self.crop_size[0]} x {self.crop_size[0]} "
            f"is cut out, numbers 0..1 are normalised with mean {self.mean} and std {self.std}; "
            f"channels are {order}."
        )
