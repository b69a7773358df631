"""Writing into a copy at places given by an index along one dimension: scatter, index_add, take,
put and their relatives.
"""

from __future__ import annotations

from math import prod
from operator import index as as_int

from flambeau.core.errors import ArgumentError, DimError, DTypeError, ShapeError

from .index import add_rows, check_bounds, check_index_dtype, check_number_fits, scatter_into, walk
from .registry import STOPS, canonical_dim, op

_WHERE = STOPS("an index has no derivative")
_REDUCERS = {"sum": "add", "prod": "multiply", "amax": "maximum", "amin": "minimum", "mean": "add"}


def _blank(xp, g):
    return xp.zeros((), g.dtype)


# Scatter ----------------------------------------------------------------------------------------


def _scatter_params(name, input, dim, index, src):
    """Checked inputs of a scatter: ``src`` cut to the part that the index walks over."""
    rank = len(input.shape)
    dim = canonical_dim(as_int(dim), rank)
    check_index_dtype(name, index)
    if max(rank, 1) != max(len(index.shape), 1) and prod(index.shape):
        walk(input.shape, index.shape, dim)
    if hasattr(src, "dtype"):
        if src.dtype is not input.dtype:
            raise DTypeError(
                f"{name}(): Expected self.dtype to be equal to src.dtype, got {input.dtype} and "
                f"{src.dtype}"
            )
        if max(len(src.shape), 1) != max(len(index.shape), 1) and prod(index.shape):
            raise ShapeError(
                f"Index tensor must have the same number of dimensions as src tensor: index is "
                f"{list(index.shape)}, src {list(src.shape)}"
            )
    if prod(index.shape):
        fits = all(n <= m for d, (n, m) in enumerate(zip(index.shape, input.shape)) if d != dim)
        if hasattr(src, "shape") and len(src.shape) == len(index.shape):
            fits = fits and all(n <= m for n, m in zip(index.shape, src.shape))
        if not fits:
            raise ShapeError(
                f"Expected index {list(index.shape)} to be no larger than self "
                f"{list(input.shape)} apart from dimension {dim} and to be no larger size than src "
                f"{list(getattr(src, 'shape', ()))}"
            )
    if len(getattr(src, "shape", ())) and src.shape != index.shape:
        src = src[tuple(slice(n) for n in index.shape)] if len(index.shape) else src.reshape(())
    return (input, index, src), dim


@op(where="torch method inplace", variant=lambda params: params["overload"])
def scatter(xp, input, index, src, *, dim, reduce, overload):
    """A copy of ``input`` with ``src`` written at ``index`` along ``dim``: y[index[i, j], j] =
    src[i, j] for dim 0.

    reduce: "add" or "multiply" combines with what is there instead.

    >>> import flambeau as torch
    >>> torch.zeros(2, 2).scatter(1, torch.tensor([[0], [1]]), 5.)
    tensor([[5., 0.],
            [0., 5.]])
    """
    out = xp.array(input, order="C")
    scatter_into(xp, out, index, src, dim, reduce)
    return out


@scatter.writes
def _scatter_into(xp, out, index, src, *, dim, reduce, overload):
    scatter_into(xp, out, index, src, dim, reduce)


def _scatter_rule(xp, g, needs, index, dim, reduce):
    if reduce == "add":
        return g, None, _gathered(xp, g, index, dim) if needs[2] else None
    if reduce == "multiply":
        raise ArgumentError("scatter with reduce='multiply' has no derivative: use scatter_reduce")
    kept = None
    if needs[0]:
        kept = xp.scatter(g, index, _blank(xp, g), dim=dim, reduce="", overload=0)
    return kept, None, _gathered(xp, g, index, dim) if needs[2] else None


def _gathered(xp, g, index, dim):
    return xp.gather(g, index, dim=dim)


scatter.vjp_joint(_scatter_rule)
scatter.shape(lambda input, index, src, **_: input)


@scatter.args
def _scatter(input, dim, index, src=None, *, value=None, reduce=None):
    src = value if src is None else src
    if src is None:
        raise TypeError("scatter() needs src (a tensor) or value (a number)")
    number = not hasattr(src, "dtype")
    if number and input.dtype.category < 2:
        src = int(src)
    if reduce not in (None, "add", "multiply"):
        raise ArgumentError("reduce argument must be either add or multiply.")
    inputs, dim = _scatter_params("scatter", input, dim, index, src)
    return inputs, {"dim": dim, "reduce": reduce or "", "overload": int(number)}


@op(where="torch method inplace")
def scatter_add(xp, input, index, src, *, dim):
    """A copy of ``input`` with ``src`` added at ``index`` along ``dim``; repeated places add up.

    >>> import flambeau as torch
    >>> torch.zeros(2).scatter_add(0, torch.tensor([1, 1]), torch.tensor([2., 3.]))
    tensor([0., 5.])
    """
    out = xp.array(input, order="C")
    _scatter_add_into(xp, out, index, src, dim=dim)
    return out


@scatter_add.writes
def _scatter_add_into(xp, out, index, src, *, dim):
    scatter_into(xp, out, index, src, dim, "logical_or" if out.dtype.kind == "b" else "add")


scatter_add.vjp(
    input=lambda xp, g: g,
    index=_WHERE,
    src=lambda xp, g, index, dim: xp.gather(g, index, dim=dim),
)
scatter_add.shape(lambda input, index, src, *, dim: input)


@scatter_add.args
def _scatter_add(input, dim, index, src):
    inputs, dim = _scatter_params("scatter_add", input, dim, index, src)
    return inputs, {"dim": dim}


@op(where="torch method inplace")
def scatter_reduce(xp, input, index, src, *, dim, reduce, include_self):
    """A copy of ``input`` whose places ``index`` along ``dim`` hold the sum, prod, mean, amax or
    amin of the ``src`` sent there.

    include_self: what was there takes part. Default True.

    >>> import flambeau as torch
    >>> torch.ones(2).scatter_reduce(0, torch.tensor([1, 1]), torch.tensor([2., 3.]), "sum")
    tensor([1., 6.])
    """
    out = xp.array(input, order="C")
    if not include_self:
        neutral = _neutral(xp, reduce, out.dtype)
        scatter_into(xp, out, index, neutral, dim, "")
    scatter_into(xp, out, index, src, dim, _REDUCERS[reduce])
    if reduce == "mean":
        out = _mean(xp, out, _counts(xp, out, index, dim, include_self))
    return out


def _neutral(xp, reduce, dtype):
    """What does not change the result of a reduction."""
    if reduce in ("sum", "mean"):
        return dtype.type(0)
    if reduce == "prod":
        return dtype.type(1)
    if dtype.kind == "b":
        return reduce == "amin"
    limits = xp.iinfo(dtype) if dtype.kind in "iu" else None
    if limits is None:
        return dtype.type(-xp.inf if reduce == "amax" else xp.inf)
    return limits.min if reduce == "amax" else limits.max


def _counts(xp, out, index, dim, include_self):
    count = xp.ones(out.shape, xp.int64)
    if not include_self:
        scatter_into(xp, count, index, 0, dim, "")
    scatter_into(xp, count, index, 1, dim, "add")
    return xp.maximum(count, 1)


def _mean(xp, total, count):
    if total.dtype.kind in "iu":
        return (total // count.astype(total.dtype)).astype(total.dtype)
    return (total / count.astype(total.real.dtype)).astype(total.dtype)


def _scatter_reduce_rule(xp, g, y, input, index, src, dim, reduce, include_self):
    """How each kind of reduction shares the cotangent between what was there and what was sent."""
    at = lambda x: xp.gather(x, index, dim=dim)
    into = lambda base, x: xp.scatter_add(base, index, x, dim=dim)
    self_part = xp.ones_like(g)
    if not include_self:
        self_part = xp.scatter(self_part, index, _blank(xp, g), dim=dim, reduce="", overload=0)
    if reduce == "sum":
        return g * self_part, None, at(g)
    if reduce == "mean":
        count = into(self_part, xp.ones_like(src))
        count = xp.where(count == 0, 1.0, count)
        return g * self_part / count, None, at(g / count)
    if reduce in ("amax", "amin"):
        mine = xp.astype(input == y, g.dtype) * self_part
        sent = xp.astype(src == at(y), g.dtype)
        share = g / xp.maximum(into(mine, sent), 1)
        return share * mine, None, at(share) * sent
    # prod: a single zero gets the product of the others, two zeros at a place give everyone zero
    base = xp.where(self_part == 0, xp.ones_like(input), input)
    no_self, no_src = xp.astype(base == 0, g.dtype), xp.astype(src == 0, g.dtype)
    zeros = into(no_self, no_src)
    full_base, full_src = (xp.where(v == 0, xp.ones_like(v), v) for v in (base, src))
    others = xp.scatter_reduce(
        full_base, index, full_src, dim=dim, reduce="prod", include_self=True
    )
    lone = g * others * (zeros == 1)
    zero = into(base * no_self, src * no_src)  # the value of a single zero: 0, but with a slope
    whole = g * others * xp.where(zeros == 1, zero, xp.astype(zeros == 0, g.dtype))
    mine = (lone * no_self + whole * (1 - no_self) / full_base) * self_part
    return mine, None, at(lone) * no_src + at(whole) * (1 - no_src) / full_src


scatter_reduce.vjp_joint(_scatter_reduce_rule)
scatter_reduce.shape(lambda input, index, src, **_: input)


@scatter_reduce.args
def _scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    if reduce not in _REDUCERS:
        raise ArgumentError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    inputs, dim = _scatter_params("scatter_reduce", input, dim, index, src)
    return inputs, {"dim": dim, "reduce": reduce, "include_self": bool(include_self)}


# Whole slices -----------------------------------------------------------------------------------


def _vector(name, index) -> None:
    if len(index.shape) > 1:
        raise DimError(f"{name}(): Index is supposed to be a vector, got {len(index.shape)}-D")
    if str(index.dtype) not in ("torch.int64", "torch.int32"):
        raise DTypeError(f"{name}(): Expected dtype int32 or int64 for index, got {index.dtype}")


@op(where="torch method")
def index_select(xp, input, index, *, dim):
    """The slices along ``dim`` that ``index``, a vector, names.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2], [3, 4]]).index_select(1, torch.tensor([1, 1]))
    tensor([[2, 2],
            [4, 4]])
    """
    size = input.shape[dim] if input.ndim else 1
    if index.size and (index.max() >= size or index.min() < 0):
        raise DimError("index out of range in self")
    if not input.ndim:
        return input.copy()
    return input.take(index.reshape(-1), dim)


def _index_select_rule(xp, g, index, input_shape, dim):
    if not input_shape:
        return xp.reshape(g, ())
    return xp.index_backward(g, *((None,) * dim), xp.reshape(index, (-1,)), shape=input_shape)


index_select.vjp(input=_index_select_rule, index=_WHERE)


@index_select.shape
def _index_select_shape(input, index, *, dim):
    return input[:dim] + (prod(index),) + input[dim + 1 :] if input else ()


@index_select.args
def _index_select(input, dim, index):
    _vector("index_select", index)
    return (input, index), {"dim": canonical_dim(as_int(dim), len(input.shape))}


def _slices_params(name, input, dim, index, source):
    """Check that ``source`` has one slice for each element of ``index``, each like those of
    ``input``.
    """
    rank = len(input.shape)
    dim = canonical_dim(as_int(dim), rank)
    if str(index.dtype) not in ("torch.int64", "torch.int32"):
        raise DTypeError(f"{name}_(): Expected dtype int32/int64 for index but got: {index.dtype}")
    if len(index.shape) > 1:
        raise DimError(f"{name}_(): Index should have dimension 1 or 0 (got {len(index.shape)})")
    if source.dtype is not input.dtype:
        raise DTypeError(
            f"{name}_(): self and source expected to have the same scalar type, but got (self) "
            f"{input.dtype} and (source) {source.dtype}"
        )
    count, given = prod(index.shape), source.shape[dim] if source.shape else 1
    if rank and len(source.shape) not in (0, rank):
        raise ShapeError(
            f"{name}_(): source {list(source.shape)} must have as many dimensions as self "
            f"{list(input.shape)}"
        )
    if count != given:
        error = DimError if name == "index_copy" else ShapeError
        raise error(
            f"{name}_(): Number of indices ({count}) should be equal to source.size(dim): "
            f"({given}), for dim: {dim}"
        )
    a = [n for d, n in enumerate(input.shape) if d != dim]
    b = [n for d, n in enumerate(source.shape) if d != dim]
    if a != b:
        raise ShapeError(
            f"{name}_(): Source/destination tensor must have same slice shapes. Destination slice "
            f"shape: {a} at dimension {dim} and source slice shape: {b}"
        )
    return dim


def _rows(xp, out, dim):
    """``out`` with dimension ``dim`` first: a view to write to."""
    return xp.moveaxis(out, dim, 0) if out.ndim else out.reshape(1)


@op(where="torch method inplace")
def index_add(xp, input, index, source, *, dim, alpha):
    """A copy of ``input`` with ``alpha`` times the slices of ``source`` added at ``index`` along
    ``dim``.

    >>> import flambeau as torch
    >>> torch.zeros(2).index_add(0, torch.tensor([0, 0]), torch.tensor([1., 2.]))
    tensor([3., 0.])
    """
    out = xp.array(input, order="C")
    _index_add_into(xp, out, index, source, dim=dim, alpha=alpha)
    return out


@index_add.writes
def _index_add_into(xp, out, index, source, *, dim, alpha):
    index = index.reshape(-1)
    into, rows = _rows(xp, out, dim), _rows(xp, source, dim)
    check_bounds(xp, index, len(into), dim, ShapeError)
    if alpha != 1:
        rows = rows * xp.asarray(alpha).astype(rows.dtype)
    total = xp.zeros((len(into), prod(into.shape[1:])), out.dtype)
    add_rows(xp, total, index, rows.reshape(index.size, total.shape[1]))
    into += total.reshape(into.shape)


def _index_add_source(xp, g, index, source_shape, dim, alpha):
    picked = xp.index_select(g, index, dim=dim)
    return xp.reshape(picked * alpha, source_shape)


index_add.vjp(input=lambda xp, g: g, index=_WHERE, source=_index_add_source)
index_add.shape(lambda input, index, source, *, dim, alpha: input)


@index_add.args
def _index_add(input, dim, index, source, *, alpha=1):
    dim = _slices_params("index_add", input, dim, index, source)
    check_number_fits(input, alpha, "index_add")
    return (input, index, source), {"dim": dim, "alpha": alpha}


@op(where="torch method inplace")
def index_copy(xp, input, index, source, *, dim):
    """A copy of ``input`` with its slices at ``index`` along ``dim`` replaced by those of
    ``source``.

    >>> import flambeau as torch
    >>> torch.zeros(2).index_copy(0, torch.tensor([1]), torch.tensor([5.]))
    tensor([0., 5.])
    """
    out = xp.array(input, order="C")
    _index_copy_into(xp, out, index, source, dim=dim)
    return out


@index_copy.writes
def _index_copy_into(xp, out, index, source, *, dim):
    index = index.reshape(-1)
    into = _rows(xp, out, dim)
    check_bounds(xp, index, len(into), dim, DimError)
    into[index] = _rows(xp, source, dim)


def _index_copy_source(xp, g, index, source_shape, dim):
    return xp.reshape(xp.index_select(g, index, dim=dim), source_shape)


def _index_blank(xp, g, index, dim):
    return xp.index_fill(g, index, _blank(xp, g), dim=dim)


index_copy.vjp(input=_index_blank, index=_WHERE, source=_index_copy_source)
index_copy.shape(lambda input, index, source, *, dim: input)


@index_copy.args
def _index_copy(input, dim, index, source):
    dim = _slices_params("index_copy", input, dim, index, source)
    return (input, index, source), {"dim": dim}


@op(where="torch method inplace")
def index_fill(xp, input, index, value, *, dim):
    """A copy of ``input`` with ``value`` in its slices at ``index`` along ``dim``.

    >>> import flambeau as torch
    >>> torch.zeros(3).index_fill(0, torch.tensor([0, 2]), 1.)
    tensor([1., 0., 1.])
    """
    out = xp.array(input, order="C")
    _index_fill_into(xp, out, index, value, dim=dim)
    return out


@index_fill.writes
def _index_fill_into(xp, out, index, value, *, dim):
    index = index.reshape(-1)
    into = _rows(xp, out, dim)
    check_bounds(xp, index, len(into), dim, DimError, negative=True)
    into[index] = value


def _index_fill_value(xp, g, index, dim):
    return xp.sum(g - _index_blank(xp, g, index, dim))


index_fill.vjp(input=_index_blank, index=_WHERE, value=_index_fill_value)
index_fill.shape(lambda input, index, value, *, dim: input)


@index_fill.args
def _index_fill(input, dim, index, value):
    dim = canonical_dim(as_int(dim), len(input.shape))
    if str(index.dtype) not in ("torch.int64", "torch.int32"):
        raise DimError(f"index_fill_(): Expected dtype int64 for index, got {index.dtype}")
    if len(getattr(value, "shape", ())):
        raise ShapeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{len(value.shape)} dimension(s)."
        )
    check_number_fits(input, value, "index_fill")
    return (input, index, value), {"dim": dim}
