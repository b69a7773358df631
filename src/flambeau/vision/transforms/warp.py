"""Turning, shearing and tilting by chance."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

from flambeau.tensor.api import torch
from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import RandomTransform, uniform, whole
from flambeau.vision.transforms.functional.interpolation import InterpolationMode, of_pillow


class RandomRotation(RandomTransform):
    """Turns an image by an angle drawn at random, uniformly.

    Shape:  Pillow image or tensor (..., C, H, W) -> the same, or larger with `expand`
    Args:   degrees: (least, most), or one number for both ways. interpolation: an InterpolationMode
            or Pillow's number; tensors know nearest (default) and bilinear. expand: make room for
            the whole image. center: (x, y) from the upper left corner. Default the middle. fill: of
            what lies outside of the image, one number or one a channel. Default 0.
    Raises: TypeError or ValueError for other arguments.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomRotation((90, 90))(torch.tensor([[[1, 2], [3, 4]]]))
    tensor([[[2, 4],
             [1, 3]]])
    """

    def __init__(
        self,
        degrees: Any,
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = _range(degrees, "degrees", (2,))
        if center is not None:
            _check_length(center, "center", (2,))
        self.center = center
        self.interpolation = of_pillow(interpolation)
        self.expand = expand
        self.fill = _colour(fill)

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """Draws the angle for `functional.rotate`."""
        return uniform(degrees[0], degrees[1])

    def forward(self, img: Any) -> Any:
        angle = self.get_params(self.degrees)
        return functional.rotate(
            img, angle, self.interpolation, self.expand, self.center, self.fill
        )

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, "
            f"interpolation={self.interpolation.value}, expand={self.expand}{center}, "
            f"fill={self.fill})"
        )


class RandomAffine(RandomTransform):
    """Shears, scales, turns and moves an image, by amounts drawn at random.

    Shape:  Pillow image or tensor (..., C, H, W) -> the same
    Args:   degrees: (least, most) to turn, or one number for both ways. translate: the largest
            moves, as shares of width and height. scale: (least, most). shear: degrees along x, one
            number for both ways, (least, most), or these for x and for y. interpolation: an
            InterpolationMode or Pillow's number; tensors know nearest (default) and bilinear. fill:
            of what lies outside of the image, one number or one a channel. Default 0. center:
            (x, y) from the upper left corner. Default the middle.
    Raises: TypeError or ValueError for other arguments.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomAffine(0, translate=(0.1, 0.1))(torch.zeros(1, 8, 8)).shape
    torch.Size([1, 8, 8])
    """

    def __init__(
        self,
        degrees: Any,
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: Any = None,
        interpolation: Any = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.degrees = _range(degrees, "degrees", (2,))
        if translate is not None:
            _check_length(translate, "translate", (2,))
            if not all(0.0 <= share <= 1.0 for share in translate):
                raise ValueError("translation values should be between 0 and 1")
        self.translate = translate
        if scale is not None:
            _check_length(scale, "scale", (2,))
            if not all(factor > 0 for factor in scale):
                raise ValueError("scale values should be positive")
        self.scale = scale
        self.shear = None if shear is None else _range(shear, "shear", (2, 4))
        self.interpolation = of_pillow(interpolation)
        self.fill = _colour(fill)
        if center is not None:
            _check_length(center, "center", (2,))
        self.center = center

    @staticmethod
    def get_params(
        degrees: Sequence[float],
        translate: Sequence[float] | None,
        scale_ranges: Sequence[float] | None,
        shears: Sequence[float] | None,
        img_size: Sequence[int],
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """Draws angle, moves, scale and shears for `functional.affine`; img_size is (W, H)."""
        angle = uniform(degrees[0], degrees[1])
        dx, dy = 0, 0
        if translate is not None:
            dx, dy = (
                round(uniform(-share * length, share * length))
                for share, length in zip(translate, img_size)
            )
        scale = 1.0 if scale_ranges is None else uniform(scale_ranges[0], scale_ranges[1])
        ends = [*(shears or ()), 0.0, 0.0, 0.0, 0.0]
        shear = (uniform(ends[0], ends[1]), uniform(ends[2], ends[3]))
        return angle, (dx, dy), scale, shear

    def forward(self, img: Any) -> Any:
        _, height, width = functional.get_dimensions(img)
        drawn = self.get_params(
            self.degrees, self.translate, self.scale, self.shear, (width, height)
        )
        return functional.affine(
            img, *drawn, interpolation=self.interpolation, fill=self.fill, center=self.center
        )

    def __repr__(self) -> str:
        shown = [f"degrees={self.degrees}"]
        for name in ("translate", "scale", "shear"):
            if getattr(self, name) is not None:
                shown.append(f"{name}={getattr(self, name)}")
        if self.interpolation != InterpolationMode.NEAREST:
            shown.append(f"interpolation={self.interpolation.value}")
        if self.fill != 0:
            shown.append(f"fill={self.fill}")
        if self.center is not None:
            shown.append(f"center={self.center}")
        return f"{type(self).__name__}({', '.join(shown)})"


class RandomPerspective(RandomTransform):
    """Shows an image at a random slant with probability p.

    Each corner moves towards the middle by a whole number of pixels, at most distortion_scale times
    half the width and half the height.

    Shape:  Pillow image or tensor (..., C, H, W) -> the same
    Args:   distortion_scale: from 0 to 1. Default 0.5. p: the probability. Default 0.5.
            interpolation: an InterpolationMode or Pillow's number; tensors know nearest and
            bilinear (default). fill: of what lies outside of the image, one number or one a
            channel. Default 0.
    Raises: TypeError for another fill.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomPerspective(p=1.0)(torch.zeros(3, 8, 8)).shape
    torch.Size([3, 8, 8])
    """

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: Any = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.p = p
        self.interpolation = of_pillow(interpolation)
        self.distortion_scale = distortion_scale
        self.fill = _colour(fill)

    @staticmethod
    def get_params(
        width: int, height: int, distortion_scale: float
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Draws the four corners before and after, for `functional.perspective`."""
        across = int(distortion_scale * (width // 2)) + 1
        down = int(distortion_scale * (height // 2)) + 1
        left, right = (0, across), (width - across, width)
        top, bottom = (0, down), (height - down, height)
        start = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        return start, [[whole(*x), whole(*y)] for x, y in corners]

    def forward(self, img: Any) -> Any:
        if torch.rand(1).item() >= self.p:
            return img
        _, height, width = functional.get_dimensions(img)
        start, end = self.get_params(width, height, self.distortion_scale)
        return functional.perspective(img, start, end, self.interpolation, self.fill)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


def _range(value: Any, name: str, lengths: tuple[int, ...]) -> list[float]:
    """[least, most] of a number for both ways or of such a sequence."""
    if isinstance(value, Number):
        if value < 0:  # type: ignore[operator]
            raise ValueError(f"If {name} is a single number, it must be positive.")
        value = [-value, value]  # type: ignore[operator]
    else:
        _check_length(value, name, lengths)
    return [float(end) for end in value]


def _check_length(value: Any, name: str, lengths: tuple[int, ...]) -> None:
    message = f"{name} should be a sequence of length {' or '.join(map(str, lengths))}."
    if not isinstance(value, Sequence):
        raise TypeError(message)
    if len(value) not in lengths:
        raise ValueError(message)


def _colour(fill: Any) -> Any:
    if fill is None:
        return 0
    if not isinstance(fill, (Sequence, Number)):
        raise TypeError("Fill should be either a sequence or a number.")
    return fill
