"""Pooling as one calls it."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.tensor.api import export
from flambeau.tensor.namespace import xp
from flambeau.tensor.tensor import Tensor

from .sizes import per_dimension


@export("F")
def max_pool2d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The largest element of each window of an image.

    y[n, c, i, j] = max over k, l of x[n, c, stride i + dilation k - padding, ...]; the gradient
    goes to the first largest.

    Shape:  input (N, C, H, W) or (C, H, W) -> (N, C, H', W'), H' = floor((H + 2 padding - dilation
            (K - 1) - 1) / stride) + 1
    Args:   stride: default kernel_size. padding: with -infinity, at most half the kernel.
            ceil_mode: round H' up. return_indices: also give the positions of the elements in their
            flattened plane, for ``max_unpool2d``.
    Raises: RuntimeError if no window fits.

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.max_pool2d(torch.arange(16.).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    return _max_pool(
        input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 2, "max_pool2d"
    )


@export("F")
def max_pool3d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The largest element of each window of a volume: see ``max_pool2d``.

    Shape: input (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W')

    >>> import flambeau as torch
    >>> torch.nn.functional.max_pool3d(torch.arange(8.).reshape(1, 1, 2, 2, 2), 2).item()
    7.0
    """
    return _max_pool(
        input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 3, "max_pool3d"
    )


@export("F")
def max_pool1d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The largest element of each window of a sequence: see ``max_pool2d``.

    Shape: input (N, C, L) or (C, L) -> (N, C, L')

    >>> import flambeau as torch
    >>> torch.nn.functional.max_pool1d(torch.tensor([[1., 5., 2., 4.]]), 2)
    tensor([[5., 4.]])
    """
    batched_pool(input, 1, "max_pool1d")
    kernel, stride, padding, dilation = window_arguments(kernel_size, stride, padding, dilation, 1)
    found = _max_pool(
        input.unsqueeze(-2), (1, *kernel), (1, *stride), (0, *padding), (1, *dilation), ceil_mode,
        return_indices, 2, "max_pool1d",
    )  # fmt: skip
    if return_indices:
        return found[0].squeeze(-2), found[1].squeeze(-2)
    return found.squeeze(-2)


def _max_pool(input, kernel, stride, padding, dilation, ceil_mode, return_indices, rank, name):
    batched = batched_pool(input, rank, name)
    kernel, stride, padding, dilation = window_arguments(kernel, stride, padding, dilation, rank)
    for k, p, d in zip(kernel, padding, dilation):
        if p > (d * (k - 1) + 1) // 2:
            raise ArgumentError(
                "pad should be at most half of effective kernel size, but got "
                f"pad={p}, kernel_size={k} and dilation={d}"
            )
    if not batched:
        input = input.unsqueeze(0)
    windows = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    y, chosen = xp.max_windows(input, ceil_mode=bool(ceil_mode), **windows)
    if not batched:
        y = y.squeeze(0)
    if not return_indices:
        return y
    indices = xp.max_pool_indices(chosen, size=tuple(input.shape[2:]), **windows)
    return y, indices if batched else indices.squeeze(0)


def batched_pool(input, rank, name) -> bool:
    """Whether the input has a batch dimension."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    if input.ndim not in (rank + 1, rank + 2) or 0 in input.shape[input.ndim - rank - 1 :]:
        raise ShapeError(
            f"{name}: Expected a {rank + 1}D or {rank + 2}D (batch mode) tensor, (N, C, *size), "
            "with "
            f"non-empty channels and size, but got input of size {list(input.shape)}"
        )
    return input.ndim == rank + 2


def window_arguments(kernel, stride, padding, dilation, rank):
    kernel = per_dimension(kernel, rank, "kernel_size", "pooling")
    if stride is None or (not isinstance(stride, int) and len(stride) == 0):
        stride = kernel
    stride = per_dimension(stride, rank, "stride", "pooling")
    padding = per_dimension(padding, rank, "padding", "pooling")
    dilation = per_dimension(dilation, rank, "dilation", "pooling")
    for name, values in (("kernel size", kernel), ("stride", stride), ("dilation", dilation)):
        if min(values) <= 0:
            raise ArgumentError(f"{name} should be greater than zero, but got {values}")
    if min(padding) < 0:
        raise ArgumentError(f"pad must be non-negative, but got pad: {padding}")
    return kernel, stride, padding, dilation
