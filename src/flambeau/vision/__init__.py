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

__all__ = [
    "__version__",
    "averaging",
    "datasets",
    "dense",
    "drawing",
    "imagenet",
    "io",
    "models",
    "predict",
    "transforms",
    "utils",
]
