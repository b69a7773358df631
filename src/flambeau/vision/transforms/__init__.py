"""From images to tensors: transforms for one image, each with a form for a whole set."""

from flambeau.vision.transforms import functional
from flambeau.vision.transforms.autoaugment import (
    AugMix,
    AutoAugment,
    AutoAugmentPolicy,
    RandAugment,
    TrivialAugmentWide,
)
from flambeau.vision.transforms.blur import GaussianBlur
from flambeau.vision.transforms.color import (
    ColorJitter,
    Grayscale,
    RandomAdjustSharpness,
    RandomAutocontrast,
    RandomEqualize,
    RandomGrayscale,
    RandomInvert,
    RandomPosterize,
    RandomSolarize,
)
from flambeau.vision.transforms.compose import (
    Compose,
    Lambda,
    RandomApply,
    RandomChoice,
    RandomOrder,
    whole_set,
)
from flambeau.vision.transforms.convert import (
    ConvertImageDtype,
    Normalize,
    PILToTensor,
    ToPILImage,
    ToTensor,
)
from flambeau.vision.transforms.elastic import ElasticTransform
from flambeau.vision.transforms.erasing import RandomErasing
from flambeau.vision.transforms.functional import InterpolationMode
from flambeau.vision.transforms.geometry import CenterCrop, FiveCrop, Pad, Resize, TenCrop
from flambeau.vision.transforms.linear import LinearTransformation
from flambeau.vision.transforms.mix import CutMix, MixUp
from flambeau.vision.transforms.pca import PCAColor
from flambeau.vision.transforms.random_geometry import (
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
)
from flambeau.vision.transforms.warp import RandomAffine, RandomPerspective, RandomRotation

__all__ = [
    "AugMix",
    "AutoAugment",
    "AutoAugmentPolicy",
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "CutMix",
    "ElasticTransform",
    "FiveCrop",
    "GaussianBlur",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "LinearTransformation",
    "MixUp",
    "Normalize",
    "PCAColor",
    "PILToTensor",
    "Pad",
    "RandAugment",
    "RandomAdjustSharpness",
    "RandomAffine",
    "RandomApply",
    "RandomAutocontrast",
    "RandomChoice",
    "RandomCrop",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomOrder",
    "RandomPerspective",
    "RandomPosterize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSolarize",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
    "ToPILImage",
    "ToTensor",
    "TrivialAugmentWide",
]
