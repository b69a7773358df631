"""Normalisation layers' functions."""

from __future__ import annotations

import numpy as np

from flambeau.core import dtypes
from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.tensor.api import F, export, torch
from flambeau.tensor.namespace import xp


@export("F")
def batch_norm(
    input,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-05,
):
    """Normalise each channel over batch and space.

    y = (x - mean) / sqrt(var + eps) * weight + bias, with the batch's biased variance in training,
    else the running moments. Training moves them: running = (1 - momentum) running + momentum
    batch's, with the unbiased variance.

    Shape:  input (N, C, *), the others (C) or None -> (N, C, *)
    Raises: ValueError in training with one value a channel; RuntimeError if sizes do not fit.

    >>> import flambeau as torch
    >>> torch.nn.functional.batch_norm(torch.tensor([[1.], [3.]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    if input.ndim == 1 and not input.numel():
        return input.clone()
    _check_channels(input, running_mean, running_var, weight, bias)
    shape = input.shape
    affine = (1, shape[1]) + (1,) * (input.ndim - 2)
    if not training:
        if running_mean is None or running_var is None:
            raise ArgumentError(
                "Expected running_mean and running_var to be defined when training=False"
            )
        return xp.fixed_norm(input, running_mean, running_var, weight, bias, affine=affine, eps=eps)
    n = input.numel() // max(1, shape[1])
    if n == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {shape}. Give "
            "the model "
            "batches of at least two samples (drop_last=True), or call model.eval() for single ones"
        )
    axes = (0, *range(2, input.ndim))
    y, mean, var = xp.batch_moments_norm(input, weight, bias, axes=axes, affine=affine, eps=eps)
    if n:
        _move(running_mean, mean, momentum)
        _move(running_var, var, momentum, n / max(1, n - 1))
    return y


def _check_dtypes(input, *params) -> None:
    """Weights and statistics have the input's dtype, or float32 beside a half-precision input."""
    found = {p.dtype for p in params if p is not None} - {input.dtype}
    half = input.dtype in (dtypes.float16, dtypes.bfloat16)
    if found and not (half and found == {dtypes.float32}):
        raise DTypeError(
            f"mixed dtype: the input is {input.dtype}, weights and statistics are "
            f"{', '.join(map(str, found))}: convert one of them, x.to(dtype) or model.to(dtype)"
        )


def _move(running, moment, momentum, factor=1.0) -> None:
    """running = (1 - momentum) running + momentum factor moment, in place."""
    if running is None:
        return
    new = moment.detach().reshape(running.shape)
    running.mul_(1 - momentum).add_(new.to(running.dtype), alpha=momentum * factor)


def _check_channels(input, running_mean, running_var, weight, bias) -> None:
    _check_dtypes(input, running_mean, running_var, weight, bias)
    if input.ndim < 2:
        raise ShapeError(
            "batch_norm expects an input (N, C, *) with at least 2 dimensions, got "
            f"{tuple(input.shape)}"
        )
    channels = input.shape[1]
    for name, value in (
        ("running_mean", running_mean),
        ("running_var", running_var),
        ("weight", weight),
        ("bias", bias),
    ):
        if value is not None and value.numel() != channels:
            raise ShapeError(
                f"{name} should contain {channels} elements not {value.numel()}: the input "
                f"{tuple(input.shape)} has {channels} channels (dim 1), the layer was made for "
                f"{value.numel()}"
            )


@export("F")
def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-05,
):
    """Normalise each channel of each sample over space.

    y = (x - mean) / sqrt(var + eps) * weight + bias; without use_input_stats with the running
    moments, as ``batch_norm``.

    Shape:  input (N, C, *), the others (C) or None -> (N, C, *)
    Raises: ValueError with one spatial element; RuntimeError if sizes do not fit.

    >>> import flambeau as torch
    >>> torch.nn.functional.instance_norm(torch.tensor([[[1., 3.]]]))
    tensor([[[-1.0000,  1.0000]]])
    """
    _check_channels(input, running_mean, running_var, weight, bias)
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    axes = tuple(range(2, input.ndim))
    n = input.shape[2:].numel()
    if n == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape}"
        )
    affine = (1, input.shape[1]) + (1,) * (input.ndim - 2)
    y, mean, var = xp.batch_moments_norm(input, weight, bias, axes=axes, affine=affine, eps=eps)
    _move(running_mean, mean.detach().mean(0), momentum)
    _move(running_var, var.detach().mean(0), momentum, n / max(1, n - 1))
    return y


@export("torch F")
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05, cudnn_enable=True):
    """Normalise over the last dimensions, whose sizes are ``normalized_shape``.

    y = (x - mean) / sqrt(var + eps) * weight + bias, with the biased variance.

    Shape:  input (*, *normalized_shape), weight and bias normalized_shape -> as the input
    Raises: RuntimeError if the shapes do not fit.

    >>> import flambeau as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1., 3.]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    _check_dtypes(input, weight, bias)
    shape = _trailing("layer_norm", input, normalized_shape, weight, bias)
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    return xp.layer_moments_norm(input, weight, bias, axes=axes, affine=shape, eps=eps)[0]


@export("torch F")
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Divide by the root mean square over the last dimensions.

    y = x / sqrt(mean(x^2) + eps) * weight

    Shape:  input (*, *normalized_shape), weight normalized_shape -> as the input
    Args:   eps: default the dtype's machine epsilon.
    Raises: RuntimeError if the shapes do not fit.

    >>> import flambeau as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([3., 4.]), (2,))
    tensor([0.8485, 1.1314])
    """
    shape = _trailing("rms_norm", input, normalized_shape, weight, None)
    if eps is None:
        eps = float(np.finfo(input.dtype.numpy).eps)
    dims = tuple(range(input.ndim - len(shape), input.ndim))
    y = input * torch.rsqrt((input * input).mean(dims, keepdim=True) + eps)
    return y if weight is None else y * weight


def _trailing(name, input, normalized_shape, weight, bias) -> tuple[int, ...]:
    """The normalised shape as a tuple; raises where it is not the end of the input's shape."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape:
        raise ArgumentError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            "element, but got normalized_shape = []"
        )
    for what, value in (("weight", weight), ("bias", bias)):
        if value is not None and tuple(value.shape) != shape:
            raise ShapeError(
                f"{name}: Expected {what} to be of same shape as normalized_shape, but got {what} "
                "of shape "
                f"{list(value.shape)} and normalized_shape = {list(shape)}"
            )
    if input.ndim < len(shape) or tuple(input.shape[input.ndim - len(shape) :]) != shape:
        raise ShapeError(
            f"Given normalized_shape={list(shape)}, expected input with shape "
            f"[*, {', '.join(map(str, shape))}], but got input of size{list(input.shape)}"
        )
    return shape


@export("F")
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-05):
    """Normalise each group of channels of each sample over its channels and space.

    y = (x - mean) / sqrt(var + eps) * weight + bias

    Shape:  input (N, C, *), weight and bias (C) -> (N, C, *)
    Raises: RuntimeError if num_groups does not divide C, or sizes do not fit.

    >>> import flambeau as torch
    >>> torch.nn.functional.group_norm(torch.tensor([[1., 3.]]), 1)
    tensor([[-1.0000,  1.0000]])
    """
    if input.ndim < 2:
        raise ShapeError(
            f"Expected at least 2 dimensions for input tensor but received {input.ndim}"
        )
    n, channels = input.shape[:2]
    if num_groups <= 0 or channels % num_groups:
        raise ArgumentError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            "shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    _check_dtypes(input, weight, bias)
    for what, value in (("weight", weight), ("bias", bias)):
        if value is not None and (value.ndim != 1 or value.numel() != channels):
            raise ShapeError(
                f"Expected {what} to be a vector of size equal to the number of channels in "
                "input, but got "
                f"{what} of shape {list(value.shape)} and input of shape {list(input.shape)}"
            )
    inner = channels // num_groups
    space = input.shape[2:].numel()
    grouped = input.reshape(n, num_groups, inner, space)
    y = xp.group_moments_norm(
        grouped, weight, bias, axes=(2, 3), affine=(1, num_groups, inner, 1), eps=eps
    )[0]
    return y.reshape(input.shape)


@export("torch", name="group_norm")
def _group_norm(input, num_groups, weight=None, bias=None, eps=1e-05, cudnn_enabled=True):
    """See ``torch.nn.functional.group_norm``."""
    return F.group_norm(input, num_groups, weight, bias, eps)


@export("F")
def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Divide each element by what its neighbouring channels have.

    y[c] = x[c] / (k + alpha / size * sum of x^2 over the ``size`` channels around c)^beta

    Shape:  input (N, C, *) with at least 3 dimensions -> the same
    Raises: ValueError for fewer dimensions.

    >>> import flambeau as torch
    >>> torch.nn.functional.local_response_norm(torch.ones(1, 1, 1), 2, alpha=6., beta=1.)
    tensor([[[0.2500]]])
    """
    if input.ndim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)"
        )
    if input.numel() == 0:
        return input
    n, channels = input.shape[:2]
    squares = (input * input).reshape(n, 1, channels, -1)
    padded = F.pad(squares, (0, 0, size // 2, (size - 1) // 2))
    around = F.avg_pool2d(padded, (size, 1), stride=1).reshape(input.shape)
    return input / (around * alpha + k) ** beta


@export("F")
def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """Divide by the p-norm along ``dim``, y = x / max(norm(x), eps).

    Shape: input (*) -> (*)

    >>> import flambeau as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3., 4.]]))
    tensor([[0.6000, 0.8000]])
    """
    length = torch.norm(input, p, dim, keepdim=True)
    y = input / torch.clamp(length, min=eps)
    return y if out is None else out.resize_(y.shape).copy_(y)


@export("torch", name="batch_norm")
def _batch_norm(
    input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled=True
):
    """See ``torch.nn.functional.batch_norm``; the arguments are in another order here."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


@export("torch", name="instance_norm")
def _instance_norm(
    input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps,
    cudnn_enabled=True,
):  # fmt: skip
    """See ``torch.nn.functional.instance_norm``; the arguments are in another order here."""
    return F.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )
