"""`flambeau env`: what is installed here."""

from __future__ import annotations

import os
import platform
from importlib import metadata

PACKAGES = (
    "flambeau",
    "numpy",
    "pillow",
    "click",
    "rich",
    "matplotlib",
    "safetensors",
    "ml_dtypes",
)


def versions() -> dict[str, str]:
    """Everything whose version matters, in the order in which it is shown."""
    here = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": str(os.cpu_count()),
    }
    return here | {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
