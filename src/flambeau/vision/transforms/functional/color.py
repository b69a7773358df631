"""Colours of an image made stronger, weaker or another; on Pillow images Pillow does the work.

An image is a Pillow image or a tensor (..., C, H, W) with 1 or 3 channels, integers up to the
largest number of their type or floats in [0, 1]. Results keep the type; floats are differentiable.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.tensor.api import torch
from flambeau.vision import images
from flambeau.vision.transforms.functional.checks import check_pixels
from flambeau.vision.transforms.functional.convert import convert_image_dtype, largest

# What the eye makes of red, green and blue (ITU-R BT.601), rounded as torchvision rounds it.
LUMA = (0.2989, 0.587, 0.114)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """Multiplies every number: y = factor x, cut to the range of the type.

    Args:   brightness_factor: 0 black, 1 as it was, 2 twice as bright.
    Raises: ValueError for a negative factor; TypeError unless given an image of 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.adjust_brightness(torch.tensor([[[0.25, 0.75]]]), 2)
    tensor([[[0.5000, 1.0000]]])
    """
    if images.is_image(img):
        return enhanced(img, "Brightness", brightness_factor)
    check_factor("brightness_factor", brightness_factor)
    check_pixels(img)
    return blend(img, torch.zeros_like(img), brightness_factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """Moves away from the mean grey of each image: y = factor x + (1 - factor) mean.

    Args:   contrast_factor: 0 plain grey, 1 as it was, 2 twice as far from grey.
    Raises: ValueError for a negative factor; TypeError unless given an image of 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.adjust_contrast(torch.tensor([[[0.25, 0.75]]]), 0.5)
    tensor([[[0.3750, 0.6250]]])
    """
    if images.is_image(img):
        return enhanced(img, "Contrast", contrast_factor)
    check_factor("contrast_factor", contrast_factor)
    check_pixels(img)
    grey = rgb_to_grayscale(img) if img.ndim > 2 else img
    if not grey.is_floating_point():
        grey = grey.to(torch.float32)
    axes = tuple(range(-min(img.ndim, 3), 0))
    return blend(img, grey.mean(dim=axes, keepdim=True), contrast_factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """Moves away from the grey of each pixel: y = factor x + (1 - factor) grey.

    Args:   saturation_factor: 0 grey, 1 as it was, 2 twice as colourful.
    Raises: ValueError for a negative factor; TypeError unless given an image of 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.adjust_saturation(torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1), 0.5).flatten()
    tensor([0.6495, 0.1495, 0.1495])
    """
    if images.is_image(img):
        return enhanced(img, "Color", saturation_factor)
    check_factor("saturation_factor", saturation_factor)
    if check_pixels(img) == 1:
        return img
    return blend(img, rgb_to_grayscale(img), saturation_factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """Turns the colour circle of hue, saturation, value: h = (h + factor) mod 1. Greys stay.

    Args:   hue_factor: part of the circle, -0.5 to 0.5; a half turn gives the opposite colour.
    Raises: ValueError for a factor outside; TypeError unless given an image of 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.adjust_hue(torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1), 0.5).flatten()
    tensor([0., 1., 1.])
    """
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if images.is_image(img):
        return _turned_image(img, hue_factor)
    if check_pixels(img) == 1:
        return img
    hue, saturation, value = _rgb_to_hsv(_as_float(img))
    return convert_image_dtype(_hsv_to_rgb(hue + hue_factor, saturation, value), img.dtype)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """Power law: y = gain x^gamma for x in [0, 1], cut to [0, 1].

    Args:   gamma: above 1 darkens shadows, below 1 lightens them. gain: Default 1.
    Raises: ValueError for a negative gamma; TypeError unless given an image of 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.adjust_gamma(torch.tensor([[[0.5, 1.0]]]), 2)
    tensor([[[0.2500, 1.0000]]])
    """
    if not images.is_image(img):
        check_pixels(img)
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    if images.is_image(img):
        # Not quite 256: 255 alone stays 255, and every grey level gets an equal share.
        table = [int((256 - 1e-3) * gain * (level / 255) ** gamma) for level in range(256)]
        return img.convert("RGB").point(table * 3).convert(img.mode)
    return convert_image_dtype((gain * _as_float(img).pow(gamma)).clamp(0, 1), img.dtype)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The grey that the eye sees: 0.2989 R + 0.587 G + 0.114 B.

    Shape:  (..., 3 or 1, H, W) -> (..., num_output_channels, H, W)
    Args:   num_output_channels: 1, or 3 for three equal channels. Default 1.
    Raises: ValueError for another number; TypeError unless given an image of 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.rgb_to_grayscale(torch.tensor([1.0, 0.0, 1.0]).view(3, 1, 1))
    tensor([[[0.4129]]])
    """
    if images.is_image(img):
        return to_grayscale(img, num_output_channels)
    channels = check_pixels(img, dims=3)
    _check_channels_asked(num_output_channels)
    if channels == 3:
        red, green, blue = img.unbind(-3)
        grey = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
        grey = grey.to(img.dtype).unsqueeze(-3)
    else:
        grey = img.clone()
    if num_output_channels == 3:
        return grey.expand(*img.shape[:-3], 3, *img.shape[-2:])
    return grey


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A Pillow image of any mode in grey, see `rgb_to_grayscale`.

    Args:   num_output_channels: 1 for mode L, 3 for mode RGB. Default 1.
    Raises: ValueError for another number; TypeError for anything but a Pillow image.
    """
    if not images.is_image(img):
        raise TypeError(f"Input should be PIL Image. Got {type(img)}: see rgb_to_grayscale")
    _check_channels_asked(num_output_channels)
    grey = img.convert("L")
    return grey if num_output_channels == 1 else grey.convert("RGB")


def blend(img: Any, other: Any, ratio: float) -> Any:
    """ratio img + (1 - ratio) other, cut to the range of the type."""
    ratio = float(ratio)
    mixed = ratio * img + (1.0 - ratio) * other
    return mixed.clamp(0, largest(img.dtype)).to(img.dtype)


def enhanced(img: Any, kind: str, factor: float) -> Any:
    """A Pillow image through the enhancer of that name."""
    from PIL import ImageEnhance

    return getattr(ImageEnhance, kind)(img).enhance(factor)


def check_factor(name: str, factor: float) -> None:
    """A ValueError for a negative factor."""
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def _check_channels_asked(number: int) -> None:
    if number not in (1, 3):
        raise ValueError(f"num_output_channels should be either 1 or 3. Got {number}")


def _as_float(img: Any) -> Any:
    """In float32 at least: what follows divides by small numbers and takes powers."""
    return img if img.dtype == torch.float64 else convert_image_dtype(img, torch.float32)


def _turned_image(img: Any, hue_factor: float) -> Any:
    if img.mode in ("L", "1", "I", "F"):
        return img
    hue, saturation, value = img.convert("HSV").split()
    # Bytes wrap around as the circle does.
    turned = np.asarray(hue) + np.int32(hue_factor * 255).astype(np.uint8)
    merged = images.pillow().merge("HSV", (images.to_image(turned), saturation, value))
    return merged.convert(img.mode)


def _rgb_to_hsv(img: Any) -> tuple[Any, Any, Any]:
    """Hue, saturation and value, each (..., 1, H, W); grey has hue 0."""
    red, green, blue = (channel.unsqueeze(-3) for channel in img.unbind(-3))
    value = img.amax(-3, keepdim=True)
    spread = value - img.amin(-3, keepdim=True)
    grey = spread == 0
    one = torch.ones_like(spread)
    saturation = spread / torch.where(grey, one, value)
    spread = torch.where(grey, one, spread)
    # Sixths of the circle, from the strongest colour.
    sixths = torch.where(
        red == value,
        (green - blue) / spread,
        torch.where(green == value, 2 + (blue - red) / spread, 4 + (red - green) / spread),
    )
    return sixths / 6, saturation, value


def _hsv_to_rgb(hue: Any, saturation: Any, value: Any) -> Any:
    """Each colour rises, holds and falls along the circle, 2 sixths later than the one before."""
    starts = torch.tensor([5.0, 3.0, 1.0], dtype=value.dtype, device=value.device).view(3, 1, 1)
    place = (6 * hue + starts) % 6
    missing = torch.minimum(place, 4 - place).clamp(0, 1)
    return value * (1 - saturation * missing)
