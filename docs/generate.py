"""Write what follows from the registry: type stubs beside the package, and docs/operations.md.

Run ``python docs/generate.py`` after a public signature has changed. Signatures are read from the
live package; what they do not say is in docs/stubs/declared.py: a parameter's type follows from its
name (``TYPES``) and its default, a result's from ``RETURNS``, and ``SPECIAL`` is written out.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "src/flambeau"

sys.path.insert(0, str(ROOT / "docs"))
from stubs import files as stubs  # noqa: E402
from stubs.operations import operations_table  # noqa: E402


def files() -> dict[str, str]:
    """Every generated file: its path from the repository's root, and its text."""
    return {
        f"{PACKAGE}/__init__.pyi": stubs.top_stub(),
        f"{PACKAGE}/tensor/tensor.pyi": stubs.tensor_stub(),
        f"{PACKAGE}/nn/functional.pyi": stubs.functional_stub(),
        f"{PACKAGE}/linalg.pyi": stubs.linalg_stub(),
        f"{PACKAGE}/nn/module.pyi": stubs.module_stub(),
        f"{PACKAGE}/nn/modules/__init__.pyi": stubs.layers_stub(),
        f"{PACKAGE}/optim/__init__.pyi": stubs.optim_stub(),
        f"{PACKAGE}/optim/lr_scheduler/__init__.pyi": stubs.schedules_stub(),
        "docs/operations.md": operations_table(),
    }


if __name__ == "__main__":
    for path, text in files().items():
        (ROOT / path).write_text(text)
        print(path)
