"""Random rectangles cut out of images."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import RandomTransform


class RandomErasing(RandomTransform):
    """With probability p a rectangle of random size, form and place is overwritten.

    Zhong et al., "Random Erasing Data Augmentation", 2017.

    Shape:  tensor (..., C, H, W) -> the same
    Args:   p: Default 0.5. scale: smallest and largest part of the area. Default (0.02, 0.33).
            ratio: smallest and largest height to width. Default (0.3, 3.3). value: a number, one
            a channel, or "random" for normal noise. Default 0. inplace: write into the tensor
            given. Default False.
    Raises: TypeError or ValueError for options that are not such, and for Pillow images.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> erased = transforms.RandomErasing(p=1.0, value=7)(torch.zeros(3, 20, 20))
    >>> erased.unique(), bool((erased == 7).sum() <= 3 * 0.36 * 400)
    (tensor([0., 7.]), True)
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: float | str | Sequence[float] = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, (int, float, str, tuple, list)):
            raise TypeError("Argument value should be either a number or str or a sequence")
        if isinstance(value, str) and value != "random":
            raise ValueError(f"If value is str, it should be 'random'. Got {value!r}")
        if not isinstance(scale, Sequence):
            raise TypeError("Scale should be a sequence")
        if not isinstance(ratio, Sequence):
            raise TypeError("Ratio should be a sequence")
        if scale[0] > scale[1] or ratio[0] > ratio[1]:
            warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=2)
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError("Scale should be between 0 and 1")
        if not 0 <= p <= 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Any,
        scale: Sequence[float],
        ratio: Sequence[float],
        value: Sequence[float] | None = None,
    ) -> tuple[int, int, int, int, Any]:
        """Row, column, height, width and what to write there; the whole image if none fits.

        Args:   value: one number, or one a channel; None for normal noise.
        """
        channels, height, width = img.shape[-3:]
        low, high = math.log(ratio[0]), math.log(ratio[1])
        for _ in range(10):
            area = height * width * torch.empty(1).uniform_(scale[0], scale[1]).item()
            aspect = math.exp(torch.empty(1).uniform_(low, high).item())
            h, w = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if h < height and w < width:
                if value is None:
                    v = torch.empty(channels, h, w).normal_()
                else:
                    v = torch.tensor(value)[:, None, None]
                i = int(torch.randint(0, height - h + 1, (1,)))
                j = int(torch.randint(0, width - w + 1, (1,)))
                return i, j, h, w, v
        return 0, 0, height, width, img

    def forward(self, img: Any) -> Any:
        if not isinstance(img, Tensor):
            raise TypeError(
                f"img should be Tensor Image. Got {type(img)}: put ToTensor() before RandomErasing"
            )
        if torch.rand(1).item() >= self.p:
            return img
        value = self._values()
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        i, j, h, w, v = self.get_params(img, self.scale, self.ratio, value)
        return functional.erase(img, i, j, h, w, v, self.inplace)

    def _values(self) -> list[float] | None:
        if isinstance(self.value, str):
            return None
        values = [self.value] if isinstance(self.value, (int, float)) else self.value
        return [float(value) for value in values]

    def __repr__(self) -> str:
        options = ", ".join(
            f"{name}={getattr(self, name)}" for name in ("p", "scale", "ratio", "value", "inplace")
        )
        return f"{type(self).__name__}({options})"
