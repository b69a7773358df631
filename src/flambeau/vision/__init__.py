"""Data sets, transforms and models for images, under the names of torchvision."""

from flambeau.vision import datasets, io, models, transforms, utils

__all__ = ["datasets", "io", "models", "transforms", "utils"]
