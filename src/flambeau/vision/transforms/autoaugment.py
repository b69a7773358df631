"""Augmentation by policies: which named operations, how often and how strong.

Each works on RGB or grey Pillow images and on tensors of bytes (..., 1 or 3, H, W).
"""

from __future__ import annotations

import enum
from typing import Any

from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision.transforms import functional
from flambeau.vision.transforms.chance import shares
from flambeau.vision.transforms.functional import InterpolationMode
from flambeau.vision.transforms.operations import Augmentation, Space, space

_MOVES = "ShearX ShearY TranslateX TranslateY Rotate"
_COLORS = "Brightness Color Contrast Sharpness"
_TONES = "Posterize Solarize AutoContrast Equalize"

Step = tuple[str, float, int | None]


class AutoAugmentPolicy(enum.Enum):
    """The data set on which a policy of `AutoAugment` was learned.

    >>> from flambeau.vision import transforms
    >>> transforms.AutoAugmentPolicy("cifar10")
    <AutoAugmentPolicy.CIFAR10: 'cifar10'>
    """

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


# 25 pairs of steps each; a step is an operation, its probability and, if it has any, its level.
_POLICIES = {
    AutoAugmentPolicy.IMAGENET: """
        Posterize 0.4 8, Rotate 0.6 9
        Solarize 0.6 5, AutoContrast 0.6
        Equalize 0.8, Equalize 0.6
        Posterize 0.6 7, Posterize 0.6 6
        Equalize 0.4, Solarize 0.2 4
        Equalize 0.4, Rotate 0.8 8
        Solarize 0.6 3, Equalize 0.6
        Posterize 0.8 5, Equalize 1.0
        Rotate 0.2 3, Solarize 0.6 8
        Equalize 0.6, Posterize 0.4 6
        Rotate 0.8 8, Color 0.4 0
        Rotate 0.4 9, Equalize 0.6
        Equalize 0.0, Equalize 0.8
        Invert 0.6, Equalize 1.0
        Color 0.6 4, Contrast 1.0 8
        Rotate 0.8 8, Color 1.0 2
        Color 0.8 8, Solarize 0.8 7
        Sharpness 0.4 7, Invert 0.6
        ShearX 0.6 5, Equalize 1.0
        Color 0.4 0, Equalize 0.6
        Equalize 0.4, Solarize 0.2 4
        Solarize 0.6 5, AutoContrast 0.6
        Invert 0.6, Equalize 1.0
        Color 0.6 4, Contrast 1.0 8
        Equalize 0.8, Equalize 0.6""",
    AutoAugmentPolicy.CIFAR10: """
        Invert 0.1, Contrast 0.2 6
        Rotate 0.7 2, TranslateX 0.3 9
        Sharpness 0.8 1, Sharpness 0.9 3
        ShearY 0.5 8, TranslateY 0.7 9
        AutoContrast 0.5, Equalize 0.9
        ShearY 0.2 7, Posterize 0.3 7
        Color 0.4 3, Brightness 0.6 7
        Sharpness 0.3 9, Brightness 0.7 9
        Equalize 0.6, Equalize 0.5
        Contrast 0.6 7, Sharpness 0.6 5
        Color 0.7 7, TranslateX 0.5 8
        Equalize 0.3, AutoContrast 0.4
        TranslateY 0.4 3, Sharpness 0.2 6
        Brightness 0.9 6, Color 0.2 8
        Solarize 0.5 2, Invert 0.0
        Equalize 0.2, AutoContrast 0.6
        Equalize 0.2, Equalize 0.6
        Color 0.9 9, Equalize 0.6
        AutoContrast 0.8, Solarize 0.2 8
        Brightness 0.1 3, Color 0.7 0
        Solarize 0.4 5, AutoContrast 0.9
        TranslateY 0.9 9, TranslateY 0.7 9
        AutoContrast 0.9, Solarize 0.8 3
        Equalize 0.8, Invert 0.1
        TranslateY 0.7 9, AutoContrast 0.9""",
    AutoAugmentPolicy.SVHN: """
        ShearX 0.9 4, Invert 0.2
        ShearY 0.9 8, Invert 0.7
        Equalize 0.6, Solarize 0.6 6
        Invert 0.9, Equalize 0.6
        Equalize 0.6, Rotate 0.9 3
        ShearX 0.9 4, AutoContrast 0.8
        ShearY 0.9 8, Invert 0.4
        ShearY 0.9 5, Solarize 0.2 6
        Invert 0.9, AutoContrast 0.8
        Equalize 0.6, Rotate 0.9 3
        ShearX 0.9 4, Solarize 0.3 3
        ShearY 0.8 8, Invert 0.7
        Equalize 0.9, TranslateY 0.6 6
        Invert 0.9, Equalize 0.6
        Contrast 0.3 3, Rotate 0.8 4
        Invert 0.8, TranslateY 0.0 2
        ShearY 0.7 6, Solarize 0.4 8
        Invert 0.6, Rotate 0.8 4
        ShearY 0.3 7, TranslateX 0.9 3
        ShearX 0.1 6, Invert 0.6
        Solarize 0.7 2, TranslateY 0.6 7
        ShearY 0.8 4, Invert 0.8
        ShearX 0.7 9, TranslateY 0.8 3
        ShearY 0.8 5, AutoContrast 0.7
        ShearX 0.7 2, Invert 0.1""",
}


def _steps(table: str) -> list[tuple[Step, ...]]:
    def step(text: str) -> Step:
        name, probability, *level = text.split()
        return name, float(probability), int(level[0]) if level else None

    return [tuple(step(text) for text in row.split(",")) for row in table.strip().splitlines()]


class AutoAugment(Augmentation):
    """One of 25 pairs of operations that were found by search on a data set.

    Cubuk et al., "AutoAugment: Learning Augmentation Strategies from Data", 2019.

    Args:   policy: default IMAGENET. interpolation: default NEAREST. fill: for pixels from outside
            the image, a number or one a channel. Default: black.
    Raises: ValueError for another policy.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> augment = transforms.AutoAugment(transforms.AutoAugmentPolicy.CIFAR10)
    >>> augment(torch.zeros(3, 32, 32, dtype=torch.uint8)).shape
    torch.Size([3, 32, 32])
    """

    options = ("policy", "fill")

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if policy not in _POLICIES:
            raise ValueError(
                f"The provided policy {policy} is not recognized. "
                f"Known: {', '.join(map(str, AutoAugmentPolicy))}"
            )
        self.policy = policy
        self.policies = _steps(_POLICIES[policy])

    def _augmentation_space(self, num_bins: int, image_size: tuple[int, int]) -> Space:
        return space(f"{_MOVES} {_COLORS} {_TONES} Invert", num_bins, _part(image_size, 150 / 331))

    @staticmethod
    def get_params(transform_num: int) -> tuple[int, Any, Any]:
        """Number of the pair, and for its two steps a number in [0, 1) and a sign, 0 or 1."""
        return (
            int(torch.randint(transform_num, (1,))),
            torch.rand(2),
            torch.randint(2, (2,)),
        )

    def forward(self, img: Any) -> Any:
        _, height, width = functional.get_dimensions(img)
        known = self._augmentation_space(10, (height, width))
        chosen, chances, signs = self.get_params(len(self.policies))
        for step, chance, sign in zip(self.policies[chosen], chances, signs, strict=True):
            op_name, probability, level = step
            if chance <= probability:
                magnitudes, signed = known[op_name]
                magnitude = 0.0 if level is None else float(magnitudes[level])
                magnitude *= -1.0 if signed and sign == 0 else 1.0
                img = self.applied(img, op_name, magnitude)
        return img


class RandAugment(Augmentation):
    """A few operations in a row, drawn with equal chances and all of one strength.

    Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space",
    2020.

    Args:   num_ops: Default 2. magnitude: level of all, below num_magnitude_bins. Default 9 of 31.
            interpolation: default NEAREST. fill: for pixels from outside the image, a number or
            one a channel. Default: black.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.RandAugment()(torch.zeros(3, 32, 32, dtype=torch.uint8)).shape
    torch.Size([3, 32, 32])
    """

    options = ("num_ops", "magnitude", "num_magnitude_bins", "interpolation", "fill")

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def _augmentation_space(self, num_bins: int, image_size: tuple[int, int]) -> Space:
        names = f"Identity {_MOVES} {_COLORS} {_TONES}"
        return space(names, num_bins, _part(image_size, 150 / 331))

    def forward(self, img: Any) -> Any:
        _, height, width = functional.get_dimensions(img)
        known = self._augmentation_space(self.num_magnitude_bins, (height, width))
        for _ in range(self.num_ops):
            img = self.drawn(img, known, lambda magnitudes: self.magnitude)
        return img


class TrivialAugmentWide(Augmentation):
    """One operation, drawn with equal chances, of a strength drawn from a wide range.

    Müller and Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", 2021.

    Args:   num_magnitude_bins: how many strengths. Default 31. interpolation: default NEAREST.
            fill: for pixels from outside the image, a number or one a channel. Default: black.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.TrivialAugmentWide()(torch.zeros(3, 32, 32, dtype=torch.uint8)).shape
    torch.Size([3, 32, 32])
    """

    options = ("num_magnitude_bins", "interpolation", "fill")

    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def _augmentation_space(self, num_bins: int) -> Space:
        names = f"Identity {_MOVES} {_COLORS} {_TONES}"
        return space(names, num_bins, (32.0, 32.0), shear=0.99, turn=135.0, color=0.99, bits=(8, 2))

    def forward(self, img: Any) -> Any:
        known = self._augmentation_space(self.num_magnitude_bins)
        return self.drawn(img, known, lambda magnitudes: torch.randint(len(magnitudes), (1,)))


class AugMix(Augmentation):
    """A mixture of the image and several chains of operations on it.

    y = m x + (1 - m) sum_i w_i chain_i(x), where m ~ Beta(alpha, alpha), w ~ Dirichlet(alpha).
    Hendrycks et al., "AugMix: A Simple Data Processing Method to Improve Robustness and
    Uncertainty", 2020. Each image of a batch gets its own weights, all the same chains.

    Args:   severity: strongest level, 1 to 10. Default 3. mixture_width: number of chains. Default
            3. chain_depth: operations in a chain, drawn from 1 to 3 if not positive. Default -1.
            alpha: Default 1. all_ops: with changes of colour too. Default True. interpolation:
            default BILINEAR. fill: for pixels from outside the image, a number or one a channel.
            Default: black.
    Raises: ValueError for another severity.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> transforms.AugMix()(torch.zeros(3, 32, 32, dtype=torch.uint8)).shape
    torch.Size([3, 32, 32])
    """

    options = (
        *("severity", "mixture_width", "chain_depth", "alpha", "all_ops", "interpolation", "fill"),
    )
    _PARAMETER_MAX = 10

    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if not 1 <= severity <= self._PARAMETER_MAX:
            raise ValueError(
                f"The severity must be between [1, {self._PARAMETER_MAX}]. Got {severity} instead."
            )
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops

    def _augmentation_space(self, num_bins: int, image_size: tuple[int, int]) -> Space:
        names = f"{_MOVES} {_TONES} {_COLORS if self.all_ops else ''}"
        return space(names, num_bins, _part(image_size, 1 / 3), bits=(4, 0))

    def _sample_dirichlet(self, alphas: list[float], count: int) -> Any:
        """One row of shares an image."""
        return torch.tensor([shares(alphas) for _ in range(count)])

    def forward(self, orig_img: Any) -> Any:
        img = orig_img if isinstance(orig_img, Tensor) else functional.pil_to_tensor(orig_img)
        batch = img.reshape(-1, *img.shape[-3:])
        known = self._augmentation_space(self._PARAMETER_MAX, (img.shape[-2], img.shape[-1]))
        own = self._sample_dirichlet([self.alpha] * 2, len(batch))
        weights = self._sample_dirichlet([self.alpha] * self.mixture_width, len(batch))
        weights = weights * own[:, 1:]
        mixture = own[:, 0].view(-1, 1, 1, 1) * batch
        for chain in range(self.mixture_width):
            mixture += weights[:, chain].view(-1, 1, 1, 1) * self._chain(batch, known)
        mixed = mixture.view(img.shape).to(img.dtype)
        return mixed if isinstance(orig_img, Tensor) else functional.to_pil_image(mixed)

    def _chain(self, img: Any, known: Space) -> Any:
        depth = self.chain_depth if self.chain_depth > 0 else int(torch.randint(1, 4, (1,)))
        for _ in range(depth):
            img = self.drawn(img, known, lambda magnitudes: torch.randint(self.severity, (1,)))
        return img


def _part(image_size: tuple[int, int], part: float) -> tuple[float, float]:
    """Pixels to the right and downwards, for images of (height, width)."""
    return part * image_size[1], part * image_size[0]
