"""The layered layout by itself: rows, crossings, places."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flambeau.viz.graphs.layers import Edge, crossings, layers, ranks
from flambeau.viz.graphs.layout import COLUMN_GAP, layout


def edges(*pairs) -> list[Edge]:
    return [Edge(*pair) for pair in pairs]


@pytest.mark.parametrize(
    ("count", "pairs", "want"),
    [
        (0, [], []),
        (1, [], [0]),
        (3, [(0, 1), (1, 2)], [0, 1, 2]),
        (3, [(0, 1), (1, 2), (0, 2)], [0, 1, 2]),
        (4, [(0, 1), (1, 2), (3, 2)], [0, 1, 2, 1]),  # a second root stands by what it leads to
    ],
)
def test_ranks(count, pairs, want):
    assert ranks(count, edges(*pairs)) == want


def test_a_cycle_is_refused():
    with pytest.raises(ValueError, match="cycle"):
        ranks(2, edges((0, 1), (1, 0)))


def test_long_edges_get_bends():
    made = layers(4, edges((0, 1), (1, 2), (2, 3), (0, 3)))
    assert made.paths[3] == [0, 4, 5, 3]
    assert [len(row) for row in made.rows] == [1, 2, 2, 1]


@pytest.mark.parametrize(
    ("count", "pairs", "want"),
    [
        (6, [(0, 1), (0, 2), (1, 5), (2, 4), (4, 3)], 0),
        (6, [(0, 3), (0, 4), (1, 3), (1, 5), (2, 4), (2, 5)], 2),  # a hexagon in two rows
        (6, [(a, b) for a in (0, 1, 2) for b in (3, 4, 5)], 9),  # K(3,3) in two rows
        (4, [(0, 3), (1, 2)], 0),
    ],
)
def test_crossings_are_few(count, pairs, want):
    made = layers(count, edges(*pairs))
    position = [0.0] * len(made.down)
    for row in made.rows:
        for i, v in enumerate(row):
            position[v] = float(i)
    assert crossings(made, position) == want


def test_a_chain_is_straight_and_a_fork_symmetric():
    placed = layout([(50, 20)] * 3, edges((0, 1), (1, 2)))
    assert len({x for x, _ in placed.places}) == 1
    placed = layout([(50, 20)] * 3, [Edge(0, 1, -0.25), Edge(0, 2, 0.25)])
    (x0, _), (x1, _), (x2, _) = placed.places
    assert x0 - x1 == pytest.approx(x2 - x0) and x1 < x2


def test_arguments_keep_their_order():
    placed = layout([(50, 20)] * 3, [Edge(0, 2, -0.25), Edge(0, 1, 0.25)])
    assert placed.places[2][0] < placed.places[1][0]


def test_the_longest_way_down_is_straight():
    """A trunk with leaves and a skip stays upright."""
    light = True
    placed = layout(
        [(60, 20)] * 7,
        [Edge(0, 1, -0.3), Edge(0, 5, 0.3, 0, light), Edge(1, 2), Edge(2, 3, -0.3),
         Edge(2, 6, 0.3, 0, light), Edge(3, 4), Edge(0, 4, 0.1)],
    )  # fmt: skip
    assert len({placed.places[v][0] for v in range(5)}) == 1


@st.composite
def graphs(draw):
    """Any acyclic graph: sizes of boxes and edges from smaller to larger numbers."""
    count = draw(st.integers(1, 12))
    sizes = [(draw(st.integers(10, 90)), draw(st.integers(10, 60))) for _ in range(count)]
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    found = [
        Edge(min(p), max(p), draw(st.sampled_from([-0.25, 0.0, 0.25])), 0.0, draw(st.booleans()))
        for p in draw(st.lists(pairs, max_size=24))
        if p[0] != p[1]
    ]
    return sizes, found


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_every_layout_is_sound(graph):
    """Boxes of a row lie apart, rows too; edges run downwards and only turn between rows."""
    sizes, found = graph
    placed = layout(sizes, found)
    rows = ranks(len(sizes), found)
    boxes = [
        (x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in zip(placed.places, sizes)
    ]
    for i, a in enumerate(boxes):
        assert a[0] >= 0 and a[1] >= 0 and a[2] <= placed.width and a[3] <= placed.height
        for j, b in enumerate(boxes[:i]):
            if rows[i] == rows[j]:
                assert a[2] + COLUMN_GAP <= b[0] + 1e-6 or b[2] + COLUMN_GAP <= a[0] + 1e-6
            else:
                assert (a[3] < b[1]) == (rows[i] < rows[j])
    for edge, route in zip(found, placed.routes):
        heights = [round(y, 6) for _, y in route]
        assert heights == sorted(heights)
        assert route[0][1] == pytest.approx(boxes[edge.source][3])
        assert route[-1][1] == pytest.approx(boxes[edge.target][1])
        for (x0, y0), (x1, y1) in itertools.pairwise(route):
            for left, top, right, bottom in boxes:
                if y0 < bottom - 1e-6 and top + 1e-6 < y1:  # they share a height
                    assert x0 == x1 and not left < x0 < right
