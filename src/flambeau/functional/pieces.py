"""Cutting tensors into pieces."""

from __future__ import annotations

import itertools
from operator import index as as_int

from flambeau.core.errors import ShapeError
from flambeau.ops import pieces
from flambeau.ops.registry import OPS, canonical_dim
from flambeau.ops.view import sizes
from flambeau.tensor.api import export, torch
from flambeau.tensor.dispatch import dispatch
from flambeau.tensor.tensor import Tensor


@export("torch method", aliases=("unsafe_split",))
def split(tensor, split_size_or_sections=None, dim=0, *, split_size=None):
    """Pieces of one size (the last may be smaller), or of the sizes in a list, along ``dim``, as
    views.

    >>> import flambeau as torch
    >>> torch.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    how = split_size if split_size_or_sections is None else split_size_or_sections
    if isinstance(how, tuple | list):
        params = pieces.pieces(tensor.shape, how, dim)
        return dispatch(OPS["split_with_sizes"], (tensor,), params)
    return dispatch(OPS["split"], (tensor,), pieces.equal_pieces(tensor.shape, how, dim))


@export("torch method", aliases=("unsafe_chunk",))
def chunk(input, chunks, dim=0):
    """At most ``chunks`` pieces of equal size along ``dim``, as views.

    >>> import flambeau as torch
    >>> [len(c) for c in torch.arange(5).chunk(2)]
    [3, 2]
    """
    if not input.ndim:
        raise ShapeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = canonical_dim(as_int(dim), input.ndim)
    size = -(-input.shape[dim] // chunks)
    if size == 0:
        params = {"split_sizes": (0,) * chunks, "dim": dim}
        return dispatch(OPS["split_with_sizes"], (input,), params)
    return dispatch(OPS["split"], (input,), pieces.equal_pieces(input.shape, size, dim))


@export("torch method")
def tensor_split(input, indices_or_sections=None, dim=0, *, indices=None, sections=None):
    """Pieces cut at given indices, or ``sections`` pieces whose sizes differ by at most one.

    >>> import flambeau as torch
    >>> torch.arange(5).tensor_split(2), torch.arange(5).tensor_split([1, 2])
    ((tensor([0, 1, 2]), tensor([3, 4])), (tensor([0]), tensor([1]), tensor([2, 3, 4])))
    """
    how = next(h for h in (indices_or_sections, indices, sections) if h is not None)
    if not input.ndim:
        raise ShapeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    dim = canonical_dim(as_int(dim), input.ndim)
    if isinstance(how, Tensor):
        how = how.tolist()
    size = input.shape[dim]
    if isinstance(how, tuple | list):
        cuts = [0, *map(as_int, how), size]
    else:
        if how <= 0:
            raise ShapeError(f"number of sections must be larger than 0, got {how}")
        short, longer = divmod(size, how)
        cuts = [i * short + min(i, longer) for i in range(how + 1)]
    op = OPS["slice"]
    return tuple(
        dispatch(op, op.normalise(input, dim, a, b)[0], op.normalise(input, dim, a, b)[1])
        for a, b in itertools.pairwise(cuts)
    )


def _along(name, dim_of, least):
    def cut(input, indices_or_sections=None, *, indices=None, sections=None):
        how = next(h for h in (indices_or_sections, indices, sections) if h is not None)
        if input.ndim < least:
            raise ShapeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor "
                f"with {input.ndim} dimensions!"
            )
        dim = dim_of(input)
        if isinstance(how, int) and (how <= 0 or input.shape[dim] % how):
            raise ShapeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the "
                f"dimension {input.shape[dim]} is not divisible by the split_size {how}!"
            )
        return input.tensor_split(how, dim)

    cut.__name__ = cut.__qualname__ = name
    cut.__doc__ = f"``tensor_split`` along dimension {dim_of.__doc__}."
    export("torch method")(cut)


def _second(input):
    """1 (0 for vectors)"""
    return 1 if input.ndim > 1 else 0


def _first(input):
    """0"""
    return 0


def _third(input):
    """2"""
    return 2


_along("hsplit", _second, 1)
_along("vsplit", _first, 2)
_along("dsplit", _third, 3)


@export("torch method")
def as_strided(input, size, stride, storage_offset=None):
    """The storage of ``input`` read with any sizes and strides (in elements), from
    ``storage_offset`` on.

    Raises: RuntimeError where the view would leave the storage.

    >>> import flambeau as torch
    >>> torch.arange(4).as_strided((2, 2), (1, 1))
    tensor([[0, 1],
            [1, 2]])
    """
    size, stride = sizes((tuple(size),)), sizes((tuple(stride),))
    here = input.storage_offset()
    offset = here if storage_offset is None else storage_offset
    length = input._storage.buffer.nbytes // input.itemsize
    pieces.check_geometry(size, stride, offset, length)
    params = {"size": size, "stride": stride, "shift": offset - here, "base_stride": input.stride()}
    return dispatch(OPS["as_strided"], (input,), params)


Tensor.real = property(
    lambda input: input if not input.is_complex() else torch.real(input),
    lambda input, value: torch.real(input).copy_(torch.as_tensor(value)),
)
Tensor.imag = property(
    lambda input: torch.imag(input),
    lambda input, value: torch.imag(input).copy_(torch.as_tensor(value)),
)
