"""Tensors out of nothing: constants, ranges, identity. They have no inputs; dtypes are NumPy
dtypes.
"""

from __future__ import annotations

from .registry import op


@op()
def full(xp, *, size, fill_value, dtype):
    """``fill_value`` everywhere."""
    return xp.full(size, fill_value, dtype)


full.shape(lambda *, size, fill_value, dtype: size)


@op()
def zeros(xp, *, size, dtype):
    """Zeros of the given size."""
    return xp.zeros(size, dtype)


zeros.shape(lambda *, size, dtype: size)


@op()
def empty(xp, *, size, dtype):
    """A tensor of the given size whose memory is left as it comes."""
    return xp.empty(size, dtype)


empty.shape(lambda *, size, dtype: size)


@op()
def arange(xp, *, start, end, step, dtype):
    """start, start + step, ... before ``end``."""
    length = arange_length(start, end, step)
    if dtype.kind in "fc":
        steps = xp.arange(length)
        return (start + steps * step).astype(dtype)
    return xp.asarray(xp.arange(length) * int(step) + int(start)).astype(dtype)


def arange_length(start, end, step) -> int:
    """How many numbers ``arange`` gives: ceil((end - start) / step)."""
    if all(isinstance(n, int) for n in (start, end, step)):
        return max(len(range(start, end, step)), 0)
    quotient = (end - start) / step
    return max(int(-(-quotient // 1)), 0)


arange.shape(lambda *, start, end, step, dtype: (arange_length(start, end, step),))


@op()
def linspace(xp, *, start, end, steps, dtype):
    """``steps`` numbers at equal distances from ``start`` to ``end``, both included."""
    if steps == 1:
        return xp.full(1, start, dtype)
    if dtype.kind in "iu":
        step = (end - start) / (steps - 1)
        at = xp.arange(steps)
        rising = xp.trunc(start + step * at)
        falling = xp.trunc(end - step * (steps - 1 - at))
        return xp.where(at < steps // 2, rising, falling).astype(dtype)
    return xp.linspace(start, end, steps, dtype=dtype)


linspace.shape(lambda *, start, end, steps, dtype: (steps,))


@op()
def logspace(xp, *, start, end, steps, base, dtype):
    """``base`` to the power of ``linspace``."""
    wide = xp.complex128 if dtype.kind == "c" else xp.float64
    powers = xp.linspace(start, end, steps, dtype=wide) if steps != 1 else xp.full(1, start, wide)
    return xp.power(base, powers).astype(dtype)


logspace.shape(lambda *, start, end, steps, base, dtype: (steps,))


@op()
def eye(xp, *, n, m, dtype):
    """Ones on the diagonal, zeros elsewhere."""
    return xp.eye(n, m, dtype=dtype)


eye.shape(lambda *, n, m, dtype: (n, m))


@op()
def tril_indices(xp, *, row, col, offset, dtype):
    """Rows and columns of the elements on and below a diagonal."""
    return xp.stack(xp.tril_indices(row, offset, col)).astype(dtype)


tril_indices.shape(lambda **_: None)


@op()
def triu_indices(xp, *, row, col, offset, dtype):
    """Rows and columns of the elements on and above a diagonal."""
    return xp.stack(xp.triu_indices(row, offset, col)).astype(dtype)


triu_indices.shape(lambda **_: None)
