"""Average, power-average and adaptive pooling; unpooling."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.tensor.api import F, export, torch, write_out
from flambeau.tensor.namespace import xp

from .pool import batched_pool, window_arguments
from .sizes import per_dimension


def _avg_pool(input, kernel, stride, padding, ceil_mode, count_include_pad, divisor, rank):
    name = f"avg_pool{rank}d"
    batched = batched_pool(input, rank, name)
    kernel, stride, padding, _ = window_arguments(kernel, stride, padding, 1, rank)
    if divisor == 0:
        raise ArgumentError("divisor must be not zero")
    for k, p in zip(kernel, padding):
        if p > k // 2:
            raise ArgumentError(
                f"pad should be at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={k}"
            )
    y = xp.avg_windows(
        input if batched else input.unsqueeze(0), kernel=kernel, stride=stride, padding=padding,
        ceil_mode=bool(ceil_mode), count_include_pad=bool(count_include_pad),
        divisor_override=divisor,
    )  # fmt: skip
    return y if batched else y.squeeze(0)


@export("torch F")
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window of a sequence: see ``avg_pool2d``.

    Shape: input (N, C, L) or (C, L) -> (N, C, L')

    >>> import flambeau as torch
    >>> torch.nn.functional.avg_pool1d(torch.tensor([[1., 3., 2., 4.]]), 2)
    tensor([[2., 3.]])
    """
    batched_pool(input, 1, "avg_pool1d")
    kernel, stride, padding, _ = window_arguments(kernel_size, stride, padding, 1, 1)
    y = _avg_pool(
        input.unsqueeze(-2), (1, *kernel), (1, *stride), (0, *padding), ceil_mode,
        count_include_pad, None, 2,
    )  # fmt: skip
    return y.squeeze(-2)


@export("F")
def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    *,
    out=None,
):
    """The mean of each window of an image.

    Shape:  input (N, C, H, W) or (C, H, W) -> (N, C, H', W'), H' = floor((H + 2 padding - K) /
            stride) + 1
    Args:   stride: default kernel_size. padding: with zeros, which count in the mean unless
            count_include_pad is False. ceil_mode: round H' up. divisor_override: divide by this
            instead of the number of elements.
    Raises: RuntimeError if no window fits.

    >>> import flambeau as torch
    >>> torch.nn.functional.avg_pool2d(torch.arange(16.).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """
    y = _avg_pool(
        input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, 2
    )
    return y if out is None else write_out(out, y)


@export("F")
def avg_pool3d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    *,
    out=None,
):
    """The mean of each window of a volume: see ``avg_pool2d``.

    Shape: input (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W')

    >>> import flambeau as torch
    >>> torch.nn.functional.avg_pool3d(torch.ones(1, 2, 2, 2), 2)
    tensor([[[[1.]]]])
    """
    y = _avg_pool(
        input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, 3
    )
    return y if out is None else write_out(out, y)


def _output_size(input, output_size, rank, name):
    """(batched, sizes): ``None`` keeps a dimension as it is."""
    if isinstance(output_size, int):
        output_size = (output_size,) * rank
    elif rank > 1 and input.ndim <= len(output_size):
        raise ValueError(f"{name}: Input dimension should be at least {rank + 1}, got {input.ndim}")
    elif len(output_size) != rank:
        raise ArgumentError(f"{name}: output_size must be {rank}, got {len(output_size)} numbers")
    if input.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"{name}: Expected {rank + 1}D or {rank + 2}D tensor, but got {list(input.shape)}"
        )
    space = input.shape[input.ndim - rank :]
    if 0 in input.shape[1:]:
        raise ShapeError(
            f"{name}: Expected input to have non-zero size for non-batch dimensions, but input "
            "has sizes "
            f"{list(input.shape)}"
        )
    out = tuple(s if o is None else int(o) for s, o in zip(space, output_size))
    if min(out) < 0:
        raise ArgumentError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {out}"
        )
    return input.ndim == rank + 2, out


def _adaptive_avg(input, output_size, rank):
    batched, out = _output_size(input, output_size, rank, f"adaptive_avg_pool{rank}d")
    if rank == 2 and out == (1, 1):
        return input.mean((-1, -2), keepdim=True)
    y = xp.adaptive_avg(input if batched else input.unsqueeze(0), out=out)
    return y if batched else y.squeeze(0)


@export("torch F")
def adaptive_avg_pool1d(input, output_size):
    """The means of ``output_size`` nearly equal cells of a sequence: see ``adaptive_avg_pool2d``.

    >>> import flambeau as torch
    >>> torch.nn.functional.adaptive_avg_pool1d(torch.tensor([[1., 2., 3.]]), 2)
    tensor([[1.5000, 2.5000]])
    """
    return _adaptive_avg(input, output_size, 1)


@export("F")
def adaptive_avg_pool2d(input, output_size):
    """The means of nearly equal cells of an image, whatever its size.

    Cell i of O along a dimension of size S is [floor(i S / O), ceil((i + 1) S / O)).

    Shape: input (N, C, H, W) or (C, H, W) -> (N, C, *output_size)
    Args:  output_size: a number or a pair; None keeps a dimension.

    >>> import flambeau as torch
    >>> torch.nn.functional.adaptive_avg_pool2d(torch.arange(4.).reshape(1, 2, 2), (1, None))
    tensor([[[1., 2.]]])
    """
    return _adaptive_avg(input, output_size, 2)


@export("F")
def adaptive_avg_pool3d(input, output_size):
    """The means of nearly equal cells of a volume: see ``adaptive_avg_pool2d``.

    >>> import flambeau as torch
    >>> torch.nn.functional.adaptive_avg_pool3d(torch.ones(1, 2, 2, 2), 1)
    tensor([[[[1.]]]])
    """
    return _adaptive_avg(input, output_size, 3)


def _adaptive_max(input, output_size, return_indices, rank):
    batched, out = _output_size(input, output_size, rank, f"adaptive_max_pool{rank}d")
    y, positions = xp.adaptive_max(input if batched else input.unsqueeze(0), out=out)
    if not batched:
        y, positions = y.squeeze(0), positions.squeeze(0)
    return (y, positions) if return_indices else y


@export("F")
def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The largest element of each of ``output_size`` cells of a sequence: see
    ``adaptive_avg_pool2d``.

    >>> import flambeau as torch
    >>> torch.nn.functional.adaptive_max_pool1d(torch.tensor([[1., 3., 2.]]), 2)
    tensor([[3., 3.]])
    """
    return _adaptive_max(input, output_size, return_indices, 1)


@export("F")
def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The largest element of each cell of an image: see ``adaptive_avg_pool2d``.

    >>> import flambeau as torch
    >>> torch.nn.functional.adaptive_max_pool2d(torch.arange(4.).reshape(1, 2, 2), 1)
    tensor([[[3.]]])
    """
    return _adaptive_max(input, output_size, return_indices, 2)


@export("F")
def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The largest element of each cell of a volume: see ``adaptive_avg_pool2d``.

    >>> import flambeau as torch
    >>> torch.nn.functional.adaptive_max_pool3d(torch.arange(8.).reshape(1, 2, 2, 2), 1)
    tensor([[[[7.]]]])
    """
    return _adaptive_max(input, output_size, return_indices, 3)


def _lp_pool(pool, input, norm_type, kernel, stride, ceil_mode, count):
    mean = pool(input.pow(norm_type), kernel, stride, 0, ceil_mode)
    return (torch.sign(mean) * F.relu(torch.abs(mean)) * count).pow(1.0 / norm_type)


@export("F")
def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """y = (sum of x^p over each window)^(1 / p).

    >>> import flambeau as torch
    >>> torch.nn.functional.lp_pool1d(torch.tensor([[3., 4.]]), 2, 2)
    tensor([[5.]])
    """
    (count,) = per_dimension(kernel_size, 1, "kernel_size")
    return _lp_pool(F.avg_pool1d, input, norm_type, kernel_size, stride, ceil_mode, count)


@export("F")
def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """y = (sum of x^p over each window)^(1 / p): see ``avg_pool2d`` for the arguments.

    >>> import flambeau as torch
    >>> torch.nn.functional.lp_pool2d(torch.ones(1, 2, 2), 2, 2)
    tensor([[[2.]]])
    """
    h, w = per_dimension(kernel_size, 2, "kernel_size")
    return _lp_pool(F.avg_pool2d, input, norm_type, kernel_size, stride, ceil_mode, h * w)


@export("F")
def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """y = (sum of x^p over each window)^(1 / p): see ``avg_pool3d`` for the arguments.

    >>> import flambeau as torch
    >>> torch.nn.functional.lp_pool3d(torch.ones(1, 2, 2, 1), 2, (2, 2, 1))
    tensor([[[[2.]]]])
    """
    d, h, w = per_dimension(kernel_size, 3, "kernel_size")
    return _lp_pool(F.avg_pool3d, input, norm_type, kernel_size, stride, ceil_mode, d * h * w)


def _unpool(input, indices, kernel, stride, padding, output_size, rank):
    kernel, stride, padding, _ = window_arguments(kernel, stride, padding, 1, rank)
    if input.shape != indices.shape:
        raise ShapeError(
            "Expected shape of indices to be same as that of the input tensor "
            f"({list(input.shape)}) but got indices tensor with shape: {list(indices.shape)}"
        )
    space = input.shape[input.ndim - rank :]
    default = [(s - 1) * t + k - 2 * p for s, t, k, p in zip(space, stride, kernel, padding)]
    if output_size is None:
        size = default
    else:
        size = list(output_size)[-rank:]
        for wanted, d, t in zip(size, default, stride):
            if not d - t < wanted < d + t:
                raise ValueError(
                    f"invalid output_size {list(size)}: dim must be between {d - t} and {d + t}"
                )
    batched = input.ndim == rank + 2
    if not batched:
        input, indices = input.unsqueeze(0), indices.unsqueeze(0)
    cells = torch.Size(size).numel()
    if indices.numel() and not 0 <= int(indices.min()) <= int(indices.max()) < cells:
        raise ArgumentError(
            f"Found an invalid max index: {int(indices.max())} (output volumes are of size "
            f"{'x'.join(map(str, size))})"
        )
    y = xp.put_at_positions(input, indices, size=(*input.shape[:2], *size))
    return y if batched else y.squeeze(0)


@export("F")
def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Puts elements back where ``max_pool1d`` found them: see ``max_unpool2d``.

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.max_unpool1d(*F.max_pool1d(torch.tensor([[1., 5., 2., 4.]]), 2, return_indices=True), 2)
    tensor([[0., 5., 0., 4.]])
    """
    return _unpool(input, indices, kernel_size, stride, padding, output_size, 1)


@export("F")
def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Puts elements back where ``max_pool2d(..., return_indices=True)`` found them; zeros
    elsewhere.

    Shape:  input and indices (N, C, H, W) or (C, H, W) -> (N, C, H', W'), H' = (H - 1) stride - 2
            padding + K
    Args:   output_size: chooses among the sizes that pooling maps to H.
    Raises: ValueError if output_size cannot be; RuntimeError if an index lies outside.

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.max_unpool2d(torch.tensor([[[9.]]]), torch.tensor([[[2]]]), 2)
    tensor([[[0., 0.],
             [9., 0.]]])
    """
    return _unpool(input, indices, kernel_size, stride, padding, output_size, 2)


@export("F")
def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Puts elements back where ``max_pool3d`` found them: see ``max_unpool2d``.

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.max_unpool3d(torch.tensor([[[[9.]]]]), torch.tensor([[[[1]]]]), (1, 1, 2))
    tensor([[[[0., 9.]]]])
    """
    return _unpool(input, indices, kernel_size, stride, padding, output_size, 3)
