"""The transforms as functions, with every parameter given: nothing is drawn."""

from flambeau.vision.transforms.functional.convert import (
    convert_image_dtype,
    normalize,
    pil_to_tensor,
    to_pil_image,
    to_tensor,
)
from flambeau.vision.transforms.functional.interpolation import InterpolationMode
from flambeau.vision.transforms.functional.size import (
    get_dimensions,
    get_image_num_channels,
    get_image_size,
)
