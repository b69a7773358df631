"""The errors that users meet. Each is a subclass of the class that PyTorch raises in the same
place.
"""

from __future__ import annotations


class FlambeauError(Exception):
    """Base of Flambeau's own errors, for code that wants to catch them all."""


class ShapeError(FlambeauError, RuntimeError):
    """Sizes that do not fit the operation."""


class DTypeError(FlambeauError, RuntimeError):
    """An element type that the operation does not take."""


class DeviceError(FlambeauError, RuntimeError):
    """A device that is absent, or tensors on different devices."""


class AutogradError(FlambeauError, RuntimeError):
    """A gradient that cannot be computed."""


class ArgumentError(FlambeauError, RuntimeError):
    """An argument whose value the operation refuses."""


class DimError(FlambeauError, IndexError):
    """A dimension or index out of range."""
