"""Sorting, distinct elements, and searching in sorted sequences."""

from __future__ import annotations

from operator import index as as_int

import numpy as np

from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.ops.registry import OPS, canonical_dim
from flambeau.tensor.api import export, torch
from flambeau.tensor.dispatch import dispatch
from flambeau.tensor.tensor import Tensor

from .return_types import return_type

_PAIR = ("values", "indices")


def _dim(input, dim) -> int:
    return canonical_dim(as_int(dim), input.ndim)


@export("torch method")
def sort(input, *args, dim=-1, descending=False, stable=False):
    """The elements in order along ``dim``, and where each came from; equal ones keep their order,
    NaN counts as largest.

    >>> import flambeau as torch
    >>> torch.tensor([3, 1, 2]).sort().indices
    tensor([1, 2, 0])
    """
    if args and isinstance(args[0], bool):
        raise TypeError("sort() takes stable only by name: sort(dim, descending, stable=True)")
    if args:
        dim = args[0]
    if len(args) > 1:
        descending = args[1]
    params = {"dim": _dim(input, dim), "descending": bool(descending)}
    return return_type("sort", *_PAIR)(*dispatch(OPS["sort"], (input,), params))


@export("torch method")
def argsort(input, dim=-1, descending=False, stable=False):
    """The indices that sort ``input`` along ``dim``.

    >>> import flambeau as torch
    >>> torch.tensor([3, 1, 2]).argsort()
    tensor([1, 2, 0])
    """
    params = {"dim": _dim(input, dim), "descending": bool(descending)}
    return dispatch(OPS["argsort"], (input,), params)


@export("torch method")
def msort(input):
    """``sort`` along the first dimension; the values only."""
    return input.sort(0).values


@export("torch method")
def topk(input, k, dim=-1, largest=True, sorted=True):
    """The ``k`` largest (or smallest) values along ``dim`` in order, and where they are.

    >>> import flambeau as torch
    >>> torch.tensor([1, 5, 3]).topk(2).values
    tensor([5, 3])
    """
    dim, k = _dim(input, dim), as_int(k)
    if not 0 <= k <= (input.shape[dim] if input.ndim else 1):
        raise ShapeError(
            f"selected index k out of range: k={k} for size {list(input.shape)} along dim {dim}"
        )
    params = {"k": k, "dim": dim, "largest": bool(largest)}
    return return_type("topk", *_PAIR)(*dispatch(OPS["topk"], (input,), params))


def _one(name, input, dim, keepdim, **params):
    """A value along ``dim`` and its place, found with the dimension kept."""
    dim = _dim(input, dim)
    if input.ndim and not input.shape[dim]:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
    found = dispatch(OPS[name], (input,), {**params, "dim": dim})
    if not keepdim and input.ndim:
        found = tuple(t.squeeze(dim) for t in found)
    return return_type(name, *_PAIR)(*found)


@export("torch method")
def kthvalue(input, k, dim=-1, keepdim=False):
    """The ``k``-th smallest value along ``dim`` (counted from 1), and where it is.

    >>> import flambeau as torch
    >>> torch.tensor([3., 1., 2.]).kthvalue(2).values
    tensor(2.)
    """
    k = as_int(k)
    if not 1 <= k <= (input.shape[_dim(input, dim)] if input.ndim else 1):
        raise ShapeError(f"kthvalue(): selected number k out of range for dimension {dim}: k={k}")
    return _one("kthvalue", input, dim, keepdim, k=k)


@export("torch method")
def mode(input, dim=-1, keepdim=False):
    """The most frequent value along ``dim`` (the smallest of several), and a place where it is.

    >>> import flambeau as torch
    >>> torch.tensor([1, 2, 2]).mode().values
    tensor(2)
    """
    return _one("mode", input, dim, keepdim)


def _distinct(name, input, dim, return_inverse, return_counts):
    dim = None if dim is None else _dim(input, dim)
    values, inverse, counts = dispatch(OPS[name], (input,), {"dim": dim})
    found = (values, *((inverse,) * bool(return_inverse)), *((counts,) * bool(return_counts)))
    return found if len(found) > 1 else values


@export("torch method")
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The distinct elements (or slices along ``dim``) in order; also where each element went, and
    how many of each.

    >>> import flambeau as torch
    >>> torch.tensor([2, 1, 2]).unique(return_counts=True)
    (tensor([1, 2]), tensor([1, 2]))
    """
    return _distinct("unique", input, dim, return_inverse, return_counts)


@export("torch method")
def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The elements (or slices along ``dim``) that differ from the one before; also the run of each,
    and the runs' lengths.

    >>> import flambeau as torch
    >>> torch.tensor([1, 1, 2, 1]).unique_consecutive()
    tensor([1, 2, 1])
    """
    return _distinct("unique_consecutive", input, dim, return_inverse, return_counts)


@export("torch method")
def nonzero(input, *, as_tuple=False):
    """The indices of the elements that are not zero: one a row, or with ``as_tuple`` a vector for
    each dimension.

    >>> import flambeau as torch
    >>> torch.tensor([0, 5, 6]).nonzero()
    tensor([[1],
            [2]])
    """
    if not as_tuple:
        return dispatch(OPS["argwhere"], (input,), {})
    if not input.ndim:
        input = input.unsqueeze(0)
    return dispatch(OPS["argwhere"], (input,), {}).unbind(1)


torch.argwhere = Tensor.argwhere


@export("torch method")
def isin(elements, test_elements, *, assume_unique=False, invert=False):
    """Whether each element is among ``test_elements``.

    >>> import flambeau as torch
    >>> torch.isin(torch.tensor([1, 2]), torch.tensor([2, 3]))
    tensor([False,  True])
    """
    found = dispatch(OPS["isin"], (torch.as_tensor(elements), torch.as_tensor(test_elements)), {})
    return ~found if invert else found


def _search(name, sequence, values, out_int32, side):
    dtype = np.dtype(np.int32 if out_int32 else np.int64)
    params = {"side": side, "dtype": dtype}
    number = not isinstance(values, Tensor)
    if number:
        values = torch.tensor(values, dtype=torch.result_type(sequence, values))
    if sequence.ndim == 0:
        raise ShapeError(f"torch.{name}(): boundaries tensor should have positive dimension, got 0")
    if sequence.ndim > 1:
        if number or sequence.shape[:-1] != values.shape[:-1]:
            raise ShapeError(
                f"torch.{name}(): boundaries tensor should be 1 dimension or the first N-1 "
                f"dimensions of boundaries tensor and input value tensor must match, but we got "
                f"boundaries tensor {list(sequence.shape)} and input value tensor "
                f"{list(values.shape)}"
            )
    return dispatch(OPS["searchsorted"], (sequence, values), params)


@export("torch")
def searchsorted(sorted_sequence, input=None, *, out_int32=False, right=False, side=None,
                 sorter=None, self=None):  # fmt: skip
    """Where each value of ``input`` goes into the (innermost dimension of the) sorted sequence:
    before equal ones, or after them.

    >>> import flambeau as torch
    >>> torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 4]))
    tensor([1, 2])
    """
    values = self if input is None else input
    if side not in (None, "left", "right"):
        raise ArgumentError(
            f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
        )
    if side == "left" and right:
        raise ArgumentError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left "
            "while right was True"
        )
    if isinstance(values, Tensor) and values.dtype is not sorted_sequence.dtype:
        raise DTypeError(
            "torch.searchsorted(): boundary tensor and input value tensor should have same dtype, "
            f"but got boundary tensor dtype {sorted_sequence.dtype} and input value tensor dtype "
            f"{values.dtype}"
        )
    if sorter is not None:
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    side = "right" if right or side == "right" else "left"
    return _search("searchsorted", sorted_sequence, values, out_int32, side)


@export("torch")
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """The interval between ``boundaries``, a sorted vector, in which each value lies.

    >>> import flambeau as torch
    >>> torch.bucketize(torch.tensor([3, 6]), torch.tensor([1, 3, 5]))
    tensor([1, 3])
    """
    if boundaries.ndim != 1:
        raise ShapeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return _search("bucketize", boundaries, input, out_int32, "right" if right else "left")


@export("torch method")
def histogram(input, bins, *, range=None, weight=None, density=False):
    """Counts (or sums of ``weight``) of the elements in intervals, and the intervals' edges."""
    flat = input.reshape(-1)
    if isinstance(bins, Tensor):
        edges = bins.clone()
    else:
        low, high = range if range is not None else (flat.min().item(), flat.max().item())
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges = torch.linspace(low, high, bins + 1, dtype=input.dtype, device=input.device)
    n = edges.numel() - 1
    place = torch.searchsorted(edges, flat, right=True) - 1
    place = torch.where(flat == edges[-1], n - 1, place)
    inside = (place >= 0) & (place < n)
    weights = None if weight is None else weight.reshape(-1)[inside]
    hist = torch.bincount(place[inside], weights, minlength=n).to(input.dtype)
    if density:
        hist = hist / (hist.sum() * edges.diff())
    return return_type("histogram", "hist", "bin_edges")(hist, edges)
