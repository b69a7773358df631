"""Data sets, transforms and models for images, under the names of torchvision."""

from flambeau.vision import datasets, models, transforms

__all__ = ["datasets", "models", "transforms"]
