"""Distances of all pairs of rows."""

from __future__ import annotations

from .registry import broadcast_shape, op


@op(node="Cdist")
def euclidean_pairs(xp, x1, x2, *, by_product):
    """|x1_i - x2_j|; by product: the root of |x1_i|^2 + |x2_j|^2 - 2 x1_i x2_j, with less work."""
    if not by_product:
        apart = xp.expand_dims(x1, -2) - xp.expand_dims(x2, -3)
        return xp.sqrt(xp.sum(apart * apart, axis=-1))
    product = xp.matmul(x1, xp.swapaxes(x2, -1, -2))
    a = xp.sum(x1 * x1, axis=-1, keepdims=True)
    b = xp.expand_dims(xp.sum(x2 * x2, axis=-1), -2)
    return xp.sqrt(xp.maximum(a + b - 2 * product, 0))


@euclidean_pairs.shape
def _(x1, x2, by_product):
    return broadcast_shape(x1[:-2], x2[:-2]) + (x1[-2], x2[-2])


def _pull(xp, weight, mine, other):
    """sum over j of weight_ij (mine_i - other_j)."""
    return xp.sum(weight, axis=-1, keepdims=True) * mine - xp.matmul(weight, other)


def _weight(xp, g, y):
    """g / distance, and 0 where two rows coincide."""
    near = y == 0
    return xp.where(near, 0, g / xp.where(near, 1, y))


euclidean_pairs.vjp(
    x1=lambda xp, g, y, x1, x2: _pull(xp, _weight(xp, g, y), x1, x2),
    x2=lambda xp, g, y, x1, x2: _pull(xp, xp.swapaxes(_weight(xp, g, y), -1, -2), x2, x1),
)
