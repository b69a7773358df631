"""Who owns memory, and who looks at it."""

from __future__ import annotations

import threading

import numpy as np

from flambeau.backend.native import row_by_row


class Storage:
    """One buffer and the version counter that all tensors looking at it share.

    ``buffer`` is the NumPy array that owns the memory; ``writer`` tells who wrote last:
    (operation, code location). ``hidden``: see ``HiddenStorage``.
    """

    __slots__ = ("__weakref__", "buffer", "hidden", "version", "writer")

    def __init__(self, buffer):
        self.buffer = buffer
        self.hidden = None
        self.version = 0
        self.writer = None

    def __reduce__(self):
        from .pickling import reduce_storage

        return reduce_storage(self)


class HiddenStorage(Storage):
    """A storage whose elements lie channels last, (N, *S, C), and nobody knows.

    Its tensors all show the whole of it, as (N, C, *S). ``hidden`` is that array as it lies, with
    the strides that this takes; operations which do not care about strides work on it. The slots
    ``buffer`` here and ``_array`` of its tensors are left unset. Who reads one of them may see
    strides or addresses, so the storage lays itself out anew, once: from then on ``hidden`` is
    ``None``, and the storage and its tensors are like others.
    """

    __slots__ = ("_whole",)

    def __init__(self, hidden: np.ndarray):
        self.hidden = hidden
        self.version = 0
        self.writer = None

    def __getattr__(self, name):
        if name != "buffer":  # Python asks here for what is not set
            return object.__getattribute__(self, name)
        with _laying_out:
            if self.hidden is not None:
                self._whole = self.buffer = row_by_row(self.hidden)
                self.hidden = None
        return self.buffer

    def whole(self) -> np.ndarray:
        """All elements, laid out as users think that they lie."""
        if self.hidden is not None:
            self.__getattr__("buffer")
        return self._whole


_laying_out = threading.Lock()  # two threads that look at once get the same memory


def lying(t) -> np.ndarray:
    """The array of a tensor as it lies in memory: for code that does not look at strides."""
    hidden = t._storage.hidden
    return t._array if hidden is None else hidden


class View:
    """What a tensor that looks at another's memory knows of it.

    ``version`` is the storage's version at which the tensor's ``grad_fn`` was right; after a later
    write it is made anew. ``recorded`` says whether it was made while gradients were recorded,
    ``frozen`` why writing through it is refused then.
    """

    __slots__ = ("base", "frozen", "recorded", "version")

    def __init__(self, base, version, recorded, frozen=None):
        self.base = base
        self.version = version
        self.recorded = recorded
        self.frozen = frozen
