"""Many pictures as one, and pictures into files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, BinaryIO

from flambeau.autograd.modes import no_grad
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision import images

__all__ = ["make_grid", "save_image"]


@no_grad()
def make_grid(
    tensor: Any,
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Any:
    """Pictures side by side in one picture, row by row.

    Shape:  (N, C, H, W), a list of (C, H, W), or one picture (C, H, W) or (H, W)
            -> (C, padding + rows (H + padding), padding + columns (W + padding)); grey becomes
            three channels, and one picture alone gets no margin.
    Args:
        nrow: pictures in a row. Default 8.
        padding: pixels between pictures and around all. Default 2.
        normalize: bring the numbers to 0..1, (x - min) / (max - min). Default False.
        value_range: (min, max) for that, beyond which numbers are clipped. Default: those of the
            tensor.
        scale_each: find min and max picture by picture. Default False.
        pad_value: number between the pictures. Default 0.
    Raises: TypeError for anything but tensors, or a value_range that is no tuple.

    >>> import flambeau as torch
    >>> from flambeau.vision import utils
    >>> utils.make_grid(torch.ones(2, 1, 2, 2), padding=1)[0]
    tensor([[0., 0., 0., 0., 0., 0., 0.],
            [0., 1., 1., 0., 1., 1., 0.],
            [0., 1., 1., 0., 1., 1., 0.],
            [0., 0., 0., 0., 0., 0., 0.]])
    """
    pictures = _batch(tensor)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError(
                "value_range has to be a tuple (min, max) if specified. min and max are numbers"
            )
        pictures = pictures.clone()  # the caller's numbers stay
        for part in pictures if scale_each else [pictures]:
            _normalize(part, value_range)
    if len(pictures) == 1:
        return pictures.squeeze(0)
    columns = min(nrow, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    height, width = pictures.shape[2] + padding, pictures.shape[3] + padding
    size = (pictures.shape[1], rows * height + padding, columns * width + padding)
    grid = pictures.new_full(size, pad_value)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        top, left = row * height + padding, column * width + padding
        grid[:, top : top + height - padding, left : left + width - padding] = picture
    return grid


def _batch(tensor: Any) -> Any:
    """Pictures in any of the forms that are taken as (N, C, H, W), grey in three channels."""
    if isinstance(tensor, list):
        wrong = [type(each) for each in tensor if not isinstance(each, Tensor)]
        if wrong:
            raise TypeError(f"tensor or list of tensors expected, got a list containing {wrong[0]}")
        tensor = torch.stack(tensor)
    elif not isinstance(tensor, Tensor):
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    if not 2 <= tensor.ndim <= 4:
        raise ValueError(
            f"expected pictures (N, C, H, W), (C, H, W) or (H, W), got shape {tuple(tensor.shape)}"
        )
    while tensor.ndim < 4:
        tensor = tensor.unsqueeze(0)
    return torch.cat([tensor] * 3, 1) if tensor.shape[1] == 1 else tensor


def _normalize(picture: Any, value_range: tuple[float, float] | None) -> None:
    low, high = value_range or (float(picture.min()), float(picture.max()))
    picture.clamp_(min=low, max=high).sub_(low).div_(max(high - low, 1e-5))


@no_grad()
def save_image(
    tensor: Any, fp: str | Path | BinaryIO, format: str | None = None, **kwargs: Any
) -> None:
    """Write pictures, as `make_grid` arranges them, into one picture file.

    Args:   tensor: numbers from 0 to 1; beyond are clipped. kwargs: see `make_grid`.
            fp: path or file. format: such as "png". Default: by the extension of the path.

    >>> import io
    >>> import flambeau as torch
    >>> from flambeau.vision import utils
    >>> file = io.BytesIO()
    >>> utils.save_image(torch.rand(4, 3, 8, 8), file, format="png", nrow=2)
    >>> file.getvalue()[1:4]
    b'PNG'
    """
    grid = make_grid(tensor, **kwargs)
    levels = grid.mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0).to("cpu", torch.uint8)
    images.to_image(levels.contiguous().numpy()).save(fp, format=format)
