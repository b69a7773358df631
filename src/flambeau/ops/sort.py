"""Order: sort, topk, kthvalue, mode, unique, searching in sorted sequences, counting. NaN is larger
than every number.
"""

from __future__ import annotations

from operator import index as as_int

from flambeau.core.errors import ArgumentError, DTypeError, ShapeError

from .registry import DATA_DEPENDENT, STOPS, canonical_dim, op

_NONE = STOPS("an order has no derivative")


def _picked(xp, g, y1, input_shape, dim):
    """The cotangent of values picked along ``dim``, added where ``y1``, their indices, says."""
    if not input_shape:
        return xp.reshape(g, ())
    return xp.gather_backward(g, y1, shape=input_shape, dim=dim)


def order(xp, input, dim, descending):
    """Indices that sort stably along ``dim``; equal elements keep their order in both
    directions.
    """
    if not descending:
        return xp.argsort(input, dim, kind="stable")
    # stable and descending: sort the reversed sequence and turn the result round
    n = input.shape[dim]
    return n - 1 - xp.flip(xp.argsort(xp.flip(input, dim), dim, kind="stable"), dim)


@op()
def sort(xp, input, *, dim, descending):
    """Values in order along ``dim``, and where they came from."""
    if input.dtype.kind == "c":
        raise DTypeError("Sort does not support complex dtypes on CPU")
    if not input.ndim:
        return input.copy(), xp.zeros((), xp.int64)
    indices = order(xp, input, dim, descending)
    return xp.take_along_axis(input, indices, dim), indices


sort.vjp(input=_picked)
sort.shape(lambda input, *, dim, descending: (input, input))


@op()
def topk(xp, input, *, k, dim, largest):
    """The ``k`` largest (or smallest) values along ``dim`` in order, and where they are."""
    if not input.ndim:
        return input.copy(), xp.zeros((), xp.int64)
    n = input.shape[dim]
    if k * 8 < n and input.dtype.kind != "b":
        rows = xp.moveaxis(input, dim, -1)
        edge = n - k if largest else k - 1
        part = xp.argpartition(rows, max(edge, 0), -1)[..., -k or n :] if largest else None
        if not largest:
            part = xp.argpartition(rows, max(edge, 0), -1)[..., :k]
        part = xp.sort(part, -1)
        values = xp.take_along_axis(rows, part, -1)
        within = order(xp, values, -1, largest)
        indices = xp.moveaxis(xp.take_along_axis(part, within, -1), -1, dim)
    else:
        indices = order(xp, input, dim, largest)
        indices = indices[(slice(None),) * dim + (slice(k),)]
    indices = xp.ascontiguousarray(indices)
    return xp.take_along_axis(input, indices, dim), indices


topk.vjp(input=_picked)


@topk.shape
def _topk_shape(input, *, k, dim, largest):
    found = input[:dim] + (k,) + input[dim + 1 :] if input else ()
    return (found, found)


@op()
def kthvalue(xp, input, *, k, dim):
    """The ``k``-th smallest value along ``dim`` and where it is, with that dimension of size 1."""
    if not input.ndim:
        return input.copy(), xp.zeros((), xp.int64)
    at = xp.argsort(input, dim, kind="stable")
    indices = xp.take(at, [k - 1], dim)
    return xp.take_along_axis(input, indices, dim), indices


kthvalue.vjp(input=_picked)
kthvalue.shape(lambda input, *, k, dim: (input[:dim] + (1,) * bool(input) + input[dim + 1 :],) * 2)


@op()
def mode(xp, input, *, dim):
    """The most frequent value along ``dim`` (the smallest of several) and the last place where it
    is; dimension of size 1.
    """
    if not input.ndim:
        return input.copy(), xp.zeros((), xp.int64)
    rows = xp.moveaxis(input, dim, -1)
    ordered = xp.sort(rows, -1)
    n = rows.shape[-1]
    new = xp.ones(ordered.shape, bool)
    new[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    at = xp.arange(n)
    start = xp.maximum.accumulate(xp.where(new, at, 0), -1)
    best = xp.argmax(at - start, -1)[..., None]  # the first place where the longest run is complete
    values = xp.take_along_axis(ordered, best, -1)
    same = rows == values
    indices = n - 1 - xp.argmax(xp.flip(same, -1), -1)[..., None]
    return xp.moveaxis(values, -1, dim).copy(), xp.moveaxis(indices, -1, dim).copy()


mode.vjp(input=_picked)
mode.shape(lambda input, *, dim: (input[:dim] + (1,) * bool(input) + input[dim + 1 :],) * 2)


@op()
def argsort(xp, input, *, dim, descending):
    """Indices that sort along ``dim``."""
    if not input.ndim:
        return xp.zeros((), xp.int64)
    return order(xp, input, dim, descending)


argsort.vjp(input=_NONE)
argsort.shape(lambda input, *, dim, descending: input)
argsort.dtypes("int64")
for _op in (sort, topk, kthvalue, mode):
    _op.dtypes("same", "int64")


# Distinct elements ------------------------------------------------------------------------------


@op(node="Unique2")
def unique(xp, input, *, dim):
    """Distinct elements (or slices along ``dim``) in order, the place of each among them, and their
    numbers.
    """
    found = xp.unique(input, return_inverse=True, return_counts=True, axis=dim, equal_nan=False)
    values, inverse, counts = found
    return values, inverse.reshape(input.shape if dim is None else -1), counts


unique.vjp(input=_NONE)
unique.shape(DATA_DEPENDENT)


@op(node="UniqueConsecutive")
def unique_consecutive(xp, input, *, dim):
    """Elements (or slices along ``dim``) that differ from the one before, the run of each element,
    and the lengths of the runs.
    """
    rows = input.reshape(-1) if dim is None else xp.moveaxis(input, dim, 0)
    n = len(rows)
    new = xp.ones(n, bool)
    if n > 1:
        differs = rows[1:] != rows[:-1]
        new[1:] = differs.reshape(n - 1, -1).any(1) if dim is not None else differs
    first = xp.flatnonzero(new)
    inverse = xp.cumsum(new) - 1
    counts = xp.diff(xp.append(first, n))
    values = rows[first] if dim is None else xp.moveaxis(rows[first], 0, dim).copy()
    return values, inverse.reshape(input.shape if dim is None else -1), counts


unique_consecutive.vjp(input=_NONE)
unique_consecutive.shape(DATA_DEPENDENT)


@op(where="method")
def argwhere(xp, input):
    """The indices of the elements that are not zero, one a row."""
    return xp.argwhere(input)


argwhere.vjp(input=_NONE)
argwhere.shape(DATA_DEPENDENT)


@op()
def isin(xp, elements, test_elements):
    """Whether each element is among the test elements."""
    return xp.isin(elements, test_elements)


isin.vjp(elements=_NONE, test_elements=_NONE)
isin.shape(lambda elements, test_elements: elements)
isin.dtypes("bool")


# Sorted sequences and counts --------------------------------------------------------------------


@op()
def searchsorted(xp, sorted_sequence, input, *, side, dtype):
    """Where each value would go into the innermost dimension of a sorted sequence."""
    if sorted_sequence.ndim == 1:
        found = xp.searchsorted(sorted_sequence, input, side)
    else:
        # rows are made one sequence by ranks: the order of all values, with the row's number on top
        rows = sorted_sequence.reshape(-1, sorted_sequence.shape[-1])
        places = input.reshape(len(rows), -1)
        both = xp.concatenate([rows.ravel(), places.ravel()])
        rank = xp.unique(both, return_inverse=True)[1].reshape(-1)
        top = xp.arange(len(rows))[:, None] * (both.size + 1)
        line = (rank[: rows.size].reshape(rows.shape) + top).ravel()
        wanted = (rank[rows.size :].reshape(places.shape) + top).ravel()
        found = xp.searchsorted(line, wanted, side).reshape(places.shape)
        found = (found - xp.arange(len(rows))[:, None] * rows.shape[1]).reshape(input.shape)
    return xp.asarray(found).astype(dtype)


searchsorted.vjp(sorted_sequence=_NONE, input=_NONE)
searchsorted.shape(lambda sorted_sequence, input, **_: input)


@op(where="torch method")
def bincount(xp, input, weights=None, *, minlength):
    """How often each value 0, 1, ... occurs in a vector of integers, or the sum of the ``weights``
    of its occurrences.

    >>> import flambeau as torch
    >>> torch.bincount(torch.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    if input.size and input.min() < 0:
        raise ShapeError("bincount only supports 1-d non-negative integral inputs.")
    found = xp.bincount(input, weights, minlength)
    if weights is not None and weights.dtype == xp.float32:
        found = found.astype(xp.float32)
    return found


bincount.vjp(input=_NONE, weights=_NONE)
bincount.shape(DATA_DEPENDENT)


@bincount.args
def _bincount(input, weights=None, minlength=0):
    if input.dtype.category > 1 or str(input.dtype) == "torch.bool":
        raise NotImplementedError(f'"bincount_cpu" not implemented for {input.dtype}')
    if len(input.shape) != 1:
        raise ShapeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise ArgumentError("minlength should be >= 0")
    if weights is not None and weights.shape != input.shape:
        raise ShapeError("weights should be 1-d and have the same length as input")
    return (input, weights), {"minlength": as_int(minlength)}


@op(where="torch method")
def histc(xp, input, *, bins, min, max):
    """How many elements lie in each of ``bins`` equal intervals of [min, max]; 0 and 0 mean the
    range of the data.

    >>> import flambeau as torch
    >>> torch.histc(torch.tensor([1., 2., 1.]), bins=3, min=0, max=3)
    tensor([0., 2., 1.])
    """
    low, high = min, max
    if low == high and input.size:
        low, high = input.min(), input.max()
    if low == high:
        low, high = low - 1, high + 1
    if not (xp.isfinite(low) and xp.isfinite(high)):
        raise ArgumentError(f"range of [{low}, {high}] is not finite")
    inside = input[(input >= low) & (input <= high)]
    place = ((inside - low) / (high - low) * bins).astype(xp.int64)
    return xp.bincount(xp.minimum(place, bins - 1), minlength=bins).astype(input.dtype)


histc.vjp(input=_NONE)
histc.shape(lambda input, *, bins, min, max: (bins,))


@histc.args
def _histc(input, bins=100, min=0, max=0):
    if bins <= 0:
        raise ArgumentError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if max < min:
        raise ArgumentError("max must be larger than min")
    return (input,), {"bins": as_int(bins), "min": min, "max": max}


def pick_dim(input, dim) -> int:
    """A dimension in canonical form."""
    return canonical_dim(as_int(dim), len(input.shape))
