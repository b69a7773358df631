"""How every picture looks, and the one place that imports matplotlib.

Colours are Okabe and Ito's, which colour-blind readers tell apart; lines are named in words too.
Nothing is drawn that says nothing: no frames, no background, no decoration.
"""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np

try:
    import matplotlib
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "pictures are drawn with matplotlib, and matplotlib is not installed: "
        "pip install 'flambeau[plot]'",
        name="matplotlib",
    ) from missing

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["Axes", "Figure", "Path", "finish", "keys", "picture", "place"]

Path = str | os.PathLike[str] | None

INK, PALE, GAP = "#222222", "#e4e4e4", "#d0d0d0"
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
SKY, AMBER, BLACK = "#56b4e9", "#e69f00", "#222222"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER, BLACK)
DASHES = ("-", "--", "-.", ":", "-", "--", "-.")  # beside the colour, for paper without it

# What is measured on which images, and how it is drawn wherever it is drawn.
PARTS = {"train": ("training", BLUE), "val": ("validation", GREEN), "test": ("test", ORANGE)}

DOTS_PER_INCH = 150

_SETTINGS: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelcolor": INK,
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=SERIES),
    "grid.color": PALE,
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "text.color": INK,
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
        figure = Picture(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, axes


def place(ax: Axes | None, width: float, height: float) -> tuple[Figure, Axes]:
    """Where to draw: on the axes that the user gave, or on those of a new figure."""
    if ax is None:
        figure, axes = picture(width, height)
        return figure, axes[0, 0]
    figure = ax.get_figure(root=True)
    return figure, ax


def finish(figure: Figure, path: Path) -> Figure:
    """The figure, written to `path` if there is one."""
    if path is not None:
        undated = {"Date": None} if str(path).endswith(".svg") else None
        with matplotlib.rc_context(_SETTINGS):
            figure.savefig(path, dpi=DOTS_PER_INCH, metadata=undated)
    return figure


def keys(axes: Axes, **options: Any) -> None:
    """The names of the lines, without a box around them."""
    axes.legend(frameon=False, handlelength=1.6, **options)
