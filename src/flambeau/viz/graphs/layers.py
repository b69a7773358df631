"""Layered drawing, first half: which row a vertex stands in, and the order within rows.

After Sugiyama, Tagawa and Toda (1981). An edge that passes through a row gets a bend there, a
vertex without a box, so that all edges lead from one row to the next.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

SWEEPS = 12


class Edge(NamedTuple):
    """An edge; ``leaves`` and ``enters`` say where on the boxes, -0.5 (left) to 0.5 (right).

    A ``light`` edge gives way where it and another edge cannot both be straight.
    """

    source: int
    target: int
    leaves: float = 0.0
    enters: float = 0.0
    light: bool = False


class Step(NamedTuple):
    """A piece of an edge, from a vertex of one row to one of the next."""

    source: int
    target: int
    leaves: float
    enters: float
    weight: int


@dataclass
class Layers:
    """Vertices in rows, bends included, and the steps between them.

    ``paths`` are the edges' vertices from top to bottom; vertices from ``boxes`` on are bends.
    """

    boxes: int
    rows: list[list[int]]
    down: list[list[Step]]
    up: list[list[Step]]
    paths: list[list[int]]


def ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """The row of each vertex: below all that lead to it, as high as that allows.

    Then vertices with more edges below than above, such as further results, move down next to what
    they lead to. Raises ValueError if the edges form a cycle.
    """
    below: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count
    for edge in edges:
        below[edge.source].append(edge.target)
        missing[edge.target] += 1
    above = list(missing)
    rank = [0] * count
    order = [v for v in range(count) if not missing[v]]
    for v in order:  # grows while it is walked
        for w in below[v]:
            rank[w] = max(rank[w], rank[v] + 1)
            missing[w] -= 1
            if not missing[w]:
                order.append(w)
    if len(order) < count:
        raise ValueError("a graph with a cycle has no rows")
    for v in reversed(order):
        if len(below[v]) > above[v]:
            rank[v] = min(rank[w] for w in below[v]) - 1
    top = min(rank, default=0)
    return [r - top for r in rank]


def layers(count: int, edges: Sequence[Edge]) -> Layers:
    """Rows of vertices with few crossings between them."""
    rank = ranks(count, edges)
    main = _main_edges(count, edges, rank)
    made = Layers(count, [], [[] for _ in range(count)], [[] for _ in range(count)], [])
    for edge, is_main in zip(edges, main):
        path = [edge.source]
        for _ in range(rank[edge.source] + 1, rank[edge.target]):
            path.append(len(rank))
            rank.append(rank[path[-2]] + 1)
            made.down.append([])
            made.up.append([])
        path.append(edge.target)
        made.paths.append(path)
        _add_steps(made, edge, path, is_main)
    made.rows = _first_order(made, rank)
    _reduce_crossings(made)
    return made


def _main_edges(count: int, edges: Sequence[Edge], rank: list[int]) -> list[bool]:
    """Which edges go on along a longest way down: of what leaves a vertex, those drawn straight."""
    height = [0] * count
    for edge in sorted(edges, key=lambda e: -rank[e.source]):
        height[edge.source] = max(height[edge.source], height[edge.target] + 1)
    return [height[edge.source] == height[edge.target] + 1 for edge in edges]


def _add_steps(made: Layers, edge: Edge, path: list[int], is_main: bool) -> None:
    for a, b in itertools.pairwise(path):
        bends = (a >= made.boxes) + (b >= made.boxes)
        weight = 4 if bends == 2 else 1 if bends or edge.light else 2 + is_main
        leaves = edge.leaves if a == edge.source else 0.0
        enters = edge.enters if b == edge.target else 0.0
        step = Step(a, b, leaves, enters, weight)
        made.down[a].append(step)
        made.up[b].append(step)


def _first_order(made: Layers, rank: list[int]) -> list[list[int]]:
    """Rows in the order of a walk that takes the edges of each box from left to right."""
    rows: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    seen = [False] * len(rank)
    todo = [v for v in reversed(range(made.boxes)) if not made.up[v]]
    while todo:
        v = todo.pop()
        if seen[v]:
            continue
        seen[v] = True
        rows[rank[v]].append(v)
        steps = sorted(made.down[v], key=lambda s: s.leaves, reverse=True)
        todo.extend(s.target for s in steps)
    return rows


def _reduce_crossings(made: Layers) -> None:
    """Order rows by the barycentres of their neighbours, downwards and upwards in turn; keep the
    best, then exchange neighbours while that helps.
    """
    position = [0.0] * len(made.down)
    for row in made.rows:
        _number(row, position)
    best = [list(row) for row in made.rows]
    fewest = crossings(made, position)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        _sweep(made, position, downwards=sweep % 2 == 0)
        found = crossings(made, position)
        if found < fewest:
            fewest, best = found, [list(row) for row in made.rows]
    made.rows = best
    for row in made.rows:
        _number(row, position)
    if fewest:
        _exchange(made, position)


def _number(row: list[int], position: list[float]) -> None:
    for i, v in enumerate(row):
        position[v] = float(i)


def _sweep(made: Layers, position: list[float], downwards: bool) -> None:
    """Every row by the mean place of its vertices' neighbours in the row before it."""
    for row in made.rows if downwards else reversed(made.rows):
        wanted = {}
        for v in row:
            if downwards:
                places = [position[s.source] + s.leaves for s in made.up[v]]
            else:
                places = [position[s.target] + s.enters for s in made.down[v]]
            wanted[v] = sum(places) / len(places) if places else position[v]
        row.sort(key=wanted.__getitem__)
        _number(row, position)


def crossings(made: Layers, position: list[float]) -> int:
    """The number of pairs of steps that cross."""
    return sum(_inversions(_ends(made.down, row, position)) for row in made.rows)


def _ends(
    steps: list[list[Step]], row: Sequence[int], position: list[float]
) -> list[tuple[float, float]]:
    """Where the steps below (or above: those of ``up``) of some vertices begin and end."""
    return sorted(
        (position[s.source] + s.leaves, position[s.target] + s.enters)
        for v in row
        for s in steps[v]
    )


def _inversions(ends: list[tuple[float, float]]) -> int:
    """Pairs that begin in one order and end in the other."""
    count = 0
    before: list[float] = []
    for _, end in ends:
        place = bisect.bisect_right(before, end)
        count += len(before) - place
        before.insert(place, end)
    return count


def _exchange(made: Layers, position: list[float], rounds: int = 4) -> None:
    for _ in range(rounds):
        changed = False
        for row in made.rows:
            for i in range(len(row) - 1):
                pair = row[i : i + 2]
                before = _pair_crossings(made, pair, position)
                if not before:
                    continue
                position[pair[0]], position[pair[1]] = position[pair[1]], position[pair[0]]
                if _pair_crossings(made, pair, position) < before:
                    row[i : i + 2] = reversed(pair)
                    changed = True
                else:
                    position[pair[0]], position[pair[1]] = position[pair[1]], position[pair[0]]
        if not changed:
            return


def _pair_crossings(made: Layers, pair: list[int], position: list[float]) -> int:
    above = sorted((b, a) for a, b in _ends(made.up, pair, position))
    return _inversions(_ends(made.down, pair, position)) + _inversions(above)
