"""Finding and reading data files so that a missing or damaged one is named, never half-read."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import zlib
from collections.abc import Sequence
from pathlib import Path

from flambeau.vision.errors import DataFileError


def find(folders: Sequence[Path], *names: str) -> Path | None:
    """The first file that exists: any of the names, as it is or packed, in any of the folders."""
    for folder in folders:
        for name in names:
            for path in (folder / name, folder / f"{name}.gz", folder / f"{name}.xz"):
                if path.is_file():
                    return path
    return None


def require(
    owner: str, folders: Sequence[Path], wanted: Sequence[Sequence[str]], hint: str = ""
) -> list[Path]:
    """Where each wanted file lies; each is given by the names that it may have.

    Args:   owner: the data set, for the message. hint: what else the user can do, for the message.
    Raises: DataFileError that names all missing files and the places where they may be put.
    """
    found = [find(folders, *names) for names in wanted]
    missing = [names[0] for names, path in zip(wanted, found, strict=True) if path is None]
    if missing:
        places = " or in ".join(str(folder) for folder in folders)
        raise DataFileError(
            f"{owner}: no file {', '.join(missing)} (or .gz) in {places}; "
            f"put it there, or download=True fetches it where there is a network{hint}"
        )
    return [path for path in found if path is not None]


def read_bytes(path: Path) -> bytes:
    """The whole content of a file, unpacked when its name ends in .gz or .xz."""
    raw = path.read_bytes()
    unpack = {".gz": gzip.decompress, ".xz": lzma.decompress}.get(path.suffix, bytes)
    try:
        return unpack(raw)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise DataFileError(
            f"{path} is damaged or cut short ({error}): delete it and download it again"
        ) from error


def digest_of(path: Path, algorithm: str) -> str:
    """The checksum of a file in hexadecimal digits: a guard against damage, not against malice."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def md5_of(path: Path) -> str:
    """The MD5 checksum of a file: what data sets are published with."""
    return digest_of(path, "md5")
