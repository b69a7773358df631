"""Tensors read at the places where a map says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.vision.transforms.functional.interpolation import InterpolationMode
from flambeau.vision.transforms.functional.planes import through_float
from flambeau.vision.transforms.functional.size import get_dimensions

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def read_at(
    img: Any,
    matrix: Sequence[float],
    size: tuple[int, int],
    mode: InterpolationMode,
    fill: Any,
    displacement: Any = None,
) -> Any:
    """A tensor whose pixel (x, y) shows the image at the place to which a map takes it.

    Shape:  tensor (..., C, H, W) -> (..., C, *size)
    Args:   matrix: six numbers, an affine map that counts from the middle of both; or nine, a
            projective map that counts from the upper left corner. fill: of places outside of the
            image, one number or one a channel; None reads zeros there. displacement: added to the
            places, (1, *size, 2) in units in which the image reaches from -1 to 1.
    Raises: ValueError for a mode that tensors do not have or a fill for other channels.
    """
    channels, height, width = get_dimensions(img)
    if mode.value not in ("nearest", "bilinear"):
        raise ValueError(f"Interpolation mode '{mode.value}' is unsupported with Tensor input")
    if isinstance(fill, (list, tuple)) and len(fill) not in (1, channels):
        raise ValueError(
            "The number of elements in 'fill' cannot broadcast to match the number of channels of "
            f"the image ({len(fill)} != {channels})"
        )

    def work(planes: Any) -> Any:
        grid = _grid(matrix, size, (height, width), planes)
        if displacement is not None:
            grid = grid + displacement.to(grid.device, grid.dtype)
        return _sampled(planes, grid, mode.value, fill)

    return through_float(img, work)


def _grid(matrix: Sequence[float], size: tuple[int, int], image: tuple[int, int], like: Any) -> Any:
    """Places (1, *size, 2) in units in which the image reaches from -1 to 1, for `grid_sample`."""
    affine = len(matrix) == 6
    y, x = (
        torch.arange(n, dtype=like.dtype, device=like.device) + (0.5 - n / 2 if affine else 0.5)
        for n in size
    )
    ones = torch.ones(size, dtype=like.dtype, device=like.device)
    pixels = torch.stack([x * ones, y[:, None] * ones, ones], -1)
    rows = torch.tensor(matrix, dtype=like.dtype, device=like.device).reshape(-1, 3)
    half = torch.tensor([image[1] / 2, image[0] / 2], dtype=like.dtype, device=like.device)
    grid = pixels @ (rows[:2].T / half)
    if not affine:
        grid = grid / (pixels @ rows[2:].T) - 1.0
    return grid[None]


def _sampled(planes: Any, grid: Any, mode: str, fill: Any) -> Any:
    """(N, C, H, W) read at the places of a grid (1, H', W', 2)."""
    n, channels, height, width = planes.shape
    # All images are read at the same places: they are so many channels of one.
    stack = planes.reshape(1, n * channels, height, width)
    if fill is None:
        y = F.grid_sample(stack, grid, mode=mode, padding_mode="zeros", align_corners=False)
        return y.reshape(n, channels, *y.shape[-2:])
    # One more channel of ones comes to tell how much of each pixel lies inside.
    ones = torch.ones(1, 1, height, width, dtype=stack.dtype, device=stack.device)
    stack = torch.cat([stack, ones], 1)
    y = F.grid_sample(stack, grid, mode=mode, padding_mode="zeros", align_corners=False)
    inside = y[:, -1:]
    colour = fill if isinstance(fill, (list, tuple)) else [fill]
    colour = torch.tensor(colour, dtype=y.dtype, device=y.device).view(1, -1, 1, 1)
    y = y[:, :-1].reshape(n, channels, *y.shape[-2:])
    return y * inside + (1.0 - inside) * colour
