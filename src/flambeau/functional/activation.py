"""Activations as one calls them: defaults, ``inplace=``, and what is made of others."""

from __future__ import annotations

import warnings

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.ops.registry import OPS
from flambeau.tensor.api import F, export, torch, write_out
from flambeau.tensor.dispatch import dispatch
from flambeau.tensor.inplace import dispatch_inplace


def _into(out, y):
    return y if out is None else write_out(out, y)


def _apply(name, input, inplace, **params):
    return (dispatch_inplace if inplace else dispatch)(OPS[name], (input,), params)


@export("F torch")
def threshold(input, threshold, value, inplace=False):
    """y = x where x > threshold, else value; dy/dx = 1 where x > threshold, else 0.

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.threshold(torch.tensor([-1., 2.]), 0, 20)
    tensor([20.,  2.])
    """
    return _apply("threshold", input, inplace, threshold=threshold, value=value)


@export("F")
def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """y = x cut to [min_val, max_val]; dy/dx = 1 strictly inside, 0 elsewhere.

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.nn.functional.hardtanh(torch.tensor([-3., 0.5, 2.]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if min_val < 0 and input.dtype.name.startswith("uint"):
        raise ArgumentError("cannot do hardtanh on an unsigned type with negative limits")
    if input.dtype.name == "bool":
        raise ArgumentError("Bool inputs not supported for hardtanh")
    return _apply("hardtanh", input, inplace, min_val=min_val, max_val=max_val)


@export("F")
def relu6(input, inplace=False):
    """y = min(max(x, 0), 6).

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.nn.functional.relu6(torch.tensor([-1., 3., 8.]))
    tensor([0., 3., 6.])
    """
    if input.dtype.name == "bool":
        raise ArgumentError("Bool inputs not supported for relu6")
    return _apply("hardtanh", input, inplace, min_val=0, max_val=6)


@export("F")
def elu(input, alpha=1.0, inplace=False):
    """y = x for x > 0, else alpha (exp(x) - 1); dy/dx = 1 or alpha exp(x).

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.nn.functional.elu(torch.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])
    """
    return _apply("elu", input, inplace, alpha=alpha, scale=1.0, input_scale=1.0)


@export("F torch")
def selu(input, inplace=False):
    """Scaled ELU, whose constants keep mean 0 and variance 1: y = scale elu(x, alpha).

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.selu(torch.tensor([-1., 1.]))
    tensor([-1.1113,  1.0507])
    """
    return _apply(
        "elu", input, inplace, alpha=1.6732632423543772848170429916717,
        scale=1.0507009873554804934193349852946, input_scale=1.0,
    )  # fmt: skip


@export("F torch")
def celu(input, alpha=1.0, inplace=False):
    """ELU with a continuous derivative: y = x for x > 0, else alpha (exp(x / alpha) - 1).

    Shape:  input (*) -> (*)
    Raises: RuntimeError if alpha is 0.

    >>> import flambeau as torch
    >>> torch.celu(torch.tensor([-1., 2.]))
    tensor([-0.6321,  2.0000])
    """
    if alpha == 0:
        raise ArgumentError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _apply("elu", input, inplace, alpha=alpha, scale=1.0, input_scale=1.0 / alpha)


@export("F")
def leaky_relu(input, negative_slope=0.01, inplace=False):
    """y = x for x > 0, else negative_slope x.

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.nn.functional.leaky_relu(torch.tensor([-1., 2.]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    return _apply("leaky_relu", input, inplace, negative_slope=negative_slope)


@export("F torch method")
def prelu(input, weight):
    """y = x for x > 0, else weight x, with one learned weight, or one for each channel (dim 1).

    Shape:  input (N, C, *), weight (1), () or (C) -> (N, C, *)
    Raises: RuntimeError if the weight's size does not fit.

    >>> import flambeau as torch
    >>> torch.prelu(torch.tensor([-1., 2.]), torch.tensor([0.25]))
    tensor([-0.2500,  2.0000])
    """
    if input.dtype is not weight.dtype:
        raise ArgumentError(
            f"prelu: Type promoting not supported. Got {input.dtype} and {weight.dtype}"
        )
    if weight.ndim > 1:
        raise ArgumentError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}"
        )
    if weight.numel() != 1:
        if input.ndim == 0:
            raise ArgumentError("Not allow zero-dim input tensor.")
        channels = input.shape[1] if input.ndim >= 2 else 1
        if weight.numel() != channels:
            raise ShapeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight.numel()} and channel size = {channels}."
            )
    if weight.ndim == 1 and input.ndim != 1:
        weight = weight.view((-1,) + (1,) * (input.ndim - 2)) if input.ndim else weight.squeeze(0)
    return dispatch(OPS["prelu_kernel"], (input, weight))


@export("F")
def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """Leaky ReLU whose slope is drawn from U(lower, upper) for each element in training, else their
    mean.

    Shape:  input (*) -> (*)
    Raises: RuntimeError if lower exceeds upper.

    >>> import flambeau as torch
    >>> torch.nn.functional.rrelu(torch.tensor([-1., 2.]), 0.1, 0.3)
    tensor([-0.2000,  2.0000])
    """
    if lower > upper:
        raise ArgumentError(
            f"Lower bound should be less than or equal to the upper bound, got {lower} > {upper}"
        )
    if not training:
        return _apply("leaky_relu", input, inplace, negative_slope=(lower + upper) / 2)
    slope = torch.rand_like(input) * (upper - lower) + lower
    slope = torch.where(input.detach() > 0, torch.ones_like(slope), slope)
    return input.mul_(slope) if inplace else input * slope


@export("F torch", name="rrelu_")
def _rrelu_in_place(input, lower=1.0 / 8, upper=1.0 / 3, training=False):
    """In-place version of ``rrelu``."""
    return rrelu(input, lower, upper, training, inplace=True)


@export("F")
def glu(input, dim=-1):
    """Gated linear unit, y = a sigmoid(b) with a and b the two halves of the input along ``dim``.

    Shape:  input (*, 2 N, *) -> (*, N, *)
    Raises: RuntimeError if the dimension is odd, or there is none.

    >>> import flambeau as torch
    >>> torch.nn.functional.glu(torch.tensor([2., 0.]))
    tensor([1.])
    """
    if input.ndim == 0:
        raise ArgumentError("glu does not support 0-dimensional tensors")
    if input.shape[dim] % 2:
        raise ShapeError(
            f"Halving dimension must be even, but dimension {dim % input.ndim} is size "
            f"{input.shape[dim]}"
        )
    value, gate = torch.chunk(input, 2, dim)
    return value * torch.sigmoid(gate)


@export("F")
def gelu(input, approximate="none", *, out=None):
    """Gaussian error linear unit, y = x Phi(x), Phi the normal distribution function.

    approximate='tanh': y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.

    Shape:  input (*) -> (*)
    Raises: RuntimeError for another approximate.

    >>> import flambeau as torch
    >>> torch.nn.functional.gelu(torch.tensor([-1., 1.]))
    tensor([-0.1587,  0.8413])
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError("approximate argument must be either none or tanh.")
    return _into(out, _apply("gelu", input, False, approximate=approximate))


@export("F")
def logsigmoid(input, *, out=None):
    """y = log(1 / (1 + exp(-x))), accurate for any x; dy/dx = sigmoid(-x).

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.nn.functional.logsigmoid(torch.tensor([0.]))
    tensor([-0.6931])
    """
    return _into(out, _apply("logsigmoid", input, False))


@export("F torch method")
def hardshrink(input, lambd=0.5):
    """y = x outside [-lambd, lambd], else 0.

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.hardshrink(torch.tensor([-1., 0.2]))
    tensor([-1.,  0.])
    """
    return _apply("hardshrink", input, False, lambd=lambd)


@export("F")
def softshrink(input, lambd=0.5, *, out=None):
    """y = x - lambd for x > lambd, x + lambd for x < -lambd, else 0.

    Shape:  input (*) -> (*)
    Raises: RuntimeError if lambd is negative.

    >>> import flambeau as torch
    >>> torch.nn.functional.softshrink(torch.tensor([-1., 0.2]))
    tensor([-0.5000,  0.0000])
    """
    if lambd < 0:
        raise ArgumentError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return _into(out, _apply("softshrink", input, False, lambd=lambd))


@export("F")
def tanhshrink(input):
    """y = x - tanh(x).

    >>> import flambeau as torch
    >>> torch.nn.functional.tanhshrink(torch.tensor([1.]))
    tensor([0.2384])
    """
    return input - torch.tanh(input)


@export("F")
def softsign(input):
    """y = x / (1 + |x|).

    >>> import flambeau as torch
    >>> torch.nn.functional.softsign(torch.tensor([-1., 3.]))
    tensor([-0.5000,  0.7500])
    """
    return input / (torch.abs(input) + 1)


@export("F")
def softplus(input, beta=1, threshold=20, *, out=None):
    """ReLU with a rounded corner, y = log(1 + exp(beta x)) / beta; dy/dx = sigmoid(beta x).

    Shape: input (*) -> (*)
    Args:  threshold: where beta x exceeds it, y = x.

    >>> import flambeau as torch
    >>> torch.nn.functional.softplus(torch.tensor([0.]))
    tensor([0.6931])
    """
    return _into(out, _apply("softplus", input, False, beta=beta, threshold=threshold))


@export("F")
def hardsigmoid(input, inplace=False):
    """y = (x + 3) / 6 cut to [0, 1].

    >>> import flambeau as torch
    >>> torch.nn.functional.hardsigmoid(torch.tensor([-4., 0.]))
    tensor([0.0000, 0.5000])
    """
    return _apply("hardsigmoid", input, inplace)


@export("F")
def hardswish(input, inplace=False):
    """y = x hardsigmoid(x).

    >>> import flambeau as torch
    >>> torch.nn.functional.hardswish(torch.tensor([-4., 1.]))
    tensor([-0.0000, 0.6667])
    """
    return _apply("hardswish", input, inplace)


@export("F")
def silu(input, inplace=False):
    """y = x sigmoid(x), also called swish.

    >>> import flambeau as torch
    >>> torch.nn.functional.silu(torch.tensor([0., 1.]))
    tensor([0.0000, 0.7311])
    """
    return _apply("silu", input, inplace)


@export("F")
def mish(input, inplace=False):
    """y = x tanh(log(1 + exp(x))).

    >>> import flambeau as torch
    >>> torch.nn.functional.mish(torch.tensor([0., 1.]))
    tensor([0.0000, 0.8651])
    """
    return _apply("mish", input, inplace)


@export("F")
def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """softmax(-x) along ``dim``.

    >>> import flambeau as torch
    >>> torch.nn.functional.softmin(torch.tensor([1., 1.]), 0)
    tensor([0.5000, 0.5000])
    """
    return F.softmax(-input, dim, _stacklevel=_stacklevel + 1, dtype=dtype)


@export("F")
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A random choice that has a derivative: y = softmax((x + G) / tau) with Gumbel noise G.

    Shape: logits (*, C) -> (*, C)
    Args:  hard: give the one-hot choice, but the derivative of the soft one.

    >>> import flambeau as torch
    >>> torch.nn.functional.gumbel_softmax(torch.zeros(2, 5), hard=True).sum(1)
    tensor([1., 1.])
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    noise = -torch.log(-torch.log1p(-torch.rand_like(logits)))
    soft = F.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    choice = soft.max(dim, keepdim=True)[1]
    return torch.zeros_like(logits).scatter_(dim, choice, 1.0) - soft.detach() + soft


def _publish_in_place(function, places, *params):
    """F.NAME_ for a function that has ``inplace=``."""

    def twin(input, *args, **kwargs):
        return function(input, *args, **kwargs, inplace=True)

    twin.__name__ = twin.__qualname__ = f"{function.__name__}_"
    twin.__doc__ = f"In-place version of ``{function.__name__}``."
    export(places)(twin)


for _function, _places in (
    (threshold, "F torch"), (hardtanh, "F"), (elu, "F"), (selu, "F torch"), (celu, "F torch"),
    (leaky_relu, "F"),
):  # fmt: skip
    _publish_in_place(_function, _places)


@export("F", name="relu")
def _relu(input, inplace=False):
    """y = max(x, 0); dy/dx = 1 for x > 0, else 0.

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.nn.functional.relu(torch.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    return _apply("relu", input, inplace)
