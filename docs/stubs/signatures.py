"""A function as it stands in a stub."""

from __future__ import annotations

import inspect
import re

from .declared import INTS, RETURNS, SPECIAL, TYPES, TYPES_OF


def type_of(owner: str, parameter: inspect.Parameter) -> str:
    """The type of a parameter: from the tables, the default, or anything."""
    name, default = parameter.name, parameter.default
    base = owner.rstrip("_")
    kind = TYPES_OF.get((owner, name)) or TYPES_OF.get((base, name))
    if kind is None and isinstance(default, bool):
        kind = "_bool"
    if kind is None and isinstance(default, str):
        kind = TYPES.get(name, "_str")
        kind = kind if "_str" in kind else f"_str | {kind}"
    kind = kind or TYPES.get(name)
    if kind is None and isinstance(default, int | float):
        kind = "_float" if isinstance(default, float) else "_int"
    kind = kind or "_Any"
    if type(default) in (int, float) and kind in ("_int", "_str"):
        kind = f"_{type(default).__name__}"
    if isinstance(default, tuple) and kind != "_Any" and "tuple" not in kind and "_Seq" not in kind:
        kind = "_Any"
    if default is None and "None" not in kind and kind != "_Any":
        kind += " | None"
    return kind


def default_of(parameter: inspect.Parameter) -> str:
    default = parameter.default
    plain = default is None or isinstance(default, bool | int | str | float)
    text = repr(default) if plain else "..."
    text = text.replace("'", '"')
    simple = re.fullmatch(r'-?[\d.e-]+|None|True|False|"[^"]*"', text)
    return text if simple else "..."


def parameters_of(function, name: str, method: bool, table=None) -> list[str]:
    """The parameters as they stand in a stub, ``*`` and ``/`` included."""
    signature = inspect.signature(function)
    found = list(signature.parameters.values())
    if [p.name for p in found[1:]] == ["args", "kwargs"] and table is not None:
        base = table.get(name.removesuffix("_copy").rstrip("_"))
        if callable(base) and base is not function:
            drop = ("out", "inplace")
            found = [p for p in inspect.signature(base).parameters.values() if p.name not in drop]
    if method and found:
        found[0] = found[0].replace(name="self")
    return written(found, name, method, takes_out(function, name, method))


def takes_out(function, name: str, method: bool) -> bool:
    """Whether a wrapper adds ``out``, which the wrapped signature hides."""
    wrapped = hasattr(function, "__wrapped__") and not name.endswith("_") and not method
    return wrapped and "out" not in inspect.signature(function).parameters


def written(found, name: str, method: bool, out: bool) -> list[str]:
    parts, bare, keywords = [], False, False
    star = next((p.name for p in found if p.kind is p.VAR_POSITIONAL), None)
    for i, p in enumerate(found):
        if method and i == 0 and p.kind is not p.VAR_POSITIONAL:
            parts.append("self")
            continue
        if p.kind is p.VAR_POSITIONAL:
            kind = {"tensors": "_Any", "operands": "_Any", "matrices": "_Tensor"}.get(p.name)
            sizes = p.name in ("size", "shape", "dims", "repeats", "sizes", "shapes")
            parts.append(f"*{'_' if sizes else ''}{p.name}: {kind or (INTS if sizes else '_Any')}")
            bare = True
        elif p.kind is p.VAR_KEYWORD:
            keywords = True
            if p.name == "named" and star in ("size", "shape", "dims", "repeats"):
                parts.append(f"{star}: _Sequence[_int] = ...")
            else:
                parts.append(f"**{p.name}: _Any")
        elif p.name != "self" and p.name != "names":
            if p.kind is p.KEYWORD_ONLY and not bare:
                parts.append("*")
                bare = True
            text = f"{p.name}: {type_of(name, p) if p.name != 'out' else '_Any'}"
            parts.append(text if p.default is p.empty else f"{text} = {default_of(p)}")
    if out and not keywords:
        parts += (["out: _Any = None"]) if bare else ["*", "out: _Any = None"]
    return parts


ANNOTATED = {"None", "bool", "int", "str", "float"}


def result_of(function, name: str, fallback: str) -> str:
    """The type of the result: from the tables, a plain annotation, or ``fallback``."""
    if name in RETURNS:
        return RETURNS[name]
    said = getattr(function, "__annotations__", {}).get("return")
    if said in ANNOTATED:
        return said if said == "None" else f"_{said}"
    if said and re.search(r"[Dd]type$", said):
        return "_dtype"
    return fallback


def define(name: str, parameters: list[str], result: str) -> str:
    """A definition on one line, however long; ``stub`` breaks it."""
    return f"def {name}({', '.join(parameters)}) -> {result}: ..."


def fold(text: str) -> str:
    """Break the definitions that are too long, as ruff does."""
    return "\n".join(_fold(line) for line in text.split("\n"))


def _fold(line: str) -> str:
    match = re.fullmatch(r"( *)def (\w+)\((.*)\) -> (.*): \.\.\.(.*)", line)
    if len(line) <= 100 or not match:
        return line
    indent, name, inside, result, comment = match.groups()
    if len(indent) + 4 + len(inside) <= 100:
        return f"{indent}def {name}(\n{indent}    {inside}\n{indent}) -> {result}: ...{comment}"
    parts = re.split(r", (?![^\[]*\])", inside)
    # A comma after the last, which ruff wants once there is one parameter a line.
    body = "".join(f"{indent}    {p},\n" for p in parts)
    return f"{indent}def {name}(\n{body}{indent}) -> {result}: ...{comment}"


def function_stub(name: str, function, table=None) -> str:
    if name in SPECIAL:
        return SPECIAL[name].format(name=name, first="input")
    return define(
        name, parameters_of(function, name, False, table), result_of(function, name, "_Tensor")
    )
