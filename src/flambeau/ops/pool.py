"""Pooling: the largest element or the sum of each window."""

from __future__ import annotations

from flambeau.core.errors import ShapeError

from .registry import STOPS, op

CHOICE = "which element was largest does not vary"


def pooled_size(size, kernel, stride, padding, dilation, ceil_mode):
    """How many windows fit along each dimension; with ``ceil_mode`` also one that starts inside and
    ends beyond.
    """
    found = []
    for s, k, t, p, d in zip(size, kernel, stride, padding, dilation):
        room = s + 2 * p - d * (k - 1) - 1
        n = (-(-room // t) if ceil_mode else room // t) + 1
        if ceil_mode and (n - 1) * t >= s + p:
            n -= 1
        found.append(n)
    if min(found) < 1:
        raise ShapeError(
            f"Given input size: ({'x'.join(map(str, size))}). Calculated output size: "
            f"({'x'.join(map(str, found))}). Output size is too small: the windows of {kernel} do "
            "not "
            "fit. Use smaller windows, padding, or larger images"
        )
    return tuple(found)


@op(node=lambda params: f"MaxPool{len(params['kernel'])}DWithIndices")
def max_windows(xp, input, *, kernel, stride, padding, dilation, ceil_mode):
    """The largest element of each window, and the number of its tap (row-major in the window)."""
    out = pooled_size(input.shape[2:], kernel, stride, padding, dilation, ceil_mode)
    return xp.window_maxima(input, kernel, stride, padding, dilation, out)


max_windows.vjp(
    input=lambda xp, g, y1, input_shape, kernel, stride, padding, dilation: xp.max_pool_spread(
        g, y1, size=input_shape, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    )
)


@max_windows.shape
def _(input, *, kernel, stride, padding, dilation, ceil_mode):
    out = pooled_size(input[2:], kernel, stride, padding, dilation, ceil_mode)
    return (*input[:2], *out), (*input[:2], *out)


max_windows.dtypes("same", "int64")


@op(node="MaxPoolBackward")
def max_pool_spread(xp, grad, chosen, *, size, kernel, stride, padding, dilation):
    """The adjoint of ``max_pool_pick``: each window's number is added where its chosen tap lies."""
    return xp.spread_windows(grad, chosen, size, kernel, stride, padding, dilation)


max_pool_spread.vjp(
    grad=lambda xp, g, chosen, kernel, stride, padding, dilation: xp.max_pool_pick(
        g, chosen, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    ),
    chosen=STOPS(CHOICE),
)


@max_pool_spread.shape
def _(grad, chosen, *, size, **_params):
    return size


@op(node="MaxPoolPick")
def max_pool_pick(xp, input, chosen, *, kernel, stride, padding, dilation):
    """The element under each window's chosen tap."""
    return xp.pick_windows(input, chosen, kernel, stride, padding, dilation)


max_pool_pick.vjp(
    input=lambda xp, g, chosen, input_shape, kernel, stride, padding, dilation: xp.max_pool_spread(
        g,
        chosen,
        size=input_shape,
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
    ),
    chosen=STOPS(CHOICE),
)


@max_pool_pick.shape
def _(input, chosen, **_params):
    return chosen


@op()
def max_pool_indices(xp, chosen, *, size, kernel, stride, padding, dilation):
    """Taps as positions in the flattened plane of ``size``, which is what PyTorch calls the
    indices.
    """
    return xp.window_indices(chosen, size, kernel, stride, padding, dilation)


max_pool_indices.vjp(chosen=STOPS(CHOICE))
max_pool_indices.shape(lambda chosen, **_params: chosen)
max_pool_indices.dtypes("int64")
