"""A drawing in DOT, the language of Graphviz, and Graphviz's own pictures of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence

from flambeau.viz.graphs.parts import STYLES, Face, Link


def dot(faces: Sequence[Face], links: Sequence[Link]) -> str:
    """The text of a DOT file; arguments and outputs are ports ``a0`` and ``o0``."""
    head = [
        "digraph autograd {",
        '  graph [rankdir=TB, nodesep=0.3, ranksep=0.35, bgcolor="white"];',
        '  node [shape=record, style="filled,rounded", fontname="Helvetica", fontsize=11, '
        "height=0.3, margin=0.11];",
        '  edge [color="#5f6b7a", arrowsize=0.6];',
    ]
    return "\n".join([*head, *map(_node, range(len(faces)), faces), *_links(faces, links), "}", ""])


def _node(number: int, face: Face) -> str:
    style = STYLES[face.box.kind]
    rows = [
        _cells("o", face.outputs),
        "\\n".join(_escaped(line) for line in face.lines),
        _cells("a", face.arguments),
    ]
    label = "|".join(row for row in rows if row)
    return (
        f'  n{number} [label="{{{label}}}", class="{face.box.kind}", fillcolor="{style.fill}", '
        f'color="{style.line}", fontcolor="{style.text}"];'
    )


def _cells(letter: str, numbers: Sequence[int]) -> str:
    """A row of numbers, each with a port."""
    return "{" + "|".join(f"<{letter}{n}> {n}" for n in numbers) + "}" if numbers else ""


def _links(faces: Sequence[Face], links: Sequence[Link]) -> list[str]:
    words = []
    for link in links:
        leaves = f":a{link.argument}:s" if faces[link.source].arguments else ""
        enters = f":o{link.output}:n" if faces[link.target].outputs else ""
        words.append(f"  n{link.source}{leaves} -> n{link.target}{enters};")
    return words


def _escaped(text: str) -> str:
    """Text inside a record's label: signs of the record and of the string are ordinary again."""
    return re.sub(r'([\\{}|<>"])', r"\\\1", text).replace("\n", " ")


def find_dot() -> str | None:
    """The path of Graphviz's program ``dot``, where it is installed."""
    return shutil.which("dot")


def run_dot(text: str, form: str) -> bytes:
    """What ``dot`` makes of a DOT text, in one of its output forms.

    Raises RuntimeError if it is not installed, or refuses.
    """
    program = find_dot()
    if program is None:
        raise RuntimeError(
            f"drawing as {form} takes Graphviz's program dot, which is not on the path: install "
            "Graphviz, or save the graph as .svg or .dot, which need nothing"
        )
    done = subprocess.run(
        [program, f"-T{form}"], input=text.encode(), capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"dot could not draw the graph: {done.stderr.decode().strip()}")
    return done.stdout
