"""Where boxes stand and how edges run: a layered drawing from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flambeau.viz.graphs.coordinates import horizontal
from flambeau.viz.graphs.layers import Edge, Layers, layers

COLUMN_GAP = 22.0  # between boxes of a row
ROW_GAP = 26.0  # between rows, at least
BEND_WIDTH = 4.0  # the room that a passing edge takes in a row
Point = tuple[float, float]


@dataclass
class Layout:
    """Middles of the boxes, and for every edge the points that it passes, two a row gap: where it
    enters the gap and where it leaves it. It is vertical there, and bends only between the two.
    """

    width: float
    height: float
    places: list[Point]
    routes: list[list[Point]]


def layout(sizes: Sequence[Point], edges: Sequence[Edge], margin: float = 12.0) -> Layout:
    """Place boxes of these sizes (width, height) so that every edge leads downwards.

    No two boxes overlap, and no edge crosses a box: edges bend only between rows.
    """
    made = layers(len(sizes), edges)
    widths = [w for w, _ in sizes] + [BEND_WIDTH] * (len(made.down) - len(sizes))
    x = horizontal(made, widths, COLUMN_GAP)
    left = min((p - w / 2 for p, w in zip(x, widths)), default=0.0)
    x = [p - left + margin for p in x]
    width = max((p + w / 2 for p, w in zip(x, widths)), default=0.0) + margin
    bands = _bands(made, x, sizes, margin)
    row_of = {v: r for r, row in enumerate(made.rows) for v in row}
    places = [(x[v], sum(bands[row_of[v]]) / 2) for v in range(len(sizes))]
    routes = []
    for edge, path in zip(edges, made.paths):
        across = [x[v] for v in path]
        across[0] += edge.leaves * sizes[edge.source][0]
        across[-1] += edge.enters * sizes[edge.target][0]
        first = row_of[path[0]]
        route = [(across[0], places[edge.source][1] + sizes[edge.source][1] / 2)]
        for i in range(len(path) - 1):
            route.append((across[i], bands[first + i][1]))
            route.append((across[i + 1], bands[first + i + 1][0]))
        route.append((across[-1], places[edge.target][1] - sizes[edge.target][1] / 2))
        routes.append(route)
    return Layout(width, (bands[-1][1] if bands else 0.0) + margin, places, routes)


def _bands(
    made: Layers, x: list[float], sizes: Sequence[Point], margin: float
) -> list[tuple[float, float]]:
    """Top and bottom of every row. Gaps with edges that lead far to the side are higher."""
    bands = []
    y = margin
    for row in made.rows:
        height = max((sizes[v][1] for v in row if v < made.boxes), default=0.0)
        bands.append((y, y + height))
        far = max((abs(x[s.source] - x[s.target]) for v in row for s in made.down[v]), default=0.0)
        y += height + ROW_GAP + min(far * 0.07, 40.0)
    return bands
