"""From images to tensors: transforms for one image, each with a form for a whole set."""

from flambeau.vision.transforms import functional
from flambeau.vision.transforms.compose import Compose, whole_set
from flambeau.vision.transforms.convert import (
    ConvertImageDtype,
    Normalize,
    PILToTensor,
    ToPILImage,
    ToTensor,
)
from flambeau.vision.transforms.functional import InterpolationMode

__all__ = [
    "Compose",
    "ConvertImageDtype",
    "InterpolationMode",
    "Normalize",
    "PILToTensor",
    "ToPILImage",
    "ToTensor",
    "functional",
]
