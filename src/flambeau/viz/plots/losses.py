"""How the losses of single samples are spread, epoch after epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.viz.measures import as_array
from flambeau.viz.plots import style
from flambeau.viz.plots.style import Figure

LOWEST = 1e-7  # softmax in float32 cannot tell smaller losses from zero
BINS = 40


def loss_distributions(
    train: Sequence[Any],
    test: Sequence[Any] | None = None,
    *,
    epochs: Sequence[int] | None = None,
    path: style.Path = None,
) -> Figure:
    """The distributions of the per-sample losses through the epochs: over-fitting made visible.

    One row an epoch, on one logarithmic scale of losses; each row is as high as its own peak.
    While both distributions move left together the
    network learns; when that of the training samples goes on alone, and that of the test samples
    grows a hump on the right, it over-fits: it gets worse on what it misclassifies (slides of
    chapter 5.6). Losses below 1e-7 are
    counted at the left edge; where they are most, their column is cut off and says how many.
    The short line is the mean.

    Args:   train, test: for each epoch that is shown the losses of all samples, as
            `viz.per_sample_losses` gives them. epochs: their numbers, default 1, 2, ...
            path: file to write.
    Raises: ValueError when the lengths do not fit, or a loss is not a number.

    >>> from flambeau import viz
    >>> losses = [torch.rand(100) / epoch for epoch in (1, 2, 3)]
    >>> figure = viz.loss_distributions(losses, losses, epochs=[1, 5, 25])
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['epoch 1', 'epoch 5', 'epoch 25']
    """
    numbers = list(epochs) if epochs is not None else list(range(1, len(train) + 1))
    parts = {"train": [as_array(losses).ravel() for losses in train]}
    if test is not None:
        parts["test"] = [as_array(losses).ravel() for losses in test]
    for name, rows in parts.items():
        if len(rows) != len(numbers) or not rows:
            raise ValueError(f"{len(rows)} epochs of {name} losses for {len(numbers)} epochs")
        if any(len(row) == 0 or not np.isfinite(row).all() for row in rows):
            raise ValueError(f"every {name} loss of every epoch should be a finite number")

    every = np.concatenate([row for rows in parts.values() for row in rows]).astype(np.float64)
    lowest = max(every.min(), LOWEST)
    edges = np.geomspace(lowest, max(every.max(), 10 * lowest), BINS + 1)
    figure, axes = style.picture(6.2, 0.8 + 0.75 * len(numbers), rows=len(numbers), sharex=True)
    for row, (number, place) in enumerate(zip(numbers, axes[:, 0])):
        peak = 0.0
        for name, rows in parts.items():
            shares = _draw(place, np.clip(rows[row].astype(np.float64), lowest, None), edges, name)
            peak = max(peak, shares[1:].max())
        place.set_xscale("log")
        place.set_xlim(edges[0], edges[-1])
        _cut(place, peak)
        place.set_yticks([])
        place.tick_params(which="both", length=0)
        place.spines["left"].set_visible(False)
        place.set_ylabel(f"epoch {number}", rotation=0, ha="right", va="center")
    style.title(axes[0, 0], "how the losses of single samples are spread")
    style.keys(axes[0, 0], loc="upper left", ncols=2, bbox_to_anchor=(0.08, 1))
    axes[-1, 0].set_xlabel("loss of a sample (short line: the mean)")
    return style.finish(figure, path)


def _draw(axes: style.Axes, losses: np.ndarray, edges: np.ndarray, part: str) -> np.ndarray:
    """Shares of the samples: filled for what was trained on, an outline for the others."""
    shares = np.histogram(losses, edges)[0] / len(losses)
    name, colour = style.PARTS[part]
    if part == "train":
        axes.stairs(shares, edges, fill=True, color=colour, alpha=0.45, label=name, gid=part)
    else:
        axes.stairs(shares, edges, color=colour, linewidth=1.4, label=name, gid=part)
    axes.axvline(losses.mean(), ymax=0.25, color=colour, linewidth=1.6)
    return shares


def _cut(axes: style.Axes, peak: float) -> None:
    """Let the column of the smallest losses not make all others flat."""
    axes.set_ylim(0, 1.15 * peak if peak else None)
    high = axes.get_ylim()[1]
    firsts = [(patch, patch.get_data().values[0]) for patch in axes.patches]
    if any(first > high for _, first in firsts):
        axes.set_ylim(0, 1.7 * peak)  # room for the words
        for line, (patch, first) in enumerate(firsts):
            axes.text(
                0.035,
                0.95 - 0.22 * line,
                f"{first:.0%}",
                transform=axes.transAxes,
                color=style.PARTS[patch.get_gid()][1],
                size=style.SMALL,
                va="top",
            )
