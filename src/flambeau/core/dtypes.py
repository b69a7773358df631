"""Element types: PyTorch's names, NumPy's storage, and the promotion rules between them."""

from __future__ import annotations

import builtins

import numpy as np

__all__ = ["FROM_NUMPY", "dtype", "from_numpy_dtype", "promote_types", "to_numpy_dtype"]


class dtype:
    """One element type, such as ``float32``.

    Attributes: ``is_floating_point``, ``is_complex``, ``is_signed``, ``itemsize`` (bytes),
    ``numpy`` (the NumPy dtype).

    >>> import flambeau as torch
    >>> torch.float32, torch.float32.itemsize, torch.int64.is_floating_point
    (torch.float32, 4, False)
    """

    __slots__ = (
        "_numpy",
        "category",
        "is_complex",
        "is_floating_point",
        "is_signed",
        "itemsize",
        "name",
    )

    def __init__(self, name: str, category: int, itemsize: int, numpy: np.dtype | None):
        self.name = name
        self.category = category
        self.itemsize = itemsize
        self._numpy = numpy
        self.is_floating_point = category == FLOATING
        self.is_complex = category == COMPLEX
        self.is_signed = name not in ("bool", "uint8", "uint16", "uint32", "uint64")

    @property
    def numpy(self) -> np.dtype:
        if self._numpy is None:
            self._numpy = _load_bfloat16()
        return self._numpy

    def to_complex(self) -> dtype:
        """The complex type with this precision."""
        return _TO_COMPLEX.get(self.name, self)

    def to_real(self) -> dtype:
        """The real type with this precision."""
        return _TO_REAL.get(self.name, self)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name  # dtypes are singletons of this module: pickled and copied by name


BOOL, INTEGRAL, FLOATING, COMPLEX = range(4)

bool_ = dtype("bool", BOOL, 1, np.dtype(np.bool_))
uint8 = dtype("uint8", INTEGRAL, 1, np.dtype(np.uint8))
int8 = dtype("int8", INTEGRAL, 1, np.dtype(np.int8))
int16 = dtype("int16", INTEGRAL, 2, np.dtype(np.int16))
uint16 = dtype("uint16", INTEGRAL, 2, np.dtype(np.uint16))
int32 = dtype("int32", INTEGRAL, 4, np.dtype(np.int32))
uint32 = dtype("uint32", INTEGRAL, 4, np.dtype(np.uint32))
int64 = dtype("int64", INTEGRAL, 8, np.dtype(np.int64))
uint64 = dtype("uint64", INTEGRAL, 8, np.dtype(np.uint64))
float16 = dtype("float16", FLOATING, 2, np.dtype(np.float16))
bfloat16 = dtype("bfloat16", FLOATING, 2, None)
float32 = dtype("float32", FLOATING, 4, np.dtype(np.float32))
float64 = dtype("float64", FLOATING, 8, np.dtype(np.float64))
complex64 = dtype("complex64", COMPLEX, 8, np.dtype(np.complex64))
complex128 = dtype("complex128", COMPLEX, 16, np.dtype(np.complex128))

ALL = (
    bool_, uint8, int8, int16, uint16, int32, uint32, int64, uint64,
    float16, bfloat16, float32, float64, complex64, complex128,
)  # fmt: skip
BY_NAME = {d.name: d for d in ALL}
ALIASES = {
    "half": float16, "float": float32, "double": float64, "cfloat": complex64,
    "cdouble": complex128, "short": int16, "int": int32, "long": int64,
}  # fmt: skip

globals()["bool"] = bool_  # so that ``__reduce__`` finds every dtype under its own name

_TO_COMPLEX = {"float32": complex64, "float64": complex128, "float16": complex64}
_TO_REAL = {"complex64": float32, "complex128": float64}

FROM_NUMPY: dict[np.dtype, dtype] = {d._numpy: d for d in ALL if d._numpy is not None}


def _load_bfloat16() -> np.dtype:
    try:
        import ml_dtypes
    except ImportError:
        raise ImportError(
            "bfloat16 needs the package ml_dtypes, which NumPy lacks: pip install ml_dtypes"
        ) from None
    found = np.dtype(ml_dtypes.bfloat16)
    FROM_NUMPY[found] = bfloat16
    return found


def from_numpy_dtype(numpy_dtype: np.dtype) -> dtype:
    """The dtype that NumPy stores as ``numpy_dtype``; raises TypeError if there is none."""
    found = FROM_NUMPY.get(numpy_dtype)
    if found is None:
        found = FROM_NUMPY.get(numpy_dtype.newbyteorder("="))
        if found is None and numpy_dtype.name == "bfloat16":
            return FROM_NUMPY.setdefault(bfloat16.numpy, bfloat16)
    if found is None:
        raise TypeError(
            f"can't convert a NumPy array of type {numpy_dtype}. The supported types are: "
            "float64, float32, float16, complex64, complex128, int64, int32, int16, int8, "
            "uint64, uint32, uint16, uint8, and bool."
        )
    return found


def to_numpy_dtype(wanted) -> np.dtype:
    """The NumPy dtype of a dtype, a NumPy dtype, or a Python type (``float`` is the default
    dtype).
    """
    if isinstance(wanted, dtype):
        return wanted.numpy
    if isinstance(wanted, np.dtype):
        return wanted
    if wanted in _PYTHON_TYPES:
        return _PYTHON_TYPES[wanted]().numpy
    if isinstance(wanted, type) and issubclass(wanted, np.generic):
        return np.dtype(wanted)
    raise TypeError(f"dtype must be a flambeau dtype such as float32, not {wanted!r}")


def get_default_dtype() -> dtype:
    """The dtype of a tensor made from Python floats (float32 unless it was changed)."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Make ``d``, a floating point dtype, the dtype of tensors made from Python floats."""
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {d!r}")
    _default = d


_default = float32
_PYTHON_TYPES = {
    builtins.bool: lambda: bool_,
    int: lambda: int64,
    float: get_default_dtype,
    complex: lambda: _default.to_complex(),
}


def scalar_dtype(value) -> dtype:
    """The dtype that a Python number gets when a tensor is made of it."""
    kind = type(value)
    if kind not in _PYTHON_TYPES:
        kind = next((k for k in _PYTHON_TYPES if isinstance(value, k)), None)
        if kind is None:
            raise TypeError(f"expected a number, got {type(value).__name__}")
    return _PYTHON_TYPES[kind]()


_INT_ORDER = {"int8": 1, "int16": 2, "int32": 3, "int64": 4}


def promote_types(a: dtype, b: dtype) -> dtype:
    """The smallest dtype that holds both: complex over float over integer over bool, then by width.

    >>> import flambeau as torch
    >>> torch.promote_types(torch.int64, torch.float16)
    torch.float16
    """
    if a is b:
        return a
    if a.category != b.category:
        low, high = (a, b) if a.category < b.category else (b, a)
        if high.category == COMPLEX and low is float64:
            return complex128
        return high
    if a.category == COMPLEX:
        return complex128
    if a.category == FLOATING:
        if a.itemsize == b.itemsize:
            return float32  # float16 with bfloat16
        return a if a.itemsize > b.itemsize else b
    if a.is_signed and b.is_signed:
        return a if _INT_ORDER[a.name] > _INT_ORDER[b.name] else b
    if not a.is_signed and not b.is_signed:
        return a if a.itemsize > b.itemsize else b
    signed, unsigned = (a, b) if a.is_signed else (b, a)
    if unsigned is not uint8:
        raise RuntimeError(
            f"Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{a.name} and {b.name}"
        )
    return int16 if signed is int8 else signed
