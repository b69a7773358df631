"""Batches between processes: small ones through a connection, large ones through shared memory.

A worker pickles a batch with the bytes of its tensors and arrays left out. Where they are many it
writes them to an anonymous file in memory and hands over its descriptor, so that it goes on with
the next batch while the main process is busy; the main process reads them into arrays of its own
and closes the file. Nothing has a name, so nothing can be left behind.
"""

from __future__ import annotations

import io
import os
import pickle
from multiprocessing import reduction
from typing import Any

import numpy as np

from flambeau.core import dtypes
from flambeau.tensor.tensor import Tensor

__all__ = ["receive", "send"]

INLINE_BYTES = 1 << 15  # from here on a file is faster, as measured by benchmarks/dataloader.py
_ALIGNMENT = 64


def send(connection, message: Any) -> None:
    """Send an object; raises what pickling raises, and then nothing was sent."""
    buffers: list[memoryview] = []
    file = io.BytesIO()
    _BatchPickler(file, 5, buffer_callback=lambda b: buffers.append(b.raw())).dump(message)
    sizes = [b.nbytes for b in buffers]
    shared = hasattr(os, "memfd_create") and sum(sizes) >= INLINE_BYTES
    handle = _filled(buffers) if shared else None
    try:
        connection.send_bytes(pickle.dumps((file.getvalue(), sizes, shared), 5))
        if handle is None:
            for buffer in buffers:
                if buffer.nbytes:
                    connection.send_bytes(buffer)
        else:
            reduction.send_handle(connection, handle, None)
    finally:
        if handle is not None:
            os.close(handle)


def receive(connection) -> Any:
    """The next object."""
    content, sizes, shared = pickle.loads(connection.recv_bytes())
    buffers = [np.empty(size, np.uint8) for size in sizes]
    if not shared:
        for buffer in buffers:
            if buffer.size:
                connection.recv_bytes_into(buffer)
    else:
        handle = reduction.recv_handle(connection)
        try:
            position = 0
            for buffer in buffers:
                _read(handle, buffer, position)
                position += -(-buffer.size // _ALIGNMENT) * _ALIGNMENT
        finally:
            os.close(handle)
    return pickle.loads(content, buffers=buffers)


def _filled(buffers: list[memoryview]) -> int:
    """An anonymous file with the buffers, each at an aligned position."""
    handle = os.memfd_create("flambeau-batch", getattr(os, "MFD_CLOEXEC", 0))
    try:
        position = 0
        for buffer in buffers:
            done = 0
            while done < buffer.nbytes:
                done += os.pwrite(handle, buffer[done:], position + done)
            position += -(-buffer.nbytes // _ALIGNMENT) * _ALIGNMENT
    except BaseException:
        os.close(handle)
        raise
    return handle


def _read(handle: int, buffer: np.ndarray, position: int) -> None:
    view, done = memoryview(buffer), 0
    while done < buffer.size:
        count = os.preadv(handle, [view[done:]], position + done)
        if not count:
            raise EOFError("a batch from a worker is cut off")
        done += count


class _BatchPickler(pickle.Pickler):
    """Sends a tensor as the elements that it has, not the whole storage that it looks at."""

    def reducer_override(self, obj):
        if type(obj) is not Tensor or obj.is_meta:
            return NotImplemented
        if obj.requires_grad and obj.grad_fn is not None:
            raise RuntimeError(
                "Cowardly refusing to serialize non-leaf tensor which requires_grad, since "
                "autograd does not support crossing process boundaries.  If you just want to "
                "transfer the data, call detach() on the tensor before serializing (e.g., "
                "putting it on the queue)."
            )
        array = obj._array
        if not array.flags.c_contiguous:
            array = np.ascontiguousarray(array).reshape(array.shape)
        raw = array.reshape(-1).view(np.uint8)
        return _tensor, (pickle.PickleBuffer(raw), obj.dtype.name, array.shape, obj.requires_grad)


def _tensor(raw, dtype: str, shape: tuple, requires_grad: bool) -> Tensor:
    array = np.frombuffer(raw, np.uint8) if not isinstance(raw, np.ndarray) else raw
    if not array.flags.writeable:
        array = array.copy()
    t = Tensor._around(array.view(dtypes.BY_NAME[dtype].numpy).reshape(shape))
    return t.requires_grad_(True) if requires_grad else t
