"""Normalisation to mean 0 and variance 1 over some axes, then a learned scale and shift.

Mean and variance are outputs of their own, not constants of the closure, so derivatives of any
order see that they depend on the input.
"""

from __future__ import annotations

from math import prod

from .registry import STOPS, op


def _moments(xp, input, weight=None, bias=None, *, axes, affine, eps):
    """(y, mean, variance): y = (x - mean) / sqrt(variance + eps) * weight + bias, moments over
    ``axes``.

    ``affine`` is the shape in which weight and bias meet the input.
    """
    x = xp.astype(input, xp.float32) if input.dtype.itemsize == 2 else input
    mean = xp.mean(x, axis=axes, keepdims=True)
    y = x - mean
    var = xp.mean(xp.multiply(y, y), axis=axes, keepdims=True)
    scale = 1 / xp.sqrt(var + x.dtype.type(eps))
    if weight is None:
        y *= scale
    else:
        weight = weight.reshape(affine)
        if scale.ndim == weight.ndim and all(
            s == w or w == 1 for s, w in zip(scale.shape, weight.shape)
        ):
            y *= scale * weight  # per-channel numbers: one pass over the data
        else:
            y *= scale
            y *= weight
    if bias is not None:
        y += bias.reshape(affine)
    return xp.astype(y, input.dtype), mean, var


def _moments_rule(xp, g, y1, y2, input, weight, weight_shape, bias_shape, axes, affine, eps, needs):
    gy, gmean, gvar = g
    mean, var = y1, y2  # not the normalised output: an activation may be written over it
    n = max(1, prod(input.shape[i] for i in axes))
    centred = input - mean
    scale = (var + eps) ** -0.5
    gw = gb = None
    if gy is None:
        factor, shift = xp.zeros_like(mean), xp.zeros_like(mean)
    else:
        if needs[1]:
            gw = xp.reshape(xp.unbroadcast(gy * (centred * scale), affine), weight_shape)
        if needs[2]:
            gb = xp.reshape(xp.unbroadcast(gy, affine), bias_shape)
        if not needs[0]:
            return None, gw, gb
        if weight is not None:
            gy = gy * xp.reshape(weight, affine)
        factor = xp.sum(gy * centred, axis=axes, keepdims=True) * (scale**3 * (-1 / n))
        shift = xp.sum(gy, axis=axes, keepdims=True) * (scale * (-1 / n))
    if gmean is not None:
        shift = shift + gmean * (1 / n)
    if gvar is not None:
        factor = factor + gvar * (2 / n)
    gx = centred * factor + shift
    return (gx if gy is None else gx + gy * scale), gw, gb


def _moments_shape(input, weight=None, bias=None, *, axes, affine, eps):
    moments = tuple(1 if i in axes else n for i, n in enumerate(input))
    return input, moments, moments


def _named(name):
    def kernel(xp, input, weight=None, bias=None, *, axes, affine, eps):
        return _moments(xp, input, weight, bias, axes=axes, affine=affine, eps=eps)

    kernel.__name__ = name
    kernel.__doc__ = _moments.__doc__
    return kernel


# One text under three names, because PyTorch's graphs name the nodes differently.
batch_moments_norm = op(node="NativeBatchNorm")(_named("batch_moments_norm"))
layer_moments_norm = op(node="NativeLayerNorm")(_named("layer_moments_norm"))
group_moments_norm = op(node="NativeGroupNorm")(_named("group_moments_norm"))
for each in (batch_moments_norm, layer_moments_norm, group_moments_norm):
    each.vjp_joint(_moments_rule)
    each.shape(_moments_shape)


@op(node="NativeBatchNorm")
def fixed_norm(xp, input, mean, var, weight=None, bias=None, *, affine, eps):
    """y = (x - mean) / sqrt(var + eps) * weight + bias with given moments; all four have the size
    of ``affine``.
    """
    scale = (var.reshape(affine) + eps) ** -0.5
    if weight is not None:
        scale = scale * weight.reshape(affine)
    y = (input - mean.reshape(affine)) * scale
    if bias is not None:
        y += bias.reshape(affine)
    return xp.astype(y, input.dtype)


def _fixed_input_rule(xp, g, var, weight, affine, eps):
    scale = (xp.reshape(var, affine) + eps) ** -0.5
    return g * (scale if weight is None else scale * xp.reshape(weight, affine))


def _fixed_weight_rule(xp, g, input, mean, var, weight_shape, affine, eps):
    scale = (xp.reshape(var, affine) + eps) ** -0.5
    return xp.reshape(
        xp.unbroadcast(g * ((input - xp.reshape(mean, affine)) * scale), affine), weight_shape
    )


fixed_norm.vjp(
    input=_fixed_input_rule,
    mean=STOPS("running statistics"),
    var=STOPS("running statistics"),
    weight=_fixed_weight_rule,
    bias=lambda xp, g, bias_shape, affine: xp.reshape(xp.unbroadcast(g, affine), bias_shape),
)
fixed_norm.shape(lambda input, mean, var, weight=None, bias=None, **_params: input)
