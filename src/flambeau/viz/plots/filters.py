"""What a layer looks for: its weights as pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.nn.module import Module
from flambeau.viz.measures import as_array
from flambeau.viz.plots import mosaic, style
from flambeau.viz.plots.style import Figure


def filters(
    weight: Any,
    *,
    shape: Sequence[int] | None = None,
    limit: int = 16,
    colour: bool = True,
    title: str | None = None,
    path: style.Path = None,
) -> Figure:
    """The filters of a layer as signed images: white is zero, blue below, red above, one scale.

    Filters over three channels are shown in colour (grey is zero), those over one channel as a
    grid, those over more as a table with a row for each output and a column for each input.
    Krizhevsky et al. (2012) drew AlexNet's first layer so, figure 3.

    Args:   weight: (out, in, height, width), or a module that has such a `weight`.
            shape: (channels, height, width) as which the inputs of a fully connected layer are
            seen. limit: how many outputs and inputs a table has at most. colour: False shows
            three channels as a table too. title: instead of what is shown. path: file to write.
    Raises: ValueError for a weight without height and width.

    >>> from flambeau import nn, viz
    >>> figure = viz.filters(nn.Conv2d(1, 6, kernel_size=5))
    >>> figure.axes[0].get_title("left")
    '6 filters of 5 x 5'
    >>> low, high = figure.axes[0].images[0].get_clim()
    >>> low == -high
    True
    """
    weights = _weights(weight, shape)
    outputs, inputs, height, width = weights.shape
    if inputs == 3 and colour:
        figure, axes = _sheet(outputs, height, width)
        colours = 0.5 + weights.transpose(0, 2, 3, 1) / (2 * mosaic.largest(weights))
        mosaic.show_colours(axes, colours, mosaic.columns_for(outputs))
        words = f"{outputs} filters of {height} x {width} in colour"
    elif inputs == 1:
        figure, axes = _sheet(outputs, height, width)
        mosaic.show_signed(figure, axes, weights[:, 0], mosaic.columns_for(outputs))
        words = f"{outputs} filters of {height} x {width}"
    else:
        shown = weights[:limit, :limit]
        rows, columns = shown.shape[:2]
        figure, cells = style.picture(1.2 + 0.32 * columns, 0.6 + 0.32 * rows)
        axes = cells[0, 0]
        tiles = shown.reshape(rows * columns, height, width)
        mosaic.show_signed(figure, axes, tiles, columns)
        axes.set_xlabel(_first("input channel", columns, inputs))
        axes.set_ylabel(_first("filter", rows, outputs))
        words = f"{outputs} filters of {inputs} x {height} x {width}"
    style.title(axes, words if title is None else title)
    return style.finish(figure, path)


def _weights(weight: Any, shape: Sequence[int] | None) -> np.ndarray:
    """Four dimensions of floats, however they were given."""
    if isinstance(weight, Module):
        weight = getattr(weight, "weight", weight)
    if isinstance(weight, Module):
        raise ValueError(f"{type(weight).__name__} has no weight of its own: name a layer in it")
    weights = as_array(weight).astype(np.float64)
    if shape is not None and weights.ndim == 2 and weights.shape[1] == math.prod(shape):
        weights = weights.reshape(len(weights), *shape)
    if weights.ndim != 4 or 0 in weights.shape:
        raise ValueError(
            "filters are drawn from a weight (out, in, height, width). "
            f"Got shape {weights.shape}: of a fully connected layer over images give their shape, "
            "shape=(channels, height, width)"
        )
    return weights


def _sheet(count: int, height: int, width: int) -> tuple[Figure, Any]:
    """A figure that fits a grid of so many tiles, about half an inch each."""
    columns = mosaic.columns_for(count)
    rows = -(-count // columns)
    size = 0.55
    figure, axes = style.picture(
        max(1.1 + size * columns, 3.2), 0.45 + size * rows * height / width
    )
    return figure, axes[0, 0]


def _first(what: str, shown: int, of: int) -> str:
    return f"{what}s" if shown == of else f"the first {shown} of {of} {what}s"
