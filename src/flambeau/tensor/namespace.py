"""The array namespace ``xp`` that derivative rules read when the backward pass is itself recorded.

The vocabulary: NumPy's names and signatures on tensors, each made of dispatched operations, so
that what a rule computes has a
derivative of its own. Registered operations that NumPy lacks are found by name, with their
canonical signature.
"""

from __future__ import annotations

import numpy as np

from flambeau.core import devices
from flambeau.core.config import modes
from flambeau.core.dtypes import dtype as Dtype
from flambeau.core.dtypes import from_numpy_dtype
from flambeau.ops.registry import OPS, canonical_dim, canonical_dims

from . import absent
from .dispatch import dispatch, wrap

# NumPy's name: the operation with the same meaning.
_SAME = {
    "abs": "abs", "absolute": "abs", "add": "add", "subtract": "sub", "multiply": "mul",
    "divide": "div", "true_divide": "div", "power": "pow", "negative": "neg", "exp": "exp",
    "expm1": "expm1", "log": "log", "log1p": "log1p", "log2": "log2", "log10": "log10",
    "sqrt": "sqrt", "square": "square", "reciprocal": "reciprocal", "sign": "sign", "sin": "sin",
    "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "arctan2": "atan2", "floor": "floor", "ceil": "ceil",
    "maximum": "maximum", "minimum": "minimum", "equal": "eq", "not_equal": "ne", "less": "lt",
    "less_equal": "le", "greater": "gt", "greater_equal": "ge", "logical_and": "logical_and",
    "logical_or": "logical_or", "logical_not": "logical_not", "isnan": "isnan",
    "isfinite": "isfinite", "isinf": "isinf", "where": "where", "matmul": "matmul", "conj": "conj",
}  # fmt: skip


class TensorNamespace:
    """NumPy's vocabulary on tensors."""

    name = "tensor"

    def __getattr__(self, name: str):
        key = _SAME.get(name, name)
        if key not in OPS:
            raise AttributeError(f"the tensor namespace has no {name!r}: see tensor/namespace.py")
        found = self.op(key)
        setattr(self, name, found)
        return found

    def op(self, name: str):
        """A registered operation as a function of tensors, in its canonical signature."""
        op = OPS[name]
        names = op.inputs
        defaults = op.defaults

        def call(*inputs, **params):
            if defaults:
                params = {**defaults, **params}
            if not op.variadic and len(inputs) < len(names):
                inputs += (None,) * (len(names) - len(inputs))
            return dispatch(op, inputs, params)

        return call

    def power(self, x, exponent):
        """Which operand is a number decides which derivatives there are."""
        form = 1 if hasattr(exponent, "_array") else 0
        if not hasattr(x, "_array"):
            form = 2
        return dispatch(OPS["pow"], (x, exponent), {"form": form})

    # Reductions -----------------------------------------------------------------------------

    @staticmethod
    def _reduce(name, x, axis, keepdims):
        return dispatch(
            OPS[name], (x,), {"dim": canonical_dims(axis, x.ndim), "keepdim": bool(keepdims)}
        )

    def sum(self, x, axis=None, keepdims=False):
        return self._reduce("sum", x, axis, keepdims)

    def mean(self, x, axis=None, keepdims=False):
        return self._reduce("mean", x, axis, keepdims)

    def max(self, x, axis=None, keepdims=False):
        return self._reduce("amax", x, axis, keepdims)

    def min(self, x, axis=None, keepdims=False):
        return self._reduce("amin", x, axis, keepdims)

    def prod(self, x, axis=None, keepdims=False):
        return x.prod() if axis is None else x.prod(axis, keepdim=keepdims)

    def any(self, x, axis=None, keepdims=False):
        return x.any() if axis is None else x.any(axis, keepdim=keepdims)

    def all(self, x, axis=None, keepdims=False):
        return x.all() if axis is None else x.all(axis, keepdim=keepdims)

    def argmax(self, x, axis=None, keepdims=False):
        return x.argmax(axis, keepdim=keepdims)

    def argmin(self, x, axis=None, keepdims=False):
        return x.argmin(axis, keepdim=keepdims)

    def cumsum(self, x, axis):
        return x.cumsum(axis)

    # Shapes ---------------------------------------------------------------------------------

    def reshape(self, x, shape):
        return x.reshape(shape)

    def broadcast_to(self, x, shape):
        return x if x.shape == shape else x.expand(shape)

    def transpose(self, x, axes=None):
        return x.permute(tuple(reversed(range(x.ndim))) if axes is None else tuple(axes))

    def swapaxes(self, x, a, b):
        return x.transpose(a, b)

    def moveaxis(self, x, source, destination):
        return x.movedim(source, destination)

    def expand_dims(self, x, axis):
        axes = (axis,) if isinstance(axis, int) else axis
        rank = x.ndim + len(axes)
        for a in sorted(canonical_dim(a, rank) for a in axes):
            x = x.unsqueeze(a)
        return x

    def squeeze(self, x, axis=None):
        return x.squeeze() if axis is None else x.squeeze(axis)

    def concatenate(self, tensors, axis=0):
        return dispatch(OPS["cat"], tuple(tensors), {"dim": canonical_dim(axis, tensors[0].ndim)})

    def stack(self, tensors, axis=0):
        return dispatch(
            OPS["stack"], tuple(tensors), {"dim": canonical_dim(axis, tensors[0].ndim + 1)}
        )

    def flip(self, x, axis):
        return x.flip(axis)

    def roll(self, x, shift, axis=None):
        return x.roll(shift, axis)

    def tril(self, x, k=0):
        return x.tril(k)

    def triu(self, x, k=0):
        return x.triu(k)

    def diagonal(self, x, offset=0, axis1=0, axis2=1):
        return x.diagonal(offset, axis1, axis2)

    def take_along_axis(self, x, indices, axis):
        return x.gather(axis, indices)

    def unbroadcast(self, g, shape):
        """Sum ``g`` down to ``shape`` (or broadcast it up)."""
        extra = g.ndim - len(shape)
        axes = tuple(range(extra)) + tuple(
            i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1
        )
        if axes:
            g = self.sum(g, axes, keepdims=True)
        if extra > 0:
            g = g.reshape(g.shape[extra:])
        return self.broadcast_to(g, shape)

    # Making and converting ------------------------------------------------------------------

    def astype(self, x, dtype):
        return x.to(dtype if isinstance(dtype, Dtype) else from_numpy_dtype(np.dtype(dtype)))

    def zeros(self, shape, dtype=None):
        return _made(np.zeros(shape, _numpy(dtype)))

    def ones(self, shape, dtype=None):
        return _made(np.ones(shape, _numpy(dtype)))

    def full(self, shape, value, dtype=None):
        return _made(np.full(shape, value, _numpy(dtype)))

    def arange(self, *args, dtype=None):
        return _made(np.arange(*args, dtype=None if dtype is None else _numpy(dtype)))

    def eye(self, n, m=None, dtype=None):
        return _made(np.eye(n, m, dtype=_numpy(dtype)))

    def zeros_like(self, x):
        return self.full_like(x, 0)

    def ones_like(self, x):
        return self.full_like(x, 1)

    def full_like(self, x, value):
        array = x._array
        if x.is_meta:
            return wrap(absent.empty(array.shape, array.dtype))
        return wrap(np.full(array.shape, value, array.dtype))

    def clip(self, x, low, high):
        return x.clamp(low, high)

    def real(self, x):
        return x

    def imag(self, x):
        return self.zeros_like(x)

    # Products -------------------------------------------------------------------------------

    def einsum(self, equation, *tensors):
        from .api import torch

        return torch.einsum(equation, *tensors)

    def tensordot(self, a, b, axes):
        from .api import torch

        return torch.tensordot(a, b, axes)

    def outer(self, a, b):
        return a.reshape((-1, 1)) * b.reshape((1, -1))

    class linalg:
        """The part of ``numpy.linalg`` that rules use."""

        @staticmethod
        def inv(x):
            from .api import linalg

            return linalg.inv(x)

        @staticmethod
        def solve(a, b):
            from .api import linalg

            return linalg.solve(a, b)


def _made(array: np.ndarray):
    """A constant on the device where the rules run."""
    return wrap(absent.like(array) if modes.device is devices.META else array)


def _numpy(dtype) -> np.dtype:
    if dtype is None:
        return np.dtype(np.float64)
    return dtype.numpy if isinstance(dtype, Dtype) else np.dtype(dtype)


xp = TensorNamespace()
