"""Affine maps."""

from __future__ import annotations

import math

from flambeau.autograd.modes import no_grad
from flambeau.nn import explain, init
from flambeau.nn.module import Module
from flambeau.nn.parameter import Parameter, UninitializedParameter
from flambeau.tensor.api import F, torch

from .lazy import LazyModuleMixin

__all__ = ["Bilinear", "Identity", "LazyLinear", "Linear"]


class Identity(Module):
    """Gives back its input; any arguments are accepted and ignored.

    >>> import flambeau as torch
    >>> torch.nn.Identity(54, unused=0.1)(torch.ones(1))
    tensor([1.])
    """

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        return input


class Linear(Module):
    """Affine map of the last dimension, y = x W^T + b.

    Shape:  x (*, in_features) -> y (*, out_features); weight (out_features, in_features), bias
            (out_features)
    Args:   bias: whether to add b. Default True.
    Init:   both from U(-1/sqrt(in_features), 1/sqrt(in_features)).

    >>> import flambeau as torch
    >>> torch.nn.Linear(20, 30)(torch.randn(128, 20)).shape
    torch.Size([128, 30])
    """

    __constants__ = ["in_features", "out_features"]

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        factory = {"device": device, "dtype": dtype}
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(torch.empty((out_features, in_features), **factory))
        if bias:
            self.bias = Parameter(torch.empty(out_features, **factory))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights; a = sqrt(5) makes He's bound 1/sqrt(in_features)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input):
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )

    def _brief(self) -> str:
        return f"{self._get_name()}({self.in_features} -> {self.out_features})"

    def _cure(self, input):
        wrong = explain.dtype_cure(input, self.weight)
        if wrong:
            return wrong
        shape, wanted = tuple(input.shape), self.in_features
        if shape and shape[-1] == wanted:
            return None
        if len(shape) > 2 and math.prod(shape[1:]) == wanted:
            return "flatten the input first: nn.Flatten() before this layer, or x.flatten(1)"
        if math.prod(shape) == wanted:
            return "flatten the input first: x.flatten(), or x.view(1, -1) for a batch of one"
        if len(shape) == 2 and shape[0] == wanted:
            return "the input is transposed: x = x.T"
        if len(shape) > 2:
            size = math.prod(shape[1:])
            return (
                f"this layer takes {wanted} features; flattened, each sample has {size}: "
                f"nn.Flatten() and nn.Linear({size}, {self.out_features})"
            )
        got = shape[-1] if shape else 1
        return f"the last dimension must be {wanted}: nn.Linear({got}, {self.out_features})"


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear of its own class, as PyTorch prints the output projection of MultiheadAttention."""


class Bilinear(Module):
    """Bilinear map of two inputs, y_k = x1^T A_k x2 + b_k.

    Shape:  x1 (*, in1_features), x2 (*, in2_features) -> y (*, out_features)
    Args:   bias: whether to add b. Default True.
    Init:   U(-1/sqrt(in1_features), 1/sqrt(in1_features)).

    >>> import flambeau as torch
    >>> torch.nn.Bilinear(20, 30, 40)(torch.randn(128, 20), torch.randn(128, 30)).shape
    torch.Size([128, 40])
    """

    __constants__ = ["in1_features", "in2_features", "out_features"]

    def __init__(
        self, in1_features, in2_features, out_features, bias=True, device=None, dtype=None
    ):
        factory = {"device": device, "dtype": dtype}
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(torch.empty((out_features, in1_features, in2_features), **factory))
        if bias:
            self.bias = Parameter(torch.empty(out_features, **factory))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights."""
        if self.in1_features <= 0:
            raise ValueError(
                f"in1_features must be > 0, but got (in1_features={self.in1_features})"
            )
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1, input2):
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class LazyLinear(LazyModuleMixin, Linear):
    """A Linear that takes ``in_features`` from its first input.

    >>> import flambeau as torch
    >>> m = torch.nn.LazyLinear(4)
    >>> m(torch.ones(2, 7)).shape, m.weight.shape
    (torch.Size([2, 4]), torch.Size([4, 7]))
    """

    cls_to_become = Linear

    def __init__(self, out_features, bias=True, device=None, dtype=None):
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input) -> None:
        with no_grad():
            if self.has_uninitialized_params():
                self.in_features = input.shape[-1]
                self.weight.materialize((self.out_features, self.in_features))
                if self.bias is not None:
                    self.bias.materialize((self.out_features,))
                self.reset_parameters()
            elif self.in_features == 0:
                self.in_features = self.weight.shape[-1]  # the weights were loaded
