"""The format before zip files: pickles one after another, then the bytes of the storages.

magic number, protocol version 1001, facts about the machine          three pickles
the object, whose tensors refer to storages by key                    a pickle
the keys in the order in which the storages follow                    a pickle
for each storage its number of elements (8 bytes) and its bytes
"""

from __future__ import annotations

import pickle
import struct
import sys
from typing import Any

import numpy as np

from flambeau.core import dtypes

from .errors import CheckpointError, TruncatedError
from .names import Names
from .pickler import CheckpointPickler
from .tensors import StorageType, StoredView
from .unpickle import Unpickler

__all__ = ["load", "save"]

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001


def save(obj: Any, file, protocol: int) -> None:
    """Write ``obj`` to a binary file."""
    pickler = CheckpointPickler(protocol, legacy=True)
    pickler.dump(obj)
    machine = {
        "protocol_version": PROTOCOL_VERSION,
        "little_endian": sys.byteorder == "little",
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    for head in (MAGIC_NUMBER, PROTOCOL_VERSION, machine):
        file.write(pickle.dumps(head, protocol))
    file.write(pickler.contents)
    keys = sorted(pickler.storages)
    file.write(pickle.dumps(keys, protocol))
    for key in keys:
        raw, dtype = pickler.storages[key]
        file.write(struct.pack("<q", raw.size // dtype.itemsize))
        file.write(memoryview(raw))


def load(file, restore, names: Names, encoding: str) -> Any:
    """The object in a binary file; ``restore`` puts every storage where it shall be."""
    content = file.read()
    storages = _Storages(len(content), restore)
    reader = Unpickler(content, names.find, storages.persistent_load, names.build, encoding)
    if reader.load() != MAGIC_NUMBER:
        raise CheckpointError("Invalid magic number; corrupt file?")
    version = reader.load()
    if version != PROTOCOL_VERSION:
        raise CheckpointError(f"Invalid protocol version: {version!r}")
    machine = reader.load()
    little = machine.get("little_endian", True) if isinstance(machine, dict) else True
    result = reader.load()
    keys = reader.load()
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise CheckpointError("the list of storage keys is damaged")
    storages.fill(keys, reader, bool(little))
    return result


class _Storages:
    """The storages that the pickle refers to, to be filled when it has been read."""

    def __init__(self, available: int, restore):
        self.available = available
        self.restore = restore
        self.roots: dict[str, StoredView] = {}
        self.views: dict[str, StoredView] = {}

    def persistent_load(self, pid):
        if not isinstance(pid, tuple) or not pid:
            raise CheckpointError(f"a reference in the file is no tuple: {pid!r}")
        kind, *data = (_text(item) for item in pid)
        if kind == "module" and data:
            return data[0]  # a class; its source text, which may follow, is nobody's business
        if kind != "storage" or len(data) != 5 or not isinstance(data[0], StorageType):
            raise CheckpointError(f"a reference of unknown kind {kind!r}")
        storage_type, key, location, count, view = data
        if not (isinstance(key, str) and isinstance(location, str) and type(count) is int):
            raise CheckpointError("a reference to a storage is damaged")
        if key not in self.roots:
            self.declare(key, storage_type.dtype, location, count)
        root = self.roots[key].as_type(storage_type.dtype)
        return root if view is None else self.view(root, view)

    def declare(self, key: str, dtype: dtypes.dtype, location: str, count: int) -> None:
        size = count * dtype.itemsize
        self.available -= size
        if count < 0 or self.available < 0:
            raise TruncatedError(
                f"storage {key} has {count} elements of {dtype}: more bytes than are in the "
                "file. Is it cut off?"
            )
        raw = np.empty(size, np.uint8)
        self.roots[key] = self.restore(StoredView(raw, dtype, location), location)

    def view(self, root: StoredView, view) -> StoredView:
        if not isinstance(view, tuple) or len(view) != 3:
            raise CheckpointError("a view of a storage is damaged")
        key, start, count = _text(view[0]), view[1], view[2]
        if not (isinstance(key, str) and type(start) is int and type(count) is int):
            raise CheckpointError("a view of a storage is damaged")
        if key not in self.views:
            self.views[key] = root.part(start, count)
        return self.views[key]

    def fill(self, keys: list[str], reader: Unpickler, little: bool) -> None:
        missing = set(self.roots) - set(keys)
        if missing or len(set(keys)) != len(keys):
            raise CheckpointError(f"storages are missing or there twice: {sorted(missing)[:5]}")
        for key in keys:
            storage = self.roots.get(key)
            if storage is None:
                raise CheckpointError(f"storage {key!r} belongs to no tensor")
            count = reader.number("<q")
            if count != len(storage):
                raise CheckpointError(
                    f"storage has wrong byte size: expected {len(storage)} elements got {count}"
                )
            storage.raw[:] = np.frombuffer(reader.read(storage.raw.size), np.uint8)
            if little != (sys.byteorder == "little"):
                swap(storage)


def swap(storage: StoredView) -> None:
    """Turn the bytes of every element round, in place."""
    dtype = storage.dtype
    width = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
    if width > 1:
        storage.raw.view(f"u{width}").byteswap(inplace=True)


def _text(item):
    return item.decode("ascii", "replace") if isinstance(item, bytes) else item
