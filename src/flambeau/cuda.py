"""What programs ask of ``torch.cuda``. This version computes on the CPU, and says so."""

from __future__ import annotations

from .core.errors import DeviceError


def is_available() -> bool:
    """Whether a GPU can be used: not in this version."""
    return False


def device_count() -> int:
    """The number of usable GPUs: 0."""
    return 0


def is_initialized() -> bool:
    return False


def _absent(*_args, **_kwargs):
    raise DeviceError(
        "Flambeau computes on the CPU in this version: there is no CUDA device. Guard GPU code "
        "with "
        "torch.cuda.is_available()."
    )


current_device = get_device_name = get_device_properties = set_device = synchronize = _absent
memory_allocated = max_memory_allocated = get_device_capability = _absent


def manual_seed(seed: int) -> None:
    """Ignored without a GPU, as in PyTorch."""


def manual_seed_all(seed: int) -> None:
    """Ignored without a GPU, as in PyTorch."""


def empty_cache() -> None:
    """Nothing to free without a GPU."""
