"""Downloads and damaged files, against a server on this machine."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import struct
import tarfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from flambeau.vision.datasets import DataFileError, utils
from flambeau.vision.datasets.archive import unpack
from flambeau.vision.datasets.download import download, show_progress
from flambeau.vision.datasets.files import find, md5_of, read_bytes
from flambeau.vision.datasets.idx import read_idx

CONTENT = bytes(range(256)) * 1000
MD5 = hashlib.md5(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT under any name; what it does wrong is in the name."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if "missing" in self.path:
            self.send_error(404)
            return
        content = CONTENT[::-1] if "wrong" in self.path else CONTENT
        start = 0
        if asked and "whole" not in self.path:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        stop = start + 1000 if "breaks" in self.path else len(content)
        self.wfile.write(content[start:stop])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_download_tells_progress_and_leaves_one_file(server, tmp_path):
    seen = []
    path = tmp_path / "deep" / "file.bin"
    download([server.url("good")], path, md5=MD5, progress=lambda *step: seen.append(step))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == ("file.bin", len(CONTENT), len(CONTENT))
    assert [entry.name for entry in path.parent.iterdir()] == ["file.bin"]


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    download([server.url("good")], tmp_path / "file", md5=MD5)
    assert server.ranges == []


def test_download_goes_on_where_it_stopped(server, tmp_path):
    path = tmp_path / "file"
    with pytest.raises(DataFileError, match="connection closed after 1000 of 256000 bytes"):
        download([server.url("breaks")], path, md5=MD5)
    assert not path.exists()
    download([server.url("good")], path, md5=MD5)
    assert path.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=1000-"]


def test_a_server_without_ranges_sends_everything_again(server, tmp_path):
    path = tmp_path / "file"
    (tmp_path / "file.part").write_bytes(CONTENT[:5000])
    download([server.url("whole")], path, md5=MD5)
    assert path.read_bytes() == CONTENT


def test_a_part_that_is_already_complete(server, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT)
    download([server.url("good")], tmp_path / "file", md5=MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_the_next_mirror_is_tried(server, tmp_path):
    urls = [server.url("missing"), server.url("wrong"), server.url("good")]
    download(urls, tmp_path / "file", md5=MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_no_mirror_works(server, tmp_path):
    path = tmp_path / "file"
    with pytest.raises(DataFileError) as caught:
        download([server.url("missing"), server.url("wrong")], path, md5=MD5)
    text = str(caught.value)
    assert "Not Found" in text and "checksum is" in text
    assert f"put the file by hand at {path}" in text
    assert list(tmp_path.iterdir()) == []


def test_no_network(tmp_path):
    with pytest.raises(DataFileError, match="without a network, put the file by hand at"):
        download(["http://127.0.0.1:9/file"], tmp_path / "file", md5=MD5)


def idx(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_idx_reads_what_was_written(tmp_path, name):
    content = idx(IMAGES)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    path = find([tmp_path / "elsewhere", tmp_path], "images")
    assert path == tmp_path / name
    read = read_idx(path, 3)
    assert np.array_equal(read, IMAGES) and read.flags.writeable


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "starts with nothing"),
        (b"<html>not found", "starts with 3c 68 74 6d"),
        (idx(IMAGES)[:-1], "announces .2, 3, 4., that is 24 bytes, and 23 follow"),
        (idx(IMAGES) + b"x", "and 25 follow"),
        (idx(IMAGES[0]), "not an IDX file of unsigned bytes in 3 dimension"),
        (idx(IMAGES)[:9], "not an IDX file"),
    ],
)
def test_damaged_idx_files_are_named(tmp_path, content, message):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=message) as caught:
        read_idx(path, 3)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("damage", ["cut", "flipped", "no gzip"])
def test_damaged_gzip_files_are_named(tmp_path, damage):
    content = bytearray(gzip.compress(CONTENT))
    if damage == "cut":
        content = content[:-10]
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    else:
        content = bytearray(b"nothing of the kind")
    path: Path = tmp_path / "file.gz"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=r"file\.gz is damaged or cut short"):
        read_bytes(path)


def test_md5(tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    assert md5_of(tmp_path / "file") == MD5


def test_a_part_of_another_file_is_thrown_away(server, tmp_path):
    for stale in (b"x" * 1000, b"x" * 2 * len(CONTENT)):
        (tmp_path / "file.part").write_bytes(stale)
        path = tmp_path / "file"
        download([server.url("good")], path, md5=MD5)
        assert path.read_bytes() == CONTENT
        path.unlink()


def test_other_checksums_and_none(server, tmp_path):
    sha = hashlib.sha256(CONTENT).hexdigest()
    for number, known in enumerate(({"sha256": sha}, {"sha256": sha[:8].upper()}, {})):
        path = download([server.url("good")], tmp_path / str(number), **known)
        assert path.read_bytes() == CONTENT
    with pytest.raises(DataFileError, match=r"checksum is .*\n.*SHA-256 0123abcd"):
        download([server.url("good")], tmp_path / "file", sha256="0123abcd")


def test_a_file_with_the_wrong_checksum_is_fetched_again(server, tmp_path):
    (tmp_path / "file").write_bytes(b"damaged")
    download([server.url("good")], tmp_path / "file", md5=MD5)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_progress_is_for_terminals(monkeypatch, capsys):
    show_progress("file", 500_000, 1_000_000)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    show_progress("file", 500_000, 1_000_000)
    show_progress("file", 1_000_000, 1_000_000)
    show_progress("file", 500_000, None)
    assert capsys.readouterr().err == (
        "\rfile:  50% of 1.0 MB\rfile: 100% of 1.0 MB\n\rfile: 0.5 MB"
    )


# Archives ---

MEMBERS = {"folder/one": b"1" * 5000, "folder/deeper/two": b"", "three": bytes(range(256)) * 50}


def pack(path: Path, members: dict[str, bytes]) -> bytes:
    """An archive in the format that its name says."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, content in members.items():
                zipped.writestr(name, content)
    else:
        mode = "w:" + path.suffix[1:].replace("tar", "")
        with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                packed.addfile(entry, io.BytesIO(content))
    return path.read_bytes()


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tar.xz", "a.tar.bz2"])
def test_archives_are_unpacked(tmp_path, name):
    pack(tmp_path / name, MEMBERS)
    unpack(tmp_path / name, tmp_path / "out")
    found = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {str(p.relative_to(tmp_path / "out")): p.read_bytes() for p in found} == MEMBERS


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
@pytest.mark.parametrize("evil", ["../out2", "/absolute", "a/../../b", "..\\back", "C:/windows"])
def test_no_member_leaves_the_folder(tmp_path, name, evil):
    pack(tmp_path / name, {evil: b"!"})
    with pytest.raises(DataFileError, match="which would lie outside the folder"):
        unpack(tmp_path / name, tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*")] == [name]


def test_links_are_left_out(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as packed:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            link = tarfile.TarInfo("link")
            link.type, link.linkname = kind, "/etc"
            packed.addfile(link)
        entry = tarfile.TarInfo("link/file")
        entry.size = 2
        packed.addfile(entry, io.BytesIO(b"ok"))
    unpack(tmp_path / "a.tar", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["link", "file"]
    assert not (tmp_path / "out" / "link").is_symlink()


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar.xz"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text"])
def test_damaged_archives_are_named(tmp_path, name, damage):
    content = pack(tmp_path / name, {"file": np.random.default_rng(0).bytes(50_000)})
    middle = len(content) // 2
    content = {
        "cut": content[:middle],
        "flipped": content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :],
        "empty": b"",
        "text": b"<html>not found</html>",
    }[damage]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataFileError, match=rf"{name} is damaged"):
        unpack(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out" / "file").exists()


def test_a_tar_that_ends_in_a_zip(tmp_path):
    inner = pack(tmp_path / "inner.zip", {"x": b"1"})
    pack(tmp_path / "a.tar", {"PKG-INFO": b"text", "inner.zip": inner})
    unpack(tmp_path / "a.tar", tmp_path / "out")
    assert (tmp_path / "out" / "inner.zip").read_bytes() == inner


def test_a_damaged_name_is_damage(tmp_path):
    content = pack(tmp_path / "a.zip", {"caf\u00e9": b"1"})
    (tmp_path / "a.zip").write_bytes(content.replace("\u00e9".encode(), b"\xff\xff"))
    with pytest.raises(DataFileError, match=r"a\.zip is damaged"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_names_of_torchvision(server, tmp_path):
    """What programs import from datasets.utils."""
    utils.download_url(server.url("good%20one.bin?x=1"), tmp_path, md5=MD5)
    path = tmp_path / "good one.bin"
    assert utils.check_integrity(path, MD5) and utils.check_integrity(path)
    assert not utils.check_integrity(path, MD5[::-1]) and not utils.check_integrity(tmp_path / "x")
    pack(tmp_path / "made.zip", MEMBERS)
    url = (tmp_path / "made.zip").as_uri()
    utils.download_and_extract_archive(url, tmp_path / "root", remove_finished=True)
    assert (tmp_path / "root" / "three").read_bytes() == MEMBERS["three"]
    assert not (tmp_path / "root" / "made.zip").exists()
    assert utils.extract_archive(tmp_path / "made.zip") == str(tmp_path)
    assert (tmp_path / "three").read_bytes() == MEMBERS["three"]
