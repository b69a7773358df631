"""Distances, similarities, and the losses that rank by them."""

from __future__ import annotations

from flambeau.core.errors import ShapeError
from flambeau.tensor.api import F, export, torch

from .loss import reduced, reduction_of


@export("torch F")
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """y = x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) along ``dim``.

    Shape: x1, x2 (*, D, *), broadcast -> (*)

    >>> import flambeau as torch
    >>> torch.nn.functional.cosine_similarity(torch.tensor([[3., 4.]]), torch.tensor([[3., 0.]]))
    tensor([0.6000])
    """
    if not (x1.dtype.is_floating_point and x2.dtype.is_floating_point):
        raise RuntimeError(
            f"expected common dtype to be floating point, yet common dtype is {x1.dtype}"
        )
    x1, x2 = torch.broadcast_tensors(x1, x2)
    first = torch.norm(x1, 2, dim, keepdim=True).clamp(min=eps)
    second = torch.norm(x2, 2, dim, keepdim=True).clamp(min=eps)
    return (x1 / first * (x2 / second)).sum(dim)


@export("torch F")
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norm of x1 - x2 + eps along the last dimension.

    Shape: x1, x2 (*, D), broadcast -> (*), or (*, 1) with keepdim

    >>> import flambeau as torch
    >>> torch.nn.functional.pairwise_distance(torch.tensor([[3., 4.]]), torch.tensor([[0., 0.]]))
    tensor([5.0000])
    """
    return torch.norm(x1 - x2 + eps, p, -1, keepdim=keepdim)


@export("torch F")
def pdist(input, p=2.0):
    """The p-norm distances between all pairs of rows i < j.

    Shape: input (N, D) -> (N (N - 1) / 2)

    >>> import flambeau as torch
    >>> torch.nn.functional.pdist(torch.tensor([[0., 0.], [3., 4.]]))
    tensor([5.])
    """
    if input.ndim != 2:
        raise ShapeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    n = input.shape[0]
    i = torch.arange(n, device="cpu")  # which pairs there are is known without values
    upper = (i.unsqueeze(1) < i.unsqueeze(0)).nonzero()
    return torch.norm(input[upper[:, 0]] - input[upper[:, 1]], p, 1)


@export("F")
def cosine_embedding_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """l = 1 - cos(x1, x2) for target 1, max(0, cos(x1, x2) - margin) for target -1.

    Shape:  input1, input2 (N, D) or (D), target (N) or () -> (), or the target's shape for
            reduction 'none'
    Raises: RuntimeError if the sizes do not fit.

    >>> import flambeau as torch
    >>> x = torch.tensor([[1., 0.]])
    >>> torch.nn.functional.cosine_embedding_loss(x, x, torch.tensor([-1.]))
    tensor(1.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if target.ndim not in (0, 1):
        raise ShapeError(
            "0D or 1D target tensor expected, multi-target not supported: got "
            f"{tuple(target.shape)}"
        )
    if target.ndim + 1 != input1.ndim or target.ndim + 1 != input2.ndim:
        raise ShapeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found "
            "inputs with "
            f"sizes {list(input1.shape)} and {list(input2.shape)}."
        )
    eps = 1e-12
    product = (input1 * input2).sum(-1)
    lengths = ((input1 * input1).sum(-1) + eps) * ((input2 * input2).sum(-1) + eps)
    cosine = product / torch.sqrt(lengths)
    zeros = torch.zeros_like(cosine)
    alike = torch.where(target == 1, 1 - cosine, zeros)
    apart = torch.where(target == -1, torch.clamp(cosine - margin, min=0), zeros)
    return reduced(alike + apart, reduction)


@export("F")
def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """l = x for target 1, max(0, margin - x) for target -1.

    Shape: input (*), target (*) -> (), or (*) for reduction 'none'

    >>> import flambeau as torch
    >>> torch.nn.functional.hinge_embedding_loss(torch.tensor([0.2, 0.2]), torch.tensor([1., -1.]))
    tensor(0.5000)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    zeros = torch.zeros_like(input)
    apart = torch.where(target == 1, zeros, torch.clamp(margin - input, min=0))
    alike = torch.where(target == -1, zeros, input)
    return reduced(apart + alike, reduction)


@export("F")
def margin_ranking_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """l = max(0, -t (x1 - x2) + margin): target 1 wants x1 the larger, -1 the smaller.

    Shape:  input1, input2, target (*) -> (), or (*) for reduction 'none'
    Raises: RuntimeError if the ranks differ.

    >>> import flambeau as torch
    >>> a, b = torch.tensor([1.]), torch.tensor([3.])
    >>> torch.nn.functional.margin_ranking_loss(a, b, torch.tensor([1.]))
    tensor(2.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise ShapeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            "input1: "
            f"{input1.shape}, input2: {input2.shape}, target: {target.shape}"
        )
    return reduced(torch.clamp(-target * (input1 - input2) + margin, min=0), reduction)


def _triplet(anchor, positive, negative, distance, margin, swap, reduction):
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = torch.minimum(far, distance(positive, negative))
    return reduced(torch.clamp(near - far + margin, min=0), reduction)


@export("F")
def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p=2,
    eps=1e-6,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """l = max(0, d(a, p) - d(a, n) + margin) with the p-norm distance; swap takes the smaller of
    d(a, n) and d(p, n).

    Shape:  three (N, D) or (D) -> (), or (N) for reduction 'none'
    Raises: ValueError if margin is not positive; RuntimeError if the ranks differ.

    >>> import flambeau as torch
    >>> a, b = torch.zeros(1, 2), torch.tensor([[3., 4.]])
    >>> torch.nn.functional.triplet_margin_loss(a, b, a).round()
    tensor(6.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            "dimensions, "
            f"but got: anchor {anchor.ndim}D, positive {positive.ndim}D, and negative "
            f"{negative.ndim}D inputs"
        )
    return _triplet(
        anchor, positive, negative, lambda x, y: F.pairwise_distance(x, y, p, eps), margin, swap,
        reduction,
    )  # fmt: skip


@export("F")
def triplet_margin_with_distance_loss(
    anchor,
    positive,
    negative,
    *,
    distance_function=None,
    margin=1.0,
    swap=False,
    reduction="mean",
):
    """``triplet_margin_loss`` with a distance of one's own, a function of two tensors.

    >>> import flambeau as torch
    >>> a, b = torch.zeros(1, 2), torch.tensor([[3., 4.]])
    >>> loss = torch.nn.functional.triplet_margin_with_distance_loss
    >>> loss(a, a, b, distance_function=lambda x, y: (x - y).abs().sum(1))
    tensor(0.)
    """
    reduction = reduction_of(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            "dimensions, "
            f"but got: anchor {anchor.ndim}D, positive {positive.ndim}D, and negative "
            f"{negative.ndim}D inputs"
        )
    distance = F.pairwise_distance if distance_function is None else distance_function
    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)
