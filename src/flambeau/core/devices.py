"""Where a tensor lives."""

from __future__ import annotations

from .config import modes
from .errors import DeviceError

_TYPES = ("cpu", "cuda", "xla", "meta", "mps")


class device:
    """A device: ``device("cpu")``, ``device("cuda", 1)``, ``device("cuda:1")``.

    Any PyTorch device name can be written; in this version tensors live on ``cpu``, or on ``meta``,
    where they have a shape but no values (``require``). As a context manager it is where new
    tensors go.

    >>> import flambeau as torch
    >>> torch.device("cuda:1"), torch.device("cpu").type
    (device(type='cuda', index=1), 'cpu')
    >>> with torch.device("meta"):
    ...     print(torch.empty(3))
    tensor(..., device='meta', size=(3,))
    """

    __slots__ = ("index", "type")
    index: int | None
    type: str

    def __init__(self, type="cpu", index: int | None = None):
        if isinstance(type, device):
            type, index = type.type, type.index if index is None else index
        elif isinstance(type, int):
            type, index = "cuda", type
        elif isinstance(type, str) and ":" in type:
            if index is not None:
                raise RuntimeError(f"type (string) must not include an index: {type}")
            type, _, number = type.partition(":")
            if not number.isdigit():
                raise RuntimeError(f"Invalid device string: '{type}:{number}'")
            index = int(number)
        if type not in _TYPES:
            raise RuntimeError(
                f"Expected one of {', '.join(_TYPES)} device type at start of device string: {type}"
            )
        object.__setattr__(self, "type", type)
        object.__setattr__(self, "index", index)

    def __setattr__(self, name, value):
        raise AttributeError(f"device objects are read-only, cannot set {name!r}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __repr__(self) -> str:
        suffix = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{suffix})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __reduce__(self):
        return (device, (self.type, self.index))

    def __enter__(self):
        modes.outer_devices = (*modes.outer_devices, modes.device)
        modes.device = require(self)
        return self

    def __exit__(self, *_error):
        *outer, modes.device = modes.outer_devices
        modes.outer_devices = tuple(outer)


CPU = device("cpu")
META = device("meta")


def require(wanted) -> device:
    """The device named by ``wanted`` (``None``: where new tensors go); raises DeviceError if it
    cannot hold tensors here.
    """
    if wanted is None:
        return modes.device or CPU
    if wanted is CPU or wanted is META:
        return wanted
    found = device(wanted) if not isinstance(wanted, device) else wanted
    if found.type == "cpu":
        return CPU
    if found.type == "meta":
        return META
    raise DeviceError(
        f"device {str(found)!r} is not available: this version of Flambeau computes on the CPU. "
        "Write device='cpu', or choose with torch.cuda.is_available(), which is False here."
    )


def set_default_device(device) -> None:
    """Put new tensors on ``device`` from now on, in this thread; ``None``: on the CPU.

    >>> import flambeau as torch
    >>> torch.set_default_device("meta"); print(torch.zeros(2))
    tensor(..., device='meta', size=(2,))
    >>> torch.set_default_device(None)
    """
    modes.device = None if device is None else require(device)


def get_default_device() -> device:
    """Where new tensors go."""
    return require(None)
