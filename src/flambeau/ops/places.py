"""Reading and writing by place in the flattened tensor, by mask, and by a region that a view
names.
"""

from __future__ import annotations

from math import prod
from operator import index as as_int

from flambeau.core.errors import DimError, DTypeError, ShapeError

from .region import diagonal
from .registry import STOPS, canonical_dim, op
from .view import broadcast

_WHERE = STOPS("an index has no derivative")


def _flat_bounds(index, numel) -> None:
    if index.size and (index.max() >= numel or index.min() < -numel):
        bad = int(index.max()) if index.max() >= numel else int(index.min())
        raise DimError(
            f"out of range: tried to access index {bad} on a tensor of {numel} elements."
        )


@op(where="torch method")
def take(xp, input, index):
    """The elements at ``index`` of the flattened tensor, in the shape of ``index``.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2], [3, 4]]).take(torch.tensor([0, 3]))
    tensor([1, 4])
    """
    _flat_bounds(index, input.size)
    if not index.size:
        return xp.empty(index.shape, input.dtype)
    return xp.asarray(input.take(index))


def _take_rule(xp, g, index, input_shape):
    flat = xp.index_backward(
        xp.reshape(g, (-1,)), xp.reshape(index, (-1,)), shape=(prod(input_shape),)
    )
    return xp.reshape(flat, input_shape)


take.vjp(input=_take_rule, index=_WHERE)
take.shape(lambda input, index: index)


@take.args
def _take(input, index):
    if str(index.dtype) != "torch.int64":
        raise DTypeError(f"take(): Expected a long tensor for index, but got {index.dtype}")
    return (input, index), {}


@op(where="torch method inplace")
def put(xp, input, index, source, *, accumulate):
    """A copy of ``input`` with ``source`` written to (or added at) the places ``index`` of the
    flattened tensor.
    """
    out = xp.array(input, order="C")
    _flat_bounds(index, out.size)
    flat = out.reshape(-1)
    if accumulate:
        xp.add.at(flat, index.ravel(), source.ravel())
    else:
        flat[index.ravel()] = source.ravel()
    return out


def _put_rule(xp, g, needs, index, source_shape, accumulate):
    kept = g
    if needs[0] and not accumulate:
        kept = xp.op("put")(g, index, xp.zeros(tuple(index.shape), g.dtype), accumulate=False)
    return kept, None, xp.reshape(xp.op("take")(g, index), source_shape) if needs[2] else None


put.vjp_joint(_put_rule)
put.shape(lambda input, index, source, *, accumulate: input)


@put.args
def _put(input, index, source, accumulate=False):
    if str(index.dtype) != "torch.int64":
        raise DTypeError(f"put_(): Expected a long tensor for index, but got {index.dtype}")
    if source.dtype is not input.dtype:
        raise DTypeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{input.dtype} and source.dtype = {source.dtype}"
        )
    if prod(index.shape) != prod(source.shape):
        raise ShapeError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {prod(source.shape)}, index.numel() = {prod(index.shape)}"
        )
    return (input, index, source), {"accumulate": bool(accumulate)}


# By mask ----------------------------------------------------------------------------------------


@op(where="torch method inplace")
def masked_scatter(xp, input, mask, source):
    """A copy of ``input`` whose places where ``mask`` is True are filled with the elements of
    ``source`` in order.

    >>> import flambeau as torch
    >>> torch.zeros(3).masked_scatter(torch.tensor([True, False, True]), torch.tensor([1., 2.]))
    tensor([1., 0., 2.])
    """
    shape = broadcast(input.shape, mask.shape)
    out = xp.array(xp.broadcast_to(input, shape))
    mask = xp.broadcast_to(mask, shape)
    count = int(xp.count_nonzero(mask))
    if count > source.size:
        raise ShapeError(
            f"Number of elements of source < number of ones in mask ({source.size} < {count})"
        )
    out[mask] = source.ravel()[:count]
    return out


def _masked_scatter_source(xp, g, mask, source_shape):
    return xp.masked_scatter_backward(g, mask, shape=source_shape)


def _unmasked(xp, g, mask):
    return xp.where(mask, xp.zeros((), g.dtype), g)


masked_scatter.vjp(input=_unmasked, mask=STOPS("a mask"), source=_masked_scatter_source)
masked_scatter.shape(lambda input, mask, source: broadcast(input, mask))


@masked_scatter.args
def _masked_scatter(input, mask, source):
    if str(mask.dtype) != "torch.bool":
        raise DTypeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype}"
        )
    if source.dtype is not input.dtype:
        raise DTypeError(
            f"masked_scatter: expected self and source to have same dtypes but got {input.dtype} "
            f"and {source.dtype}"
        )
    return (input, mask, source), {}


@op(node="MaskedScatterBackward")
def masked_scatter_backward(xp, g, mask, *, shape):
    """The elements of ``g`` under ``mask``, then zeros, in ``shape``."""
    picked = g[xp.broadcast_to(mask, g.shape)]
    out = xp.zeros(prod(shape), g.dtype)
    out[: picked.size] = picked
    return out.reshape(shape)


def _masked_scatter_again(xp, g, mask, g_shape):
    return xp.masked_scatter(xp.zeros(g_shape, g.dtype), mask, g)


masked_scatter_backward.vjp(g=_masked_scatter_again, mask=STOPS("a mask"))
masked_scatter_backward.shape(lambda g, mask, *, shape: shape)


# By region --------------------------------------------------------------------------------------


def _fits(name, src, shape) -> None:
    if tuple(src.shape) != tuple(shape):
        raise ShapeError(
            f"{name}: expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(shape)}"
        )


@op(where="torch method")
def select_scatter(xp, input, src, *, dim, index):
    """A copy of ``input`` with ``src`` in the slice ``index`` of dimension ``dim``."""
    out = xp.array(input, order="C")
    out[(slice(None),) * dim + (index,)] = src
    return out


def _without_slice(xp, g, src_shape, dim, index):
    return xp.select_scatter(g, xp.zeros(src_shape, g.dtype), dim=dim, index=index)


select_scatter.vjp(
    input=_without_slice,
    src=lambda xp, g, dim, index: g[(slice(None),) * dim + (index, ...)],
)
select_scatter.shape(lambda input, src, *, dim, index: input)


@select_scatter.args
def _select_scatter(input, src, dim, index):
    dim = canonical_dim(as_int(dim), len(input.shape))
    n = input.shape[dim]
    if not -n <= index < n:
        raise DimError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)}"
        )
    _fits("select_scatter", src, input.shape[:dim] + input.shape[dim + 1 :])
    return (input, src), {"dim": dim, "index": index % n}


@op(where="torch method")
def slice_scatter(xp, input, src, *, dim, start, end, step):
    """A copy of ``input`` with ``src`` in the slices start, start + step, ... of dimension
    ``dim``.
    """
    out = xp.array(input, order="C")
    out[(slice(None),) * dim + (slice(start, end, step),)] = src
    return out


def _without_slices(xp, g, src_shape, dim, start, end, step):
    zeros = xp.zeros(src_shape, g.dtype)
    return xp.slice_scatter(g, zeros, dim=dim, start=start, end=end, step=step)


slice_scatter.vjp(
    input=_without_slices,
    src=lambda xp, g, dim, start, end, step: g[(slice(None),) * dim + (slice(start, end, step),)],
)
slice_scatter.shape(lambda input, src, **_: input)


@slice_scatter.args
def _slice_scatter(input, src, dim=0, start=None, end=None, step=1):
    dim = canonical_dim(as_int(dim), len(input.shape))
    start, end, _ = slice(start, end).indices(input.shape[dim])
    count = len(range(start, end, step))
    _fits("slice_scatter", src, input.shape[:dim] + (count,) + input.shape[dim + 1 :])
    return (input, src), {"dim": dim, "start": start, "end": max(start, end), "step": step}


@op(where="torch method")
def diagonal_scatter(xp, input, src, *, offset, dim1, dim2):
    """A copy of ``input`` with ``src`` on a diagonal."""
    out = xp.array(input, order="C")
    diagonal.kernel(xp, out, offset=offset, dim1=dim1, dim2=dim2)[...] = src
    return out


def _without_diagonal(xp, g, src_shape, offset, dim1, dim2):
    zeros = xp.zeros(src_shape, g.dtype)
    return xp.diagonal_scatter(g, zeros, offset=offset, dim1=dim1, dim2=dim2)


diagonal_scatter.vjp(
    input=_without_diagonal,
    src=lambda xp, g, offset, dim1, dim2: xp.diagonal(g, offset, dim1, dim2),
)
diagonal_scatter.shape(lambda input, src, **_: input)


@diagonal_scatter.args
def _diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    params = diagonal.normalise(input, offset, dim1, dim2)[1]
    _fits("diagonal_scatter", src, diagonal.shape_rule(tuple(input.shape), **params))
    return (input, src), params
