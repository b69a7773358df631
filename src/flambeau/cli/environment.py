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


def lines() -> list[str]:
    """One line for each thing whose version matters."""
    here = [
        ("python", platform.python_version()),
        ("system", platform.platform()),
        ("cores", str(os.cpu_count())),
    ]
    here += [(name, _version(name)) for name in PACKAGES]
    return [f"{name:12s} {value}" for name, value in here]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
