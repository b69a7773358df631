"""NumPy data in a checkpoint: arrays, scalars and types, of the kinds that hold plain values."""

from __future__ import annotations

import math
import re

import numpy as np

from .errors import CheckpointError
from .unpickle import Global

__all__ = ["TABLE", "set_state"]

_KINDS = re.compile(
    r"[<>|=]?(?:[?bBhHiIlLqQefdgFDG]|[biufc]\d{1,2}|[SU]\d{0,9}|bool|u?int\d{1,2}|float\d{2,3}|complex\d{2,3})"
)


def _dtype(kind, align=False, copy=False):
    if type(kind) is not str or not _KINDS.fullmatch(kind):
        raise CheckpointError(f"arrays of type {kind!r} are not read from files")
    return np.dtype(kind, align=bool(align), copy=True)


def _reconstruct(cls, shape, kind):
    if cls is not np.ndarray:
        raise CheckpointError(f"an array in the file is of class {cls!r}")
    return np.empty(0, np.uint8)  # its state brings shape, type and values


def _scalar(dtype, raw=None):
    raw = _raw(raw)
    if not isinstance(dtype, np.dtype) or len(raw) != dtype.itemsize:
        raise CheckpointError("a NumPy number in the file has the wrong size")
    return np.frombuffer(raw, dtype)[0]


def _frombuffer(raw, dtype, shape, order):
    _check(dtype, shape, len(raw))
    return (
        np.frombuffer(raw, dtype).reshape(shape, order="F" if order == "F" else "C").copy(order="K")
    )


def _raw(raw) -> bytes:
    return raw.encode("latin1") if type(raw) is str else bytes(raw)


def _check(dtype, shape, size: int) -> None:
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biufcSU?":
        raise CheckpointError("an array in the file has a type that is not read from files")
    if (
        type(shape) is not tuple
        or not all(type(n) is int and n >= 0 for n in shape)
        or len(shape) > 64
    ):
        raise CheckpointError(f"an array in the file has the impossible shape {shape!r}")
    if math.prod(shape) * dtype.itemsize != size:
        raise CheckpointError(
            f"an array of shape {shape} and type {dtype} in the file has {size} bytes"
        )


def set_state(obj: np.ndarray | np.dtype, state) -> None:
    """``__setstate__`` of an array or an element type, after its parts were checked."""
    if isinstance(obj, np.dtype):
        if type(state) is not tuple or len(state) != 8 or state[1] not in ("<", ">", "|", "="):
            raise CheckpointError("a NumPy type in the file has a strange state")
        true = obj.__reduce__()[2]  # of the file's state only the byte order is believed
        if state[1] in "<>" and true[1] != "|":
            obj.__setstate__((true[0], state[1], *true[2:]))
        return
    if type(state) is not tuple or len(state) != 5:
        raise CheckpointError("an array in the file has a strange state")
    _version, shape, dtype, fortran, raw = state
    raw = _raw(raw)
    _check(dtype, shape, len(raw))
    obj.__setstate__((1, shape, dtype, bool(fortran), raw))


TABLE = {"numpy.ndarray": Global(np.ndarray), "numpy.dtype": Global(np.dtype, _dtype)}
for _home in ("numpy.core.multiarray", "numpy._core.multiarray"):
    TABLE[f"{_home}._reconstruct"] = Global(_reconstruct, _reconstruct)
    TABLE[f"{_home}.scalar"] = Global(_scalar, _scalar)
for _home in ("numpy.core.numeric", "numpy._core.numeric"):
    TABLE[f"{_home}._frombuffer"] = Global(_frombuffer, _frombuffer)
