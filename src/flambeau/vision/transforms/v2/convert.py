"""Pictures to tensors in two steps: channels first, then another type."""

from __future__ import annotations

from typing import Any

from flambeau.vision.transforms.base import Transform
from flambeau.vision.transforms.v2 import functional


class ToImage(Transform):
    """A picture as a tensor of channels, its numbers as they are.

    Shape:  Pillow image, array (H, W) or (H, W, C), or tensor (..., C, H, W)
            -> tensor (..., C, H, W)
    Raises: TypeError for anything else.

    >>> import numpy as np
    >>> from flambeau.vision.transforms import v2
    >>> v2.ToImage()(np.zeros((4, 5, 3), np.uint8)).shape
    torch.Size([3, 4, 5])
    """

    def forward(self, inpt: Any) -> Any:
        return functional.to_image(inpt)


class ToDtype(Transform):
    """A tensor in another type.

    `Compose([ToImage(), ToDtype(torch.float32, scale=True)])` is what `ToTensor` was.

    Shape:  tensor (...) -> the same
    Args:   scale: bring the numbers to the range of the type, as `ConvertImageDtype` does. Default
            False: they stay as they are.
    Raises: TypeError unless given a tensor.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import v2
    >>> v2.ToDtype(torch.float32, scale=True)(torch.tensor([0, 51], dtype=torch.uint8))
    tensor([0.0000, 0.2000])
    """

    def __init__(self, dtype: Any, scale: bool = False) -> None:
        super().__init__()
        self.dtype = dtype
        self.scale = scale

    def forward(self, inpt: Any) -> Any:
        return functional.to_dtype(inpt, self.dtype, self.scale)

    def extra_repr(self) -> str:
        return f"scale={self.scale}"


class ToPureTensor(Transform):
    """The tensor itself: images are plain tensors here.

    >>> from flambeau.vision.transforms import v2
    >>> v2.ToPureTensor()
    ToPureTensor()
    """

    def forward(self, inpt: Any) -> Any:
        return inpt


class Identity(Transform):
    """Whatever is given.

    >>> from flambeau.vision.transforms import v2
    >>> v2.Identity()(3)
    3
    """

    def forward(self, inpt: Any) -> Any:
        return inpt


class RGB(Transform):
    """An image of one channel with this channel three times; others as they are.

    Shape:  Pillow image or tensor (..., 1 or 3, H, W) -> (..., 3, H, W)

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import v2
    >>> v2.RGB()(torch.zeros(1, 4, 5)).shape
    torch.Size([3, 4, 5])
    """

    def forward(self, inpt: Any) -> Any:
        return functional.grayscale_to_rgb(inpt)
