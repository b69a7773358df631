"""Elements in another order or number: flip, roll, repeat, triangles, diagonals."""

from __future__ import annotations

from operator import index as as_int

from flambeau.core.errors import DimError, ShapeError

from .region import diagonal
from .registry import DATA_DEPENDENT, STOPS, canonical_dim, canonical_dims, op
from .view import sizes


@op(where="torch method")
def flip(xp, input, *, dims):
    """The elements in reverse order along ``dims``.

    >>> import flambeau as torch
    >>> torch.arange(3).flip(0)
    tensor([2, 1, 0])
    """
    return xp.flip(input, dims).copy() if dims else input.copy()


flip.vjp(input=lambda xp, g, dims: xp.flip(g, dims) if dims else g)
flip.shape(lambda input, *, dims: input)


@flip.args
def _flip(input, *dims, **named):
    dims = (named["dims"],) if named else dims
    return (input,), {"dims": canonical_dims(sizes(dims), len(input.shape)) or ()}


@op(where="torch method")
def roll(xp, input, *, shifts, dims):
    """The elements moved by ``shifts`` along ``dims``; what leaves at one end comes in at the
    other.

    >>> import flambeau as torch
    >>> torch.arange(3).roll(1)
    tensor([2, 0, 1])
    """
    return xp.roll(input, shifts, dims)


roll.vjp(input=lambda xp, g, shifts, dims: xp.roll(g, _negative(shifts), dims))
roll.shape(lambda input, *, shifts, dims: input)


def _negative(shifts):
    return -shifts if isinstance(shifts, int) else tuple(-s for s in shifts)


@roll.args
def _roll(input, shifts, dims=None):
    shifts = sizes((shifts,) if isinstance(shifts, tuple | list) else (as_int(shifts),))
    if not shifts:
        raise ShapeError("`shifts` required")
    if dims is None or (isinstance(dims, tuple | list) and not dims):
        if len(shifts) != 1:
            raise ShapeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:0")
        return (input,), {"shifts": shifts[0], "dims": None}
    dims = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(dims) != len(shifts):
        raise ShapeError(
            f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}"
        )
    rank = len(input.shape)
    if not rank:
        raise DimError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    return (input,), {"shifts": shifts, "dims": tuple(canonical_dim(d, rank) for d in dims)}


@op(where="torch method")
def rot90(xp, input, *, k, dims):
    """The plane of two dimensions turned by 90 degrees, ``k`` times.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2], [3, 4]]).rot90()
    tensor([[2, 4],
            [1, 3]])
    """
    return xp.rot90(input, k, dims).copy()


def _rot90_rule(xp, g, k, dims):
    a, b = dims
    if k % 4 == 0:
        return g
    if k % 4 == 2:
        return xp.flip(g, dims)
    if k % 4 == 1:
        return xp.flip(xp.swapaxes(g, a, b), (b,))
    return xp.flip(xp.swapaxes(g, a, b), (a,))


rot90.vjp(input=_rot90_rule)


@rot90.shape
def _rot90_shape(input, *, k, dims):
    found = list(input)
    if k % 2:
        a, b = dims
        found[a], found[b] = found[b], found[a]
    return tuple(found)


@rot90.args
def _rot90(input, k=1, dims=(0, 1)):
    dims, rank = tuple(dims), len(input.shape)
    if len(dims) != 2:
        raise ShapeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if rank < 2:
        raise ShapeError(f"expected total dims >= 2, but got total dims = {rank}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == rank:
        raise ShapeError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    for d in dims:
        if not -rank <= d < rank:
            raise ShapeError(f"Rotation dim {d} out of range")
    return (input,), {"k": k % 4, "dims": tuple(d % rank for d in dims)}


@op(where="method")
def repeat(xp, input, *, repeats):
    """Copies of the whole tensor side by side, ``repeats[d]`` along dimension d; more repeats than
    dimensions add leading ones.

    >>> import flambeau as torch
    >>> torch.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    return xp.tile(input, repeats)


def _repeat_rule(xp, g, input_shape, repeats):
    lead = len(repeats) - len(input_shape)
    inner = (1,) * lead + tuple(input_shape)
    if 0 in repeats:
        return xp.zeros(input_shape, g.dtype)
    split = tuple(n for pair in zip(repeats, inner) for n in pair)
    summed = xp.sum(xp.reshape(g, split), axis=tuple(range(0, len(split), 2))) if split else g
    return xp.reshape(summed, input_shape)


repeat.vjp(input=_repeat_rule)


@repeat.shape
def _repeat_shape(input, *, repeats):
    inner = (1,) * (len(repeats) - len(input)) + input
    return tuple(r * n for r, n in zip(repeats, inner))


@repeat.args
def _repeat(input, *repeats, **named):
    repeats = sizes((named["repeats"],) if named else repeats)
    if len(repeats) < len(input.shape):
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            f"tensor: {list(repeats)} for {list(input.shape)}"
        )
    if any(r < 0 for r in repeats):
        raise ShapeError(
            f"Trying to create tensor with negative dimension: repeats {list(repeats)}"
        )
    return (input,), {"repeats": repeats}


@op(where="torch method inplace")
def tril(xp, input, *, diagonal):
    """The lower triangle: zero above the diagonal that lies ``diagonal`` above the main one.

    >>> import flambeau as torch
    >>> torch.ones(2, 2).tril()
    tensor([[1., 0.],
            [1., 1.]])
    """
    return xp.tril(input, diagonal)


@op(where="torch method inplace")
def triu(xp, input, *, diagonal):
    """The upper triangle: zero below the diagonal that lies ``diagonal`` above the main one.

    >>> import flambeau as torch
    >>> torch.ones(2, 2).triu()
    tensor([[1., 1.],
            [0., 1.]])
    """
    return xp.triu(input, diagonal)


tril.vjp(input=lambda xp, g, diagonal: xp.tril(g, diagonal))
triu.vjp(input=lambda xp, g, diagonal: xp.triu(g, diagonal))


def _triangle(name):
    def arguments(input, diagonal=0):
        if len(input.shape) < 2:
            raise ShapeError(f"{name}: input tensor must have at least 2 dimensions")
        return (input,), {"diagonal": as_int(diagonal)}

    return arguments


for _op in (tril, triu):
    _op.shape(lambda input, *, diagonal: input)
    _op.args(_triangle(_op.name))


@op(where="torch method")
def diag_embed(xp, input, *, offset, dim1, dim2):
    """Zeros with the last dimension of ``input`` on the diagonals of the matrices in (dim1, dim2).

    >>> import flambeau as torch
    >>> torch.tensor([1, 2]).diag_embed()
    tensor([[1, 0],
            [0, 2]])
    """
    shape = _diag_embed_shape(input.shape, offset=offset, dim1=dim1, dim2=dim2)
    out = xp.zeros(shape, input.dtype)
    diagonal.kernel(xp, out, offset=offset, dim1=dim1, dim2=dim2)[...] = input
    return out


@diag_embed.shape
def _diag_embed_shape(input, *, offset, dim1, dim2):
    n = input[-1] + abs(offset)
    found = list(input[:-1])
    for d in sorted((dim1, dim2)):
        found.insert(d, n)
    return tuple(found)


def _diag_embed_rule(xp, g, offset, dim1, dim2):
    return xp.diagonal(g, offset, dim1, dim2)


diag_embed.vjp(input=_diag_embed_rule)


@diag_embed.args
def _diag_embed(input, offset=0, dim1=-2, dim2=-1):
    rank = len(input.shape) + 1
    if rank < 2:
        raise ShapeError("diag_embed: input tensor must have at least 1 dimension")
    first, second = canonical_dim(as_int(dim1), rank), canonical_dim(as_int(dim2), rank)
    if first == second:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return (input,), {"offset": as_int(offset), "dim1": first, "dim2": second}


@op(where="torch method")
def trace(xp, input):
    """The sum of the diagonal of a matrix.

    >>> import flambeau as torch
    >>> torch.tensor([[1., 2.], [3., 4.]]).trace()
    tensor(5.)
    """
    return xp.trace(input, dtype=xp.int64 if input.dtype.kind in "iub" else None)


trace.vjp(input=lambda xp, g, input_shape: g * xp.eye(*input_shape, dtype=g.dtype))
trace.shape(lambda input: ())


@trace.args
def _trace(input):
    if len(input.shape) != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {len(input.shape)}")
    return (input,), {}


@op(node="RepeatInterleave")
def repeat_interleave_by(xp, input, repeats, *, dim):
    """Slice i along ``dim`` repeated ``repeats[i]`` times."""
    return xp.repeat(input, repeats, dim)


def _interleave_rule(xp, g, repeats, input_shape, dim):
    places = xp.interleaved_places(repeats, size=input_shape[dim])
    return xp.index_backward(g, *((None,) * dim), places, shape=input_shape)


@op()
def interleaved_places(xp, repeats, *, size):
    """Which slice each slice of ``repeat_interleave`` came from."""
    return xp.repeat(xp.arange(size), repeats)


repeat_interleave_by.vjp(input=_interleave_rule, repeats=STOPS("a count has no derivative"))
repeat_interleave_by.shape(DATA_DEPENDENT)
interleaved_places.vjp(repeats=STOPS("a count has no derivative"))
interleaved_places.shape(DATA_DEPENDENT)
