"""Padding, and windows as columns (im2col): each beside its adjoint."""

from __future__ import annotations

from flambeau.core.errors import ShapeError

from .registry import op


@op(node="ConstantPadNd")
def pad_constant(xp, input, *, pads, value):
    """``input`` with (before, after) elements of ``value`` on each axis; negative numbers cut
    off.
    """
    size = _padded(input.shape, pads)
    y = xp.full(size, value, input.dtype)
    source = tuple([slice(max(0, -lo), s - max(0, -hi)) for s, (lo, hi) in zip(input.shape, pads)])
    target = tuple([slice(max(0, lo), s - max(0, hi)) for s, (lo, hi) in zip(size, pads)])
    y[target] = input[source]
    return y


pad_constant.vjp(
    input=lambda xp, g, pads: xp.pad_constant(
        g, pads=tuple([(-lo, -hi) for lo, hi in pads]), value=0
    )
)
pad_constant.shape(lambda input, *, pads, value: _padded(input, pads))


def _padded(shape, pads):
    size = tuple([s + lo + hi for s, (lo, hi) in zip(shape, pads)])
    if size and min(size) < 0:
        axis = next(i for i, s in enumerate(size) if s < 0)
        raise ShapeError(
            f"The input size {shape[axis]}, plus negative padding {pads[axis][0]} and "
            f"{pads[axis][1]} "
            f"resulted in a negative output size, which is invalid. Check dimension {axis} of "
            "your input."
        )
    return size


_KINDS = {"reflect": "ReflectionPad", "replicate": "ReplicationPad", "circular": "CircularPad"}


@op(node=lambda params: f"{_KINDS[params['mode']]}{len(params['pads'])}D")
def pad_inside(xp, input, *, pads, mode):
    """The last axes lengthened by (before, after) elements copied from inside: reflect, replicate,
    circular.
    """
    return xp.pad_border(input, pads, mode)


@op(node="PadBackward")
def pad_inside_fold(xp, grad, *, pads, mode):
    """The adjoint of ``pad_inside``."""
    return xp.fold_border(grad, pads, mode)


pad_inside.vjp(input=lambda xp, g, pads, mode: xp.pad_inside_fold(g, pads=pads, mode=mode))
pad_inside_fold.vjp(grad=lambda xp, g, pads, mode: xp.pad_inside(g, pads=pads, mode=mode))


@pad_inside.shape
def _(input, *, pads, mode):
    kept = len(input) - len(pads)
    return (*input[:kept], *[s + lo + hi for s, (lo, hi) in zip(input[kept:], pads)])


@pad_inside_fold.shape
def _(grad, *, pads, mode):
    kept = len(grad) - len(pads)
    return (*grad[:kept], *[s - lo - hi for s, (lo, hi) in zip(grad[kept:], pads)])


@op(node="Im2Col")
def im2col(xp, input, *, kernel, stride, padding, dilation, out):
    """Windows of (N, C, *S) as columns (N, C * prod(kernel), prod(out))."""
    return xp.unfold_windows(input, kernel, stride, padding, dilation, out)


@op(node="Col2Im")
def col2im(xp, input, *, size, kernel, stride, padding, dilation, out):
    """The adjoint of ``im2col``: overlapping windows add up."""
    return xp.fold_windows(input, size, kernel, stride, padding, dilation, out)


im2col.vjp(
    input=lambda xp, g, input_shape, kernel, stride, padding, dilation, out: xp.col2im(
        g, size=tuple(input_shape[2:]), kernel=kernel, stride=stride, padding=padding,
        dilation=dilation, out=out,
    )
)  # fmt: skip
col2im.vjp(
    input=lambda xp, g, kernel, stride, padding, dilation, out: xp.im2col(
        g, kernel=kernel, stride=stride, padding=padding, dilation=dilation, out=out
    )
)


@im2col.shape
def _(input, *, kernel, out, **_params):
    taps = cells = 1
    for k, o in zip(kernel, out):
        taps, cells = taps * k, cells * o
    return (input[0], input[1] * taps, cells)


@col2im.shape
def _(input, *, size, kernel, **_params):
    taps = 1
    for k in kernel:
        taps *= k
    return (input[0], input[1] // taps, *size)
