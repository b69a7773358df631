"""Pooling, unpooling and adaptive pooling in 1, 2 and 3 dimensions."""

from __future__ import annotations

from flambeau.nn.module import Module
from flambeau.tensor.api import F

from .utils import _ntuple, _single

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


def _pool_cure(input, kernel_size, n: int):
    """The cure for an input that a pool over ``n`` dimensions refuses."""
    shape = tuple(input.shape)
    if len(shape) == n:
        return "the channel dimension is missing: x = x.unsqueeze(0)"
    if len(shape) not in (n + 1, n + 2):
        return f"the input must have {n + 1} dimensions, or {n + 2} with a batch"
    kernel = _ntuple(n)(kernel_size)
    if any(size < k for size, k in zip(shape[-n:], kernel, strict=True)):
        return (
            "the input has become smaller than the pooling window: use fewer pools, padding, or a "
            "larger input"
        )
    return None


# ------------------------------------------------------------------------------------ max pooling


class _MaxPoolNd(Module):
    __constants__ = [
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "return_indices",
        "ceil_mode",
    ]
    _n: int

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        dilation=1,
        return_indices=False,
        ceil_mode=False,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )

    def forward(self, input):
        return self._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def _cure(self, input):
        return _pool_cure(input, self.kernel_size, self._n)


class MaxPool1d(_MaxPoolNd):
    """Largest value under a sliding window of a signal; the one-dimensional ``MaxPool2d``.

    >>> import flambeau as torch
    >>> torch.nn.MaxPool1d(2)(torch.tensor([[[1., 3., 2., 0.]]]))
    tensor([[[3., 2.]]])
    """

    _n = 1

    @staticmethod
    def _function(*args, **kwargs):
        return F.max_pool1d(*args, **kwargs)


class MaxPool2d(_MaxPoolNd):
    """Largest value under a sliding window of an image.

    Shape:  x (N, C, H, W) or (C, H, W) -> y (N, C, H_out, W_out)
            H_out = floor((H + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1
    Args:   stride: Default: kernel_size.
            padding: -inf on each side, at most half the kernel. Default 0.
            return_indices: also return where the largest values were, for ``MaxUnpool2d``.
            ceil_mode: round H_out up.

    >>> import flambeau as torch
    >>> torch.nn.MaxPool2d(3, stride=2)(torch.randn(20, 16, 50, 32)).shape
    torch.Size([20, 16, 24, 15])
    """

    _n = 2

    @staticmethod
    def _function(*args, **kwargs):
        return F.max_pool2d(*args, **kwargs)


class MaxPool3d(_MaxPoolNd):
    """Largest value under a sliding window of a volume; the three-dimensional ``MaxPool2d``."""

    _n = 3

    @staticmethod
    def _function(*args, **kwargs):
        return F.max_pool3d(*args, **kwargs)


class _MaxUnpoolNd(Module):
    _n: int

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        each = _ntuple(self._n)
        self.kernel_size = each(kernel_size)
        self.stride = each(stride if stride is not None else kernel_size)
        self.padding = each(padding)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    def forward(self, input, indices, output_size=None):
        return self._function(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class MaxUnpool1d(_MaxUnpoolNd):
    """Puts pooled values back where they came from; the one-dimensional ``MaxUnpool2d``."""

    _n = 1

    @staticmethod
    def _function(*args):
        return F.max_unpool1d(*args)


class MaxUnpool2d(_MaxUnpoolNd):
    """Puts values at the places that ``MaxPool2d(return_indices=True)`` names, zeros elsewhere.

    Shape:  x, indices (N, C, H, W) -> y (N, C, H_out, W_out), H_out = (H - 1)*stride - 2*padding +
            kernel_size
            or ``output_size``, where the pool's input had another size

    >>> import flambeau as torch
    >>> y, at = torch.nn.MaxPool2d(2, return_indices=True)(torch.tensor([[[[1., 2.], [3., 4.]]]]))
    >>> torch.nn.MaxUnpool2d(2)(y, at)
    tensor([[[[0., 0.],
              [0., 4.]]]])
    """

    _n = 2

    @staticmethod
    def _function(*args):
        return F.max_unpool2d(*args)


class MaxUnpool3d(_MaxUnpoolNd):
    """Puts pooled values back where they came from; the three-dimensional ``MaxUnpool2d``."""

    _n = 3

    @staticmethod
    def _function(*args):
        return F.max_unpool3d(*args)


# -------------------------------------------------------------------------------- average pooling


class _AvgPoolNd(Module):
    __constants__ = ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"]
    _n: int

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    def _cure(self, input):
        return _pool_cure(input, self.kernel_size, self._n)


class AvgPool1d(_AvgPoolNd):
    """Mean under a sliding window of a signal; the one-dimensional ``AvgPool2d``.

    >>> import flambeau as torch
    >>> torch.nn.AvgPool1d(3, stride=2)(torch.tensor([[[1., 2., 3., 4., 5., 6., 7.]]]))
    tensor([[[2., 4., 6.]]])
    """

    _n = 1

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
    ):
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(stride if stride is not None else kernel_size)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input):
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


class _AvgPoolWithDivisor(_AvgPoolNd):
    __constants__ = [*_AvgPoolNd.__constants__, "divisor_override"]

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input):
        return self._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool2d(_AvgPoolWithDivisor):
    """Mean under a sliding window of an image.

    Shape:  x (N, C, H, W) or (C, H, W) -> y (N, C, H_out, W_out), H_out = floor((H + 2*padding - k)
            / stride) + 1
    Args:   count_include_pad: whether the padding counts in the mean. Default True.
            divisor_override: divide by this instead of the window's size.

    >>> import flambeau as torch
    >>> torch.nn.AvgPool2d(2)(torch.ones(1, 1, 4, 4)).shape
    torch.Size([1, 1, 2, 2])
    """

    _n = 2

    @staticmethod
    def _function(*args):
        return F.avg_pool2d(*args)


class AvgPool3d(_AvgPoolWithDivisor):
    """Mean under a sliding window of a volume; the three-dimensional ``AvgPool2d``."""

    _n = 3

    @staticmethod
    def _function(*args):
        return F.avg_pool3d(*args)

    def __setstate__(self, state):
        super().__setstate__(state)
        self.__dict__.setdefault("padding", 0)
        self.__dict__.setdefault("ceil_mode", False)
        self.__dict__.setdefault("count_include_pad", True)


# ------------------------------------------------------------------------------ other kinds


class _FractionalMaxPoolNd(Module):
    __constants__ = ["kernel_size", "return_indices", "output_size", "output_ratio"]
    _n: int

    def __init__(
        self,
        kernel_size,
        output_size=None,
        output_ratio=None,
        return_indices=False,
        _random_samples=None,
    ):
        super().__init__()
        each = _ntuple(self._n)
        name = type(self).__name__
        if any(k <= 0 for k in each(kernel_size)):
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        self.kernel_size = each(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = each(output_size) if output_size is not None else None
        self.output_ratio = each(output_ratio) if output_ratio is not None else None
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{name} requires specifying either an output size, or a pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input):
        return self._function(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """Max pooling whose windows lie at random places, so that the size shrinks by a fraction.

    Args:   output_size: the size wanted, or
            output_ratio: its ratio to the input's, between 0 and 1.
            return_indices: also return where the largest values were.

    >>> import flambeau as torch
    >>> torch.nn.FractionalMaxPool2d(3, output_size=(13, 12))(torch.randn(2, 3, 50, 32)).shape
    torch.Size([2, 3, 13, 12])
    """

    _n = 2

    @staticmethod
    def _function(*args, **kwargs):
        return F.fractional_max_pool2d(*args, **kwargs)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """The three-dimensional ``FractionalMaxPool2d``."""

    _n = 3

    @staticmethod
    def _function(*args, **kwargs):
        return F.fractional_max_pool3d(*args, **kwargs)


class _LPPoolNd(Module):
    __constants__ = ["norm_type", "kernel_size", "stride", "ceil_mode"]

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )

    def forward(self, input):
        return self._function(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class LPPool1d(_LPPoolNd):
    """The one-dimensional ``LPPool2d``."""

    @staticmethod
    def _function(*args):
        return F.lp_pool1d(*args)


class LPPool2d(_LPPoolNd):
    """Power mean without the mean, y = (sum of x^p under the window)^(1/p), p = norm_type.

    >>> import flambeau as torch
    >>> torch.nn.LPPool2d(2, 2)(torch.tensor([[[[3., 0.], [0., 4.]]]]))
    tensor([[[[5.]]]])
    """

    @staticmethod
    def _function(*args):
        return F.lp_pool2d(*args)


class LPPool3d(_LPPoolNd):
    """The three-dimensional ``LPPool2d``."""

    @staticmethod
    def _function(*args):
        return F.lp_pool3d(*args)


class _AdaptiveMaxPoolNd(Module):
    __constants__ = ["output_size", "return_indices"]

    def __init__(self, output_size, return_indices=False):
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"

    def forward(self, input):
        return self._function(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Max pooling of a signal to ``output_size`` values."""

    @staticmethod
    def _function(*args):
        return F.adaptive_max_pool1d(*args)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """Max pooling of an image to ``output_size``; None keeps a dimension as it is.

    >>> import flambeau as torch
    >>> torch.nn.AdaptiveMaxPool2d((5, None))(torch.randn(1, 64, 10, 9)).shape
    torch.Size([1, 64, 5, 9])
    """

    @staticmethod
    def _function(*args):
        return F.adaptive_max_pool2d(*args)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """Max pooling of a volume to ``output_size``."""

    @staticmethod
    def _function(*args):
        return F.adaptive_max_pool3d(*args)


class _AdaptiveAvgPoolNd(Module):
    __constants__ = ["output_size"]

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"

    def forward(self, input):
        return self._function(input, self.output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Average pooling of a signal to ``output_size`` values."""

    @staticmethod
    def _function(*args):
        return F.adaptive_avg_pool1d(*args)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """Average pooling of an image to ``output_size``, whatever its size; None keeps a dimension.

    Shape:  x (N, C, H, W) or (C, H, W) -> y (N, C, *output_size)

    >>> import flambeau as torch
    >>> torch.nn.AdaptiveAvgPool2d(1)(torch.ones(2, 8, 7, 5)).shape
    torch.Size([2, 8, 1, 1])
    """

    @staticmethod
    def _function(*args):
        return F.adaptive_avg_pool2d(*args)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Average pooling of a volume to ``output_size``."""

    @staticmethod
    def _function(*args):
        return F.adaptive_avg_pool3d(*args)
