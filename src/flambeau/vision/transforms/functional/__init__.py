"""The transforms as functions, with every parameter given: nothing is drawn."""

from flambeau.vision.transforms.functional.blur import (
    adjust_sharpness,
    gaussian_blur,
)
from flambeau.vision.transforms.functional.color import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    rgb_to_grayscale,
    to_grayscale,
)
from flambeau.vision.transforms.functional.convert import (
    convert_image_dtype,
    normalize,
    pil_to_tensor,
    to_pil_image,
    to_tensor,
)
from flambeau.vision.transforms.functional.erase import erase
from flambeau.vision.transforms.functional.geometry import (
    center_crop,
    crop,
    five_crop,
    hflip,
    pad,
    ten_crop,
    vflip,
)
from flambeau.vision.transforms.functional.interpolation import InterpolationMode
from flambeau.vision.transforms.functional.resize import resize, resized_crop
from flambeau.vision.transforms.functional.size import (
    get_dimensions,
    get_image_num_channels,
    get_image_size,
)
from flambeau.vision.transforms.functional.tone import (
    autocontrast,
    equalize,
    invert,
    posterize,
    solarize,
)
from flambeau.vision.transforms.functional.warp import (
    affine,
    elastic_transform,
    perspective,
    rotate,
)
