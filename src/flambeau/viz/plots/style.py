"""How every picture looks.

Colours are Okabe and Ito's, which colour-blind readers tell apart; lines are named in words too.
Nothing is drawn that says nothing: no frames, no background, no decoration.
"""

from __future__ import annotations

import io
import os
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

__all__ = ["Axes", "Figure", "Path", "finish", "keys", "picture", "place", "title", "whole_numbers"]

Path = str | os.PathLike[str] | None

INK, PALE, GAP = "#222222", "#e4e4e4", "#d0d0d0"
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
SKY, AMBER, BLACK = "#56b4e9", "#e69f00", "#222222"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER, BLACK)

# What is measured on which images, and how it is drawn wherever it is drawn.
PARTS = {"train": ("training", BLUE), "val": ("validation", GREEN), "test": ("test", ORANGE)}

DOTS_PER_INCH = 150
SMALL, NORMAL, LARGE = 7.5, 8.5, 9.5  # points

# Read when axes are made; what is read later is said where it is drawn.
_SETTINGS: Any = {
    "axes.labelsize": NORMAL,
    "xtick.labelsize": NORMAL,
    "ytick.labelsize": NORMAL,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=SERIES),
    "grid.color": PALE,
    "grid.linewidth": 0.8,
    "xtick.color": "#888888",
    "ytick.color": "#888888",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "svg.fonttype": "none",  # letters stay letters
    "svg.hashsalt": "flambeau",  # the same picture is the same file
}


class Picture(Figure):
    """A figure that notebooks show as it is, without pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
        return buffer.getvalue()


def picture(
    width: float, height: float, rows: int = 1, columns: int = 1, **options: Any
) -> tuple[Figure, np.ndarray]:
    """A figure of so many inches and its axes, (rows, columns), in the style of all pictures."""
    with matplotlib.rc_context(_SETTINGS):
        figure = Picture(
            figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06)
        )
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, axes


def place(ax: Axes | None, width: float, height: float) -> tuple[Figure, Axes]:
    """Where to draw: on the axes that the user gave, or on those of a new figure."""
    if ax is None:
        figure, axes = picture(width, height)
        return figure, axes[0, 0]
    owner: Any = ax.get_figure(root=True)
    return owner, ax


def finish(figure: Figure, path: Path) -> Figure:
    """The figure, written to `path` if there is one."""
    if path is not None:
        undated = {"Date": None} if str(path).endswith(".svg") else None
        with matplotlib.rc_context(_SETTINGS):
            figure.savefig(path, dpi=DOTS_PER_INCH, metadata=undated)
    return figure


def whole_numbers(axis: Any) -> None:
    """Ticks at whole numbers alone: there is no epoch 2.5."""
    axis.get_major_locator().set_params(integer=True)


def keys(axes: Axes, **options: Any) -> None:
    """The names of the lines, without a box around them."""
    axes.legend(**{"frameon": False, "handlelength": 1.6, "fontsize": NORMAL, **options})


def title(axes: Axes, words: str) -> None:
    """What is seen, above it."""
    axes.set_title(words, loc="left", fontsize=LARGE, fontweight="bold", color=INK)
