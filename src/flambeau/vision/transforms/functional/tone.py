"""Grey levels of an image given other values: inverted, coarser, spread over the whole range.

Images as in `color.py`; on Pillow images its ImageOps do the work.
"""

from __future__ import annotations

from typing import Any

from flambeau.tensor.api import torch
from flambeau.vision import images
from flambeau.vision.transforms.functional.checks import check_bytes, check_pixels
from flambeau.vision.transforms.functional.convert import largest


def invert(img: Any) -> Any:
    """The negative: y = largest - x.

    Raises: TypeError unless given an image of 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.invert(torch.tensor([[[0, 55]]], dtype=torch.uint8))
    tensor([[[255, 200]]], dtype=torch.uint8)
    """
    if images.is_image(img):
        return _ops().invert(img)
    check_pixels(img, dims=3)
    return largest(img.dtype) - img


def posterize(img: Any, bits: int) -> Any:
    """Keeps the highest bits of every byte and clears the rest.

    Args:   bits: 0 (black) to 8 (as it was).
    Raises: ValueError for another number; TypeError unless given bytes in 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.posterize(torch.tensor([[[63, 64, 255]]], dtype=torch.uint8), bits=2)
    tensor([[[  0,  64, 192]]], dtype=torch.uint8)
    """
    if not 0 <= bits <= 8:
        raise ValueError(f"The number if bits should be between 0 and 8. Got {bits}")
    if images.is_image(img):
        return _ops().posterize(img, bits)
    check_pixels(img, dims=3)
    check_bytes(img)
    return img & (256 - 2 ** (8 - bits))


def solarize(img: Any, threshold: float) -> Any:
    """Inverts what is as bright as the threshold or brighter, as film exposed too long does.

    Args:   threshold: in the numbers of the image.
    Raises: TypeError unless given an image of 1 or 3 channels and a threshold in its range.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.solarize(torch.tensor([[[0.25, 0.75]]]), 0.5)
    tensor([[[0.2500, 0.2500]]])
    """
    if images.is_image(img):
        return _ops().solarize(img, threshold)
    check_pixels(img, dims=3)
    if threshold > largest(img.dtype):
        raise TypeError(
            f"Threshold should be less than bound of img. Got {threshold} for {img.dtype}, "
            f"whose bound is {largest(img.dtype)}"
        )
    return torch.where(img >= threshold, invert(img), img)


def autocontrast(img: Any) -> Any:
    """Stretches each channel so that its darkest pixel is 0 and its lightest the largest number.

    Raises: TypeError unless given an image of 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.autocontrast(torch.tensor([[[0.25, 0.375, 0.5]]]))
    tensor([[[0.0000, 0.5000, 1.0000]]])
    """
    if images.is_image(img):
        return _ops().autocontrast(img)
    check_pixels(img, dims=3)
    bound = largest(img.dtype)
    x = img if img.is_floating_point() else img.to(torch.float32)
    low = x.amin((-2, -1), keepdim=True)
    scale = bound / (x.amax((-2, -1), keepdim=True) - low)
    stretched = ((x - low) * scale).clamp(0, bound)
    # A channel of one level only has nothing to stretch.
    return torch.where(scale.isfinite(), stretched, x).to(img.dtype)


def equalize(img: Any) -> Any:
    """Maps the levels of each channel so that they are used about equally often.

    Level v becomes (number of pixels below v + step / 2) / step, where step is the number of
    pixels (those of the lightest level left out) a level should have.

    Raises: TypeError unless given bytes in 1 or 3 channels.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional as F
    >>> F.equalize(torch.arange(256, dtype=torch.uint8).view(1, 16, 16)[:, :8]).max()
    tensor(127, dtype=torch.uint8)
    """
    if images.is_image(img):
        return _ops().equalize(img)
    check_pixels(img, dims=3)
    check_bytes(img)
    levels = img.reshape(-1, img.shape[-2] * img.shape[-1]).to(torch.int64)
    count, pixels = levels.shape
    # One histogram a row, all counted at once: every row has 256 bins of its own.
    bins = levels + 256 * torch.arange(count, device=img.device).unsqueeze(1)
    histogram = torch.bincount(bins.flatten(), minlength=256 * count).view(count, 256)
    lightest = histogram.gather(1, levels.amax(1, keepdim=True))
    step = (pixels - lightest) // 255
    below = histogram.cumsum(1) - histogram
    table = ((below + step // 2) // step.clamp(min=1)).clamp(0, 255)
    # Too few pixels for a step: left alone.
    mapped = torch.where(step == 0, levels, table.gather(1, levels))
    return mapped.to(torch.uint8).view(img.shape)


def _ops() -> Any:
    from PIL import ImageOps

    return ImageOps
