"""The one place that touches Pillow, which is optional."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from flambeau.vision.errors import ImageFileError


def pillow() -> Any:
    """Pillow's Image module, or an ImportError that says how to get it and how to do without."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "single images are Pillow images, and Pillow is not installed: "
            "pip install 'flambeau[vision]' (whole data sets come without it: dataset.tensors())"
        ) from error
    return Image


def to_image(pixels: np.ndarray) -> Any:
    """A Pillow image of an (H, W) grey or (H, W, 3) colour array of uint8 (2, 4: with alpha)."""
    return pillow().fromarray(pixels)


def from_array(pixels: np.ndarray, mode: str) -> Any:
    """A Pillow image whose memory, in this mode, is that of the array (H, W) or (H, W, C)."""
    if mode == "1":  # eight pixels a byte
        return pillow().fromarray(pixels.astype(bool))
    return pillow().frombytes(mode, pixels.shape[1::-1], pixels.tobytes())


def is_image(value: Any) -> bool:
    """Whether this is a Pillow image; never imports Pillow to find out."""
    image = sys.modules.get("PIL.Image")
    return image is not None and isinstance(value, image.Image)


def to_array(image: Any) -> np.ndarray:
    """The (H, W, C) array of a Pillow image, in the type that its mode stores."""
    if image.mode == "1":
        image = image.convert("L")
    array = np.asarray(image, np.int32) if image.mode == "I" else np.asarray(image)
    return array[:, :, None] if array.ndim == 2 else array


@contextlib.contextmanager
def naming(source: object) -> Iterator[None]:
    """Whatever Pillow raises inside, as an ImageFileError that names the file."""
    try:
        yield
    except ImageFileError:
        raise
    except Exception as error:  # a damaged picture fails in any way: even as a SyntaxError
        unknown = isinstance(error, pillow().UnidentifiedImageError)
        reason = "unknown format, or damaged at its start" if unknown else error
        raise ImageFileError(f"{source} is not a readable picture: {reason}") from error
