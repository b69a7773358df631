"""A rectangle of an image overwritten."""

from __future__ import annotations

from typing import Any

from flambeau.tensor.tensor import Tensor


def erase(img: Any, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Any:
    """The image with v written over h rows from row i and w columns from column j.

    Shape:  tensor (..., C, H, W) -> the same
    Args:   v: a number, or a tensor that broadcasts to (..., C, h, w). inplace: write into the
            tensor given. Default False.
    Raises: TypeError unless given a tensor.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.erase(torch.ones(1, 2, 3), 0, 1, 2, 1, 0)
    tensor([[[1., 0., 1.],
             [1., 0., 1.]]])
    """
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    result: Any = img if inplace else img.clone()
    result[..., i : i + h, j : j + w] = v
    return result
