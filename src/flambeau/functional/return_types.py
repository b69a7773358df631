"""Results with named parts, such as ``torch.return_types.max(values=..., indices=...)``."""

from __future__ import annotations

import sys
from collections import namedtuple


def return_type(name: str, *fields: str) -> type:
    """The class of an operation's named results, made once; it prints and pickles as PyTorch's."""
    made = globals().get(name)
    if made is None:
        made = type(name, (namedtuple(name, fields),), {"__slots__": (), "__repr__": _repr})
        made.__module__ = __name__
        made.__qualname__ = name
        setattr(sys.modules[__name__], name, made)
    return made


def _repr(self) -> str:
    parts = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
    return f"torch.return_types.{type(self).__name__}(\n{parts})"
