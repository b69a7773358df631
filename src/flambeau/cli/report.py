"""What a run leaves to look at: curves, filters, who is taken for whom, and the mistakes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import flambeau as torch
from flambeau import nn, viz
from flambeau.cli.sources import Data

CURVES, FILTERS = "curves.png", "filters.png"
CONFUSION, MISTAKES = "confusion.png", "mistakes.png"


def write(model: Any, data: Data, records: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """Draw the pictures of a trained model into the folder of its run; which files there are now.

    Raises: ModuleNotFoundError when matplotlib is not installed.
    """
    images, labels = data.test
    scores = viz.measures.scores_of(model, images)
    seen = as_seen(images, data)
    viz.curves(records, path=folder / CURVES)
    viz.confusion_matrix(labels, scores.argmax(1), data.classes, path=folder / CONFUSION)
    viz.misclassified(seen, labels, scores, data.classes, path=folder / MISTAKES)
    drawn = [folder / CURVES, folder / CONFUSION, folder / MISTAKES]
    layer = first_layer(model, images.shape[1:])
    if layer is not None:
        viz.filters(layer, shape=images.shape[1:], path=folder / FILTERS)
        drawn.append(folder / FILTERS)
    return drawn


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
    mean, std = (torch.tensor(each).view(-1, 1, 1) for each in (data.mean, data.std))
    return (images * std + mean).clamp(0, 1)
