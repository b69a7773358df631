"""How to read an image between its pixels."""

from __future__ import annotations

import enum
from typing import Any


class InterpolationMode(enum.Enum):
    """How an image is read between its pixels.

    Tensors know NEAREST, NEAREST_EXACT, BILINEAR and BICUBIC; the others are Pillow's alone. Where
    a transform asks for a mode it also takes Pillow's number for it (`PIL.Image.BILINEAR`, ...).

    >>> from flambeau.vision import transforms
    >>> transforms.InterpolationMode("bilinear")
    <InterpolationMode.BILINEAR: 'bilinear'>
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


# Pillow's numbers; its nearest reads at the centres of pixels, as NEAREST_EXACT does.
_PILLOW = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
}
_OF_PILLOW = {number: mode for mode, number in _PILLOW.items()}
_PILLOW[InterpolationMode.NEAREST_EXACT] = 0


def of_pillow(interpolation: Any) -> Any:
    """The mode of Pillow's number; anything else as it is, for `mode_of` to judge when used."""
    return mode_of(interpolation) if isinstance(interpolation, int) else interpolation


def mode_of(interpolation: Any) -> InterpolationMode:
    """The mode, of itself or of Pillow's number; TypeError for anything else."""
    if isinstance(interpolation, InterpolationMode):
        return interpolation
    if isinstance(interpolation, int) and interpolation in _OF_PILLOW:
        return _OF_PILLOW[interpolation]
    raise TypeError(
        "Argument interpolation should be a InterpolationMode or a corresponding Pillow integer "
        f"constant, got {interpolation!r}"
    )


def pillow_number(mode: InterpolationMode) -> int:
    """What Pillow calls the mode."""
    return _PILLOW[mode]
