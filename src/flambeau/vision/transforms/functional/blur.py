"""Each pixel mixed with those around it: blur, and its opposite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.vision import images
from flambeau.vision.transforms.functional.checks import check_pixels
from flambeau.vision.transforms.functional.color import blend, check_factor, enhanced
from flambeau.vision.transforms.functional.convert import pil_to_tensor, to_pil_image
from flambeau.vision.transforms.functional.size import get_dimensions


def gaussian_blur(
    img: Any,
    kernel_size: int | Sequence[int],
    sigma: float | Sequence[float] | None = None,
) -> Any:
    """Mean of the pixels around, weighted by exp(-(dx / sigma_x)^2 / 2 - (dy / sigma_y)^2 / 2).

    Beyond its border the image is its own mirror.

    Shape:  Pillow image or tensor (..., H, W) -> the same
    Args:   kernel_size: odd, one number or (width, height), at most twice the size of the image.
            sigma: one number or (sigma_x, sigma_y). Default 0.15 kernel_size + 0.35.
    Raises: TypeError or ValueError for sizes or sigmas that are not such.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.gaussian_blur(torch.eye(3).unsqueeze(0), 3, 1.0)[0, 0]
    tensor([0.5046, 0.3715, 0.3005])
    """
    sizes, sigmas = _sizes(kernel_size), _sigmas(kernel_size, sigma)
    if images.is_image(img):
        blurred = gaussian_blur(pil_to_tensor(img), sizes, sigmas)
        return to_pil_image(blurred, mode=img.mode)
    get_dimensions(img)
    x = _planes(img)
    x = F.pad(x, [sizes[0] // 2] * 2 + [sizes[1] // 2] * 2, mode="reflect")
    # The bell is a product of one along the rows and one along the columns.
    x = F.conv2d(x, _bell(sizes[0], sigmas[0], x).view(1, 1, 1, -1))
    x = F.conv2d(x, _bell(sizes[1], sigmas[1], x).view(1, 1, -1, 1))
    return _as_pixels(x, img).view(img.shape)


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """Moves away from the image smoothed over 3 x 3 pixels: y = factor x + (1 - factor) smooth.

    The pixels of the border stay as they are.

    Args:   sharpness_factor: 0 smooth, 1 as it was, 2 twice as sharp.
    Raises: ValueError for a negative factor; TypeError unless given an image of 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.adjust_sharpness(torch.eye(3).unsqueeze(0), 0.0)[0, 1]
    tensor([0.0000, 0.5385, 0.0000])
    """
    if images.is_image(img):
        return enhanced(img, "Sharpness", sharpness_factor)
    check_factor("sharpness_factor", sharpness_factor)
    check_pixels(img)
    if min(img.shape[-2:]) < 3:
        return img
    x = _planes(img)
    kernel = torch.ones(1, 1, 3, 3, dtype=x.dtype, device=x.device)
    kernel[..., 1, 1] = 5.0  # Pillow's filter SMOOTH
    inside = _as_pixels(F.conv2d(x, kernel / kernel.sum()), img)
    smooth = img.clone()
    smooth[..., 1:-1, 1:-1] = inside.view(smooth[..., 1:-1, 1:-1].shape)
    return blend(img, smooth, sharpness_factor)


def _planes(img: Any) -> Any:
    """Each channel as an image of its own, (N, 1, H, W) in floats."""
    x = img if img.is_floating_point() else img.to(torch.float32)
    return x.reshape(-1, 1, *img.shape[-2:])


def _as_pixels(x: Any, img: Any) -> Any:
    """In the type of img, rounded where that is one of integers."""
    return x if img.is_floating_point() else x.round().to(img.dtype)


def _bell(size: int, sigma: float, like: Any) -> Any:
    half = (size - 1) / 2
    distance = torch.linspace(-half, half, size, dtype=like.dtype, device=like.device)
    weights = torch.exp(-0.5 * (distance / sigma) ** 2)
    return weights / weights.sum()


def _sizes(kernel_size: Any) -> list[int]:
    if not isinstance(kernel_size, (int, list, tuple)):
        raise TypeError(
            f"kernel_size should be int or a sequence of integers. Got {type(kernel_size)}"
        )
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(sizes) != 2:
        raise ValueError(f"If kernel_size is a sequence its length should be 2. Got {len(sizes)}")
    if any(size % 2 == 0 or size < 0 for size in sizes):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {sizes}")
    return sizes


def _sigmas(kernel_size: Any, sigma: Any) -> list[float]:
    if sigma is None:
        return [0.15 * size + 0.35 for size in _sizes(kernel_size)]
    if not isinstance(sigma, (int, float, list, tuple)):
        raise TypeError(f"sigma should be either float or sequence of floats. Got {type(sigma)}")
    sigmas = [float(s) for s in ([sigma] if isinstance(sigma, (int, float)) else sigma)]
    if len(sigmas) == 1:
        sigmas = sigmas * 2
    if len(sigmas) != 2:
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(sigmas)}")
    if any(s <= 0 for s in sigmas):
        raise ValueError(f"sigma should have positive values. Got {sigmas}")
    return sigmas
