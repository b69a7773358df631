"""Names of tensors: given, or those that the caller's variables and modules have for them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import FrameType
from typing import Any

from flambeau import nn
from flambeau.tensor.tensor import Tensor


def given_names(names: Any) -> dict[int, str]:
    """From ``id(tensor)`` to its name, of a dict of names to tensors or of a module."""
    if isinstance(names, nn.Module):
        return {id(p): name for name, p in names.named_parameters()}
    if not isinstance(names, Mapping):
        raise TypeError(
            "names is a dict of names to tensors such as {'w1': w1}, or a module, but got "
            f"{type(names).__name__}"
        )
    wrong = [name for name, value in names.items() if not isinstance(value, Tensor)]
    if wrong:
        raise TypeError(f"names gives names to tensors, but {wrong[0]!r} is none")
    return {id(value): str(name) for name, value in names.items()}


def variable_names(frame: FrameType | None) -> dict[int, str]:
    """Names in a running program: its local variables, then the global ones.

    A parameter of a module in ``model`` is called ``model.weight``. Names that begin with an
    underscore, such as a notebook's ``_12``, are nobody's.
    """
    found: dict[int, str] = {}
    if frame is None:
        return found
    modules: list[tuple[str, Any]] = []
    for variables in (frame.f_locals, frame.f_globals):
        for name, value in list(variables.items()):
            if name.startswith("_"):
                continue
            if isinstance(value, Tensor):
                found.setdefault(id(value), name)
            elif isinstance(value, nn.Module):
                modules.append((name, value))
    if frame.f_code.co_flags & inspect.CO_OPTIMIZED and isinstance(frame.f_locals, dict):
        frame.f_locals.clear()  # a copy that would keep the caller's tensors alive (until 3.12)
    for name, module in modules:
        for path, parameter in module.named_parameters():
            found.setdefault(id(parameter), f"{name}.{path}")
    return found
