"""Normalisation of float32: batch norm over the rows that a feature map is channels last,
layer norm over the last dimensions.
"""

from __future__ import annotations

import math

import numpy as np

from .library import FLOAT, empty, empty_last, kernel, rows, runtime


@kernel("batch_moments_norm", last=True)
def batch_moments_norm(x, weight=None, bias=None, *, axes, affine, eps):
    """``ops.norm.batch_moments_norm``."""
    if not _is_batch(x, axes, affine) or not _rows_of_floats(weight, bias):
        return None
    c = x.shape[1]
    y = empty_last(x.shape)
    mean, var = np.empty(c, FLOAT), np.empty(c, FLOAT)
    runtime.batch_norm_train(_matrix(x), weight, bias, eps, _matrix(y), mean, var)
    return y, mean.reshape(affine), var.reshape(affine)


@kernel("batch_moments_norm.all")
def batch_moments_rule(
    g, mean, var, x, weight, _weight_shape, _bias_shape, axes, affine, eps, needs
):
    """The derivative of ``batch_moments_norm``, unless that of a moment is asked for."""
    gy, gmean, gvar = g
    if gy is None or gmean is not None or gvar is not None or gy.dtype != FLOAT:
        return None
    if not _is_batch(x, axes, affine) or not _rows_of_floats(weight):
        return None
    c = x.shape[1]
    gx = None
    if needs[0]:
        gx = empty_last(x.shape)
    gw = np.empty(c, FLOAT) if needs[1] else None
    gb = np.empty(c, FLOAT) if needs[2] else None
    runtime.batch_norm_backward(
        _matrix(gy), _matrix(x), mean.reshape(c), var.reshape(c), weight, None, eps,
        None if gx is None else _matrix(gx), gw, gb,
    )  # fmt: skip
    return gx, gw, gb


@kernel("fixed_norm", last=True)
def fixed_norm(x, mean, var, weight=None, bias=None, *, affine, eps):
    """``ops.norm.fixed_norm``."""
    if not _is_batch(x, (0, *range(2, x.ndim)), affine):
        return None
    if not _rows_of_floats(mean, var, weight, bias):
        return None
    y = empty_last(x.shape)
    runtime.batch_norm_evaluate(_matrix(x), weight, bias, eps, _matrix(y), mean, var)
    return y


@kernel("layer_moments_norm")
def layer_moments_norm(x, weight=None, bias=None, *, axes, affine, eps):
    """``ops.norm.layer_moments_norm``."""
    count = len(axes)
    if not _is_layer(x, axes, affine) or not _floats(weight, bias):
        return None
    shape = (math.prod(x.shape[: x.ndim - count]), math.prod(affine))
    y = empty(x.shape)
    mean, var = np.empty(shape[0], FLOAT), np.empty(shape[0], FLOAT)
    runtime.layer_norm_forward(
        np.ascontiguousarray(x).reshape(shape), _flat(weight), _flat(bias), eps, y.reshape(shape),
        mean, var,
    )  # fmt: skip
    moments = x.shape[: x.ndim - count] + (1,) * count
    return y, mean.reshape(moments), var.reshape(moments)


@kernel("layer_moments_norm.all")
def layer_moments_rule(g, mean, var, x, weight, weight_shape, bias_shape, axes, affine, eps, needs):
    """The derivative of ``layer_moments_norm``, unless that of a moment is asked for."""
    gy, gmean, gvar = g
    if gy is None or gmean is not None or gvar is not None or gy.dtype != FLOAT:
        return None
    if not _is_layer(x, axes, affine) or not _floats(weight):
        return None
    shape = (mean.size, math.prod(affine))
    gx = empty(x.shape) if needs[0] else None
    gw = np.empty(shape[1], FLOAT) if needs[1] else None
    gb = np.empty(shape[1], FLOAT) if needs[2] else None
    runtime.layer_norm_backward(
        np.ascontiguousarray(gy).reshape(shape), np.ascontiguousarray(x).reshape(shape),
        mean.reshape(-1), var.reshape(-1), _flat(weight), eps,
        None if gx is None else gx.reshape(shape), gw, gb,
    )  # fmt: skip
    return (
        gx,
        None if gw is None else gw.reshape(weight_shape),
        None if gb is None else gb.reshape(bias_shape),
    )


def _is_batch(x, axes, affine) -> bool:
    """Whether channels are normalised over everything else, and lie as one would like."""
    return (
        x.dtype == FLOAT and 2 <= x.ndim <= 5 and x.size > 0
        and axes == (0, *range(2, x.ndim))
        and tuple(affine) == (1, x.shape[1], *(1,) * (x.ndim - 2))
    )  # fmt: skip


def _is_layer(x, axes, affine) -> bool:
    first = x.ndim - len(axes)
    return (
        x.dtype == FLOAT and x.size > 0 and tuple(axes) == tuple(range(first, x.ndim))
        and tuple(affine) == x.shape[first:]
    )  # fmt: skip


def _floats(*arrays) -> bool:
    return all(a is None or a.dtype == FLOAT for a in arrays)


def _rows_of_floats(*arrays) -> bool:
    return all(
        a is None or (a.dtype == FLOAT and a.ndim == 1 and a.flags.c_contiguous) for a in arrays
    )


def _flat(a):
    return None if a is None else np.ascontiguousarray(a).reshape(-1)


def _matrix(x):
    """``x`` (N, C, *S) as rows of channels."""
    y = x if x.ndim == 2 else rows(x)
    return np.ascontiguousarray(y).reshape(-1, x.shape[1])
