"""What a drawing is made of: boxes and links between them, as plain data without tensors."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

RESULT, OPERATION, ACCUMULATE, LEAF, MODULE, REFERENCE = (
    "result", "operation", "accumulate", "leaf", "module", "reference",
)  # fmt: skip


class Style(NamedTuple):
    """How boxes of one kind look."""

    fill: str
    line: str
    text: str


STYLES = {
    RESULT: Style("#fbe9d0", "#c58a3d", "#4a2f0b"),
    OPERATION: Style("#f6f7f9", "#8b95a3", "#1f2933"),
    ACCUMULATE: Style("#ffffff", "#c3c9d1", "#6b7684"),
    LEAF: Style("#dcebf7", "#5a8fbd", "#16385a"),
    MODULE: Style("#e6f0e4", "#7fa37a", "#1f3b1c"),
    REFERENCE: Style("#ffffff", "#ffffff", "#6b7684"),
}


@dataclass
class Box:
    """One box: what it says, and what is known about the nodes that it stands for.

    ``home`` holds the numbers of the module calls that made the node, outermost first. ``saved``
    are the stretches of memory (first byte, end) that it keeps for the backward pass, so that boxes
    folded together count shared memory once.
    """

    kind: str
    title: str
    subtitle: str = ""
    shape: tuple[int, ...] | None = None
    home: tuple[int, ...] = ()
    origin: str = ""
    seconds: float | None = None
    norm: float | None = None
    saved: frozenset[tuple[int, int]] = frozenset()
    gradient_bytes: int = 0
    parameters: int = 0

    @property
    def saved_bytes(self) -> int:
        """Bytes kept for the backward pass; overlapping stretches count once."""
        total = last = 0
        for start, stop in sorted(self.saved):
            total += max(0, stop - max(start, last))
            last = max(last, stop)
        return total


@dataclass(frozen=True)
class Link:
    """The gradient's way from argument number ``argument`` of one box to output ``output`` of
    another; ``None`` where the numbers mean nothing.
    """

    source: int
    target: int
    argument: int | None = None
    output: int | None = None


@dataclass(frozen=True)
class Shown:
    """Which facts the boxes show."""

    shapes: bool = False
    time: bool = False
    memory: bool = False
    grad_norm: bool = False


@dataclass
class Face:
    """A box as it is drawn: lines of text, numbers of arguments below, of outputs above."""

    box: Box
    lines: list[str]
    arguments: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)


def faces(boxes: list[Box], links: list[Link], shown: Shown) -> list[Face]:
    """What to draw for every box.

    Numbers are only drawn where there is something to tell apart: on boxes that several links
    leave, or whose different outputs links enter.
    """
    arguments: list[list[int]] = [[] for _ in boxes]
    outputs: list[set[int]] = [set() for _ in boxes]
    for link in links:
        if link.argument is not None:
            arguments[link.source].append(link.argument)
        if link.output is not None:
            outputs[link.target].add(link.output)
    return [
        Face(
            box,
            lines(box, shown),
            sorted(below) if len(below) > 1 else [],
            sorted(above) if len(above) > 1 else [],
        )
        for box, below, above in zip(boxes, arguments, outputs)
    ]


def lines(box: Box, shown: Shown) -> list[str]:
    """The text of a box: its title, then what was asked for, two facts a line."""
    if box.kind in (RESULT, LEAF) and box.shape is not None:
        return [f"{box.title} {sizes(box.shape)}".strip()]
    facts = []
    if shown.shapes and box.shape is not None and box.kind != ACCUMULATE:
        facts.append(sizes(box.shape))
    if shown.time and box.seconds is not None:
        facts.append(duration(box.seconds))
    if shown.grad_norm and box.norm is not None:
        facts.append(f"|grad| {box.norm:.3g}")
    rows = [" · ".join(facts[i : i + 2]) for i in range(0, len(facts), 2)]
    if shown.memory and box.kind in (OPERATION, MODULE):
        rows.append(f"saves {amount(box.saved_bytes)} · gradients {amount(box.gradient_bytes)}")
    return [box.title, *([box.subtitle] if box.subtitle else []), *rows]


def sizes(shape: tuple[int, ...]) -> str:
    """Sizes as the course writes them.

    >>> from flambeau.viz.graphs.parts import sizes
    >>> sizes((20, 10)), sizes(())
    ('[20, 10]', '[]')
    """
    return f"[{', '.join(map(str, shape))}]"


def duration(seconds: float) -> str:
    """A duration with three digits.

    >>> from flambeau.viz.graphs.parts import duration
    >>> duration(0.0000312), duration(0.00512), duration(2.5)
    ('31.2 µs', '5.12 ms', '2.5 s')
    """
    unit, size = next(
        (pair for pair in (("s", 1.0), ("ms", 1e-3)) if seconds >= pair[1]), ("µs", 1e-6)
    )
    return f"{seconds / size:.3g} {unit}"


def amount(count: int) -> str:
    """A number of bytes.

    >>> from flambeau.viz.graphs.parts import amount
    >>> amount(800), amount(4096), amount(3 << 20)
    ('800 B', '4.0 KiB', '3.0 MiB')
    """
    if count < 1024:
        return f"{count} B"
    power = min(int(math.log2(count) // 10), 4)
    return f"{count / 1024**power:.1f} {'KMGT'[power - 1]}iB"
