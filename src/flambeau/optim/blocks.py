"""What formulas of updates are written with: blocks that stay in the cache, averages in place.

One update is many elementwise steps; done on whole arrays, each step would fetch its operands from
main memory. `blocks` cuts the arrays of one parameter into pieces that fit in the cache, so that
memory is read and written once an update.
"""

from __future__ import annotations

BLOCK = 32768  # elements: six float32 blocks are three quarters of a one-megabyte cache


def blocks(xp, *arrays):
    """Yield the arrays (of one shape, or None) piece by piece, each time with two spare ones.

    Complex arrays are given as real ones with a last axis of two. The spare arrays hold rubbish.
    """
    arrays = tuple([a if a is None or a.dtype.kind != "c" else as_real(a) for a in arrays])
    first = arrays[0]
    if first.size <= BLOCK or not all(a is None or a.flags.c_contiguous for a in arrays):
        yield (*arrays, xp.empty_like(first), xp.empty_like(first))
        return
    flat = [None if a is None else a.reshape(-1) for a in arrays]
    spare = [xp.empty(BLOCK, first.dtype) for _ in range(2)]
    for start in range(0, first.size, BLOCK):
        pieces = [None if a is None else a[start : start + BLOCK] for a in flat]
        n = pieces[0].size
        yield (*pieces, *(spare if n == BLOCK else [s[:n] for s in spare]))


def as_real(array):
    """The real and imaginary parts of a complex array, as a view with one more axis."""
    return array[..., None].view(array.real.dtype)


def lerp(xp, average, value, weight, out):
    """Move `average` towards `value` by the fraction `weight`, in place; `out` is spare."""
    xp.subtract(value, average, out=out)
    out *= weight
    average += out


def add_square(xp, average, value, decay, rest, out):
    """`average = decay * average + rest * value ** 2`, in place; `out` is spare."""
    average *= decay
    xp.multiply(value, value, out=out)
    out *= rest
    average += out
