"""The named operations from which augmentation policies are made, and how strong each can be."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision.transforms import functional
from flambeau.vision.transforms.base import RandomTransform
from flambeau.vision.transforms.functional import InterpolationMode

# A name, and for its levels of strength their values and whether the sign is drawn.
Space = dict[str, tuple[Any, bool]]


def _affine(img: Any, how: dict[str, Any], **changed: Any) -> Any:
    nothing: dict[str, Any] = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}
    return functional.affine(img, **{**nothing, **changed}, **how)


def _degrees(slope: float) -> float:
    return math.degrees(math.atan(slope))


# Shears leave the upper left corner where it is; strengths of colours are differences from 1.
_OPERATIONS: dict[str, Callable[[Any, float, dict[str, Any]], Any]] = {
    "Identity": lambda img, m, how: img,
    "ShearX": lambda img, m, how: _affine(img, how, shear=[_degrees(m), 0.0], center=[0, 0]),
    "ShearY": lambda img, m, how: _affine(img, how, shear=[0.0, _degrees(m)], center=[0, 0]),
    "TranslateX": lambda img, m, how: _affine(img, how, translate=[int(m), 0]),
    "TranslateY": lambda img, m, how: _affine(img, how, translate=[0, int(m)]),
    "Rotate": lambda img, m, how: functional.rotate(img, m, **how),
    "Brightness": lambda img, m, how: functional.adjust_brightness(img, 1.0 + m),
    "Color": lambda img, m, how: functional.adjust_saturation(img, 1.0 + m),
    "Contrast": lambda img, m, how: functional.adjust_contrast(img, 1.0 + m),
    "Sharpness": lambda img, m, how: functional.adjust_sharpness(img, 1.0 + m),
    "Posterize": lambda img, m, how: functional.posterize(img, int(m)),
    "Solarize": lambda img, m, how: functional.solarize(img, m),
    "AutoContrast": lambda img, m, how: functional.autocontrast(img),
    "Equalize": lambda img, m, how: functional.equalize(img),
    "Invert": lambda img, m, how: functional.invert(img),
}


def apply_op(
    img: Any,
    op_name: str,
    magnitude: float,
    interpolation: InterpolationMode = InterpolationMode.NEAREST,
    fill: Sequence[float] | None = None,
) -> Any:
    """The image after the operation of that name.

    Args:   op_name: Identity, ShearX, ShearY, TranslateX, TranslateY, Rotate, Brightness, Color,
            Contrast, Sharpness, Posterize, Solarize, AutoContrast, Equalize or Invert.
            magnitude: a slope, pixels, degrees, a difference from factor 1, bits or a threshold.
            interpolation, fill: for the operations that move pixels.
    Raises: ValueError for another name.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms.operations import apply_op
    >>> apply_op(torch.tensor([[[10, 20]]], dtype=torch.uint8), "Brightness", 0.5)
    tensor([[[15, 30]]], dtype=torch.uint8)
    """
    if op_name not in _OPERATIONS:
        raise ValueError(
            f"The provided operator {op_name} is not recognized. Known: {', '.join(_OPERATIONS)}"
        )
    return _OPERATIONS[op_name](img, magnitude, {"interpolation": interpolation, "fill": fill})


@functools.lru_cache(maxsize=32)  # images come in few sizes
def space(
    names: str,
    levels: int,
    shift: tuple[float, float],
    shear: float = 0.3,
    turn: float = 30.0,
    color: float = 0.9,
    bits: tuple[int, int] = (8, 4),
) -> Space:
    """Values of each level, from nothing to the strongest, for the operations named.

    Args:   names: with blanks between. levels: how many. shift: pixels to the right, downwards.
            shear, turn, color: the strongest of each kind. bits: at the first and the last level.
    """

    def rising(strongest: float) -> tuple[Any, bool]:
        return torch.linspace(0.0, strongest, levels), True

    lost = torch.arange(levels) / ((levels - 1) / (bits[0] - bits[1]))
    known: Space = {
        **dict.fromkeys(("ShearX", "ShearY"), rising(shear)),
        "TranslateX": rising(shift[0]),
        "TranslateY": rising(shift[1]),
        "Rotate": rising(turn),
        **dict.fromkeys(("Brightness", "Color", "Contrast", "Sharpness"), rising(color)),
        "Posterize": (bits[0] - lost.round().int(), False),
        "Solarize": (torch.linspace(255.0, 0.0, levels), False),
    }
    without = (torch.tensor(0.0), False)
    return {name: known.get(name, without) for name in names.split()}


class Augmentation(RandomTransform):
    """What the policies share: how pixels are moved, and how an operation is drawn.

    Args:   interpolation: default NEAREST. fill: for pixels from outside the image, a number or
            one a channel. Default: black.
    """

    options: tuple[str, ...] = ()

    def __init__(self, interpolation: InterpolationMode, fill: Any) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill

    def applied(self, img: Any, op_name: str, magnitude: float) -> Any:
        """`apply_op` with this interpolation and fill."""
        fill = self.fill
        if isinstance(img, Tensor) and fill is not None:
            channels = functional.get_image_num_channels(img)
            fill = [float(fill)] * channels if isinstance(fill, (int, float)) else fill
            fill = [float(value) for value in fill]
        return apply_op(img, op_name, magnitude, self.interpolation, fill)

    def drawn(self, img: Any, among: Space, level: Callable[[Any], Any]) -> Any:
        """The image after one of the operations, at the level drawn from its magnitudes."""
        op_name = list(among)[int(torch.randint(len(among), (1,)))]
        magnitudes, signed = among[op_name]
        magnitude = float(magnitudes[level(magnitudes)]) if magnitudes.ndim else 0.0
        if signed and torch.randint(2, (1,)):
            magnitude = -magnitude
        return self.applied(img, op_name, magnitude)

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={getattr(self, name)}" for name in self.options)
        return f"{type(self).__name__}({options})"
