"""The functions of `transforms.functional`, and those that are new."""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.core import dtypes
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision import images
from flambeau.vision.transforms.functional import *  # noqa: F403
from flambeau.vision.transforms.functional import (
    convert_image_dtype,
    elastic_transform,
    get_image_num_channels,
    hflip,
    pil_to_tensor,
    vflip,
)

horizontal_flip, vertical_flip, elastic = hflip, vflip, elastic_transform
get_num_channels = get_image_num_channels


def to_image(inpt: Any) -> Any:
    """A picture as a tensor of channels, its numbers as they are.

    Shape:  Pillow image, array (H, W) or (H, W, C), or tensor (H, W) or (..., C, H, W)
            -> tensor (..., C, H, W)
    Raises: TypeError for anything else.

    >>> import numpy as np
    >>> from flambeau.vision.transforms.v2 import functional
    >>> functional.to_image(np.zeros((4, 5, 3), np.uint8)).shape
    torch.Size([3, 4, 5])
    """
    if images.is_image(inpt):
        return pil_to_tensor(inpt)
    if isinstance(inpt, np.ndarray):
        return torch.from_numpy(np.atleast_3d(inpt)).permute(2, 0, 1).contiguous()
    if isinstance(inpt, Tensor):
        return inpt[None] if inpt.ndim == 2 else inpt
    raise TypeError(
        "Input can either be a pure Tensor, a numpy array, or a PIL image, "
        f"but got {type(inpt)} instead."
    )


def to_dtype(inpt: Any, dtype: Any = dtypes.float32, scale: bool = False) -> Any:
    """A tensor in another type.

    Shape:  tensor (...) -> the same
    Args:   scale: bring the numbers to the range of the type, as `convert_image_dtype` does.
            Default False: they stay as they are.
    Raises: TypeError unless given a tensor; RuntimeError for a type that cannot hold the scaled
            numbers.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms.v2 import functional
    >>> functional.to_dtype(torch.tensor([0, 255], dtype=torch.uint8), scale=True)
    tensor([0., 1.])
    """
    if not isinstance(inpt, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(inpt)}: put ToImage() before it")
    return convert_image_dtype(inpt, dtype) if scale else inpt.to(dtype)


def grayscale_to_rgb(image: Any) -> Any:
    """An image of one channel with this channel three times; others as they are.

    Shape:  Pillow image or tensor (..., 1 or 3, H, W) -> (..., 3, H, W)

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms.v2 import functional
    >>> functional.grayscale_to_rgb(torch.zeros(1, 4, 5)).shape
    torch.Size([3, 4, 5])
    """
    if images.is_image(image):
        return image.convert("RGB")
    if get_image_num_channels(image) >= 3:
        return image
    return image[..., :1, :, :].repeat_interleave(3, -3)
