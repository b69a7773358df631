"""Losses: classification."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.tensor.api import F, export, torch
from flambeau.tensor.namespace import xp

REDUCTIONS = ("none", "mean", "sum")


def reduction_of(reduction, size_average=None, reduce=None) -> str:
    """The reduction's name; the legacy flags ``size_average`` and ``reduce`` win over it, as in
    PyTorch.
    """
    if size_average is not None or reduce is not None:
        average = True if size_average is None else size_average
        reduction = "none" if reduce is False else ("mean" if average else "sum")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction: use {REDUCTIONS}")
    return reduction


def reduced(loss, reduction):
    """The mean, the sum, or all of the losses."""
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


@export("F")
def nll_loss(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
):
    """Negative log likelihood of the target classes, given log probabilities.

    l[n] = -weight[t] x[n, t] with t = target[n]; 'mean' divides their sum by the sum of weight[t].

    Shape:  input (N, C), (C) or (N, C, *D), target (N), () or (N, *D) -> (), or the target's shape
            for reduction 'none'
    Args:   weight (C): of each class. ignore_index: a target that counts for nothing. Default -100.
    Raises: IndexError if a target is no class; RuntimeError for other dtypes than int64 and uint8.

    >>> import flambeau as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-0.1, -2.4]]), torch.tensor([1]))
    tensor(2.4000)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    shape = input.shape
    rank = len(shape)
    _check_classes(input, target, weight)
    if rank == 1:
        return _squeezed(input.unsqueeze(0), target.unsqueeze(0), weight, ignore_index, reduction)
    if rank == 3 or rank > 4:
        # PyTorch computes these as images, which shows in the graph.
        flat = input.reshape(shape[0], shape[1], 1, -1)
        loss = xp.picked_loss2d(
            flat, target.reshape(shape[0], 1, -1), weight, ignore_index=ignore_index,
            reduction=reduction,
        )  # fmt: skip
        return loss.view(target.shape) if reduction == "none" else loss
    run = xp.picked_loss if rank == 2 else xp.picked_loss2d
    return run(input, target, weight, ignore_index=ignore_index, reduction=reduction)


def _squeezed(input, target, weight, ignore_index, reduction):
    loss = xp.picked_loss(input, target, weight, ignore_index=ignore_index, reduction=reduction)
    return loss.squeeze(0) if reduction == "none" else loss


def _check_classes(input, target, weight) -> None:
    shape, labels = input.shape, target.shape
    if not shape:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if len(shape) == 1:
        if len(labels) > 0:
            raise ShapeError(
                f"input {tuple(shape)} is one sample of {shape[0]} classes, so the target must be "
                "0-D, but "
                f"it has shape {tuple(labels)}"
            )
    elif len(labels) == 0 or labels[0] != shape[0]:
        got = labels[0] if labels else "none"
        raise ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size ({got})."
            f" The input has shape {tuple(shape)}, the target {tuple(labels)}"
        )
    elif len(shape) == 2 and len(labels) != 1:
        cure = " Use target.squeeze(1)." if labels[1:].numel() == 1 else ""
        cure = cure or " For one-hot targets use target.argmax(1)."
        raise ShapeError(
            "0D or 1D target tensor expected, multi-target not supported: "
            f"got a target of shape {tuple(labels)}.{cure}"
        )
    elif shape[2:] != labels[1:]:
        wanted = [shape[0], *shape[2:]]
        raise ShapeError(f"Expected target size {wanted}, got {list(labels)}")
    if target.dtype.name not in ("int64", "uint8"):
        raise DTypeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype}: class numbers are "
            "integers, "
            "convert them with target.long()"
        )
    if weight is None:
        return
    classes = shape[1] if len(shape) > 1 else shape[0]
    if tuple(weight.shape) != (classes,):
        raise ShapeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but "
            "got "
            f"weight tensor of shape: {list(weight.shape)}"
        )
    if weight.dtype is not input.dtype:
        raise DTypeError(
            f"expected the weight to have the input's dtype {input.dtype}, but it is {weight.dtype}"
        )


@export("F")
def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """Cross entropy of the softmax of the scores (logits) with the target.

    l[n] = -sum over c of weight[c] q[n, c] log softmax(x)[n, c], where q is the target: a
    probability for each class, or 1 at the class of that number; smoothed to (1 - label_smoothing)
    q + label_smoothing / C.

    Shape:  input (N, C), (C) or (N, C, *D); target (N), (), (N, *D) of class numbers, or
            probabilities shaped as the input
    Args:   as ``nll_loss``; label_smoothing in [0, 1].
    Raises: IndexError if a class number is no class; RuntimeError if shapes or dtypes do not fit.

    >>> import flambeau as torch
    >>> torch.nn.functional.cross_entropy(torch.tensor([[0., 0.]]), torch.tensor([1]))
    tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ArgumentError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    dim = 1 if input.ndim > 1 else 0
    if target.shape == input.shape and input.ndim:
        return _probability_entropy(input, target, weight, reduction, label_smoothing, dim)
    _check_classes(input, target, weight)
    rank = input.ndim
    if label_smoothing == 0 and rank in (2, 4):
        loss, _ = xp.softmax_entropy(
            input, target, weight, ignore_index=ignore_index, reduction=reduction
        )
        return xp.entropy_loss(loss) if rank == 2 else xp.entropy_loss2d(loss)
    log_probability = F.log_softmax(input, dim)
    loss = F.nll_loss(
        log_probability, target, weight, ignore_index=ignore_index, reduction=reduction
    )
    if label_smoothing == 0:
        return loss
    return _smoothed(
        log_probability, target, weight, ignore_index, reduction, loss, label_smoothing
    )


def _probability_entropy(input, target, weight, reduction, smoothing, dim):
    if not target.dtype.is_floating_point:
        raise DTypeError(
            "Expected floating point type for target with class probabilities, got "
            f"{target.dtype}: a "
            "target shaped as the input holds probabilities. Class numbers have no class "
            "dimension: "
            "use target.argmax(1)"
        )
    classes = input.shape[dim]
    log_probability = F.log_softmax(input, dim)
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    terms = log_probability * target
    if weight is not None:
        terms = terms * weight.view((-1,) + (1,) * (input.ndim - dim - 1))
    loss = -terms.sum(dim)
    if reduction == "mean":
        return loss.sum() / (input.numel() / classes)
    return reduced(loss, reduction)


def _smoothed(log_probability, target, weight, ignore_index, reduction, loss, smoothing):
    """The mixture of the plain loss and the cross entropy with a uniform target."""
    dim = 1 if log_probability.ndim > 1 else 0
    classes = log_probability.shape[dim]
    if weight is None:
        spread = -log_probability.sum(dim)
    else:
        shaped = weight.view((-1,) + (1,) * (log_probability.ndim - dim - 1))
        spread = -(log_probability * shaped).sum(dim)
    ignored = target == ignore_index
    spread = spread.masked_fill(ignored, 0.0)
    if reduction == "mean":
        if weight is None:
            count = (~ignored).sum()
        else:
            count = weight[target.masked_fill(ignored, 0).long()].masked_fill(ignored, 0.0).sum()
        spread = spread.sum() / count
    elif reduction == "sum":
        spread = spread.sum()
    return (1 - smoothing) * loss + smoothing / classes * spread


@export("F")
def linear_cross_entropy(
    input,
    linear_weight,
    target,
    *,
    linear_bias=None,
    weight=None,
    reduction="mean",
    ignore_index=None,
    label_smoothing=0.0,
    options=None,
):
    """``cross_entropy`` of the scores ``linear(input, linear_weight, linear_bias)``.

    Shape:  input (N, I) or (I), linear_weight (C, *D, I), linear_bias (C, *D), target as there
    Args:   options: how PyTorch splits the work to save memory; accepted, without effect here.
    Raises: RuntimeError if the shapes do not fit.

    >>> import flambeau as torch
    >>> x, w = torch.zeros(1, 3), torch.ones(2, 3)
    >>> torch.nn.functional.linear_cross_entropy(x, w, torch.tensor([1]))
    tensor(0.6931)
    """
    if input.ndim not in (1, 2) or (input.ndim == 1 and linear_weight.ndim > 2):
        raise ShapeError(
            f"linear_cross_entropy: expected input (N, I), or (I) with a 2-D weight, but got input "
            f"{tuple(input.shape)} and linear_weight {tuple(linear_weight.shape)}"
        )
    if ignore_index is not None and target.dtype.is_floating_point:
        raise ArgumentError("ignore_index cannot be specified when target contains probabilities")
    scores = torch.matmul(input, linear_weight.reshape(-1, linear_weight.shape[-1]).t())
    scores = scores.reshape((*input.shape[:-1], *linear_weight.shape[:-1]))
    if linear_bias is not None:
        scores = scores + linear_bias
    ignored = -100 if ignore_index is None else ignore_index
    return F.cross_entropy(
        scores, target, weight, ignore_index=ignored, reduction=reduction,
        label_smoothing=label_smoothing,
    )  # fmt: skip
