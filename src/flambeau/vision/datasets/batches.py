"""The batch files of CIFAR-10 and CIFAR-100, read without executing what they say.

The Python version is a pickle: {"data": (N, 3072) uint8, "labels": N integers}; in CIFAR-100 the
labels are "fine_labels" and "coarse_labels". The binary version is N rows of a byte a label
(CIFAR-100: coarse, then fine) and 3072 bytes of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flambeau.io import arrays
from flambeau.io.errors import UnsafeCheckpointError
from flambeau.io.unpickle import Global, Unpickler
from flambeau.vision.datasets.files import read_bytes
from flambeau.vision.errors import DataFileError

PIXELS = 3 * 32 * 32  # three planes of 32 x 32, red first
# How Python 3 writes bytes for Python 2.
_NAMES = {**arrays.TABLE, "_codecs.encode": Global(None, lambda text, _: text.encode("latin-1"))}


def read_batch(
    path: Path, labels: Sequence[str], wanted: str, classes: int
) -> tuple[np.ndarray, list[int]]:
    """Pixels (N, 3072) uint8 and labels of one batch file of either version, gzipped or not.

    Args:   labels: names of the labels of an image in the order of the binary version.
            wanted: which of them. classes: how many classes there are.
    Raises: DataFileError naming the file when it is damaged or holds something else.
    """
    if ".bin" in path.suffixes:
        pixels, found = _read_rows(path, len(labels), labels.index(wanted))
    else:
        pixels, found = _read_pickle(path, wanted)
    sound = pixels.ndim == 2 and pixels.shape[1] == PIXELS and len(pixels) == len(found)
    if not sound or not all(type(label) is int and 0 <= label < classes for label in found):
        raise DataFileError(
            f"{path}: expected pixels (N, {PIXELS}) and N labels from 0 to {classes - 1}, got "
            f"pixels {pixels.shape} and {len(found)} labels"
        )
    return pixels, found


def _read_rows(path: Path, labels: int, wanted: int) -> tuple[np.ndarray, list[int]]:
    content, row = read_bytes(path), labels + PIXELS
    if not content or len(content) % row:
        raise DataFileError(
            f"{path} is damaged or cut short: it has {len(content)} bytes, "
            f"not a multiple of the {row} of an image"
        )
    rows = np.frombuffer(content, np.uint8).reshape(-1, row)
    return rows[:, labels:], rows[:, wanted].tolist()


def _read_pickle(path: Path, wanted: str) -> tuple[np.ndarray, list[int]]:
    raw = read_bytes(path)
    try:
        content = Unpickler(raw, _find, build=arrays.set_state, encoding="latin1").load()
        # Text for Python 2, bytes where Python 3 wrote them.
        content = {k.decode() if isinstance(k, bytes) else k: v for k, v in content.items()}
        pixels, labels = content["data"], list(content[wanted])
    except Exception as error:  # a damaged pickle fails in any way
        raise DataFileError(f"{path} is not a readable batch: {error!r}") from error
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
        raise DataFileError(f"{path}: expected the pixels as an array of bytes, got {pixels!r:.99}")
    return pixels, labels


def _find(module: str, name: str) -> Any:
    try:
        return _NAMES[f"{module}.{name}"]
    except KeyError:
        raise UnsafeCheckpointError(
            f"the file asks for {module}.{name}, which no batch needs"
        ) from None
