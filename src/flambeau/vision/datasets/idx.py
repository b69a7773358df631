"""The IDX format of the MNIST files: a magic number, sizes, then bytes."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from flambeau.vision.datasets.files import DataFileError, read_bytes

UNSIGNED_BYTE = 8  # the type code of every file of the MNIST family


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """The array of unsigned bytes in an IDX file, gzipped or not.

    Layout: two zero bytes, type code, number of dimensions, each size as a big-endian 32-bit
        integer,
    then the items, last dimension fastest.

    Args:   ndim: how many dimensions are expected (3 for images, 1 for labels).
    Raises: DataFileError naming the file when the header or the length is not that of such a file.
    """
    content = read_bytes(path)
    header = 4 + 4 * ndim
    if len(content) < header or content[:4] != bytes((0, 0, UNSIGNED_BYTE, ndim)):
        raise DataFileError(
            f"{path} is not an IDX file of unsigned bytes in {ndim} dimension(s): "
            f"it starts with {content[:4].hex(' ') or 'nothing'}"
        )
    shape = struct.unpack(f">{ndim}I", content[4:header])
    items = len(content) - header
    if items != math.prod(shape):
        raise DataFileError(
            f"{path} is damaged or cut short: its header announces {shape}, that is "
            f"{math.prod(shape)} bytes, and {items} follow"
        )
    # A copy, because the tensor made of it must be writable.
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape).copy()
