"""What goes wrong with files. Each error is also of the kinds that PyTorch programs catch."""

from __future__ import annotations

import pickle

from flambeau.core.errors import FlambeauError


class CheckpointError(FlambeauError, RuntimeError, pickle.UnpicklingError):
    """A file that is not a checkpoint, is damaged, or says things that cannot be."""


class TruncatedError(CheckpointError, EOFError):
    """A file that ends too early."""


class UnsafeCheckpointError(CheckpointError):
    """A checkpoint that names a class or function which nobody allowed."""


class UnsavableError(FlambeauError, pickle.PicklingError, AttributeError):
    """An object that no checkpoint can hold, such as a function without a name."""
