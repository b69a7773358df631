"""What a checkpoint may name besides data: the classes and functions that the caller trusts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "safe_globals",
]

_allowed: list[Any] = []


def add_safe_globals(safe_globals: Iterable[Callable | tuple[Callable, str]]) -> None:
    """Let every later ``load`` create and call these classes and functions.

    Args:
        safe_globals: the classes and functions; a pair (class, "module.Name") gives the name that
            the file uses.

    >>> import flambeau as torch
    >>> from fractions import Fraction
    >>> torch.serialization.add_safe_globals([Fraction])
    >>> torch.serialization.get_safe_globals()
    [<class 'fractions.Fraction'>]
    >>> torch.serialization.clear_safe_globals()
    """
    for each in safe_globals:
        path_of(each)
        if each not in _allowed:
            _allowed.append(each)


def get_safe_globals() -> list[Any]:
    """The classes and functions that were allowed."""
    return list(_allowed)


def clear_safe_globals() -> None:
    """Allow none any more."""
    _allowed.clear()


class safe_globals:
    """Allow classes and functions for the loads inside a ``with`` block.

    >>> import flambeau as torch
    >>> from fractions import Fraction
    >>> with torch.serialization.safe_globals([Fraction]):
    ...     torch.serialization.get_safe_globals()
    [<class 'fractions.Fraction'>]
    """

    def __init__(self, safe_globals: Iterable[Callable | tuple[Callable, str]]):
        self.safe_globals = list(safe_globals)

    def __enter__(self) -> None:
        self.before = get_safe_globals()
        add_safe_globals(self.safe_globals)

    def __exit__(self, *_exception) -> None:
        _allowed[:] = self.before


def path_of(entry: Any) -> tuple[str, Any]:
    """("module.Name", object) of an entry of the list."""
    if isinstance(entry, tuple):
        if len(entry) != 2:
            raise ValueError(
                "Expected tuple of length 2 (global, str of callable full path), but got tuple of "
                f"length: {len(entry)}"
            )
        if type(entry[1]) is not str:
            raise TypeError(
                "Expected second item in tuple to be str of callable full path, but got: "
                f"{type(entry[1])}"
            )
        return entry[1], entry[0]
    return f"{entry.__module__}.{entry.__qualname__}", entry


def allowed_by_path() -> dict[str, Any]:
    """What was allowed, by the name that a file uses."""
    return dict(path_of(each) for each in _allowed)
