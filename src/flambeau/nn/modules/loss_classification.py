"""Losses of class scores: the right class, several right classes, sequences of labels."""

from __future__ import annotations

import dataclasses
import math
import warnings

from flambeau.core import dtypes
from flambeau.tensor.api import F

from .criterion import _Loss, _WeightedLoss, constant
from .linear import Linear

__all__ = [
    "CTCLoss",
    "CrossEntropyLoss",
    "LinearCrossEntropyLoss",
    "LinearCrossEntropyOptions",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "NLLLoss2d",
]


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

    Shape:  x (N, C, *) or (C): log-probabilities; target (N, *) or (): class numbers -> scalar, or
            target's shape
    Args:   weight: one factor a class (C). "mean" divides by the sum of the factors.
            ignore_index: a label that counts nothing. Default -100.
            reduction: "mean", "sum" or "none".
    Raises: AssertionError for a target that requires a gradient; errors for labels that are no
            classes.

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
        constant(target)
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
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in "
            "replacement and see "
            "https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.",
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
    Raises: AssertionError for a target that requires a gradient; errors for labels that are no
            classes.

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
        constant(target)
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
    """How PyTorch computes ``LinearCrossEntropyLoss`` in pieces; checked here, without effect on
    results.

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
        constant(target)
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
        constant(target)
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
        constant(target)
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """Logistic loss for several right classes, the mean over classes of binary cross-entropies.

    Shape:  x (N, C) scores, target (N, C) of 0 and 1 -> scalar, or (N)
    """

    def forward(self, input, target):
        constant(target)
        return F.multilabel_soft_margin_loss(
            input, target, weight=self.weight, reduction=self.reduction
        )


class CTCLoss(_Loss):
    """Minus the log-probability of all alignments of a sequence of labels with the input (CTC).

    Shape:  log_probs (T, N, C) or (T, C); targets (N, S) or concatenated; lengths (N) -> scalar, or
            (N)
    Args:   blank: the class of no label. Default 0.
            zero_infinity: give 0 for targets too long for their input.
    """

    __constants__ = ["blank", "reduction"]

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False):
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs, targets, input_lengths, target_lengths):
        constant(targets)
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )
