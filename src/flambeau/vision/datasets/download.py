"""Downloads that can be interrupted: mirrors, checksums, resumption, whole files or none."""

from __future__ import annotations

import http.client
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from flambeau.vision.datasets.files import digest_of
from flambeau.vision.errors import DataFileError

TIMEOUT = 30  # seconds without a byte before the next mirror is tried
BLOCK = 1 << 16

Progress = Callable[[str, int, int | None], None]


def show_progress(name: str, done: int, total: int | None) -> None:
    """One line on the terminal that is rewritten as bytes come in; silent in a log file."""
    if not sys.stderr.isatty():
        return
    part = f"{100 * done // total:3d}% of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"
    end = "\n" if done == total else ""
    print(f"\r{name}: {part}", end=end, file=sys.stderr, flush=True)


def download(
    urls: Sequence[str],
    path: Path,
    *,
    md5: str | None = None,
    sha256: str | None = None,
    progress: Progress = show_progress,
) -> Path:
    """Bring a file to `path` from the first of `urls` that gives the right bytes.

    Bytes collect in `path` + ".part", from which the next attempt goes on; the file gets its name
    when its checksum is right, so that whoever sees it sees all of it. A file that is there already
    with the right checksum is kept.

    Args:   urls: mirrors, tried in order.
            md5, sha256: expected checksum, or how it begins, in hexadecimal digits. Default: any.
            progress: called with (name, bytes so far, bytes in all or None).
    Raises: DataFileError when no mirror worked: each with its reason, and where to put the file by
            hand.
    """
    if path.is_file() and not _wrong(path, md5, sha256):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    reasons = []
    for url in urls:
        try:
            resumed = _fetch(url, part, progress)
            wrong = _wrong(part, md5, sha256)
            if wrong and resumed:  # what was there before may be of another file
                part.unlink()
                _fetch(url, part, progress)
                wrong = _wrong(part, md5, sha256)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reasons.append(f"{url}: {getattr(error, 'reason', None) or error}")
            continue
        if not wrong:
            os.replace(part, path)
            return path
        part.unlink()  # wrong bytes are no start for the next mirror
        reasons.append(f"{url}: {wrong}")
    tried = "\n  ".join(reasons)
    known = [f"{name} {value}" for name, value in (("MD5", md5), ("SHA-256", sha256)) if value]
    raise DataFileError(
        f"could not download {path.name}:\n  {tried}\n"
        f"without a network, put the file by hand at {path.resolve()}"
        + (f" ({', '.join(known)})" if known else "")
    )


def _wrong(path: Path, md5: str | None, sha256: str | None) -> str:
    """What is wrong with the checksum of a file; nothing if it is right or not known."""
    for algorithm, expected in (("md5", md5), ("sha256", sha256)):
        if expected and not (found := digest_of(path, algorithm)).startswith(expected.lower()):
            return f"checksum is {found}, expected {expected}"
    return ""


def _fetch(url: str, part: Path, progress: Progress) -> bool:
    """Append to `part` what is still missing of the file at `url`; whether it began with some."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if have and error.code == 416:  # nothing after what we have: complete, or of another file
            return True
        raise
    with answer:
        if answer.status != 206:  # the server sends from the start
            have = 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        with part.open("ab" if have else "wb") as file:
            done = _copy(answer, file, part.name.removesuffix(".part"), have, total, progress)
            file.flush()
            os.fsync(file.fileno())
    if total is not None and done < total:
        raise OSError(f"connection closed after {done} of {total} bytes")
    return have > 0


def _copy(
    source: BinaryIO, file: BinaryIO, name: str, done: int, total: int | None, progress: Progress
) -> int:
    while block := source.read(BLOCK):
        file.write(block)
        done += len(block)
        progress(name, done, total)
    return done
