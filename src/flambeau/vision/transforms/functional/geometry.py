"""Cutting, padding and mirroring: pixels move, none is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Number
from typing import Any

import numpy as np

from flambeau.core.errors import ShapeError
from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision import images
from flambeau.vision.transforms.functional.size import get_dimensions


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part of an image from row `top` and column `left` on; zeros where it has none.

    Shape:  Pillow image or tensor (..., H, W) -> (..., height, width)
    Raises: TypeError unless given an image.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.crop(torch.tensor([[1, 2], [3, 4]]), top=1, left=-1, height=1, width=3)
    tensor([[0, 3, 4]])
    """
    _, h, w = get_dimensions(img)
    if not isinstance(img, Tensor):
        return img.crop((left, top, left + width, top + height))
    rows, above, below = _kept(top, height, h)
    columns, before, after = _kept(left, width, w)
    part = img[..., rows, columns]
    if above or below or before or after:
        part = F.pad(part, [before, after, above, below])
    return part


def _kept(start: int, length: int, size: int) -> tuple[slice, int, int]:
    """What of a dimension lies between, and how much is missing before and after it."""
    first = min(max(start, 0), size)
    last = max(min(start + length, size), first)
    before = min(max(-start, 0), length)
    return slice(first, last), before, length - before - (last - first)


def center_crop(img: Any, output_size: Any) -> Any:
    """The middle of an image, with zeros around where the image is smaller.

    Shape:  Pillow image or tensor (..., H, W) -> (..., height, width)
    Args:   output_size: (height, width), or one number for both.
    Raises: TypeError unless given an image.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.center_crop(torch.arange(9).view(3, 3), 1)
    tensor([[4]])
    """
    height, width = both(output_size)
    _, h, w = get_dimensions(img)
    if height > h or width > w:
        across, down = max(width - w, 0), max(height - h, 0)
        img = pad(img, [across // 2, down // 2, (across + 1) // 2, (down + 1) // 2])
        _, h, w = get_dimensions(img)
        if (height, width) == (h, w):
            return img
    # Half a pixel is rounded to the even place.
    return crop(img, round((h - height) / 2), round((w - width) / 2), height, width)


def both(size: Any) -> Any:
    """(height, width) of a size given as one number, a sequence of one, or both already."""
    if isinstance(size, Number):
        size = [size]
    if len(size) == 1:
        return int(size[0]), int(size[0])
    if len(size) != 2:
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    return size


def five_crop(img: Any, size: Any) -> tuple[Any, ...]:
    """The four corners and the middle of an image.

    Shape:  Pillow image or tensor (..., H, W) -> top left, top right, bottom left, bottom right,
            middle, each (..., height, width)
    Args:   size: (height, width), or one number for both.
    Raises: ValueError if the image is smaller.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> [part.item() for part in functional.five_crop(torch.arange(9).view(3, 3), 1)]
    [0, 2, 6, 8, 4]
    """
    height, width = both(size)
    _, h, w = get_dimensions(img)
    if height > h or width > w:
        raise ValueError(
            f"Requested crop size {(height, width)} is bigger than input size {(h, w)}"
        )
    corners = [(top, left) for top in (0, h - height) for left in (0, w - width)]
    parts = [crop(img, top, left, height, width) for top, left in corners]
    return (*parts, center_crop(img, [height, width]))


def ten_crop(img: Any, size: Any, vertical_flip: bool = False) -> tuple[Any, ...]:
    """The four corners and the middle of an image, and the same of its mirror image.

    Shape:  Pillow image or tensor (..., H, W) -> ten of (..., height, width)
    Args:   size: (height, width), or one number for both. vertical_flip: mirror upside down.
    Raises: ValueError if the image is smaller.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> [part.item() for part in functional.ten_crop(torch.arange(9).view(3, 3), 1)]
    [0, 2, 6, 8, 4, 2, 0, 8, 6, 4]
    """
    mirrored = vflip(img) if vertical_flip else hflip(img)
    return five_crop(img, size) + five_crop(mirrored, size)


def hflip(img: Any) -> Any:
    """An image mirrored left to right.

    Shape:  Pillow image or tensor (..., H, W) -> the same
    Raises: TypeError unless given an image.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.hflip(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])
    """
    return _mirrored(img, "FLIP_LEFT_RIGHT", -1)


def vflip(img: Any) -> Any:
    """An image mirrored upside down.

    Shape:  Pillow image or tensor (..., H, W) -> the same
    Raises: TypeError unless given an image.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.vflip(torch.tensor([[1, 2], [3, 4]]))
    tensor([[3, 4],
            [1, 2]])
    """
    return _mirrored(img, "FLIP_TOP_BOTTOM", -2)


def _mirrored(img: Any, name: str, axis: int) -> Any:
    get_dimensions(img)  # refuses what is no image
    if isinstance(img, Tensor):
        return img.flip(axis)
    return img.transpose(images.pillow().Transpose[name])


# Which of the pixels 0 .. n - 1 stands at place i, from -n to 2 n - 1.
_BEYOND: dict[str, Callable[[Any, int], Any]] = {
    "edge": lambda i, n: i.clip(0, n - 1),
    "reflect": lambda i, n: n - 1 - abs(n - 1 - abs(i)),
    "symmetric": lambda i, n: (n - abs(n - abs(i + 0.5))).astype(np.int64),
}


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """An image with a border around it; negative numbers cut off.

    Shape:  Pillow image or tensor (..., H, W) -> (..., top + H + bottom, left + W + right)
    Args:   padding: one number, (left and right, top and bottom), or (left, top, right, bottom).
            fill: of a constant border, one number or, for Pillow images, one a channel.
            padding_mode: constant; edge: the last pixel again; reflect: mirrored about the last
            pixel; symmetric: mirrored with the last pixel.
    Raises: TypeError or ValueError for other arguments; RuntimeError if a tensor is smaller than
            what would be mirrored.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.pad(torch.tensor([[1, 2, 3]]), (2, 0), padding_mode="reflect")
    tensor([[3, 2, 1, 2, 3, 2, 1]])
    """
    left, top, right, bottom = _borders(img, padding, fill, padding_mode)
    if not isinstance(img, Tensor):
        return _pad_image(img, (left, top, right, bottom), fill, padding_mode)
    if padding_mode == "constant":
        return F.pad(img, [left, right, top, bottom], value=fill or 0)
    _, height, width = get_dimensions(img)
    rows = _indices(height, top, bottom, padding_mode)
    columns = _indices(width, left, right, padding_mode)
    return img[..., rows[:, None], columns]


def _borders(img: Any, padding: Any, fill: Any, padding_mode: str) -> list[int]:
    """Left, top, right and bottom, once all arguments of `pad` are found to fit."""
    get_dimensions(img)  # refuses what is no image
    if not isinstance(padding, (int, tuple, list)):
        raise TypeError("Got inappropriate padding arg")
    if fill is not None and not isinstance(
        fill, Number if isinstance(img, Tensor) else (Number, tuple, list)
    ):
        raise TypeError("Got inappropriate fill arg")
    if not isinstance(padding_mode, str):
        raise TypeError("Got inappropriate padding_mode arg")
    check_padding(padding, padding_mode)
    sides = list(padding) if isinstance(padding, (tuple, list)) else [padding]
    return sides * (4 // len(sides))


def check_padding(padding: Any, padding_mode: str) -> None:
    """Refuses a border of another number of sides, and modes that do not exist."""
    if isinstance(padding, Sequence) and len(padding) not in (1, 2, 4):
        raise ValueError(
            "Padding must be an int or a 1, 2, or 4 element tuple, not a "
            f"{len(padding)} element tuple"
        )
    if padding_mode != "constant" and padding_mode not in _BEYOND:
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")


def _indices(size: int, before: int, after: int, padding_mode: str) -> Any:
    """Where the elements of a padded dimension come from."""
    limit = {"reflect": size - 1, "symmetric": size}.get(padding_mode)
    if limit is not None and max(before, after) > limit:
        raise ShapeError(
            "Padding size should be less than the corresponding input dimension, but got: "
            f"padding ({before}, {after}) around {size} pixels in mode {padding_mode!r}"
        )
    kept = np.arange(max(-before, 0), size - max(-after, 0))
    places = np.arange(-max(before, 0), len(kept) + max(after, 0))
    return torch.from_numpy(kept[_BEYOND[padding_mode](places, len(kept))])


def _pad_image(img: Any, borders: tuple[int, ...], fill: Any, padding_mode: str) -> Any:
    left, top, right, bottom = borders
    if padding_mode == "constant":
        from PIL import ImageOps

        padded = ImageOps.expand(img, borders, fill=fill_of_image(fill, img))
    else:
        cut = [max(-border, 0) for border in borders]
        img = img.crop((cut[0], cut[1], img.width - cut[2], img.height - cut[3]))
        widths = [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))]
        pixels = np.asarray(img)
        widths += [(0, 0)] * (pixels.ndim - 2)
        padded = images.from_array(np.pad(pixels, widths, padding_mode), img.mode)  # type: ignore[call-overload]
    if img.mode == "P":
        padded.putpalette(img.getpalette())
    return padded


def fill_of_image(fill: Any, img: Any) -> Any:
    """A colour as Pillow wants it: one number a channel, whole ones unless the image is of floats.

    Raises ValueError if it has another number of channels.
    """
    channels = len(img.getbands())
    values = list(fill) if isinstance(fill, (tuple, list)) else [fill or 0]
    if len(values) == 1:
        values *= channels
    if len(values) != channels:
        raise ValueError(
            "The number of elements in 'fill' does not match the number of channels of the image "
            f"({len(values)} != {channels})"
        )
    if img.mode != "F":
        values = [int(value) for value in values]
    if channels == 1 and not isinstance(fill, (tuple, list)):
        return values[0]
    return tuple(values)
