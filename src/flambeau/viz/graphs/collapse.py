"""Folding the nodes that one call of a module made into one box.

The nodes of a call are all that were made between two moments, and links lead from younger to older
nodes; so nothing outside lies between two nodes of a call, and the folded graph has no cycle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from flambeau.viz.graphs.calls import Call
from flambeau.viz.graphs.parts import ACCUMULATE, LEAF, MODULE, OPERATION, Box, Link


@dataclass(frozen=True)
class Fold:
    """Which calls are folded: those ``depth`` levels below the model (0: the model itself), those
    above that call no other module, and modules named in ``closed``; never those in ``opened``.
    """

    depth: int | None = None
    opened: frozenset[str] = field(default_factory=frozenset)
    closed: frozenset[str] = field(default_factory=frozenset)

    def of(self, box: Box, calls: Sequence[Call]) -> int | None:
        """The call into which an operation's box is folded."""
        for level, number in enumerate(box.home):
            call = calls[number]
            deep = self.depth is not None and (level >= self.depth or not call.calls_others)
            if (deep or call.name in self.closed) and call.name not in self.opened:
                return number
        return None


def collapse(
    boxes: list[Box], links: list[Link], calls: Sequence[Call], fold: Fold
) -> tuple[list[Box], list[Link]]:
    """The same graph with calls folded; leaves that only one folded call uses go with it."""
    group = [fold.of(box, calls) if box.kind == OPERATION else None for box in boxes]
    _take_leaves(boxes, links, group)
    place: dict[int, int] = {}  # of a folded call, where its first member was
    number: list[int] = []
    folded: list[Box] = []
    members: dict[int, list[int]] = {}
    for i, box in enumerate(boxes):
        call = group[i]
        if call is None or call not in place:
            if call is not None:
                place[call] = len(folded)
            number.append(len(folded))
            folded.append(box)
        else:
            number.append(place[call])
        if call is not None:
            members.setdefault(call, []).append(i)
    entered = {link.target for link in links if _crosses(link, group)}
    for call, inside in members.items():
        folded[place[call]] = _folded(calls[call], [boxes[i] for i in inside], [
            boxes[i] for i in inside if i in entered
        ])  # fmt: skip
    return folded, _outer_links(links, group, number)


def _crosses(link: Link, group: list[int | None]) -> bool:
    return group[link.source] is None or group[link.source] != group[link.target]


def _take_leaves(boxes: list[Box], links: list[Link], group: list[int | None]) -> None:
    """Accumulating nodes, then leaves, join the group of all that lead to them."""
    for kind in (ACCUMULATE, LEAF):
        users: dict[int, set[int | None]] = {}
        for link in links:
            if boxes[link.target].kind == kind:
                users.setdefault(link.target, set()).add(group[link.source])
        for i, groups in users.items():
            group[i] = groups.pop() if len(groups) == 1 else None


def _outer_links(links: list[Link], group: list[int | None], number: list[int]) -> list[Link]:
    """Links between boxes that are left; a folded box has no numbers, and one link to each."""
    found: dict[Link, None] = {}
    for link in links:
        if _crosses(link, group):
            argument = link.argument if group[link.source] is None else None
            output = link.output if group[link.target] is None else None
            found[Link(number[link.source], number[link.target], argument, output)] = None
    return list(found)


def _folded(call: Call, inside: list[Box], entered: list[Box]) -> Box:
    """The box of a call; the gradient's norm is that of what comes in."""
    parameters = sum(box.parameters for box in inside)
    seconds = [box.seconds for box in inside if box.seconds is not None]
    norms = [box.norm for box in entered if box.norm is not None]
    kind = call.kind if call.name else ""
    count = f"{parameters:,} parameters" if parameters else ""
    first = next(box for box in inside if box.kind == OPERATION)
    return Box(
        MODULE,
        call.title,
        " · ".join(filter(None, (kind, count))),
        shape=first.shape,
        origin=first.origin,
        seconds=sum(seconds) if seconds else None,
        norm=math.hypot(*norms) if norms else None,
        saved=frozenset().union(*(box.saved for box in inside)),
        gradient_bytes=sum(box.gradient_bytes for box in inside),
        parameters=parameters,
    )
