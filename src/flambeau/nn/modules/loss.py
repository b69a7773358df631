"""Losses as modules. A target that requires a gradient is refused: a criterion does not compute it."""

from __future__ import annotations

import dataclasses
import math
import warnings

from flambeau.core import dtypes
from flambeau.nn.module import Module
from flambeau.tensor.api import F
from flambeau.tensor.tensor import Tensor

from .distance import PairwiseDistance
from .linear import Linear

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "LinearCrossEntropyLoss",
    "LinearCrossEntropyOptions",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "NLLLoss2d",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


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


def _constant(target) -> None:
    """Refuse a target that requires a gradient."""
    if isinstance(target, Tensor) and target.requires_grad:
        raise AssertionError(
            "nn criterions don't compute the gradient w.r.t. targets - please mark these tensors as "
            "not requiring gradients: call target.detach(), or F.NAME(input, target), which "
            "differentiates both"
        )


# --------------------------------------------------------------------------------- class labels


def _labels_cure(input, target, ignore_index) -> str | None:
    """The cure for class labels that do not fit the scores (N, C, *)."""
    classes = input.shape[1] if input.dim() > 1 else input.shape[0]
    if input.dim() == 0:
        return "the scores need one dimension of classes: (C,) or (N, C)"
    if target.dtype.is_floating_point:
        if target.shape != input.shape:
            return "class labels must be integers: target = target.long()"
        return None
    if target.dim() == input.dim() and target.shape == input.shape:
        return (
            "the target is one-hot: use the class numbers, target = target.argmax(1), or "
            "probabilities, target = target.float()"
        )
    if target.dim() == 2 and input.dim() == 2 and target.shape[1] == 1:
        return "the labels have one dimension too many: target = target.squeeze(1)"
    if input.dim() > 1 and target.dim() > 0 and input.shape[0] != target.shape[0]:
        return (
            f"there are {input.shape[0]} predictions and {target.shape[0]} labels: the first "
            "dimension of both is the batch"
        )
    if target.dtype.itemsize != 8 and str(target.dtype) not in ("torch.uint8",):
        return "class labels must be 64-bit integers: target = target.long()"
    counted = target[target != ignore_index]
    if counted.numel():
        low, high = int(counted.min()), int(counted.max())
        if low < 0 or high >= classes:
            advice = f"the labels run from {low} to {high}, the input has {classes} classes"
            if low == 1 and high == classes:
                return f"{advice}, numbered from 0: target = target - 1"
            if low < 0:
                return f"{advice}: none may be negative but ignore_index={ignore_index}"
            return f"{advice}: the last layer needs {high + 1} outputs"
    return None


class NLLLoss(_WeightedLoss):
    """Minus the log-probability of the right class, l_n = -w[t_n] * x[n, t_n].

    Shape:  x (N, C, *) or (C): log-probabilities; target (N, *) or (): class numbers -> scalar, or target's shape
    Args:   weight: one factor a class (C). "mean" divides by the sum of the factors.
            ignore_index: a label that counts nothing. Default -100.
            reduction: "mean", "sum" or "none".
    Raises: AssertionError for a target that requires a gradient; errors for labels that are no classes.

    >>> import flambeau as torch
    >>> torch.nn.NLLLoss()(torch.tensor([[-0.5, -1.0]]), torch.tensor([1]))
    tensor(1.)
    """

    __constants__ = ["ignore_index", "reduction"]

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index: int = -100,
        reduce=None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input, target):
        _constant(target)
        return F.nll_loss(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )

    def _cure(self, input, target):
        return _labels_cure(input, target, self.ignore_index)


class NLLLoss2d(NLLLoss):
    """Deprecated name of ``NLLLoss``."""

    def __init__(self, *args, **kwargs):
        warnings.warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement "
            "and see https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(*args, **kwargs)


class CrossEntropyLoss(_WeightedLoss):
    """Cross-entropy of scores and classes, l_n = -w[t_n] * log(softmax(x[n])[t_n]).

    Shape:  x (N, C, *) or (C): scores (no softmax before it!); target (N, *) or (): class numbers,
            or x's shape: probabilities -> scalar, or (N, *)
    Args:   weight: one factor a class (C). ignore_index: a label that counts nothing. Default -100.
            label_smoothing: the share of the target that is spread over all classes. Default 0.
            reduction: "mean", "sum" or "none".
    Raises: AssertionError for a target that requires a gradient; errors for labels that are no classes.

    >>> import flambeau as torch
    >>> torch.nn.CrossEntropyLoss()(torch.zeros(1, 2), torch.tensor([1]))
    tensor(0.6931)
    """

    __constants__ = ["ignore_index", "reduction", "label_smoothing"]

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index: int = -100,
        reduce=None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input, target):
        _constant(target)
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )

    def _cure(self, input, target):
        return _labels_cure(input, target, self.ignore_index)


@dataclasses.dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How PyTorch computes ``LinearCrossEntropyLoss`` in pieces; checked here, without effect on results.

    Raises: ValueError for values that PyTorch refuses.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: dtypes.dtype | None = None

    def __post_init__(self):
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        if self.chunking_method not in (None, "auto"):
            name, colon, factor = self.chunking_method.partition(":")
            factor = factor if colon else "1"
            if not (name == "aspect_ratio" and factor.isdigit() and int(factor) > 0):
                raise ValueError(f"invalid chunking_method: {self.chunking_method!r}")
        size = self.batch_chunk_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None and not self.acc_dtype.is_floating_point:
            raise ValueError(
                "acc_dtype must be one of {None, torch.float16, torch.bfloat16, torch.float32, "
                f"torch.float64}}, got {self.acc_dtype!r}. Pass acc_dtype=None to let the op pick "
                "automatically."
            )


class LinearCrossEntropyLoss(_WeightedLoss):
    """A linear layer to class scores followed by cross-entropy.

    Shape:  x (N, in_features), target (N, *out_features): class numbers
    Args:   out_features: further dimensions of the scores after the classes. Default ().
            others as of ``CrossEntropyLoss``; ``ignore_index`` None stands for -100.
            options: ``LinearCrossEntropyOptions``; they change no result.

    >>> import flambeau as torch
    >>> loss = torch.nn.LinearCrossEntropyLoss(4, 3)
    >>> loss(torch.randn(5, 4), torch.tensor([0, 1, 2, 0, 1])).shape
    torch.Size([])
    """

    __constants__ = [
        "num_classes",
        "out_features",
        "reduction",
        "ignore_index",
        "label_smoothing",
    ]

    def __init__(
        self,
        in_features,
        num_classes,
        *,
        out_features=(),
        bias=False,
        device=None,
        dtype=None,
        reduction="mean",
        weight=None,
        ignore_index=None,
        label_smoothing=0.0,
        options=None,
    ):
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(
                f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}"
            )
        if label_smoothing < 0 or label_smoothing > 1.0:
            raise RuntimeError(
                f"expected label_smoothing to be in range [0, 1], got {label_smoothing}"
            )
        super().__init__(weight=weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        outputs = math.prod(out_features, start=num_classes)
        self.linear = Linear(in_features, outputs, bias=bias, device=device, dtype=dtype)
        self.options = options

    def forward(self, input, target):
        _constant(target)
        scores = self.linear(input)
        if self.out_features:
            lead = scores.shape[:-1]
            scores = scores.reshape((*lead, self.num_classes, *self.out_features))
        return F.cross_entropy(
            scores,
            target,
            weight=self.weight,
            ignore_index=-100 if self.ignore_index is None else self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, "
            f"reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )


class MultiMarginLoss(_WeightedLoss):
    """Hinge loss over classes, sum_i max(0, margin - x[t] + x[i])^p / C over i != t.

    Shape:  x (N, C) or (C), target (N) or (): class numbers -> scalar, or (N)
    Raises: ValueError for p other than 1 or 2.
    """

    __constants__ = ["p", "margin", "reduction"]

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight=None,
        size_average=None,
        reduce=None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.dim() != 1:
            raise ValueError(
                "MultiMarginLoss: expected weight to be None or 1D tensor, got "
                f"{weight.dim()}D instead"
            )
        self.p = p
        self.margin = margin

    def forward(self, input, target):
        _constant(target)
        return F.multi_margin_loss(
            input,
            target,
            p=self.p,
            margin=self.margin,
            weight=self.weight,
            reduction=self.reduction,
        )


class MultiLabelMarginLoss(_Loss):
    """Hinge loss for several right classes, sum_ij max(0, 1 - (x[t_j] - x[i])) / C.

    Shape:  x (N, C) or (C); target the same: class numbers, then -1s -> scalar, or (N)
    """

    def forward(self, input, target):
        _constant(target)
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """Logistic loss for several right classes, the mean over classes of binary cross-entropies.

    Shape:  x (N, C) scores, target (N, C) of 0 and 1 -> scalar, or (N)
    """

    def forward(self, input, target):
        _constant(target)
        return F.multilabel_soft_margin_loss(
            input, target, weight=self.weight, reduction=self.reduction
        )


class CTCLoss(_Loss):
    """Minus the log-probability of all alignments of a sequence of labels with the input (CTC).

    Shape:  log_probs (T, N, C) or (T, C); targets (N, S) or concatenated; lengths (N) -> scalar, or (N)
    Args:   blank: the class of no label. Default 0.
            zero_infinity: give 0 for targets too long for their input.
    """

    __constants__ = ["blank", "reduction"]

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False):
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs, targets, input_lengths, target_lengths):
        _constant(targets)
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )


# ------------------------------------------------------------------------------- probabilities


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
        _constant(target)
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
        _constant(target)
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
        _constant(target)
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
        _constant(target)
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
        _constant(target)
        return F.gaussian_nll_loss(
            input, target, var, full=self.full, eps=self.eps, reduction=self.reduction
        )


# ------------------------------------------------------------------------------------ distances


class L1Loss(_Loss):
    """Absolute error, l = |x - t|.

    Shape:  x (*), target the same -> scalar, or the same

    >>> import flambeau as torch
    >>> torch.nn.L1Loss()(torch.tensor([1., 2.]), torch.tensor([2., 4.]))
    tensor(1.5000)
    """

    def forward(self, input, target):
        _constant(target)
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
        _constant(target)
        return F.mse_loss(input, target, reduction=self.reduction)

    def _cure(self, input, target):
        return _values_cure(input, target)


class SmoothL1Loss(_Loss):
    """l = (x - t)^2 / (2 beta) where |x - t| < beta, else |x - t| - beta/2."""

    def __init__(self, size_average=None, reduce=None, reduction: str = "mean", beta: float = 1.0):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input, target):
        _constant(target)
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
        _constant(target)
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)

    def _cure(self, input, target):
        return _values_cure(input, target)


# -------------------------------------------------------------------------- margins and rankings


class SoftMarginLoss(_Loss):
    """l = log(1 + exp(-t * x)), t of 1 and -1."""

    def forward(self, input, target):
        _constant(target)
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class HingeEmbeddingLoss(_Loss):
    """l = x where t = 1, max(0, margin - x) where t = -1; x is a distance."""

    __constants__ = ["margin", "reduction"]

    def __init__(
        self, margin: float = 1.0, size_average=None, reduce=None, reduction: str = "mean"
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input, target):
        _constant(target)
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_Loss):
    """l = 1 - cos(x1, x2) where t = 1, max(0, cos(x1, x2) - margin) where t = -1.

    Shape:  x1, x2 (N, D) or (D), target (N) or () -> scalar, or target's shape
    """

    __constants__ = ["margin", "reduction"]

    def __init__(
        self, margin: float = 0.0, size_average=None, reduce=None, reduction: str = "mean"
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1, input2, target):
        _constant(target)
        return F.cosine_embedding_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


class MarginRankingLoss(_Loss):
    """l = max(0, -t * (x1 - x2) + margin); t = 1 where x1 is to be the larger, else -1."""

    __constants__ = ["margin", "reduction"]

    def __init__(
        self, margin: float = 0.0, size_average=None, reduce=None, reduction: str = "mean"
    ):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1, input2, target):
        _constant(target)
        return F.margin_ranking_loss(
            input1, input2, target, margin=self.margin, reduction=self.reduction
        )


def _positive_margin(name: str, margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"{name}: expected margin to be greater than 0, got {margin} instead")


class TripletMarginLoss(_Loss):
    """l = max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm.

    Shape:  all (N, D) or (D) -> scalar, or (N)
    Args:   swap: take the negative's smaller distance to anchor or positive.
    """

    __constants__ = ["margin", "p", "eps", "swap", "reduction"]

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average=None,
        reduce=None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        _positive_margin("TripletMarginLoss", margin)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor, positive, negative):
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """``TripletMarginLoss`` with any ``distance_function(a, b)``. Default: the Euclidean distance."""

    __constants__ = ["margin", "swap", "reduction"]

    def __init__(
        self,
        *,
        distance_function=None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ):
        super().__init__(reduction=reduction)
        _positive_margin("TripletMarginWithDistanceLoss", margin)
        if distance_function is None:
            distance_function = PairwiseDistance()
        self.distance_function = distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor, positive, negative):
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
