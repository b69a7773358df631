"""Who owns memory, and who looks at it."""

from __future__ import annotations


class Storage:
    """One buffer and the version counter that all tensors looking at it share.

    ``buffer`` is the NumPy array that owns the memory; ``writer`` tells who wrote last:
    (operation, code location).
    """

    __slots__ = ("__weakref__", "buffer", "version", "writer")

    def __init__(self, buffer):
        self.buffer = buffer
        self.version = 0
        self.writer = None

    def __reduce__(self):
        from .pickling import reduce_storage

        return reduce_storage(self)


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
