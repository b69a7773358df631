"""``save`` and ``load``: checkpoints that PyTorch reads and writes too."""

from __future__ import annotations

import os
import pickle
import sys
import warnings
from typing import Any

import numpy as np

from flambeau.core.devices import device
from flambeau.core.errors import DeviceError

from . import archive, legacy
from .errors import CheckpointError, TruncatedError
from .files import is_path, opened, written
from .names import Names
from .pickler import CheckpointPickler, check_pickle_module
from .safetensors import load_safetensors
from .tensors import StorageType, StoredView
from .unpickle import Unpickler

__all__ = ["load", "save"]

DEFAULT_PROTOCOL = 2


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write an object to a file that ``load`` and PyTorch's ``torch.load`` read.

    Tensors that share memory share it again after loading; strides and offsets are kept. A path is
    written all at once: whatever happens, it holds the old contents or the new, never a part.

    Args:
        obj: tensors, numbers, strings, containers of them, modules.
        f: path, or binary file with ``write``.
        pickle_module: the standard module ``pickle``; no other is supported.
        pickle_protocol: 0 to 5. Default 2, PyTorch's.
        _use_new_zipfile_serialization: False writes the format of PyTorch before 1.6.
    Raises: CheckpointError if the folder does not exist, PicklingError for what cannot be written.

    >>> import io
    >>> import flambeau as torch
    >>> file = io.BytesIO()
    >>> torch.save({"weight": torch.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> torch.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    check_pickle_module(pickle_module)
    if not _use_new_zipfile_serialization:
        with written(f) as file:
            legacy.save(obj, file, pickle_protocol)
        return
    pickler = CheckpointPickler(pickle_protocol)
    pickler.dump(obj)
    with written(f) as file, archive.ArchiveWriter(file, _archive_name(f)) as out:
        out.write("data.pkl", pickler.contents)
        out.write(".format_version", b"1")
        out.write(".storage_alignment", str(archive.ALIGNMENT).encode())
        if not _disable_byteorder_record:
            out.write("byteorder", sys.byteorder.encode())
        for key, (raw, _) in pickler.storages.items():
            out.write(f"data/{key}", raw)


def _archive_name(f: Any) -> str:
    stem = os.path.splitext(os.path.basename(os.fsdecode(f)))[0] if is_path(f) else ""
    return stem if stem.isascii() and stem else "archive"


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read an object from a file that ``save`` or PyTorch's ``torch.save`` wrote.

    The file is read by an interpreter of our own, which builds tensors, containers and numbers and
    calls nothing else, whatever ``weights_only`` says. A damaged file is an error; nothing is
    returned in part.

    Args:
        f: path, or binary file that can seek.
        map_location: where tensors go: a device, a dict from the file's devices to ours, or a
            function of (storage, location).
        pickle_module: the standard module ``pickle``; no other is supported.
        weights_only: True (default): data only. False: also modules of ``nn`` and those module
            classes that the program has imported. Other classes must be named:
            ``torch.serialization.add_safe_globals``.
        mmap: True: map the file instead of reading it; tensors are read when they are used. The
            file must not change meanwhile.
        encoding: of strings written by Python 2. Default "utf-8".
    Raises: CheckpointError (a RuntimeError and an UnpicklingError) for a file that is damaged or
    names what nobody allowed.

    >>> import io
    >>> import flambeau as torch
    >>> file = io.BytesIO()
    >>> torch.save([torch.arange(3), "text"], file)
    >>> _ = file.seek(0)
    >>> torch.load(file, map_location="cpu")
    [tensor([0, 1, 2]), 'text']
    """
    if weights_only and pickle_module is not None:
        raise CheckpointError(
            "Can not safely load weights when explicit pickle_module is specified"
        )
    check_pickle_module(pickle_module)
    if weights_only is None:
        weights_only = pickle_module is None
    if pickle_load_args and weights_only:
        warnings.warn("pickle_load_args only works if `weights_only=False`.", stacklevel=2)
    encoding = pickle_load_args.pop("encoding", "utf-8")
    if is_path(f) and os.fsdecode(f).endswith(".safetensors"):
        return load_safetensors(f)
    if mmap and not is_path(f):
        raise ValueError("f must be a file path in order to use the mmap argument")
    names = Names(bool(weights_only))
    restore = _restorer(map_location)
    with opened(f) as file:
        start = file.tell()
        head = file.read(262)
        file.seek(start)
        if head[:4] == archive.MAGIC:
            return _load_zip(file, f if mmap else None, restore, names, encoding)
        if head[257:262] == b"ustar":
            raise CheckpointError(
                "this is a tar archive, PyTorch's format before version 0.1.10, which is not read. "
                "Load and save it once with PyTorch."
            )
        if mmap:
            raise CheckpointError(
                "mmap can only be used with files saved with `torch.save(..., "
                "_use_new_zipfile_serialization=True)`"
            )
        if not head:
            raise TruncatedError("Ran out of input: the file is empty")
        return legacy.load(file, restore, names, encoding)


def _load_zip(file, mapped: Any, restore, names: Names, encoding: str) -> Any:
    records = archive.ArchiveReader(file)
    if "constants.pkl" in records:
        raise CheckpointError(
            "this is a TorchScript archive (a program), which Flambeau does not run"
        )
    order = bytes(records.read("byteorder")) if "byteorder" in records else b"little"
    if order not in (b"little", b"big"):
        raise CheckpointError(f"Unknown endianness type: {order!r}")
    memory = np.memmap(mapped, np.uint8, "c") if mapped is not None else None
    loaded: dict[str, StoredView] = {}

    def read(key: str, storage_type: StorageType, location: str) -> StoredView:
        record = f"data/{key}"
        if memory is None:
            raw = records.read(record)
        else:
            start = records.offset(record)
            raw = np.asarray(memory[start : start + records.length(record)])
        storage = StoredView(raw, storage_type.dtype, location)
        if order.decode() != sys.byteorder:
            legacy.swap(storage)
        return restore(storage, location)

    def persistent_load(pid):
        if not isinstance(pid, tuple) or len(pid) != 5 or pid[0] != "storage":
            raise CheckpointError(f"Unknown typename for persistent_load: {str(pid)[:80]}")
        _, storage_type, key, location, count = pid
        if not (
            isinstance(storage_type, StorageType)
            and isinstance(key, str)
            and isinstance(location, str)
        ):
            raise CheckpointError("a reference to a storage is damaged")
        if key not in loaded:
            loaded[key] = read(key, storage_type, location)
        storage = loaded[key].as_type(storage_type.dtype)
        if type(count) is not int or count * storage.dtype.itemsize != storage.raw.size:
            raise CheckpointError(
                f"storage {key} should have {count} elements of {storage.dtype}, but its record "
                f"has {storage.raw.size} bytes"
            )
        return storage

    return Unpickler(
        memoryview(records.read("data.pkl")), names.find, persistent_load, names.build, encoding
    ).load()


def _restorer(map_location: Any):
    """A function of (storage, location in the file) that puts the storage where it shall be."""
    if callable(map_location):

        def chosen(storage, location):
            found = map_location(storage, location)
            if found is None:
                return _at_home(storage, location)
            if not isinstance(found, StoredView):
                raise CheckpointError(
                    "map_location must return the storage that it was given, or None"
                )
            return found

        return chosen
    if map_location is None:
        return _at_home
    if isinstance(map_location, dict):
        return lambda storage, location: _at_home(
            storage, str(map_location.get(location, location))
        )
    wanted = str(device(map_location.decode() if isinstance(map_location, bytes) else map_location))
    return lambda storage, location: _at_home(storage, wanted)


def _at_home(storage: StoredView, location: str) -> StoredView:
    if location == "cpu":
        return storage
    raise DeviceError(
        f"Attempting to deserialize object on a {location.partition(':')[0].upper()} device but "
        "torch.cuda.is_available() is False: this version of Flambeau computes on the CPU (the "
        f"file says {location!r}). Please use torch.load with map_location=torch.device('cpu') to "
        "map your storages to the CPU."
    )
