"""Moving values between channels and pixels."""

from __future__ import annotations

from flambeau.nn.module import Module
from flambeau.tensor.api import F

__all__ = ["PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Module):
    """Makes r*r channels into r times as many rows and columns.

    Shape:  x (*, C*r*r, H, W) -> y (*, C, H*r, W*r), r = upscale_factor

    >>> import flambeau as torch
    >>> torch.nn.PixelShuffle(3)(torch.randn(1, 9, 4, 4)).shape
    torch.Size([1, 1, 12, 12])
    """

    __constants__ = ["upscale_factor"]

    def __init__(self, upscale_factor: int):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input):
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Makes blocks of r*r pixels into r*r channels; the inverse of ``PixelShuffle``.

    Shape:  x (*, C, H*r, W*r) -> y (*, C*r*r, H, W), r = downscale_factor

    >>> import flambeau as torch
    >>> torch.nn.PixelUnshuffle(3)(torch.randn(1, 1, 12, 12)).shape
    torch.Size([1, 9, 4, 4])
    """

    __constants__ = ["downscale_factor"]

    def __init__(self, downscale_factor: int):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input):
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
