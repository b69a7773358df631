"""Predictions that are averages: over ten crops of an image, over scales, over positions."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.vision import transforms
from flambeau.vision.models.presets import ImageClassification
from flambeau.vision.modes import evaluating
from flambeau.vision.predict import input_of, photograph
from flambeau.vision.transforms import functional as TF

Network = Callable[[Any], Any]


def ten_crop(model: Network, x: Any, size: int | Sequence[int]) -> Any:
    """Probabilities averaged over the corners and the middle, and their mirror images.

    As Krizhevsky et al. (2012) tested AlexNet: crops of 224 x 224 from 256 x 256 pixels.

    Shape:  float (C, H, W) or (N, C, H, W), normalised -> (classes) or (N, classes)
    Args:   model: gives scores (N, classes); it is run in evaluation mode. size: (height, width) of
            a crop, or one number for both.
    Raises: ValueError if the image is smaller.

    >>> import flambeau as torch
    >>> from flambeau import nn
    >>> from flambeau.vision.averaging import ten_crop
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, 5))
    >>> ten_crop(model, torch.randn(2, 3, 6, 6), 4).shape
    torch.Size([2, 5])
    """
    batch = x if x.ndim == 4 else x.unsqueeze(0)
    crops = torch.stack(TF.ten_crop(batch, size), 1)
    with evaluating(model):
        scores = model(crops.flatten(0, 1))
    mean = F.softmax(scores, 1).view(len(batch), 10, -1).mean(1)
    return mean if x.ndim == 4 else mean[0]


def multi_scale(network: Network, inputs: Iterable[Any], mirrored: bool = True) -> Any:
    """Probabilities averaged over an image at several scales (Simonyan and Zisserman, 2014).

    At each scale the map of scores that a fully convolutional network gives is averaged.

    Shape:  each of inputs float (C, H, W) or (N, C, H, W) -> (classes) or (N, classes)
    Args:   network: takes images of any size, such as what `convolutionize` returns, and gives
            scores (N, classes) or maps of them (N, classes, H, W). It is run in evaluation mode.
            inputs: the same images at several sizes: see `at_scales`. mirrored: average over the
            mirror images too. Default True.
    Raises: ValueError without inputs.

    >>> import flambeau as torch
    >>> from flambeau import nn
    >>> from flambeau.vision.averaging import multi_scale
    >>> network = nn.Conv2d(3, 5, kernel_size=4)
    >>> multi_scale(network, [torch.randn(3, 6, 8), torch.randn(3, 9, 12)]).shape
    torch.Size([5])
    """
    found = []
    with evaluating(network):
        for x in inputs:
            batch = x if x.ndim == 4 else x.unsqueeze(0)
            for view in (batch, batch.flip(-1)) if mirrored else (batch,):
                found.append(F.softmax(average_map(network(view)), 1))
    if not found:
        raise ValueError("multi_scale needs the image at one scale at least")
    mean = torch.stack(found).mean(0)
    return mean if x.ndim == 4 else mean[0]


def average_map(scores: Any) -> Any:
    """Scores of classes from maps of them: the mean over all positions.

    Shape:  (N, classes, H, W) or already (N, classes) -> (N, classes)

    >>> import flambeau as torch
    >>> from flambeau.vision.averaging import average_map
    >>> average_map(torch.tensor([[[[1.0, 3.0]], [[0.0, 4.0]]]]))
    tensor([[2., 2.]])
    """
    return scores if scores.ndim == 2 else scores.mean((2, 3))


def at_scales(
    image: Any, scales: Iterable[int], preprocess: Callable[[Any], Any] | None = None
) -> list[Any]:
    """A whole image at several sizes as a network takes it.

    Args:
        image: path, Pillow image or tensor (..., C, H, W). scales: lengths of the shorter edge.
        preprocess: the recipe of the weights, or a Compose; what it does about the size, Resize and
            CenterCrop, is left out. Default ImageNet's.
    Raises: TypeError for another recipe.

    >>> import flambeau as torch
    >>> from flambeau.vision.averaging import at_scales
    >>> [tuple(x.shape) for x in at_scales(torch.zeros(3, 30, 40), (15, 60))]
    [(3, 15, 20), (3, 60, 80)]
    """
    if isinstance(image, (str, os.PathLike)):
        image = photograph(image)
    _, *size = TF.get_dimensions(image)
    recipe = preprocess or ImageClassification(crop_size=224)
    return [input_of(image, _without_crop(recipe, scale, size)) for scale in scales]


def _without_crop(
    recipe: Callable[[Any], Any], scale: int, size: Sequence[int]
) -> Callable[[Any], Any]:
    """The recipe for a whole image of this size, whose shorter edge becomes `scale`."""
    if isinstance(recipe, transforms.Compose):
        sizes = transforms.Resize | transforms.CenterCrop
        others = [step for step in recipe.transforms if not isinstance(step, sizes)]
        return transforms.Compose([transforms.Resize(scale), *others])
    if not isinstance(recipe, ImageClassification):
        raise TypeError(
            f"what {type(recipe).__name__} does about the size of an image is not known: give the "
            "recipe as a Compose"
        )
    whole = copy.copy(recipe)
    whole.resize_size = [scale]
    whole.crop_size = [int(scale * side / min(size)) for side in size]
    return whole
