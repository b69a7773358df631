"""Average pooling, adaptive pooling, and moving elements to and from given positions of a plane."""

from __future__ import annotations

from .pool import pooled_size
from .registry import STOPS, op

POSITIONS = "positions are integers"


@op(node=lambda params: f"AvgPool{len(params['kernel'])}D")
def avg_windows(
    xp, input, *, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """The mean of each window of (N, C, *S)."""
    out = pooled_size(input.shape[2:], kernel, stride, padding, (1,) * len(kernel), ceil_mode)
    total = xp.sum_windows(input, kernel, stride, padding, out)
    divisor = _divisor(
        xp, input.dtype, input.shape[2:], kernel, stride, padding, out, count_include_pad,
        divisor_override,
    )  # fmt: skip
    return xp.astype(total / divisor, input.dtype)


@op(node="AvgPoolBackward")
def avg_windows_spread(
    xp, grad, *, size, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """The adjoint of ``avg_windows``."""
    divisor = _divisor(
        xp, grad.dtype, size[2:], kernel, stride, padding, grad.shape[2:], count_include_pad,
        divisor_override,
    )  # fmt: skip
    return xp.spread_sums(xp.astype(grad / divisor, grad.dtype), size, kernel, stride, padding)


def _divisor(xp, dtype, size, kernel, stride, padding, out, count_include_pad, override):
    if override is not None:
        return override
    counts = xp.window_counts(size, kernel, stride, padding, out, count_include_pad)
    return counts.astype(xp.float64 if dtype.itemsize == 8 else xp.float32)


avg_windows.vjp(
    input=lambda xp, g, input_shape, kernel, stride, padding, ceil_mode, count_include_pad,
    divisor_override: xp.avg_windows_spread(
        g, size=input_shape, kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode,
        count_include_pad=count_include_pad, divisor_override=divisor_override,
    )
)  # fmt: skip
avg_windows_spread.vjp(
    grad=lambda xp, g, kernel, stride, padding, ceil_mode, count_include_pad,
    divisor_override: xp.avg_windows(
        g, kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode,
        count_include_pad=count_include_pad, divisor_override=divisor_override,
    )
)  # fmt: skip
avg_windows_spread.shape(lambda grad, *, size, **_params: size)


@avg_windows.shape
def _(input, *, kernel, stride, padding, ceil_mode, **_params):
    return (
        *input[:2],
        *pooled_size(input[2:], kernel, stride, padding, (1,) * len(kernel), ceil_mode),
    )


@op(node=lambda params: f"AdaptiveAvgPool{len(params['out'])}D")
def adaptive_avg(xp, input, *, out):
    """The mean of each of ``out`` nearly equal cells of (N, C, *S)."""
    return xp.cell_means(input, out)


@op(node="AdaptiveAvgPoolBackward")
def adaptive_avg_spread(xp, grad, *, size):
    """The adjoint of ``adaptive_avg``."""
    return xp.spread_means(grad, size)


adaptive_avg.vjp(input=lambda xp, g, input_shape: xp.adaptive_avg_spread(g, size=input_shape))
adaptive_avg_spread.vjp(
    grad=lambda xp, g, grad_shape: xp.adaptive_avg(g, out=tuple(grad_shape[2:]))
)
adaptive_avg.shape(lambda input, *, out: (*input[:2], *out))
adaptive_avg_spread.shape(lambda grad, *, size: size)


@op(node=lambda params: f"AdaptiveMaxPool{len(params['out'])}D")
def adaptive_max(xp, input, *, out):
    """The largest element of each of ``out`` nearly equal cells of (N, C, *S), and its position in
    its plane.
    """
    return xp.cell_maxima(input, out)


adaptive_max.vjp(
    input=lambda xp, g, y1, input_shape: xp.add_at_positions_op(g, y1, size=input_shape)
)
adaptive_max.shape(lambda input, *, out: ((*input[:2], *out), (*input[:2], *out)))
adaptive_max.dtypes("same", "int64")


@op(node="AddAtPositions")
def add_at_positions_op(xp, grad, positions, *, size):
    """Zeros of ``size`` (N, C, *S) with the numbers added at their positions in each flattened
    plane.
    """
    return xp.add_at_positions(grad, positions, size)


@op(node=lambda params: f"MaxUnpool{len(params['size']) - 2}D")
def put_at_positions(xp, input, positions, *, size):
    """Zeros of ``size`` (N, C, *S) with the numbers put at their positions in each flattened
    plane.
    """
    y = xp.zeros((*size[:2], _cells(size)), input.dtype)
    xp.put_along_axis(y, positions.reshape(*size[:2], -1), input.reshape(*size[:2], -1), 2)
    return y.reshape(size)


@op(node="TakeAtPositions")
def take_at_positions(xp, input, positions):
    """The numbers at the positions of each flattened plane of (N, C, *S)."""
    planes = input.reshape(*input.shape[:2], -1)
    found = xp.take_along_axis(planes, positions.reshape(*planes.shape[:2], -1), 2)
    return found.reshape(positions.shape)


def _cells(size):
    n = 1
    for s in size[2:]:
        n *= s
    return n


add_at_positions_op.vjp(
    grad=lambda xp, g, positions: xp.take_at_positions(g, positions), positions=STOPS(POSITIONS)
)
put_at_positions.vjp(
    input=lambda xp, g, positions: xp.take_at_positions(g, positions), positions=STOPS(POSITIONS)
)
take_at_positions.vjp(
    input=lambda xp, g, positions, input_shape: xp.add_at_positions_op(
        g, positions, size=input_shape
    ),
    positions=STOPS(POSITIONS),
)
add_at_positions_op.shape(lambda grad, positions, *, size: size)
put_at_positions.shape(lambda input, positions, *, size: size)
take_at_positions.shape(lambda input, positions: positions)
