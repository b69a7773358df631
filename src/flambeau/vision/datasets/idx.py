"""The IDX format of the MNIST files: a magic number, sizes, then bytes."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from flambeau.vision.datasets.files import read_bytes
from flambeau.vision.errors import DataFileError

BYTE, INT = 8, 12  # type codes: of MNIST's files, and of QMNIST's labels
TYPES: dict[int, np.dtype] = {BYTE: np.dtype(np.uint8), INT: np.dtype(">i4")}


def read_idx(path: Path, ndim: int, code: int = BYTE) -> np.ndarray:
    """The array in an IDX file, gzipped or not.

    Layout: two zero bytes, type code, number of dimensions, each size as a big-endian 32-bit
    integer, then the items, last dimension fastest.

    Args:   ndim: how many dimensions are expected (3 for images, 1 for labels).
            code: the type expected. Default: unsigned bytes.
    Raises: DataFileError naming the file when the header or the length is not that of such a file.
    """
    content = read_bytes(path)
    header = 4 + 4 * ndim
    if len(content) < header or content[:4] != bytes((0, 0, code, ndim)):
        kind = "unsigned bytes" if code == BYTE else "integers"
        raise DataFileError(
            f"{path} is not an IDX file of {kind} in {ndim} dimension(s): "
            f"it starts with {content[:4].hex(' ') or 'nothing'}"
        )
    shape = struct.unpack(f">{ndim}I", content[4:header])
    size = math.prod(shape) * TYPES[code].itemsize
    if len(content) - header != size:
        raise DataFileError(
            f"{path} is damaged or cut short: its header announces {shape}, that is "
            f"{size} bytes, and {len(content) - header} follow"
        )
    # A copy, because the tensor made of it must be writable.
    return np.frombuffer(content, TYPES[code], offset=header).reshape(shape).copy()
