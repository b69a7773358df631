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

from flambeau.vision.datasets.files import DataFileError, md5_of

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
    urls: Sequence[str], path: Path, *, md5: str, progress: Progress = show_progress
) -> Path:
    """Bring a file to `path` from the first of `urls` that gives the right bytes.

    Bytes collect in `path` + ".part", from which the next attempt goes on; the file gets its name
    when its MD5 checksum is right, so that whoever sees it sees all of it. A file that is there
    already with the right checksum is kept.

    Args:   urls: mirrors, tried in order. md5: expected checksum, 32 hexadecimal digits.
            progress: called with (name, bytes so far, bytes in all or None).
    Raises: DataFileError when no mirror worked: each with its reason, and where to put the file by
            hand.
    """
    if path.is_file() and md5_of(path) == md5:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    reasons = []
    for url in urls:
        try:
            _fetch(url, part, progress)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reasons.append(f"{url}: {getattr(error, 'reason', error)}")
            continue
        found = md5_of(part)
        if found == md5:
            os.replace(part, path)
            return path
        part.unlink()  # wrong bytes are no start for the next mirror
        reasons.append(f"{url}: checksum is {found}, expected {md5}")
    tried = "\n  ".join(reasons)
    raise DataFileError(
        f"could not download {path.name}:\n  {tried}\n"
        f"without a network, put the file by hand at {path.resolve()} (MD5 {md5})"
    )


def _fetch(url: str, part: Path, progress: Progress) -> None:
    """Append to `part` what is still missing of the file at `url`."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if have and error.code == 416:  # nothing after what we have: complete, or of another file
            return
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


def _copy(
    source: BinaryIO, file: BinaryIO, name: str, done: int, total: int | None, progress: Progress
) -> int:
    while block := source.read(BLOCK):
        file.write(block)
        done += len(block)
        progress(name, done, total)
    return done
