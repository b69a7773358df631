"""PyTorch's zip container: named records, stored without compression, their bytes aligned.

NAME/data.pkl              the object, a pickle whose tensors refer to storages by number
NAME/.format_version       "1"
NAME/.storage_alignment    "64": every record starts at a multiple of it, ready to be mapped
NAME/byteorder             "little" or "big"
NAME/data/0, data/1, ...   the storages
NAME/version               "3"
"""

from __future__ import annotations

import contextlib
import hashlib
import struct
import zipfile
import zlib

import numpy as np

from .errors import CheckpointError, TruncatedError

__all__ = ["ALIGNMENT", "MAGIC", "ArchiveReader", "ArchiveWriter"]

ALIGNMENT = 64
MAGIC = b"PK\x03\x04"
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_ZIP64_EXTRA = 20  # what zipfile adds to the header of a large record


class ArchiveWriter:
    """Writes records to a binary file; the archive is complete at the end of its ``with`` block."""

    def __init__(self, file, name: str):
        self.zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)
        self.name = name
        self.digest = hashlib.sha1()

    def write(self, record: str, content) -> None:
        """Add a record; ``content`` is bytes or an array of bytes."""
        content = memoryview(content)
        info = zipfile.ZipInfo(f"{self.name}/{record}", (1980, 1, 1, 0, 0, 0))
        info.file_size = content.nbytes
        info.external_attr = 0o600 << 16
        large = content.nbytes * 1.05 > zipfile.ZIP64_LIMIT
        header = _LOCAL_HEADER.size + len(info.filename.encode()) + (_ZIP64_EXTRA if large else 0)
        start = self.zip.fp.tell() + header + 4
        padding = -start % ALIGNMENT
        info.extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
        with self.zip.open(info, "w", force_zip64=large) as target:
            target.write(content)
        info.extra = b""  # the padding belongs to the record alone, not to the directory
        self.digest.update(f"{record} {info.file_size} {info.CRC};".encode())

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, failure, *_rest) -> None:
        if (
            failure is not None
        ):  # nobody will read it; but it must not write any more when it is collected
            with contextlib.suppress(Exception):
                self.zip.close()
            return
        self.write("version", b"3\n")
        number = int.from_bytes(self.digest.digest(), "big") % 10**40
        self.write(".data/serialization_id", b"%040d" % number)
        self.zip.close()


class ArchiveReader:
    """Reads records of a zip file; everything that it says is checked before it is believed."""

    def __init__(self, file):
        self.file = file
        self.start = file.tell()
        self.size = file.seek(0, 2)
        try:
            with zipfile.ZipFile(file) as archive:
                infos = archive.infolist()
        except Exception as error:  # zipfile raises a dozen kinds on damaged files
            raise CheckpointError(
                f"failed finding central directory: the zip archive is damaged or cut off ({error})"
            ) from error
        pickles = [
            i.filename
            for i in infos
            if i.filename.count("/") == 1 and i.filename.endswith("/data.pkl")
        ]
        if len(pickles) != 1:
            raise CheckpointError(
                f"not a checkpoint: a zip archive with {len(pickles)} records named data.pkl in "
                "its folder"
            )
        prefix = pickles[0][: -len("data.pkl")]
        self.records: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            record = info.filename.removeprefix(prefix)
            if record in self.records:
                raise CheckpointError(f"the record {info.filename!r} is there twice")
            self.records[record] = info

    def __contains__(self, record: str) -> bool:
        return record in self.records

    def length(self, record: str) -> int:
        """The bytes of a record."""
        if record not in self.records:
            raise CheckpointError(f"the file has no record {record!r}: it is incomplete")
        return self.records[record].file_size

    def offset(self, record: str) -> int:
        """Where the bytes of a record start; raises where they do not fit into the file."""
        size = self.length(record)
        info = self.records[record]
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise CheckpointError(
                f"the record {record!r} is compressed or encrypted, as no checkpoint's are"
            )
        if not self.start <= info.header_offset <= self.size:
            raise CheckpointError(f"the record {record!r} lies outside the file")
        self.file.seek(info.header_offset)
        header = self.file.read(_LOCAL_HEADER.size)
        if len(header) != _LOCAL_HEADER.size or header[:4] != MAGIC:
            raise CheckpointError(f"the header of record {record!r} is damaged")
        *_, name_size, extra_size = _LOCAL_HEADER.unpack(header)
        start = info.header_offset + _LOCAL_HEADER.size + name_size + extra_size
        if start + size > self.size:
            raise TruncatedError(f"the record {record!r} ends beyond the end of the file")
        return start

    def read(self, record: str) -> np.ndarray:
        """The bytes of a record, in memory of their own, compared with their checksum."""
        start = self.offset(record)
        content = np.empty(self.length(record), np.uint8)
        self.file.seek(start)
        read_into(self.file, content)
        expected = self.records[record].CRC
        if expected and zlib.crc32(content) != expected:  # 0: written without checksums
            raise CheckpointError(
                f"the record {record!r} does not agree with its checksum: the file is damaged"
            )
        return content


def read_into(file, content: np.ndarray) -> None:
    """Fill an array of bytes from a file; raises TruncatedError if it has not enough."""
    view, done = memoryview(content), 0
    direct = getattr(file, "readinto", None)
    while done < content.size:
        if direct is not None:
            count = direct(view[done:])
        else:
            piece = file.read(content.size - done)
            count = len(piece)
            view[done : done + count] = piece
        if not count:
            raise TruncatedError(f"the file ends {content.size - done} bytes too early")
        done += count
