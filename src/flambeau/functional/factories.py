"""Tensors out of nothing, and tensors like others."""

from __future__ import annotations

import math

import numpy as np

from flambeau.core import dtypes
from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.ops.registry import OPS
from flambeau.ops.shape import format_name
from flambeau.tensor import absent
from flambeau.tensor.api import export, torch, write_out
from flambeau.tensor.dispatch import create, wrap
from flambeau.tensor.storage import lying
from flambeau.tensor.tensor import Tensor


def checked_size(size) -> tuple[int, ...]:
    """The sizes of ``f(2, 3)``, ``f((2, 3))`` or ``f(torch.Size(...))``; none may be negative."""
    if len(size) == 1 and isinstance(size[0], tuple | list):
        size = size[0]
    found = []
    for n in size:
        if isinstance(n, float) or not hasattr(n, "__index__"):
            raise TypeError(f"sizes must be ints, but got {type(n).__name__}: {n!r}")
        n = n.__index__()
        if n < 0:
            raise ShapeError(
                f"Trying to create tensor with negative dimension {n}: {[int(m) for m in size]}"
            )
        found.append(n)
    return tuple(found)


def finish(made: Tensor, requires_grad=False, out=None, layout=None) -> Tensor:
    """What every factory does last: mark as a leaf that wants a gradient, fill ``out``."""
    if layout is not None and "strided" not in str(layout):
        raise RuntimeError(f"only the strided layout exists, not {layout}")
    if out is not None:
        return write_out(out, made)
    return made.requires_grad_() if requires_grad else made


def place(device, out=None):
    """The device of a new tensor: that of ``out`` where there is one."""
    return device if out is None else out.device


def element(dtype) -> np.dtype:
    """The NumPy dtype of a dtype argument; the default dtype for ``None``."""
    return dtypes.to_numpy_dtype(dtypes.get_default_dtype() if dtype is None else dtype)


def _sized(size, named):
    return checked_size((named,) if named is not None else size)


def _result_dtype(dtype, out):
    return element(out.dtype if dtype is None and out is not None else dtype)


@export("torch")
def zeros(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False,
          requires_grad=False, names=None, **named):  # fmt: skip
    """Zeros of the given size.

    >>> import flambeau as torch
    >>> torch.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    params = {"size": _sized(size, named.get("size")), "dtype": _result_dtype(dtype, out)}
    return finish(create(OPS["zeros"], params, place(device, out)), requires_grad, out, layout)


@export("torch")
def ones(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False,
         requires_grad=False, names=None, **named):  # fmt: skip
    """Ones of the given size.

    >>> import flambeau as torch
    >>> torch.ones(2)
    tensor([1., 1.])
    """
    params = {
        "size": _sized(size, named.get("size")), "fill_value": 1, "dtype": _result_dtype(dtype, out)
    }  # fmt: skip
    return finish(create(OPS["full"], params, place(device, out)), requires_grad, out, layout)


@export("torch")
def empty(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False,
          requires_grad=False, memory_format=None, names=None, **named):  # fmt: skip
    """A tensor of the given size whose elements are whatever the memory held.

    >>> import flambeau as torch
    >>> torch.empty(2, 3).shape
    torch.Size([2, 3])
    """
    size = _sized(size, named.get("size"))
    params = {"size": size, "dtype": _result_dtype(dtype, out)}
    made = create(OPS["empty"], params, place(device, out))
    if memory_format is not None and format_name(memory_format, size) == "channels_last":
        made = made.contiguous(memory_format=memory_format)
    return finish(made, requires_grad, out, layout)


@export("torch")
def empty_strided(size, stride, *, dtype=None, layout=None, device=None, requires_grad=False,
                  pin_memory=False):  # fmt: skip
    """An uninitialised tensor with the given sizes and strides (in elements)."""
    size, stride = tuple(size), tuple(stride)
    length = 1 + sum((n - 1) * s for n, s in zip(size, stride)) if 0 not in size else 0
    buffer = create(OPS["empty"], {"size": (length,), "dtype": element(dtype)}, device)
    array = np.lib.stride_tricks.as_strided(
        absent.plain(buffer._array), size, tuple(s * buffer.itemsize for s in stride)
    )
    array = absent.wrapped(array) if buffer.is_meta else array
    return finish(Tensor._around(array, buffer._storage), requires_grad, None, layout)


@export("torch")
def full(size, fill_value, *, out=None, dtype=None, layout=None, device=None, pin_memory=False,
         requires_grad=False, names=None):  # fmt: skip
    """``fill_value`` everywhere; its type decides the dtype where none is given.

    >>> import flambeau as torch
    >>> torch.full((2,), 7)
    tensor([7, 7])
    """
    if isinstance(fill_value, Tensor):
        dtype = fill_value.dtype if dtype is None and out is None else dtype
        fill_value = fill_value.item()
    if dtype is None:
        dtype = out.dtype if out is not None else dtypes.scalar_dtype(fill_value)
    size = checked_size((size,) if isinstance(size, int) else (tuple(size),))
    made = _filled(size, fill_value, element(dtype), place(device, out))
    return finish(made, requires_grad, out, layout)


def _filled(size, fill_value, dtype, device) -> Tensor:
    if dtype.kind in "iu" and isinstance(fill_value, int | float):
        limits = np.iinfo(dtype)
        least = limits.min or -limits.max  # negative numbers wrap around in unsigned dtypes
        if not math.isfinite(fill_value) or not least <= int(fill_value) <= limits.max:
            raise ArgumentError(f"value cannot be converted to type {dtype} without overflow")
        fill_value = int(fill_value) % (limits.max + 1) if not limits.min else int(fill_value)
    if isinstance(fill_value, complex) and dtype.kind != "c":
        raise ArgumentError(f"value cannot be converted to type {dtype} without overflow")
    params = {"size": size, "fill_value": fill_value, "dtype": dtype}
    return create(OPS["full"], params, device)


@export("torch")
def scalar_tensor(s, *, dtype=None, layout=None, device=None, requires_grad=False):
    """A 0-d tensor with the value ``s``."""
    dtype = dtype or dtypes.get_default_dtype()
    return torch.full((), s, dtype=dtype, device=device, requires_grad=requires_grad)


@export("torch")
def arange(start=None, end=None, step=1, *, out=None, dtype=None, layout=None, device=None,
           pin_memory=False, requires_grad=False):  # fmt: skip
    """start, start + step, ... before ``end``; ``arange(end)`` starts at 0.

    >>> import flambeau as torch
    >>> torch.arange(3), torch.arange(1., 2., 0.5)
    (tensor([0, 1, 2]), tensor([1.0000, 1.5000]))
    """
    if end is None:
        start, end = 0, start
    elif start is None:
        start = 0
    tensors = [n for n in (start, end, step) if isinstance(n, Tensor)]
    if any(t.dtype.is_floating_point for t in tensors):
        dtype = dtype or dtypes.get_default_dtype()
    start, end, step = (
        n.item() if isinstance(n, Tensor | np.generic) else n for n in (start, end, step)
    )
    for n in (start, end, step):
        if isinstance(n, complex) or not isinstance(n, int | float):
            raise TypeError(
                f"arange(): start, end and step must be numbers, not {type(n).__name__}"
            )
        if isinstance(n, float) and not math.isfinite(n):
            raise ArgumentError(f"unsupported range: {start} -> {end}")
    if step == 0:
        raise ArgumentError("step must be nonzero")
    if (end - start) * step < 0:
        raise ArgumentError("upper bound and lower bound inconsistent with step sign")
    if dtype is None and out is None:
        whole = all(isinstance(n, int) for n in (start, end, step))
        dtype = dtypes.int64 if whole else dtypes.get_default_dtype()
    params = {"start": start, "end": end, "step": step, "dtype": _result_dtype(dtype, out)}
    if params["dtype"].kind in "iu":
        params.update(start=int(start), end=int(end), step=int(step))
    made = create(OPS["arange"], {k: _plain(v) for k, v in params.items()}, place(device, out))
    return finish(made, requires_grad, out, layout)


def _plain(value):
    return int(value) if isinstance(value, bool) else value


@export("torch")
def range(start=0, end=None, step=1, **options):
    """start, start + step, ... up to and including ``end`` (deprecated: use ``arange``)."""
    steps = math.floor((end - start) / step)
    return start + step * torch.arange(
        steps + 1, dtype=options.pop("dtype", None) or dtypes.float32
    )


def _evenly(name, start, end, steps, extra, out, dtype, device, requires_grad, layout):
    for n in (start, end):
        if isinstance(n, Tensor) and n.ndim:
            raise ShapeError(
                f"{name} only supports 0-dimensional start and end tensors, but got {name}() with "
                f"a tensor of {n.ndim} dimension(s)."
            )
    start, end = (n.item() if isinstance(n, Tensor) else n for n in (start, end))
    if not hasattr(steps, "__index__"):
        raise TypeError(f"{name}(): argument 'steps' must be int, not {type(steps).__name__}")
    steps = steps.__index__()
    if steps < 0:
        raise ArgumentError("number of steps must be non-negative")
    if dtype is None and out is None:
        dtype = dtypes.get_default_dtype()
        if isinstance(start, complex) or isinstance(end, complex):
            dtype = dtype.to_complex()
    kind = _result_dtype(dtype, out)
    if kind.kind != "c" and (isinstance(start, complex) or isinstance(end, complex)):
        raise ArgumentError(f"{name}(): inferred dtype complex can't be safely cast to {dtype}")
    if kind.kind in "iu":
        start, end = (int(start), int(end)) if name == "linspace" else (start, end)
    params = {"start": start, "end": end, "steps": steps, **extra, "dtype": kind}
    return finish(create(OPS[name], params, place(device, out)), requires_grad, out, layout)


@export("torch")
def linspace(start, end, steps, *, out=None, dtype=None, layout=None, device=None,
             pin_memory=False, requires_grad=False):  # fmt: skip
    """``steps`` numbers at equal distances from ``start`` to ``end``, both included.

    >>> import flambeau as torch
    >>> torch.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    return _evenly("linspace", start, end, steps, {}, out, dtype, device, requires_grad, layout)


@export("torch")
def logspace(start, end, steps, base=10.0, *, out=None, dtype=None, layout=None, device=None,
             pin_memory=False, requires_grad=False):  # fmt: skip
    """``base`` to the powers ``linspace(start, end, steps)``.

    >>> import flambeau as torch
    >>> torch.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    base = {"base": base}
    return _evenly("logspace", start, end, steps, base, out, dtype, device, requires_grad, layout)


@export("torch")
def eye(n, m=None, *, out=None, dtype=None, layout=None, device=None, pin_memory=False,
        requires_grad=False):  # fmt: skip
    """The identity: ones on the diagonal of n rows and m (default n) columns.

    >>> import flambeau as torch
    >>> torch.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    m = n if m is None else m
    for name, size in (("n", n), ("m", m)):
        if not hasattr(size, "__index__"):
            raise TypeError(f"eye(): argument '{name}' must be int, not {type(size).__name__}")
        if size < 0:
            raise ShapeError(f"{name} must be greater or equal to 0, got {size}")
    params = {"n": n.__index__(), "m": m.__index__(), "dtype": _result_dtype(dtype, out)}
    return finish(create(OPS["eye"], params, place(device, out)), requires_grad, out, layout)


def _corners(name, row, col, offset, dtype, device):
    if row < 0 or col < 0:
        raise ShapeError(f"{name}: row and col must be non-negative, got {row} and {col}")
    params = {"row": row, "col": col, "offset": offset, "dtype": element(dtype or dtypes.int64)}
    return finish(create(OPS[name], params, device))


@export("torch")
def tril_indices(row, col, offset=0, *, dtype=None, device=None, layout=None):
    """Rows and columns (2, N) of the elements of a matrix on and below the diagonal ``offset``."""
    return _corners("tril_indices", row, col, offset, dtype, device)


@export("torch")
def triu_indices(row, col, offset=0, *, dtype=None, device=None, layout=None):
    """Rows and columns (2, N) of the elements of a matrix on and above the diagonal ``offset``."""
    return _corners("triu_indices", row, col, offset, dtype, device)


# Like another tensor ----------------------------------------------------------------------------


def like(input, name, params, dtype, device, requires_grad, memory_format, layout=None):
    """The factory ``name`` with the device, size, dtype and memory order of ``input``."""
    if not isinstance(input, Tensor):
        raise TypeError(f"argument 'input' must be Tensor, not {type(input).__name__}")
    kind = lying(input).dtype if dtype is None else element(dtype)
    params = {"size": tuple(input.shape), **params, "dtype": kind}
    made = create(OPS[name], params, device or input.device)
    return finish(in_order_of(input, made, memory_format), requires_grad, None, layout)


def in_order_of(input, made, memory_format=None):
    """A fresh tensor laid out in memory like ``input``, or as ``memory_format`` says."""
    form = format_name(memory_format, input.shape)
    if form == "channels_last":
        return made.contiguous(memory_format=memory_format)
    if input._storage.hidden is not None:
        return made
    strides = input._array.strides
    if form == "preserve" and not input._array.flags.c_contiguous and 0 not in strides:
        if made.is_meta:
            order = absent.layout_of(input._array)
            steps = absent.strides_in(made.shape, made.itemsize, order)
            return wrap(absent.empty(made.shape, made._array.dtype, steps))
        room = np.empty_like(absent.plain(input._array), made._array.dtype)
        np.copyto(room, made._array)
        return wrap(room)
    return made


@export("torch")
def zeros_like(input, *, dtype=None, layout=None, device=None, requires_grad=False,
               memory_format=None, pin_memory=False):  # fmt: skip
    """Zeros with the size and dtype of ``input``.

    >>> import flambeau as torch
    >>> torch.zeros_like(torch.tensor([1, 2]))
    tensor([0, 0])
    """
    return like(input, "zeros", {}, dtype, device, requires_grad, memory_format, layout)


@export("torch")
def ones_like(input, *, dtype=None, layout=None, device=None, requires_grad=False,
              memory_format=None, pin_memory=False):  # fmt: skip
    """Ones with the size and dtype of ``input``."""
    one = {"fill_value": 1}
    return like(input, "full", one, dtype, device, requires_grad, memory_format, layout)


@export("torch")
def empty_like(input, *, dtype=None, layout=None, device=None, requires_grad=False,
               memory_format=None, pin_memory=False):  # fmt: skip
    """An uninitialised tensor with the size and dtype of ``input``."""
    return like(input, "empty", {}, dtype, device, requires_grad, memory_format, layout)


@export("torch")
def full_like(input, fill_value, *, dtype=None, layout=None, device=None, requires_grad=False,
              memory_format=None, pin_memory=False):  # fmt: skip
    """``fill_value`` everywhere, with the size and dtype of ``input``."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    kind = input._array.dtype if dtype is None else element(dtype)
    made = _filled(tuple(input.shape), value, kind, device or input.device)
    return finish(in_order_of(input, made, memory_format), requires_grad, None, layout)


@export("method")
def new_tensor(input, data, *, dtype=None, device=None, requires_grad=False):
    """A copy of ``data`` as a tensor, by default with the dtype of ``input``."""
    made = torch.as_tensor(data, dtype or input.dtype, device or input.device)
    made = made.detach().clone() if isinstance(data, Tensor | np.ndarray) else made
    return made.requires_grad_() if requires_grad else made


def _new(name):
    def method(input, *args, dtype=None, device=None, requires_grad=False, layout=None,
               pin_memory=False, **named):  # fmt: skip
        options = {"dtype": dtype or input.dtype, "device": device or input.device}
        return getattr(torch, name)(*args, **options, requires_grad=requires_grad, **named)

    method.__name__ = method.__qualname__ = f"new_{name}"
    method.__doc__ = f"``torch.{name}`` with the dtype of ``input``."
    export("method")(method)


for _name in ("zeros", "ones", "empty", "full", "empty_strided"):
    _new(_name)
