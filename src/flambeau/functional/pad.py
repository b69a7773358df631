"""Padding, windows as columns, and moving channels to space."""

from __future__ import annotations

import math

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.tensor.api import export
from flambeau.tensor.namespace import xp

from .sizes import per_dimension


@export("F")
def pad(input, pad, mode="constant", value=None):
    """Lengthen dimensions; ``pad`` lists (before, after) from the last dimension backwards.

    Shape:  input (*) -> each padded dimension longer by before + after; negative numbers cut off
    Args:   mode: 'constant' (with value, default 0), 'reflect' (border not repeated), 'replicate',
            'circular'. All but 'constant' take 1 to 3 last dimensions of an input with one or two
            dimensions more.
    Raises: RuntimeError if pad does not fit the input.

    >>> import flambeau as torch
    >>> torch.nn.functional.pad(torch.tensor([[1., 2., 3.]]), (1, 2), mode='reflect')
    tensor([[2., 1., 2., 3., 2., 1.]])
    """
    pad = [int(p) for p in pad]
    if len(pad) % 2:
        raise ArgumentError("Padding length must be divisible by 2")
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)][::-1]
    if len(pairs) > input.ndim:
        raise ArgumentError(
            "Padding length should be less than or equal to two times the input dimension but "
            "got padding "
            f"length {len(pad)} and input of dimension {input.ndim}"
        )
    if mode == "constant":
        pads = ((0, 0),) * (input.ndim - len(pairs)) + tuple(pairs)
        return xp.pad_constant(input, pads=pads, value=0 if value is None else value)
    if value is not None and value != 0:
        raise ValueError(f"Padding mode {mode!r} doesn't take in value argument")
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if not 1 <= len(pairs) <= 3 or input.ndim not in (len(pairs) + 1, len(pairs) + 2):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: a pad of "
            f"{len(pad)} numbers takes an input with {len(pairs) + 1} or {len(pairs) + 2} "
            "dimensions, not "
            f"{input.ndim}"
        )
    if mode == "circular" and min(min(pair) for pair in pairs) < 0:
        # What is cut off is gone before the rest goes round.
        cut = [(min(lo, 0), min(hi, 0)) for lo, hi in pairs]
        kept = ((0, 0),) * (input.ndim - len(pairs))
        input = xp.pad_constant(input, pads=(*kept, *cut), value=0)
        pairs = [(max(lo, 0), max(hi, 0)) for lo, hi in pairs]
    _check_inside(input, pairs, mode)
    return xp.pad_inside(input, pads=tuple(pairs), mode=mode)


def _check_inside(input, pairs, mode) -> None:
    for axis, (before, after) in enumerate(pairs, input.ndim - len(pairs)):
        size = input.shape[axis]
        limit = {"reflect": size - 1, "circular": size}.get(mode)
        if limit is not None and max(before, after) > limit:
            raise ArgumentError(
                "Padding size should be less than the corresponding input dimension, but got: "
                "padding "
                f"({before}, {after}) at dimension {axis} of input {list(input.shape)}"
                if mode == "reflect"
                else f"Padding value causes wrapping around more than once: ({before}, {after}) at "
                f"dimension {axis} of input {list(input.shape)}"
            )
        if size + before + after < 1 or (size == 0 and mode != "circular"):
            raise ShapeError(
                f"Expected a non-empty result, but padding ({before}, {after}) at dimension "
                f"{axis} of "
                f"input {list(input.shape)} leaves none"
            )


@export("torch", name="constant_pad_nd")
def _constant_pad_nd(input, pad, value=0):
    """Pad with ``value``: ``torch.nn.functional.pad`` in its default mode."""
    return globals()["pad"](input, pad, "constant", value)


def _grid(size, kernel, stride, padding, dilation):
    return tuple(
        (s + 2 * p - d * (k - 1) - 1) // t + 1
        for s, k, t, p, d in zip(size, kernel, stride, padding, dilation)
    )


def _numbers(kernel_size, dilation, padding, stride):
    kernel = per_dimension(kernel_size, 2, "kernel_size", "input")
    dilation = per_dimension(dilation, 2, "dilation", "input")
    padding = per_dimension(padding, 2, "padding", "input")
    stride = per_dimension(stride, 2, "stride", "input")
    for name, values in (("kernel size", kernel), ("stride", stride), ("dilation", dilation)):
        if min(values) <= 0:
            raise ArgumentError(f"{name} should be greater than zero, but got {values}")
    if min(padding) < 0:
        raise ArgumentError(f"padding should be non-negative, but got {padding}")
    return kernel, dilation, padding, stride


@export("F")
def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of an image as columns: what turns a convolution into a matrix product.

    Shape:  input (N, C, H, W) or (C, H, W) -> (N, C * K * L, number of windows)
    Raises: RuntimeError if no window fits.

    >>> import flambeau as torch
    >>> torch.nn.functional.unfold(torch.arange(4.).reshape(1, 1, 2, 2), (1, 2))
    tensor([[[0., 2.],
             [1., 3.]]])
    """
    kernel, dilation, padding, stride = _numbers(kernel_size, dilation, padding, stride)
    if input.ndim not in (3, 4) or 0 in input.shape[1:]:
        raise ShapeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    out = _grid(input.shape[-2:], kernel, stride, padding, dilation)
    if min(out) < 1:
        raise ShapeError(
            f"Given input with spatial size {tuple(input.shape[-2:])}, kernel_size={kernel}, "
            f"dilation={dilation}, padding={padding}, calculated shape of the array of sliding "
            "blocks as "
            f"{out}, but its components must be at least one."
        )
    batched = input.ndim == 4
    y = xp.im2col(
        input if batched else input.unsqueeze(0), kernel=kernel, stride=stride, padding=padding,
        dilation=dilation, out=out,
    )  # fmt: skip
    return y if batched else y.squeeze(0)


@export("F")
def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The adjoint of ``unfold``: columns are put back as windows of an image, and add up where they
    overlap.

    Shape:  input (N, C * K * L, windows) or (C * K * L, windows) -> (N, C, *output_size)
    Raises: RuntimeError if the numbers do not fit.

    >>> import flambeau as torch
    >>> torch.nn.functional.fold(torch.ones(1, 2, 2), (1, 3), (1, 2))
    tensor([[[[1., 2., 1.]]]])
    """
    size = per_dimension(output_size, 2, "output_size", "input")
    kernel, dilation, padding, stride = _numbers(kernel_size, dilation, padding, stride)
    if input.ndim not in (2, 3):
        raise ShapeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            "non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    out = _grid(size, kernel, stride, padding, dilation)
    if input.shape[-2] % math.prod(kernel):
        raise ShapeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            "but got "
            f"input.size(1)={input.shape[-2]} and kernel_size={kernel}."
        )
    if min(out) < 1 or input.shape[-1] != math.prod(out):
        raise ShapeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={padding}, "
            f"stride={stride}, expected size of input's dimension 2 to match the calculated "
            "number of "
            f"sliding blocks {out[0]} * {out[1]} = {math.prod(out)}, but got "
            f"input.size(2)={input.shape[-1]}."
        )
    batched = input.ndim == 3
    y = xp.col2im(
        input if batched else input.unsqueeze(0), size=size, kernel=kernel, stride=stride,
        padding=padding, dilation=dilation, out=out,
    )  # fmt: skip
    return y if batched else y.squeeze(0)


@export("torch F")
def pixel_shuffle(input, upscale_factor):
    """Rearranges channels to space: (*, C r^2, H, W) -> (*, C, H r, W r).

    Raises: RuntimeError if r^2 does not divide the channels.

    >>> import flambeau as torch
    >>> torch.nn.functional.pixel_shuffle(torch.arange(4.).reshape(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    r = upscale_factor
    if input.ndim < 3:
        raise ShapeError(
            "pixel_shuffle expects input to have at least 3 dimensions, but got input with "
            f"{input.ndim} "
            "dimension(s)"
        )
    if r <= 0:
        raise ArgumentError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *batch, channels, h, w = input.shape
    if channels % (r * r):
        raise ShapeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            "of "
            f"upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    b = len(batch)
    split = input.reshape((*batch, channels // (r * r), r, r, h, w))
    moved = split.permute((*range(b + 1), b + 3, b + 1, b + 4, b + 2))
    y = moved.reshape((*batch, channels // (r * r), h * r, w * r))
    return y.clone() if r == 1 else y  # never a view of the input


@export("torch F")
def pixel_unshuffle(input, downscale_factor):
    """The inverse of ``pixel_shuffle``: (*, C, H r, W r) -> (*, C r^2, H, W).

    Raises: RuntimeError if r does not divide height and width.

    >>> import flambeau as torch
    >>> torch.nn.functional.pixel_unshuffle(torch.arange(4.).reshape(1, 2, 2), 2).flatten()
    tensor([0., 1., 2., 3.])
    """
    r = downscale_factor
    if input.ndim < 3:
        raise ShapeError(
            "pixel_unshuffle expects input to have at least 3 dimensions, but got input with "
            f"{input.ndim} "
            "dimension(s)"
        )
    if r <= 0:
        raise ArgumentError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *batch, channels, h, w = input.shape
    if h % r or w % r:
        raise ShapeError(
            "pixel_unshuffle expects height and width to be divisible by downscale_factor, but got "
            f"{h} x {w} and {r}"
        )
    if r == 1:
        return input.clone()  # never a view of the input
    b = len(batch)
    split = input.reshape((*batch, channels, h // r, r, w // r, r))
    moved = split.permute((*range(b + 1), b + 2, b + 4, b + 1, b + 3))
    return moved.reshape((*batch, channels * r * r, h // r, w // r))


@export("torch F")
def channel_shuffle(input, groups):
    """Interleaves ``groups`` groups of channels: channel g * (C / groups) + i becomes i * groups +
    g.

    Shape: input (N, C, *) -> (N, C, *)

    >>> import flambeau as torch
    >>> torch.nn.functional.channel_shuffle(torch.arange(4.).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    if input.ndim < 3:
        raise ShapeError(
            "channel_shuffle expects input with > 2 dims, but got input with sizes "
            f"{list(input.shape)}"
        )
    n, channels = input.shape[:2]
    if groups <= 0 or channels % groups:
        raise ArgumentError(
            f"Number of channels must be divisible by groups. Got {channels} channels and "
            f"{groups} groups."
        )
    split = input.reshape((n, groups, channels // groups, *input.shape[2:]))
    return split.transpose(1, 2).reshape(input.shape)
