"""The names in a checkpoint and what they stand for here.

Everything in the table is data: tensors, containers, numbers, strings, element types, NumPy arrays.
Modules and functions of ``nn`` come in with ``weights_only=False``; whatever else, only when the
caller names it (``add_safe_globals``).
"""

from __future__ import annotations

import importlib
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

import numpy as np

from flambeau.core import dtypes
from flambeau.core.devices import device
from flambeau.core.size import Size
from flambeau.tensor.tensor import Tensor

from . import arrays
from .allow import allowed_by_path
from .errors import CheckpointError, UnsafeCheckpointError
from .tensors import STORAGE_NAMES, UNTYPED, StorageType, rebuild
from .unpickle import Global, check_key

__all__ = ["Names", "public"]

_BLOCKED_MODULES = ("sys", "os", "posix", "nt")


def public(path: str) -> Any:
    """What users find under ``flambeau.`` + ``path``, or None.

    Modules are above this layer; like any pickle, a checkpoint refers to them by their public
    names.
    """
    home, _, name = path.rpartition(".")
    try:
        return getattr(
            importlib.import_module(f"flambeau.{home}" if home else "flambeau"), name, None
        )
    except ImportError:
        return None


# Data ---------------------------------------------------------------------------------------


def _rebuild_tensor(storage, offset, size, stride):
    return rebuild(storage, offset, size, stride)


def _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata=None):
    return _needing(rebuild(storage, offset, size, stride), requires_grad)


def _rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype, metadata=None):
    if not isinstance(dtype, dtypes.dtype):
        raise CheckpointError("a tensor in the file has an element type that is none")
    return _needing(rebuild(storage, offset, size, stride, dtype), requires_grad)


def _rebuild_meta(dtype, size, stride, requires_grad):
    numbers = (*size, *stride) if type(size) is type(stride) is tuple else (None,)
    if not isinstance(dtype, dtypes.dtype) or not all(type(n) is int and n >= 0 for n in numbers):
        raise CheckpointError("a meta tensor in the file has no proper dtype, size and stride")
    made = public("empty_strided")(size, stride, dtype=dtype, device="meta")
    return _needing(made, requires_grad)


def _needing(t: Tensor, requires_grad) -> Tensor:
    if requires_grad:
        t.requires_grad_(True)
    return t


def _parameter(data=None, requires_grad=True, *_hooks):
    if not isinstance(data, Tensor):
        raise CheckpointError(f"a parameter in the file has a {type(data).__name__} as its data")
    return public("nn.Parameter")(data, bool(requires_grad))


def _parameter_with_state(data, requires_grad, hooks, state):
    return set_attributes(_parameter(data, requires_grad), state)


def set_attributes(t, state):
    """Give a tensor the Python attributes that it was saved with."""
    slots = None
    if type(state) is tuple and len(state) == 2:
        state, slots = state
    for part in (state, slots):
        if type(part) is dict:
            vars(t).update({str(name): value for name, value in part.items()})
        elif part is not None:
            raise CheckpointError("a tensor in the file has attributes that are no dict")
    return t


def _set(items=()):
    for item in (items := list(items)):
        check_key(item)
    return set(items)


def _counted(kind):
    def make(items=()):
        if not isinstance(items, (dict, list, tuple)):
            raise CheckpointError(f"a {kind.__name__} cannot be made of a {type(items).__name__}")
        pairs = list(items.items()) if isinstance(items, dict) else [tuple(pair) for pair in items]
        for key, _ in pairs:
            check_key(key)
        return kind(dict(pairs))

    return make


_FACTORIES = (list, dict, set, tuple, int, float, str, bool, OrderedDict, Counter, None)


def _defaultdict(factory=None, items=()):
    if not any(factory is known for known in _FACTORIES):
        raise UnsafeCheckpointError("a defaultdict in the file would call an unknown function")
    return defaultdict(factory, _counted(dict)(items))


def _encode(text, encoding="utf-8", *_errors):
    if type(text) is not str or str(encoding) not in ("latin1", "latin-1", "utf-8", "ascii"):
        raise CheckpointError("bytes in the file are not written as text in latin1")
    return text.encode(encoding)


def _bytes_of(kind):
    def make(content=b"", encoding=None):  # never of a number: that would allocate as many bytes
        if type(content) is str and encoding:
            content = _encode(content, encoding)
        if type(content) is list and all(type(n) is int for n in content):
            content = bytes(content)
        if not isinstance(content, (bytes, bytearray)):
            raise CheckpointError(f"a {kind.__name__} cannot be made of {type(content).__name__}")
        return kind(content)

    return make


def _complex(real=0.0, imag=0.0):
    if not all(isinstance(n, (int, float)) for n in (real, imag)):
        raise CheckpointError("a complex number in the file is made of something else")
    return complex(real, imag)


def _device(*args):
    return device(*args)


def _size(items=()):
    if not isinstance(items, (tuple, list)) or not all(type(n) is int for n in items):
        raise CheckpointError("a torch.Size in the file holds something else than integers")
    return Size(items)


def _deque(items=(), maxlen=None):
    if not isinstance(items, (list, tuple)):
        raise CheckpointError("a deque in the file is not made of a list")
    return deque(items, maxlen)


def _slice(*args):
    return slice(*args)


def _data(value, call=None, new=None) -> Global:
    return Global(value, call, new or call)


def _table() -> dict[str, Global]:
    table = {
        "collections.OrderedDict": _data(OrderedDict, _counted(OrderedDict)),
        "collections.Counter": _data(Counter, _counted(Counter)),
        "collections.defaultdict": _data(defaultdict, _defaultdict),
        "collections.deque": _data(deque, _deque),
        "builtins.set": _data(set, _set),
        "builtins.frozenset": _data(frozenset, lambda items=(): frozenset(_set(items))),
        "builtins.bytes": _data(bytes, _bytes_of(bytes)),
        "builtins.bytearray": _data(bytearray, _bytes_of(bytearray)),
        "builtins.complex": _data(complex, _complex),
        "builtins.slice": _data(slice, _slice),
        "_codecs.encode": _data(_encode, _encode),
        "torch.Size": _data(Size, _size),
        "torch.device": _data(device, _device),
        "torch._utils._rebuild_tensor": _data(_rebuild_tensor, _rebuild_tensor),
        "torch._utils._rebuild_tensor_v2": _data(_rebuild_tensor_v2, _rebuild_tensor_v2),
        "torch._utils._rebuild_tensor_v3": _data(_rebuild_tensor_v3, _rebuild_tensor_v3),
        "torch._utils._rebuild_meta_tensor_no_storage": _data(_rebuild_meta, _rebuild_meta),
        "torch._utils._rebuild_parameter": _data(_parameter, _parameter),
        "torch._utils._rebuild_parameter_with_state": _data(
            _parameter_with_state, _parameter_with_state
        ),
        "torch.Tensor": _data(Tensor),
        "torch.storage.UntypedStorage": _data(UNTYPED),
        "torch.UntypedStorage": _data(UNTYPED),
        "torch.serialization._get_layout": _data(_layout, _layout),
        **arrays.TABLE,
    }
    for kind in (list, dict, tuple, int, float, str, bool, object):  # values only: never called
        table[f"builtins.{kind.__name__}"] = Global(kind)
    for name, kind in dtypes.BY_NAME.items():
        table[f"torch.{name}"] = Global(kind)
        if name in STORAGE_NAMES:
            storage = Global(StorageType(STORAGE_NAMES[name], kind))
            table[f"torch.{STORAGE_NAMES[name]}"] = storage
            table[f"torch.storage.{STORAGE_NAMES[name]}"] = storage
            table[f"torch.cuda.{STORAGE_NAMES[name]}"] = storage
    return table


def _layout(name):
    if name != "torch.strided":
        raise CheckpointError(f"tensors of layout {name} are not supported")
    return public("strided") or name


_DATA = _table()
_MEMORY_FORMATS = ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")


class Names:
    """The name table of one load.

    Args:
        weights_only: whether data are all that the file may hold.
    """

    def __init__(self, weights_only: bool):
        self.weights_only = weights_only
        self.allowed = allowed_by_path()
        self.trusted: set[int] = {id(each) for each in self.allowed.values()}
        self.parameter = Global(public("nn.Parameter"), _parameter, _parameter)

    def find(self, module: str, name: str) -> Global:
        """What ``module.name`` stands for; UnsafeCheckpointError if nobody allowed it."""
        path = f"{module}.{name}"
        if module.split(".")[0] in _BLOCKED_MODULES:
            raise UnsafeCheckpointError(
                f"Trying to load unsupported GLOBAL {path} whose module {module} is blocked."
            )
        if path in self.allowed:
            return _trusted(self.allowed[path])
        if path in ("torch.nn.parameter.Parameter", "flambeau.nn.parameter.Parameter"):
            return self.parameter
        if path == "torch._tensor._rebuild_from_type_v2":
            return _data(self.from_type, self.from_type)
        if path == "copyreg._reconstructor" and not self.weights_only:
            return _data(self.reconstruct, self.reconstruct)
        found = _DATA.get(path)
        if found is not None:
            return found
        if module == "torch" and name in _MEMORY_FORMATS:
            return Global(public(name))
        if not self.weights_only:
            found = self.of_module(module, name)
            if found is not None:
                return found
        raise UnsafeCheckpointError(self.refusal(path))

    def refusal(self, path: str) -> str:
        short = path.removeprefix("builtins.")
        if not self.weights_only:
            return (
                f"the file names {path}, which is neither data nor a module of flambeau.nn, nor "
                "an nn.Module that this program has imported. Flambeau never runs what a file "
                "asks for, whatever weights_only says. If you trust it: "
                f"torch.serialization.add_safe_globals([{short}])."
            )
        return (
            "Weights only load failed. WeightsUnpickler error: Unsupported global: GLOBAL "
            f"{short} was not an allowed global by default. Please use "
            f"`torch.serialization.add_safe_globals([{short}])` or the "
            f"`torch.serialization.safe_globals([{short}])` context manager to allowlist this "
            "global if you trust this class/function. For a whole nn.Module pass "
            "weights_only=False."
        )

    def of_module(self, module: str, name: str) -> Global | None:
        """A class or function of ``nn``, or an nn.Module class that the program has imported."""
        root, _, rest = module.partition(".")
        if root in ("torch", "flambeau") and rest.split(".")[0] == "nn":
            found = getattr(sys.modules.get(f"flambeau.{rest}"), name, None)
            if found is None:
                home = "nn.functional" if rest == "nn.functional" else "nn"
                found = public(f"{home}.{name}")
        elif root == "torch" and module in ("torch._C._nn", "torch._VF", "torch"):
            return (
                Global(public(f"nn.functional.{name}") or public(name)) if name.islower() else None
            )
        else:
            found = sys.modules.get(module)  # never imported for a file's sake
            for part in name.split("."):
                found = getattr(found, part, None)
        if isinstance(found, type):
            base = public("nn.Module")
            if issubclass(found, base) and found is not base:
                return Global(found, None, lambda: object.__new__(found))
            return None
        if callable(found) and root in ("torch", "flambeau"):
            return Global(found)  # an activation kept as an attribute: a value, never called here
        return None

    def from_type(self, function, cls, args, state):
        """A tensor with Python attributes, or of a subclass."""
        makers = {
            id(f): f for f in (_rebuild_tensor, _rebuild_tensor_v2, _rebuild_tensor_v3, _parameter,
                               _parameter_with_state)
        }  # fmt: skip
        if id(function) not in makers or type(args) is not tuple:
            raise UnsafeCheckpointError("a tensor in the file is made by an unknown function")
        t = function(*args)
        if cls is not Tensor and cls is not self.parameter.value:
            if id(cls) not in self.trusted or not issubclass(cls, Tensor):
                raise UnsafeCheckpointError(f"a tensor in the file is of an unknown class {cls!r}")
            t = t.as_subclass(cls)
        return set_attributes(t, state)

    def reconstruct(self, cls, base, state):
        """How protocols 0 and 1 create an object."""
        if base is not object or state is not None:
            raise UnsafeCheckpointError("an object in the file is created in an unknown way")
        if not (
            isinstance(cls, type)
            and (issubclass(cls, public("nn.Module")) or id(cls) in self.trusted)
        ):
            raise UnsafeCheckpointError(f"the file wants to create a {cls!r}, which it may not")
        return object.__new__(cls)

    def build(self, obj: Any, state: Any) -> None:
        """Set the state of an object: of modules, NumPy data and what the caller allowed."""
        if isinstance(obj, (np.ndarray, np.dtype)):
            arrays.set_state(obj, state)
        elif id(type(obj)) in self.trusted:
            _set_state(obj, state)
        elif isinstance(obj, public("nn.Module")):
            if type(state) is not dict or not all(type(key) is str for key in state):
                raise CheckpointError(f"the state of a {type(obj).__name__} in the file is no dict")
            public("nn.Module").__setstate__(obj, state)
        elif isinstance(obj, Tensor):
            set_attributes(obj, state)
        elif isinstance(obj, dict) and type(state) is dict:
            vars(obj).update(state)
        else:
            raise UnsafeCheckpointError(
                f"the file wants to set the state of a {type(obj).__name__}"
            )


def _trusted(value: Any) -> Global:
    new = (
        (lambda *args, **kwargs: value.__new__(value, *args, **kwargs))
        if isinstance(value, type)
        else None
    )
    return Global(value, value if callable(value) else None, new)


def _set_state(obj: Any, state: Any) -> None:
    if hasattr(obj, "__setstate__"):
        obj.__setstate__(state)
        return
    slots = None
    if type(state) is tuple and len(state) == 2:
        state, slots = state
    vars(obj).update(state or {})
    for name, value in (slots or {}).items():
        setattr(obj, name, value)
