"""Batch normalisation."""

from __future__ import annotations

from flambeau.core import dtypes
from flambeau.nn import explain, init
from flambeau.nn.module import Module
from flambeau.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter
from flambeau.tensor.api import F, torch

from .lazy import LazyModuleMixin

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
]


class _NormBase(Module):
    """What batch and instance normalisation share: weights, running statistics, loading."""

    _version = 2  # since 2 there is num_batches_tracked
    __constants__ = ["track_running_stats", "momentum", "eps", "num_features", "affine"]

    _dims: tuple[int, ...] = ()  # the numbers of dimensions that the input may have

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        factory = {"device": device, "dtype": dtype}
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            value = Parameter(torch.empty(num_features, **factory)) if wanted else None
            self.register_parameter(name, value)
        track = track_running_stats
        self.register_buffer(
            "running_mean", torch.zeros(num_features, **factory) if track else None
        )
        self.register_buffer("running_var", torch.ones(num_features, **factory) if track else None)
        count = torch.tensor(0, dtype=dtypes.int64, device=device) if track else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the running mean and variance."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, no running statistics."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def _check_input_dim(self, input) -> None:
        if input.dim() not in self._dims:
            allowed = " or ".join(f"{n}D" for n in self._dims)
            raise ValueError(f"expected {allowed} input (got {input.dim()}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest) -> None:
        version = local_metadata.get("version")
        if (version is None or version < 2) and self.track_running_stats:
            count = self.num_batches_tracked
            state_dict.setdefault(
                prefix + "num_batches_tracked",
                torch.tensor(0, dtype=dtypes.int64) if count is None else count,
            )
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def _brief(self) -> str:
        return f"{self._get_name()}({self.num_features})"

    def _cure(self, input):
        wrong = explain.dtype_cure(input, self.weight)
        if wrong:
            return wrong
        shape = tuple(input.shape)
        if len(shape) not in self._dims:
            other = {2: 1, 3: 1, 4: 2, 5: 3}.get(len(shape))
            name = self._get_name().rstrip("123d")
            if other is not None:
                return f"for an input of {len(shape)} dimensions use nn.{name}{other}d"
            return "the batch dimension is missing: x = x.unsqueeze(0)" if shape else None
        if shape[1] == self.num_features:
            if self.training and shape[0] == 1:
                return (
                    "a batch of one has no variance: use a larger batch (drop_last=True in the "
                    "DataLoader), or model.eval() to predict"
                )
            return None
        if shape[-1] == self.num_features and len(shape) > 2:
            n = len(shape)
            return f"the channels are last: x = x.permute{(0, n - 1, *range(1, n - 1))}"
        return f"the input has {shape[1]} channels: nn.{self._get_name()}({shape[1]})"


class _BatchNorm(_NormBase):
    """Normalises each channel over the batch; subclasses say how many dimensions they take."""

    def forward(self, input):
        self._check_input_dim(input)
        training = self.training
        count = self.num_batches_tracked if training and self.track_running_stats else None
        momentum = self.momentum
        if momentum is None:  # a plain average over all batches so far
            momentum = 0.0 if count is None else 1.0 / (int(count) + 1)
        # Without running statistics evaluation too uses those of the batch.
        keep = not training or self.track_running_stats
        mean = self.running_mean if keep else None
        var = self.running_var if keep else None
        use_batch = training or (self.running_mean is None and self.running_var is None)
        y = F.batch_norm(input, mean, var, self.weight, self.bias, use_batch, momentum, self.eps)
        if count is not None:  # last, so that a refused input is not counted
            count.add_(1)
        return y


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of feature vectors or signals; the one-dimensional ``BatchNorm2d``.

    Shape:  x (N, C) or (N, C, L) -> y the same

    >>> import flambeau as torch
    >>> torch.nn.BatchNorm1d(3)(torch.randn(20, 3)).shape
    torch.Size([20, 3])
    """

    _dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalises every channel to mean 0, variance 1 over the batch, y = (x - mean) / sqrt(var +
    eps) * w + b.

    Training uses the batch's own statistics and keeps running ones,
    running = (1 - momentum) * running + momentum * batch; evaluation uses the running ones.

    Shape:  x (N, C, H, W) -> y the same; weight, bias, running_mean, running_var (C)
    Args:   momentum: weight of the newest batch; None averages all batches alike. Default 0.1.
            affine: whether w and b are learnt. Default True.
            track_running_stats: False uses the batch's statistics in evaluation too.
    Raises: ValueError for another number of dimensions.

    >>> import flambeau as torch
    >>> torch.nn.BatchNorm2d(100)(torch.randn(20, 100, 3, 4)).shape
    torch.Size([20, 100, 3, 4])
    """

    _dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of volumes; the three-dimensional ``BatchNorm2d``.

    Shape:  x (N, C, D, H, W) -> y the same
    """

    _dims = (5,)


class _LazyNormBase(LazyModuleMixin):
    """Takes ``num_features`` from the first input."""

    def __init__(
        self,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        factory = {"device": device, "dtype": dtype}
        track = track_running_stats
        super().__init__(0, eps, momentum, False, False, **factory, bias=False)
        self.affine = affine
        self.track_running_stats = track
        if affine:
            self.weight = UninitializedParameter(**factory)
            if bias:
                self.bias = UninitializedParameter(**factory)
        if track:
            self.running_mean = UninitializedBuffer(**factory)
            self.running_var = UninitializedBuffer(**factory)
            self.num_batches_tracked = torch.tensor(0, dtype=dtypes.int64, device=device)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input) -> None:
        if not self.has_uninitialized_params():
            self.num_features = input.shape[1]
            return
        self.num_features = input.shape[1]
        for tensor in (self.weight, self.bias, self.running_mean, self.running_var):
            if tensor is not None:
                tensor.materialize((self.num_features,))
        self.reset_parameters()


class LazyBatchNorm1d(_LazyNormBase, BatchNorm1d):
    """A ``BatchNorm1d`` that takes ``num_features`` from its first input."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNormBase, BatchNorm2d):
    """A ``BatchNorm2d`` that takes ``num_features`` from its first input."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNormBase, BatchNorm3d):
    """A ``BatchNorm3d`` that takes ``num_features`` from its first input."""

    cls_to_become = BatchNorm3d
