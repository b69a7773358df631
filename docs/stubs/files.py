"""The stubs: which definitions each file has."""

from __future__ import annotations

import inspect
import re
import textwrap
import types

import flambeau
from flambeau import nn, optim
from flambeau.optim import lr_scheduler
from flambeau.tensor import api

from .classes import class_stub
from .declared import HEAD, MODES, NAMED, OPERAND, SPECIAL, TENSOR, TOP, WRITTEN
from .signatures import define, fold, function_stub, parameters_of, result_of

NOTE = "# Written by docs/generate.py: change what it reads, then run it.\n"


def stub(*parts: str, own: str = "") -> str:
    """A stub file: only the imports that it uses, long definitions broken.

    ``own`` is the class that it defines, which needs no alias."""
    body = "\n".join(p.strip("\n") + "\n" for p in parts if p.strip())
    body = re.sub(rf"\b_{own}\b", own, body) if own else body
    again = re.findall(r"^from flambeau.*\n", body, re.M)
    body = re.sub(r"^from flambeau.*\n", "", body, flags=re.M).strip("\n") + "\n"
    used = [
        line
        for line in HEAD.strip().split("\n")
        if not line or re.search(rf"\b{line.split()[-1]}\b", body)
    ]
    local = [line for line in used if line.startswith("from flambeau")]
    used = [line for line in used if line not in local]
    local = sorted({*local, *(line.strip() for line in again)}, key=import_order)
    head = "\n".join([*used, "", *local])
    head = re.sub(r"\n{3,}", "\n\n", head).strip("\n")
    return fold(f"{NOTE}\n{head}\n\n{body}")


def import_order(line: str) -> tuple:
    """ruff's order of imports: by module, constants, classes, the rest."""
    _, module, _, name, *alias = line.split()
    return module, rank(name), name, alias


def rank(name: str) -> int:
    return 0 if name.isupper() else 1 if name[0].isupper() else 2


def functions_of(table: dict) -> list[str]:
    return [
        function_stub(name, value, table)
        for name, value in sorted(table.items())
        if isinstance(value, types.FunctionType) and not name.startswith("_")
    ]


def functional_stub() -> str:
    return stub(NAMED, "\n".join(functions_of(public(api.F))))


def public(table) -> dict:
    return {n: v for n, v in vars(table).items() if not n.startswith("_")}


def linalg_stub() -> str:
    error = "from flambeau.core.errors import LinAlgError as LinAlgError"
    if api.linalg.LinAlgError.__module__ != "flambeau.core.errors":
        error = f"from {api.linalg.LinAlgError.__module__} import LinAlgError as LinAlgError"
    return stub(error + "\n", NAMED, "\n".join(functions_of(public(api.linalg))))


def top_stub() -> str:
    modules = sorted(
        {*flambeau._LAZY_MODULES, "accelerator", "autograd", "cuda", "linalg"} | extra()
    )
    lines = "".join(f"from flambeau import {m} as {m}\n" for m in modules)
    spaces = vars(flambeau)
    values = []
    for name, value in sorted(spaces.items()):
        if name.startswith("_") or name in WRITTEN:
            continue
        kind = {flambeau.dtype: "_dtype", flambeau.layout: "_layout", float: "_float",
                flambeau.memory_format: "_memory_format", flambeau.Generator: "_Generator",
                type(None): "None"}.get(type(value))  # fmt: skip
        if kind:
            values.append(f"{name}: {kind}")
    functions = {
        name: value
        for name, value in spaces.items()
        if isinstance(value, types.FunctionType) and name not in WRITTEN and name[0] != "_"
    }
    classes = "\n".join(
        f"class {n}(_Tensor): ..." for n in sorted(spaces) if re.fullmatch(r"[A-Z]\w+Tensor", n)
    )
    limits = "\n".join(
        f"from {spaces[n].__module__} import {n} as {n}"
        for n in ("finfo", "iinfo")
        if isinstance(spaces.get(n), type)
    )
    version = "__version__: _str"
    return stub(
        lines + limits + "\n" + TOP, version, "\n".join(values), NAMED, MODES, classes,
        "\n".join(functions_of(functions)),
    )  # fmt: skip


def extra() -> set[str]:
    """Modules under the package that are more than a layer of the code."""
    return {
        n for n in ("special", "testing") if isinstance(vars(flambeau).get(n), types.ModuleType)
    }


def tensor_stub() -> str:
    given = set(re.findall(r"^(?:def )?(\w+)", TENSOR, re.M))
    lines = []
    for name, value in sorted(vars(flambeau.Tensor).items()):
        operator = re.fullmatch(r"__\w+__", name)
        if name in given or (name.startswith("_") and not operator):
            continue
        if isinstance(value, property):
            kind = PROPERTIES.get(name, "_Tensor")
            lines += ["@property", define(name, ["self"], kind)]
        elif isinstance(value, bool | flambeau.layout):
            lines.append(f"{name}: {'_bool' if isinstance(value, bool) else '_layout'}")
        elif not isinstance(value, types.FunctionType):
            continue
        elif operator:
            arguments = len(inspect.signature(value).parameters)
            if getattr(value, "__module__", "").endswith("operators"):
                parts = ["self"] if arguments == 1 else ["self", f"other: {OPERAND}"]
                lines.append(define(name, parts, "_Tensor"))
        elif name in SPECIAL:
            lines.append(
                SPECIAL[name].format(name=name, first="self").replace("self: _Tensor", "self")
            )
        else:
            parts = parameters_of(value, name, True, vars(flambeau.Tensor))
            result = "_Self" if name in ("requires_grad_",) else result_of(value, name, "_Tensor")
            lines.append(define(name, parts, result))
    slots = [n for n in flambeau.Tensor.__slots__ if not n.startswith("__")]
    private = "".join(f"{n}: _Any\n" for n in slots)  # for the package's own modules
    private += "_around: _Any\n_over: _Any\n_refresh: _Any\n_base: _Tensor | None\n_version: _int\n"
    body = TENSOR + private + "\n".join(lines)
    return stub(NAMED, "class Tensor:\n" + textwrap.indent(body, "    "), own="Tensor")


PROPERTIES = {
    "shape": "_Size", "dtype": "_dtype", "device": "_device", "is_leaf": "_bool", "ndim": "_int",
    "itemsize": "_int", "nbytes": "_int", "output_nr": "_int", "retains_grad": "_bool",
    "grad_fn": "_Any",
}  # fmt: skip


def classes_stub(home, names, known: dict[str, type], base: str, *before: str) -> str:
    """A stub of the classes ``names`` of ``home``, bases first."""
    chosen = {n: vars(home)[n] for n in names if isinstance(vars(home).get(n), type)}
    order = sorted(chosen, key=lambda n: (len(chosen[n].__mro__), n))
    known = {**known, **{n: c for n, c in chosen.items() if c.__name__ == n}}
    return stub(*before, *(class_stub(chosen[n], known, base) for n in order))


def layers_stub() -> str:
    names = [n for n in nn.modules.__all__ if n != "Module"]
    exported = sorted(nn.modules.__all__, key=lambda n: (rank(n), n))
    listing = "__all__ = [\n" + "".join(f'    "{n}",\n' for n in exported) + "]"
    known = {"_Module": nn.Module, "_Parameter": nn.Parameter, "_Tensor": flambeau.Tensor}
    again = "from flambeau.nn.module import Module as Module"
    return classes_stub(nn.modules, names, known, "Module", again, listing)


def module_stub() -> str:
    body = class_stub(nn.Module, {}, "Module")
    lines = "    training: _bool\n    def __getattr__(self, name: _str) -> _Any: ...\n"
    body = body.replace("class Module:\n", "class Module:\n" + lines)
    body = re.sub(r"(def state_dict)\(.*\) ->", r"\1(self, *args: _Any, **kwargs: _Any) ->", body)
    return stub(body, own="Module")


def optim_stub() -> str:
    names = [n for n in optim.__all__ if isinstance(vars(optim)[n], type)]
    modules = "from flambeau.optim import lr_scheduler as lr_scheduler\n"
    modules += "from flambeau.optim import swa_utils as swa_utils"
    text = classes_stub(optim, names, {}, "Optimizer", modules)
    attributes = "class Optimizer:\n    param_groups: list[dict[_str, _Any]]\n"
    attributes += "    state: dict[_Any, _Any]\n"
    return text.replace("class Optimizer:\n", attributes)


def schedules_stub() -> str:
    again = "from flambeau.optim import Optimizer"
    return classes_stub(lr_scheduler, lr_scheduler.__all__, {}, "LRScheduler", again)
