"""Sums, means, extremes and other numbers that stand for many."""

from __future__ import annotations

from math import prod as product

from flambeau.core.dtypes import from_numpy_dtype, to_numpy_dtype
from flambeau.core.errors import ArgumentError, DimError, DTypeError

from .pointwise import TRUTH
from .registry import REDUCE, STOPS, canonical_dim, canonical_dims, op

INDEX = STOPS("an index has no derivative")


def spread(xp, g, shape, dim, keepdim):
    """A reduction's cotangent, broadcast back over what was reduced."""
    return xp.broadcast_to(kept(xp, g, shape, dim, keepdim), shape)


def kept(xp, x, shape, dim, keepdim):
    """A reduction's result with its reduced dimensions as ones."""
    if keepdim or not shape:
        return x
    axes = range(len(shape)) if dim is None else (dim,) if isinstance(dim, int) else dim
    return xp.reshape(x, tuple(1 if i in axes else n for i, n in enumerate(shape)))


def axis_of(dim, ndim):
    """NumPy's axis: a 0-d array has none, whatever dimension PyTorch lets one name."""
    return dim if ndim else None


def count(shape, dim):
    """How many elements a reduction puts together."""
    if dim is None or not shape:
        return product(shape)
    return product(shape[i] for i in ((dim,) if isinstance(dim, int) else dim))


def _over_dim(params) -> int:
    return int(params.get("dim") is not None or bool(params.get("keepdim")))


def _dims_dtype(input, dim=None, keepdim=False, *, dtype=None):
    return (input,), {
        "dim": canonical_dims(dim, input.ndim),
        "keepdim": bool(keepdim),
        "dtype": None if dtype is None else to_numpy_dtype(dtype),
    }


@op(kind=REDUCE, where="torch method", variant=_over_dim)
def sum_(xp, input, *, dim=None, keepdim=False, dtype=None):
    """Sum of all elements, or over the dimensions ``dim``; of integers and bools as int64.

    Args: dim: int, tuple or None (all); keepdim: keep reduced dimensions as 1; dtype: to sum in.

    >>> import flambeau as torch
    >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x.sum(), x.sum(0), x.sum(1, keepdim=True)
    (tensor(10.), tensor([4., 6.]), tensor([[3.],
            [7.]]))
    """
    kind = input.dtype.kind
    if dtype is None:
        dtype = xp.int64 if kind in "biu" else None
    elif input.dtype != dtype and dtype.kind in "fc":
        input = input.astype(dtype)
    if input.dtype.itemsize == 2 and kind in "fV" and dtype is None:
        # Half precision is summed in single.
        wide = xp.sum(input, axis_of(dim, input.ndim), xp.float32, None, keepdim)
        return wide.astype(input.dtype)
    return xp.sum(input, axis_of(dim, input.ndim), dtype, None, keepdim)


sum_.args(_dims_dtype)
sum_.vjp(input=lambda xp, g, input_shape, dim, keepdim: spread(xp, g, input_shape, dim, keepdim))


@op(kind=REDUCE, where="torch method", variant=_over_dim)
def mean(xp, input, *, dim=None, keepdim=False, dtype=None):
    """Arithmetic mean of all elements, or over the dimensions ``dim``. Raises RuntimeError for
    integers.

    >>> import flambeau as torch
    >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x.mean(), x.mean(0)
    (tensor(2.5000), tensor([2., 3.]))
    """
    if dtype is not None:
        input = input.astype(dtype)
    if input.dtype.kind in "biu":
        raise DTypeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {from_numpy_dtype(input.dtype)}. Convert it: x.float().mean()"
        )
    n = count(input.shape, dim)
    total = xp.add.reduce(
        input, axis=axis_of(dim, input.ndim), keepdims=keepdim,
        dtype=xp.float32 if input.dtype.itemsize == 2 else None,
    )  # fmt: skip
    return xp.asarray(xp.true_divide(total, n)).astype(input.dtype, copy=False)


mean.args(_dims_dtype)


def _mean_rule(xp, g, input_shape, dim, keepdim):
    return spread(xp, g / max(count(input_shape, dim), 1), input_shape, dim, keepdim)


mean.vjp(input=_mean_rule)


@op(kind=REDUCE, node="Prod", variant=_over_dim)
def prod_over(xp, input, *, dim=None, keepdim=False, dtype=None):
    """Product of all elements or along ``dim``.

    The gradient is the product of the others, never y / x.
    """
    if dtype is None and input.dtype.kind in "biu":
        dtype = xp.int64
    if dtype is not None:
        input = input.astype(dtype)
    return xp.multiply.reduce(
        input, axis=axis_of(dim, input.ndim), keepdims=keepdim, dtype=input.dtype
    )


def _prod_rule(xp, g, input, dim, keepdim):
    shape = input.shape
    g = spread(xp, g, shape, dim, keepdim)
    if not shape:
        return g
    flat = xp.reshape(input, (-1,)) if dim is None else input
    others = _product_of_others(xp, flat, 0 if dim is None else dim)
    return g * xp.reshape(others, shape)


def _product_of_others(xp, x, axis):
    """For each element the product of all others along ``axis``: those before times those after."""
    n = x.shape[axis]
    if n == 0:
        return x
    before, after = (
        _shifted_cumprod(xp, x, axis),
        xp.flip(_shifted_cumprod(xp, xp.flip(x, axis), axis), axis),
    )
    return before * after


def _shifted_cumprod(xp, x, axis):
    """Product of the elements before each one: 1, x0, x0 x1, ... in log2(n) doublings."""
    n = x.shape[axis]
    parts = xp.moveaxis(x, axis, 0)
    one = xp.ones((1, *parts.shape[1:]), x.dtype)
    y = xp.concatenate([one, parts[: n - 1]], 0)
    step = 1
    while step < n:
        y = xp.concatenate([y[:step], y[step:] * y[: n - step]], 0)
        step *= 2
    return xp.moveaxis(y, 0, axis)


prod_over.vjp(input=_prod_rule)


def _dims(input, dim=None, keepdim=False):
    return (input,), {"dim": canonical_dims(dim, input.ndim), "keepdim": bool(keepdim)}


def _check_order(input, dim, name):
    """Extremes need an order and, along each reduced dimension, an element."""
    if input.dtype.kind == "c":
        raise DTypeError(f"{name}(): complex numbers have no order")
    if input.size:
        return
    axes = range(input.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    if dim is None:
        raise ArgumentError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )
    for d in axes:
        if input.shape[d] == 0:
            raise DimError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


@op(kind=REDUCE, where="torch method")
def amax(xp, input, *, dim=None, keepdim=False):
    """Largest element, over all or over the dimensions ``dim``.

    Equal largest ones share the gradient evenly.

    >>> import flambeau as torch
    >>> torch.amax(torch.tensor([[1.0, 5.0], [7.0, 2.0]]), 1)
    tensor([5., 7.])
    """
    _check_order(input, dim, "amax")
    return xp.max(input, axis=axis_of(dim, input.ndim), keepdims=keepdim)


@op(kind=REDUCE, where="torch method")
def amin(xp, input, *, dim=None, keepdim=False):
    """Smallest element, over all or over the dimensions ``dim``.

    Equal smallest ones share the gradient evenly.

    >>> import flambeau as torch
    >>> torch.amin(torch.tensor([[1.0, 5.0], [7.0, 2.0]]), 1)
    tensor([1., 2.])
    """
    _check_order(input, dim, "amin")
    return xp.min(input, axis=axis_of(dim, input.ndim), keepdims=keepdim)


def _shared_among_ties(xp, g, y, input, dim, keepdim):
    shape = input.shape
    y = kept(xp, y, shape, dim, keepdim)
    mask = xp.astype(
        xp.logical_or(input == y, xp.logical_and(xp.isnan(input), xp.isnan(y))), input.dtype
    )
    axes = tuple(range(len(shape))) if dim is None else dim
    ties = xp.sum(mask, axis=axes, keepdims=True) if shape else mask
    return mask * (kept(xp, g, shape, dim, keepdim) / ties)


amax.args(_dims)
amin.args(_dims)
amax.vjp(input=_shared_among_ties)
amin.vjp(input=_shared_among_ties)


@op(kind=REDUCE, node="Max", variant=lambda params: 1)
def max_all(xp, input, *, dim=None, keepdim=False):
    """The largest of all elements."""
    _check_order(input, None, "max")
    return xp.max(input)


@op(kind=REDUCE, node="Min", variant=lambda params: 1)
def min_all(xp, input, *, dim=None, keepdim=False):
    """The smallest of all elements."""
    _check_order(input, None, "min")
    return xp.min(input)


max_all.vjp(input=_shared_among_ties)
min_all.vjp(input=_shared_among_ties)


def _with_indices(xp, find, extreme, input, dim, keepdim):
    if not input.ndim:
        return input.copy(), xp.zeros((), xp.int64)
    return extreme(input, axis=dim, keepdims=keepdim), find(input, axis=dim, keepdims=keepdim)


@op(kind=REDUCE, node="Max")
def max_dim(xp, input, *, dim, keepdim=False):
    """The largest elements along ``dim`` and the index of the first of them."""
    _check_order(input, dim, "max")
    return _with_indices(xp, xp.argmax, xp.max, input, dim, keepdim)


@op(kind=REDUCE, node="Min")
def min_dim(xp, input, *, dim, keepdim=False):
    """The smallest elements along ``dim`` and the index of the first of them."""
    _check_order(input, dim, "min")
    return _with_indices(xp, xp.argmin, xp.min, input, dim, keepdim)


def selected(xp, g, y1, input_shape, dim, keepdim):
    """The cotangent of values picked along ``dim``, put where ``y1``, their indices, says."""
    if not input_shape:
        return g
    index = kept(xp, y1, input_shape, dim, keepdim)
    position = xp.arange(input_shape[dim])
    column = xp.reshape(position, tuple(-1 if i == dim else 1 for i in range(len(input_shape))))
    return xp.where(index == column, kept(xp, g, input_shape, dim, keepdim), 0)


def pair_shape(input, dim, keepdim=False):
    """Shape rule of values with their indices along ``dim``."""
    if not input:
        return (), ()
    one = tuple(1 if i == dim else n for i, n in enumerate(input) if keepdim or i != dim)
    return one, one


for _f in (max_dim, min_dim):
    _f.vjp(input=selected)
    _f.shape(pair_shape)


def _arg_params(input, dim=None, keepdim=False):
    found = None if dim is None else canonical_dim(dim, input.ndim)
    return (input,), {"dim": found, "keepdim": bool(keepdim)}


def _arg(xp, find, input, dim, keepdim, name):
    if input.dtype.kind == "b":
        raise DTypeError(f"{name}(): does not support bool tensors")
    _check_order(input, dim, name)
    if not input.ndim:
        return xp.zeros((), xp.int64)
    return find(input, axis=dim, keepdims=keepdim)


@op(kind=REDUCE, where="torch method")
def argmax(xp, input, *, dim=None, keepdim=False):
    """Index of the largest element along ``dim``, or in the flattened tensor.

    The first of equal ones.

    >>> import flambeau as torch
    >>> torch.argmax(torch.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1)
    tensor([1, 0])
    """
    return _arg(xp, xp.argmax, input, dim, keepdim, "argmax")


@op(kind=REDUCE, where="torch method")
def argmin(xp, input, *, dim=None, keepdim=False):
    """Index of the smallest element along ``dim``, or in the flattened tensor.

    The first of equal ones.

    >>> import flambeau as torch
    >>> torch.argmin(torch.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1)
    tensor([0, 1])
    """
    return _arg(xp, xp.argmin, input, dim, keepdim, "argmin")


for _f in (argmax, argmin):
    _f.args(_arg_params)
    _f.vjp(input=INDEX)


def _logical(xp, reduce, input, dim, keepdim):
    y = reduce(input, axis=axis_of(dim, input.ndim), keepdims=keepdim)
    return xp.asarray(y).astype(xp.uint8) if input.dtype.name == "uint8" else y


@op(kind=REDUCE, where="torch method")
def all_(xp, input, *, dim=None, keepdim=False):
    """Whether all elements are true (non-zero), over all or over the dimensions ``dim``.

    >>> import flambeau as torch
    >>> torch.all(torch.tensor([[True, False], [True, True]]), dim=1)
    tensor([False,  True])
    """
    return _logical(xp, xp.all, input, dim, keepdim)


@op(kind=REDUCE, where="torch method")
def any_(xp, input, *, dim=None, keepdim=False):
    """Whether an element is true (non-zero), over all or over the dimensions ``dim``.

    >>> import flambeau as torch
    >>> torch.any(torch.tensor([[True, False], [False, False]]), dim=1)
    tensor([ True, False])
    """
    return _logical(xp, xp.any, input, dim, keepdim)


for _f in (all_, any_):
    _f.args(_dims)
    _f.vjp(input=TRUTH)
