"""A drawing as SVG, without help of any other program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from flambeau.viz.graphs.layers import Edge
from flambeau.viz.graphs.layout import Layout, Point, layout
from flambeau.viz.graphs.parts import ACCUMULATE, LEAF, REFERENCE, RESULT, STYLES, Face, Link

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
TITLE, SMALL = 13.0, 11.0  # sizes of letters
LINE, PAD = 1.3, 10.0  # height of a line in letters, room beside the text
STRIP = 15.0  # height of a row of numbers
CELL = 22.0  # least width of a number's cell
ARROW = 7.0
EDGE_COLOUR = "#5f6b7a"

# Widths of Helvetica's letters in thousandths of the size of the font.
_WIDTHS = (
    (222, "ijl'"),
    (278, "ftI .,:;/[]!|·"),
    (333, "r()-{}"),
    (500, "ckszvxyJ"),
    (556, "abdeghnopqu0123456789_L#?$"),
    (611, "FTZ"),
    (667, "AEKPSVXYB&"),
    (722, "wCDHNRU"),
    (778, "GOQ"),
    (833, "mM"),
    (944, "W%"),
)
_WIDTH_OF = {letter: width for width, letters in _WIDTHS for letter in letters}


def text_width(text: str, size: float) -> float:
    """The width of a line of text, roughly: a viewer without Helvetica takes another font.

    >>> from flambeau.viz.graphs.svg import text_width
    >>> round(text_width("MvBackward0", 10.0))
    63
    """
    units = sum(_WIDTH_OF.get(letter, 600) for letter in text)
    return units * size / 1000


def face_size(face: Face) -> Point:
    """Width and height of a box."""
    widths = [text_width(face.lines[0], TITLE)]
    widths += [text_width(line, SMALL) for line in face.lines[1:]]
    cells = max(len(face.arguments), len(face.outputs)) * CELL
    strips = bool(face.arguments) + bool(face.outputs)
    height = TITLE * LINE + (len(face.lines) - 1) * SMALL * LINE + 8.0 + STRIP * strips
    return max(1.1 * max(widths) + 2 * PAD, cells), height


def edges_of(faces: Sequence[Face], links: Sequence[Link]) -> list[Edge]:
    """Links with the places where they leave and enter boxes, as the layout wants them."""
    heavy = {link.source for link in links if not _is_light(faces[link.target])}
    edges = []
    for link in links:
        source, target = faces[link.source], faces[link.target]
        edges.append(
            Edge(
                link.source,
                link.target,
                _place(link.argument, source.arguments),
                _place(link.output, target.outputs),
                light=link.source in heavy and _is_light(target),
            )
        )
    return edges


def _is_light(face: Face) -> bool:
    return face.box.kind in (ACCUMULATE, LEAF, REFERENCE)


def _place(number: int | None, numbers: list[int]) -> float:
    """The middle of a number's cell, -0.5 to 0.5; the middle of the box where there is none."""
    if number is None or not numbers:
        return 0.0
    return (numbers.index(number) + 0.5) / len(numbers) - 0.5


def svg(faces: Sequence[Face], links: Sequence[Link]) -> str:
    """The text of an SVG picture."""
    sizes = [face_size(face) for face in faces]
    placed = layout(sizes, edges_of(faces, links))
    width, height = placed.width, placed.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" font-family="{FONT}" text-anchor="middle">',
        f'<rect width="{_n(width)}" height="{_n(height)}" fill="#ffffff"/>',
        *_edges(placed),
    ]
    for face, place, size in zip(faces, placed.places, sizes):
        parts.append(_box(face, place, size))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _edges(placed: Layout) -> Iterator[str]:
    """Lines in one group, points of arrows in another; arrows end upright on their boxes."""
    yield f'<g class="edges" fill="none" stroke="{EDGE_COLOUR}" stroke-width="1.2">'
    for route in placed.routes:
        yield f'<path d="{_curve(route)}"/>'
    yield "</g>"
    yield f'<g class="arrows" fill="{EDGE_COLOUR}">'
    for route in placed.routes:
        x, y = route[-1]
        yield f'<path d="M{_n(x)} {_n(y)}l-3.2 {_n(-ARROW)}h6.4z"/>'
    yield "</g>"


def _curve(route: Sequence[Point]) -> str:
    """Straight through rows, an S between them where the edge leads to the side."""
    (x, y), *points = [*route[:-1], (route[-1][0], route[-1][1] - ARROW + 1)]
    words = [f"M{_n(x)} {_n(y)}"]
    for i, (to_x, to_y) in enumerate(points):
        to_y = min(to_y, points[-1][1])
        if abs(to_x - x) < 0.05:
            following = points[i + 1][0] if i + 1 < len(points) else None
            if following is None or abs(following - x) >= 0.05:
                words.append(f"V{_n(to_y)}")
        else:
            middle = (y + to_y) / 2
            words.append(f"C{_n(x)} {_n(middle)} {_n(to_x)} {_n(middle)} {_n(to_x)} {_n(to_y)}")
        x, y = to_x, to_y
    return "".join(words)


def _box(face: Face, place: Point, size: Point) -> str:
    """A box, its numbers and its text."""
    (x, y), (width, height) = place, size
    style = STYLES[face.box.kind]
    left, top = x - width / 2, y - height / 2
    radius = 7 if face.box.kind in (RESULT, LEAF) else 3
    words = [
        f'<g class="{face.box.kind}">',
        f"<title>{escape(_hint(face))}</title>",
        f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}" '
        f'rx="{radius}" fill="{style.fill}" stroke="{style.line}"/>',
    ]
    if face.outputs:
        words += _strip(face.outputs, left, top, width, top + STRIP, style.line)
    if face.arguments:
        line = top + height - STRIP
        words += _strip(face.arguments, left, line, width, line, style.line)
    baseline = top + 4 + (STRIP if face.outputs else 0.0)
    for i, line_text in enumerate(face.lines):
        letters = SMALL if i else TITLE
        baseline += letters * LINE
        words.append(
            f'<text x="{_n(x)}" y="{_n(baseline - letters * 0.33)}" font-size="{_n(letters)}"'
            f' fill="{style.text}">{escape(line_text)}</text>'
        )
    return "".join([*words, "</g>"])


def _strip(
    numbers: Sequence[int], left: float, top: float, width: float, rule: float, colour: str
) -> Iterator[str]:
    """A row of numbers in cells; ``rule`` is the line that parts it from the text."""
    cell = width / len(numbers)
    lines = f"M{_n(left)} {_n(rule)}h{_n(width)}"
    lines += "".join(f"M{_n(left + cell * i)} {_n(top)}v{STRIP:g}" for i in range(1, len(numbers)))
    yield f'<path d="{lines}" stroke="{colour}" stroke-width="0.7" fill="none"/>'
    for i, number in enumerate(numbers):
        yield (
            f'<text x="{_n(left + cell * (i + 0.5))}" y="{_n(top + 11)}" font-size="10" '
            f'fill="{EDGE_COLOUR}">{number}</text>'
        )


def _hint(face: Face) -> str:
    """What a pointer over the box shows."""
    return "\n".join([*face.lines, *([face.box.origin] if face.box.origin else [])])


def _n(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{round(value, 1) + 0.0:g}" if abs(value) < 1e5 else f"{value:.1f}"
