"""Many small pictures in one, on one scale: signed numbers as colours, or colours as such."""

from __future__ import annotations

from typing import Any

import numpy as np

from flambeau.viz.plots import style
from flambeau.viz.plots.style import Axes, Figure

TILE = 24  # pixels of a small picture at least, so that the gaps between them are thin
SIGNED = "RdBu_r"  # blue below zero, white at zero, red above


def columns_for(count: int, width: float = 1.6) -> int:
    """How many columns make a grid that is about `width` times as wide as it is high.

    >>> from flambeau.viz.plots.mosaic import columns_for
    >>> [columns_for(count) for count in (1, 6, 16, 32, 64)]
    [1, 3, 4, 8, 8]
    """
    ideal = max(1, round((width * count) ** 0.5))
    even = [columns for columns in range(1, count + 1) if count % columns == 0]
    nearest = min(even, key=lambda columns: abs(columns - ideal))
    return nearest if abs(nearest - ideal) <= ideal / 2 else ideal


def mosaic(tiles: np.ndarray, columns: int) -> np.ma.MaskedArray:
    """The tiles row by row, masked where there is none: in the gaps and after the last one.

    Shape:  (N, H, W) or (N, H, W, 3) -> (rows * (k * H + g) + g, columns * (k * W + g) + g [, 3])
            where k is how often a small tile's pixels are repeated, and g the gap.
    """
    tiles = np.ma.masked_invalid(tiles)  # a network that diverged has gaps in its pictures
    zoom = max(1, -(-TILE // min(tiles.shape[1:3])))
    tiles = tiles.repeat(zoom, axis=1).repeat(zoom, axis=2)
    count, height, width = tiles.shape[:3]
    rows = -(-count // columns)
    gap = max(1, round(max(height, width) / 16))
    shape = (rows * (height + gap) + gap, columns * (width + gap) + gap, *tiles.shape[3:])
    whole = np.ma.array(np.zeros(shape, tiles.dtype), mask=True)
    for number, tile in enumerate(tiles):
        top, left = (
            gap + (side + gap) * at for side, at in zip((height, width), divmod(number, columns))
        )
        whole[top : top + height, left : left + width] = tile
    return whole


def show_signed(figure: Figure, axes: Axes, tiles: np.ndarray, columns: int) -> Any:
    """Draw (N, H, W) numbers on one scale that is symmetric about zero, with its colour bar."""
    limit = largest(tiles)
    image = axes.imshow(
        mosaic(tiles, columns), cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest"
    )
    bare(axes)
    axes.set_facecolor(style.GAP)
    bar = figure.colorbar(image, ax=axes, shrink=0.7, aspect=25, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_ticks([-limit, 0, limit], labels=[f"{-limit:.2g}", "0", f"{limit:.2g}"])
    bar.ax.tick_params(length=0, labelsize=style.SMALL)
    return image


def largest(numbers: np.ndarray) -> float:
    """The largest distance from zero among what is finite; 1 when all is zero.

    >>> import numpy as np
    >>> from flambeau.viz.plots.mosaic import largest
    >>> largest(np.array([0.5, -2.0, np.nan]))
    2.0
    """
    return float(np.abs(numbers[np.isfinite(numbers)]).max(initial=0)) or 1.0


def show_colours(axes: Axes, tiles: np.ndarray, columns: int) -> Any:
    """Draw (N, H, W, 3) numbers from 0 to 1 as colours."""
    whole = mosaic(tiles, columns)
    gap = np.ma.getmaskarray(whole)
    pixels = np.where(gap, int(style.GAP[1:3], 16) / 255, whole.filled(0))
    image = axes.imshow(pixels, interpolation="nearest")
    bare(axes)
    return image


def bare(axes: Axes) -> None:
    """No ticks, no frame, no grid: a picture has none of them."""
    axes.grid(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
