"""The images that a network gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.tensor.api import torch
from flambeau.viz.measures import as_array
from flambeau.viz.plots import gallery, style
from flambeau.viz.plots.style import Figure


def misclassified(
    images: Any,
    labels: Any,
    scores: Any,
    classes: Sequence[str],
    *,
    count: int = 24,
    columns: int = 8,
    path: style.Path = None,
) -> Figure:
    """The images that are taken for something else, those of which the network is surest first.

    Below each: what it is taken for, with the softmax of its score, and what it is.

    Shape:  images (N, C, H, W) or (N, H, W), labels (N), scores (N, K)
    Args:   classes: K names. count: how many are shown at most. columns: in a row.
            path: file to write.
    Raises: ValueError when the lengths do not fit.

    >>> from flambeau import viz
    >>> scores = torch.tensor([[4.0, 0.0], [3.0, 0.0], [0.0, 1.0]])
    >>> figure = viz.misclassified(torch.rand(3, 5, 5), [0, 1, 0], scores, ["bird", "plane"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['bird (95%)\\nis plane', 'plane (73%)\\nis bird']
    """
    pictures, truth = as_array(images), as_array(labels).astype(np.int64)
    shares = as_array(torch.as_tensor(scores).detach().float().softmax(1))
    if not len(pictures) == len(truth) == len(shares) or shares.shape[1] != len(classes):
        raise ValueError(
            f"{len(pictures)} images, {len(truth)} labels, scores {shares.shape} and "
            f"{len(classes)} class names do not fit together"
        )
    guesses = shares.argmax(1)
    wrong = np.flatnonzero(guesses != truth)
    surest = wrong[np.argsort(-shares[wrong, guesses[wrong]], kind="stable")][:count]
    columns = max(1, min(columns, len(surest)))
    width, height = gallery.size(len(surest), columns)
    figure, axes = style.picture(max(width, 4.5), max(height, 0.8))
    words = [
        f"{short(classes[guesses[i]])} ({shares[i, guesses[i]]:.0%})\nis {short(classes[truth[i]])}"
        for i in surest
    ]
    gallery.show(axes[0, 0], pictures[surest], words, columns, [style.INK] * len(words))
    some = f", the {len(surest)} surest" if len(surest) < len(wrong) else ""
    style.title(axes[0, 0], f"{len(wrong)} of {len(truth)} are taken for something else{some}")
    return style.finish(figure, path)


def short(name: str, length: int = 14) -> str:
    """A name that fits below an image.

    >>> from flambeau.viz.plots.mistakes import short
    >>> short("Samoyed"), short("German short-haired pointer")
    ('Samoyed', 'German short-…')
    """
    return name if len(name) <= length else name[: length - 1].rstrip() + "…"
