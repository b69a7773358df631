"""Random changes of colours and grey levels, each as a class that draws for one image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flambeau.tensor.api import torch
from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import RandomTransform, Transform

Range = float | Sequence[float]


class ColorJitter(RandomTransform):
    """Brightness, contrast, saturation and hue, each by a random factor, in a random order.

    Args:   brightness, contrast, saturation: x >= 0 for factors between max(0, 1 - x) and 1 + x, or
            the two ends. hue: x in [0, 0.5] for turns between -x and x, or the two ends in
            [-0.5, 0.5]. Default 0: as it was.
    Raises: ValueError for numbers outside; TypeError for anything but a number or a pair.

    >>> from flambeau.vision import transforms
    >>> transforms.ColorJitter(brightness=0.5, hue=(-0.25, 0.25))
    ColorJitter(brightness=(0.5, 1.5), contrast=None, saturation=None, hue=(-0.25, 0.25))
    """

    def __init__(
        self, brightness: Range = 0, contrast: Range = 0, saturation: Range = 0, hue: Range = 0
    ) -> None:
        super().__init__()
        self.brightness = _range("brightness", brightness)
        self.contrast = _range("contrast", contrast)
        self.saturation = _range("saturation", saturation)
        self.hue = _range("hue", hue, center=0, bound=(-0.5, 0.5))

    @staticmethod
    def get_params(
        brightness: Sequence[float] | None,
        contrast: Sequence[float] | None,
        saturation: Sequence[float] | None,
        hue: Sequence[float] | None,
    ) -> tuple[Any, float | None, float | None, float | None, float | None]:
        """The order (a permutation of 0 to 3) and a factor from each range, None from None."""
        order = torch.randperm(4)
        b, c, s, h = (_between(ends) for ends in (brightness, contrast, saturation, hue))
        return order, b, c, s, h

    def forward(self, img: Any) -> Any:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        steps = (
            functional.adjust_brightness,
            functional.adjust_contrast,
            functional.adjust_saturation,
            functional.adjust_hue,
        )
        for index in order.tolist():
            if factors[index] is not None:
                img = steps[index](img, factors[index])
        return img

    def __repr__(self) -> str:
        names = ("brightness", "contrast", "saturation", "hue")
        return f"{type(self).__name__}({_shown(self, names, ', ')})"


class Grayscale(Transform):
    """An image in grey, see `functional.rgb_to_grayscale`.

    Shape:  Pillow image or tensor (..., 3 or 1, H, W) -> (..., num_output_channels, H, W)
    Args:   num_output_channels: 1 or 3. Default 1.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.Grayscale()(torch.zeros(3, 4, 5)).shape
    torch.Size([1, 4, 5])
    """

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        return functional.rgb_to_grayscale(img, num_output_channels=self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_shown(self, ('num_output_channels',))})"


class Sometimes(RandomTransform):
    """What the transforms below share: `changed` with probability p, as it was otherwise.

    Args:   p: the probability.
    """

    options: tuple[str, ...] = ("p",)

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def changed(self, img: Any) -> Any:
        """The image as it is when chance says so."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does")

    def forward(self, img: Any) -> Any:
        return self.changed(img) if torch.rand(1).item() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_shown(self, self.options)})"


class RandomGrayscale(Sometimes):
    """With probability p in grey, with as many channels as before.

    Args:   p: Default 0.1.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomGrayscale(p=1.0)(torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1)).flatten()
    tensor([0.2989, 0.2989, 0.2989])
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def changed(self, img: Any) -> Any:
        channels = functional.get_image_num_channels(img)
        return functional.rgb_to_grayscale(img, num_output_channels=channels)


class RandomInvert(Sometimes):
    """With probability p the negative, see `functional.invert`.

    Args:   p: Default 0.5.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomInvert(p=1.0)(torch.zeros(1, 1, 2))
    tensor([[[1., 1.]]])
    """

    def changed(self, img: Any) -> Any:
        return functional.invert(img)


class RandomPosterize(Sometimes):
    """With probability p fewer grey levels, see `functional.posterize`.

    Args:   bits: how many of the 8 to keep. p: Default 0.5.

    >>> from flambeau.vision import transforms
    >>> transforms.RandomPosterize(bits=2)
    RandomPosterize(bits=2,p=0.5)
    """

    options = ("bits", "p")

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def changed(self, img: Any) -> Any:
        return functional.posterize(img, self.bits)


class RandomSolarize(Sometimes):
    """With probability p bright pixels inverted, see `functional.solarize`.

    Args:   threshold: from here on they are. p: Default 0.5.

    >>> from flambeau.vision import transforms
    >>> transforms.RandomSolarize(threshold=192.0)
    RandomSolarize(threshold=192.0,p=0.5)
    """

    options = ("threshold", "p")

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def changed(self, img: Any) -> Any:
        return functional.solarize(img, self.threshold)


class RandomAdjustSharpness(Sometimes):
    """With probability p sharper or smoother, see `functional.adjust_sharpness`.

    Args:   sharpness_factor: 0 smooth, 1 as it was, 2 twice as sharp. p: Default 0.5.

    >>> from flambeau.vision import transforms
    >>> transforms.RandomAdjustSharpness(sharpness_factor=2)
    RandomAdjustSharpness(sharpness_factor=2,p=0.5)
    """

    options = ("sharpness_factor", "p")

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def changed(self, img: Any) -> Any:
        return functional.adjust_sharpness(img, self.sharpness_factor)


class RandomAutocontrast(Sometimes):
    """With probability p the full range of grey levels, see `functional.autocontrast`.

    Args:   p: Default 0.5.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandomAutocontrast(p=1.0)(torch.tensor([[[0.25, 0.5]]]))
    tensor([[[0., 1.]]])
    """

    def changed(self, img: Any) -> Any:
        return functional.autocontrast(img)


class RandomEqualize(Sometimes):
    """With probability p grey levels used about equally often, see `functional.equalize`.

    Args:   p: Default 0.5.

    >>> from flambeau.vision import transforms
    >>> transforms.RandomEqualize()
    RandomEqualize(p=0.5)
    """

    def changed(self, img: Any) -> Any:
        return functional.equalize(img)


def _range(
    name: str, value: Any, center: float = 1, bound: tuple[float, float] = (0, math.inf)
) -> tuple[float, float] | None:
    """The two ends of the factors; None when there is nothing to do."""
    if isinstance(value, (int, float)):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        low, high = center - float(value), center + float(value)
        if bound[0] == 0:
            low = max(low, 0.0)
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        low, high = float(value[0]), float(value[1])
    else:
        raise TypeError(f"{name} should be a single number or a list/tuple with length 2.")
    if not bound[0] <= low <= high <= bound[1]:
        raise ValueError(f"{name} values should be between {bound}, but got {[low, high]}.")
    return None if low == high == center else (low, high)


def _between(ends: Sequence[float] | None) -> float | None:
    return None if ends is None else float(torch.empty(1).uniform_(ends[0], ends[1]))


def _shown(transform: Any, names: Sequence[str], separator: str = ",") -> str:
    return separator.join(f"{name}={getattr(transform, name)}" for name in names)
