"""Variance and standard deviation, medians, and reductions that leave NaN out."""

from __future__ import annotations

from flambeau.core.dtypes import from_numpy_dtype
from flambeau.core.errors import DTypeError

from .reduce import _dims_dtype, axis_of, count, kept, pair_shape, selected, spread
from .registry import REDUCE, canonical_dims, op


def _moments(xp, name, input, dim, keepdim, correction):
    """Mean and variance.

    The variance of too few elements is NaN or infinite, as division by zero says.
    """
    if input.dtype.kind in "biu":
        raise DTypeError(
            f"{name} only support floating point and complex dtypes, got "
            f"{from_numpy_dtype(input.dtype)}: convert it, x.float()"
        )
    axis = axis_of(dim, input.ndim)
    wide = input.astype(xp.float32) if input.dtype.itemsize == 2 else input
    n = count(input.shape, dim)
    average = xp.true_divide(xp.add.reduce(wide, axis=axis, keepdims=True), wide.dtype.type(n))
    apart = wide - average
    if apart.dtype.kind == "c":
        apart = xp.abs(apart)
    total = xp.add.reduce(xp.square(apart), axis=axis, keepdims=keepdim)
    variance = xp.true_divide(total, total.dtype.type(max(n - correction, 0)))
    if not keepdim and input.ndim:
        average = xp.squeeze(average, tuple(range(input.ndim)) if axis is None else axis)
    return average, variance


def _as(xp, value, like):
    dtype = xp.real(like).dtype if like.dtype.kind == "c" else like.dtype
    return xp.asarray(value).astype(dtype, copy=False)


@op(kind=REDUCE)
def var(xp, input, *, dim=None, correction=1, keepdim=False):
    """sum (x - mean)^2 / (n - correction)."""
    return _as(xp, _moments(xp, "var", input, dim, keepdim, correction)[1], input)


@op(kind=REDUCE)
def std(xp, input, *, dim=None, correction=1, keepdim=False):
    """Square root of the variance."""
    return _as(xp, xp.sqrt(_moments(xp, "std", input, dim, keepdim, correction)[1]), input)


@op(kind=REDUCE, node="VarMean")
def var_mean(xp, input, *, dim=None, correction=1, keepdim=False):
    """Variance and mean."""
    average, variance = _moments(xp, "var_mean", input, dim, keepdim, correction)
    return _as(xp, variance, input), average.astype(input.dtype, copy=False)


@op(kind=REDUCE, node="StdMean")
def std_mean(xp, input, *, dim=None, correction=1, keepdim=False):
    """Standard deviation and mean."""
    average, variance = _moments(xp, "std_mean", input, dim, keepdim, correction)
    return _as(xp, xp.sqrt(variance), input), average.astype(input.dtype, copy=False)


def _free(shape, dim, correction):
    """n - correction, at least zero, as a float: dividing by it gives NaN or infinity, not an
    error.
    """
    return max(float(count(shape, dim) - correction), 0.0)


def _var_slope(xp, g, input, dim, correction, keepdim):
    shape = input.shape
    axes = tuple(range(len(shape))) if dim is None else dim
    average = xp.mean(input, axis=axes, keepdims=True) if shape else input
    free = _free(shape, dim, correction)
    scale = 2.0 / free if free else float("inf")
    return (kept(xp, g, shape, dim, keepdim) * scale) * (input - average)


def _std_slope(xp, g, deviation, input, dim, correction, keepdim):
    """dstd = dvar / (2 std), and 0 where all elements are equal."""
    flat = deviation == 0
    half = xp.where(flat, 0, g / xp.where(flat, 1, 2 * deviation))
    return _var_slope(xp, half, input, dim, correction, keepdim)


var.vjp(
    input=lambda xp, g, input, dim, correction, keepdim: _var_slope(
        xp, g, input, dim, correction, keepdim
    )
)
std.vjp(
    input=lambda xp, g, y, input, dim, correction, keepdim: _std_slope(
        xp, g, y, input, dim, correction, keepdim
    )
)


def _mean_slope(xp, g, shape, dim, keepdim):
    return spread(xp, g / max(count(shape, dim), 1), shape, dim, keepdim)


def _sum_of(parts):
    found = [p for p in parts if p is not None]
    return found[0] if len(found) == 1 else found[0] + found[1]


def _var_mean_rule(xp, g, input, dim, correction, keepdim):
    return _sum_of([
        None if g[0] is None else _var_slope(xp, g[0], input, dim, correction, keepdim),
        None if g[1] is None else _mean_slope(xp, g[1], input.shape, dim, keepdim),
    ])  # fmt: skip


def _std_mean_rule(xp, g, y0, input, dim, correction, keepdim):
    return _sum_of([
        None if g[0] is None else _std_slope(xp, g[0], y0, input, dim, correction, keepdim),
        None if g[1] is None else _mean_slope(xp, g[1], input.shape, dim, keepdim),
    ])  # fmt: skip


var_mean.vjp(input=_var_mean_rule)
std_mean.vjp(input=_std_mean_rule)


def _twice(input, *, dim=None, correction=1, keepdim=False):
    one = REDUCE_SHAPE(input, dim=dim, keepdim=keepdim)
    return one, one


REDUCE_SHAPE = var.shape_rule
var_mean.shape(_twice)
std_mean.shape(_twice)


@op(kind=REDUCE, where="torch method")
def nansum(xp, input, *, dim=None, keepdim=False, dtype=None):
    """Sum that counts NaN as 0.

    >>> import flambeau as torch
    >>> torch.nansum(torch.tensor([1.0, float("nan"), 2.0]))
    tensor(3.)
    """
    if input.dtype.kind == "c":
        raise DTypeError("nansum does not support complex inputs")
    if dtype is None and input.dtype.kind in "biu":
        dtype = xp.int64
    if input.dtype.kind in "fV":
        input = xp.where(xp.isnan(input), xp.zeros((), input.dtype), input)
    y = xp.add.reduce(input, axis=axis_of(dim, input.ndim), keepdims=keepdim, dtype=dtype)
    return y


nansum.args(_dims_dtype)
nansum.vjp(
    input=lambda xp, g, input, dim, keepdim: xp.where(
        xp.isnan(input), 0, spread(xp, g, input.shape, dim, keepdim)
    )
)


def _median(xp, input, dim, skip_nan):
    """The lower median along ``dim`` and its index, dimension kept; NaN sorts last."""
    n = input.shape[dim]
    order = xp.argsort(input, axis=dim, kind="stable")
    middle = (n - 1) // 2
    if input.dtype.kind in "fV":
        bad = xp.isnan(input).sum(axis=dim, keepdims=True)
        if skip_nan:
            rank = xp.maximum(n - bad - 1, 0) // 2
        else:
            rank = xp.where(bad > 0, n - bad, middle)
        index = xp.take_along_axis(order, rank, dim)
    else:
        index = xp.take(order, [middle], axis=dim)
    return xp.take_along_axis(input, index, dim), index


def _median_pair(xp, name, input, dim, keepdim, skip_nan):
    if not input.ndim:
        return input.copy(), xp.zeros((), xp.int64)
    if input.shape[dim] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
    values, index = _median(xp, input, dim, skip_nan)
    if not keepdim:
        values, index = xp.squeeze(values, dim), xp.squeeze(index, dim)
    return values, index


@op(kind=REDUCE, node="Median", variant=lambda params: 1)
def median_dim(xp, input, *, dim, keepdim=False):
    """The lower median along ``dim`` and its index."""
    return _median_pair(xp, "median", input, dim, keepdim, False)


@op(kind=REDUCE, node="Nanmedian", variant=lambda params: 1)
def nanmedian_dim(xp, input, *, dim, keepdim=False):
    """The lower median of what is not NaN along ``dim``, and its index."""
    return _median_pair(xp, "nanmedian", input, dim, keepdim, True)


for _f in (median_dim, nanmedian_dim):
    _f.vjp(input=selected)
    _f.shape(pair_shape)


def _median_all(xp, input, skip_nan):
    if not input.size:
        return (
            xp.asarray(xp.nan, dtype=input.dtype)
            if input.dtype.kind in "fV"
            else input.dtype.type(0)
        )
    return _median(xp, input.reshape(-1), 0, skip_nan)[0][0]


@op(kind=REDUCE, node="Median")
def median_all(xp, input, *, dim=None, keepdim=False):
    """The lower median of all elements."""
    return _median_all(xp, input, False)


@op(kind=REDUCE, node="Nanmedian")
def nanmedian_all(xp, input, *, dim=None, keepdim=False):
    """The lower median of all elements that are not NaN."""
    return _median_all(xp, input, True)


def _to_equals(xp, g, y, input):
    """The elements equal to the median share the gradient."""
    mask = xp.logical_or(input == y, xp.logical_and(xp.isnan(input), xp.isnan(y)))
    mask = xp.astype(mask, input.dtype)
    return mask * (g / xp.sum(mask))


median_all.vjp(input=_to_equals)
nanmedian_all.vjp(input=_to_equals)


def moment_params(dim, unbiased, correction, keepdim, rank):
    """Static parameters of the variance family from PyTorch's two spellings of the correction."""
    if isinstance(dim, bool):  # var(x, unbiased)
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = int(unbiased)
    return {
        "dim": canonical_dims(dim, rank),
        "correction": 1 if correction is None else correction,
        "keepdim": bool(keepdim),
    }
