"""From images to tensors: transforms for one image, each with a form for a whole set."""

from flambeau.vision.transforms.compose import Compose, whole_set
from flambeau.vision.transforms.convert import Normalize, ToTensor

__all__ = ["Compose", "Normalize", "ToTensor"]
