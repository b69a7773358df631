"""The models by name: a builder is registered where it is defined."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, TypeVar

Builder = TypeVar("Builder", bound=Callable[..., Any])
Size = tuple[int, ...]

_BUILDERS: dict[str, Callable[..., Any]] = {}
_INPUT_SIZES: dict[str, Size] = {}


def register_model(*, input_size: Size = (3, 224, 224)) -> Callable[[Builder], Builder]:
    """Put a function that builds a model under its own name in the list; a decorator.

    Args:   input_size: (C, H, W) of the images that the model was made for.
    """

    def register(builder: Builder) -> Builder:
        _BUILDERS[builder.__name__] = builder
        _INPUT_SIZES[builder.__name__] = input_size
        return builder

    return register


def list_models(
    module: ModuleType | str | None = None,
    include: Iterable[str] | str | None = None,
    exclude: Iterable[str] | str | None = None,
) -> list[str]:
    """Names of the models in alphabetical order.

    Args:
        module: only those defined in this package. A string here is taken as `include`.
        include, exclude: one or several patterns like `resnet*`. Default: all, none.

    >>> from flambeau.vision import models
    >>> models.list_models("lenet*")
    ['lenet5']
    >>> models.list_models(include=["resnet*", "*resnet50*"], exclude="*1*")
    ['resnet20', 'resnet32', 'resnet34', 'resnet44', 'resnet50', 'resnet56', 'wide_resnet50_2']
    """
    if isinstance(module, str):
        module, include = None, module
    return sorted(
        name
        for name, builder in _BUILDERS.items()
        if (module is None or builder.__module__.rpartition(".")[0] == module.__name__)
        and (not include or _matches(name, include))
        and not (exclude and _matches(name, exclude))
    )


def _matches(name: str, patterns: Iterable[str] | str) -> bool:
    listed = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in listed)


def get_model_builder(name: str) -> Callable[..., Any]:
    """The function that builds a model. Raises ValueError, with near names, for an unknown one.

    >>> from flambeau.vision import models
    >>> models.get_model_builder("lenet5").__name__
    'lenet5'
    """
    key = name.lower()
    if key not in _BUILDERS:
        import difflib

        near = difflib.get_close_matches(key, _BUILDERS, n=3)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise ValueError(f"Unknown model {name}{hint}. list_models() names them all")
    return _BUILDERS[key]


def get_model(name: str, **options: Any) -> Any:
    """A new model by name; options go to its builder.

    >>> from flambeau.vision import models
    >>> sum(p.numel() for p in models.get_model("lenet5").parameters())
    44426
    """
    return get_model_builder(name)(**options)


def input_size_of(name: str) -> Size:
    """(C, H, W) of the images that a model was made for. Raises ValueError for an unknown name.

    >>> from flambeau.vision import models
    >>> models.input_size_of("lenet5")
    (1, 28, 28)
    """
    return _INPUT_SIZES[get_model_builder(name).__name__]
