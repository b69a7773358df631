"""Unpacking archives: only plain files, only below the folder given, all or none."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from flambeau.vision.errors import DataFileError


def unpack(archive: Path, folder: Path) -> None:
    """Write the files of a .zip, .tar, .tar.gz, .tar.xz or .tar.bz2 archive below a folder.

    The files get their names when the last byte of the archive has proved sound. Links and devices
    are left out; no member can lie outside the folder.

    Raises: DataFileError naming the archive when it is damaged or a member's path leads elsewhere.
    """
    paths: dict[Path, Path] = {}
    try:
        with archive.open("rb") as file:
            for name, content in _members(archive, file):
                path = folder.joinpath(*_inside(archive, name))
                path.parent.mkdir(parents=True, exist_ok=True)
                part = path.with_name(path.name + ".part")
                paths[part] = path
                part.write_bytes(content)
        for part, path in paths.items():
            os.replace(part, path)
    finally:
        for part in paths:
            part.unlink(missing_ok=True)


def _inside(archive: Path, name: str) -> tuple[str, ...]:
    """The steps of a member's path, which must not lead out of the folder on any system."""
    path = PureWindowsPath(name)  # knows both kinds of slashes
    if path.anchor or ".." in path.parts or not path.name:
        raise DataFileError(f"{archive} holds {name!r}, which would lie outside the folder")
    return path.parts


def _members(archive: Path, file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the plain files, one at a time."""
    try:
        start = file.read(4)
        file.seek(0)
        if start in (b"PK\3\4", b"PK\5\6"):  # is_zipfile would take a tar that ends in a zip
            with zipfile.ZipFile(file) as zipped:
                for entry in zipped.infolist():
                    if not entry.is_dir():
                        yield entry.filename, zipped.read(entry)
            return
        with tarfile.open(fileobj=file, mode="r:*") as packed:
            for member in packed:
                source = packed.extractfile(member) if member.isfile() else None
                if source is not None:
                    yield member.name, source.read()
            while packed.fileobj and packed.fileobj.read(1 << 20):
                pass  # the checksum comes after the last member
    except Exception as error:  # a damaged archive fails in any way
        raise DataFileError(f"{archive} is damaged ({error}): delete it and try again") from error
