"""How large an image is, whether Pillow's or a tensor."""

from __future__ import annotations

from typing import Any

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
