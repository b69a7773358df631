"""Pictures of what a network says about a photograph: its best classes, and where it sees one."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from flambeau.tensor.tensor import Tensor
from flambeau.vision import images
from flambeau.vision.predict import Prediction, photograph

Path = str | os.PathLike[str] | None

_INK, _BAR, _DOTS_PER_INCH = "#222222", "#0072b2", 150
_NAME_LENGTH = 38  # letters of a name beside its bar


def draw_predictions(image: Any, predictions: Sequence[Prediction], path: Path = None) -> Any:
    """The photograph, and beside it the best classes with their scores.

    Args:   image: path, Pillow image or tensor (C, H, W) of bytes or of floats 0..1. predictions:
            from `predict`. path: of a file to write, PNG or SVG. Default: none.
    Returns: a matplotlib figure, which notebooks show.
    Raises: ImportError without matplotlib, with the extra that has it.

    >>> import flambeau as torch
    >>> from flambeau.vision import drawing
    >>> figure = drawing.draw_predictions(torch.rand(3, 8, 8), [drawing.Prediction(12.26, "dog")])
    >>> [text.get_text() for text in figure.axes[1].texts]
    ['12.26 dog']
    """
    pixels = _pixels(image)
    figure = _figure(7.5, 3.6)
    height, width = pixels.shape[:2]
    share = min(0.62, 0.85 * 3.6 * width / height / 7.5)
    photo, bars = figure.subplots(1, 2, width_ratios=[share, 1 - share])
    _show(photo, pixels)
    scores = [prediction.score for prediction in predictions]
    places = range(len(scores))
    bars.barh(places, scores, height=0.28, color=_BAR, align="edge")
    for place, prediction in zip(places, predictions):
        left = min(0.0, prediction.score)
        words = _short(str(prediction))
        bars.text(left, place + 0.36, words, va="top", color=_INK, fontsize=9)
    bars.set_ylim(len(scores), 0)
    bars.set_xlim(min([0.0, *scores]), max([1e-9, *scores]))
    bars.set_axis_off()
    return _finished(figure, path)


def draw_class_map(
    image: Any, scores: Any, window: int | tuple[int, int], title: str = "", path: Path = None
) -> Any:
    """Where a network sees a class: its scores over the image as colours, and the scale of them.

    Each score is at the middle of the window that it is about. Scores of both signs go from blue
    over white to red, 0 is white; scores of one sign, such as probabilities, from pale to dark.

    Args:   image: path, Pillow image or tensor (C, H, W) of bytes or of floats 0..1: what the
            network was shown, as large. scores: (h, w) from `class_map`. window: (height, width) of
            the images that the network was made for, or one number for both. title: above the map.
            path: of a file to write, PNG or SVG. Default: none.
    Returns: a matplotlib figure, which notebooks show.
    Raises: ImportError without matplotlib, with the extra that has it.

    >>> import flambeau as torch
    >>> from flambeau.vision import drawing
    >>> figure = drawing.draw_class_map(torch.rand(1, 60, 44), torch.randn(9, 5), 28, "seven")
    >>> figure.axes[1].get_title(loc="left")
    'seven'
    """
    pixels, values = _pixels(image), np.asarray(scores.detach().cpu().numpy(), np.float64)
    height, width = pixels.shape[:2]
    figure = _figure(7.5, 0.4 + 3.3 * height / width)
    photo, overlay = figure.subplots(1, 2)
    _show(photo, pixels)
    grey = pixels.mean(2) if pixels.ndim == 3 else pixels
    _show(overlay, 128 + grey / 2)  # pale, so that the colours are read as scores
    colours, low, high = _scale(values)
    shown = overlay.imshow(
        values,
        cmap=colours,
        vmin=low,
        vmax=high,
        alpha=0.7,
        extent=_extent(values.shape, (height, width), window),
        interpolation="nearest",
    )
    overlay.set_xlim(0, width)
    overlay.set_ylim(height, 0)
    overlay.set_title(title, loc="left", fontsize=9.5, fontweight="bold", color=_INK)
    bar = figure.colorbar(shown, cax=overlay.inset_axes((1.03, 0, 0.04, 1)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7.5, color="#888888", labelcolor=_INK)
    return _finished(figure, path)


def _scale(values: np.ndarray) -> tuple[str, float, float]:
    """Colour map, smallest and largest value; symmetric around 0 where both signs occur."""
    low, high = float(values.min()), float(values.max())
    if low < 0 < high:
        return "RdBu_r", -max(-low, high), max(-low, high)
    return ("YlOrRd", low, high) if high > 0 else ("YlGnBu_r", low, high)


def _extent(
    cells: tuple[int, ...], size: tuple[int, int], window: int | tuple[int, int]
) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a map whose cells lie at the middles of their windows."""
    spans = []
    for count, side, wide in zip(cells, size, (window,) * 2 if isinstance(window, int) else window):
        step = (side - wide) / (count - 1) if count > 1 else float(wide)
        first = (wide - step) / 2 if count > 1 else (side - wide) / 2
        spans.append((first, first + count * step))
    (top, bottom), (left, right) = spans
    return left, right, bottom, top


def _pixels(image: Any) -> np.ndarray:
    """(H, W, 3) or (H, W) bytes of a picture in any form."""
    if isinstance(image, (str, os.PathLike)):
        image = photograph(image)
    if isinstance(image, Tensor):
        array = image.detach().cpu().numpy().transpose(1, 2, 0)
        if image.is_floating_point():
            array = (array.clip(0, 1) * 255).round().astype(np.uint8)
        return array[:, :, 0] if array.shape[2] == 1 else array
    return images.to_array(image.convert("RGB"))


def _show(axes: Any, pixels: np.ndarray) -> None:
    height, width = pixels.shape[:2]
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, extent=(0, width, height, 0))
    axes.set_axis_off()


def _short(text: str) -> str:
    return text if len(text) <= _NAME_LENGTH else text[: _NAME_LENGTH - 3].rstrip(", ") + "..."


def _figure(width: float, height: float) -> Any:
    """An empty figure without pyplot, so that it is nobody's and needs no closing."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "drawings are made with matplotlib, which is not installed: "
            "pip install 'flambeau[plot]'"
        ) from error

    class Picture(Figure):
        def _repr_png_(self) -> bytes:
            buffer = io.BytesIO()
            self.savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
            return buffer.getvalue()

    figure = Picture(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _finished(figure: Any, path: Path) -> Any:
    if path is not None:
        figure.savefig(path, dpi=_DOTS_PER_INCH)
    return figure
