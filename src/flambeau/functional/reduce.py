"""Reductions that are called in several ways or answer with several results."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, DTypeError
from flambeau.ops.registry import canonical_dim
from flambeau.ops.statistics import moment_params
from flambeau.tensor.api import export, torch
from flambeau.tensor.namespace import xp
from flambeau.tensor.tensor import Tensor

from .return_types import return_type


def _extreme(name, input, dim, keepdim, other):
    """The three forms of max and min: of all, along a dimension, of two tensors."""
    if isinstance(dim, Tensor):
        dim, other = None, dim
    if other is not None:
        return getattr(torch, f"{name}imum")(input, other)
    if dim is None:
        return getattr(xp, f"{name}_all")(input)
    dim = canonical_dim(dim, input.ndim)
    pair = getattr(xp, f"{name}_dim")(input, dim=dim, keepdim=bool(keepdim))
    return return_type(name, "values", "indices")(*pair)


@export("torch method")
def max(input, dim=None, keepdim=False, *, other=None):
    """The largest element.

    With ``dim`` the largest along it and their indices; with a tensor, the larger of two.

    The gradient goes to the chosen element; of the whole tensor's largest, equal ones share it.

    >>> import flambeau as torch
    >>> x = torch.tensor([[1.0, 5.0], [7.0, 2.0]])
    >>> x.max(), torch.max(x, 1)
    (tensor(7.), torch.return_types.max(
    values=tensor([5., 7.]),
    indices=tensor([1, 0])))
    """
    return _extreme("max", input, dim, keepdim, other)


@export("torch method")
def min(input, dim=None, keepdim=False, *, other=None):
    """The smallest element.

    With ``dim`` the smallest along it and their indices; with a tensor, the smaller of two.

    >>> import flambeau as torch
    >>> x = torch.tensor([[1.0, 5.0], [7.0, 2.0]])
    >>> x.min(), x.min(dim=0).indices
    (tensor(1.), tensor([0, 1]))
    """
    return _extreme("min", input, dim, keepdim, other)


@export("torch method")
def aminmax(input, *, dim=None, keepdim=False):
    """Smallest and largest elements, of all or along ``dim``.

    >>> import flambeau as torch
    >>> torch.aminmax(torch.tensor([3.0, 1.0, 2.0]))
    torch.return_types.aminmax(
    min=tensor(1.),
    max=tensor(3.))
    """
    pair = torch.amin(input, dim, keepdim), torch.amax(input, dim, keepdim)
    return return_type("aminmax", "min", "max")(*pair)


@export("torch method")
def prod(input, dim=None, keepdim=False, *, dtype=None):
    """Product of all elements, or along ``dim``.

    of integers and bools as int64. The gradient is exact at zeros.

    >>> import flambeau as torch
    >>> torch.tensor([[1.0, 2.0], [3.0, 4.0]]).prod(1)
    tensor([ 2., 12.])
    """
    if dim is not None:
        dim = canonical_dim(dim, input.ndim)
    dtype = None if dtype is None else dtype.numpy
    return xp.prod_over(input, dim=dim, keepdim=bool(keepdim), dtype=dtype)


def _moment(name, input, dim, unbiased, correction, keepdim):
    params = moment_params(dim, unbiased, correction, keepdim, input.ndim)
    return getattr(xp, name)(input, **params)


@export("torch method")
def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Variance, sum (x - mean)^2 / (n - correction), of all or over the dimensions ``dim``.

    Args: correction: 1 (unbiased) by default; unbiased: False stands for 0. ``var(x, False)`` is
          allowed.

    >>> import flambeau as torch
    >>> x = torch.tensor([[1.0, 3.0], [2.0, 6.0]])
    >>> x.var(), x.var(1), x.var(1, correction=0)
    (tensor(4.6667), tensor([2., 8.]), tensor([1., 4.]))
    """
    return _moment("var", input, dim, unbiased, correction, keepdim)


@export("torch method")
def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Standard deviation, the square root of ``var``.

    Its gradient is 0 where all elements are equal.

    >>> import flambeau as torch
    >>> torch.tensor([1.0, 3.0, 5.0]).std()
    tensor(2.)
    """
    return _moment("std", input, dim, unbiased, correction, keepdim)


@export("torch")
def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Variance and mean, of all or over the dimensions ``dim``.

    >>> import flambeau as torch
    >>> torch.var_mean(torch.tensor([1.0, 3.0, 5.0]))
    (tensor(4.), tensor(3.))
    """
    return _moment("var_mean", input, dim, unbiased, correction, keepdim)


@export("torch")
def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Standard deviation and mean, of all or over the dimensions ``dim``.

    >>> import flambeau as torch
    >>> torch.std_mean(torch.tensor([1.0, 3.0, 5.0]))
    (tensor(2.), tensor(3.))
    """
    return _moment("std_mean", input, dim, unbiased, correction, keepdim)


def _median(name, input, dim, keepdim):
    if dim is None:
        return getattr(xp, f"{name}_all")(input)
    dim = canonical_dim(dim, input.ndim)
    pair = getattr(xp, f"{name}_dim")(input, dim=dim, keepdim=bool(keepdim))
    return return_type(name, "values", "indices")(*pair)


@export("torch method")
def median(input, dim=None, keepdim=False):
    """The lower median, of all elements or along ``dim`` with its index; NaN if there is a NaN.

    >>> import flambeau as torch
    >>> torch.median(torch.tensor([4.0, 1.0, 3.0, 2.0]))
    tensor(2.)
    >>> torch.tensor([[3, 1, 2]]).median(1).indices
    tensor([2])
    """
    return _median("median", input, dim, keepdim)


@export("torch method")
def nanmedian(input, dim=None, keepdim=False):
    """The lower median of the elements that are not NaN.

    >>> import flambeau as torch
    >>> torch.nanmedian(torch.tensor([4.0, float("nan"), 3.0]))
    tensor(3.)
    """
    return _median("nanmedian", input, dim, keepdim)


@export("torch method")
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """Mean of the elements that are not NaN.

    >>> import flambeau as torch
    >>> torch.nanmean(torch.tensor([1.0, float("nan"), 2.0]))
    tensor(1.5000)
    """
    if input.dtype.category < torch.float32.category:
        raise DTypeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{input.dtype}"
        )
    numbers = torch.logical_not(torch.isnan(input.detach())).sum(dim, keepdim)
    return torch.nansum(input, dim, keepdim, dtype=dtype) / numbers


@export("torch method")
def count_nonzero(input, dim=None):
    """How many elements are not zero, of all or over the dimensions ``dim``.

    >>> import flambeau as torch
    >>> torch.count_nonzero(torch.tensor([[0, 1], [2, 3]]), 0)
    tensor([1, 2])
    """
    return torch.ne(input, 0).sum(dim)


@export("torch method")
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The q-quantile, 0 <= q <= 1, of all or along ``dim``.

    Several q give a first dimension of results.

    Args: interpolation: linear, lower, higher, midpoint or nearest, between the two neighbours.

    >>> import flambeau as torch
    >>> torch.quantile(torch.tensor([1.0, 2.0, 4.0]), 0.75)
    tensor(3.)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


@export("torch method")
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The q-quantile of the elements that are not NaN.

    >>> import flambeau as torch
    >>> torch.nanquantile(torch.tensor([1.0, float("nan"), 4.0]), 0.5)
    tensor(2.5000)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


def _quantile(name, input, q, dim, keepdim, interpolation):
    q, scalar = _check_quantile(name, input, q, interpolation)
    shape = tuple(input.shape)
    if dim is None:
        out_shape = (1,) * len(shape) if keepdim else ()
        rows = input.reshape(-1)
    else:
        dim = canonical_dim(dim, input.ndim)
        rows = input.movedim(dim, -1) if shape else input.reshape(1)
        out_shape = tuple(rows.shape[:-1])
        if keepdim and shape:
            out_shape = shape[:dim] + (1,) + shape[dim + 1 :]
    if rows.shape[-1] == 0:
        raise ArgumentError(f"{name}() input tensor must be non-empty")
    ordered = torch.sort(rows, -1)[0]
    y = torch.stack([_ranked(name, ordered, p, interpolation) for p in q.unbind(0)], 0)
    return y.reshape(out_shape if scalar else (len(q), *out_shape))


def _check_quantile(name, input, q, interpolation):
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise ArgumentError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    if input.dtype not in (torch.float32, torch.float64):
        raise DTypeError(f"{name}() input tensor must be either float or double dtype")
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise ArgumentError(f"{name}() q must be in the range [0, 1] but got {q}")
        return torch.tensor([q], dtype=input.dtype, device=input.device), True
    if q.ndim > 1:
        raise ArgumentError(f"{name}() q must be a scalar or 1D tensor")
    if q.dtype != input.dtype:
        raise DTypeError(f"{name}() q tensor must be same dtype as the input tensor")
    if not bool(((q >= 0) & (q <= 1)).all()):
        raise ArgumentError(f"{name}() q values must be in the range [0, 1]")
    return q.reshape(-1), q.ndim == 0


def _ranked(name, ordered, q, interpolation):
    """The element of rank q (n - 1) in sorted rows, NaN (which sorts last) counted or not."""
    bad = torch.isnan(ordered).sum(-1, keepdim=True)
    n = ordered.shape[-1]
    if name == "quantile":
        rank = torch.where(bad > 0, float(n - 1), q * (n - 1))
    else:
        rank = q * (n - bad - 1).clamp(min=0)
    if interpolation != "linear":
        rank = {
            "lower": torch.floor,
            "higher": torch.ceil,
            "nearest": torch.round,
            "midpoint": lambda r: (torch.floor(r) + torch.ceil(r)) / 2,
        }[interpolation](rank)
    low = torch.floor(rank)
    below = ordered.gather(-1, low.long())
    above = ordered.gather(-1, torch.ceil(rank).long())
    return torch.lerp(below, above, (rank - low).to(ordered.dtype)).squeeze(-1)


@export("torch method")
def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """Vector norm of all elements or over ``dim``.

    Matrix norm for p = "nuc" or "fro" over two dimensions.

    >>> import flambeau as torch
    >>> torch.tensor([3.0, 4.0]).norm(), torch.norm(torch.tensor([[3.0, -4.0]]), 1, dim=1)
    (tensor(5.), tensor([7.]))
    """
    if dim is not None and isinstance(dim, int):
        dim = (dim,)
    if p == "nuc":
        axes = (0, 1) if dim is None and input.ndim == 2 else dim
        return torch.linalg.matrix_norm(input, "nuc", axes, keepdim, dtype=dtype)
    if p is None or p == "fro":
        p = 2.0
    elif isinstance(p, str):
        raise ArgumentError(f"norm: p must be a number, 'fro' or 'nuc', got {p!r}")
    return torch.linalg.vector_norm(input, p, dim, keepdim, dtype=dtype)


@export("torch method")
def dist(input, other, p=2):
    """The p-norm of the difference of two tensors, which broadcast.

    >>> import flambeau as torch
    >>> torch.dist(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 6.0]))
    tensor(5.)
    """
    return torch.norm(input - other, p)


@export("torch method")
def cummax(input, dim):
    """Running maximum along ``dim``, and the index of the last element that equals it.

    >>> import flambeau as torch
    >>> torch.cummax(torch.tensor([1.0, 3.0, 2.0]), 0)
    torch.return_types.cummax(
    values=tensor([1., 3., 3.]),
    indices=tensor([0, 1, 1]))
    """
    pair = xp.cummax_pair(input, dim=canonical_dim(dim, input.ndim))
    return return_type("cummax", "values", "indices")(*pair)


@export("torch method")
def cummin(input, dim):
    """Running minimum along ``dim``, and the index of the last element that equals it.

    >>> import flambeau as torch
    >>> torch.cummin(torch.tensor([2.0, 1.0, 3.0]), 0)
    torch.return_types.cummin(
    values=tensor([2., 1., 1.]),
    indices=tensor([0, 1, 1]))
    """
    pair = xp.cummin_pair(input, dim=canonical_dim(dim, input.ndim))
    return return_type("cummin", "values", "indices")(*pair)


@export("torch method")
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """Differences of neighbours along ``dim``, taken n times.

    Args: prepend, append: values to put before and after the input along ``dim`` first.

    >>> import flambeau as torch
    >>> torch.diff(torch.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    if input.ndim == 0:
        raise ArgumentError("diff expects input to be at least one-dimensional")
    dim = canonical_dim(dim, input.ndim)
    if n < 0:
        raise ArgumentError(f"order must be non-negative but got {n}")
    if n == 0:
        return input.clone()
    parts = [t for t in (prepend, input, append) if t is not None]
    y = torch.cat(parts, dim) if len(parts) > 1 else input
    for _ in range(n if n < y.shape[dim] else y.shape[dim]):
        size = y.shape[dim] - 1
        late, early = y.narrow(dim, 1, size), y.narrow(dim, 0, size)
        y = torch.logical_xor(late, early) if y.dtype == torch.bool else late - early
    return y
