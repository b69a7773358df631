"""A class as it stands in a stub."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types

from .declared import RETURNS
from .signatures import define, parameters_of, result_of, type_of


def class_stub(cls: type, known: dict[str, type], base: str) -> str:
    """A class with its public members; private bases are folded into it."""
    bases, members = [], {}
    for each in reversed(cls.__mro__[1:]):
        if each is object or each in known.values():
            continue
        if not any(issubclass(k, each) for k in cls.__mro__[1:] if k in known.values()):
            members.update(vars(each))
    named = {k: n for n, k in known.items()}
    for each in cls.__mro__[1:]:
        if each in named and not any(issubclass(b, each) for b in bases):
            bases.append(each)
    members.update(vars(cls))
    lines = [f"{n}: {t}" for n, t in attributes_of(cls).items() if n not in members]
    for name, value in sorted(members.items()):
        lines += member_stub(cls, name, value, base)
    head = f"class {cls.__name__}" + (f"({', '.join(named[b] for b in bases)})" if bases else "")
    if not lines:
        return f"{head}: ..."
    return f"{head}:\n" + textwrap.indent("\n".join(lines), "    ")


DUNDERS = [
    "__init__",
    "__call__",
    "__len__",
    "__iter__",
    "__getitem__",
    "__setitem__",
    "__contains__",
    "__delitem__",
    "__new__",
]


def member_stub(cls: type, name: str, value, base: str) -> list[str]:
    if name.startswith("_") and name not in DUNDERS:
        return []
    if isinstance(value, property):
        return ["@property", define(name, ["self"], result_of(value.fget, name, "_Any"))]
    decorator = []
    if isinstance(value, classmethod | staticmethod):
        decorator = [f"@{type(value).__name__}"]
        parts = ["cls"] if isinstance(value, classmethod) else []
        return [*decorator, define(name, [*parts, "*args: _Any", "**kwargs: _Any"], "_Any")]
    if not isinstance(value, types.FunctionType):
        return []
    owner = cls.__name__ if name in ("__init__", "forward", "__call__", "__new__") else name
    parts = parameters_of(value, owner, True)
    if name == "__new__":
        return [define(name, ["cls", *parts[1:]], "_Self")]
    if name == "__init__":
        return [define(name, parts, "None")]
    if name == "forward" and base == "Module":
        result = "_Any" if cls.__name__ in RETURNS else "_Tensor"
        result = RETURNS.get(cls.__name__, result)
        if cls.__name__ == "Module":
            return ["forward: _Callable[..., _Any]"]
        return [define("forward", parts, result), define("__call__", parts, result)]
    if name == "__call__":
        return [define(name, ["self", "*args: _Any", "**kwargs: _Any"], "_Any")]
    line = define(name, parts, CLASS_RESULTS.get(name) or result_of(value, name, "_Any"))
    inherited = getattr(cls.__mro__[1], name, value) if name == "step" else value
    ours, theirs = (inspect.signature(f).parameters for f in (value, inherited))
    differs = not set(theirs) <= set(ours) or any(
        p.default is p.empty and n not in ("self", *(t for t in theirs if theirs[t] == p))
        for n, p in ours.items()
    )
    return [line + ("  # type: ignore[override]" if differs else "")]


_PAIRS = "_Iterator[tuple[_str, {}]]"
CLASS_RESULTS = {
    **dict.fromkeys(
        [
            "to", "train", "eval", "apply", "float", "double", "half", "bfloat16", "cpu", "cuda",
            "requires_grad_", "to_empty", "share_memory", "type",
        ],
        "_Self",
    ),
    "parameters": "_Iterator[_Parameter]", "named_parameters": _PAIRS.format("_Parameter"),
    "buffers": "_Iterator[_Tensor]", "named_buffers": _PAIRS.format("_Tensor"),
    "children": "_Iterator[_Module]", "named_children": _PAIRS.format("_Module"),
    "modules": "_Iterator[_Module]", "named_modules": _PAIRS.format("_Module"),
    "state_dict": "dict[_str, _Any]", "__len__": "_int", "__iter__": "_Iterator[_Any]",
    "get_parameter": "_Parameter", "get_buffer": "_Tensor", "get_submodule": "_Module",
    "__contains__": "_bool", "get_last_lr": "list[_float]", "get_lr": "list[_float]",
    "extra_repr": "_str",
}  # fmt: skip


def attributes_of(cls: type) -> dict[str, str]:
    """Attributes that ``__init__`` sets to a parameter of its own, or to a ``Parameter``."""
    init = vars(cls).get("__init__")
    if init is None or init.__code__.co_filename.startswith("<"):
        return {}
    known = inspect.signature(init).parameters
    found = {}
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(init)))):
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)]):
                if name.startswith("_"):
                    continue
                match node.value:
                    case ast.Name(id=given) if given == name and name in known:
                        found.setdefault(name, type_of(cls.__name__, known[name]))
                    case ast.Call(func=ast.Name(id="Parameter")):
                        found[name] = "_Parameter"
    return found
