"""Unpacking archives: only plain files, only below the folder given, each whole or not at all."""

from __future__ import annotations

import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from flambeau.vision.errors import DataFileError

DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError)


def unpack(archive: Path, folder: Path) -> None:
    """Write the files of a .zip, .tar, .tar.gz, .tar.xz or .tar.bz2 archive below a folder.

    Links and devices are left out; no member can lie outside the folder.

    Raises: DataFileError naming the archive when it is damaged or a member's path leads elsewhere.
    """
    with archive.open("rb") as file:
        for name, content in _members(archive, file):
            steps = PurePosixPath(name.replace("\\", "/"))
            if steps.is_absolute() or ".." in steps.parts or ":" in name:
                raise DataFileError(f"{archive} holds {name!r}, which would lie outside {folder}")
            path = folder / steps
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + ".part")
            part.write_bytes(content)
            os.replace(part, path)


def _members(archive: Path, file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the plain files, one at a time."""
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as zipped:
                for entry in zipped.infolist():
                    if not entry.is_dir():
                        yield entry.filename, zipped.read(entry)
            return
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:*") as packed:
            for member in packed:
                source = packed.extractfile(member) if member.isfile() else None
                if source is not None:
                    yield member.name, source.read()
    except DAMAGE as error:
        raise DataFileError(f"{archive} is damaged ({error}): delete it and try again") from error
