"""Memory of results that is kept when they are freed, for the next ones of their size."""

from __future__ import annotations

from .library import runtime


def kept_memory() -> int:
    """Bytes that wait to be used again; ``flambeau.backends.native.kept_memory()``."""
    return runtime.kept_memory() if runtime else 0


def kept_memory_limit() -> int:
    """How many bytes may wait."""
    return runtime.kept_memory_limit() if runtime else 0


def set_kept_memory_limit(most: int) -> None:
    """Let at most ``most`` bytes wait; what is above goes back to the system, longest unused first.

    At first an eighth of the machine's memory, at most 1 GiB, or what ``FLAMBEAU_KEPT_MEMORY`` in
    the environment says. With 0 nothing is kept.

    >>> import flambeau as torch
    >>> torch.backends.native.set_kept_memory_limit(2**28)
    """
    if not isinstance(most, int) or most < 0:
        raise ValueError(f"expected a number of bytes that is not negative, got {most!r}")
    if runtime:
        runtime.set_kept_memory_limit(most)
