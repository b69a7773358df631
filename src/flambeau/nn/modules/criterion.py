"""What losses share. A target that requires a gradient is refused: none is computed."""

from __future__ import annotations

import warnings

from flambeau.nn.module import Module
from flambeau.tensor.tensor import Tensor


def _legacy_reduction(size_average, reduce) -> str:
    """The ``reduction`` that two old arguments mean."""
    if reduce is False:
        reduction = "none"
    else:
        reduction = "sum" if size_average is False else "mean"
    warnings.warn(
        "size_average and reduce args will be deprecated, please use "
        f"reduction='{reduction}' instead.",
        stacklevel=5,
    )
    return reduction


class _Loss(Module):
    """What losses share: how they reduce, and the refusal of a target with a gradient."""

    __constants__ = ["reduction"]

    def __init__(self, size_average=None, reduce=None, reduction: str = "mean"):
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = _legacy_reduction(size_average, reduce)
        self.reduction = reduction

    def _brief(self) -> str:
        return f"{self._get_name()}(reduction={self.reduction!r})"


class _WeightedLoss(_Loss):
    """A loss with a weight for each class or value."""

    def __init__(self, weight=None, size_average=None, reduce=None, reduction: str = "mean"):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


def constant(target) -> None:
    """Refuse a target that requires a gradient."""
    if isinstance(target, Tensor) and target.requires_grad:
        raise AssertionError(
            "nn criterions don't compute the gradient w.r.t. targets - please mark these tensors "
            "as not requiring gradients: call target.detach(), or F.NAME(input, target), which "
            "differentiates both"
        )
