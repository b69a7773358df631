"""Reading a data file so that a damaged one is named instead of half-read."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

from flambeau.core.errors import FlambeauError


class DataFileError(FlambeauError, RuntimeError):
    """A data file is missing, damaged or not what it should be; the text names the file."""


def find(folders: list[Path], name: str) -> Path | None:
    """The first of FOLDER/name and FOLDER/name.gz that exists."""
    for folder in folders:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def read_bytes(path: Path) -> bytes:
    """The whole content of a file, unpacked when its name ends in .gz."""
    raw = path.read_bytes()
    if path.suffix != ".gz":
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, OSError, zlib.error) as error:
        raise DataFileError(
            f"{path} is damaged or cut short ({error}): delete it and download it again"
        ) from error


def md5_of(path: Path) -> str:
    """The MD5 checksum of a file: what data sets are published with, a guard against damage."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
