"""Designs side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from flambeau.viz.plots import style
from flambeau.viz.plots.style import Axes, Figure


def comparison(
    designs: Mapping[str, Mapping[str, float]],
    *,
    lowest: float | None = None,
    ax: Axes | None = None,
    path: style.Path = None,
) -> Figure:
    """Training and validation accuracy of several designs as bars, as the book's figure 8.13.

    There: baseline, width, l2 reg, dropout, batch_norm, depth, res and res deep on birds and
    airplanes. The gap between a design's two bars is its over-fitting.

    Args:   designs: by name a mapping from `train`, `val` or `test` to an accuracy in 0..1.
            lowest: where the bars begin; by default at a full tenth below the lowest of them, for
            the differences are small. ax: axes to draw on. path: file to write.
    Raises: ValueError without designs, or when one lacks what another has.

    >>> from flambeau import viz
    >>> figure = viz.comparison({
    ...     "baseline": {"train": 0.94, "val": 0.89},
    ...     "dropout": {"train": 0.90, "val": 0.90},
    ... })
    >>> [container.get_label() for container in figure.axes[0].containers]
    ['training', 'validation']
    >>> [float(end) for end in figure.axes[0].get_ylim()]
    [0.8, 1.0]
    """
    parts = [part for part in style.PARTS if any(part in results for results in designs.values())]
    for name, results in designs.items():
        if set(results) != set(parts):
            raise ValueError(
                f"the designs should all have the same of {list(style.PARTS)}. "
                f"{name!r} has {list(results)}, together they have {parts}"
            )
    if not parts:
        raise ValueError("there is nothing to compare: no design has an accuracy")
    figure, axes = style.place(ax, max(3.6, 1.2 + 0.85 * len(designs)), 3.4)
    width = 0.8 / len(parts)
    places = np.arange(len(designs))
    for number, part in enumerate(parts):
        name, colour = style.PARTS[part]
        heights = [float(results[part]) for results in designs.values()]
        middles = places + (number - (len(parts) - 1) / 2) * width
        bars = axes.bar(middles, heights, width * 0.94, color=colour, label=name)
        axes.bar_label(bars, [f"{height:.3f}" for height in heights], size=6.5, padding=1.5)
    least = min(float(value) for results in designs.values() for value in results.values())
    bottom = lowest if lowest is not None else _tenth_below(least)
    axes.set_ylim(bottom, 1)
    axes.locator_params(axis="y", nbins=5)
    axes.set_xticks(places, list(designs))
    axes.tick_params(axis="x", length=0)
    axes.grid(False, axis="x")
    axes.set_ylabel("accuracy")
    style.keys(axes, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(parts))
    return style.finish(figure, path)


def _tenth_below(accuracy: float) -> float:
    """The nearest full tenth that is truly lower; 0 for 0."""
    return max(0, math.ceil(round(accuracy * 10, 6)) - 1) / 10
