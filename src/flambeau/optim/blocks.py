"""What every update rule is written with: blocks that stay in the cache, the gradient to follow.

A rule is a plain function `rule(xp, params, grads, *states, **numbers)` over lists of arrays. It
loops over the parameters and writes into every list but `grads`. One update is many elementwise
steps; done on whole arrays, each step would fetch its operands from main memory. `blocks` cuts the
arrays of one parameter into pieces that fit in the cache, so that memory is read and written once
an update.
"""

from __future__ import annotations

BLOCK = 32768  # elements: six float32 blocks are three quarters of a one-megabyte cache


def blocks(xp, scratch: int, *arrays):
    """Yield the arrays (of one shape, or None) piece by piece, each time with `scratch` spare ones.

    Complex arrays are given as real ones with a last axis of two. The spare arrays hold rubbish.
    """
    arrays = tuple([a if a is None or a.dtype.kind != "c" else as_real(a) for a in arrays])
    first = arrays[0]
    if first.size <= BLOCK or not all(a is None or a.flags.c_contiguous for a in arrays):
        yield (*arrays, *[xp.empty_like(first) for _ in range(scratch)])
        return
    flat = [None if a is None else a.reshape(-1) for a in arrays]
    spare = [xp.empty(BLOCK, first.dtype) for _ in range(scratch)]
    for start in range(0, first.size, BLOCK):
        pieces = [None if a is None else a[start : start + BLOCK] for a in flat]
        n = pieces[0].size
        yield (*pieces, *(spare if n == BLOCK else [s[:n] for s in spare]))


def as_real(array):
    """The real and imaginary parts of a complex array, as a view with one more axis."""
    return array[..., None].view(array.real.dtype)


def descent(xp, p, g, out, maximize, weight_decay):
    """The gradient of what is minimised: `g`, negated to maximise, plus `weight_decay * p`.

    It is `g` itself where nothing changes it, else it is written to `out`.
    """
    if weight_decay == 0:
        return xp.negative(g, out=out) if maximize else g
    xp.multiply(p, weight_decay, out=out)
    return xp.subtract(out, g, out=out) if maximize else xp.add(out, g, out=out)


def lerp(xp, average, value, weight, out):
    """Move `average` towards `value` by the fraction `weight`, in place; `out` is spare."""
    xp.subtract(value, average, out=out)
    out *= weight
    average += out


def add_square(xp, average, value, decay, out):
    """`average = decay * average + (1 - decay) * value ** 2`, in place; `out` is spare."""
    average *= decay
    xp.multiply(value, value, out=out)
    out *= 1 - decay
    average += out
