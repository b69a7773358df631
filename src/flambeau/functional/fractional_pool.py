"""Max pooling whose windows lie at random places."""

from __future__ import annotations

from math import prod

from flambeau.core import dtypes
from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.tensor.api import export, torch

from .sizes import per_dimension


@export("F")
def fractional_max_pool2d(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """The largest element of windows at random places, so that a size shrinks by any fraction.

    With u uniform in [0, 1), drawn for each channel, and a = (H - K) / (H' - 1), window i begins at
    floor((i + u) a) - floor(u a), the last one at H - K.

    Shape:  input (N, C, H, W) or (C, H, W) -> (N, C, H', W')
    Args:   output_size: H' and W', or output_ratio: their ratio to H and W.
            return_indices: also give the positions of the elements in their flattened plane.
    Raises: ValueError without a size; RuntimeError if the windows do not fit.

    >>> import flambeau as torch
    >>> x = torch.arange(16.).reshape(1, 4, 4)
    >>> torch.nn.functional.fractional_max_pool2d(x, 3, 1)
    tensor([[[15.]]])
    """
    sizes = (kernel_size, output_size, output_ratio)
    return _pool("fractional_max_pool2d", input, *sizes, return_indices, _random_samples, 2)


@export("F")
def fractional_max_pool3d(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """The largest element of windows at random places of a volume: see ``fractional_max_pool2d``.

    Shape: input (N, C, D, H, W) or (C, D, H, W) -> (N, C, D', H', W')

    >>> import flambeau as torch
    >>> torch.nn.functional.fractional_max_pool3d(torch.rand(2, 5, 5, 5), 2, 3).shape
    torch.Size([2, 3, 3, 3])
    """
    sizes = (kernel_size, output_size, output_ratio)
    return _pool("fractional_max_pool3d", input, *sizes, return_indices, _random_samples, 3)


def _pool(name, input, kernel_size, output_size, output_ratio, return_indices, samples, rank):
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if input.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"{name}(): Expected {rank + 1}D or {rank + 2}D tensor, but got: {list(input.shape)}"
        )
    space = input.shape[-rank:]
    kernel = per_dimension(kernel_size, rank, "kernel_size", name)
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, tuple | list) else (output_ratio,) * rank
        output_size = [int(n * ratio) for n, ratio in zip(space, ratios, strict=True)]
    output = per_dimension(output_size, rank, "output_size", name)
    _check(name, input, kernel, output)
    batch = input if input.ndim == rank + 2 else input.unsqueeze(0)
    n, channels = batch.shape[:2]
    if samples is None:
        samples = input.new_empty((n, channels, rank)).uniform_()
    _check_samples(samples, n, channels, rank, input.dtype)
    places = _places(samples, space, kernel, output)
    values = batch.flatten(2).gather(2, places.flatten(2)).reshape(places.shape)
    largest, which = values.max(-1)
    shape = (n, channels, *output)
    largest = largest.reshape(shape)
    if input.ndim == rank + 1:
        largest = largest.squeeze(0)
    if not return_indices:
        return largest
    indices = places.gather(-1, which.unsqueeze(-1)).reshape(shape)
    return largest, indices.reshape(largest.shape)


def _places(samples, space, kernel, output):
    """The positions (N, C, windows, elements of a window) in the flattened plane."""
    n, channels, rank = samples.shape
    # PyTorch's sample 0 is for the width of an image, but for the depth of a volume.
    order = range(rank) if rank == 3 else reversed(range(rank))
    places = None
    for d, sample in enumerate(order):
        begins = _begins(samples[:, :, sample], space[d], kernel[d], output[d])
        own = begins.unsqueeze(-1) + torch.arange(kernel[d], device=begins.device)
        own = own.reshape(n, channels, 1, output[d], 1, kernel[d])
        if places is not None:
            own = places.unsqueeze(3).unsqueeze(5) * space[d] + own
        places = own.reshape(n, channels, prod(output[: d + 1]), prod(kernel[: d + 1]))
    return places


def _begins(u, size, kernel, output):
    """Where the windows along one dimension begin, (N, C, output)."""
    last = u.new_full((*u.shape, 1), size - kernel, dtype=dtypes.int64)
    if output == 1:
        return last
    step = (size - kernel) / (output - 1)
    u = u.unsqueeze(-1)
    steps = torch.arange(output - 1, dtype=u.dtype, device=u.device)
    begins = ((steps + u) * step).to(dtypes.int64) - (u * step).to(dtypes.int64)
    return torch.cat((begins, last), -1)


def _check(name, input, kernel, output) -> None:
    rank = len(kernel)
    for d, size in enumerate(input.shape[-rank - 1 :], input.ndim - rank - 1):
        if size == 0:
            raise ShapeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but got"
                f"{list(input.shape)} with dimension {d} being empty."
            )
    words = ("time", "height", "width")[-rank:]
    for word, size, k, out in zip(words, input.shape[-rank:], kernel, output, strict=True):
        if k <= 0 or out <= 0:
            raise ArgumentError(f"{name}(): pool {word} {k} and output {out} must be positive")
        if out + k - 1 > size:
            raise ShapeError(
                f"{name}(): pool {word} {k} too large relative to input {word} {size}"
                f" for an output of {out}"
            )


def _check_samples(samples, n, channels, rank, dtype) -> None:
    if samples.dtype != dtype:
        raise DTypeError("Expect _random_samples to have the same dtype as input")
    if samples.ndim != 3:
        raise ShapeError(f"Expect _random_samples to have 3 dimensions, got {samples.ndim}")
    if samples.shape[0] < n:
        raise ShapeError("Expect _random_samples.size(0) no less then input batch size.")
    if samples.shape[1] != channels:
        raise ShapeError("Expect _random_samples.size(1) equals to input channel size.")
    if samples.shape[2] != rank:
        raise ShapeError(
            f"Expect _random_samples.size(2) equals to {rank}; got {samples.shape[2]}."
        )
