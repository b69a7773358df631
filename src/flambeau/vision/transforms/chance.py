"""Random shares, which mixtures of images need."""

from __future__ import annotations

import math
from collections.abc import Sequence

from flambeau.tensor.api import torch


def shares(alphas: Sequence[float]) -> list[float]:
    """Numbers >= 0 with sum 1 from the Dirichlet distribution; of two, the first is Beta's.

    Args:   alphas: one concentration > 0 a share: below 1 one share takes nearly all, above 1 they
            are about equal.
    Raises: ValueError for concentrations that are not positive.

    >>> import flambeau as torch
    >>> _ = torch.manual_seed(0)
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
        return _log_gamma_variate(alpha + 1) + math.log(_uniform()) / alpha
    d = alpha - 1 / 3
    while True:
        x = torch.randn(1, dtype=torch.float64).item()
        v = (1 + x / math.sqrt(9 * d)) ** 3
        if v > 0 and math.log(_uniform()) < x * x / 2 + d - d * v + d * math.log(v):
            return math.log(d * v)


def _uniform() -> float:
    """In (0, 1]: its logarithm exists."""
    return 1.0 - torch.rand(1, dtype=torch.float64).item()
