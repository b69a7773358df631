"""What is in a photograph, according to a network: the best classes with their scores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flambeau.nn import functional as F
from flambeau.tensor.tensor import Tensor
from flambeau.vision import imagenet, images, models
from flambeau.vision.models.presets import ImageClassification
from flambeau.vision.modes import evaluating
from flambeau.vision.transforms import functional as TF

Preprocess = Callable[[Any], Any]


class Prediction(NamedTuple):
    """A class with its score; printed as the course prints it.

    >>> from flambeau.vision.predict import Prediction
    >>> print(Prediction(12.263, "Weimaraner"))
    12.26 Weimaraner
    """

    score: float
    name: str

    def __str__(self) -> str:
        return f"{self.score:.02f} {self.name}"


class Recipe(NamedTuple):
    """How a photograph becomes the input that weights ask for, and the names of their classes."""

    preprocess: Preprocess
    class_names: Sequence[str]


def predict(
    model: Callable[[Any], Any],
    image: Any,
    preprocess: Preprocess | None = None,
    class_names: Sequence[str] | None = None,
    top: int = 5,
    probabilities: bool = False,
) -> list[Prediction]:
    """The classes that a network finds most likely in an image, the best first.

    Args:
        model: gives scores (1, classes) for a batch of one; it is run in evaluation mode.
        image: path of a picture, Pillow image or tensor (C, H, W). preprocess, class_names: see
            `recipe_of`. Default: what torchvision's first weights for ImageNet ask for; a float
            tensor goes in as it is. top: how many classes. Default 5.
        probabilities: the softmax of the scores in their place. Default False.
    Raises: ValueError where there are not as many names as scores.

    >>> import flambeau as torch
    >>> from flambeau.vision.predict import predict
    >>> model = lambda x: torch.tensor([[10.951, -1.0, 12.26]])
    >>> best = predict(model, torch.zeros(3, 8, 8), class_names=["dog", "cat", "bird"], top=2)
    >>> for prediction in best:
    ...     print(prediction)
    12.26 bird
    10.95 dog
    """
    with evaluating(model):
        scores = model(input_of(image, preprocess).unsqueeze(0)).squeeze(0)
    return best_of(scores, class_names, top, probabilities)


def best_of(
    scores: Any,
    class_names: Sequence[str] | None = None,
    top: int = 5,
    probabilities: bool = False,
) -> list[Prediction]:
    """The best classes by their scores, as `predict` returns them.

    Shape:  scores (classes)
    Args:   as those of `predict`.
    Raises: ValueError where there are not as many names as scores.

    >>> import flambeau as torch
    >>> from flambeau.vision.predict import best_of
    >>> best_of(torch.tensor([1.0, 3.0]), ["airplane", "bird"], top=1)
    [Prediction(score=3.0, name='bird')]
    """
    names = imagenet.class_names() if class_names is None else class_names
    if tuple(scores.shape) != (len(names),):
        raise ValueError(
            f"{len(names)} class names for scores of size {tuple(scores.shape)}: pass the names of "
            "the network's own classes as class_names"
        )
    if probabilities:
        scores = F.softmax(scores, 0)
    found, indexes = scores.sort(descending=True)
    best = zip(found[:top].tolist(), indexes[:top].tolist())
    return [Prediction(score, names[index]) for score, index in best]


def recipe_of(model: str, weights: Any = None) -> Recipe:
    """What the weights of a model ask for.

    Args:   model: its name. weights: as the model's builder takes them: path of a file, name or
            member of the published ones. Default, and for a file that nobody published: the first
            published ones.
    Raises: ValueError for a model without published weights.

    >>> from flambeau.vision.predict import recipe_of
    >>> preprocess, class_names = recipe_of("alexnet")
    >>> preprocess.crop_size, class_names[1]
    ([224], 'goldfish, Carassius auratus')
    """
    kind = models.get_model_weights(model)
    if weights is not None and os.path.isfile(str(weights)):
        weights = models.weights.recognise(weights)
    member = kind.verify(weights) or next(iter(kind))
    return Recipe(member.transforms(), member.meta["categories"] or imagenet.class_names())


def input_of(image: Any, preprocess: Preprocess | None = None) -> Any:
    """An image as the float tensor (C, H, W) that a network takes.

    Args:   as those of `predict`.

    >>> import flambeau as torch
    >>> from flambeau.vision.predict import input_of
    >>> input_of(torch.zeros(3, 300, 400, dtype=torch.uint8)).shape
    torch.Size([3, 224, 224])
    """
    if isinstance(image, (str, os.PathLike)):
        image = photograph(image)
    elif images.is_image(image) and image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    if preprocess is None:
        if isinstance(image, Tensor) and image.is_floating_point():
            return image
        preprocess = ImageClassification(crop_size=224)
    return preprocess(image)


def photograph(path: str | os.PathLike[str]) -> Any:
    """The Pillow image in a file, in colours and turned as the camera was held.

    Raises: FileNotFoundError; ImageFileError that names a file that is damaged or no picture.
    """
    images.pillow()  # says which extra has it
    from PIL import Image, ImageOps

    with open(path, "rb") as file, images.naming(path):
        return ImageOps.exif_transpose(Image.open(file)).convert("RGB")


def standardized(image: Any) -> Any:
    """The course's preprocessing: the image as large as it is, 0.5 + 0.5 * (x - mean(x)) / std(x).

    Shape:  Pillow image or tensor (C, H, W) -> float (C, H, W)

    >>> import flambeau as torch
    >>> from flambeau.vision.predict import standardized
    >>> x = standardized(torch.arange(12.0).view(3, 2, 2))
    >>> torch.stack([x.mean(), x.std()])
    tensor([0.5000, 0.5000])
    """
    x = TF.convert_image_dtype(image if isinstance(image, Tensor) else TF.pil_to_tensor(image))
    return 0.5 + 0.5 * (x - x.mean()) / x.std()
