"""Flambeau: deep learning with PyTorch's model of the world.

>>> import flambeau as torch
>>> x = torch.tensor([1., 2., 4.], requires_grad=True)
>>> x.pow(2).sum().backward()
>>> x.grad
tensor([2., 4., 8.])
"""

from __future__ import annotations

from importlib import import_module as _import_module
from math import e, inf, nan, pi
from pkgutil import iter_modules as _iter_modules

from .core import dtypes as _dtypes
from .core.devices import device, get_default_device, set_default_device
from .core.dtypes import dtype, get_default_dtype, promote_types, set_default_dtype
from .core.errors import FlambeauError
from .core.limits import can_cast, finfo, iinfo
from .core.random import Generator, default_generator
from .core.size import Size

__version__ = "0.1.0"


def _import_all(package: str) -> None:
    """Import every module of a package, so that what they register is there."""
    home = _import_module(f"{__name__}.{package}")
    for module in _iter_modules(home.__path__):
        _import_module(f"{home.__name__}.{module.name}")


for _name, _dtype in {**_dtypes.BY_NAME, **_dtypes.ALIASES}.items():
    globals()[_name] = _dtype

_import_all("ops")

from .tensor import api as _api  # noqa: E402
from .tensor import operators as _operators  # noqa: E402
from .tensor.factory import (  # noqa: E402
    as_tensor,
    asarray,
    from_dlpack,
    from_numpy,
    frombuffer,
    tensor,
)
from .tensor.printing import get_printoptions, printoptions, set_printoptions  # noqa: E402
from .tensor.promotion import result_type  # noqa: E402
from .tensor.tensor import Tensor  # noqa: E402

_api.publish_all()
_operators.install()
_import_all("functional")
for _name, _function in vars(_api.torch).items():
    if not _name.startswith("_"):
        globals().setdefault(_name, _function)

from . import accelerator, autograd, cuda, linalg, special, testing  # noqa: E402
from .autograd import (  # noqa: E402
    enable_grad,
    inference_mode,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .legacy import (  # noqa: E402
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    set_default_tensor_type,
)
from .tensor.layout import (  # noqa: E402
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)

newaxis = None

# Loaded when first asked for, so that ``import flambeau`` stays quick.
_LAZY_MODULES = (
    "backends",
    "data",
    "io",
    "nn",
    "optim",
    "random",
    "utils",
    "version",
    "vision",
    "viz",
)
_LAZY_NAMES = {
    "save": "io", "load": "io", "get_num_threads": "backends", "set_num_threads": "backends",
    "serialization": "io",
}  # fmt: skip


def __getattr__(name: str):
    if name in _LAZY_MODULES:
        return _import_module(f"{__name__}.{name}")
    if name in _LAZY_NAMES:
        home = _import_module(f"{__name__}.{_LAZY_NAMES[name]}")
        return home if name == "serialization" else getattr(home, name)
    raise AttributeError(f"module 'flambeau' has no attribute {name!r}")


def is_tensor(obj) -> bool:
    """Whether ``obj`` is a tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input) -> bool:
    """Whether the tensor's dtype is a floating point one."""
    return input.is_floating_point()


def is_complex(input) -> bool:
    """Whether the tensor's dtype is complex."""
    return input.is_complex()


def numel(input) -> int:
    """The number of elements."""
    return input.numel()


def typename(obj) -> str:
    """The qualified type of a value; for tensors PyTorch's, such as ``torch.FloatTensor``."""
    return obj.type() if isinstance(obj, Tensor) else f"{type(obj).__module__}.{type(obj).__name__}"


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted: every operation here is deterministic already."""
