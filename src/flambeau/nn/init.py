"""Filling parameters with their first values: the usual random and constant schemes.

Every function writes into the tensor that it is given, records no gradient, and returns the tensor.
"""

from __future__ import annotations

import contextlib
import functools
import math
import warnings

from flambeau.autograd.modes import no_grad
from flambeau.tensor.api import linalg, torch

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "sparse",
    "sparse_",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros_",
]

_LINEAR = ("linear", "conv1d", "conv2d", "conv3d")
_LINEAR += ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")


def calculate_gain(nonlinearity: str, param=None) -> float:
    """The factor that keeps the variance of signals through ``nonlinearity``.

    1 for linear, convolution and sigmoid, 5/3 for tanh, sqrt(2) for relu,
    sqrt(2 / (1 + slope^2)) for leaky_relu (``param`` is the slope, default 0.01), 3/4 for selu.

    >>> import flambeau as torch
    >>> torch.nn.init.calculate_gain("leaky_relu", 0.2)
    1.3867504905630728
    """
    if nonlinearity in _LINEAR or nonlinearity == "sigmoid":
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if param is None:
            param = 0.01
        elif isinstance(param, bool) or not isinstance(param, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + param**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


_skipping = 0


@contextlib.contextmanager
def skipped():
    """Within this context nothing here writes: for modules whose values are loaded anyway."""
    global _skipping
    _skipping += 1
    try:
        yield
    finally:
        _skipping -= 1


def _fills(function):
    """Run ``function(tensor, ...)`` without recording, or not at all where filling is skipped."""

    @functools.wraps(function)
    def filled(tensor, *args, **kwargs):
        if _skipping:
            return tensor
        with no_grad():
            return function(tensor, *args, **kwargs)

    return filled


# ------------------------------------------------------------------------------------ constants


@_fills
def constant_(tensor, val: float):
    """Fill with ``val``.

    >>> import flambeau as torch
    >>> torch.nn.init.constant_(torch.empty(2), 0.3)
    tensor([0.3000, 0.3000])
    """
    return tensor.fill_(val)


@_fills
def ones_(tensor):
    """Fill with 1."""
    return tensor.fill_(1.0)


@_fills
def zeros_(tensor):
    """Fill with 0."""
    return tensor.zero_()


@_fills
def eye_(tensor):
    """Make a matrix the identity, as far as its shape allows; raises ValueError unless it has 2
    dimensions.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    tensor.zero_()
    tensor.diagonal().fill_(1.0)
    return tensor


@_fills
def dirac_(tensor, groups: int = 1):
    """Make a convolution's weight the identity on as many channels as possible, in each of
    ``groups``.

    Raises: ValueError unless it has 3, 4 or 5 dimensions and ``groups`` divides the first.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    group = tensor.shape[0] // groups
    center = tuple(size // 2 for size in tensor.shape[2:])
    tensor.zero_()
    for start in range(0, tensor.shape[0], group or 1):
        for d in range(min(group, tensor.shape[1])):
            tensor[(start + d, d, *center)] = 1
    return tensor


# --------------------------------------------------------------------------------------- random


@_fills
def uniform_(tensor, a: float = 0.0, b: float = 1.0, generator=None):
    """Fill from the uniform distribution on [a, b)."""
    return tensor.uniform_(a, b, generator=generator)


@_fills
def normal_(tensor, mean: float = 0.0, std: float = 1.0, generator=None):
    """Fill from the normal distribution N(mean, std^2)."""
    return tensor.normal_(mean, std, generator=generator)


@_fills
def trunc_normal_(
    tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator=None
):
    """Fill from N(mean, std^2) cut off outside [a, b].

    Draws uniform quantiles between those of a and b and inverts the distribution function.

    >>> import flambeau as torch
    >>> w = torch.nn.init.trunc_normal_(torch.empty(100))
    >>> bool(w.abs().max() <= 2)
    True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of "
            "values may be incorrect.",
            stacklevel=3,
        )
    low, high = (math.erf((bound - mean) / (std * math.sqrt(2.0))) for bound in (a, b))
    tensor.uniform_(low, high, generator=generator)
    tensor.erfinv_().mul_(std * math.sqrt(2.0)).add_(mean)
    return tensor.clamp_(a, b)


def _calculate_fan_in_and_fan_out(tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    receptive_field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive_field, tensor.shape[0] * receptive_field


def _calculate_correct_fan(tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of {['fan_in', 'fan_out']}")
    return _calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"]


def xavier_uniform_(tensor, gain: float = 1.0, generator=None):
    """Fill from U(-a, a) with a = gain * sqrt(6 / (fan_in + fan_out)) (Glorot).

    Raises: ValueError for fewer than 2 dimensions.
    """
    a = math.sqrt(3.0) * gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor)))
    return uniform_(tensor, -a, a, generator)


def xavier_normal_(tensor, gain: float = 1.0, generator=None):
    """Fill from N(0, std^2) with std = gain * sqrt(2 / (fan_in + fan_out)) (Glorot).

    Raises: ValueError for fewer than 2 dimensions.
    """
    std = gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor)))
    return normal_(tensor, 0.0, std, generator)


def kaiming_uniform_(
    tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator=None
):
    """Fill from U(-bound, bound) with bound = gain * sqrt(3 / fan) (He).

    Args:
        a: negative slope of the leaky_relu that follows. Default 0.
        mode: "fan_in" keeps the variance forwards, "fan_out" backwards.
        nonlinearity: what follows, see ``calculate_gain``.
    """
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator=None
):
    """Fill from N(0, std^2) with std = gain / sqrt(fan) (He); arguments as for
    ``kaiming_uniform_``.
    """
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return normal_(tensor, 0.0, std, generator)


@_fills
def orthogonal_(tensor, gain: float = 1, generator=None):
    """Fill with a (semi-)orthogonal matrix times ``gain``; dimensions after the first are taken as
    one.

    Raises: ValueError for fewer than 2 dimensions.

    >>> import flambeau as torch
    >>> w = torch.nn.init.orthogonal_(torch.empty(3, 5))
    >>> torch.allclose(w @ w.T, torch.eye(3), atol=1e-5)
    True
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    cols = tensor.numel() // rows
    flat = tensor.new_empty((rows, cols)).normal_(0, 1, generator=generator)
    q, r = linalg.qr(flat if rows >= cols else flat.t())
    q = q * torch.sign(torch.diagonal(r))  # a unique factorisation, so that q is uniform
    q = q if rows >= cols else q.t()
    return tensor.copy_((q * gain).reshape(tensor.shape))


@_fills
def sparse_(tensor, sparsity: float, std: float = 0.01, generator=None):
    """Fill a matrix from N(0, std^2), then set the fraction ``sparsity`` of each column to zero.

    Raises: ValueError unless it has 2 dimensions.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, cols = tensor.shape
    zeros = math.ceil(sparsity * rows)
    tensor.normal_(0, std, generator=generator)
    for col in range(cols):
        tensor[torch.randperm(rows)[:zeros], col] = 0
    return tensor


# ------------------------------------------------------------------------------- deprecated names


def _deprecated(function):
    new = function.__name__
    old = new[:-1]

    @functools.wraps(function)
    def renamed(*args, **kwargs):
        warnings.warn(
            f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.",
            FutureWarning,
            stacklevel=2,
        )
        return function(*args, **kwargs)

    renamed.__name__ = renamed.__qualname__ = old
    renamed.__doc__ = f"Deprecated name of ``{new}``."
    return renamed


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
