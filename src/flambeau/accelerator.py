"""What programs ask of ``torch.accelerator``: this version computes on the CPU alone."""

from __future__ import annotations


def is_available() -> bool:
    """Whether an accelerator can be used: not in this version."""
    return False


def current_accelerator(check_available: bool = False):
    """The device of the accelerator: ``None``."""
    return None


def device_count() -> int:
    """The number of accelerators: 0."""
    return 0
