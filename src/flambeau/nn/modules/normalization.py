"""Normalisation over features, groups of channels, and neighbouring channels."""

from __future__ import annotations

import numbers

from flambeau.nn import explain, init
from flambeau.nn.module import Module
from flambeau.nn.parameter import Parameter
from flambeau.tensor.api import F, torch

__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class LocalResponseNorm(Module):
    """Divides each value by the power of its neighbours across channels.

    y_c = x_c / (k + alpha/size * sum of x_c'^2 over the size channels around c)^beta

    Shape:  x (N, C, *) -> y the same

    >>> import flambeau as torch
    >>> torch.nn.LocalResponseNorm(2)(torch.ones(1, 2, 1)).shape
    torch.Size([1, 2, 1])
    """

    __constants__ = ["size", "alpha", "beta", "k"]

    def __init__(self, size, alpha=0.0001, beta=0.75, k=1.0):
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input):
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """``LocalResponseNorm`` of images, as older networks call it.

    PyTorch's adds the first channel to every window that no longer reaches it; this one does not.

    Shape:  x (N, C, H, W) -> y the same
    Raises: ValueError for another number of dimensions.

    >>> import flambeau as torch
    >>> torch.nn.CrossMapLRN2d(3)
    CrossMapLRN2d(3, alpha=0.0001, beta=0.75, k=1)
    """

    def __init__(self, size, alpha=0.0001, beta=0.75, k=1):
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input):
        if input.dim() != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead.")
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class LayerNorm(Module):
    """Normalises each sample over its last dimensions, y = (x - mean) / sqrt(var + eps) * w + b.

    Shape:  x (*, normalized_shape) -> y the same; weight, bias (normalized_shape)
    Args:   normalized_shape: the sizes of those dimensions; a number means the last one.
            eps: added to the variance. Default 1e-5.
            elementwise_affine: whether w and b are learnt. Default True.

    >>> import flambeau as torch
    >>> torch.nn.LayerNorm(3)(torch.tensor([[1., 2., 3.]]))
    tensor([[-1.2247,  0.0000,  1.2247]], grad_fn=<NativeLayerNormBackward0>)
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]

    def __init__(
        self,
        normalized_shape,
        eps=1e-5,
        elementwise_affine=True,
        bias=True,
        device=None,
        dtype=None,
    ):
        factory = {"device": device, "dtype": dtype}
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, wanted in (("weight", True), ("bias", bias)):
            value = None
            if elementwise_affine and wanted:
                value = Parameter(torch.empty(self.normalized_shape, **factory))
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.elementwise_affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )

    def _brief(self) -> str:
        return f"LayerNorm{self.normalized_shape}"

    def _cure(self, input):
        return explain.dtype_cure(input, self.weight) or _shape_cure(input, self)


def _shape(normalized_shape) -> tuple[int, ...]:
    if isinstance(normalized_shape, numbers.Integral):
        return (normalized_shape,)
    return tuple(normalized_shape)


def _shape_cure(input, module):
    wanted = module.normalized_shape
    got = tuple(input.shape)[-len(wanted) :]
    if got == wanted:
        return None
    new = got[0] if len(got) == 1 else got
    return f"the last dimensions must be {wanted}: nn.{module._get_name()}({new})"


class GroupNorm(Module):
    """Normalises each sample over groups of channels, y = (x - mean) / sqrt(var + eps) * w + b.

    Shape:  x (N, num_channels, *) -> y the same; weight, bias (num_channels)
    Raises: ValueError if num_groups does not divide num_channels.

    >>> import flambeau as torch
    >>> torch.nn.GroupNorm(3, 6)(torch.randn(20, 6, 10, 10)).shape
    torch.Size([20, 6, 10, 10])
    """

    __constants__ = ["num_groups", "num_channels", "eps", "affine"]

    def __init__(
        self,
        num_groups,
        num_channels,
        eps=1e-5,
        affine=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        factory = {"device": device, "dtype": dtype}
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            value = Parameter(torch.empty(num_channels, **factory)) if wanted else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def forward(self, input):
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )

    def _cure(self, input):
        return explain.dtype_cure(input, self.weight) or explain.image_cure(
            input, self.num_channels, input.dim() - 2
        )


class RMSNorm(Module):
    """Divides each sample by its root mean square over the last dimensions, y = x / sqrt(mean(x^2)
    + eps) * w.

    Shape:  x (*, normalized_shape) -> y the same; weight (normalized_shape)
    Args:   eps: None stands for the machine epsilon of x's dtype.
            elementwise_affine: whether w is learnt. Default True.

    >>> import flambeau as torch
    >>> torch.nn.RMSNorm((2, 3))(torch.randn(2, 2, 3)).shape
    torch.Size([2, 2, 3])
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]

    def __init__(
        self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None
    ):
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = None
        if elementwise_affine:
            weight = Parameter(torch.empty(self.normalized_shape, device=device, dtype=dtype))
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1."""
        if self.elementwise_affine:
            init.ones_(self.weight)

    def forward(self, x):
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )

    def _cure(self, x):
        return explain.dtype_cure(x, self.weight) or _shape_cure(x, self)
