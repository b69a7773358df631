"""How drawings leave the library: SVG, DOT, Graphviz's forms, notebooks."""

from __future__ import annotations

import shutil
import stat
import xml.etree.ElementTree as ET

import pytest

import flambeau as torch
from flambeau import viz
from flambeau.viz.graphs.parts import STYLES
from flambeau.viz.graphs.svg import text_width

from .drawings import check_drawing, read_dot, read_svg


@pytest.fixture
def picture():
    w = torch.ones(2, 3, requires_grad=True)
    b = torch.ones(2, requires_grad=True)
    y = torch.tanh(w @ torch.ones(3) + b)
    return viz.graph(y, names={"w": w, "b": b, "y": y})


@pytest.fixture
def no_dot(monkeypatch):
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def false_dot(monkeypatch, tmp_path):
    """A program called dot that answers with its arguments and what it is given."""
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\nexec /bin/cat\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))
    return program


def test_svg_shows_every_box(picture):
    drawing = read_svg(picture.svg("flambeau"))
    check_drawing(drawing)
    assert drawing.kinds == [box.kind for box in picture.boxes]
    assert drawing.texts == [
        ["y [2]"], ["TanhBackward0"], ["0", "1", "AddBackward0"], ["MvBackward0"],
        ["AccumulateGrad"], ["AccumulateGrad"], ["b [2]"], ["w [2, 3]"],
    ]  # fmt: skip
    assert len(drawing.edges) == len(picture.links)


def test_texts_fit_their_boxes(picture):
    drawing = read_svg(picture.svg("flambeau"))
    for rect, texts in zip(drawing.rects, drawing.texts):
        assert rect.right - rect.left >= text_width(texts[-1], 13.0) + 10


def test_edges_begin_at_their_numbers(picture):
    drawing = read_svg(picture.svg("flambeau"))
    add = drawing.rects[2]
    starts = sorted(e[0][0] for e in drawing.edges if abs(e[0][1] - add.bottom) < 0.2)
    width = add.right - add.left
    assert starts == pytest.approx([add.left + width / 4, add.left + 3 * width / 4], abs=0.2)


def test_kinds_look_different():
    assert len({(style.fill, style.line) for style in STYLES.values()}) == len(STYLES)


def test_boxes_tell_where_they_were_recorded(picture):
    hints = ET.fromstring(picture.svg("flambeau")).iter("{http://www.w3.org/2000/svg}title")
    assert any("TanhBackward0\ntest_svg.py:" in hint.text for hint in hints)


def test_pictures_are_reproducible(picture):
    assert picture.svg("flambeau") == picture.svg("flambeau")


def test_dot_is_well_formed(picture):
    labels, edges = read_dot(picture.dot())
    assert labels["n0"] == "{y [2]}" and labels["n2"] == "{AddBackward0|{<a0> 0|<a1> 1}}"
    assert ("n2", "a0", "n3", None) in edges and ("n2", "a1", "n4", None) in edges


@pytest.mark.parametrize("name", ["graph.svg", "graph.SVG", "graph.dot", "graph.gv"])
def test_saved_without_graphviz(picture, no_dot, tmp_path, name):
    picture.save(tmp_path / name)
    text = (tmp_path / name).read_text()
    assert text == (picture.svg() if name.lower().endswith("svg") else picture.dot())
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("graph.png", RuntimeError, "install Graphviz"),
        ("graph.pdf", RuntimeError, "not on the path"),
        ("graph.jpg", ValueError, r"\.dot, \.svg, \.png or \.pdf"),
        ("graph", ValueError, "is none of these"),
    ],
)
def test_what_cannot_be_saved_is_refused(picture, no_dot, tmp_path, name, error, message):
    with pytest.raises(error, match=message):
        picture.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_graphviz_is_asked_for_its_forms(picture, false_dot, tmp_path):
    picture.save(tmp_path / "graph.png")
    assert (tmp_path / "graph.png").read_text() == "-Tpng\n" + picture.dot()
    assert picture.svg() == "-Tsvg\n" + picture.dot()
    assert picture.svg("flambeau").startswith("<svg")


def test_graphviz_may_fail(picture, false_dot):
    false_dot.write_text("#!/bin/sh\necho syntax error >&2\nexit 1\n")
    with pytest.raises(RuntimeError, match="could not draw the graph: syntax error"):
        picture.svg("dot")
    with pytest.raises(ValueError, match="engine is"):
        picture.svg("neato")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws(picture, tmp_path):
    text = picture.svg("dot")
    assert "TanhBackward0" in text and ET.fromstring(text).tag.endswith("svg")
    picture.save(tmp_path / "graph.png")
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


def test_notebooks_show_the_picture(picture, no_dot):
    assert picture._repr_svg_() == picture.svg()
    page = picture._repr_html_()
    assert page.startswith("<div") and picture.svg() in page
