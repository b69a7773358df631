"""Tensors with another dtype."""

from __future__ import annotations

import numpy as np

from flambeau.core import devices, dtypes
from flambeau.core.config import modes
from flambeau.ops.registry import OPS
from flambeau.ops.shape import format_name
from flambeau.tensor import absent, meta
from flambeau.tensor.api import export
from flambeau.tensor.dispatch import dispatch, tape, wrap
from flambeau.tensor.inplace import _spoken
from flambeau.tensor.storage import lying
from flambeau.tensor.tensor import Tensor


def convert(input, dtype=None, copy=False, memory_format=None):
    """``input`` with the dtype and memory format asked for: itself where it has them and no copy is
    wanted.
    """
    have = lying(input).dtype
    wanted = have if dtype is None else dtypes.to_numpy_dtype(dtype)
    form = format_name(memory_format, input.shape)
    if not copy and wanted == have:
        if form == "preserve" or form == suggested_format(input):
            return input
    return dispatch(OPS["to_copy"], (input,), {"dtype": wanted, "memory_format": form})


def suggested_format(input) -> str:
    """The format in which PyTorch says that a tensor lies: anything but channels last is
    "contiguous".
    """
    if input._storage.hidden is not None:
        return "contiguous"
    array = input._array
    if array.ndim not in (4, 5) or array.flags.c_contiguous:
        return "contiguous"
    last = array.transpose((0, *range(2, array.ndim), 1)).flags.c_contiguous
    return "channels_last" if last else "contiguous"


@export("method")
def to(
    input,
    *args,
    dtype=None,
    device=None,
    non_blocking=False,
    copy=False,
    memory_format=None,
    other=None,
):
    """The tensor with another dtype or device: ``x.to(float64)``, ``x.to("cpu")``, ``x.to(other)``,
    or both at once.

    Returns the tensor itself where nothing has to change and ``copy`` is False.

    >>> import flambeau as torch
    >>> torch.tensor([1, 2]).to(torch.float64)
    tensor([1., 2.], dtype=torch.float64)
    """
    rest = list(args)
    if rest and isinstance(rest[0], Tensor):
        other = rest.pop(0)
    else:
        if rest and (rest[0] is None or isinstance(rest[0], str | int | devices.device)):
            device = rest.pop(0)
        if rest and (rest[0] is None or isinstance(rest[0], dtypes.dtype | type | np.dtype)):
            dtype = rest.pop(0)
    if other is not None:
        device, dtype = other.device, other.dtype
    if rest:
        non_blocking = rest.pop(0)
    if rest:
        copy = rest.pop(0)
    if rest or not isinstance(non_blocking, bool) or not isinstance(copy, bool):
        given = ", ".join(type(a).__name__ for a in args)
        raise TypeError(
            f"to() received an invalid combination of arguments - got ({given}), but expected "
            "(device, dtype, non_blocking, copy), (dtype, non_blocking, copy) or "
            "(other, non_blocking, copy)"
        )
    if device is not None and (where := devices.require(device)) is not input.device:
        input, copy = _moved(input, where), False
    return convert(input, dtype, copy, memory_format)


def _moved(input, device):
    """The tensor on another device: on the meta device without its values."""
    if device is not devices.META:
        raise meta.no_data()
    moved = wrap(absent.like(input._array))
    if input.requires_grad and modes.grad_enabled:
        params = {"dtype": input._array.dtype, "memory_format": "preserve"}
        tape(OPS["to_copy"], (input,), params, moved)
    return moved


def _named(name: str, dtype: dtypes.dtype) -> None:
    def method(input, memory_format=None):
        return convert(input, dtype, memory_format=memory_format)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"The tensor as {dtype.name}; itself where it is that already."
    export("method")(method)


for _name in [
    "bool",
    "int",
    "long",
    "short",
    "float",
    "double",
    "half",
    "bfloat16",
    "cfloat",
    "cdouble",
]:
    _named(_name, {**dtypes.BY_NAME, **dtypes.ALIASES}[_name])
_named("byte", dtypes.uint8)
_named("char", dtypes.int8)


@export("method", name="type")
def type_(input, dtype=None, non_blocking=False):
    """The tensor's type as text, or the tensor with another: a dtype, or a name such as
    ``torch.LongTensor``.

    >>> import flambeau as torch
    >>> torch.ones(2).type(), torch.ones(2).type("torch.LongTensor")
    ('torch.FloatTensor', tensor([1, 1]))
    """
    if dtype is None:
        return f"torch.{_spoken(input.dtype)}Tensor"
    if isinstance(dtype, str):
        known = {f"torch.{_spoken(d)}Tensor": d for d in dtypes.BY_NAME.values()}
        if dtype not in known:
            raise ValueError(f"invalid type: {dtype!r}")
        dtype = known[dtype]
    return convert(input, getattr(dtype, "element", dtype))


@export("method")
def type_as(input, other):
    """The tensor with the dtype of ``other``."""
    return convert(input, other.dtype)


@export("method")
def cpu(input, memory_format=None):
    """The tensor on the CPU: itself where it is there."""
    return input.to(devices.CPU)


@export("method")
def cuda(input, device=None, non_blocking=False, memory_format=None):
    """Raises DeviceError: tensors live on the CPU in this version."""
    devices.require("cuda")
