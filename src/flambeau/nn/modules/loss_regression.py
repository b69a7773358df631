"""Losses of values: probabilities, counts, distances to a target."""

from __future__ import annotations

from flambeau.tensor.api import F

from .criterion import _Loss, _WeightedLoss, constant

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "GaussianNLLLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
]


def _values_cure(input, target) -> str | None:
    """The cure for a target of another shape or dtype than the prediction."""
    if input.shape != target.shape:
        if input.dim() == target.dim() + 1 and input.shape[-1] == 1:
            return "the target lacks the last dimension: target = target.unsqueeze(-1)"
        if input.numel() == target.numel():
            return "the shapes differ, the numbers of values agree: target = target.view_as(input)"
        return f"input {tuple(input.shape)} and target {tuple(target.shape)} must have one shape"
    if not target.dtype.is_floating_point:
        return "the target must have the input's dtype: target = target.float()"
    if input.dtype != target.dtype:
        return f"the target must have the input's dtype: target = target.to({input.dtype})"
    return None


class BCELoss(_WeightedLoss):
    """Binary cross-entropy of probabilities, l = -w * (t * log(x) + (1 - t) * log(1 - x)).

    Shape:  x (*) in [0, 1], target the same -> scalar, or the same
    Args:   weight: factors that broadcast to x.

    >>> import flambeau as torch
    >>> torch.nn.BCELoss()(torch.tensor([0.5]), torch.tensor([1.]))
    tensor(0.6931)
    """

    def forward(self, input, target):
        constant(target)
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)

    def _cure(self, input, target):
        wrong = _values_cure(input, target)
        if wrong is None and input.numel() and not bool(((input >= 0) & (input <= 1)).all()):
            return "the input is no probability: torch.sigmoid(x), or nn.BCEWithLogitsLoss"
        return wrong


class BCEWithLogitsLoss(_Loss):
    """A sigmoid and binary cross-entropy in one, stable for any score.

    Shape:  x (*) scores, target the same in [0, 1] -> scalar, or the same
    Args:   weight: factors that broadcast to x. pos_weight: factors of the positive part.
    """

    def __init__(
        self,
        weight=None,
        size_average=None,
        reduce=None,
        reduction: str = "mean",
        pos_weight=None,
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input, target):
        constant(target)
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )

    def _cure(self, input, target):
        return _values_cure(input, target)


class KLDivLoss(_Loss):
    """Divergence of the distribution t from exp(x), l = t * (log(t) - x).

    Shape:  x (*) log-probabilities, target the same -> scalar, or the same
    Args:   reduction: "batchmean" divides by the batch size, which is the mathematical mean.
            log_target: whether the target too is logarithmic.
    """

    def __init__(
        self, size_average=None, reduce=None, reduction: str = "mean", log_target: bool = False
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input, target):
        constant(target)
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(_Loss):
    """Minus the log-likelihood of counts, l = exp(x) - t * x, or x - t * log(x + eps).

    Args:   log_input: whether x is the logarithm of the rate. Default True.
            full: add Stirling's term t*log(t) - t + log(2 pi t)/2.
    """

    __constants__ = ["log_input", "full", "eps", "reduction"]

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average=None,
        eps: float = 1e-8,
        reduce=None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input, target):
        constant(target)
        return F.poisson_nll_loss(
            log_input,
            target,
            log_input=self.log_input,
            full=self.full,
            eps=self.eps,
            reduction=self.reduction,
        )


class GaussianNLLLoss(_Loss):
    """Minus the log-likelihood of a normal distribution, l = (log(var) + (x - t)^2 / var) / 2.

    Args:   full: add log(2 pi)/2. eps: the least variance. Default 1e-6.
    """

    __constants__ = ["full", "eps", "reduction"]

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input, target, var):
        constant(target)
        return F.gaussian_nll_loss(
            input, target, var, full=self.full, eps=self.eps, reduction=self.reduction
        )


class L1Loss(_Loss):
    """Absolute error, l = |x - t|.

    Shape:  x (*), target the same -> scalar, or the same

    >>> import flambeau as torch
    >>> torch.nn.L1Loss()(torch.tensor([1., 2.]), torch.tensor([2., 4.]))
    tensor(1.5000)
    """

    def forward(self, input, target):
        constant(target)
        return F.l1_loss(input, target, reduction=self.reduction)

    def _cure(self, input, target):
        return _values_cure(input, target)


class MSELoss(_Loss):
    """Squared error, l = (x - t)^2.

    Shape:  x (*), target the same -> scalar, or the same
    Raises: AssertionError for a target that requires a gradient.

    >>> import flambeau as torch
    >>> torch.nn.MSELoss()(torch.tensor([1., 2.]), torch.tensor([2., 4.]))
    tensor(2.5000)
    """

    def forward(self, input, target):
        constant(target)
        return F.mse_loss(input, target, reduction=self.reduction)

    def _cure(self, input, target):
        return _values_cure(input, target)


class SmoothL1Loss(_Loss):
    """l = (x - t)^2 / (2 beta) where |x - t| < beta, else |x - t| - beta/2."""

    def __init__(self, size_average=None, reduce=None, reduction: str = "mean", beta: float = 1.0):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input, target):
        constant(target)
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)

    def _cure(self, input, target):
        return _values_cure(input, target)


class HuberLoss(_Loss):
    """l = (x - t)^2 / 2 where |x - t| < delta, else delta * (|x - t| - delta/2)."""

    __constants__ = ["reduction", "delta"]

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        if not isinstance(delta, (float, int)):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input, target):
        constant(target)
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)

    def _cure(self, input, target):
        return _values_cure(input, target)
