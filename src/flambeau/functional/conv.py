"""Convolutions as one calls them: numbers for tuples, padding by name, inputs without a batch."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.tensor.api import F, export
from flambeau.tensor.namespace import xp
from flambeau.tensor.tensor import Tensor

from .sizes import per_dimension


@export("torch F")
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution over one dimension, such as time: see ``conv2d``.

    Shape: input (N, C, L) or (C, L), weight (O, C / groups, K), bias (O) -> (N, O, M) or (O, M)

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.conv1d(torch.tensor([[[1., 2., 3., 4.]]]), torch.tensor([[[1., -1.]]]))
    tensor([[[-1., -1., -1.]]])
    """
    return _convolve(input, weight, bias, stride, padding, dilation, groups, 1)


@export("torch F")
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution (cross-correlation) of images.

    y[n, o, i, j] = bias[o] + sum over c, k, l of weight[o, c, k, l] * x[n, c, i', j'],
    i' = stride i + dilation k - padding and j' alike

    Shape:  input (N, C, H, W) or (C, H, W), weight (O, C / groups, K, L), bias (O) -> (N, O, H',
            W') with H' = floor((H + 2 padding - dilation (K - 1) - 1) / stride) + 1
    Args:   stride, padding, dilation: an integer, or one for each dimension. Defaults 1, 0, 1.
            padding may be 'valid' (none) or 'same' (H' = H, for stride 1). groups: channels are
            split into that many independent parts.
    Raises: RuntimeError if channels, dtypes or sizes do not fit.

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return _convolve(input, weight, bias, stride, padding, dilation, groups, 2)


@export("torch F")
def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution over three dimensions, such as volumes or video: see ``conv2d``.

    Shape: input (N, C, D, H, W) or (C, D, H, W), weight (O, C / groups, *K), bias (O) -> (N, O, D',
           H', W')

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.conv3d(torch.ones(1, 1, 2, 2, 2), torch.ones(1, 1, 2, 2, 2)).item()
    8.0
    """
    return _convolve(input, weight, bias, stride, padding, dilation, groups, 3)


@export("torch F")
def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of ``conv1d``: see ``conv_transpose2d``.

    Shape: input (N, C, L) or (C, L), weight (C, O / groups, K), bias (O) -> (N, O, M)

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.conv_transpose1d(torch.tensor([[[1., 2.]]]), torch.ones(1, 1, 2), stride=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    return _transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 1)


@export("torch F")
def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of ``conv2d`` in its input: what enlarges images in generators and segmentation
    nets.

    Shape:  input (N, C, H, W) or (C, H, W), weight (C, O / groups, K, L), bias (O) -> (N, O, H',
            W') with H' = (H - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1
    Args:   output_padding: rows and columns more at the end, to choose among the sizes that
            ``conv2d`` maps to H.
    Raises: RuntimeError if channels, dtypes or sizes do not fit.

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.conv_transpose2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2))
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
    """
    return _transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 2)


@export("torch F")
def conv_transpose3d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of ``conv3d``: see ``conv_transpose2d``.

    Shape: input (N, C, D, H, W) or (C, D, H, W), weight (C, O / groups, *K), bias (O) -> (N, O, D',
           H', W')

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.conv_transpose3d(torch.ones(1, 1, 1, 1, 1), torch.ones(1, 2, 2, 2, 2)).shape
    torch.Size([1, 2, 2, 2, 2])
    """
    return _transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 3)


def _convolve(input, weight, bias, stride, padding, dilation, groups, rank):
    batched = _check(input, weight, bias, rank, f"conv{rank}d")
    stride = _positive(stride, rank, "stride")
    dilation = _positive(dilation, rank, "dilation")
    if not batched:
        input = input.unsqueeze(0)
    if isinstance(padding, str):
        input, padding = _named_padding(input, weight, stride, padding, dilation)
    else:
        padding = per_dimension(padding, rank, "padding")
        if min(padding) < 0:
            raise ArgumentError("negative padding is not supported")
    y = xp.convolution(
        input, weight, bias, stride=stride, padding=padding, dilation=dilation, transposed=False,
        output_padding=(0,) * rank, groups=groups,
    )  # fmt: skip
    return y if batched else y.squeeze(0)


def _transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, rank):
    batched = _check(input, weight, bias, rank, f"conv_transpose{rank}d")
    stride = _positive(stride, rank, "stride")
    dilation = _positive(dilation, rank, "dilation")
    padding = per_dimension(padding, rank, "padding")
    extra = per_dimension(output_padding, rank, "output_padding")
    if min(padding) < 0 or min(extra) < 0:
        raise ArgumentError("negative padding is not supported")
    if any(e >= s and e >= d for e, s, d in zip(extra, stride, dilation)):
        raise ArgumentError(
            "output padding must be smaller than either stride or dilation, but got "
            f"output_padding: {extra} stride: {stride} dilation: {dilation}"
        )
    if not batched:
        input = input.unsqueeze(0)
    y = xp.convolution(
        input, weight, bias, stride=stride, padding=padding, dilation=dilation, transposed=True,
        output_padding=extra, groups=groups,
    )  # fmt: skip
    return y if batched else y.squeeze(0)


def _check(input, weight, bias, rank, name) -> bool:
    """Whether the input has a batch dimension; raises where ranks or dtypes do not fit."""
    for what, value in (("input", input), ("weight", weight)):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{name}(): argument '{what}' must be Tensor, not {type(value).__name__}"
            )
    if weight.ndim != rank + 2:
        raise ShapeError(
            f"{name} expects a weight with {rank + 2} dimensions, (out channels, in channels / "
            "groups, "
            f"*kernel), but got one of size {list(weight.shape)}"
        )
    if input.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to {name}, but got "
            "input "
            f"of size: {list(input.shape)}"
        )
    if input.dtype is not weight.dtype or (bias is not None and bias.dtype is not input.dtype):
        other, value = ("weight", weight) if input.dtype is not weight.dtype else ("bias", bias)
        raise DTypeError(
            f"Input type ({_name(input)}) and {other} type ({_name(value)}) should be the same: "
            "convert "
            f"the input with x.to({value.dtype}), or the model with model.to({input.dtype})"
        )
    return input.ndim == rank + 2


def _name(tensor) -> str:
    return {"float32": "float", "float64": "double", "int64": "long long"}.get(
        tensor.dtype.name, tensor.dtype.name
    )


def _positive(value, rank, name):
    found = per_dimension(value, rank, name)
    if min(found) <= 0:
        raise ArgumentError(f"non-positive {name} is not supported")
    return found


def _named_padding(input, weight, stride, padding, dilation):
    """(input, padding) for padding 'valid' or 'same'; an odd total puts the extra element at the
    end.
    """
    rank = len(stride)
    if padding == "valid":
        return input, (0,) * rank
    if padding != "same":
        raise ArgumentError(f"Invalid padding string: {padding!r} (it is 'valid' or 'same')")
    if max(stride) > 1:
        raise ArgumentError("padding='same' is not supported for strided convolutions")
    total = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:])]
    if any(t % 2 for t in total):
        sides = [n for t in reversed(total) for n in (0, t % 2)]
        input = F.pad(input, sides)
    return input, tuple(t // 2 for t in total)
