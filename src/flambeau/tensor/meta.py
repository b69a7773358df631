"""Operations on tensors without values: the shape rule gives the sizes, and the kernel itself, run
on a handful of elements, the dtype and the order in memory.
"""

from __future__ import annotations

import numpy as np

from flambeau.backend.numpy.kernels import run as run_kernel
from flambeau.core.errors import DeviceError, DimError
from flambeau.ops.index import indexed_shape
from flambeau.ops.registry import DATA_DEPENDENT, POINTWISE, REDUCE, VIEW

from . import absent
from .arrays import xp
from .promotion import promote
from .tensor import Tensor


def run(op, inputs, arrays, params):
    """What the kernel of ``op`` would return, without values: an array, or a tuple of them.

    Raises: DeviceError where tensors with values meet tensors without, NotImplementedError where
        the output's size depends on the values.
    """
    check_devices(op, inputs)
    if op.kind is VIEW:
        made = run_kernel(op.run, xp, [absent.plain(a) for a in arrays], params)
        return tuple(map(absent.wrapped, made)) if type(made) is tuple else absent.wrapped(made)
    if op.check is not None:
        op.check(*[absent.plain(a) for a in arrays])
    shape = output_shape(op, arrays, params)
    if op.kind in (POINTWISE, REDUCE) or op.name in _SAMPLED:
        return _as_sampled(op, arrays, params, shape)
    return _made(shape, output_dtypes(op, arrays, params))


def _made(shape, kinds):
    """Arrays of the shape, or shapes, that a rule told."""
    if not shape or isinstance(shape[0], int):
        return absent.empty(shape, kinds[0])
    kinds = kinds * len(shape) if len(kinds) == 1 else kinds
    return tuple([absent.empty(s, d) for s, d in zip(shape, kinds)])


def run_inplace(op, inputs, arrays, params):
    """What the in-place twin of ``op`` would write, without values.

    Raises: NotImplementedError where values would be needed: copying out of a meta tensor.
    """
    if op.name == "copy":
        if not inputs[0].is_meta:
            raise no_data()
        arrays = [absent.like(a) for a in arrays]
        inputs = arrays
    y = run(op, inputs, arrays, params)
    return y[0] if type(y) is tuple else y


def create(op, inputs, params):
    """What an operation without tensors as inputs, a factory, would return on the meta device."""
    arrays = [getattr(t, "_array", t) for t in inputs]
    return _made(output_shape(op, arrays, params), output_dtypes(op, arrays, params))


def check_devices(op, inputs) -> None:
    """Refuse tensors with values beside tensors without; single numbers and indices may mix."""
    for i, t in enumerate(inputs):
        if isinstance(t, Tensor) and type(t._array) is not absent.AbsentArray and t._array.ndim:
            if op.name in _INDEXED and i >= _INDEXED[op.name]:
                continue
            meta = next(j for j, m in enumerate(inputs) if isinstance(m, Tensor) and m.is_meta)
            here, there = ("cpu", "meta") if i > meta else ("meta", "cpu")
            raise DeviceError(
                f"Tensor on device {here} is not on the expected device {there}!\n  {op.name} got "
                f"tensors on two devices, cpu and meta: move them to one with x.to(device)"
            )


# Others whose results a few elements describe.
_SAMPLED = frozenset(("clone", "copy", "cumprod", "cumsum", "fill", "to_copy", "trace", "zero"))
_INDEXED = {"index": 1, "index_put": 2}  # inputs from here on are indices, on either device


def output_shape(op, arrays, params):
    """The size, or sizes, that the shape rule of ``op`` tells."""
    if op.name == "index":
        return _indexed_shape(*arrays)
    if op.shape_rule is DATA_DEPENDENT:
        raise NotImplementedError(
            f"{op.name}: the size of the result depends on the values, and a meta tensor has none"
        )
    shapes = [None if a is None else a.shape if isinstance(a, np.ndarray) else () for a in arrays]
    if len(params) != len(op.params):
        params = {**op.defaults, **params}
    return op.shape_rule(*shapes, **params)


def _indexed_shape(input, *indices):
    """The size of ``input[indices]``, which a mask that has values may decide."""
    found = []
    for i in indices:
        if i is None or i.dtype.kind != "b":
            found.append(i if i is None else i.shape)
        elif type(i) is absent.AbsentArray:
            raise absent.no_values("count the true elements")
        else:
            if i.shape != input.shape[len(found) : len(found) + i.ndim]:
                raise DimError(
                    f"The shape of the mask {list(i.shape)} at index {len(found)} does not match "
                    f"the shape of the indexed tensor {list(input.shape)} at index {len(found)}"
                )
            found += [(int(i.sum()),)] * i.ndim
    return indexed_shape(input.shape, found)


def _as_sampled(op, arrays, params, shape):
    """Results that the kernel's own on a few elements describe."""
    few = [sample(a) for a in arrays]
    if op.dtype is not None:
        few = promote(op, few, few)
    made = run_kernel(op.run, xp, few, params)
    if type(made) is tuple:
        return tuple([_grown(np.asarray(m), s, op.kind) for m, s in zip(made, shape)])
    return _grown(np.asarray(made), shape, op.kind)


def _grown(few, shape, kind):
    """The array whose few elements were computed, in its true size."""
    if kind is REDUCE or few.flags.c_contiguous:
        return absent.empty(shape, few.dtype)
    order = absent.layout_of(few)
    return absent.empty(shape, few.dtype, absent.strides_in(shape, few.itemsize, order))


def sample(array):
    """Ones of the same dtype and order in memory, at most two along each axis."""
    if type(array) is not absent.AbsentArray:
        return array
    shape = tuple([min(n, 2) for n in array.shape])
    few = np.empty(shape, array.dtype)
    if not array.flags.c_contiguous:
        order = absent.layout_of(array)
        few = few.transpose(order).copy().transpose(np.argsort(order))
    few.fill(1)
    return few


def output_dtypes(op, arrays, params) -> list:
    """The dtype of each output of ``op``; a single one stands for all."""
    if params.get("dtype") is not None:
        return [params["dtype"]]
    if op.dtype is not None:
        arrays = promote(op, *[[sample(a) for a in arrays]] * 2)
    first = next((a.dtype for a in arrays if isinstance(a, np.ndarray)), None)
    return [_dtype_called(name, first) for name in op.output_dtypes]


def _dtype_called(name: str, first: np.dtype) -> np.dtype:
    if name == "same":
        return first
    if name == "real":
        return np.empty(0, first).real.dtype
    if name == "complex":
        return np.result_type(first, np.complex64)
    return np.dtype(name)


def no_data() -> NotImplementedError:
    return NotImplementedError("Cannot copy out of meta tensor; no data!")
