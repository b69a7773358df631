"""Losses: regression."""

from __future__ import annotations

import math
import warnings

from flambeau.core.errors import ArgumentError
from flambeau.tensor.api import export, torch
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
        f"Using a target size ({target.shape}) that is different to the input size "
        f"({input.shape}). This "
        f"will likely lead to incorrect results due to broadcasting. {cure}",
        stacklevel=3,
    )


@export("F")
def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """Absolute error, l = |x - t|.

    Shape:  input (*), target (*) -> (), or (*) for reduction 'none'
    Warns:  UserWarning if the shapes differ.

    >>> import flambeau as torch
    >>> torch.nn.functional.l1_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))
    tensor(1.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    warn_sizes(input, target)
    return _weighted(torch.abs(input - target), weight, reduction)


def _weighted(loss, weight, reduction):
    if weight is None:
        return reduced(loss, reduction)
    loss = loss * weight
    return loss.sum() / weight.sum() if reduction == "mean" else reduced(loss, reduction)


@export("F")
def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """Squared error near 0, absolute error beyond: l = d^2 / (2 beta) for |d| < beta, else |d| -
    beta / 2.

    Shape:  input (*), target (*) -> (), or (*) for reduction 'none'
    Raises: RuntimeError if beta is negative.

    >>> import flambeau as torch
    >>> x, t = torch.tensor([0., 3.]), torch.tensor([0.5, 0.])
    >>> torch.nn.functional.smooth_l1_loss(x, t, reduction='none')
    tensor([0.1250, 2.5000])
    """
    reduction = reduction_of(reduction, size_average, reduce)
    warn_sizes(input, target)
    if beta < 0:
        raise ArgumentError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    return xp.smooth_l1_loss(input, target, beta=float(beta), reduction=reduction)


@export("F")
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """Squared error near 0, absolute error beyond: l = d^2 / 2 for |d| <= delta, else delta (|d| -
    delta / 2).

    Shape:  input (*), target (*) -> (), or (*) for reduction 'none'
    Raises: RuntimeError if delta is not positive.

    >>> import flambeau as torch
    >>> x, t = torch.tensor([0., 3.]), torch.tensor([0.5, 0.])
    >>> torch.nn.functional.huber_loss(x, t, reduction='none')
    tensor([0.1250, 2.5000])
    """
    reduction = reduction_of(reduction)
    warn_sizes(input, target)
    if delta <= 0:
        raise ArgumentError("huber_loss does not support non-positive values for delta.")
    if weight is None:
        return xp.huber_loss(input, target, delta=float(delta), reduction=reduction)
    loss = xp.huber_loss(input, target, delta=float(delta), reduction="none")
    return _weighted(loss, weight, reduction)


@export("F")
def poisson_nll_loss(
    input,
    target,
    log_input=True,
    full=False,
    size_average=None,
    eps=1e-8,
    reduce=None,
    reduction="mean",
):
    """Negative log likelihood of counts: l = exp(x) - t x, or x - t log(x + eps) without log_input.

    Shape: input (*), target (*) -> (), or (*) for reduction 'none'
    Args:  full: add Stirling's approximation of log(t!), t log t - t + log(2 pi t) / 2, for t > 1.

    >>> import flambeau as torch
    >>> torch.nn.functional.poisson_nll_loss(torch.tensor([0.]), torch.tensor([2.]))
    tensor(1.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if log_input:
        loss = torch.exp(input) - target * input
    else:
        loss = input - target * torch.log(input + eps)
    if full:
        stirling = target * torch.log(target) - target + 0.5 * torch.log(2 * math.pi * target)
        loss = loss + torch.where(target > 1, stirling, torch.zeros_like(stirling))
    return reduced(loss, reduction)


@export("F")
def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """Negative log likelihood of normal distributions with means x: l = (log v + (x - t)^2 / v) /
    2, v = max(var, eps).

    Shape:  input (*), target (*), var (*), (*, 1), the shape without its last dimension, or a
            number -> () or (*)
    Args:   full: add log(2 pi) / 2.
    Raises: ValueError if var is negative or does not fit.

    >>> import flambeau as torch
    >>> x, t, var = torch.tensor([0.]), torch.tensor([2.]), torch.tensor([1.])
    >>> torch.nn.functional.gaussian_nll_loss(x, t, var)
    tensor(2.)
    """
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = var * torch.ones_like(input)
    elif (var < 0).any():
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif not (input.shape[:-1] == var.shape[:-1] and var.shape[-1] == 1):
            try:
                fits = torch.broadcast_shapes(input.shape, var.shape) == input.shape
            except RuntimeError:
                fits = False
            if not fits:
                raise ValueError(
                    f"var is of incorrect size: {tuple(var.shape)} for an input "
                    f"{tuple(input.shape)}"
                )
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    # The bound acts on the value alone: the derivative is that of var itself.
    bounded = var.detach().clamp(min=eps) + (var - var.detach())
    loss = 0.5 * (torch.log(bounded) + (input - target) ** 2 / bounded)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)
