"""Resizing, cutting, padding and mirroring, as told or by chance."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import RandomTransform, Sometimes, Transform
from flambeau.vision.transforms.chance import check_scale_and_ratio, sides, whole
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

    def extra_repr(self) -> str:
        return (
            f"size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias}"
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

    options = ("size",)

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = both(size)

    def forward(self, img: Any) -> Any:
        return functional.center_crop(img, self.size)


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

    options = ("padding", "fill", "padding_mode")

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

    options = ("size",)

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = both(size)

    def forward(self, img: Any) -> tuple[Any, ...]:
        return functional.five_crop(img, self.size)


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

    options = ("size", "vertical_flip")

    def __init__(self, size: Any, vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = both(size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> tuple[Any, ...]:
        return functional.ten_crop(img, self.size, self.vertical_flip)


class RandomHorizontalFlip(Sometimes):
    """Mirrors an image left to right with probability p.

    Shape:  Pillow image or tensor (..., H, W) -> the same
    Args:   p: the probability. Default 0.5.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomHorizontalFlip(p=1.0)(torch.tensor([[1, 2, 3]]))
    tensor([[3, 2, 1]])
    """

    def changed(self, img: Any) -> Any:
        return functional.hflip(img)


class RandomVerticalFlip(Sometimes):
    """Mirrors an image upside down with probability p.

    Shape:  Pillow image or tensor (..., H, W) -> the same
    Args:   p: the probability. Default 0.5.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomVerticalFlip(p=1.0)(torch.tensor([[1, 2], [3, 4]]))
    tensor([[3, 4],
            [1, 2]])
    """

    def changed(self, img: Any) -> Any:
        return functional.vflip(img)


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

    options = ("size", "padding")

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
        check_scale_and_ratio(scale, ratio)
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
            w, h = sides(height * width, scale, ratio)
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

    def extra_repr(self) -> str:
        scale, ratio = (tuple(round(x, 4) for x in pair) for pair in (self.scale, self.ratio))
        return (
            f"size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias}"
        )
