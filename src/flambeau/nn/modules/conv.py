"""Convolutions and their transposes in 1, 2 and 3 dimensions."""

from __future__ import annotations

import math

from flambeau.nn import explain, init
from flambeau.nn.module import Module
from flambeau.nn.parameter import Parameter, UninitializedParameter
from flambeau.tensor.api import F, torch

from .lazy import LazyModuleMixin
from .utils import _ntuple, _reverse_repeat_tuple, _times

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]

_PADDINGS = ("same", "valid")
_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def _listed(names) -> str:
    return "{" + ", ".join(map(repr, names)) + "}"


class _ConvNd(Module):
    """What all convolutions share: sizes, weights, initialisation, printing and advice."""

    __constants__ = [
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
        "output_padding",
        "in_channels",
        "out_channels",
        "kernel_size",
    ]

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding,
        dilation,
        transposed,
        output_padding,
        groups,
        bias,
        padding_mode,
        device=None,
        dtype=None,
    ):
        super().__init__()
        _check(in_channels, out_channels, stride, padding, groups, padding_mode)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = output_padding
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = _explicit_padding(padding, kernel_size, dilation)
        outer, inner = (in_channels, out_channels) if transposed else (out_channels, in_channels)
        factory = {"device": device, "dtype": dtype}
        self.weight = Parameter(torch.empty((outer, inner // groups, *kernel_size), **factory))
        if bias:
            self.bias = Parameter(torch.empty(out_channels, **factory))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights; a = sqrt(5) makes He's bound 1/sqrt(fan_in)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in != 0:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        n = len(self.kernel_size)
        said = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        said.append(f"stride={self.stride}")
        if self.padding != (0,) * n:
            said.append(f"padding={self.padding}")
        if self.dilation != (1,) * n:
            said.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * n:
            said.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            said.append(f"groups={self.groups}")
        if self.bias is None:
            said.append("bias=False")
        if self.padding_mode != "zeros":
            said.append(f"padding_mode={self.padding_mode}")
        return ", ".join(said)

    def __setstate__(self, state):
        super().__setstate__(state)
        self.__dict__.setdefault("padding_mode", "zeros")

    def _brief(self) -> str:
        sizes = f"{self.in_channels} -> {self.out_channels}, kernel {_times(self.kernel_size)}"
        return f"{self._get_name()}({sizes})"

    def _cure(self, input, *args, **kwargs):
        wrong = explain.dtype_cure(input, self.weight)
        if wrong:
            return wrong
        n = len(self.kernel_size)
        wrong = explain.image_cure(input, self.in_channels, n)
        if wrong:
            return wrong
        shape = tuple(input.shape)
        if len(shape) not in (n + 1, n + 2):
            wanted = "(N, C, " + ", ".join("DHW"[3 - n :] if n > 1 else "L") + ")"
            return (
                f"the input must be {wanted}, or the same without N: it has {len(shape)} dimensions"
            )
        channels = shape[-n - 1]
        if channels != self.in_channels:
            kernel = self.kernel_size[0] if len(set(self.kernel_size)) == 1 else self.kernel_size
            return (
                f"the input has {channels} channels, this layer takes {self.in_channels}: "
                f"nn.{self._get_name()}({channels}, {self.out_channels}, {kernel})"
            )
        if not self.transposed:
            return (
                f"the {_times(shape[-n:])} input is too small for a "
                f"{_times(self.kernel_size)} kernel: pad it, or use a smaller kernel or fewer pools"
            )
        return None


def _check(in_channels, out_channels, stride, padding, groups, padding_mode) -> None:
    if groups <= 0:
        raise ValueError("groups must be a positive integer")
    if in_channels % groups != 0:
        raise ValueError("in_channels must be divisible by groups")
    if out_channels % groups != 0:
        raise ValueError("out_channels must be divisible by groups")
    if isinstance(padding, str):
        if padding not in _PADDINGS:
            raise ValueError(
                f"Invalid padding string {padding!r}, should be one of {_listed(_PADDINGS)}"
            )
        if padding == "same" and any(s != 1 for s in stride):
            raise ValueError("padding='same' is not supported for strided convolutions")
    if padding_mode not in _PADDING_MODES:
        raise ValueError(
            f"padding_mode must be one of {_listed(_PADDING_MODES)}, but got "
            f"padding_mode='{padding_mode}'"
        )


def _explicit_padding(padding, kernel_size, dilation):
    """Padding as ``F.pad`` takes it, for the modes that are not zeros: last dimension first, both
    sides.
    """
    if not isinstance(padding, str):
        return _reverse_repeat_tuple(padding, 2)
    if padding == "valid":
        return [0, 0] * len(kernel_size)
    sides = []
    for d, k in zip(reversed(dilation), reversed(kernel_size), strict=True):
        total = d * (k - 1)
        sides += [total // 2, total - total // 2]
    return sides


class _Conv(_ConvNd):
    """A convolution; a subclass says how many dimensions it has and which function computes it."""

    _n: int

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        each = _ntuple(self._n)
        super().__init__(
            in_channels,
            out_channels,
            each(kernel_size),
            each(stride),
            padding if isinstance(padding, str) else each(padding),
            each(dilation),
            False,
            each(0),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input):
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input, weight, bias):
        padding = self.padding
        if self.padding_mode != "zeros":
            sides = self._reversed_padding_repeated_twice
            input = F.pad(input, sides, mode=self.padding_mode)
            padding = 0
        return self._function(input, weight, bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Slides a kernel over a signal, y[n,o,i] = b[o] + sum_{c,k} w[o,c,k] x[n,c,i*stride +
    k*dilation].

    Shape:  x (N, C_in, L) or (C_in, L) -> y (N, C_out, L_out); weight (C_out, C_in/groups,
            kernel_size)
            L_out = floor((L + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1
    Args:   as of ``Conv2d``.

    >>> import flambeau as torch
    >>> torch.nn.Conv1d(16, 33, 3, stride=2)(torch.randn(20, 16, 50)).shape
    torch.Size([20, 33, 24])
    """

    _n = 1

    @staticmethod
    def _function(*args):
        return F.conv1d(*args)


class Conv2d(_Conv):
    """Slides kernels over an image, y[n,o,i,j] = b[o] + sum_{c,k,l} w[o,c,k,l] x[n,c,i*s + k*d,j*s
    + l*d].

    Shape:  x (N, C_in, H, W) or (C_in, H, W) -> y (N, C_out, H_out, W_out)
            H_out = floor((H + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1
            weight (C_out, C_in/groups, KH, KW), bias (C_out)
    Args:   stride s, dilation d: a number or one per dimension. Default 1.
            padding: a number, one per dimension, "same" or "valid". Default 0.
            groups: how many separate convolutions the channels are divided among. Default 1.
            padding_mode: "zeros", "reflect", "replicate" or "circular".
    Init:   U(-1/sqrt(fan_in), 1/sqrt(fan_in)), fan_in = C_in/groups * KH * KW.

    >>> import flambeau as torch
    >>> layer = torch.nn.Conv2d(16, 33, (3, 5), stride=(2, 1), padding=(4, 2))
    >>> layer(torch.randn(2, 16, 50, 100)).shape
    torch.Size([2, 33, 28, 100])
    """

    _n = 2

    @staticmethod
    def _function(*args):
        return F.conv2d(*args)


class Conv3d(_Conv):
    """Slides kernels over a volume; the three-dimensional ``Conv2d``.

    Shape:  x (N, C_in, D, H, W) or (C_in, D, H, W) -> y (N, C_out, D_out, H_out, W_out)
    Args:   as of ``Conv2d``.

    >>> import flambeau as torch
    >>> torch.nn.Conv3d(3, 6, 3, padding="same")(torch.randn(2, 3, 5, 6, 7)).shape
    torch.Size([2, 6, 5, 6, 7])
    """

    _n = 3

    @staticmethod
    def _function(*args):
        return F.conv3d(*args)


class _ConvTransposeNd(_ConvNd):
    """A transposed convolution, the gradient of a convolution with respect to its input."""

    _n: int

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        each = _ntuple(self._n)
        super().__init__(
            in_channels,
            out_channels,
            each(kernel_size),
            each(stride),
            each(padding),
            each(dilation),
            True,
            each(output_padding),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input, output_size=None):
        output_padding = self.output_padding
        if output_size is not None:
            output_padding = self._output_padding(input, output_size)
        return self._function(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            output_padding,
            self.groups,
            self.dilation,
        )

    def _output_padding(self, input, output_size) -> list[int]:
        """The output padding that gives ``output_size``; ValueError if no padding does."""
        n = self._n
        lead = input.dim() - n
        if len(output_size) == n + lead:
            output_size = output_size[lead:]
        if len(output_size) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.dim()}D input, output_size must have {n} or "
                f"{lead + n} elements (got {len(output_size)})"
            )
        smallest = [
            (input.shape[lead + d] - 1) * self.stride[d]
            - 2 * self.padding[d]
            + self.dilation[d] * (self.kernel_size[d] - 1)
            + 1
            for d in range(n)
        ]
        largest = [size + s - 1 for size, s in zip(smallest, self.stride, strict=True)]
        triples = zip(smallest, output_size, largest, strict=True)
        if not all(low <= size <= high for low, size, high in triples):
            raise ValueError(
                f"requested an output size of {output_size}, but valid sizes range from "
                f"{smallest} to {largest} (for an input of {input.shape[2:]})"
            )
        return [size - low for size, low in zip(output_size, smallest, strict=True)]


class ConvTranspose1d(_ConvTransposeNd):
    """Transposed convolution of a signal; the one-dimensional ``ConvTranspose2d``.

    Shape:  x (N, C_in, L) or (C_in, L) -> y (N, C_out, L_out)

    >>> import flambeau as torch
    >>> torch.nn.ConvTranspose1d(16, 33, 3, stride=2)(torch.randn(20, 16, 50)).shape
    torch.Size([20, 33, 101])
    """

    _n = 1

    @staticmethod
    def _function(*args):
        return F.conv_transpose1d(*args)


class ConvTranspose2d(_ConvTransposeNd):
    """Transposed convolution of an image: every pixel adds a multiple of the kernel to the output.

    Shape:  x (N, C_in, H, W) or (C_in, H, W) -> y (N, C_out, H_out, W_out)
            H_out = (H - 1)*stride - 2*padding + dilation*(kernel_size - 1) + output_padding + 1
            weight (C_in, C_out/groups, KH, KW), bias (C_out)
    Args:   output_padding: rows and columns added at the end of the output. Default 0.
            others as of ``Conv2d``; ``forward(x, output_size)`` finds output_padding itself.
    Raises: ValueError for an output size that no padding gives.

    >>> import flambeau as torch
    >>> up = torch.nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1)
    >>> up(torch.randn(1, 4, 6, 6), output_size=(12, 12)).shape
    torch.Size([1, 4, 12, 12])
    """

    _n = 2

    @staticmethod
    def _function(*args):
        return F.conv_transpose2d(*args)


class ConvTranspose3d(_ConvTransposeNd):
    """Transposed convolution of a volume; the three-dimensional ``ConvTranspose2d``.

    Shape:  x (N, C_in, D, H, W) or (C_in, D, H, W) -> y (N, C_out, D_out, H_out, W_out)

    >>> import flambeau as torch
    >>> torch.nn.ConvTranspose3d(2, 3, 3, stride=2)(torch.randn(1, 2, 4, 4, 4)).shape
    torch.Size([1, 3, 9, 9, 9])
    """

    _n = 3

    @staticmethod
    def _function(*args):
        return F.conv_transpose3d(*args)


class _LazyConv(LazyModuleMixin):
    """Takes ``in_channels`` from the first input."""

    def __init__(self, out_channels, kernel_size, *args, **kwargs):
        arguments = _bound(self.cls_to_become, out_channels, kernel_size, args, kwargs)
        bias = arguments.pop("bias")
        super().__init__(0, 0, **arguments, bias=False)
        factory = {"device": arguments["device"], "dtype": arguments["dtype"]}
        self.weight = UninitializedParameter(**factory)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(**factory)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()

    def initialize_parameters(self, input, *args, **kwargs) -> None:
        if not self.has_uninitialized_params():
            at = 0 if self.transposed else 1
            self.in_channels = self.weight.shape[at] * (1 if self.transposed else self.groups)
            return
        n = self._n
        if input.dim() not in (n + 1, n + 2):
            raise RuntimeError(
                f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {input.shape}"
            )
        self.in_channels = input.shape[-n - 1]
        if self.in_channels % self.groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        outer, inner = self.out_channels, self.in_channels
        if self.transposed:
            outer, inner = inner, outer
        self.weight.materialize((outer, inner // self.groups, *self.kernel_size))
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()


def _bound(cls, out_channels, kernel_size, args, kwargs) -> dict:
    """The arguments of a lazy layer by name: those of the layer without ``in_channels``."""
    import inspect

    signature = inspect.signature(cls)
    bound = signature.bind(0, out_channels, kernel_size, *args, **kwargs)
    bound.apply_defaults()
    return {k: v for k, v in bound.arguments.items() if k not in ("in_channels", "out_channels")}


class LazyConv1d(_LazyConv, Conv1d):
    """A ``Conv1d`` that takes ``in_channels`` from its first input."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A ``Conv2d`` that takes ``in_channels`` from its first input.

    >>> import flambeau as torch
    >>> m = torch.nn.LazyConv2d(8, 3)
    >>> m(torch.ones(1, 5, 6, 6)).shape, m.in_channels
    (torch.Size([1, 8, 4, 4]), 5)
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A ``Conv3d`` that takes ``in_channels`` from its first input."""

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """A ``ConvTranspose1d`` that takes ``in_channels`` from its first input."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """A ``ConvTranspose2d`` that takes ``in_channels`` from its first input."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConv, ConvTranspose3d):
    """A ``ConvTranspose3d`` that takes ``in_channels`` from its first input."""

    cls_to_become = ConvTranspose3d
