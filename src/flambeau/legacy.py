"""Type names of old programs: ``FloatTensor(2, 3)``, ``LongTensor([1, 2])``, ``isinstance(x,
FloatTensor)``.
"""

from __future__ import annotations

import numpy as np

from .core import dtypes
from .core.size import Size
from .tensor.tensor import Tensor


class _TypedTensor(type):
    """The metaclass that makes ``isinstance(x, FloatTensor)`` ask for x's dtype."""

    element: dtypes.dtype

    def __instancecheck__(cls, obj) -> bool:
        return isinstance(obj, Tensor) and obj.dtype is cls.element

    def __call__(cls, *args):
        wanted = cls.element.numpy
        if len(args) == 1 and not isinstance(args[0], int):
            data = args[0]
            if isinstance(data, Size):
                return Tensor._around(np.empty(data, wanted))
            if isinstance(data, Tensor):
                return data.to(cls.element)
            return Tensor._around(np.array(data, wanted))
        return Tensor._around(np.empty(args or (0,), wanted))

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _make(name: str, element: dtypes.dtype) -> type:
    doc = f"Tensors of {element.name}: makes one from sizes (uninitialised) or from data."
    return _TypedTensor(name, (), {"element": element, "__doc__": doc, "dtype": element})


FloatTensor = _make("FloatTensor", dtypes.float32)
DoubleTensor = _make("DoubleTensor", dtypes.float64)
HalfTensor = _make("HalfTensor", dtypes.float16)
BFloat16Tensor = _make("BFloat16Tensor", dtypes.bfloat16)
LongTensor = _make("LongTensor", dtypes.int64)
IntTensor = _make("IntTensor", dtypes.int32)
ShortTensor = _make("ShortTensor", dtypes.int16)
CharTensor = _make("CharTensor", dtypes.int8)
ByteTensor = _make("ByteTensor", dtypes.uint8)
BoolTensor = _make("BoolTensor", dtypes.bool_)

BY_DTYPE = {
    t.element: t
    for t in (
        FloatTensor, DoubleTensor, HalfTensor, BFloat16Tensor, LongTensor, IntTensor, ShortTensor,
        CharTensor, ByteTensor, BoolTensor,
    )
}  # fmt: skip


def set_default_tensor_type(t) -> None:
    """Make the dtype of ``t`` (``FloatTensor``, ``"torch.DoubleTensor"``) the default one."""
    if isinstance(t, str):
        t = globals()[t.rpartition(".")[2]]
    dtypes.set_default_dtype(t.element)
