"""Drawings of predictions and class maps: what is in them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="drawings are made with matplotlib: not installed")

import flambeau as torch
from flambeau.vision import drawing
from flambeau.vision.predict import Prediction

BEST = [Prediction(12.26, "Weimaraner"), Prediction(10.95, "Chesapeake Bay retriever")]
LONG = Prediction(9.31, "American Staffordshire terrier, Staffordshire terrier, pit bull terrier")


def bytes_image():
    return torch.arange(3 * 20 * 30).remainder(256).view(3, 20, 30).to(torch.uint8)


def test_predictions_beside_the_photograph():
    figure = drawing.draw_predictions(bytes_image(), [*BEST, LONG])
    photo, bars = figure.axes
    assert np.array_equal(photo.images[0].get_array(), bytes_image().permute(1, 2, 0).numpy())
    assert [text.get_text() for text in bars.texts] == [
        "12.26 Weimaraner",
        "10.95 Chesapeake Bay retriever",
        "9.31 American Staffordshire terrier...",
    ]
    assert [bar.get_width() for bar in bars.patches] == [12.26, 10.95, 9.31]


def test_every_form_of_a_picture():
    expected = drawing.draw_predictions(bytes_image(), BEST).axes[0].images[0].get_array()
    floats = drawing.draw_predictions(bytes_image() / 255, BEST).axes[0].images[0].get_array()
    assert np.array_equal(floats, expected)
    image = pytest.importorskip("PIL.Image", reason="Pillow images: not installed")
    photo = image.fromarray(bytes_image().permute(1, 2, 0).numpy())
    shown = drawing.draw_predictions(photo, BEST).axes[0].images[0].get_array()
    assert np.array_equal(shown, expected)
    grey = drawing.draw_predictions(bytes_image()[:1], BEST).axes[0].images[0].get_array()
    assert grey.shape == (20, 30)


@pytest.mark.parametrize("name", ["best.png", "best.svg"])
def test_files(tmp_path, name):
    drawing.draw_predictions(bytes_image(), BEST, tmp_path / name)
    written = (tmp_path / name).read_bytes()
    assert written.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")


@pytest.mark.parametrize(
    "scores, colours, limits",
    [
        ([[-1.0, 2.0], [0.5, 0.0]], "RdBu_r", (-2, 2)),
        ([[0.25, 1.0], [0.5, 0.75]], "YlOrRd", (0.25, 1)),
        ([[-0.25, -1.0], [-0.5, -0.75]], "YlGnBu_r", (-1, -0.25)),
    ],
)
def test_colours_of_a_class_map(scores, colours, limits):
    figure = drawing.draw_class_map(bytes_image(), torch.tensor(scores), 12, "dog")
    _, overlay, *_ = figure.axes
    shown = overlay.images[-1]
    assert shown.get_cmap().name == colours and shown.get_clim() == limits
    assert np.array_equal(shown.get_array(), scores)
    assert overlay.get_title(loc="left") == "dog"


def test_scores_lie_at_the_middles_of_their_windows():
    """20 x 30 pixels, windows of 12 x 12 at steps of 4 and 6: middles at 6, 10, 14 and 6 .. 24."""
    figure = drawing.draw_class_map(bytes_image(), torch.rand(3, 4), 12)
    left, right, bottom, top = figure.axes[1].images[-1].get_extent()
    assert (top, bottom) == (4, 16) and (left, right) == (3, 27)
    single = drawing.draw_class_map(bytes_image(), torch.rand(1, 1), (20, 30))
    assert single.axes[1].images[-1].get_extent() == [0, 30, 20, 0]


def test_a_notebook_shows_it():
    assert drawing.draw_predictions(bytes_image(), BEST)._repr_png_().startswith(b"\x89PNG")
