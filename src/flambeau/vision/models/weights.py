"""Published weights: which files there are for a network, and what each of them asks for."""

from __future__ import annotations

import functools
import inspect
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from flambeau import nn
from flambeau.vision.datasets.files import digest_of
from flambeau.vision.models import checkpoints
from flambeau.vision.models.presets import ImageClassification

ADDRESS = "https://download.pytorch.org/models/"

Model = TypeVar("Model", bound=nn.Module)
Kind = type["WeightsEnum"]

_KINDS: dict[str, Kind] = {}  # the published files of a builder, by its name


@dataclass
class Weights:
    """A published file and its recipe.

    Args:
        url: where it is published; "" where nobody does.
        transforms: makes the function that turns a photograph into the network's input.
        meta: what is known about it. A value that is a function is called when it is asked for.
        file: its name, default the last part of the address.
        sha256: how its checksum begins, default what the name says.
        options: what the network must be built with, unless the caller says otherwise.
        droppable: beginnings of names in the file that the network may lack.
    """

    url: str
    transforms: Callable[..., Any]
    meta: Mapping[str, Any]
    file: str = ""
    sha256: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    droppable: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.file = self.file or self.url.rsplit("/", 1)[-1]
        self.sha256 = self.sha256 or checkpoints.checksum_in(self.file)


class WeightsEnum(Enum):
    """The published files of a network; a member's value is its `Weights`.

    >>> from flambeau.vision import models
    >>> weights = models.ResNet50_Weights.DEFAULT
    >>> weights
    ResNet50_Weights.IMAGENET1K_V2
    >>> weights.meta["num_params"], weights.meta["acc@1"]
    (25557032, 80.858)
    >>> weights.transforms().resize_size
    [232]
    """

    @classmethod
    def verify(cls, obj: Any) -> Any:
        """The member that `obj` is or names, None for None.

        Raises: TypeError for a member of another enum, ValueError for an unknown name.
        """
        if obj is None or isinstance(obj, cls):
            return obj
        if not isinstance(obj, str):
            raise TypeError(
                f"Invalid Weight class provided; expected {cls.__name__} but received "
                f"{type(obj).__name__}."
            )
        name = obj.removeprefix(f"{cls.__name__}.")
        if name not in cls.__members__:
            raise ValueError(
                f"{obj!r} is neither a file nor one of {cls.__name__}: {', '.join(cls.__members__)}"
            )
        return cls[name]

    @property
    def url(self) -> str:
        """Where the file is published."""
        return self.value.url

    @property
    def transforms(self) -> Callable[..., Any]:
        """Makes the function that turns a photograph into the network's input."""
        return self.value.transforms

    @property
    def meta(self) -> dict[str, Any]:
        """What is known: `num_params`, `categories`, `acc@1`, `acc@5`, `min_size`."""
        return {k: v() if callable(v) else v for k, v in self.value.meta.items()}

    def path(self, progress: bool = True) -> Path:
        """The file on this machine, downloaded if it is not here yet."""
        value = self.value
        return checkpoints.fetch(value.url, value.file, value.sha256, progress)

    def get_state_dict(self, progress: bool = True, check_hash: bool = True) -> dict[str, Any]:
        """The parameters and buffers in the file; its checksum is always looked at."""
        return checkpoints.read(self.path(progress))

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __reduce_ex__(self, protocol: Any) -> Any:  # by name: functions in the value never compare
        return getattr, (type(self), self.name)


def _class_names() -> list[str]:
    from flambeau.vision.imagenet import class_names

    return list(class_names())


def imagenet(
    file: str,
    num_params: int,
    *,
    acc1: float = math.nan,
    acc5: float = math.nan,
    min_size: int = 1,
    address: str | None = ADDRESS,
    sha256: str = "",
    options: Mapping[str, Any] | None = None,
    droppable: Sequence[str] = (),
    categories: Callable[[], list[str]] | None = _class_names,
    crop_size: int = 224,
    **preset: Any,
) -> Weights:
    """Weights trained on the thousand classes of ImageNet.

    Args:
        file: name of the published file. num_params: of the network. acc1, acc5: percent of the
        50,000 validation images whose class is the first, or among the first five. min_size: edge
        of the smallest image that the network takes. address: where the file is, None: nowhere.
        crop_size, preset: options of `ImageClassification`. The others: see `Weights`.
    """
    scores = {"acc@1": acc1, "acc@5": acc5}
    meta = {
        "num_params": num_params,
        "min_size": (min_size, min_size),
        "categories": categories,
        "_metrics": {"ImageNet-1K": scores},
        **scores,
    }
    transforms = functools.partial(ImageClassification, crop_size=crop_size, **preset)
    url = address + file if address else ""
    return Weights(url, transforms, meta, file, sha256, options or {}, droppable)


def published(kind: Kind) -> Callable[[Callable[..., Model]], Callable[..., Model]]:
    """Give a function that builds a network the arguments `weights`, `progress` and `pretrained`.

    `weights` may be a member of `kind`, its name, the path of a file or its address; True, and
    `pretrained=True`, mean the first published file. What a recognised file asks for
    (`Weights.options`) goes to the function with the caller's own options.
    """

    def decorate(make: Callable[..., Model]) -> Callable[..., Model]:
        @functools.wraps(make)
        def builder(
            weights: Any = None, progress: bool = True, *, pretrained: bool = False, **options: Any
        ) -> Model:
            if weights is None or weights is False:
                weights = bool(pretrained)
            elif pretrained:
                raise ValueError("give weights or pretrained, not both")
            if weights is False:
                return make(**options)
            source = next(iter(kind)) if weights is True else weights
            path, recipe = _locate(make.__name__, kind, source, progress)
            with nn.init.skipped():
                model = make(**(_complete(recipe, options) if recipe else options))
            droppable = recipe.value.droppable if recipe else ()
            checkpoints.fill(model, checkpoints.read(path), path, droppable)
            return model

        shown = inspect.signature(builder, follow_wrapped=False)  # help() tells of all arguments
        builder.__signature__ = shown  # type: ignore[attr-defined]
        _KINDS[make.__name__] = kind
        return builder

    return decorate


def _locate(name: str, kind: Kind, source: Any, progress: bool) -> tuple[Path, WeightsEnum | None]:
    """The file that `weights=source` means, and its recipe where one is known."""
    if isinstance(source, str) and "://" in source:
        path = checkpoints.fetch(source, progress=progress)
    elif isinstance(source, os.PathLike) or (isinstance(source, str) and _is_path(source)):
        path = Path(source).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"no file of weights at {path}")
    else:
        member = kind.verify(source)
        return member.path(progress), member
    found = recognise(path)
    if found is not None and not isinstance(found, kind):
        owner = next(builder for builder, other in _KINDS.items() if isinstance(found, other))
        raise checkpoints.WeightsFileError(f"{path} is {found!r}, weights of {owner}, not {name}")
    return path, found


def _is_path(text: str) -> bool:
    """Whether this is meant as a path, rather than as the name of published weights."""
    return os.sep in text or text.endswith((".pth", ".pt", ".th", ".tar")) or Path(text).is_file()


def _complete(recipe: WeightsEnum, options: dict[str, Any]) -> dict[str, Any]:
    """The caller's options and what the recipe adds to them."""
    complete = {**recipe.value.options, **options}
    categories = recipe.meta.get("categories")
    if categories is not None:
        expected = len(categories)
        given = complete.setdefault("num_classes", expected)
        if given != expected:
            raise ValueError(
                f"The parameter 'num_classes' expected value {expected} but got {given} instead: "
                "load the published weights first, then replace the last layer"
            )
    return complete


def recognise(path: str | os.PathLike[str]) -> WeightsEnum | None:
    """The published weights that a file is, by its checksum, whatever its name; None if unknown.

    >>> from flambeau.vision.models import weights
    >>> weights.recognise(weights.__file__) is None
    True
    """
    digest = digest_of(Path(path).expanduser(), "sha256")
    members = (member for kind in _KINDS.values() for member in kind)
    return next((m for m in members if m.value.sha256 and digest.startswith(m.value.sha256)), None)


def get_weight(name: str) -> WeightsEnum:
    """Published weights by full name, such as "ResNet50_Weights.IMAGENET1K_V1".

    Raises: ValueError for an unknown name.

    >>> from flambeau.vision import models
    >>> models.get_weight("ResNet50_Weights.DEFAULT")
    ResNet50_Weights.IMAGENET1K_V2
    """
    owner, dot, member = name.partition(".")
    if not dot or "." in member:
        raise ValueError(f"Invalid weight name provided: {name!r}, not like 'KIND.MEMBER'.")
    for kind in _KINDS.values():
        if kind.__name__ == owner:
            return kind.verify(member)
    known = ", ".join(sorted(kind.__name__ for kind in _KINDS.values()))
    raise ValueError(f"The weight enum {owner!r} couldn't be retrieved. There are {known}")


def get_model_weights(name: Callable[..., Any] | str) -> Kind:
    """The published weights of a network, by its builder or the builder's name.

    Raises: ValueError for one that has none.

    >>> from flambeau.vision import models
    >>> list(models.get_model_weights("mobilenet_v2"))
    [MobileNet_V2_Weights.IMAGENET1K_V1, MobileNet_V2_Weights.IMAGENET1K_V2]
    """
    key = name.lower() if isinstance(name, str) else name.__name__
    if key not in _KINDS:
        raise ValueError(f"there are no published weights for {key}")
    return _KINDS[key]
