"""Pulling images about as if they were drawn on rubber."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

from flambeau.tensor.api import torch
from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import RandomTransform
from flambeau.vision.transforms.functional.interpolation import InterpolationMode, of_pillow


class ElasticTransform(RandomTransform):
    """Moves every pixel by smoothed noise.

    The displacements are noise, uniform in [-1, 1], smoothed by a Gaussian: neighbours move
    together. (Simard, Steinkraus and Platt, Best practices for convolutional neural networks
    applied to visual document analysis, 2003.)

    Shape:  Pillow image or tensor (..., C, H, W) -> the same
    Args:   alpha: the strength, in half pixels of unsmoothed noise. Default 50. sigma: the
            smoothness, a standard deviation in pixels. Default 5. Both one number, or one along x
            and one along y. interpolation: an InterpolationMode or Pillow's number; nearest or
            bilinear (default). fill: of what lies outside of the image, one number or one a
            channel. Default 0.
    Raises: TypeError or ValueError for other arguments; RuntimeError for an image smaller than
            four sigma.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.ElasticTransform(alpha=20.0, sigma=2.0)(torch.zeros(1, 12, 12)).shape
    torch.Size([1, 12, 12])
    """

    def __init__(
        self,
        alpha: Any = 50.0,
        sigma: Any = 5.0,
        interpolation: Any = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.alpha = _along_x_and_y(alpha, "alpha")
        self.sigma = _along_x_and_y(sigma, "sigma")
        self.interpolation = of_pillow(interpolation)
        if not isinstance(fill, (int, float, list, tuple)):
            raise TypeError(
                f"fill should be int or float or a list or tuple of them. Got {type(fill)}"
            )
        self.fill = [float(f) for f in (fill if isinstance(fill, (list, tuple)) else [fill])]

    @staticmethod
    def get_params(alpha: Sequence[float], sigma: Sequence[float], size: Sequence[int]) -> Any:
        """Draws the displacement for `functional.elastic_transform`; size is (H, W)."""
        height, width = size
        parts = []
        for strength, smoothness, length in zip(alpha, sigma, (width, height)):
            noise = torch.rand(1, 1, height, width) * 2 - 1
            if smoothness > 0:
                # Four standard deviations to each side, and an odd number of pixels.
                kernel = int(8 * smoothness + 1) | 1
                noise = functional.gaussian_blur(noise, [kernel, kernel], sigma)
            parts.append(noise[:, 0] * strength / length)
        return torch.stack(parts, -1)

    def forward(self, tensor: Any) -> Any:
        _, height, width = functional.get_dimensions(tensor)
        displacement = self.get_params(self.alpha, self.sigma, [height, width])
        return functional.elastic_transform(tensor, displacement, self.interpolation, self.fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(alpha={self.alpha}, sigma={self.sigma}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


def _along_x_and_y(value: Any, name: str) -> list[float]:
    if isinstance(value, Number):
        value = [value, value]
    if not isinstance(value, Sequence) or not all(isinstance(part, Number) for part in value):
        raise TypeError(f"{name} should be float or a sequence of floats. Got {type(value)}")
    if len(value) != 2:
        raise ValueError(f"If {name} is a sequence its length should be 2. Got {len(value)}")
    return [float(part) for part in value]
