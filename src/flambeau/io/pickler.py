"""Writes the pickles that PyTorch reads: tensors under its names, their storages set aside."""

from __future__ import annotations

import functools
import io
import pickle
import types
from collections import OrderedDict
from typing import Any

import numpy as np

from flambeau.core import dtypes
from flambeau.core.devices import device
from flambeau.core.size import Size
from flambeau.tensor.storage import Storage
from flambeau.tensor.tensor import Tensor

from .errors import CheckpointError, UnsavableError
from .names import public
from .tensors import STORAGE_NAMES, StoredTensor, StoredView

__all__ = ["CheckpointPickler", "check_pickle_module"]


class Symbol:
    """A global name that is written without looking it up: PyTorch need not be there."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str):
        self.module, self.name = module, name

    def __call__(self, *_args):
        raise TypeError(f"{self.module}.{self.name} is only a name")


symbol = functools.cache(Symbol)


class _StorageReference:
    """A storage as the pickle sees it: an object kept outside."""

    __slots__ = ("dtype", "raw", "storage")

    def __init__(self, storage, raw: np.ndarray, dtype: dtypes.dtype):
        self.storage, self.raw, self.dtype = storage, raw, dtype


class CheckpointPickler(pickle._Pickler):
    """A pickler that sets storages aside.

    Python's own text of the pickler, not its C twin, because only there names of absent modules can
    be written.

    Args:
        protocol: of the pickle.
        legacy: refer to storages as the files before the zip format do.

    After ``dump``, ``contents`` is the pickle and ``storages`` the bytes of each storage by key.
    """

    def __init__(self, protocol: int, legacy: bool = False):
        self.buffer = io.BytesIO()
        super().__init__(self.buffer, protocol)
        self.legacy = legacy
        self.storages: dict[str, tuple[np.ndarray, dtypes.dtype]] = {}
        self.keys: dict[int, str] = {}
        self.alive: list[Any] = []  # what the ids in ``keys`` belong to

    @property
    def contents(self) -> bytes:
        return self.buffer.getvalue()

    def persistent_id(self, obj):
        if not isinstance(obj, _StorageReference):
            return None
        kind = STORAGE_NAMES.get(obj.dtype.name)
        dtype = obj.dtype if kind else dtypes.uint8
        key = self.keys.get(id(obj.storage))
        if key is None:
            key = self.keys[id(obj.storage)] = str(len(self.keys))
            self.alive.append(obj.storage)
            self.storages[key] = (obj.raw, dtype)
        elif self.storages[key][1] is not dtype:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different "
                "types"
            )
        name = symbol("torch", kind) if kind else symbol("torch.storage", "UntypedStorage")
        pid = ("storage", name, key, "cpu", obj.raw.size // dtype.itemsize)
        return (*pid, None) if self.legacy else pid

    def reducer_override(self, obj):
        if isinstance(obj, Tensor):
            reduced = self.reduce_tensor(obj)
        elif isinstance(obj, (Symbol, dtypes.dtype)):
            return obj.name
        elif isinstance(obj, Size):
            reduced = symbol("torch", "Size"), (tuple(obj),)
        elif isinstance(obj, device):
            named = (obj.type,) if obj.index is None else (obj.type, obj.index)
            reduced = symbol("torch", "device"), named
        elif isinstance(obj, (Storage, StoredView)):
            raise TypeError("a bare storage cannot be saved: save a tensor that looks at it")
        else:
            return NotImplemented
        return reduced

    def reduce_tensor(self, t: Tensor):
        """PyTorch's recipe of a tensor, a parameter, or a tensor with attributes."""
        cls = type(t)
        parameter = public("nn.Parameter")
        if isinstance(t, public("nn.parameter.UninitializedTensorMixin")):
            return NotImplemented
        state = dict(vars(t))
        is_parameter = parameter is not None and isinstance(t, parameter)
        requires_grad = bool(t.requires_grad)
        if is_parameter:
            plain = t.detach()
            if state:
                return (
                    symbol("torch._utils", "_rebuild_parameter_with_state"),
                    (plain, requires_grad, OrderedDict(), state),
                )
            return (
                symbol("torch._utils", "_rebuild_parameter"),
                (plain, requires_grad, OrderedDict()),
            )
        function, args = _recipe(t, requires_grad)
        if not state:
            return function, args
        kind = symbol("torch", "Tensor") if cls.__module__.startswith("flambeau.") else cls
        return symbol("torch._tensor", "_rebuild_from_type_v2"), (function, kind, args, state)

    def save_global(self, obj, name=None):
        if isinstance(obj, Symbol):
            module, name = obj.module, obj.name
        elif isinstance(obj, dtypes.dtype):
            module, name = "torch", obj.name
        elif obj is Tensor:
            module, name = "torch", "Tensor"
        else:
            try:
                return super().save_global(obj, name)
            except (pickle.PicklingError, AttributeError) as error:
                raise UnsavableError(
                    f"{error}. A checkpoint holds functions and classes by name only: those at "
                    "the top of a module"
                ) from error
        if self.proto >= 4:
            self.save(module)
            self.save(name)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    def save_type(self, obj):
        if obj in (type(None), type(NotImplemented), type(...)):
            return super().save_type(obj)
        return self.save_global(obj)

    # The base class looks its methods up in a table of functions, not by name.
    dispatch = {**pickle._Pickler.dispatch, types.FunctionType: save_global, type: save_type}


def _recipe(t: Tensor, requires_grad: bool):
    if t.is_meta:
        described = (t.dtype, tuple(t.shape), t.stride(), requires_grad)
        return symbol("torch._utils", "_rebuild_meta_tensor_no_storage"), described
    place = StoredTensor(t)
    storage = _StorageReference(place.storage, place.raw, place.dtype)
    common = (storage, place.offset, place.size, place.stride, requires_grad, OrderedDict())
    if place.dtype.name in STORAGE_NAMES:
        return symbol("torch._utils", "_rebuild_tensor_v2"), common
    return symbol("torch._utils", "_rebuild_tensor_v3"), (*common, place.dtype)


def check_pickle_module(module: Any) -> None:
    """Raise unless ``module`` is the standard one: no other would be asked."""
    if module is not None and getattr(module, "__name__", None) not in ("pickle", "_pickle"):
        raise CheckpointError(
            f"pickle_module={getattr(module, '__name__', module)!r} is not supported: Flambeau "
            "reads and writes pickles with its own code, in the format of the standard module "
            "pickle"
        )
