"""Reading and writing elements whose places are given by tensors: advanced indexing, gather,
masks.
"""

from __future__ import annotations

from math import prod
from operator import index as as_int

from flambeau.core.errors import DimError, DTypeError, ShapeError

from .registry import DATA_DEPENDENT, STOPS, broadcast_shape, canonical_dim, op
from .view import broadcast

_WHERE = STOPS("an index has no derivative")
_MASK = STOPS("a mask has no derivative")


def check_bounds(xp, index, size, dim, error=IndexError, negative=False):
    """Raise unless 0 <= index < size (or -size <= index where negative ones count from the end)."""
    if index.size == 0:
        return
    low, high = int(index.min()), int(index.max())
    if high >= size or low < (-size if negative else 0):
        bad = high if high >= size else low
        raise error(f"index {bad} is out of bounds for dimension {dim} with size {size}")


def add_rows(xp, out, index, rows) -> None:
    """``out[index[k]] += rows[k]`` with repeated indices summed; ``out`` is 2-d, ``index`` in range
    and not negative.
    """
    if index.size == 0 or rows.size == 0:
        return
    if out.dtype.kind == "f" and out.shape[1] == 1:
        out[:, 0] += xp.bincount(index, rows[:, 0], out.shape[0])
        return
    if out.dtype.kind not in "f" or index.size < 16:
        xp.add.at(out, index, rows)
        return
    order = xp.argsort(index, kind="stable")
    ordered = index[order]
    first = xp.flatnonzero(xp.concatenate(([True], ordered[1:] != ordered[:-1])))
    out[ordered[first]] += xp.add.reduceat(rows.take(order, 0), first, 0)


# advanced index ------------------------------------------------------------


def places(indices) -> tuple:
    """The index that NumPy understands: ``None`` stands for a whole dimension."""
    return tuple([slice(None) if i is None else i for i in indices])


def _explained(error: IndexError, shape, indices) -> IndexError:
    """PyTorch's words for a bad advanced index."""
    text, dim = str(error), 0
    for at, i in enumerate(indices):
        if i is not None and i.dtype.kind == "b":
            if tuple(i.shape) != tuple(shape[dim : dim + i.ndim]):
                return DimError(
                    f"The shape of the mask {list(i.shape)} at index {at} does not match the shape "
                    f"of the indexed tensor {list(shape)} at index {dim}"
                )
            dim += i.ndim
        else:
            dim += 1
    if "broadcast" in text:
        sizes = ", ".join(str(list(i.shape)) for i in indices if i is not None)
        return _no_common_size(sizes)
    return DimError(text.replace("axis", "dimension"))


@op()
def index(xp, input, *indices):
    """Elements at places given by integer tensors and masks, one a dimension; ``None`` takes a
    whole dimension.
    """
    last = indices[-1]
    try:
        if last.dtype.kind != "b" and last.ndim == 1 and all(i is None for i in indices[:-1]):
            return input.take(last, len(indices) - 1)
        found = input[places(indices)]
    except IndexError as error:
        raise _explained(error, input.shape, indices) from None
    return found if found.flags.c_contiguous else found.copy()


def _no_common_size(sizes: str) -> DimError:
    return DimError(
        f"shape mismatch: indexing tensors could not be broadcast together with shapes {sizes}"
    )


def _index_rule(xp, g, indices, input_shape):
    return xp.index_backward(g, *indices, shape=input_shape)


def indexed_shape(input, indices):
    """The size of ``input[indices]`` from the sizes of both, where no index is a mask.

    Indices that lie side by side leave their common size in their place, others in front.
    """
    try:
        common = broadcast_shape(*(i for i in indices if i is not None))
    except ValueError:
        sizes = ", ".join(str(list(i)) for i in indices if i is not None)
        raise _no_common_size(sizes) from None
    at = [d for d, i in enumerate(indices) if i is not None]
    kept = [n for d, n in enumerate(input) if d not in at]
    front = at[0] if at[-1] - at[0] == len(at) - 1 else 0
    return (*kept[:front], *common, *kept[front:])


index.vjp(input=_index_rule, indices=_WHERE)
index.shape(DATA_DEPENDENT)


@op(node="IndexBackward")
def index_backward(xp, g, *indices, shape):
    """Zeros of ``shape`` to which ``g`` was added at the places that ``index`` read."""
    out = xp.zeros(shape, g.dtype)
    put(xp, out, indices, g, True)
    return out


index_backward.vjp(g=lambda xp, g, indices: xp.index(g, *indices), indices=_WHERE)
index_backward.shape(lambda g, *indices, shape: shape)


def put(xp, out, indices, values, accumulate) -> None:
    """Write ``values`` into, or add them to, ``out`` at ``indices``."""
    where = places(indices)
    integers = [(d, i) for d, i in enumerate(indices) if i is not None]
    masked = any(i.dtype.kind == "b" for _, i in integers)
    try:
        if not accumulate:
            out[where] = values
        elif masked and len(integers) == 1:
            out[where] += values  # a mask names no place twice
        elif masked or not out.flags.c_contiguous or out.dtype.kind != "f":
            xp.add.at(out, where, xp.array(values))  # a copy: they may lie in ``out``
        else:
            _add(xp, out, integers, where, values)
    except IndexError as error:
        raise _explained(error, out.shape, indices) from None
    except (ValueError, TypeError) as error:  # NumPy raises TypeError for masks
        sizes = list(out[where].shape)
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(getattr(values, 'shape', ()))} cannot be "
            f"broadcast to indexing result of shape {sizes}"
        ) from error


def _add(xp, out, integers, where, values) -> None:
    """Sum ``values`` into ``out`` through one index over the product of the indexed dimensions."""
    dims = [d for d, _ in integers]
    rest = [d for d in range(out.ndim) if d not in dims]
    wrapped = []
    for d, i in integers:
        check_bounds(xp, i, out.shape[d], d, negative=True)
        wrapped.append(xp.where(i < 0, i + out.shape[d], i))
    wrapped = xp.broadcast_arrays(*wrapped)
    shape = wrapped[0].shape
    flat = xp.ravel_multi_index([w.ravel() for w in wrapped], [out.shape[d] for d in dims])
    together = dims == list(range(dims[0], dims[-1] + 1))
    at = dims[0] if together else 0  # where NumPy and PyTorch put the indexed dimensions
    kept = tuple(out.shape[d] for d in rest)
    values = xp.broadcast_to(values, kept[:at] + shape + kept[at:])
    values = xp.moveaxis(values, range(at, at + len(shape)), range(len(shape)))
    size = prod(out.shape[d] for d in dims)
    values = values.reshape(flat.size, prod(kept))
    if dims[-1] == len(dims) - 1:  # the first dimensions: their rows are rows of ``out``
        add_rows(xp, out.reshape(size, prod(kept)), flat, values)
        return
    total = xp.zeros((size, prod(kept)), out.dtype)
    add_rows(xp, total, flat, values)
    total = total.reshape(tuple(out.shape[d] for d in dims) + kept)
    out += xp.moveaxis(total, range(len(dims)), dims)


@op()
def index_put(xp, input, values, *indices, accumulate=False):
    """A copy of ``input`` with ``values`` written to (or, with ``accumulate``, added at) the places
    ``indices``.
    """
    out = xp.array(input, order="C")
    put(xp, out, indices, values, accumulate)
    return out


@index_put.writes
def _index_put_into(xp, out, values, *indices, accumulate=False):
    put(xp, out, indices, values, accumulate)


@index_put.vjp_joint
def _index_put_rule(xp, g, needs, indices, accumulate):
    through = g
    if needs[0] and not accumulate:
        through = xp.index_put(g, xp.zeros((), g.dtype), *indices, accumulate=False)
    picked = xp.index(g, *indices) if needs[1] else None
    return (through, picked, *(None for _ in indices))


index_put.shape(lambda input, values, *indices, accumulate=False: input)


# gather and its relatives ------------------------------------------------------------


def _corner(shape, dim):
    """The part of a larger tensor that an index of ``shape`` walks over: its corner, whole along
    ``dim``.
    """
    return tuple([slice(None) if d == dim else slice(n) for d, n in enumerate(shape)])


def walk(input_shape, index_shape, dim) -> None:
    """Check that ``index`` may walk over ``input`` along ``dim``."""
    if len(input_shape) != len(index_shape) and prod(index_shape):
        raise ShapeError(
            "Index tensor must have the same number of dimensions as input tensor: index is "
            f"{list(index_shape)}, input {list(input_shape)}"
        )
    for d, (n, m) in enumerate(zip(index_shape, input_shape)):
        if d != dim and n > m:
            raise ShapeError(
                f"Size does not match at dimension {d} expected index {list(index_shape)} to be no "
                f"larger than self {list(input_shape)} apart from dimension {dim}"
            )


def check_index_dtype(name, index) -> None:
    if prod(index.shape) and str(index.dtype) not in ("torch.int64", "torch.int32"):
        raise DTypeError(f"{name}(): Expected dtype int32/int64 for index, got {index.dtype}")


def columns(xp, array, shape, dim):
    """``array`` as a matrix (walked dimension last) over the corner that an index of ``shape``
    walks.
    """
    return array[_corner(shape, dim)].swapaxes(dim, -1)


@op(where="torch method")
def gather(xp, input, index, *, dim):
    """Pick along ``dim``: for ``dim=0``, y[i, j] = input[index[i, j], j].

    Shape:  input (*), index (no larger than input except along dim) -> as index
    Raises: RuntimeError for an index out of range.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2], [3, 4]]).gather(1, torch.tensor([[0], [1]]))
    tensor([[1],
            [4]])
    """
    if index.ndim == 0 or input.ndim == 0:
        return input.reshape(-1)[index.reshape(-1)].reshape(index.shape)
    check_bounds(xp, index, input.shape[dim], dim, ShapeError)
    if index.size == 0:
        return xp.empty(index.shape, input.dtype)
    return xp.take_along_axis(input[_corner(index.shape, dim)], index, dim)


def _gather_rule(xp, g, index, input_shape, dim):
    return xp.gather_backward(g, index, shape=input_shape, dim=dim)


gather.vjp(input=_gather_rule, index=_WHERE)
gather.shape(lambda input, index, *, dim: index)


@gather.args
def _gather(input, dim, index, *, sparse_grad=False):
    rank = len(input.shape)
    dim = canonical_dim(as_int(dim), rank)
    check_index_dtype("gather", index)
    if (rank and len(index.shape)) or max(rank, 1) != max(len(index.shape), 1):
        walk(input.shape, index.shape, dim)
    return (input, index), {"dim": dim}


@op(node="GatherBackward")
def gather_backward(xp, g, index, *, shape, dim):
    """Zeros of ``shape`` to which ``g`` was added at the places that ``gather`` read."""
    out = xp.zeros(shape, g.dtype)
    scatter_into(xp, out, index, g, dim, "add")
    return out


def _gather_again(xp, g, index, dim):
    return xp.gather(g, index, dim=dim)


gather_backward.vjp(g=_gather_again, index=_WHERE)
gather_backward.shape(lambda g, index, *, shape, dim: shape)


def along(xp, index, dim) -> tuple:
    """NumPy's index for the places that ``index`` names along ``dim``."""
    grid = list(xp.ogrid[tuple([slice(n) for n in index.shape])])
    grid[dim] = index
    return tuple(grid)


def _dense(out, index) -> bool:
    """Whether counting over all of ``out`` is quicker than adding element by element."""
    return out.dtype.kind == "f" and index.size > 64 and 8 * index.size > out.size


def scatter_into(xp, out, index, src, dim, reduce) -> None:
    """Write ``src`` to, or combine it with, ``out`` at ``index`` along ``dim``: reduce is "",
    "add", "multiply", ...
    """
    if index.size == 0:
        return
    if out.ndim == 0 or index.ndim == 0:
        out, index = out.reshape(-1), index.reshape(-1)  # a view: 0-d arrays are contiguous
        if getattr(src, "ndim", None) == 0:
            src = src.reshape(1)
    check_bounds(xp, index, out.shape[dim], dim, ShapeError)
    if getattr(src, "ndim", 0):
        src = src[tuple([slice(n) for n in index.shape])]
    where = along(xp, index, dim)
    if not reduce:
        out[where] = src
    elif reduce == "add" and out.flags.c_contiguous and _dense(out, index):
        flat = xp.ravel_multi_index(xp.broadcast_arrays(*where), out.shape).ravel()
        line = xp.broadcast_to(src, index.shape).reshape(-1)
        out.reshape(-1)[...] += xp.bincount(flat, line, out.size).astype(out.dtype)
    else:
        getattr(xp, reduce).at(out, where, src)


# masks ------------------------------------------------------------


@op(where="torch method inplace")
def masked_fill(xp, input, mask, value):
    """``value`` where ``mask`` is True, ``input`` elsewhere.

    Shape:  mask broadcasts with input; value: a number or a 0-d tensor

    >>> import flambeau as torch
    >>> torch.arange(3).masked_fill(torch.tensor([True, False, True]), 9)
    tensor([9, 1, 9])
    """
    if getattr(value, "dtype", None) != input.dtype:
        value = xp.asarray(value).astype(input.dtype)
    return xp.where(mask, value, input)


@masked_fill.writes
def _masked_fill_into(xp, out, mask, value):
    if broadcast(out.shape, mask.shape) != out.shape:
        raise ShapeError(
            f"output with shape {list(out.shape)} doesn't match the broadcast shape "
            f"{list(broadcast(out.shape, mask.shape))}"
        )
    xp.copyto(out, xp.asarray(value).astype(out.dtype), where=mask)


def _keep(xp, g, mask):
    return xp.where(mask, xp.zeros((), g.dtype), g)


def _taken(xp, g, mask):
    return xp.where(mask, g, xp.zeros((), g.dtype))


masked_fill.vjp(input=_keep, mask=_MASK, value=_taken)
masked_fill.shape(lambda input, mask, value: broadcast(input, mask))


@masked_fill.args
def _masked_fill(input, mask, value):
    if not hasattr(mask, "dtype") or str(mask.dtype) != "torch.bool":
        raise DTypeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype "
            f"{getattr(mask, 'dtype', type(mask).__name__)}"
        )
    if len(getattr(value, "shape", ())):
        raise ShapeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{len(value.shape)} dimension(s)."
        )
    broadcast(input.shape, mask.shape)
    check_number_fits(input, value, "masked_fill")
    return (input, mask, value), {}


def check_number_fits(input, value, name) -> None:
    """Refuse a float for an integer tensor, and a complex number for a real one."""
    kind = input.dtype
    number = not hasattr(value, "dtype")
    is_complex = isinstance(value, complex) if number else value.dtype.is_complex
    is_float = isinstance(value, float) if number else value.dtype.is_floating_point
    if (is_complex and not kind.is_complex) or (is_float and kind.category < 2):
        raise DTypeError(
            f"{name}: value cannot be converted to type {kind} without overflow or loss: {value!r}"
        )


@op(where="torch method")
def masked_select(xp, input, mask):
    """The elements of ``input`` where ``mask`` is True, in a 1-d tensor.

    >>> import flambeau as torch
    >>> torch.tensor([1, 2, 3]).masked_select(torch.tensor([True, False, True]))
    tensor([1, 3])
    """
    if mask.shape != input.shape:
        input, mask = xp.broadcast_arrays(input, mask)
    return input[mask].reshape(-1)


def _masked_select_rule(xp, g, mask, input_shape):
    return xp.masked_select_backward(g, mask, shape=broadcast(input_shape, mask.shape))


masked_select.vjp(input=_masked_select_rule, mask=_MASK)
masked_select.shape(DATA_DEPENDENT)


@masked_select.args
def _masked_select(input, mask):
    if not hasattr(mask, "dtype") or str(mask.dtype) != "torch.bool":
        raise DTypeError(
            f"masked_select: expected BoolTensor for mask, got {getattr(mask, 'dtype', type(mask))}"
        )
    broadcast(input.shape, mask.shape)
    return (input, mask), {}


@op(node="MaskedSelectBackward")
def masked_select_backward(xp, g, mask, *, shape):
    """Zeros of ``shape`` with the elements of ``g`` where ``mask`` is True."""
    out = xp.zeros(shape, g.dtype)
    out[xp.broadcast_to(mask, shape)] = g
    return out


masked_select_backward.vjp(g=lambda xp, g, mask: xp.masked_select(g, mask), mask=_MASK)
masked_select_backward.shape(lambda g, mask, *, shape: shape)
