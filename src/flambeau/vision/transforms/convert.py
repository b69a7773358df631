"""Pictures to tensors and back, and the scale of their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.core import dtypes
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision import images


class ToTensor:
    """A picture as a tensor of channels: bytes 0..255 become float32 0..1, other types stay.

    Shape:  Pillow image or array (H, W) or (H, W, C) -> tensor (C, H, W)
    Raises: TypeError for anything else, ValueError for an array of another number of dimensions.

    >>> import numpy as np
    >>> from flambeau.vision import transforms
    >>> transforms.ToTensor()(np.array([[0, 51], [102, 255]], np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])
    """

    def __call__(self, pic: Any) -> Any:
        if images.is_image(pic):
            array = images.to_array(pic)
        elif isinstance(pic, np.ndarray):
            array = pic
        else:
            raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
        if array.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
        if array.ndim == 2:
            array = array[:, :, None]
        return self.batch(torch.from_numpy(array.transpose(2, 0, 1).copy()))

    def batch(self, images: Any) -> Any:
        """The same on a whole set, channels already first."""
        if images.dtype == dtypes.uint8:
            return images.to(dtypes.get_default_dtype()).div_(255)
        return images

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Normalize:
    """Brings each channel to about mean 0 and standard deviation 1: (x - mean[c]) / std[c].

    Shape:  float (..., C, H, W) -> the same
    Args:   mean, std: one number a channel. inplace: write into the tensor given. Default False.
    Raises: TypeError unless given a float tensor; ValueError when a std is zero or a dimension is
            missing.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.Normalize((1.0, 2.0), (2.0, 4.0))(torch.ones(2, 1, 1)).flatten()
    tensor([ 0.0000, -0.2500])
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def __call__(self, tensor: Any) -> Any:
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
        mean = torch.tensor(self.mean, dtype=tensor.dtype, device=tensor.device).view(-1, 1, 1)
        std = torch.tensor(self.std, dtype=tensor.dtype, device=tensor.device).view(-1, 1, 1)
        if (std == 0).any():
            raise ValueError(
                f"std evaluated to zero after conversion to {tensor.dtype}, "
                "leading to division by zero."
            )
        result: Any = tensor if self.inplace else tensor.clone()
        return result.sub_(mean).div_(std)

    batch = __call__

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"
