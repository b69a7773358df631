"""Data sets, transforms and models for images, under torchvision's names; predictions with them."""

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
