"""Edges too long to draw become references: a note that names the box where the edge ends."""

from __future__ import annotations

from dataclasses import replace

from flambeau.viz.graphs.layers import ranks
from flambeau.viz.graphs.parts import LEAF, REFERENCE, Face, Link
from flambeau.viz.graphs.svg import edges_of

MOST_BENDS = 20_000


def with_references(
    faces: list[Face], links: list[Link], most: int = MOST_BENDS
) -> tuple[list[Face], list[Link]]:
    """The drawing with its longest edges cut, so that others pass through at most ``most`` rows
    altogether. A recurrent network's weight would otherwise have an edge across the whole picture
    for every time step.
    """
    rank = ranks(len(faces), edges_of(faces, links))
    passed = [rank[link.target] - rank[link.source] - 1 for link in links]
    if sum(passed) <= most:
        return faces, links
    faces = [replace(face, lines=list(face.lines)) for face in faces]
    kept, room = [], most
    tags: dict[int, str] = {}
    shortest_first = sorted(range(len(links)), key=lambda i: passed[i])
    named = {link.source: faces[link.target] for link in links}
    for i in shortest_first:
        link, room = links[i], room - passed[i]
        if room >= 0 or not passed[i]:
            kept.append((i, link))
            continue
        end = faces[link.target]
        leaf = named.get(link.target)
        if leaf is not None and leaf.box.kind == LEAF:
            text = f"↓ {leaf.lines[0]}"
        else:
            text = f"↓ {end.lines[0]} {tags.setdefault(link.target, f'#{len(tags) + 1}')}"
        faces.append(Face(replace(end.box, kind=REFERENCE), [text]))
        kept.append((i, Link(link.source, len(faces) - 1, link.argument)))
    for target, tag in tags.items():
        faces[target].lines[0] += f" {tag}"
    return faces, [link for _, link in sorted(kept, key=lambda pair: pair[0])]
