"""Images at another size."""

from __future__ import annotations

import warnings
from typing import Any

from flambeau.core import dtypes
from flambeau.nn import functional as F
from flambeau.tensor.tensor import Tensor
from flambeau.vision.transforms.functional.geometry import crop
from flambeau.vision.transforms.functional.interpolation import (
    InterpolationMode,
    mode_of,
    pillow_number,
)
from flambeau.vision.transforms.functional.planes import through_float
from flambeau.vision.transforms.functional.size import get_dimensions

_SMOOTH = ("bilinear", "bicubic")


def resize(
    img: Any,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """An image at another size.

    Shape:  Pillow image or tensor (..., H, W) -> (..., H', W')
    Args:   size: (height, width), or one number: the shorter edge, the other in proportion.
            interpolation: an InterpolationMode or Pillow's number. Default bilinear. max_size: the
            longer edge is at most this, where `size` is one number. antialias: average over what a
            shrinking step covers, of tensors in modes bilinear and bicubic; Pillow always does.
    Raises: TypeError or ValueError for other arguments, NotImplementedError for a mode that tensors
            do not have.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.resize(torch.zeros(3, 20, 30), 10).shape
    torch.Size([3, 10, 15])
    """
    mode = mode_of(interpolation)
    _, height, width = get_dimensions(img)
    wanted = _wanted(height, width, size, max_size)
    if wanted == [height, width]:
        return img
    if not isinstance(img, Tensor):
        if antialias is False:
            warnings.warn(
                "Anti-alias option is always applied for PIL Image input. "
                "Argument antialias is ignored.",
                stacklevel=2,
            )
        return img.resize((wanted[1], wanted[0]), pillow_number(mode))

    def work(planes: Any) -> Any:
        smooth = mode.value in _SMOOTH
        y = F.interpolate(
            planes,
            size=wanted,
            mode=mode.value,
            align_corners=False if smooth else None,
            antialias=bool(antialias) and smooth,
        )
        # Only the cubic overshoots.
        return y.clamp(0, 255) if img.dtype == dtypes.uint8 and mode.value == "bicubic" else y

    return through_float(img, work)


def _wanted(height: int, width: int, size: Any, max_size: int | None) -> list[int]:
    """[height, width] for a size as `resize` takes it."""
    given = list(size) if isinstance(size, (list, tuple)) else [size]
    if len(given) not in (1, 2):
        raise ValueError(
            f"Size must be an int or a 1 or 2 element tuple/list, not a {len(given)} "
            "element tuple/list"
        )
    if len(given) == 2:
        if max_size is not None:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the smaller edge, "
                "i.e. size should be an int or a sequence of length 1"
            )
        return given
    short, long = sorted((height, width))
    new_short, new_long = given[0], int(given[0] * long / short)
    if max_size is not None:
        if max_size <= new_short:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested "
                f"size for the smaller edge size = {size}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return [new_long, new_short] if width <= height else [new_short, new_long]


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """A part of an image at another size: `crop`, then `resize`.

    Shape:  Pillow image or tensor (..., H, W) -> (..., H', W')
    Raises: what `crop` and `resize` raise.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.resized_crop(torch.eye(4)[None], 0, 0, 2, 2, size=(1, 1))
    tensor([[[0.5000]]])
    """
    part = crop(img, top, left, height, width)
    return resize(part, size, interpolation, antialias=antialias)
