"""How optimisers walk down a surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import BoundaryNorm
from matplotlib.patheffects import withStroke

from flambeau.tensor.api import torch
from flambeau.viz.measures import as_array, optimizer_path
from flambeau.viz.plots import style
from flambeau.viz.plots.style import Axes, Figure

POINTS, LEVELS = 200, 18


def optimizer_paths(
    function: Callable[[Any, Any], Any],
    optimizers: Mapping[str, Callable[[list[Any]], Any]],
    start: Sequence[float],
    *,
    steps: int = 50,
    bounds: tuple[tuple[float, float], tuple[float, float]] | None = None,
    ax: Axes | None = None,
    path: style.Path = None,
) -> Figure:
    """The steps of optimisers on a surface f(x, y), over its contour lines.

    A large step bounces between the walls of a narrow valley, momentum carries along it, Adam
    scales each direction by itself (chapter 5.2). As many points of the picture lie between each
    two neighbouring contours, so that a flat valley is seen below steep walls. Dots are steps,
    up to a hundred of them.

    Args:   function: of two tensors, of any one shape. optimizers: by name, a function from a list
            of parameters to an optimiser. start: the first point. steps: of each, default 50.
            bounds: ((left, right), (bottom, top)); by default what all paths need.
            ax: axes to draw on. path: file to write.

    >>> from flambeau import optim, viz
    >>> def valley(x, y): return x**2 + 20 * y**2
    >>> figure = viz.optimizer_paths(valley, {"SGD": lambda p: optim.SGD(p, lr=0.04)}, (4, 1))
    >>> (line,) = figure.axes[0].lines
    >>> line.get_label(), line.get_xydata().shape
    ('SGD', (51, 2))
    """
    walks = {
        name: as_array(optimizer_path(function, factory, start, steps))
        for name, factory in optimizers.items()
    }
    figure, axes = style.place(ax, 5.6, 4.2)
    limits = bounds or _bounds(np.concatenate([np.array([start], float), *walks.values()]))
    _contours(axes, function, limits)
    for number, (name, walk) in enumerate(walks.items()):
        axes.plot(
            *walk.T,
            color=style.SERIES[number % len(style.SERIES)],
            linewidth=1.5,
            marker="o" if len(walk) <= 101 else None,
            markersize=2.8,
            label=name,
        )
    x, y = (float(each) for each in start)
    axes.scatter(x, y, s=60, facecolor="white", edgecolor=style.INK, linewidth=1.4, zorder=4)
    axes.annotate(
        "start",
        (x, y),
        xytext=(0, 7),
        textcoords="offset points",
        ha="center",
        size=style.NORMAL,
        path_effects=[withStroke(linewidth=3, foreground="white")],
        zorder=5,
    )
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    axes.grid(False)
    if walks:
        style.keys(axes)
    return style.finish(figure, path)


def _bounds(points: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """All points and a margin around them."""
    low, high = points.min(0), points.max(0)
    margin = 0.15 * np.maximum(high - low, 0.25 * (high - low).max(initial=1e-3))
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return (left, right), (bottom, top)


def _contours(axes: Axes, function: Callable[[Any, Any], Any], limits: Any) -> None:
    """Lines of equal value, at the quantiles of the values in the picture."""
    x, y = np.meshgrid(*(np.linspace(low, high, POINTS) for low, high in limits))
    with torch.no_grad():
        values = as_array(function(torch.from_numpy(x), torch.from_numpy(y)))
    values = np.broadcast_to(values, x.shape)
    finite = values[np.isfinite(values)]
    levels = np.unique(np.quantile(finite, np.linspace(0, 1, LEVELS))) if len(finite) else []
    if len(levels) > 1:  # a constant function has no contours
        shades = BoundaryNorm(levels, 256)  # a shade for each stripe, however unlike their widths
        axes.contourf(x, y, values, levels=levels, cmap="Greys", norm=shades, alpha=0.22)
        axes.contour(x, y, values, levels=levels, colors="#b8b8b8", linewidths=0.6)
