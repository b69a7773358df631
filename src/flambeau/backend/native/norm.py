"""Normalisation of float32: batch norm over the rows that a feature map is channels last, instance
norm over those of each image, layer norm over the last dimensions, group norm over rows too.
"""

from __future__ import annotations

import math

import numpy as np

from .arithmetic import binary
from .elementwise import CHEAP
from .library import FLOAT, empty, empty_last, kernel, rows, runtime


@kernel("batch_moments_norm", last=True)
def batch_moments_norm(x, weight=None, bias=None, *, axes, affine, eps):
    """``ops.norm.batch_moments_norm``; for instance norm each image is a batch of its own."""
    if _is_instance(x, axes, affine):
        return _instance_norm(x, weight, bias, eps)
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
    if _is_instance(x, axes, affine):
        return _instance_rule(gy, mean, var, x, weight, eps, needs)
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


def _instance_norm(x, weight, bias, eps):
    if not _rows_of_floats(weight, bias):
        return None
    n, c = x.shape[:2]
    y = empty_last(x.shape)
    mean, var = np.empty((2, n, c, *(1,) * (x.ndim - 2)), FLOAT)
    images = rows(x).reshape(n, -1, c), rows(y).reshape(n, -1, c)
    for one, to, m, v in zip(*images, mean.reshape(n, c), var.reshape(n, c)):
        runtime.batch_norm_train(one, weight, bias, eps, to, m, v)
    return y, mean, var


def _instance_rule(gy, mean, var, x, weight, eps, needs):
    if not _rows_of_floats(weight):
        return None
    n, c = x.shape[:2]
    gx = empty_last(x.shape)
    gw, gb = np.empty((2, n, c), FLOAT)
    images = [rows(a).reshape(n, -1, c) for a in (gy, x, gx)]
    moments = [np.ascontiguousarray(a).reshape(n, c) for a in (mean, var)]
    for g, one, to, m, v, to_w, to_b in zip(*images, *moments, gw, gb):
        runtime.batch_norm_backward(g, one, m, v, weight, None, eps, to, to_w, to_b)
    return (
        gx if needs[0] else None,
        gw.sum(0) if needs[1] else None,
        gb.sum(0) if needs[2] else None,
    )


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


@kernel("fixed_norm.input")
def fixed_norm_rule(g, var, weight, affine, eps):
    """The derivative of ``fixed_norm``: each channel is scaled."""
    if g.size < CHEAP or var.dtype != FLOAT or not _floats(weight):
        return None
    scale = (var + FLOAT.type(eps)) ** FLOAT.type(-0.5)
    return binary("mul", g, (scale if weight is None else scale * weight).reshape(affine))


@kernel("fixed_norm.weight")
def fixed_norm_weight(g, x, mean, var, weight_shape, affine, eps):
    """The gradient of the weight of ``fixed_norm``."""
    if not _is_batch(x, (0, *range(2, x.ndim)), affine) or not _rows_of_floats(mean, var):
        return None
    if g.dtype != FLOAT:
        return None
    gw = np.empty(weight_shape, FLOAT)
    runtime.batch_norm_backward(_matrix(g), _matrix(x), mean, var, None, None, eps, None, gw, None)
    return gw


_BLOCK = 65536  # numbers that group norm takes at a time: what it does to them stays in the cache


@kernel("group_moments_norm")
def group_moments_norm(x, weight=None, bias=None, *, axes, affine, eps):
    """``ops.norm.group_moments_norm``: rows are normalised, then each channel is scaled."""
    if not _is_group(x, axes, affine) or not _rows_of_floats(weight, bias):
        return None
    n, groups, inside, space = x.shape
    y = empty(x.shape)
    mean, var = np.empty((2, n, groups, 1, 1), FLOAT)
    for some in _blocks(x):
        to = y[some]
        row = (len(to) * groups, inside * space)
        moments = mean[some].reshape(-1), var[some].reshape(-1)
        runtime.layer_norm_forward(x[some].reshape(row), None, None, eps, to.reshape(row), *moments)
        if weight is not None:
            runtime.mul(to, weight, to, repeat=space)
        if bias is not None:
            runtime.add(to, bias, to, repeat=space)
    return y, mean, var


@kernel("group_moments_norm.all")
def group_moments_rule(g, mean, var, x, weight, weight_shape, bias_shape, axes, affine, eps, needs):
    """The derivative of ``group_moments_norm``, unless that of a moment is asked for."""
    gy, gmean, gvar = g
    if gy is None or gmean is not None or gvar is not None or gy.dtype != FLOAT:
        return None
    if not _is_group(x, axes, affine) or not _rows_of_floats(weight):
        return None
    n, groups, inside, space = x.shape
    gy = np.ascontiguousarray(gy)
    mean, var = mean.reshape(n, groups), var.reshape(n, groups)
    gx = empty(x.shape) if needs[0] else None
    gw, gb = (np.empty((n, groups, inside), FLOAT) if needed else None for needed in needs[1:])
    for some in _blocks(x):
        one, g = x[some], gy[some]
        work = empty(one.shape)
        if gw is not None:  # sum (x - mean) g over each channel of each image, scaled below
            runtime.sub(one, mean[some], work, repeat=inside * space)
            runtime.mul(work, g, work)
            runtime.sum(work, gw[some])
        if gb is not None:
            runtime.sum(g, gb[some])
        if gx is not None:
            if weight is not None:
                runtime.mul(g, weight, work, repeat=space)
                g = work
            row = (len(one) * groups, inside * space)
            runtime.layer_norm_backward(
                g.reshape(row), one.reshape(row), mean[some].reshape(-1), var[some].reshape(-1),
                None, eps, gx[some].reshape(row), None, None,
            )  # fmt: skip
    if gw is not None:
        gw *= ((var + FLOAT.type(eps)) ** FLOAT.type(-0.5))[:, :, None]
        gw = gw.sum(0).reshape(weight_shape)
    return gx, gw, None if gb is None else gb.sum(0).reshape(bias_shape)


def _blocks(x):
    """Slices of images."""
    step = max(1, _BLOCK * len(x) // x.size)
    return [slice(i, i + step) for i in range(0, len(x), step)]


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


def _is_instance(x, axes, affine) -> bool:
    """Whether channels of each image are normalised over space."""
    return (
        x.dtype == FLOAT and 3 <= x.ndim <= 4 and x.size > 0
        and axes == tuple(range(2, x.ndim))
        and tuple(affine) == (1, x.shape[1], *(1,) * (x.ndim - 2))
    )  # fmt: skip


def _is_group(x, axes, affine) -> bool:
    return (
        x.dtype == FLOAT and x.ndim == 4 and x.size > 0 and x.flags.c_contiguous
        and axes == (2, 3) and tuple(affine) == (1, *x.shape[1:3], 1)
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
