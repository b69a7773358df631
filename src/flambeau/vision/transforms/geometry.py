"""Resizing, cutting, padding and mirroring, each with fixed parameters."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import Transform
from flambeau.vision.transforms.functional.geometry import both, check_padding
from flambeau.vision.transforms.functional.interpolation import InterpolationMode, of_pillow


class Resize(Transform):
    """An image at another size.

    Shape:  Pillow image or tensor (..., H, W) -> (..., H', W')
    Args:   size: (height, width), or one number: the shorter edge, the other in proportion.
            interpolation: an InterpolationMode or Pillow's number. Default bilinear. max_size: the
            longer edge is at most this, where `size` is one number. antialias: average over what a
            shrinking step covers, of tensors in modes bilinear and bicubic; Pillow always does.
    Raises: TypeError or ValueError for other sizes.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.Resize(10)
    Resize(size=10, interpolation=bilinear, max_size=None, antialias=True)
    >>> transforms.Resize(10)(torch.zeros(3, 20, 30)).shape
    torch.Size([3, 10, 15])
    """

    def __init__(
        self,
        size: Any,
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, (int, Sequence)):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size = size
        self.max_size = max_size
        self.interpolation = of_pillow(interpolation)
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        return functional.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


class CenterCrop(Transform):
    """The middle of an image, with zeros around where the image is smaller.

    Shape:  Pillow image or tensor (..., H, W) -> (..., height, width)
    Args:   size: (height, width), or one number for both.
    Raises: ValueError for a size of another length.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.CenterCrop(1)(torch.arange(9).view(3, 3))
    tensor([[4]])
    """

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = both(size)

    def forward(self, img: Any) -> Any:
        return functional.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class Pad(Transform):
    """An image with a border around it; negative numbers cut off.

    Shape:  Pillow image or tensor (..., H, W) -> (..., top + H + bottom, left + W + right)
    Args:   padding: one number, (left and right, top and bottom), or (left, top, right, bottom).
            fill: of a constant border, one number or, for Pillow images, one a channel.
            padding_mode: constant; edge: the last pixel again; reflect: mirrored about the last
            pixel; symmetric: mirrored with the last pixel.
    Raises: TypeError or ValueError for other arguments.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.Pad((1, 0), padding_mode="edge")(torch.tensor([[1, 2, 3]]))
    tensor([[1, 1, 2, 3, 3]])
    """

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        if not isinstance(padding, (Number, tuple, list)):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(fill, (Number, tuple, list)):
            raise TypeError("Got inappropriate fill arg")
        check_padding(padding, padding_mode)
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        return functional.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, "
            f"padding_mode={self.padding_mode})"
        )


class FiveCrop(Transform):
    """The four corners and the middle of an image, as a tuple.

    Shape:  Pillow image or tensor (..., H, W) -> five of (..., height, width)
    Args:   size: (height, width), or one number for both.
    Raises: ValueError if the image is smaller.

    To classify an image by all five: stack them, join the first two dimensions of a batch
    (N, 5, C, H, W) for the model, and average its scores over each five.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> [part.item() for part in transforms.FiveCrop(1)(torch.arange(9).view(3, 3))]
    [0, 2, 6, 8, 4]
    """

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = both(size)

    def forward(self, img: Any) -> tuple[Any, ...]:
        return functional.five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(Transform):
    """The four corners and the middle of an image, and of its mirror image, as a tuple.

    The test of Krizhevsky et al. (2012): a model's scores, averaged over the ten.

    Shape:  Pillow image or tensor (..., H, W) -> ten of (..., height, width)
    Args:   size: (height, width), or one number for both. vertical_flip: mirror upside down.
    Raises: ValueError if the image is smaller.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> [part.item() for part in transforms.TenCrop(1)(torch.arange(9).view(3, 3))]
    [0, 2, 6, 8, 4, 2, 0, 8, 6, 4]
    """

    def __init__(self, size: Any, vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = both(size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> tuple[Any, ...]:
        return functional.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, vertical_flip={self.vertical_flip})"
