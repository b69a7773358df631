"""Scans: sums, products and extremes of everything up to each element."""

from __future__ import annotations

from flambeau.core.dtypes import to_numpy_dtype

from .reduce import pair_shape
from .registry import canonical_dim, op


def _dim_dtype(input, dim, *, dtype=None):
    return (input,), {
        "dim": canonical_dim(dim, input.ndim),
        "dtype": None if dtype is None else to_numpy_dtype(dtype),
    }


def _dim(input, dim):
    return (input,), {"dim": canonical_dim(dim, input.ndim)}


def _same_shape(input, **_params):
    return input


def _scan(xp, ufunc, input, dim, dtype):
    if dtype is None and input.dtype.kind in "biu":
        dtype = xp.int64
    if dtype is not None:
        input = input.astype(dtype)
    return ufunc.accumulate(input, axis=dim, dtype=input.dtype) if input.ndim else input.copy()


@op(where="torch method inplace")
def cumsum(xp, input, *, dim, dtype=None):
    """Running sum along ``dim``, y_i = x_0 + ... + x_i; of integers as int64.

    >>> import flambeau as torch
    >>> torch.cumsum(torch.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 3., 6.])
    """
    return _scan(xp, xp.add, input, dim, dtype)


def _reversed_cumsum(xp, g, dim):
    return xp.flip(xp.cumsum(xp.flip(g, dim), dim), dim) if g.ndim else g


cumsum.vjp(input=lambda xp, g, dim: _reversed_cumsum(xp, g, dim))


@op(where="torch method inplace")
def cumprod(xp, input, *, dim, dtype=None):
    """Running product along ``dim``, y_i = x_0 ... x_i.

    of integers as int64. The gradient is exact at zeros.

    >>> import flambeau as torch
    >>> torch.cumprod(torch.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 2., 6.])
    """
    return _scan(xp, xp.multiply, input, dim, dtype)


def _cumprod_rule(xp, g, y, input, dim):
    """gx_k = sum over i >= k of g_i y_i / x_k, by the recurrence gx = before * s, s_k = g_k +
    x_{k+1} s_{k+1}.

    The recurrence is a scan of affine maps; it is doubled log2(n) times and divides by nothing.
    """
    n = input.shape[dim] if input.ndim else 0
    if n == 0:
        return g
    x, g, y = (xp.moveaxis(v, dim, 0) for v in (input, g, y))
    one = xp.ones_like(x[:1])
    before = xp.concatenate([one, y[: n - 1]], 0)
    slope, total, step = xp.concatenate([x[1:], one * 0], 0), g, 1
    while step < n:
        rest = n - step
        total = xp.concatenate([total[:rest] + slope[:rest] * total[step:], total[rest:]], 0)
        slope = xp.concatenate([slope[:rest] * slope[step:], slope[rest:] * 0], 0)
        step *= 2
    return xp.moveaxis(before * total, 0, dim)


cumprod.vjp(input=_cumprod_rule)

for _f in (cumsum, cumprod):
    _f.args(_dim_dtype)
    _f.shape(_same_shape)


def _running(xp, wins, input, dim):
    """The running extreme along ``dim`` and where it stands: of equal ones the last, of NaNs the
    latest.
    """
    if not input.ndim:
        return input.copy(), xp.zeros((), xp.int64)
    values = wins.accumulate(input, axis=dim)
    column = [1] * input.ndim
    column[dim] = -1
    position = xp.arange(input.shape[dim]).reshape(column)
    here = (input == values) | (xp.isnan(input) if input.dtype.kind in "fV" else False)
    return values, xp.maximum.accumulate(xp.where(here, position, 0), axis=dim)


@op(node="Cummax")
def cummax_pair(xp, input, *, dim):
    """The largest element so far along ``dim``, and its index."""
    return _running(xp, xp.maximum, input, dim)


@op(node="Cummin")
def cummin_pair(xp, input, *, dim):
    """The smallest element so far along ``dim``, and its index."""
    return _running(xp, xp.minimum, input, dim)


def _running_rule(xp, g, y1, input_shape, dim):
    if not input_shape:
        return g
    return xp.gather_backward(g, y1, shape=input_shape, dim=dim)


for _f in (cummax_pair, cummin_pair):
    _f.vjp(input=_running_rule)
    _f.shape(lambda input, dim: pair_shape(input, dim, True))
    _f.dtypes("same", "int64")
