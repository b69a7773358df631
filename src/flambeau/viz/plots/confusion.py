"""Which class is taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.viz.measures import as_array, confusion_counts
from flambeau.viz.plots import style
from flambeau.viz.plots.style import Axes, Figure


def confusion_matrix(
    labels: Any,
    predictions: Any,
    classes: Sequence[str],
    *,
    ax: Axes | None = None,
    path: style.Path = None,
) -> Figure:
    """How often each class (row) is taken for each (column), and how many of each are right.

    The colour of a field is its share of the row, so that rare classes are seen as well as
    frequent ones. A perfect network has a dark diagonal and nothing beside it.

    Args:   labels, predictions: class numbers, N of each. classes: K names.
            ax: axes to draw on. path: file to write.
    Raises: ValueError when the lengths differ, or a number is not that of a class.

    >>> from flambeau import viz
    >>> figure = viz.confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], ["bird", "plane"])
    >>> figure.axes[0].get_title("left")
    '3 of 4 right (75.0%)'
    >>> [text.get_text() for text in figure.axes[0].texts]  # of two birds one is taken for a plane
    ['1', '1', '2', '50%', '100%']
    """
    counts = as_array(confusion_counts(labels, predictions, len(classes)))
    size = len(classes)
    inches = min(1.6 + 0.42 * size, 11)
    figure, axes = style.place(ax, inches + 0.5, inches)
    totals = counts.sum(1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    for row, column in np.argwhere(counts) if size <= 30 else []:
        dark = shares[row, column] > 0.5
        axes.text(
            column,
            row,
            str(counts[row, column]),
            ha="center",
            va="center",
            color="white" if dark else style.INK,
            size=8,
        )
    for row in range(size):
        if totals[row]:
            axes.text(
                size - 0.35, row, f"{shares[row, row]:.0%}", va="center", size=8, color="#777777"
            )
    _name(axes, classes)
    right, all_of_them = int(np.trace(counts)), int(counts.sum())
    share = f" ({right / all_of_them:.1%})" if all_of_them else ""
    style.title(axes, f"{right} of {all_of_them} right{share}")
    return style.finish(figure, path)


def _name(axes: Axes, classes: Sequence[str]) -> None:
    """Names at the fields, thin lines between them."""
    size = len(classes)
    long = max(len(str(name)) for name in classes) > 3
    turned: Any = {"rotation": 45, "ha": "right"} if long else {}
    axes.set_xticks(range(size), list(classes), **turned)
    axes.set_yticks(range(size), list(classes))
    axes.set_xticks(np.arange(size - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(size - 1) + 0.5, minor=True)
    axes.grid(False)
    axes.grid(True, which="minor", color=style.PALE, linewidth=0.8)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("is taken for")
    axes.set_ylabel("is")
