"""The C++ runtime, where it could be built. Without it everything runs through NumPy, slower."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def _load() -> Any:
    try:
        return import_module(f"{__name__}._runtime")
    except ModuleNotFoundError:
        return None


runtime = _load()  # the module of kernels, or None
