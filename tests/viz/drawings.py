"""What the tests of drawings share: a reader of DOT, a reader of SVG, and what both must fulfil."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from typing import NamedTuple

SVG = "{http://www.w3.org/2000/svg}"
NODE = re.compile(r'  (n\d+) \[label="((?:[^"\\]|\\.)*)"(?:, \w+="[^"]*")*\];')
EDGE = re.compile(r"  (n\d+)(?::(a\d+):s)? -> (n\d+)(?::(o\d+):n)?;")
SETTING = re.compile(r'  (graph|node|edge) \[\w+=("[^"]*"|[\w.]+)(, \w+=("[^"]*"|[\w.]+))*\];')


def read_dot(text: str) -> tuple[dict[str, str], list[tuple[str, str | None, str, str | None]]]:
    """Labels by node and edges with their ports. Every line must be one that DOT knows here."""
    first, *lines, last = text.rstrip("\n").split("\n")
    assert first == "digraph autograd {" and last == "}"
    labels: dict[str, str] = {}
    edges = []
    for line in lines:
        if node := NODE.fullmatch(line):
            check_record(node[2])
            labels[node[1]] = node[2]
        elif edge := EDGE.fullmatch(line):
            edges.append(edge.groups())
        else:
            assert SETTING.fullmatch(line), line
    for source, leaves, target, enters in edges:
        for name, port in ((source, leaves), (target, enters)):
            assert port is None or f"<{port}>" in labels[name]
    return labels, edges


def check_record(label: str) -> None:
    """Braces of a record's label nest, and ports are named once."""
    depth = 0
    for sign in re.findall(r"(?<!\\)[{}]", label):
        depth += 1 if sign == "{" else -1
        assert depth >= 0
    assert depth == 0
    ports = re.findall(r"(?<!\\)<(\w+)>", label)
    assert len(ports) == len(set(ports))


class Rect(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


class Drawing(NamedTuple):
    """Classes, frames and texts of the boxes; points of the edges, corners of their curves."""

    kinds: list[str]
    rects: list[Rect]
    texts: list[list[str]]
    edges: list[list[tuple[float, float]]]
    width: float
    height: float


def read_svg(text: str) -> Drawing:
    """The parts of an SVG picture of our own."""
    root = ET.fromstring(text)
    groups = {g.get("class"): g for g in root.findall(f"{SVG}g") if g.get("class") == "edges"}
    boxes = [g for g in root.findall(f"{SVG}g") if g.find(f"{SVG}rect") is not None]
    rects = []
    for box in boxes:
        rect = box.find(f"{SVG}rect")
        x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        rects.append(Rect(x, y, x + w, y + h))
    return Drawing(
        [box.get("class") for box in boxes],
        rects,
        [[t.text for t in box.findall(f"{SVG}text")] for box in boxes],
        [points(path.get("d")) for path in groups["edges"].findall(f"{SVG}path")],
        float(root.get("width")),
        float(root.get("height")),
    )


def points(path: str) -> list[tuple[float, float]]:
    """The corners of a path of M, V and C, with those that steer its curves."""
    found: list[tuple[float, float]] = []
    for letter, numbers in re.findall(r"([MVC])([^MVC]*)", path):
        values = [float(n) for n in numbers.split()]
        if letter == "V":
            found.append((found[-1][0], values[0]))
        else:
            found += zip(values[::2], values[1::2])
    return found


def check_drawing(drawing: Drawing) -> None:
    """Boxes lie apart and inside the picture; edges lead downwards and around boxes."""
    rects = drawing.rects
    for i, a in enumerate(rects):
        assert a.left >= 0 and a.right <= drawing.width
        assert a.top >= 0 and a.bottom <= drawing.height
        for b in rects[:i]:
            assert a.right < b.left or b.right < a.left or a.bottom < b.top or b.bottom < a.top
    for edge in drawing.edges:
        heights = [y for _, y in edge]
        assert heights == sorted(heights)
        for x, y in samples(edge):
            inside = [r for r in rects if _inside(x, y, r)]
            assert not inside, (x, y, inside)


def _inside(x: float, y: float, r: Rect, slack: float = 0.2) -> bool:
    """Whether a point lies in a box; coordinates are rounded to one decimal."""
    return r.left + slack < x < r.right - slack and r.top + slack < y < r.bottom - slack


def samples(edge: list[tuple[float, float]]):
    """Points along an edge: every straight or curved piece lies between two of its corners."""
    for (x0, y0), (x1, y1) in itertools.pairwise(edge):
        if x0 == x1:
            for i in range(1, 10):
                yield x0, y0 + (y1 - y0) * i / 10
        else:  # the flat middle of an S
            for i in range(1, 10):
                yield x0 + (x1 - x0) * i / 10, y0 + (y1 - y0) * i / 10
