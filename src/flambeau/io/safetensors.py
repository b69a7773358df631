"""The safetensors format: the length of a JSON header (8 bytes), the header, the tensors' bytes.

    {"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"by": "me"}}

Offsets count from the end of the header. Nothing in a file can be called, and the bytes must be
covered without gaps.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np

from flambeau.core import dtypes
from flambeau.tensor.tensor import Tensor

from .archive import read_into
from .errors import CheckpointError, TruncatedError
from .files import opened, written

__all__ = ["load_safetensors", "read_metadata", "save_safetensors"]

MAX_HEADER = 100_000_000
_NAMES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "uint16": "U16", "int32": "I32",
    "uint32": "U32", "int64": "I64", "uint64": "U64", "float16": "F16", "bfloat16": "BF16",
    "float32": "F32", "float64": "F64", "complex64": "C64",
}  # fmt: skip
_DTYPES = {short: dtypes.BY_NAME[name] for name, short in _NAMES.items()}


def save_safetensors(
    tensors: dict[str, Tensor], f: Any, metadata: dict[str, str] | None = None
) -> None:
    """Write named tensors in the safetensors format.

    Args:
        tensors: name -> tensor; strides are not kept, shared memory is written once for each
            tensor.
        f: path (written all at once) or binary file.
        metadata: text to text, kept beside the tensors.
    Raises: TypeError for what is no tensor or has a type that the format lacks.

    >>> import io
    >>> import flambeau as torch
    >>> from flambeau.io import load_safetensors, save_safetensors
    >>> file = io.BytesIO()
    >>> save_safetensors({"w": torch.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> load_safetensors(file)
    {'w': tensor([1., 1.])}
    """
    header: dict[str, Any] = {}
    if metadata is not None:
        if not all(isinstance(x, str) for pair in metadata.items() for x in pair):
            raise TypeError("metadata must be a dict from str to str")
        header["__metadata__"] = dict(metadata)
    arrays, end = [], 0
    # Wide elements first, so that each tensor lies aligned; then by name, so that equal dicts make
    # equal files.
    for name, t in sorted(tensors.items(), key=lambda item: (-_itemsize(*item), item[0])):
        short = _NAMES.get(t.dtype.name)
        if short is None:
            raise TypeError(f"{name}: safetensors has no element type {t.dtype}")
        if t.is_meta:
            raise NotImplementedError(f"{name}: a meta tensor has no data to save")
        array = np.ascontiguousarray(t._array)
        start, end = end, end + array.nbytes
        header[name] = {"dtype": short, "shape": list(t.shape), "data_offsets": [start, end]}
        arrays.append(array)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with written(f) as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays:
            file.write(memoryview(array.reshape(-1).view(np.uint8)))


def _itemsize(name: str, t: Any) -> int:
    if not isinstance(t, Tensor):
        raise TypeError(
            f"{name}: only tensors can be saved in a safetensors file, not {type(t).__name__}"
        )
    return t.dtype.itemsize


def load_safetensors(f: Any, device: Any = "cpu") -> dict[str, Tensor]:
    """The named tensors of a safetensors file; CheckpointError if it is damaged or lies."""
    if str(device) != "cpu":
        raise CheckpointError(f"tensors can only be loaded to the CPU, not to {device!r}")
    with opened(f) as file:
        header, size = _header(file)
        header.pop("__metadata__", None)
        content = np.empty(size, np.uint8)
        entries = {name: _entry(name, entry, size) for name, entry in header.items()}
        covered = 0
        for _, _, start, end in sorted(entries.values(), key=lambda e: e[2:]):
            if start != covered:
                raise CheckpointError("the tensors of the file overlap or leave gaps")
            covered = end
        if covered != size:
            raise CheckpointError(f"the file has {size} bytes of data, its tensors {covered}")
        read_into(file, content)
    return {name: _tensor(content, *entry) for name, entry in entries.items()}


def read_metadata(f: Any) -> dict[str, str]:
    """The metadata of a safetensors file."""
    with opened(f) as file:
        return _header(file)[0].get("__metadata__", {})


def _header(file) -> tuple[dict[str, Any], int]:
    """(the header, the number of bytes after it)."""
    start = file.tell()
    total = file.seek(0, 2) - start
    file.seek(start)
    if total < 8:
        raise TruncatedError("not a safetensors file: it ends within its first 8 bytes")
    (length,) = struct.unpack("<Q", file.read(8))
    if length > min(MAX_HEADER, total - 8):
        raise CheckpointError(f"the header claims {length} bytes, the file has {total - 8}")
    try:
        header = json.loads(file.read(length).decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"the header is not valid JSON: {error}") from error
    if not isinstance(header, dict):
        raise CheckpointError("the header is no JSON object")
    return header, total - 8 - length


def _once(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CheckpointError("a name is in the header twice")
    return found


def _entry(name: str, entry: Any, size: int):
    try:
        dtype, shape, (start, end) = _DTYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise CheckpointError(
            f"the entry of tensor {name!r} is damaged or of unknown type"
        ) from None
    if not isinstance(shape, list) or not all(
        type(n) is int and n >= 0 for n in (*shape, start, end)
    ):
        raise CheckpointError(f"tensor {name!r} has an impossible shape or position")
    if (
        len(shape) > 64
        or not start <= end <= size
        or math.prod(shape) * dtype.itemsize != end - start
    ):
        raise CheckpointError(
            f"tensor {name!r} of shape {shape} does not fit its bytes {start} to {end}"
        )
    return dtype, tuple(shape), start, end


def _tensor(content: np.ndarray, dtype: dtypes.dtype, shape: tuple, start: int, end: int) -> Tensor:
    piece = content[start:end].copy()  # aligned, and no tensor keeps the others' memory alive
    try:
        return Tensor._around(piece.view(dtype.numpy).reshape(shape))
    except ValueError as error:
        raise CheckpointError(f"impossible shape {shape}: {error}") from None
