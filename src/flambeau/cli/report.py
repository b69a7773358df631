"""What a run leaves to look at: curves, filters, who is taken for whom, the mistakes, and more.

Each kind of picture is drawn from a trained network and its data by one function of `KINDS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import flambeau as torch
from flambeau import nn, viz
from flambeau.cli import saved
from flambeau.cli.sources import Data, open_data


class Trained:
    """A network with its data, what it answers to the held-out images, and what one asks of it."""

    def __init__(
        self,
        model: Any,
        data: Data,
        records: Sequence[Mapping[str, Any]],
        layer: str | None = None,
        image: int = 0,
    ) -> None:
        self.model, self.data, self.records = model, data, records
        self._layer, self.image = layer, image

    @cached_property
    def scores(self) -> Any:
        return viz.measures.scores_of(self.model, self.data.test[0])

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width of an image."""
        return tuple(self.data.test[0].shape[1:])

    @property
    def layer(self) -> Any:
        """The layer that was named, else the one that sees the pixels.

        Raises: ValueError for a name that the network lacks, or when no layer sees the pixels.
        """
        layers = dict(self.model.named_modules())
        layer = layers.get(self._layer) if self._layer else first_layer(self.model, self.shape)
        if layer is None:
            wrong = f"no layer {self._layer!r}" if self._layer else "no layer that sees the pixels"
            names = ", ".join(filter(None, layers))
            raise ValueError(f"there is {wrong} in the network; its layers are: {names}")
        return layer


def _curves(of: Trained, path: Path) -> None:
    viz.curves(of.records, path=path)


def _filters(of: Trained, path: Path) -> None:
    viz.filters(of.layer, shape=of.shape, path=path)


def _maps(of: Trained, path: Path) -> None:
    images = of.data.test[0]
    if of.image >= len(images):
        raise ValueError(f"there is no image {of.image}: {len(images)} images are held out")
    viz.feature_maps(of.model, images[of.image], of.layer, path=path)


def _confusion(of: Trained, path: Path) -> None:
    viz.confusion_matrix(of.data.test[1], of.scores.argmax(1), of.data.images.classes, path=path)


def _mistakes(of: Trained, path: Path) -> None:
    images, labels = of.data.test
    viz.misclassified(
        as_seen(images, of.data), labels, of.scores, of.data.images.classes, path=path
    )


def _losses(of: Trained, path: Path) -> None:
    train, test = (viz.per_sample_losses(of.model, *part) for part in (of.data.train, of.data.test))
    viz.loss_distributions([train], [test], epochs=[len(of.records)], path=path)


KINDS: dict[str, Callable[[Trained, Path], None]] = {
    "curves": _curves,
    "filters": _filters,
    "maps": _maps,
    "confusion": _confusion,
    "mistakes": _mistakes,
    "losses": _losses,
}

IN_THE_FOLDER = ("curves", "filters", "confusion", "mistakes")  # of every run that came to its end


def write(model: Any, data: Data, records: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """Draw the pictures of a trained model into the folder of its run; which files there are now.

    A network without a layer that sees the pixels has no picture of filters.

    Raises: ModuleNotFoundError when matplotlib is not installed.
    """
    of = Trained(model, data, records)
    filters = first_layer(model, of.shape) is not None
    paths = {kind: folder / f"{kind}.png" for kind in IN_THE_FOLDER if filters or kind != "filters"}
    for kind, path in paths.items():
        KINDS[kind](of, path)
    return list(paths.values())


def draw(kind: str, run: Path, out: Path, *, layer: str | None = None, image: int = 0) -> None:
    """Draw one picture of a run that `flambeau train` wrote, as its last epoch left it.

    Args:   kind: one of `KINDS`. run: the folder of the run. out: the file to write.
            layer: for filters and maps, its name. image: for maps, which held-out image.
    Raises: ValueError for a folder without a run, or what the run does not have.
    """
    model, settings, _ = saved.network(run)
    data = open_data(settings.data, settings.root)
    KINDS[kind](Trained(model, data, viz.log.read(run), layer, image), out)


def first_layer(model: Any, shape: Sequence[int]) -> Any:
    """The layer that sees the pixels: a convolution, or one fully connected to images of `shape`.

    None when there is neither.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            return module
        if isinstance(module, nn.Linear) and module.in_features == math.prod(shape):
            return module
    return None


def as_seen(images: Any, data: Data) -> Any:
    """Images from 0 to 1 again, as they were before they got mean 0 and deviation 1."""
    mean, std = (torch.tensor(each).view(-1, 1, 1) for each in (data.images.mean, data.images.std))
    return (images * std + mean).clamp(0, 1)
