"""Arguments that PyTorch lets one write as a number or as one number a dimension."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError


def per_dimension(value, rank: int, name: str, of: str = "convolution") -> tuple[int, ...]:
    """``value`` (an integer or a sequence of one or ``rank``) as a tuple of ``rank`` integers."""
    if isinstance(value, int):
        return (value,) * rank
    found = _integers(value, name)
    if len(found) == 1:
        return found * rank
    if len(found) != rank:
        raise ArgumentError(
            f"expected {name} to be a single integer value or a list of {rank} values to match the "
            f"{of} dimensions, but got {name}={list(found)}"
        )
    return found


def _integers(value, name: str) -> tuple[int, ...]:
    try:
        return tuple([int(v.__index__()) for v in value])
    except TypeError:
        pass
    try:
        return (value.__index__(),)
    except AttributeError:
        raise TypeError(
            f"argument '{name}' must be an int or a tuple of ints, not {type(value).__name__}"
        ) from None
