"""Turning, shearing and tilting: where each pixel of the result lies in the image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np

from flambeau.core import dtypes
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision import images
from flambeau.vision.transforms.functional.convert import pil_to_tensor, to_pil_image
from flambeau.vision.transforms.functional.geometry import fill_of_image
from flambeau.vision.transforms.functional.interpolation import (
    InterpolationMode,
    mode_of,
    pillow_number,
)
from flambeau.vision.transforms.functional.sampling import IDENTITY, read_at
from flambeau.vision.transforms.functional.size import get_dimensions


def rotate(
    img: Any,
    angle: float,
    interpolation: Any = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Any:
    """An image turned about its centre, or another point, anticlockwise.

    Shape:  Pillow image or tensor (..., C, H, W) -> the same, or larger with `expand`
    Args:   angle: in degrees. interpolation: an InterpolationMode or Pillow's number; tensors know
            nearest and bilinear. expand: make room for the whole image, turned about its centre.
            center: (x, y) from the upper left corner. fill: of what lies outside of the image, one
            number or one a channel.
    Raises: TypeError or ValueError for other arguments.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.rotate(torch.tensor([[[1, 2], [3, 4]]]), 90)
    tensor([[[2, 4],
             [1, 3]]])
    """
    mode = mode_of(interpolation)
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    _check_center(center)
    _, height, width = get_dimensions(img)
    if not isinstance(img, Tensor):
        colour = fill_of_image(fill, img)
        return img.rotate(angle, pillow_number(mode), expand, center, fillcolor=colour)
    # `affine` turns clockwise, this anticlockwise.
    matrix = _inverse_affine(_from_middle(center, width, height), -angle)
    size = _size_of_turned(matrix, height, width) if expand else (height, width)
    return read_at(img, matrix, size, mode, fill)


def affine(
    img: Any,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Any,
    interpolation: Any = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Any:
    """An image sheared, scaled and turned clockwise about its centre, then moved.

    Shape:  Pillow image or tensor (..., C, H, W) -> the same
    Args:   angle: in degrees. translate: (to the right, down) in pixels. scale: > 0. shear: degrees
            along x, or (along x, along y). interpolation: an InterpolationMode or Pillow's number;
            tensors know nearest and bilinear. fill: of what lies outside of the image, one number
            or one a channel. center: (x, y) from the upper left corner. Default the middle.
    Raises: TypeError or ValueError for other arguments.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> functional.affine(torch.tensor([[[1, 2], [3, 4]]]), 0, (1, 0), scale=1, shear=0)
    tensor([[[0, 1],
             [0, 3]]])
    """
    mode = mode_of(interpolation)
    shears = _check_affine(angle, translate, scale, shear)
    _check_center(center)
    _, height, width = get_dimensions(img)
    if not isinstance(img, Tensor):
        middle = (width * 0.5, height * 0.5) if center is None else center
        matrix = _inverse_affine(middle, angle, translate, scale, shears)
        return _transform_image(img, "AFFINE", matrix, mode, fill)
    middle = _from_middle(center, width, height)
    matrix = _inverse_affine(middle, angle, translate, scale, shears)
    return read_at(img, matrix, (height, width), mode, fill)


def perspective(
    img: Any,
    startpoints: Sequence[Sequence[int]],
    endpoints: Sequence[Sequence[int]],
    interpolation: Any = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """An image seen at a slant: four of its points come to lie at four others.

    Shape:  Pillow image or tensor (..., C, H, W) -> the same
    Args:   startpoints, endpoints: (x, y) of the top left, top right, bottom right and bottom left
            before and after. interpolation: an InterpolationMode or Pillow's number; tensors know
            nearest and bilinear. fill: of what lies outside of the image, one number or one a
            channel.
    Raises: TypeError or ValueError for other arguments.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> corners = [[0, 0], [1, 0], [1, 1], [0, 1]]
    >>> mirrored = [[1, 0], [0, 0], [0, 1], [1, 1]]
    >>> functional.perspective(torch.tensor([[[1, 2], [3, 4]]]), corners, mirrored, fill=9)
    tensor([[[1, 9],
             [3, 9]]])
    """
    mode = mode_of(interpolation)
    coefficients = _perspective_coefficients(startpoints, endpoints)
    _, height, width = get_dimensions(img)
    if not isinstance(img, Tensor):
        return _transform_image(img, "PERSPECTIVE", coefficients, mode, fill)
    return read_at(img, [*coefficients, 1.0], (height, width), mode, fill)


def elastic_transform(
    img: Any,
    displacement: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """An image whose every pixel is read a little beside its place.

    Shape:  Pillow image or tensor (..., C, H, W), displacement (1, H, W, 2) -> the same
    Args:   displacement: (to the right, down), where the image reaches from -1 to 1 in both.
            interpolation: an InterpolationMode or Pillow's number; nearest or bilinear. fill: of
            what lies outside of the image, one number or one a channel.
    Raises: TypeError or ValueError for other arguments.

    >>> import flambeau as torch
    >>> from flambeau.vision.transforms import functional
    >>> a_pixel_on = torch.tensor([1.0, 0.0]).expand(1, 2, 2, 2)
    >>> functional.elastic_transform(torch.tensor([[[1, 2], [3, 4]]]), a_pixel_on)
    tensor([[[2, 0],
             [4, 0]]])
    """
    mode = mode_of(interpolation)
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    _, height, width = get_dimensions(img)
    if tuple(displacement.shape) != (1, height, width, 2):
        raise ValueError(
            f"Argument displacement shape should be {(1, height, width, 2)}, "
            f"but given {tuple(displacement.shape)}"
        )
    # Pillow has no such map.
    tensor = img if isinstance(img, Tensor) else pil_to_tensor(img)
    y = read_at(tensor, IDENTITY, (height, width), mode, fill, displacement)
    return y if isinstance(img, Tensor) else to_pil_image(y, img.mode)


def _check_center(center: Any) -> None:
    if center is not None and not isinstance(center, (list, tuple)):
        raise TypeError("Argument center should be a sequence")


def _check_affine(angle: Any, translate: Any, scale: float, shear: Any) -> list[float]:
    """Refuses arguments that are no affine map; the shears along x and y."""
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    if not isinstance(translate, (list, tuple)):
        raise TypeError("Argument translate should be a sequence")
    if len(translate) != 2:
        raise ValueError("Argument translate should be a sequence of length 2")
    if scale <= 0:
        raise ValueError("Argument scale should be positive")
    if isinstance(shear, Number):
        return [shear, 0.0]  # type: ignore[list-item]
    if not isinstance(shear, (list, tuple)):
        raise TypeError("Shear should be either a single value or a sequence of two values")
    if len(shear) == 1:
        return [shear[0], shear[0]]
    if len(shear) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shear}")
    return list(shear)


def _from_middle(center: Sequence[float] | None, width: int, height: int) -> list[float]:
    """(x, y) counted from the middle of the image, as tensors are read."""
    if center is None:
        return [0.0, 0.0]
    return [center[0] - width * 0.5, center[1] - height * 0.5]


def _inverse_affine(
    center: Sequence[float],
    angle: float,
    translate: Sequence[float] = (0.0, 0.0),
    scale: float = 1.0,
    shear: Sequence[float] = (0.0, 0.0),
) -> list[float]:
    """(a, b, c, d, e, f): the result shows at (x, y) the image at (a x + b y + c, d x + e y + f).

    The way forth is y = M (x - center) + center + translate with M = scale R(angle) S_y S_x, where
    the shears S_x = [1, -tan; 0, 1] and S_y = [1, 0; -tan, 1] leave areas alone, so the inverse of
    M / scale needs no determinant.
    """
    turn, along_x, along_y = math.radians(angle), *(math.radians(part) for part in shear)
    m00 = math.cos(turn - along_y) / math.cos(along_y)
    m01 = -m00 * math.tan(along_x) - math.sin(turn)
    m10 = math.sin(turn - along_y) / math.cos(along_y)
    m11 = -m10 * math.tan(along_x) + math.cos(turn)
    rows = [[m11 / scale, -m01 / scale], [-m10 / scale, m00 / scale]]
    x, y = (-center[0] - translate[0], -center[1] - translate[1])
    result: list[float] = []
    for (a, b), origin in zip(rows, center):
        result += [a, b, a * x + b * y + origin]
    return result


def _perspective_coefficients(
    startpoints: Sequence[Sequence[int]], endpoints: Sequence[Sequence[int]]
) -> list[float]:
    """The eight numbers of ((a x + b y + c) / (g x + h y + 1), (d x + e y + f) / (g x + h y + 1)),
    which takes the endpoints back to the startpoints.
    """
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            f"Please provide exactly four corners, got {len(startpoints)} startpoints and "
            f"{len(endpoints)} endpoints."
        )
    equations = []
    for (x, y), (u, v) in zip(endpoints, startpoints):
        equations.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        equations.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    # Least squares: corners that coincide leave the map undetermined, not undefined.
    left = torch.tensor(equations, dtype=dtypes.float64)
    right = torch.tensor(startpoints, dtype=dtypes.float64).reshape(8, 1)
    solution: list[float] = torch.linalg.lstsq(left, right).solution.flatten().float().tolist()
    return solution


def _size_of_turned(matrix: list[float], height: int, width: int) -> tuple[int, int]:
    """(height, width) of whole pixels that the image covers once it is turned."""
    corners = np.array(
        [[x, y, 1] for x in (-width / 2, width / 2) for y in (-height / 2, height / 2)]
    )
    places = corners.astype(np.float32) @ np.array(matrix, np.float32).reshape(2, 3).T
    places += np.array([width / 2, height / 2], np.float32)
    # What rounding added beyond a whole pixel is cut off first.
    ends = np.trunc(np.stack([places.min(0), places.max(0)]) / 1e-4) * 1e-4
    across, down = np.ceil(ends[1]) - np.floor(ends[0])
    return int(down), int(across)


def _transform_image(img: Any, kind: str, data: list[float], mode: Any, fill: Any) -> Any:
    method = images.pillow().Transform[kind]
    colour = fill_of_image(fill, img)
    return img.transform(img.size, method, data, pillow_number(mode), fillcolor=colour)
