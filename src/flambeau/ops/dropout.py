"""Masks of dropout, drawn from the counter-based random stream."""

from __future__ import annotations

from math import prod

from .registry import STOPS, op


@op()
def dropout_mask(xp, seed, offset, *, shape, p, dtype):
    """1 / (1 - p) with probability 1 - p, else 0, independently at each position; 32 random bits
    each.
    """
    n = prod(shape)
    bits = xp.philox(seed, offset, words(n)).view(xp.uint32)[:n].reshape(shape)
    keep = bits >= xp.uint32(min(round(p * 2**32), 2**32 - 1))
    return xp.multiply(keep, 1.0 / (1.0 - p) if p < 1 else 0.0, dtype=dtype)


dropout_mask.vjp(seed=STOPS("a seed"), offset=STOPS("a position in the stream"))
dropout_mask.shape(lambda seed, offset, *, shape, p, dtype: shape)


def words(n: int) -> int:
    """How many 64-bit words of the stream ``n`` mask elements take."""
    return -(-n // 2)
