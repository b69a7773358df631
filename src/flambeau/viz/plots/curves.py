"""Loss and error from epoch to epoch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flambeau.viz import log
from flambeau.viz.plots import style
from flambeau.viz.plots.style import Axes, Figure

Records = Sequence[Mapping[str, Any]]


def curves(
    run: str | os.PathLike[str] | Records, *, log_loss: bool = False, path: style.Path = None
) -> Figure:
    """Training and test loss, and error, by epoch, as on the slides of chapter 5.6.

    While the test error still goes down the test loss may rise: it gets worse on what is
    misclassified, and falls less on what is being fixed.

    Args:   run: the folder of a run, or its records: mappings with `epoch` and any of
            `train_loss`, `val_loss`, `test_loss`, and `..._error` or `..._accuracy`, as
            `flambeau train` and `viz.Log` write them. log_loss: a logarithmic scale for the loss.
            path: file to write.
    Raises: ValueError when no record has a loss or an error; OSError when there is no log.

    >>> from flambeau import viz
    >>> records = [
    ...     {"epoch": 1, "train_loss": 0.9, "test_loss": 1.0, "test_accuracy": 0.75},
    ...     {"epoch": 2, "train_loss": 0.4, "test_loss": 0.6, "test_accuracy": 0.80},
    ... ]
    >>> figure = viz.curves(records)
    >>> [(axes.get_title("left"), len(axes.lines)) for axes in figure.axes]
    [('loss', 2), ('error', 1)]
    """
    records = log.read(run) if isinstance(run, (str, os.PathLike)) else list(run)
    found = {"loss": losses(records), "error": errors(records)}
    drawn = {title: lines for title, lines in found.items() if lines}
    if not drawn:
        known = sorted({key for record in records for key in record})
        raise ValueError(
            "there is nothing to draw: no record has a train_, val_ or test_ loss, error or "
            f"accuracy. {len(records)} records have the keys {known}"
        )
    figure, axes = style.picture(3.7 * len(drawn), 2.8, columns=len(drawn))
    for place, (title, lines) in zip(axes[0], drawn.items()):
        draw(place, lines)
        style.title(place, title)
    if "loss" in drawn and log_loss:
        axes[0, 0].set_yscale("log")
    elif "loss" in drawn and not any((rows[:, 1] < 0).any() for rows in drawn["loss"].values()):
        axes[0, 0].set_ylim(bottom=0)
    if "error" in drawn:
        axes[0, -1].set_ylim(bottom=0)
        axes[0, -1].yaxis.set_major_formatter(lambda value, position: f"{value:.4g}%")
    return style.finish(figure, path)


def losses(records: Records) -> dict[str, np.ndarray]:
    """For each part of the data its (epoch, loss) rows."""
    return _rows(records, lambda record, part: record.get(f"{part}_loss"))


def errors(records: Records) -> dict[str, np.ndarray]:
    """For each part of the data its (epoch, error in per cent) rows; accuracies count too.

    >>> from flambeau.viz.plots.curves import errors
    >>> errors([{"epoch": 1, "test_accuracy": 0.75}])
    {'test': array([[ 1., 25.]])}
    """

    def error(record: Mapping[str, Any], part: str) -> float | None:
        if f"{part}_error" in record:
            return 100 * float(record[f"{part}_error"])
        if f"{part}_accuracy" in record:
            return 100 * (1 - float(record[f"{part}_accuracy"]))
        return None

    return _rows(records, error)


def _rows(records: Records, value: Any) -> dict[str, np.ndarray]:
    found = {}
    for part in style.PARTS:
        rows = [
            (record.get("epoch", number + 1), value(record, part))
            for number, record in enumerate(records)
            if value(record, part) is not None
        ]
        if rows:
            found[part] = np.array(rows, dtype=np.float64)
    return found


def draw(axes: Axes, lines: Mapping[str, np.ndarray]) -> None:
    """One line for each part of the data, over epochs that are whole numbers."""
    for part, rows in lines.items():
        name, colour = style.PARTS[part]
        dots = "o" if len(rows) < 25 else None  # a single epoch is seen too
        axes.plot(rows[:, 0], rows[:, 1], color=colour, label=name, marker=dots, lw=1.8, ms=3.5)
    axes.set_xlabel("epoch")
    style.whole_numbers(axes.xaxis)
    style.keys(axes)
