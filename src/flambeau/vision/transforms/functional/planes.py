"""Tensors of any leading dimensions and any type, as the operations of nn want them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flambeau.core import dtypes
from flambeau.tensor.api import torch
from flambeau.vision.transforms.functional.size import get_dimensions


def through_float(img: Any, work: Callable[[Any], Any]) -> Any:
    """What ``work`` makes of a tensor (..., C, H, W), seen as (N, C, H, W) of floats.

    The result has the type and the leading dimensions of the image; integers are rounded.
    """
    planes = img.reshape(math.prod(img.shape[:-3]), *get_dimensions(img))
    exact = img.dtype in (dtypes.float32, dtypes.float64)
    y = work(planes if exact else planes.to(dtypes.float32))
    y = y.reshape(*img.shape[:-2], *y.shape[-2:])
    if exact:
        return y
    if not img.dtype.is_floating_point and img.dtype != dtypes.bool_:
        y = torch.round(y)
    return y.to(img.dtype)
