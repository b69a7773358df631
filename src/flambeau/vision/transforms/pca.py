"""AlexNet's change of colours along the directions in which colours vary most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision import images
from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import RandomTransform
from flambeau.vision.transforms.functional.convert import largest

# Of the red, green and blue of ImageNet's pixels in [0, 1]: variances along the principal
# directions, and these directions as columns, as Facebook's fb.resnet.torch published them.
IMAGENET_VARIANCES = (0.2175, 0.0188, 0.0045)
IMAGENET_DIRECTIONS = (
    (-0.5675, 0.7192, 0.4009),
    (-0.5808, -0.0045, -0.8140),
    (-0.5836, -0.6948, 0.4203),
)


class PCAColor(RandomTransform):
    """Adds one random colour to all pixels of an image: x + sum_i alpha_i lambda_i p_i.

    lambda_i and p_i are the eigenvalues and eigenvectors of the covariance of red, green and blue
    over a data set, alpha_i ~ N(0, std^2) is drawn once an image. Krizhevsky et al., "ImageNet
    Classification with Deep Convolutional Neural Networks", 2012, section 4.1.

    Shape:  RGB Pillow image or tensor (..., 3, H, W), floats in [0, 1] or integers -> the same;
            integers are cut to the range of their type, floats are not
    Args:   std: Default 0.1, the paper's. eigenvalues: three numbers, eigenvectors: 3 x 3, one a
            column, both of colours in [0, 1]. Default: those of ImageNet. `fit` measures others.
    Raises: ValueError for other numbers of them; TypeError unless the image has three channels.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> changed = transforms.PCAColor()(torch.zeros(3, 4, 5))
    >>> changed.shape, len(changed.unique())
    (torch.Size([3, 4, 5]), 3)
    """

    def __init__(
        self,
        std: float = 0.1,
        eigenvalues: Sequence[float] = IMAGENET_VARIANCES,
        eigenvectors: Sequence[Sequence[float]] = IMAGENET_DIRECTIONS,
    ) -> None:
        super().__init__()
        self.std = std
        self.eigenvalues = torch.as_tensor(eigenvalues, dtype=torch.float64)
        self.eigenvectors = torch.as_tensor(eigenvectors, dtype=torch.float64)
        if self.eigenvalues.shape != (3,) or self.eigenvectors.shape != (3, 3):
            raise ValueError(
                "eigenvalues should be 3 numbers and eigenvectors 3 x 3. Got shapes "
                f"{tuple(self.eigenvalues.shape)} and {tuple(self.eigenvectors.shape)}"
            )

    @classmethod
    def fit(cls, pictures: Iterable[Any], std: float = 0.1) -> PCAColor:
        """The transform whose colours are those of a data set.

        Args:   pictures: RGB images, or pairs of one and anything else as data sets give them, or
                a tensor (N, 3, H, W). std: Default 0.1.
        Raises: ValueError when there are no pixels; TypeError for images of other channels.

        >>> import flambeau as torch
        >>> from flambeau.vision import transforms
        >>> reds = torch.zeros(4, 3, 1, 1)
        >>> reds[:2, 0] = 1.0
        >>> transforms.PCAColor.fit(reds).eigenvalues
        tensor([0.2500, 0.0000, 0.0000], dtype=torch.float64)
        """
        count, total = 0, torch.zeros(3, dtype=torch.float64)
        products = torch.zeros(3, 3, dtype=torch.float64)
        for picture in pictures:
            image = picture[0] if isinstance(picture, (tuple, list)) else picture
            pixels = _unit(_tensor(image)).to(torch.float64).transpose(-3, -1).reshape(-1, 3)
            count += pixels.shape[0]
            total += pixels.sum(0)
            products += pixels.t() @ pixels
        if not count:
            raise ValueError("there is no pixel whose colour could be measured")
        mean = total / count
        eigenvalues, eigenvectors = torch.linalg.eigh(products / count - torch.outer(mean, mean))
        # Largest first; rounding can leave a variance of nothing just below it.
        return cls(std, eigenvalues.flip(0).clamp(min=0), eigenvectors.flip(1))

    @staticmethod
    def get_params(std: float) -> Any:
        """The three alphas of an image."""
        return std * torch.randn(3, dtype=torch.float64)

    def forward(self, img: Any) -> Any:
        pixels = _tensor(img)
        color = self.eigenvectors @ (self.get_params(self.std) * self.eigenvalues)
        color = color.view(3, 1, 1)
        if pixels.is_floating_point():
            changed = pixels + color.to(pixels.dtype)
        else:
            bound = largest(pixels.dtype)
            changed = (pixels + bound * color).round().clamp(0, bound).to(pixels.dtype)
        return functional.to_pil_image(changed, img.mode) if images.is_image(img) else changed

    def __repr__(self) -> str:
        return f"{type(self).__name__}(std={self.std})"


def _tensor(img: Any) -> Any:
    """The image as a tensor (..., 3, H, W)."""
    if functional.get_image_num_channels(img) != 3:
        raise TypeError(
            "colours have three channels, red, green and blue, and this image has "
            f"{functional.get_image_num_channels(img)}"
        )
    return img if isinstance(img, Tensor) else functional.pil_to_tensor(img)


def _unit(pixels: Any) -> Any:
    if pixels.is_floating_point():
        return pixels
    return functional.convert_image_dtype(pixels, torch.float64)
