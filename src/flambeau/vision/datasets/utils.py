"""Downloads and archives under the names that programs for torchvision call."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flambeau.vision.datasets.archive import unpack
from flambeau.vision.datasets.download import download
from flambeau.vision.datasets.files import md5_of


def calculate_md5(fpath: str | Path, chunk_size: int = 1024 * 1024) -> str:
    """The MD5 checksum of a file. `chunk_size` is there for compatibility."""
    return md5_of(Path(fpath))


def check_md5(fpath: str | Path, md5: str, **kwargs: Any) -> bool:
    """Whether a file has this MD5 checksum."""
    return md5 == calculate_md5(fpath, **kwargs)


def check_integrity(fpath: str | Path, md5: str | None = None) -> bool:
    """Whether a file is there and, where a checksum is given, has it."""
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


def download_url(
    url: str,
    root: str | Path,
    filename: str | Path | None = None,
    md5: str | None = None,
    max_redirect_hops: int = 3,
) -> None:
    """Fetch a file into a folder unless it is there; interrupted downloads are resumed.

    Args:   filename: its name there. Default: the last part of the address.
            md5: expected checksum. max_redirect_hops: there for compatibility.
    Raises: DataFileError with the reason and where to put the file by hand.
    """
    name = filename or unquote(os.path.basename(urlsplit(url).path))
    download([url], Path(root).expanduser() / name, md5=md5)


def extract_archive(
    from_path: str | Path, to_path: str | Path | None = None, remove_finished: bool = False
) -> str | Path:
    """Unpack a .zip or .tar(.gz, .xz, .bz2) archive, by default beside it; returns the folder.

    Raises: DataFileError naming the archive when it is damaged or a member would lie elsewhere.
    """
    target = os.path.dirname(from_path) if to_path is None else to_path
    unpack(Path(from_path), Path(target))
    if remove_finished:
        os.remove(from_path)
    return target


def download_and_extract_archive(
    url: str,
    download_root: str | Path,
    extract_root: str | Path | None = None,
    filename: str | Path | None = None,
    md5: str | None = None,
    remove_finished: bool = False,
) -> None:
    """Fetch an archive into a folder and unpack it, by default there: the two functions above."""
    root = Path(download_root).expanduser()
    name = filename or unquote(os.path.basename(urlsplit(url).path))
    download_url(url, root, name, md5)
    extract_archive(root / name, extract_root or root, remove_finished)
