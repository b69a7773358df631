"""Convolution of float32 and float64, and its two adjoints."""

from __future__ import annotations

import numpy as np

from .library import DOUBLE, FLOAT, empty, empty_last, kernel, rows, runtime


@kernel("convolution", last=True)
def convolution(x, w, bias=None, *, stride, padding, dilation, transposed, output_padding, groups):
    """``ops.conv.convolution``."""
    window = _window(stride, padding, dilation, groups)
    if not _takes(x, w) or not (bias is None or bias.dtype == x.dtype):
        return None
    if transposed:
        made, wanted = w.shape[1] * groups, w.shape[0]
        size = [
            (s - 1) * t - 2 * p + d * (k - 1) + extra + 1
            for s, k, t, p, d, extra in zip(
                x.shape[2:], w.shape[2:], stride, padding, dilation, output_padding
            )
        ]
    else:
        made, wanted = w.shape[0], w.shape[1] * groups
        size = [
            (s + 2 * p - d * (k - 1) - 1) // t + 1
            for s, k, t, p, d in zip(x.shape[2:], w.shape[2:], stride, padding, dilation)
        ]
    if x.shape[1] != wanted or groups < 1 or w.shape[0] % groups or min(size) < 1:
        return None  # the text finds the words
    if bias is not None and bias.shape != (made,):
        return None
    y = empty_last((x.shape[0], made, *size), x.dtype)
    if window is None:
        return None
    shift = None if bias is None else np.ascontiguousarray(bias)
    if transposed:
        runtime.conv_backward_data(rows(x), _planes(w), rows(y), window, shift)
    else:
        runtime.conv_forward(rows(x), _planes(w), shift, rows(y), window)
    return y


@kernel("conv_input_grad", last=True)
def conv_input_grad(g, w, *, size, stride, padding, dilation, groups):
    """``ops.conv.conv_input_grad``."""
    window = _window(stride, padding, dilation, groups)
    if window is None or not _takes(g, w) or not min(size):
        return None
    gx = empty_last(size, g.dtype)
    runtime.conv_backward_data(rows(g), _planes(w), rows(gx), window)
    return gx


@kernel("conv_weight_grad")
def conv_weight_grad(g, x, *, size, stride, padding, dilation, groups):
    """``ops.conv.conv_weight_grad``."""
    window = _window(stride, padding, dilation, groups)
    if window is None or not _takes(g, x) or not min(size):
        return None
    gw = empty(size, g.dtype)
    runtime.conv_backward_weight(rows(x), rows(g), _planes(gw), window)
    return gw


def _takes(x, w) -> bool:
    return (
        (x.dtype == FLOAT or x.dtype == DOUBLE)
        and w.dtype == x.dtype
        and 2 < x.ndim < 6
        and x.size > 0
        and w.size > 0
    )


def _planes(w):
    """Weights (O, C, *K), those of one dimension of space with two."""
    w = w if w.ndim > 3 else w[:, :, None]
    return w if not any(s % w.itemsize for s in w.strides) else w.copy()


def _window(stride, padding, dilation, groups) -> list[int] | None:
    """The numbers as the runtime wants them; ``None`` where one is too large for it."""
    if len(stride) == 1:
        numbers = [1, *stride, 0, *padding, 1, *dilation, groups]
    else:
        numbers = [*stride, *padding, *dilation, groups]
    return numbers if max(numbers) < 1 << 24 else None
