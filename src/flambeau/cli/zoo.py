"""Networks by name: those that come with Flambeau, and those in a file of the user's."""

from __future__ import annotations

import inspect
import sys
import typing
from importlib import util
from pathlib import Path
from typing import Any

import flambeau as torch
from flambeau import nn
from flambeau.vision import models


def known_name(name: str) -> str:
    """The name of a network as `flambeau models` lists it; `-` may be written for `_`.

    FILE.py:CLASS, a network of the user's own, stays as it is.

    Raises: ValueError, with names that are near, for an unknown one.
    """
    if _is_file(name):
        return name
    return models.get_model_builder(name.replace("-", "_")).__name__


def build(name: str, weights: str | None = None, **options: Any) -> Any:
    """A new network by name, or the one that a class or function in a Python file makes.

    Args:   name: of the zoo, or FILE.py:CLASS. weights: name or path of published weights, or of
            parameters saved with `flambeau.save(model.state_dict(), ...)`.
            options: those among them that the network's class takes are passed on.
    Raises: ValueError for an unknown name; TypeError for what is no network of Flambeau.
    """
    make = _from_file(name) if _is_file(name) else models.get_model_builder(known_name(name))
    taken = {key: value for key, value in options.items() if key in accepted(make)}
    if weights is None:
        return _checked(make(**taken), name)
    if not _is_file(name) and _published(name):
        return make(weights=weights, **taken)
    model = _checked(make(**taken), name)
    if not Path(weights).is_file():
        raise FileNotFoundError(f"there is no file {weights}, nor published weights for {name}")
    models.checkpoints.fill(model, models.checkpoints.read(Path(weights)), Path(weights))
    return model


def accepted(make: Any) -> set[str]:
    """Names of the options that a network's class, or the class that a builder returns, takes."""
    made = make if inspect.isclass(make) else typing.get_type_hints(make).get("return", make)
    return set(inspect.signature(made).parameters)


def input_size(name: str, given: str | None) -> tuple[int, ...]:
    """(C, H, W) from a text such as 3x224x224, or what the network was made for.

    Raises: ValueError for another text, or for a network of the user's without one.
    """
    if given is None:
        if _is_file(name):
            raise ValueError("say what the network takes: --input 1x28x28, without the batch")
        return models.input_size_of(known_name(name))
    parts = given.replace("×", "x").replace(",", "x").lower().split("x")
    if not all(part.strip().isdecimal() and int(part) for part in parts):
        raise ValueError(f"--input is sizes with x between, such as 3x224x224, not {given!r}")
    return tuple(int(part) for part in parts)


def card(name: str) -> dict[str, Any]:
    """What `flambeau models` tells of a network; it is built without memory for its parameters."""
    with torch.device("meta"):
        model = models.get_model(name)
    size = models.input_size_of(name)
    return {
        "name": name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "input_size": list(size),
        "weights": _published(name),
    }


def check_fits(model: Any, name: str, size: tuple[int, ...], classes: int) -> None:
    """Whether a network takes images (C, H, W) and gives a score to each class: no arithmetic.

    Raises: RuntimeError that names the layer, ValueError for another number of scores.
    """
    from flambeau import viz

    viz.check_shapes(model, size)  # told layer by layer
    found = viz.summary(model, size, depth=0).rows[0].outputs
    if found != ((classes,),):
        sizes = " and ".join("×".join(map(str, each)) for each in found) or "no"
        raise ValueError(
            f"{name} gives {sizes} numbers for an image {size}, but there are {classes} classes: "
            "it should give one tensor, a score for each"
        )


def _published(name: str) -> list[str]:
    """The names of a network's published weights, first those that are taken by default."""
    try:
        kind = models.get_model_weights(known_name(name))
    except ValueError:
        return []
    default = kind["DEFAULT"]
    return [default.name, *(weights.name for weights in kind if weights is not default)]


def _is_file(name: str) -> bool:
    return ".py:" in name


def _from_file(spec: str) -> Any:
    """What FILE.py:NAME names. The file is run as an import would run it."""
    path, _, attribute = spec.rpartition(":")
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}")
    module_spec = util.spec_from_file_location(Path(path).stem, path)
    assert module_spec is not None and module_spec.loader is not None
    module = util.module_from_spec(module_spec)
    sys.path.insert(0, str(Path(path).resolve().parent))  # its neighbours can be imported
    try:
        module_spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    if not callable(getattr(module, attribute, None)):
        raise ValueError(f"{path} has no class or function {attribute!r}")
    return getattr(module, attribute)


def _checked(model: Any, name: str) -> Any:
    if isinstance(model, nn.Module):
        return model
    bases = {base.__module__.split(".")[0] for base in type(model).__mro__}
    cure = ": its file should say `import flambeau as torch`" if "torch" in bases else ""
    raise TypeError(f"{name} makes a {type(model).__name__}, which is no module of Flambeau{cure}")
