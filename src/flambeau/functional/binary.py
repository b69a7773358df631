"""Losses: binary classification and divergences."""

from __future__ import annotations

import warnings

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.tensor.api import F, export, torch
from flambeau.tensor.namespace import xp

from .loss import reduced, reduction_of


@export("F")
def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """Cross entropy of probabilities with targets, l = -weight (t log x + (1 - t) log(1 - x)),
    logarithms cut at -100.

    Shape:  input (*) in [0, 1], target (*) -> (), or (*) for reduction 'none'; weight broadcasts
    Raises: ValueError if the sizes differ; RuntimeError if an input is no probability.

    >>> import flambeau as torch
    >>> torch.nn.functional.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([1.]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is "
            "deprecated. Please ensure they have the same size."
            + (" Use target.view_as(input)." if target.numel() == input.numel() else "")
        )
    if input.numel() and not input.is_meta and not bool(((input >= 0) & (input <= 1)).all()):
        raise ArgumentError(
            "all elements of input should be between 0 and 1. Apply torch.sigmoid to scores, or "
            "better use "
            "binary_cross_entropy_with_logits on them"
        )
    if weight is None:
        return xp.bce(input, target, reduction=reduction)
    return reduced(xp.bce(input, target, reduction="none") * weight, reduction)


@export("F")
def binary_cross_entropy_with_logits(
    input,
    target,
    weight=None,
    size_average=None,
    reduce=None,
    reduction="mean",
    pos_weight=None,
):
    """Binary cross entropy of sigmoid(x) with targets, accurate for any score x.

    l = weight ((1 - t) x + (1 + (pos_weight - 1) t) log(1 + exp(-x)))

    Shape:  input (*), target (*) -> (), or (*) for reduction 'none'; weight and pos_weight
            broadcast
    Raises: ValueError if the sizes differ.

    >>> import flambeau as torch
    >>> torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([0.]), torch.tensor([1.]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
            + (": use target.view_as(input)" if target.numel() == input.numel() else "")
        )
    if weight is None:
        return xp.bce_with_logits(input, target, pos_weight, reduction=reduction)
    loss = xp.bce_with_logits(input, target, pos_weight, reduction="none")
    return reduced(loss * weight, reduction)


@export("F")
def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """Kullback-Leibler divergence, l = t (log t - x) for log probabilities x; exp(t) (t - x) with
    log_target.

    Shape: input (*), target (*) -> (), or (*) for reduction 'none'
    Args:  reduction: also 'batchmean', the sum divided by the first dimension, which is the
           mathematical divergence.

    >>> import flambeau as torch
    >>> x, t = torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[1., 0.]])
    >>> torch.nn.functional.kl_div(x, t, reduction='batchmean')
    tensor(0.6931)
    """
    per_batch = reduction == "batchmean" and size_average is None and reduce is None
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    reduction = "sum" if per_batch else reduction_of(reduction, size_average, reduce)
    if log_target:
        loss = torch.exp(target) * (target - input)
    else:
        loss = xp.kl_divergence(input, target)
    loss = reduced(loss, reduction)
    return loss / input.shape[0] if per_batch and input.ndim else loss


@export("F")
def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """l = log(1 + exp(-t x)) for targets 1 and -1.

    Shape: input (*), target (*) -> (), or (*) for reduction 'none'

    >>> import flambeau as torch
    >>> torch.nn.functional.soft_margin_loss(torch.tensor([0.]), torch.tensor([1.]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    return reduced(-F.logsigmoid(target * input), reduction)


@export("F")
def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """Mean over the classes of the binary cross entropy of each score.

    Shape: input (N, C) or (C), target of 0 and 1 as the input, weight (C) -> (), or (N) for
           reduction 'none'

    >>> import flambeau as torch
    >>> torch.nn.functional.multilabel_soft_margin_loss(torch.zeros(1, 2), torch.tensor([[1., 0.]]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    loss = -(target * F.logsigmoid(input) + (1 - target) * F.logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return reduced(loss.mean(-1), reduction)


@export("F")
def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """l = sum over targets t and other classes c of max(0, 1 - (x[t] - x[c])) / C; a target row
    ends at its first -1.

    Shape:  input (N, C) or (C), target int64 of the same shape -> (), or (N) for reduction 'none'
    Raises: RuntimeError if shapes or class numbers do not fit.

    >>> import flambeau as torch
    >>> x, t = torch.tensor([[0.1, 0.2, 0.4]]), torch.tensor([[2, -1, 0]])
    >>> torch.nn.functional.multilabel_margin_loss(x, t)
    tensor(0.5000)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if input.shape != target.shape or input.ndim > 2 or 0 in input.shape[max(0, input.ndim - 1) :]:
        raise ShapeError(
            f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        )
    x, labels = (input.reshape(1, -1), target.reshape(1, -1)) if input.ndim < 2 else (input, target)
    classes = x.shape[1]
    known = labels.numel() and not labels.is_meta
    if known and not -1 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ArgumentError(f"targets must be class numbers below {classes}, or -1")
    valid = (labels < 0).cumsum(1) == 0
    safe = labels.masked_fill(~valid, 0)
    is_target = x.new_zeros(x.shape).scatter_add(1, safe, valid.to(x.dtype)) > 0
    margins = 1 - x.gather(1, safe).unsqueeze(2) + x.unsqueeze(1)  # (N, target, class)
    counts = valid.unsqueeze(2) & ~is_target.unsqueeze(1)
    loss = F.relu(margins).masked_fill(~counts, 0.0).sum((1, 2)) / classes
    if input.ndim < 2:
        loss = loss.squeeze(0)
    return reduced(loss, reduction)


@export("F")
def multi_margin_loss(
    input,
    target,
    p=1,
    margin=1.0,
    weight=None,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """l = sum over classes c other than t of weight[t] max(0, margin - x[t] + x[c])^p / C.

    Shape:  input (N, C) or (C), target (N) or () -> (), or (N) for reduction 'none'
    Raises: ValueError or RuntimeError if an argument does not fit.

    >>> import flambeau as torch
    >>> torch.nn.functional.multi_margin_loss(torch.tensor([[0., 1.]]), torch.tensor([1]))
    tensor(0.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    if input.ndim > 2 or 0 in input.shape[1:] or target.ndim > 1:
        raise ShapeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(input.shape)}"
        )
    x = input.reshape(1, -1) if input.ndim < 2 else input
    labels = target.reshape(-1)
    n, classes = x.shape
    if labels.numel() != n:
        raise ShapeError(f"inconsistent target size, expected {n} but got {list(target.shape)}")
    if weight is not None and weight.numel() != classes:
        raise ShapeError(
            f"inconsistent weight size, expected {classes} but got {list(weight.shape)}"
        )
    known = labels.numel() and not labels.is_meta
    if known and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ArgumentError(f"target out of range: class numbers lie in 0 to {classes - 1}")
    index = labels.unsqueeze(1)
    terms = F.relu(margin - x.gather(1, index) + x) ** p
    if weight is not None:
        terms = terms * weight[labels].unsqueeze(1)
    others = torch.arange(classes, device=input.device).unsqueeze(0) != index
    loss = terms.masked_fill(~others, 0.0).sum(1) / classes
    if target.ndim == 0:
        loss = loss.squeeze(0)
    return reduced(loss, reduction)
