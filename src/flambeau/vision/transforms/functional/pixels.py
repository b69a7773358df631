"""What the functions ask of an image, its size, channels and numbers, and tensors of any type and
any leading dimensions as the operations of nn want them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flambeau.core import dtypes
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision import images


def get_dimensions(img: Any) -> list[int]:
    """Channels, height and width of an image.

    Shape:  Pillow image or tensor (..., C, H, W); (H, W) counts as one channel
    Raises: TypeError for anything else.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.get_dimensions(torch.zeros(8, 3, 20, 30))
    [3, 20, 30]
    """
    if isinstance(img, Tensor):
        if img.ndim < 2:
            raise TypeError(
                f"Tensor is not a torch image: it should be (..., C, H, W), got {tuple(img.shape)}"
            )
        return [1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1]]
    if images.is_image(img):
        return [len(img.getbands()), img.height, img.width]
    raise TypeError(f"img should be PIL Image or Tensor. Unexpected type {type(img)}")


def get_image_size(img: Any) -> list[int]:
    """Width and height of an image, in this order.

    Shape:  Pillow image or tensor (..., C, H, W)
    Raises: TypeError for anything else.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.get_image_size(torch.zeros(3, 20, 30))
    [30, 20]
    """
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """The number of channels of an image.

    Shape:  Pillow image or tensor (..., C, H, W)
    Raises: TypeError for anything else.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.get_image_num_channels(torch.zeros(3, 20, 30))
    3
    """
    return get_dimensions(img)[0]


def largest(dtype: Any) -> int:
    """The number that stands for full brightness: the largest of an integer type, 1 for others."""
    if dtype.is_floating_point or dtype == dtypes.bool_:
        return 1
    return int(torch.iinfo(dtype).max)


def check_pixels(img: Any, dims: int = 2) -> int:
    """The number of channels, 1 or 3; TypeError for other images and for fewer dimensions."""
    channels = get_dimensions(img)[0]
    if img.ndim < dims:
        raise TypeError(
            f"Input image tensor should have at least {dims} dimensions, but found {img.ndim}"
        )
    if channels not in (1, 3):
        raise TypeError(
            f"Input image tensor permitted channel values are [1, 3], but found {channels}"
        )
    return channels


def check_bytes(img: Any) -> None:
    """A TypeError unless the numbers are bytes."""
    if img.dtype != dtypes.uint8:
        raise TypeError(f"Only torch.uint8 image tensors are supported, but found {img.dtype}")


def through_float(img: Any, work: Callable[[Any], Any]) -> Any:
    """What ``work`` makes of a tensor (..., C, H, W), seen as (N, C, H, W) of floats.

    The result has the type and the leading dimensions of the image; integers are rounded.
    """
    size = get_dimensions(img)
    planes = img.reshape(math.prod(img.shape[:-3]), *size)
    exact = img.dtype in (dtypes.float32, dtypes.float64)
    y = work(planes if exact else planes.to(dtypes.float32))
    y = y.reshape(*img.shape[:-2], *y.shape[-2:])
    if exact:
        return y
    if not img.dtype.is_floating_point and img.dtype != dtypes.bool_:
        y = torch.round(y)
    return y.to(img.dtype)
