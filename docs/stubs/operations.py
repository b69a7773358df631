"""The table of operations, docs/operations.md."""

from __future__ import annotations

import inspect
import re
import types

import flambeau
from flambeau.ops.registry import OPS, STOPS, ZERO, Rule
from flambeau.tensor import api

INTRODUCTION = """# Operations

Written by `docs/generate.py`. One section a file; *found* says under which names users reach it:
`torch` is `flambeau.f`, `method` is `Tensor.f`, `inplace` its twin `f_`, `F` is
`flambeau.nn.functional.f`, `linalg` is `flambeau.linalg.f`; *internal* ones serve other operations
and derivatives. `docs/design.md` explains how a derivative is declared: a rule for an input, one
joint rule, `zero` or `stops` for an input that has none.
"""


def sentence(text: str | None) -> str:
    first = " ".join((text or "").strip().split("\n\n")[0].split())
    first = re.split(r"(?<=[a-z0-9)`])[.:;] ", first + " ")[0].strip().rstrip(".")
    return first.replace("|", "\\|")


def derivative(op) -> str:
    """How each input's derivative is declared."""
    said: dict[str, list[str]] = {}
    for name in op.inputs:
        rule = op.rules.get(name, op.joint)
        how = {Rule: "joint" if name not in op.rules else "rule", ZERO: "zero", STOPS: "stops"}
        said.setdefault(how.get(type(rule), "none"), []).append(name)
    return "; ".join(f"{how}: {', '.join(names)}" for how, names in said.items()) or "no inputs"


def operations_table() -> str:
    rows: dict[str, list[str]] = {}
    for op in OPS.values():
        function = op.normalise or getattr(api.torch, "__dict__", {}).get(op.name)
        text = signature(function) if function else f"({', '.join((*op.inputs, *op.params))})"
        node = "by its parameters" if callable(op.node) else f"{op.node}Backward0"
        add(rows, op.kernel.__module__, op.name, " ".join(op.where) or "internal", text,
            sentence(op.__doc__), node, derivative(op))  # fmt: skip
    for name, (function, where) in composites().items():
        add(rows, function.__module__, name, " ".join(where), signature(function),
            sentence(function.__doc__), "", "of its parts")  # fmt: skip
    head = (
        "| name | found | signature | what it is | node | derivative |\n|---|---|---|---|---|---|"
    )
    return INTRODUCTION + "".join(
        f"\n## {home}\n\n{head}\n" + "\n".join(sorted(lines)) + "\n"
        for home, lines in sorted(rows.items())
    )


def add(rows, module: str, name: str, where: str, text: str, *rest: str) -> None:
    home = module.removeprefix("flambeau.").replace(".", "/") + ".py"
    cells = [f"`{name}`", where, f"`{text}`".replace("|", "\\|"), *rest]
    rows.setdefault(home, []).append("| " + " | ".join(cells) + " |")


def signature(function) -> str:
    """The bare signature: names and defaults."""
    plain = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
    return re.sub(r" at 0x\w+", "", str(inspect.Signature(plain)))


def composites() -> dict:
    """Published functions that are written with other operations, and where they are found."""
    found: dict = {}
    tables = {"torch": vars(api.torch), "method": vars(flambeau.Tensor), "F": vars(api.F),
              "linalg": vars(api.linalg)}  # fmt: skip
    for place, table in tables.items():
        for name, function in table.items():
            home = getattr(function, "__module__", None) or ""
            if isinstance(function, types.FunctionType) and home.startswith("flambeau.functional"):
                key = name if name not in found or found[name][0] is function else f"{place}.{name}"
                found.setdefault(key, (function, []))[1].append(place)
    return found
