"""Losses: regression."""

from __future__ import annotations

import warnings

from flambeau.tensor.api import export
from flambeau.tensor.namespace import xp

from .loss import reduced, reduction_of


@export("F")
def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """Squared error, l = (x - t)^2.

    Shape:  input (*), target (*) -> (), or (*) for reduction 'none'
    Args:   weight (*): factor of each element; 'mean' then divides by the sum of the weights.
    Warns:  UserWarning if the shapes differ, because broadcasting is rarely meant.

    >>> import flambeau as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))
    tensor(2.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    warn_sizes(input, target)
    if weight is None:
        return xp.mse_loss(input, target, reduction=reduction)
    weighted = xp.mse_loss(input, target, reduction="none") * weight
    if reduction == "mean":
        return weighted.sum() / weight.sum()
    return reduced(weighted, reduction)


def warn_sizes(input, target) -> None:
    """Say that a loss is about to broadcast."""
    if input.shape == target.shape:
        return
    cure = "Ensure they have the same size."
    if input.numel() == target.numel():
        cure = f"Use target.view_as(input), or input.squeeze(): {cure}"
    warnings.warn(
        f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This "
        f"will likely lead to incorrect results due to broadcasting. {cure}",
        stacklevel=3,
    )
