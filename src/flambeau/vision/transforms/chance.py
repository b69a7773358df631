"""What is drawn for an image, from Flambeau's generator."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from flambeau.tensor.api import torch


def uniform(low: float, high: float) -> float:
    """A number between two others."""
    return float(torch.empty(1).uniform_(low, high).item())


def whole(low: int, high: int) -> int:
    """A whole number from `low` up to but not including `high`."""
    return int(torch.randint(low, high, (1,)).item())


def sides(area: float, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int]:
    """Two sides of a rectangle, in whole pixels.

    Its part of the area is uniform, and so is the logarithm of the first side over the second:
    wide is as likely as tall.

    Args:   scale: smallest and largest part. ratio: smallest and largest first side / second.
    """
    part = area * uniform(*scale)
    aspect = math.exp(uniform(math.log(ratio[0]), math.log(ratio[1])))
    return round(math.sqrt(part * aspect)), round(math.sqrt(part / aspect))


def check_scale_and_ratio(scale: Any, ratio: Any) -> None:
    """A TypeError unless both are sequences, a warning unless they are (min, max)."""
    for name, ends in (("Scale", scale), ("Ratio", ratio)):
        if not isinstance(ends, Sequence):
            raise TypeError(f"{name} should be a sequence")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)


def shares(alphas: Sequence[float]) -> list[float]:
    """Numbers >= 0 with sum 1 from the Dirichlet distribution; of two, the first is Beta's.

    Args:   alphas: one concentration > 0 a share: below 1 one share takes nearly all, above 1 they
            are about equal.
    Raises: ValueError for concentrations that are not positive.

    >>> from flambeau.vision.transforms.chance import shares
    >>> round(sum(shares([0.2, 1.0, 3.0])), 6)
    1.0
    """
    if not all(alpha > 0 for alpha in alphas):
        raise ValueError(f"concentrations (alpha) should be positive. Got {list(alphas)}")
    # Gammas in proportion; as logarithms, because those of a small alpha are too small for floats.
    logs = [_log_gamma_variate(alpha) for alpha in alphas]
    sizes = [math.exp(log - max(logs)) for log in logs]
    return [size / sum(sizes) for size in sizes]


def _log_gamma_variate(alpha: float) -> float:
    """Logarithm of a Gamma(alpha, 1) number: Marsaglia and Tsang,
    "A simple method for generating gamma variables", 2000."""
    if alpha < 1:  # Gamma(alpha) = Gamma(alpha + 1) U^(1 / alpha)
        return _log_gamma_variate(alpha + 1) + math.log(_positive()) / alpha
    d = alpha - 1 / 3
    while True:
        x = torch.randn(1, dtype=torch.float64).item()
        v = (1 + x / math.sqrt(9 * d)) ** 3
        if v > 0 and math.log(_positive()) < x * x / 2 + d - d * v + d * math.log(v):
            return math.log(d * v)


def _positive() -> float:
    """Uniform in (0, 1]: its logarithm exists."""
    return 1.0 - torch.rand(1, dtype=torch.float64).item()
