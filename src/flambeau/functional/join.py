"""Joining tensors, and repeating them."""

from __future__ import annotations

import itertools
from operator import index as as_int

from flambeau.core.dtypes import int32, int64
from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.ops.registry import OPS, canonical_dim
from flambeau.ops.view import broadcast, sizes
from flambeau.tensor.api import export, torch
from flambeau.tensor.dispatch import dispatch
from flambeau.tensor.layout import contiguous_format
from flambeau.tensor.tensor import Tensor


def _list(tensors) -> list:
    """Tensors given one by one or as a list."""
    if len(tensors) == 1 and isinstance(tensors[0], list | tuple):
        return list(tensors[0])
    return list(tensors)


def _each(name, rank, widen):
    def function(*tensors):
        found = [widen(t) if t.ndim < rank else t for t in _list(tensors)]
        single = len(tensors) == 1 and isinstance(tensors[0], Tensor)
        return found[0] if single else tuple(found)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Each tensor with at least {rank} dimension(s)."
    export("torch")(function)


def _widen2(t):
    return t.reshape((1, 1)) if not t.ndim else t.unsqueeze(0)


def _widen3(t):
    if not t.ndim:
        return t.reshape((1, 1, 1))
    return t.unsqueeze(0).unsqueeze(-1) if t.ndim == 1 else t.unsqueeze(-1)


_each("atleast_1d", 1, lambda t: t.reshape((1,)))
_each("atleast_2d", 2, _widen2)
_each("atleast_3d", 3, _widen3)


def _needs_some(name, tensors) -> list:
    tensors = list(tensors)
    if not tensors:
        raise ShapeError(f"{name} expects a non-empty TensorList")
    return tensors


@export("torch")
def hstack(tensors):
    """Join side by side: along dimension 1, vectors along 0.

    >>> import flambeau as torch
    >>> torch.hstack((torch.tensor([1]), torch.tensor([2, 3])))
    tensor([1, 2, 3])
    """
    tensors = [torch.atleast_1d(t) for t in _needs_some("hstack", tensors)]
    return torch.cat(tensors, 0 if tensors[0].ndim == 1 else 1)


@export("torch", aliases=("row_stack",))
def vstack(tensors):
    """Join on top of each other: vectors become rows.

    >>> import flambeau as torch
    >>> torch.vstack((torch.tensor([1, 2]), torch.tensor([3, 4])))
    tensor([[1, 2],
            [3, 4]])
    """
    return torch.cat([torch.atleast_2d(t) for t in _needs_some("vstack", tensors)], 0)


@export("torch")
def dstack(tensors):
    """Join along dimension 2."""
    return torch.cat([torch.atleast_3d(t) for t in _needs_some("dstack", tensors)], 2)


@export("torch")
def column_stack(tensors):
    """Join along dimension 1; vectors become columns."""
    tensors = _needs_some("column_stack", tensors)
    return torch.hstack([t.reshape((t.numel(), 1)) if t.ndim <= 1 else t for t in tensors])


@export("torch")
def block_diag(*tensors):
    """A matrix with the given matrices along its diagonal, zero elsewhere.

    >>> import flambeau as torch
    >>> torch.block_diag(torch.tensor([[1]]), torch.tensor([2, 3]))
    tensor([[1, 0, 0],
            [0, 2, 3]])
    """
    blocks = [torch.atleast_2d(t) for t in _list(tensors)]
    for at, b in enumerate(blocks):
        if b.ndim > 2:
            raise ShapeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {at} has "
                f"{b.ndim} dimensions"
            )
    if not blocks:
        return torch.zeros(1, 0)
    width = sum(b.shape[1] for b in blocks)
    dtype = torch.result_type(blocks[0], blocks[0])
    for b in blocks[1:]:
        dtype = torch.promote_types(dtype, b.dtype)
    rows, left = [], 0
    for b in blocks:
        h, w = b.shape
        zeros = [b.new_zeros((h, n), dtype=dtype) for n in (left, width - left - w)]
        rows.append(torch.cat([zeros[0], b.to(dtype), zeros[1]], 1))
        left += w
    return torch.cat(rows, 0)


@export("torch")
def meshgrid(*tensors, indexing=None):
    """Grids of coordinates: output k holds vector k along dimension k ("xy": the first two
    swapped).

    >>> import flambeau as torch
    >>> torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4]), indexing="ij")[0]
    tensor([[1, 1],
            [2, 2]])
    """
    tensors = _list(tensors)
    if not tensors:
        raise ShapeError("meshgrid expects a non-empty TensorList")
    if indexing not in (None, "ij", "xy"):
        raise ArgumentError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    for t in tensors:
        if t.ndim > 1:
            raise ShapeError(
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: "
                f"{list(t.shape)}"
            )
        if t.dtype is not tensors[0].dtype:
            raise ArgumentError("torch.meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(tensors) > 1
    if swap:
        tensors[0], tensors[1] = tensors[1], tensors[0]
    shape = tuple(t.numel() for t in tensors)
    grids = []
    for k, t in enumerate(tensors):
        line = (1,) * k + (t.numel(),) + (1,) * (len(tensors) - k - 1)
        grids.append(t.reshape(line).expand(shape))
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


@export("torch")
def cartesian_prod(*tensors):
    """All combinations of one element from each vector, one a row."""
    tensors = _list(tensors)
    if len(tensors) == 1:
        return tensors[0]
    grids = torch.meshgrid(*tensors, indexing="ij")
    return torch.stack([g.reshape((-1,)) for g in grids], 1)


@export("torch")
def combinations(input, r=2, with_replacement=False):
    """All choices of ``r`` elements of a vector, one a row.

    >>> import flambeau as torch
    >>> torch.combinations(torch.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise ArgumentError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(input.numel()), r))
    if not r:
        return input.new_empty(0)
    return input[torch.tensor(rows, dtype=int64, device=input.device).reshape((-1, r))]


@export("torch method")
def tile(input, *dims):
    """``repeat`` where missing leading repeats are 1.

    >>> import flambeau as torch
    >>> torch.tensor([1, 2]).tile(2)
    tensor([1, 2, 1, 2])
    """
    dims = sizes(dims)
    return input.repeat((1,) * (input.ndim - len(dims)) + dims)


@export("torch method")
def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """Each slice along ``dim`` (each element where it is ``None``) repeated, a number of times or
    each its own.

    >>> import flambeau as torch
    >>> torch.tensor([1, 2]).repeat_interleave(2)
    tensor([1, 1, 2, 2])
    """
    if repeats is None:
        return torch.arange(input.numel()).repeat_interleave(input)
    if dim is None:
        input, dim = input.flatten(), 0
    rank = input.ndim
    dim = canonical_dim(as_int(dim), rank)
    if not rank:
        input = input.reshape((1,))
    if isinstance(repeats, Tensor):
        if repeats.dtype not in (int64, int32):
            raise ArgumentError("repeats has to be Long or Int tensor")
        if repeats.ndim > 1:
            raise ShapeError("repeat_interleave only accept 1D vector as repeat")
        n = input.shape[dim]
        if repeats.numel() not in (1, n):
            raise ShapeError(
                f"repeats must have the same size as input along dim, but got repeats.size(0) = "
                f"{repeats.numel()} and input.size({dim}) = {n}"
            )
        if bool((repeats < 0).any()):
            raise ArgumentError("repeats can not be negative")
        repeats = repeats.reshape((-1,)).expand(n)
        found = dispatch(OPS["repeat_interleave_by"], (input, repeats), {"dim": dim})
    else:
        repeats = as_int(repeats)
        if repeats < 0:
            raise ArgumentError("repeats can not be negative")
        shape = tuple(input.shape)
        wide = input.unsqueeze(dim + 1).expand(shape[: dim + 1] + (repeats,) + shape[dim + 1 :])
        joined = shape[:dim] + (shape[dim] * repeats,) + shape[dim + 1 :]
        found = wide.clone(memory_format=contiguous_format).view(joined)
    if output_size is not None and found.shape[dim] != output_size:
        raise ShapeError(f"repeat_interleave: output_size {output_size} is not {found.shape[dim]}")
    return found


@export("torch")
def vander(x, N=None, increasing=False):
    """The matrix of the powers of a vector: columns x^(N-1) ... x, 1 (or 1, x, ... with
    ``increasing``).
    """
    if x.ndim != 1:
        raise ShapeError("x must be a one-dimensional tensor.")
    n = x.numel() if N is None else N
    if n < 0:
        raise ArgumentError("N must be non-negative.")
    dtype = torch.promote_types(x.dtype, int64)
    x = x.to(dtype)
    if n < 2:
        return x.new_ones((x.numel(), n), dtype=dtype)
    ones = x.new_ones((x.numel(), 1), dtype=dtype)
    powers = x.unsqueeze(1).expand(-1, n - 1).cumprod(1)
    found = torch.cat([ones, powers], 1)
    return found if increasing else found.flip(1)


@export("torch method")
def diag(input, diagonal=0):
    """A matrix with a vector on its diagonal, or the diagonal of a matrix (a copy).

    >>> import flambeau as torch
    >>> torch.diag(torch.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    if input.ndim == 1:
        return input.diag_embed(diagonal)
    if input.ndim != 2:
        raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return input.diagonal(diagonal).clone()


@export("torch method")
def diagflat(input, offset=0):
    """A matrix with all elements of ``input`` on its diagonal."""
    return input.reshape((-1,)).diag_embed(offset)


@export("torch method")
def fliplr(input):
    """Dimension 1 in reverse order."""
    if input.ndim < 2:
        raise ShapeError("Input must be >= 2-d.")
    return input.flip(1)


@export("torch method")
def flipud(input):
    """Dimension 0 in reverse order."""
    if input.ndim < 1:
        raise ShapeError("Input must be >= 1-d.")
    return input.flip(0)


@export("torch method")
def take_along_dim(input, indices, dim=None):
    """``gather`` with broadcasting; without ``dim`` from the flattened tensor.

    >>> import flambeau as torch
    >>> x = torch.tensor([[3, 1], [2, 4]])
    >>> x.take_along_dim(x.argsort(1), 1)
    tensor([[1, 3],
            [2, 4]])
    """
    if indices.dtype is not int64:
        raise ArgumentError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype}"
        )
    if dim is None:
        return input.reshape((-1,)).take_along_dim(indices.reshape((-1,)), 0)
    if input.ndim != indices.ndim:
        raise ShapeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    dim = canonical_dim(as_int(dim), input.ndim)
    a, b = list(input.shape), list(indices.shape)
    a[dim], b[dim] = 1, 1
    common = list(broadcast(tuple(a), tuple(b)))
    wide = lambda t: t.expand((*common[:dim], t.shape[dim], *common[dim + 1 :]))
    indices = torch.where(indices < 0, indices + input.shape[dim], indices)
    return wide(input).gather(dim, wide(indices))
