"""Checkpoints: ``save`` and ``load`` in PyTorch's formats, and safetensors."""

from .allow import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals
from .errors import CheckpointError, TruncatedError, UnsafeCheckpointError
from .safetensors import load_safetensors, save_safetensors
from .serialization import load, save

__all__ = [
    "CheckpointError",
    "TruncatedError",
    "UnsafeCheckpointError",
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "load",
    "load_safetensors",
    "safe_globals",
    "save",
    "save_safetensors",
]
