"""Where a run took place: what is installed, the machine, the command. Also `flambeau env`."""

from __future__ import annotations

import json
import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import flambeau as torch
from flambeau.io import files

ENVIRONMENT = "environment.json"

PACKAGES = (
    "flambeau",
    "numpy",
    "pillow",
    "click",
    "rich",
    "matplotlib",
    "tensorboardX",
    "safetensors",
    "ml_dtypes",
)


# What the libraries below NumPy read when they start.
LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


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


def describe(seed: int) -> dict[str, Any]:
    """All that one needs to repeat a run, and to understand why it comes out otherwise."""
    return {
        "begun": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["flambeau", *sys.argv[1:]]),
        "directory": os.getcwd(),
        "commit": commit(),
        "seed": seed,
        "threads": torch.get_num_threads(),
        "thread_limits": {name: os.environ[name] for name in LIMITS if name in os.environ},
        "processor": processor(),
        "versions": versions(),
    }


def write(folder: Path, seed: int) -> None:
    """Write `environment.json`; what an earlier part of the run wrote is kept under "earlier"."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ENVIRONMENT
    here = describe(seed)
    if path.exists():
        before = json.loads(path.read_text())
        here["earlier"] = [*before.pop("earlier", []), before]
    with files.written(path) as file:
        file.write((json.dumps(here, indent=2) + "\n").encode())


def processor() -> str:
    """The processor's name as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def commit() -> str | None:
    """The git commit of the present directory, "+" behind it when files differ; None without."""
    try:
        head = _git("rev-parse", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):  # no git, no repository, or no commit yet
        return None


def _git(*arguments: str) -> str:
    finished = subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=True, timeout=10
    )
    return finished.stdout.strip()
