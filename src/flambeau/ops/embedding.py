"""Rows of a table, and adding to rows: each the other's adjoint."""

from __future__ import annotations

from flambeau.core.errors import DimError

from .registry import STOPS, op


@op(node="Embedding")
def embedding_rows(xp, weight, indices, *, padding_idx=None, scale_grad_by_freq=False):
    """weight[indices]; the gradient of rows at ``padding_idx`` is zero, others may be divided by
    their frequency.
    """
    if indices.size and not 0 <= indices.min() <= indices.max() < weight.shape[0]:
        wrong = indices[(indices < 0) | (indices >= weight.shape[0])].flat[0]
        raise DimError(
            f"index out of range in self: index {wrong} into an embedding of {weight.shape[0]} rows"
        )
    return weight[indices]


def _rows_rule(xp, g, indices, weight_shape, padding_idx, scale_grad_by_freq):
    if padding_idx is not None or scale_grad_by_freq:
        factor = xp.row_factors(indices, padding_idx=padding_idx, scale=scale_grad_by_freq)
        g = g * xp.expand_dims(xp.astype(factor, g.dtype), -1)
    return xp.add_rows(g, indices, size=weight_shape)


embedding_rows.vjp(weight=_rows_rule, indices=STOPS("row numbers"))
embedding_rows.shape(lambda weight, indices, **_params: (*indices, *weight[1:]))


@op(node="EmbeddingDenseBackward")
def add_rows(xp, grad, indices, *, size):
    """Zeros of ``size`` with each row of ``grad`` added to the row that ``indices`` names."""
    flat = indices.reshape(-1)
    rows = grad.reshape(flat.shape[0], -1)
    total = xp.zeros((size[0], rows.shape[1]), grad.dtype)
    if flat.size:
        order = xp.argsort(flat, kind="stable")
        named = flat[order]
        starts = xp.flatnonzero(xp.diff(named, prepend=named[0] - 1))
        total[named[starts]] = xp.add.reduceat(rows[order], starts, axis=0)
    return total.reshape(size)


add_rows.vjp(
    grad=lambda xp, g, indices: xp.embedding_rows(g, indices), indices=STOPS("row numbers")
)
add_rows.shape(lambda grad, indices, *, size: size)


@op()
def row_factors(xp, indices, *, padding_idx, scale):
    """What the gradient of each row is multiplied with: 0 at ``padding_idx``, 1 / frequency with
    ``scale``.
    """
    factor = xp.ones(indices.shape)
    if scale:
        _, which, counts = xp.unique(indices, return_inverse=True, return_counts=True)
        factor = factor / counts[which.reshape(indices.shape)]
    return factor if padding_idx is None else factor * (indices != padding_idx)


row_factors.vjp(indices=STOPS("row numbers"))
row_factors.shape(lambda indices, **_params: indices)
row_factors.dtypes("float64")
