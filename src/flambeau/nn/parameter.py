"""Tensors that a module owns: parameters, buffers, and those whose shape is not known yet."""

from __future__ import annotations

from flambeau.core.errors import DTypeError
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]


def _view(cls, data, requires_grad):
    """A leaf of class ``cls`` that shares the memory of ``data``."""
    if requires_grad and not (data.dtype.is_floating_point or data.dtype.is_complex):
        raise DTypeError(
            "Only Tensors of floating point and complex dtype can require gradients"
            f" (this one is {data.dtype}: requires_grad=False, or x.float())"
        )
    return data.detach().as_subclass(cls).requires_grad_(requires_grad)


class Parameter(Tensor):
    """A tensor that becomes a parameter of the module to which it is assigned.

    Args:
        data: the values; they are shared, not copied. Default: an empty tensor.
        requires_grad: whether gradients are recorded. Default True.

    >>> import flambeau as torch
    >>> torch.nn.Parameter(torch.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data=None, requires_grad=True):
        if data is None:
            data = torch.empty(0)
        return _view(cls, data, requires_grad)

    def __deepcopy__(self, memo):
        known = memo.get(id(self))
        if known is None:
            known = type(self)(self.detach().clone(), self.requires_grad)
            memo[id(self)] = known
        return known

    def __reduce_ex__(self, protocol):
        return _rebuild_parameter, (type(self), self.detach(), self.requires_grad)


def _rebuild_parameter(cls, data, requires_grad):
    return cls(data, requires_grad)


class Buffer(Tensor):
    """A tensor that becomes a buffer of the module to which it is assigned: state without gradient.

    Args:
        data: the values. Default: an empty tensor.
        persistent: whether it is part of the module's ``state_dict``. Default True.

    >>> import flambeau as torch
    >>> m = torch.nn.Module()
    >>> m.count = torch.nn.Buffer(torch.zeros(1))
    >>> list(m.state_dict())
    ['count']
    """

    def __new__(cls, data=None, *, persistent=True):
        if data is None:
            data = torch.empty(0)
        buffer = _view(cls, data, data.requires_grad)
        buffer.persistent = persistent
        return buffer

    def __reduce_ex__(self, protocol):
        return _rebuild_buffer, (type(self), self.detach(), self.persistent)


def _rebuild_buffer(cls, data, persistent):
    return cls(data, persistent=persistent)


def is_lazy(param) -> bool:
    """Whether ``param`` waits for its shape."""
    return isinstance(param, UninitializedTensorMixin)


# What an uninitialized tensor still answers; everything else says that the shape is missing.
_ALLOWED = frozenset(
    "cls_to_become materialize data dtype device layout requires_grad requires_grad_ grad grad_fn "  # noqa: SIM905
    "is_leaf is_floating_point is_complex detach persistent shape share_memory_".split()
)


class UninitializedTensorMixin:
    """What parameters and buffers without a shape have in common."""

    cls_to_become: type

    def materialize(self, shape, device=None, dtype=None) -> None:
        """Give the tensor its shape (the values are arbitrary) and its final class."""
        data = torch.empty(shape, device=device or self.data.device, dtype=dtype or self.data.dtype)
        self.__class__ = self.cls_to_become
        self.data = data

    @property
    def shape(self):
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes."
        )

    def share_memory_(self):
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to "
            "initialize the parameters before calling `module.share_memory()`."
        )

    def __getattribute__(self, name):
        if name in _ALLOWED or name.startswith("_"):
            return super().__getattribute__(name)
        if hasattr(type(self), name):
            raise ValueError(
                f"Attempted to use an uninitialized parameter in {name}. This error happens when "
                "you are using a `LazyModule` or explicitly manipulating "
                f"`torch.nn.parameter.{type(self).__name__}` objects. When using LazyModules Call "
                "`forward` with a dummy batch to initialize the parameters before calling torch "
                "functions"
            )
        return super().__getattribute__(name)

    def __repr__(self, **kwargs) -> str:
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo):
        known = memo.get(id(self))
        if known is None:
            known = type(self)(self.requires_grad, self.device, self.dtype)
            memo[id(self)] = known
        return known

    def __reduce_ex__(self, protocol):
        return type(self), (self.requires_grad, None, self.dtype)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape a lazy module finds out at its first call.

    >>> import flambeau as torch
    >>> p = torch.nn.UninitializedParameter()
    >>> p
    <UninitializedParameter>
    >>> p.materialize((2, 3))
    >>> p.shape
    torch.Size([2, 3])
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        return _view(cls, torch.empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose shape a lazy module finds out at its first call."""

    cls_to_become = Tensor

    def __new__(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        buffer = _view(cls, torch.empty(0, device=device, dtype=dtype), requires_grad)
        buffer.persistent = persistent
        return buffer
