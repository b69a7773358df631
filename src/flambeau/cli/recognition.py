"""What `flambeau predict` does: a network with its preprocessing and the names of its classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flambeau.cli import saved, zoo
from flambeau.vision import averaging, dense, predict, transforms
from flambeau.vision.predict import Prediction

SCALES = (1.0, 1.15, 1.4)  # how much larger than a crop the image is, for --average scales
AROUND = 1.15  # how much larger than a crop the image is from which ten crops are taken


@dataclass(frozen=True)
class Recogniser:
    """A network that names what is in a photograph."""

    network: Any
    preprocess: Callable[[Any], Any]
    class_names: Sequence[str]

    def best(self, photo: Path, top: int, probabilities: bool, average: str) -> list[Prediction]:
        """The classes with the highest scores.

        Args:   average: "none", "ten-crop" or "scales"; the last two give probabilities.
        """
        if average == "none":
            return predict.predict(
                self.network, photo, self.preprocess, self.class_names, top, probabilities
            )
        size = tuple(predict.input_of(photo, self.preprocess).shape)
        wanted = (AROUND,) if average == "ten-crop" else SCALES
        edges = [round(min(size[1:]) * scale) for scale in wanted]
        inputs = averaging.at_scales(photo, edges, self.preprocess)
        if average == "ten-crop":
            found = averaging.ten_crop(self.network, inputs[0], size[1:])
        else:
            found = averaging.multi_scale(dense.convolutionize(self.network, size), inputs)
        return predict.best_of(found, self.class_names, top)


def from_zoo(model: str, weights: str | None, names: Sequence[str] | None) -> Recogniser:
    """A network with published weights, or with those in a file.

    Raises: ValueError for a network without published weights: it is not known what it wants.
    """
    weights = weights or "DEFAULT"
    recipe = predict.recipe_of(model, weights)
    network = zoo.build(model, weights).eval()
    return Recogniser(network, recipe.preprocess, names or recipe.class_names)


def from_run(run: Path, names: Sequence[str] | None) -> Recogniser:
    """The network of a run of `flambeau train`; a photograph is made as large as its images."""
    network, _, images = saved.network(run)
    channels, *size = images.shape
    steps: list[Callable[[Any], Any]] = [
        *([transforms.Grayscale()] if channels == 1 else []),
        transforms.Resize(size),
        transforms.ToTensor(),
        transforms.Normalize(images.mean, images.std),
    ]
    return Recogniser(network, transforms.Compose(steps), names or images.classes)
