"""What the functions on colours ask of a tensor."""

from __future__ import annotations

from typing import Any

from flambeau.core import dtypes
from flambeau.vision.transforms.functional.size import get_dimensions


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
