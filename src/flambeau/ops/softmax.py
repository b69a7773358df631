"""Softmax, log-softmax and log-sum-exp: exponentials made safe by taking the largest out first."""

from __future__ import annotations

from flambeau.core.dtypes import from_numpy_dtype
from flambeau.core.errors import DTypeError

from .reduce import axis_of, kept
from .registry import REDUCE, canonical_dim, canonical_dims, op


def _same_shape(input, **_params):
    return input


def _check_float(name, x):
    if x.dtype.kind in "biuc":
        raise DTypeError(
            f"{name} is not implemented for {from_numpy_dtype(x.dtype)}: convert it first, "
            "x.float(), or give dtype="
        )


@op(node="Softmax")
def softmax(xp, input, *, dim):
    """exp(x) / sum exp(x) along ``dim``."""
    _check_float("softmax", input)
    if not input.ndim:
        return xp.ones_like(input)
    if not input.size:
        return input.copy()
    y = xp.exp(input - xp.maximum.reduce(input, axis=dim, keepdims=True))
    return y / xp.add.reduce(y, axis=dim, keepdims=True)


@op(node="LogSoftmax")
def log_softmax(xp, input, *, dim):
    """x - log sum exp(x) along ``dim``."""
    _check_float("log_softmax", input)
    if not input.ndim:
        return xp.zeros_like(input)
    if not input.size:
        return input.copy()
    shifted = input - xp.maximum.reduce(input, axis=dim, keepdims=True)
    return shifted - xp.log(xp.add.reduce(xp.exp(shifted), axis=dim, keepdims=True))


def _softmax_rule(xp, g, y, dim):
    if not y.ndim:
        return xp.zeros_like(y)
    weighted = g * y
    return weighted - y * xp.sum(weighted, axis=dim, keepdims=True)


def _log_softmax_rule(xp, g, y, dim):
    if not y.ndim:
        return xp.zeros_like(y)
    return g - xp.exp(y) * xp.sum(g, axis=dim, keepdims=True)


softmax.vjp(input=_softmax_rule)
log_softmax.vjp(input=_log_softmax_rule)
softmax.shape(_same_shape)
log_softmax.shape(_same_shape)


@op(kind=REDUCE, dtype="float", where="torch method")
def logsumexp(xp, input, *, dim, keepdim=False):
    """y = log sum exp(x) over ``dim``, without overflow; dy/dx = exp(x - y).

    >>> import flambeau as torch
    >>> torch.logsumexp(torch.tensor([[1000.0, 1000.0], [0.0, 1.0]]), 1)
    tensor([1000.6932,    1.3133])
    """
    axis = axis_of(dim, input.ndim)
    if not input.size:
        return xp.log(xp.sum(xp.exp(input), axis=axis, keepdims=keepdim))
    top = xp.max(input, axis=axis, keepdims=True)
    top = xp.where(xp.isinf(top), 0, top).astype(input.dtype, copy=False)
    y = xp.log(xp.sum(xp.exp(input - top), axis=axis, keepdims=True)) + top
    return y if keepdim or not input.ndim else xp.squeeze(y, axis)


@logsumexp.args
def _(input, dim, keepdim=False):
    return (input,), {"dim": canonical_dims(dim, input.ndim), "keepdim": bool(keepdim)}


def _logsumexp_rule(xp, g, y, input, dim, keepdim):
    shape = input.shape
    y = kept(xp, y, shape, dim, keepdim)
    y = xp.where(xp.isinf(y), 0, y)  # all -inf: exp(-inf) is the wanted 0, -inf + inf is not
    return kept(xp, g, shape, dim, keepdim) * xp.exp(input - y)


logsumexp.vjp(input=_logsumexp_rule)


@op(dtype="float", where="torch method")
def logcumsumexp(xp, input, *, dim):
    """y_i = log sum of exp(x_j) over j <= i along ``dim``, without overflow.

    >>> import flambeau as torch
    >>> torch.logcumsumexp(torch.tensor([0.0, 0.0, 1000.0]), 0)
    tensor([0.0000e+00, 6.9315e-01, 1.0000e+03])
    """
    return xp.logaddexp.accumulate(input, axis=dim) if input.ndim else input.copy()


@logcumsumexp.args
def _(input, dim):
    return (input,), {"dim": canonical_dim(dim, input.ndim)}


def _logcumsumexp_rule(xp, g, y, input, dim):
    """sum over i >= k of g_i exp(x_k - y_i), for positive and negative g apart, in logarithms."""
    if not input.ndim:
        return g

    empty = y == -float("inf")  # nothing but -inf so far: its weight is 0
    y = xp.where(empty, 0, y)

    def part(mine, weights):
        mine = xp.logical_and(mine, xp.logical_not(empty))
        logs = xp.where(mine, xp.log(xp.where(mine, weights, 1)) - y, -float("inf"))
        later = xp.flip(xp.logcumsumexp(xp.flip(logs, dim), dim=dim), dim)
        return xp.exp(later + input)

    return part(g > 0, g) - part(g < 0, -g)


logcumsumexp.vjp(input=_logcumsumexp_rule)
logcumsumexp.shape(_same_shape)
