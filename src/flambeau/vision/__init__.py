"""Data sets, transforms and models for images, under torchvision's names; predictions with them."""

from flambeau.core.version import __version__
from flambeau.vision import (
    averaging,
    datasets,
    dense,
    drawing,
    imagenet,
    io,
    models,
    predict,
    transforms,
    utils,
)
from flambeau.vision.images import get_image_backend, set_image_backend

__all__ = [
    "__version__",
    "averaging",
    "datasets",
    "dense",
    "drawing",
    "get_image_backend",
    "imagenet",
    "io",
    "models",
    "predict",
    "set_image_backend",
    "transforms",
    "utils",
]
