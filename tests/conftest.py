"""What every test shares: the real input files, and threads that do not fight over the cores."""

from __future__ import annotations

import os
import signal
from pathlib import Path

# One thread a process: pytest-xdist already puts a process on every core. Set before NumPy loads.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import pytest

# A shell that starts the tests in the background makes them deaf to Ctrl-C, which some are about.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent


def data_folder() -> Path | None:
    """The folder of real input files: FLAMBEAU_DATA, else shared/data beside the repository."""
    named = os.environ.get("FLAMBEAU_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real input files; the test skips where it is absent."""
    folder = data_folder()
    if folder is None:
        pytest.skip("no real input files: set FLAMBEAU_DATA or put them in ../shared/data")
    return folder


@pytest.fixture(autouse=True, scope="session")
def _one_torch_thread() -> None:
    """The oracle keeps to one thread too, where it is installed and has been imported."""
    import sys

    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
