"""Putting values around the last 1, 2 or 3 dimensions."""

from __future__ import annotations

from flambeau.nn.module import Module
from flambeau.tensor.api import F

from .utils import _ntuple

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _PadNd(Module):
    """Pads the last ``_n`` dimensions: a number for all sides, or two for each dimension, last
    first.
    """

    __constants__ = ["padding"]
    _n: int
    _mode: str

    def __init__(self, padding):
        super().__init__()
        self.padding = _ntuple(2 * self._n)(padding)

    def forward(self, input):
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _CircularPadNd(_PadNd):
    _mode = "circular"

    def forward(self, input):
        low, high = self._n + 1, self._n + 2
        if input.dim() not in (low, high):
            raise ValueError(f"expected {low}D or {high}D input (got {input.dim()}D input)")
        return F.pad(input, self.padding, "circular")


class CircularPad1d(_CircularPadNd):
    """Continues a signal (N, C, L) or (C, L) periodically.

    >>> import flambeau as torch
    >>> torch.nn.CircularPad1d(1)(torch.arange(3.).reshape(1, 1, 3))
    tensor([[[2., 0., 1., 2., 0.]]])
    """

    _n = 1


class CircularPad2d(_CircularPadNd):
    """Continues an image periodically; padding (left, right, top, bottom)."""

    _n = 2


class CircularPad3d(_CircularPadNd):
    """Continues a volume periodically; padding (left, right, top, bottom, front, back)."""

    _n = 3


class _ConstantPadNd(Module):
    __constants__ = ["padding", "value"]
    _n: int

    def __init__(self, padding, value):
        super().__init__()
        self.value = value
        self.padding = _ntuple(2 * self._n)(padding)

    def forward(self, input):
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """Puts ``value`` at both ends of a signal; padding a number or (left, right).

    >>> import flambeau as torch
    >>> torch.nn.ConstantPad1d((1, 2), 3.5)(torch.zeros(1, 1))
    tensor([[3.5000, 0.0000, 3.5000, 3.5000]])
    """

    _n = 1


class ConstantPad2d(_ConstantPadNd):
    """Puts ``value`` around an image; padding a number or (left, right, top, bottom)."""

    _n = 2


class ConstantPad3d(_ConstantPadNd):
    """Puts ``value`` round a volume; padding one or (left, right, top, bottom, front, back)."""

    _n = 3


class ReflectionPad1d(_PadNd):
    """Mirrors a signal at its first and last value.

    >>> import flambeau as torch
    >>> torch.nn.ReflectionPad1d(1)(torch.arange(3.).reshape(1, 1, 3))
    tensor([[[1., 0., 1., 2., 1.]]])
    """

    _n, _mode = 1, "reflect"


class ReflectionPad2d(_PadNd):
    """Mirrors an image at its edges; padding (left, right, top, bottom)."""

    _n, _mode = 2, "reflect"


class ReflectionPad3d(_PadNd):
    """Mirrors a volume at its faces; padding (left, right, top, bottom, front, back)."""

    _n, _mode = 3, "reflect"


class ReplicationPad1d(_PadNd):
    """Repeats a signal's first and last value.

    >>> import flambeau as torch
    >>> torch.nn.ReplicationPad1d(1)(torch.arange(3.).reshape(1, 1, 3))
    tensor([[[0., 0., 1., 2., 2.]]])
    """

    _n, _mode = 1, "replicate"


class ReplicationPad2d(_PadNd):
    """Repeats an image's edge values; padding (left, right, top, bottom)."""

    _n, _mode = 2, "replicate"


class ReplicationPad3d(_PadNd):
    """Repeats a volume's face values; padding (left, right, top, bottom, front, back)."""

    _n, _mode = 3, "replicate"


class _ZeroPad:
    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad, ConstantPad1d):
    """Puts zeros at both ends of a signal."""


class ZeroPad2d(_ZeroPad, ConstantPad2d):
    """Puts zeros around an image; padding a number or (left, right, top, bottom).

    >>> import flambeau as torch
    >>> torch.nn.ZeroPad2d((1, 0, 1, 0))(torch.ones(1, 1, 1, 1))
    tensor([[[[0., 0.],
              [0., 1.]]]])
    """


class ZeroPad3d(_ZeroPad, ConstantPad3d):
    """Puts zeros around a volume."""
