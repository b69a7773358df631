"""Images with a line of words below each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.viz.measures import as_array
from flambeau.viz.plots import mosaic, style
from flambeau.viz.plots.style import Axes

CELL, WORDS = 1.0, 0.42  # inches: the side of an image, and the height of the words below


def pixels(images: np.ndarray) -> list[np.ndarray]:
    """What imshow takes: (H, W) grey or (H, W, 3) colour, from 0 to 1.

    Numbers outside of 0..1 (images of mean zero, say) are stretched to it, each image by itself.

    Shape:  (N, H, W), (N, 1, H, W) or (N, 3, H, W)
    Raises: ValueError for any other shape.

    >>> import numpy as np
    >>> from flambeau.viz.plots.gallery import pixels
    >>> pixels(np.array([[[-1.0, 3.0]]]))
    [array([[0., 1.]])]
    """
    if images.ndim == 4 and images.shape[1] == 3:
        images = images.transpose(0, 2, 3, 1)
    elif images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    elif images.ndim != 3:
        raise ValueError(
            "images should have shape (N, H, W) or (N, C, H, W) with 1 or 3 channels. "
            f"Got {images.shape}"
        )
    if images.dtype == np.uint8:
        images = images / 255
    return [_stretched(image.astype(np.float64)) for image in images]


def _stretched(image: np.ndarray) -> np.ndarray:
    low, high = image.min(), image.max()
    if low >= 0 and high <= 1:
        return image
    return (image - low) / (high - low if high > low else 1.0)


def size(count: int, columns: int) -> tuple[float, float]:
    """Inches of a figure for so many images."""
    rows = -(-count // columns)
    return columns * CELL * 1.12, rows * (CELL + WORDS) + 0.2


def show(
    axes: Axes, images: Any, words: Sequence[str], columns: int, colours: Sequence[str]
) -> None:
    """Draw the images row by row, the words below in their colours."""
    across, down = 1.12, 1 + WORDS / CELL  # the distance of neighbours; an image is 1 x 1
    for number, (image, text, colour) in enumerate(zip(pixels(as_array(images)), words, colours)):
        row, column = divmod(number, columns)
        left, top = column * across, row * down
        axes.imshow(
            image,
            extent=(left, left + 1, top + 1, top),
            cmap="gray",
            vmin=0,
            vmax=1,
            interpolation="nearest",
        )
        axes.text(
            left + 0.5,
            top + 1.05,
            text,
            color=colour,
            ha="center",
            va="top",
            size=style.SMALL,
            linespacing=1.1,
        )
    mosaic.bare(axes)
    axes.set_aspect("equal")
    axes.set_xlim(0, columns * across - 0.12)
    axes.set_ylim(max(1, -(-len(words) // columns)) * down, 0)
