"""Files of weights: where they lie, how they come, what is in them, whether they fit."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flambeau.core.errors import FlambeauError
from flambeau.io import CheckpointError, load
from flambeau.tensor.tensor import Tensor
from flambeau.vision.datasets.download import Progress, download, show_progress
from flambeau.vision.datasets.files import DataFileError, digest_of

# Programs put the state they save under one of these, beside epoch, optimiser and the like.
_WRAPPERS = ("state_dict", "model_state_dict", "model")


class WeightsFileError(FlambeauError, RuntimeError):
    """A file of weights that does not fit its network; the text names the first difference."""


def cache_folder() -> Path:
    """Where downloaded weights lie: $FLAMBEAU_HOME/checkpoints, or ~/.cache/flambeau/checkpoints.

    >>> from flambeau.vision.models import checkpoints
    >>> checkpoints.cache_folder().name
    'checkpoints'
    """
    home = os.environ.get("FLAMBEAU_HOME") or _user_cache() / "flambeau"
    return Path(home).expanduser() / "checkpoints"


def _torch_folder() -> Path:
    """Where PyTorch would have put the same file."""
    home = os.environ.get("TORCH_HOME") or _user_cache() / "torch"
    return Path(home).expanduser() / "hub" / "checkpoints"


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def checksum_in(name: str) -> str:
    """How the SHA-256 checksum of a published file begins, from its name; "" where it says nothing.

    >>> from flambeau.vision.models import checkpoints
    >>> checkpoints.checksum_in("resnet18-f37072fd.pth")
    'f37072fd'
    """
    found = re.search(r"-([0-9a-f]{8,64})\.", name)
    return found.group(1) if found else ""


def fetch(url: str, name: str = "", sha256: str = "", progress: bool = True) -> Path:
    """The file at an address: from the cache folder, from PyTorch's, or downloaded to the first.

    Args:   url: "" for a file that nobody publishes: then it must have been put there by hand.
            name: of the file, default the last part of the address. sha256: how its checksum
            begins, default what the name says. progress: show how far the download is.
    Raises: DataFileError that says where to put the file by hand.
    """
    name = name or url.rsplit("/", 1)[-1]
    sha256 = sha256 or checksum_in(name)
    target = cache_folder() / name
    for path in (target, _torch_folder() / name):
        if path.is_file() and digest_of(path, "sha256").startswith(sha256):
            return path
    if not url:
        raise DataFileError(
            f"{name} cannot be downloaded, there is no address for it: give the file's path, or "
            f"put it at {target} (SHA-256 {sha256})"
        )
    watch: Progress = show_progress if progress else lambda *_: None
    return download([url], target, sha256=sha256 or None, progress=watch)


def read(path: Path) -> dict[str, Any]:
    """The parameters and buffers in a file, by name.

    A state that the program saved beside other things is found, and the "module." that
    `DataParallel` puts before every name is taken off.

    Raises: CheckpointError for a damaged file, WeightsFileError for one without the state of a
            network; both name the file.
    """
    try:
        state = load(path, map_location="cpu", weights_only=True)
    except CheckpointError as error:
        raise type(error)(f"{path} cannot be read: {error}") from None
    for wrapper in _WRAPPERS:
        if isinstance(state, Mapping) and isinstance(state.get(wrapper), Mapping):
            state = state[wrapper]
    named = isinstance(state, Mapping) and all(isinstance(key, str) for key in state)
    if not named or not any(isinstance(value, Tensor) for value in state.values()):
        raise WeightsFileError(
            f"{path} holds no parameters by name, but {_told(state)}: it should be what "
            "save(model.state_dict(), path) writes"
        )
    if all(key.startswith("module.") for key in state):
        state = {key.removeprefix("module."): value for key, value in state.items()}
    return state


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"a dict with keys {', '.join(map(repr, list(value)[:5]))}"
    return f"a {type(value).__name__}"


def fill(model: Any, state: dict[str, Any], path: Path, droppable: Iterable[str] = ()) -> None:
    """Put a state into a network; on an error the network has not changed.

    Args:   path: of the file, for the message. droppable: beginnings of names that the network may
            lack; what it lacks is taken out of the state.
    Raises: WeightsFileError that names the file, the first difference and the likely cure.
    """
    own = model.state_dict()
    for key in [key for key in state if key not in own and key.startswith(tuple(droppable))]:
        del state[key]
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsFileError(
            f"{path} does not fit {type(model).__name__}: {_difference(own, state)}\n"
            f"{_cut(str(error), 1500)}"
        ) from None


def _difference(own: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    """The first name or shape that differs, with what to do about it."""
    for key, value in own.items():
        if key not in state:
            first = next((name for name in state if name not in own), None)
            instead = f"; it has {first}, which the network lacks" if first else ""
            return f"{key} is missing in the file{instead}. Is it the file of another network?"
        if state[key].shape != value.shape:
            shapes = f"{key} is {_size(state[key])} in the file, {_size(value)} in the network"
            return f"{shapes}. {_cure(own, key, state[key], value)}"
    extra = next((key for key in state if key not in own), None)
    return f"the network has no {extra}. Is it the file of another network?"


def _cure(own: Mapping[str, Any], key: str, given: Any, value: Any) -> str:
    """A layer that differs in its outputs alone, as many as there are classes, is the last one."""
    classes = list(own.values())[-1].shape[:1]
    if given.ndim and given.shape[1:] == value.shape[1:] and value.shape[:1] == classes:
        return (
            f"The file is for {given.shape[0]} classes: build the network with "
            f"num_classes={given.shape[0]}; its last layer can be replaced afterwards."
        )
    return "Is it the file of another network, or of one built with other options?"


def _size(value: Any) -> str:
    return " x ".join(map(str, value.shape)) or "a single number"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length] + " ..."
