"""Pictures to tensors and back, and the scale of their numbers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.core import dtypes
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision import images

_LITTLE = sys.byteorder == "little"
_SHORT = "I;16" if _LITTLE else "I;16B"

# The type in which `to_tensor` reads a Pillow mode, and the mode that stores a channel of a type.
_TYPE_OF_MODE = {"I": np.int32, _SHORT: np.int16, "F": np.float32}
_MODE_OF_TYPE = {"uint8": "L", "int16": _SHORT, "int32": "I", "float32": "F"}
_MODES_OF_CHANNELS = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}


def to_tensor(pic: Any) -> Any:
    """A picture as a tensor of channels: bytes 0..255 become float32 0..1, other types stay.

    Shape:  Pillow image or array (H, W) or (H, W, C) -> tensor (C, H, W), a copy
    Raises: TypeError for anything else, ValueError for an array of another number of dimensions.

    >>> import numpy as np
    >>> from flambeau.vision.transforms import functional
    >>> functional.to_tensor(np.array([[0, 51], [102, 255]], np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])
    """
    if images.is_image(pic):
        array = np.array(pic, _TYPE_OF_MODE.get(pic.mode, np.uint8))
        if pic.mode == "1":
            array *= 255
    elif isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        array = pic
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    return scaled(torch.from_numpy(_channels_first(array)))


def scaled(tensor: Any) -> Any:
    """Bytes 0..255 as floats 0..1; tensors of other types as they are."""
    if tensor.dtype == dtypes.uint8:
        return tensor.to(dtypes.get_default_dtype()).div_(255)
    return tensor


def _channels_first(array: np.ndarray) -> np.ndarray:
    """A contiguous copy (C, H, W) of (H, W) or (H, W, C)."""
    if array.ndim == 2:
        array = array[:, :, None]
    return array.transpose(2, 0, 1).copy()


def pil_to_tensor(pic: Any) -> Any:
    """A Pillow image as a tensor of channels, its numbers as they are.

    Shape:  Pillow image -> tensor (C, H, W) of the type that its mode stores, a copy
    Raises: TypeError unless given a Pillow image.

    >>> from PIL import Image
    >>> from flambeau.vision.transforms import functional
    >>> functional.pil_to_tensor(Image.new("RGB", (2, 1), (255, 127, 0))).flatten()
    tensor([255, 255, 127, 127,   0,   0], dtype=torch.uint8)
    """
    if not images.is_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    return torch.from_numpy(_channels_first(np.array(pic)))


def convert_image_dtype(image: Any, dtype: Any = dtypes.float32) -> Any:
    """An image in another type, its numbers scaled to the range of that type.

    Integers span 0 to the largest of their type, floats 0 to 1: float to integer multiplies by
    (largest + 1 - 0.001) and cuts off, so that each integer gets an equal share of [0, 1].

    Shape:  tensor (...) -> the same
    Raises: TypeError unless given a tensor; RuntimeError for float32 to int32 or int64 and float64
            to int64, whose largest numbers these floats cannot tell apart.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.convert_image_dtype(torch.tensor([0.0, 0.5, 1.0]), torch.uint8)
    tensor([  0, 127, 255], dtype=torch.uint8)
    """
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    if image.dtype == dtype or (image.is_floating_point() and dtype.is_floating_point):
        return image.to(dtype)
    if image.is_floating_point():
        if (image.dtype, dtype) in _UNSAFE:
            raise RuntimeError(
                f"The cast from {image.dtype} to {dtype} cannot be performed safely."
            )
        return image.mul(float(largest(dtype)) + 1.0 - 1e-3).to(dtype)
    if dtype.is_floating_point:
        return image.to(dtype) / float(largest(image.dtype))
    old, new = largest(image.dtype) + 1, largest(dtype) + 1
    if old > new:
        return torch.div(image, old // new, rounding_mode="floor").to(dtype)
    return image.to(dtype) * (new // old)


_UNSAFE = {
    (dtypes.float32, dtypes.int32),
    (dtypes.float32, dtypes.int64),
    (dtypes.float64, dtypes.int64),
}


def largest(dtype: Any) -> int:
    """The number that stands for full brightness: the largest of an integer type, 1 for others."""
    if dtype.is_floating_point or dtype == dtypes.bool_:
        return 1
    return int(torch.iinfo(dtype).max)


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor or an array as a Pillow image; floats 0..1 become bytes 0..255.

    Shape:  tensor (H, W) or (C, H, W), or array (H, W) or (H, W, C), with 1 to 4 channels
    Args:   mode: Pillow's mode of the result. Default: L, I;16, I or F for one channel, by the
            type; LA, RGB and RGBA for two, three and four.
    Raises: TypeError for anything else or a type that Pillow lacks; ValueError for other shapes or
            a mode that does not fit.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.to_pil_image(torch.ones(3, 2, 4)).getpixel((0, 0))
    (255, 255, 255)
    """
    if isinstance(pic, Tensor):
        array = pic.numpy(force=True)
        if array.ndim == 3:
            array = array.transpose(1, 2, 0)
    elif isinstance(pic, np.ndarray):
        array = pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if array.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
    channels = array.shape[2] if array.ndim == 3 else 1
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    if array.dtype.kind == "f" and mode != "F":
        array = (array * 255).astype(np.uint8)
    if array.ndim == 3 and channels == 1:
        array = array[:, :, 0]
    return images.from_array(array, _mode(channels, array.dtype, mode))


def _mode(channels: int, dtype: np.dtype, mode: str | None) -> str:
    """Pillow's mode for an array; the one asked for, if it fits."""
    if channels == 1:
        natural = _MODE_OF_TYPE.get(dtype.name)
        if mode is not None and mode != natural:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {dtype}. Should be {natural}"
            )
        mode = natural
    else:
        permitted = _MODES_OF_CHANNELS[channels]
        if mode is not None and mode not in permitted:
            raise ValueError(f"Only modes {permitted} are supported for {channels}D inputs")
        if mode is None and dtype == np.uint8:
            mode = permitted[0]
    if mode is None:
        raise TypeError(f"Input type {dtype} is not supported")
    return mode


def normalize(
    tensor: Any, mean: Sequence[float], std: Sequence[float], inplace: bool = False
) -> Any:
    """Brings each channel to about mean 0 and standard deviation 1: (x - mean[c]) / std[c].

    Shape:  float (..., C, H, W) -> the same
    Args:   mean, std: one number a channel. inplace: write into the tensor given. Default False.
    Raises: TypeError unless given a float tensor; ValueError when a std is zero or a dimension is
            missing.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.normalize(torch.ones(2, 1, 1), (1.0, 2.0), (2.0, 4.0)).flatten()
    tensor([ 0.0000, -0.2500])
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(
            f"Input tensor should be a float tensor. Got {tensor.dtype}: "
            "put ToTensor() before Normalize"
        )
    if tensor.ndim < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tensor.size()}"
        )
    centre = _a_channel(mean, tensor)
    spread = _a_channel(std, tensor)
    if (spread == 0).any():
        raise ValueError(
            f"std evaluated to zero after conversion to {tensor.dtype}, "
            "leading to division by zero."
        )
    result: Any = tensor if inplace else tensor.clone()
    return result.sub_(centre).div_(spread)


def _a_channel(values: Any, like: Any) -> Any:
    """One number a channel, so that it lines up with (..., C, H, W)."""
    values = torch.as_tensor(values, dtype=like.dtype, device=like.device)
    return values.view(-1, 1, 1) if values.ndim == 1 else values
