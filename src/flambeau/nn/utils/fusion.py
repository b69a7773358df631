"""Folding batch normalisation into the layer before it, for prediction."""

from __future__ import annotations

import copy

from flambeau.nn.parameter import Parameter
from flambeau.tensor.api import torch

__all__ = [
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
]


def _check(layer, bn) -> None:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")


def _fused(weight, bias, mean, var, eps, bn_weight, bn_bias, shape):
    """y = (W x + b - mean) * scale + bn_bias as one affine map; ``shape`` spreads scale over W."""
    b = torch.zeros_like(mean) if bias is None else bias
    scale = torch.rsqrt(var + eps)
    scale = scale if bn_weight is None else scale * bn_weight
    new_bias = (b - mean) * scale
    new_bias = new_bias if bn_bias is None else new_bias + bn_bias
    new_weight = (weight * scale.reshape(shape)).to(weight.dtype)
    new_bias = new_bias.to(weight.dtype if bias is None else bias.dtype)
    wanted = False if bias is None else bias.requires_grad
    return Parameter(new_weight, weight.requires_grad), Parameter(new_bias, wanted)


def fuse_conv_bn_eval(conv, bn, transpose: bool = False):
    """A convolution that computes ``bn(conv(x))``, both in evaluation mode.

    Args:   transpose: the convolution is a transposed one.
    Raises: AssertionError in training mode or without running statistics.

    >>> import flambeau as torch
    >>> conv, bn = torch.nn.Conv2d(1, 2, 3).eval(), torch.nn.BatchNorm2d(2).eval()
    >>> x = torch.randn(1, 1, 5, 5)
    >>> torch.allclose(torch.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
    True
    """
    _check(conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight,
        fused.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
        transpose,
    )
    return fused


def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose=False):
    """Weight and bias of the convolution that ``fuse_conv_bn_eval`` returns."""
    ones = (1,) * (conv_w.dim() - 2)
    shape = (1, -1, *ones) if transpose else (-1, 1, *ones)
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_linear_bn_eval(linear, bn):
    """A linear layer that computes ``bn(linear(x))``, both in evaluation mode."""
    _check(linear, bn)
    if bn.num_features not in (1, linear.out_features):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight,
        fused.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
    )
    return fused


def fuse_linear_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b):
    """Weight and bias of the layer that ``fuse_linear_bn_eval`` returns."""
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, (-1, 1))
