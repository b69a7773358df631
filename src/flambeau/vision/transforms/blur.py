"""Random blur."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flambeau.tensor.api import torch
from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import RandomTransform


class GaussianBlur(RandomTransform):
    """Blur by a bell of random width, see `functional.gaussian_blur`.

    Args:   kernel_size: odd, one number or (width, height). sigma: a number, or the two ends
            between which it is drawn. Default (0.1, 2.0).
    Raises: ValueError for sizes that are not odd and positive, and for sigmas not positive.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.GaussianBlur(3, sigma=1.0)(torch.eye(3).unsqueeze(0))[0, 0]
    tensor([0.5046, 0.3715, 0.3005])
    """

    def __init__(
        self, kernel_size: int | Sequence[int], sigma: float | Sequence[float] = (0.1, 2.0)
    ) -> None:
        super().__init__()
        self.kernel_size = _pair(kernel_size)
        if any(size <= 0 or size % 2 == 0 for size in self.kernel_size):
            raise ValueError("Kernel size value should be an odd and positive number.")
        if isinstance(sigma, (int, float)):
            if sigma <= 0:
                raise ValueError("If sigma is a single number, it must be positive.")
            sigma = (sigma, sigma)
        elif not isinstance(sigma, Sequence) or len(sigma) != 2:
            raise ValueError("sigma should be a single number or a list/tuple with length 2.")
        elif not 0.0 < sigma[0] <= sigma[1]:
            raise ValueError("sigma values should be positive and of the form (min, max).")
        self.sigma = sigma

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """A sigma between the two."""
        return torch.empty(1).uniform_(sigma_min, sigma_max).item()

    def forward(self, img: Any) -> Any:
        sigma = self.get_params(*self.sigma)
        return functional.gaussian_blur(img, self.kernel_size, [sigma, sigma])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


def _pair(kernel_size: int | Sequence[int]) -> Sequence[int]:
    if isinstance(kernel_size, (int, float)):
        return int(kernel_size), int(kernel_size)
    if len(kernel_size) == 1:
        return kernel_size[0], kernel_size[0]
    if len(kernel_size) != 2:
        raise ValueError("Kernel size should be a tuple/list of two integers")
    return kernel_size
