"""Views of some of the elements: a slice of a dimension, several, a diagonal; their adjoints."""

from __future__ import annotations

from operator import index as as_int

from flambeau.core.errors import ArgumentError, DimError, ShapeError

from .registry import VIEW, canonical_dim, op
from .view import strided


@op(kind=VIEW, where="torch method")
def select(xp, input, *, dim, index):
    """The slice at ``index`` of dimension ``dim``, without that dimension.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2], [3, 4]]).select(1, 0)
    tensor([1, 3])
    """
    return input[(slice(None),) * dim + (index, ...)]


def _select_rule(xp, g, input_shape, dim, index):
    return xp.select_backward(g, shape=input_shape, dim=dim, index=index)


select.vjp(input=_select_rule)
select.shape(lambda input, *, dim, index: input[:dim] + input[dim + 1 :])


@select.args
def _select(input, dim, index):
    shape = input.shape
    if not shape:
        raise DimError("select() cannot be applied to a 0-dim tensor.")
    dim, index = canonical_dim(as_int(dim), len(shape)), as_int(index)
    if not -shape[dim] <= index < shape[dim]:
        raise DimError(
            f"select(): index {index} out of range for tensor of size {list(shape)} at "
            f"dimension {dim}"
        )
    return (input,), {"dim": dim, "index": index % shape[dim]}


@op(node="SelectBackward")
def select_backward(xp, g, *, shape, dim, index):
    """Zeros of ``shape`` with ``g`` in the slice that ``select`` took."""
    out = xp.zeros(shape, g.dtype)
    out[(slice(None),) * dim + (index,)] = g
    return out


select_backward.vjp(g=lambda xp, g, dim, index: g[(slice(None),) * dim + (index, ...)])
select_backward.shape(lambda g, *, shape, dim, index: shape)


@op(kind=VIEW, node="Slice")
def slice_(xp, input, *, dim, start, end, step):
    """Elements ``start``, ``start + step``, ... before ``end`` of dimension ``dim``."""
    return input[(slice(None),) * dim + (slice(start, end, step),)]


def _slice_rule(xp, g, input_shape, dim, start, end, step):
    return xp.slice_backward(g, shape=input_shape, dim=dim, start=start, end=end, step=step)


slice_.vjp(input=_slice_rule)


@slice_.shape
def _slice_shape(input, *, dim, start, end, step):
    return input[:dim] + (len(range(start, end, step)),) + input[dim + 1 :]


@slice_.args
def _slice(input, dim=0, start=None, end=None, step=1):
    if not input.shape:
        raise DimError("slice() cannot be applied to a 0-dim tensor.")
    dim = canonical_dim(as_int(dim), len(input.shape))
    if step <= 0:
        raise ArgumentError("slice step must be positive")
    start, end, _ = slice(start, end).indices(input.shape[dim])
    return (input,), {"dim": dim, "start": start, "end": max(start, end), "step": step}


@op(node="SliceBackward")
def slice_backward(xp, g, *, shape, dim, start, end, step):
    """Zeros of ``shape`` with ``g`` in the elements that ``slice`` took."""
    out = xp.zeros(shape, g.dtype)
    out[(slice(None),) * dim + (slice(start, end, step),)] = g
    return out


slice_backward.vjp(
    g=lambda xp, g, dim, start, end, step: g[(slice(None),) * dim + (slice(start, end, step),)]
)
slice_backward.shape(lambda g, *, shape, dim, start, end, step: shape)


@op(kind=VIEW, where="torch method")
def diagonal(xp, input, *, offset, dim1, dim2):
    """The diagonal of the matrices in (dim1, dim2), ``offset`` above the main one, as the last
    dimension.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """
    shape, strides = input.shape, input.strides
    rest = [i for i in range(len(shape)) if i not in (dim1, dim2)]
    length, skip = _diagonal_length(shape, offset, dim1, dim2)
    start = (strides[dim2] if offset > 0 else strides[dim1]) * skip if length else 0
    return strided(
        xp,
        input,
        tuple(shape[i] for i in rest) + (length,),
        tuple(strides[i] for i in rest) + (strides[dim1] + strides[dim2],),
        start,
    )


def _diagonal_length(shape, offset, dim1, dim2):
    if offset >= 0:
        return max(min(shape[dim1], shape[dim2] - offset), 0), offset
    return max(min(shape[dim1] + offset, shape[dim2]), 0), -offset


def _diagonal_rule(xp, g, input_shape, offset, dim1, dim2):
    return xp.diagonal_backward(g, shape=input_shape, offset=offset, dim1=dim1, dim2=dim2)


diagonal.vjp(input=_diagonal_rule)


@diagonal.shape
def _diagonal_shape(input, *, offset, dim1, dim2):
    rest = tuple(n for i, n in enumerate(input) if i not in (dim1, dim2))
    return rest + (_diagonal_length(input, offset, dim1, dim2)[0],)


@diagonal.args
def _diagonal(input, offset=0, dim1=0, dim2=1):
    rank = len(input.shape)
    first, second = canonical_dim(as_int(dim1), rank), canonical_dim(as_int(dim2), rank)
    if first == second:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return (input,), {"offset": as_int(offset), "dim1": first, "dim2": second}


@op(node="DiagonalBackward")
def diagonal_backward(xp, g, *, shape, offset, dim1, dim2):
    """Zeros of ``shape`` with ``g`` on the diagonal that ``diagonal`` took."""
    out = xp.zeros(shape, g.dtype)
    diagonal.kernel(xp, out, offset=offset, dim1=dim1, dim2=dim2)[...] = g
    return out


diagonal_backward.vjp(g=lambda xp, g, offset, dim1, dim2: xp.diagonal(g, offset, dim1, dim2))
diagonal_backward.shape(lambda g, *, shape, offset, dim1, dim2: shape)
