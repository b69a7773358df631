"""Layered drawing, second half: where in its row each vertex stands.

After Brandes and Köpf (2001): vertices are aligned with a median neighbour above (or below) into
vertical blocks, the blocks are pushed together to the left (or right), and every vertex takes the
mean of the middle two of its four places. Here heavier steps align first: bends of one edge, then
boxes that follow each other, then the rest; so the trunk of a network stands upright.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence

from flambeau.viz.graphs.layers import Layers


def horizontal(made: Layers, widths: Sequence[float], gap: float) -> list[float]:
    """The x of every vertex's middle; neighbours in a row are at least ``gap`` apart.

    Args:   widths: of all vertices, bends included.
    """
    places = []
    for upwards in (False, True):
        for mirrored in (False, True):
            blocks = _blocks(made, upwards, mirrored)
            x = _pushed(made.rows, blocks, widths, gap, mirrored)
            places.append([-p for p in x] if mirrored else x)
    _bring_together(places, widths)
    return [(four[1] + four[2]) / 2 for four in map(sorted, zip(*places))]


def _blocks(made: Layers, upwards: bool, mirrored: bool) -> list[int]:
    """The block that each vertex belongs to, named by one of its members."""
    position = [0] * len(made.down)
    for row in made.rows:
        for i, v in enumerate(reversed(row) if mirrored else row):
            position[v] = i
    block = list(range(len(made.down)))
    rows = made.rows[::-1] if upwards else made.rows
    for row in rows[1:]:
        wishes = []
        for v in row:
            steps = made.down[v] if upwards else made.up[v]
            if steps:
                heaviest = max(s.weight for s in steps)
                ends = [s.target if upwards else s.source for s in steps if s.weight == heaviest]
                ends.sort(key=position.__getitem__)
                middle = sorted({(len(ends) - 1) // 2, len(ends) // 2})
                wishes += [(-heaviest, position[v], i, v, ends[i]) for i in middle]
        _grant(sorted(wishes), position, block)
    return block


def _grant(
    wishes: list[tuple[int, int, int, int, int]], position: list[int], block: list[int]
) -> None:
    """Align in the order of the wishes, as long as no two alignments cross."""
    granted: list[tuple[int, int]] = []  # places of both ends, left to right
    done: set[int] = set()
    for _, _, _, v, end in wishes:
        pair = (position[end], position[v])
        at = bisect.bisect_left(granted, pair)
        free_left = at == 0 or (granted[at - 1][0] < pair[0] and granted[at - 1][1] < pair[1])
        free_right = at == len(granted) or (granted[at][0] > pair[0] and granted[at][1] > pair[1])
        if v not in done and free_left and free_right:
            granted.insert(at, pair)
            done.add(v)
            block[v] = block[end]


def _pushed(
    rows: list[list[int]],
    block: list[int],
    widths: Sequence[float],
    gap: float,
    mirrored: bool,
) -> list[float]:
    """Blocks as far to the left as their neighbours let them, then each to the right as far as
    it goes without moving others: so that what hangs on a block stays near it.
    """
    after: dict[int, dict[int, float]] = {b: {} for b in block}
    before: dict[int, int] = dict.fromkeys(after, 0)
    for row in rows:
        line = row[::-1] if mirrored else row
        for u, v in itertools.pairwise(line):
            a, b = block[u], block[v]
            room = (widths[u] + widths[v]) / 2 + gap
            if b not in after[a]:
                before[b] += 1
            after[a][b] = max(room, after[a].get(b, 0.0))
    x = dict.fromkeys(after, 0.0)
    order = [b for b, count in before.items() if not count]
    for b in order:  # grows while it is walked
        for c, room in after[b].items():
            x[c] = max(x[c], x[b] + room)
            before[c] -= 1
            if not before[c]:
                order.append(c)
    for b in reversed(order):
        if after[b]:
            x[b] = max(x[b], min(x[c] - room for c, room in after[b].items()))
    return [x[b] for b in block]


def _bring_together(places: list[list[float]], widths: Sequence[float]) -> None:
    """Shift the drawings that were pushed left to the left side of the narrowest, others to its
    right side.
    """
    if not widths:
        return
    sides = [
        (min(p - w / 2 for p, w in zip(x, widths)), max(p + w / 2 for p, w in zip(x, widths)))
        for x in places
    ]
    left, right = min(sides, key=lambda side: side[1] - side[0])
    for i, x in enumerate(places):
        shift = right - sides[i][1] if i % 2 else left - sides[i][0]
        x[:] = [p + shift for p in x]
