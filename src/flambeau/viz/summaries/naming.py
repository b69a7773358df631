"""How a summary writes an operation down: ``nn.Conv2d(1, 32, kernel_size=5)``, ``F.relu(.)``.

A dot stands for what comes out of the line above.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FrameType
from typing import Any

from flambeau import nn
from flambeau.plan.record import Entry
from flambeau.tensor.api import F, torch
from flambeau.tensor.tensor import Tensor

_MISSING = object()
_SKIPPED = ("self", "device", "dtype", "out")
# Arguments that are the same as another when they are left out.
_IMPLIED = {"stride": "kernel_size", "kdim": "embed_dim", "vdim": "embed_dim"}
_SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "matmul": "@", "mm": "@", "mv": "@", "bmm": "@",
    "pow": "**", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip


def of_module(module: Any) -> str:
    """A layer as the call that makes it; arguments that have their default are left out.

    >>> from flambeau import nn
    >>> from flambeau.viz.summaries.naming import of_module
    >>> of_module(nn.Conv2d(1, 32, 5, bias=False)), of_module(nn.ReLU())
    ('nn.Conv2d(1, 32, kernel_size=5, bias=False)', 'nn.ReLU()')
    """
    kind = type(module)
    if not kind.__module__.startswith("flambeau.nn"):
        return str(module._brief()) if module.extra_repr() else f"{kind.__name__}()"
    arguments = inspect.signature(kind).parameters
    if any(p.kind is p.VAR_POSITIONAL for p in arguments.values()):
        return f"nn.{kind.__name__}({module.extra_repr()})"
    words = []
    for name, parameter in arguments.items():
        value = _setting(module, name)
        if name in _SKIPPED or value is _MISSING:
            continue
        required = parameter.default is parameter.empty
        usual = _short(parameter.default)
        if usual is None and name in _IMPLIED:
            usual = _setting(module, _IMPLIED[name])
        if required and name != "kernel_size":
            words.append(repr(value))
        elif required or value != usual:
            words.append(f"{name}={value!r}")
    return f"nn.{kind.__name__}({', '.join(words)})"


def _setting(module: Any, name: str) -> Any:
    """The value of a constructor's argument, as far as the layer remembers it."""
    value = getattr(module, name, _MISSING)
    if name == "bias" and (value is None or isinstance(value, Tensor)):
        affine = getattr(module, "affine", True) and getattr(module, "elementwise_affine", True)
        return value is not None if affine else _MISSING
    if isinstance(value, (Tensor, nn.Module)) or callable(value):
        return _MISSING
    return _short(value)


def _short(value: Any) -> Any:
    """(5, 5) as 5, as the layers take it."""
    same = isinstance(value, tuple) and value and all(v == value[0] for v in value)
    return value[0] if same else value


Names = Callable[[Any], str | None]


def of_function(frame: FrameType | None, entry: Entry, name_of: Names) -> str:
    """The function that somebody called, from its frame; ``entry`` is its first operation.

    ``name_of`` tells the name of a parameter.
    """
    if frame is None:
        return f"{entry.name}(.)"
    home = frame.f_globals.get("__name__", "")
    if home == "flambeau.tensor.indexing":
        return "x[...]"
    if home == "flambeau.tensor.operators":
        return _expression(entry, name_of)
    name, args, kwargs = _arguments(frame)
    return _called(name, args, kwargs, name_of)


def _arguments(frame: FrameType) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """The name of the function that runs in a frame and the arguments of its call."""
    local = frame.f_locals
    inner = local.get("function") or local.get("op")
    if inner is not None and "args" in local and "kwargs" in local:  # a wrapper of ours
        return getattr(inner, "__name__", None) or inner.name, local["args"], local["kwargs"]
    code = frame.f_code
    taken = code.co_varnames[: code.co_argcount]
    args = [local[n] for n in taken if n in local]
    if code.co_flags & inspect.CO_VARARGS:
        args += local.get(code.co_varnames[code.co_argcount + code.co_kwonlyargcount], ())
    only = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return code.co_name, tuple(args), {n: local[n] for n in only if n != "out" and n in local}


def _expression(entry: Entry, name_of: Names) -> str:
    """An operator: ``. + .``; one that writes: ``. += .``."""
    symbol = _SYMBOLS.get(entry.name)
    words = [_operand(value, name_of) for value in entry.inputs[:2]]
    if entry.name in ("neg", "rsub"):
        return " - ".join(words[::-1]) if entry.name == "rsub" else f"-{words[0]}"
    if symbol is None or len(words) != 2:
        return f"{entry.name}({', '.join(words)})"
    return f" {symbol}{'=' * (entry.written is not None)} ".join(words)


def _called(name: str, args: Any, kwargs: dict[str, Any], name_of: Names) -> str:
    """The text of a call: ``F.name`` with named arguments, or a method as it was called."""
    name = name.lstrip("_")
    function = getattr(F, name, None) if name in F else None
    if function is not None:
        return f"F.{name}({_list(*_named(function, args, kwargs, True), name_of)})"
    function = getattr(Tensor, name, None)
    if function is not None and args and isinstance(args[0], Tensor):
        args, kwargs = _named(function, args, kwargs, False)
        return f"x.{name}({_list(args[1:], kwargs, name_of)})"
    function = getattr(torch, name, None)
    if function is not None:
        args, kwargs = _named(function, args, kwargs, False)
    return f"torch.{name}({_list(args, kwargs, name_of)})"


def _named(
    function: Any, args: Any, kwargs: dict[str, Any], names: bool
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments that are not as by default; those after the tensors by name if ``names``."""
    try:
        signature = inspect.signature(function)
        given = signature.bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return list(args), kwargs
    places: list[Any] = []
    named: dict[str, Any] = {}
    for i, (name, value) in enumerate(given.items()):
        parameter = signature.parameters[name]
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            return list(args), kwargs
        if name in _SKIPPED[1:] or _same(value, parameter.default):
            continue
        if len(places) == i and (_has_tensor(value) or not names and i < len(args)):
            places.append(value)
        else:
            named[name] = value
    if names and _short(named.get("stride")) == _short(named.get("kernel_size", _MISSING)):
        del named["stride"]
    return places, named


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, (Tensor, list)):
        return value is default
    return type(value) is type(default) and bool(_short(value) == _short(default))


def _has_tensor(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(isinstance(v, Tensor) for v in value)
    return isinstance(value, Tensor)


def _list(args: Any, kwargs: dict[str, Any], name_of: Names) -> str:
    words = [_operand(value, name_of) for value in args]
    words += [f"{name}={_operand(_short(value), name_of)}" for name, value in kwargs.items()]
    return ", ".join(words)


def _operand(value: Any, name_of: Names) -> str:
    """One argument: a dot for data, a parameter's own name, ``[., .]`` for a list of tensors."""
    if isinstance(value, Tensor):
        return (name_of(value) or ".").rpartition(".")[2] or "."
    if isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        words = [_operand(v, name_of) for v in value]
        return f"[{', '.join(words if len(words) < 6 else [words[0], '...', words[-1]])}]"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


__all__ = ["of_function", "of_module"]
