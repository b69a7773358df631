"""Files: opened from paths or handed in, and written so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from typing import Any

from .errors import CheckpointError

__all__ = ["is_path", "opened", "written"]


def is_path(f: Any) -> bool:
    return isinstance(f, (str, bytes, os.PathLike))


@contextlib.contextmanager
def opened(f: Any):
    """A binary file to read from, which can seek; closed afterwards if it was opened here."""
    if is_path(f):
        with open(f, "rb") as file:
            yield file
        return
    if not all(hasattr(f, name) for name in ("read", "seek", "tell")):
        raise AttributeError(
            f"{type(f).__name__!r} object cannot be loaded from: expected a path or a file that "
            "can read, seek and tell. Please pre-load the data into a buffer like io.BytesIO and "
            "try to load from it instead."
        )
    yield f


@contextlib.contextmanager
def written(f: Any):
    """A binary file to write to.

    A path gets its new contents all at once when the block ends: they are written beside it, forced
    to disk and renamed. If the block raises, the old file is still there, untouched.
    """
    if not is_path(f):
        if not hasattr(f, "write"):
            raise AttributeError(
                "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
            )
        yield f
        if hasattr(f, "flush"):
            f.flush()
        return
    target = os.path.realpath(os.fsdecode(f))  # a symbolic link stays one
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise CheckpointError(f"Parent directory {os.path.dirname(os.fsdecode(f))} does not exist.")
    if os.path.isdir(target):
        raise IsADirectoryError(21, "Is a directory", os.fsdecode(f))
    mode = os.stat(target).st_mode if os.path.exists(target) else None
    if mode is not None and not stat.S_ISREG(mode):  # a device or pipe cannot be replaced
        with open(target, "wb") as file:
            yield file
        return
    beside = os.path.join(folder, f".{os.path.basename(target)[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        with open(beside, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(beside, stat.S_IMODE(mode))
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Make the rename itself durable, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
