"""The summary itself: rows, totals, and how they are shown."""

from __future__ import annotations

import html
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from flambeau.viz.receptive_field import Field

from .costs import NOTHING, Cost

# Columns: what a row shows in each, and whether numbers belong to the right.
COLUMNS = {
    "parameters": ("Nb. parameters", lambda row: str(row.parameters)),
    "products": ("Nb. products", lambda row: str(row.products)),
    "multiply_adds": ("Multiply-adds", lambda row: f"{row.products.number:,}"),
    "output": ("Output", lambda row: sizes(row.outputs)),
    "parameter_bytes": ("Parameters", lambda row: size_of(row.parameter_bytes)),
    "activation_bytes": ("Activations", lambda row: size_of(row.activation_bytes)),
    "receptive_field": ("Receptive field", lambda row: str(row.field or "")),
    "name": ("Name", lambda row: row.name),
}
DEFAULT_COLUMNS = ("parameters", "products")


@dataclass(frozen=True)
class Row:
    """One layer or function: its place in the model, sizes without the batch, costs."""

    name: str
    operation: str
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    parameters: Cost = NOTHING
    products: Cost = NOTHING
    parameter_bytes: int = 0
    activation_bytes: int = 0
    field: Field | None = None
    depth: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The row as plain data."""
        seen = self.field
        return {
            "name": self.name,
            "operation": self.operation,
            "inputs": [list(s) for s in self.inputs],
            "outputs": [list(s) for s in self.outputs],
            "parameters": self.parameters.number,
            "parameters_formula": self.parameters.formula,
            "products": self.products.number,
            "products_formula": self.products.formula,
            "parameter_bytes": self.parameter_bytes,
            "activation_bytes": self.activation_bytes,
            "receptive_field": seen
            and {"size": list(seen.size), "jump": list(seen.jump), "start": list(seen.start)},
            "depth": self.depth,
        }


@dataclass
class Summary:
    """What ``summary`` found out; printing it shows the table, notebooks show it as HTML.

    >>> from flambeau import nn, viz
    >>> s = viz.summary(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), (4,))
    >>> s.total_parameters, s.total_products, s.rows[0].operation
    (15, 12, 'nn.Linear(4, 3)')
    """

    model: str
    input_sizes: tuple[tuple[int, ...], ...]
    rows: list[Row]
    total_parameters: int
    trainable_parameters: int
    unused_parameters: int
    total_products: int
    parameter_bytes: int
    activation_bytes: int
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    tree: bool = False
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain data."""
        return {
            "model": self.model,
            "inputs": [list(s) for s in self.input_sizes],
            "rows": [row.to_dict() for row in self.rows],
            "total_parameters": self.total_parameters,
            "trainable_parameters": self.trainable_parameters,
            "unused_parameters": self.unused_parameters,
            "total_products": self.total_products,
            "parameter_bytes": self.parameter_bytes,
            "activation_bytes": self.activation_bytes,
        }

    def to_json(self, indent: int | None = None) -> str:
        """The summary as JSON."""
        return json.dumps(self.to_dict(), indent=indent)

    def lines(self) -> list[tuple[str, ...]]:
        """The cells of the table; a line that tells a size has nothing in the other columns."""
        shown = [COLUMNS[name][1] for name in self.columns]
        if self.tree:
            return [("  " * r.depth + r.operation, *(s(r) for s in shown)) for r in self.rows]
        blank = ("",) * len(shown)
        found, at = [], None
        for row in self.rows:
            if row.inputs and row.inputs != at:
                found.append((sizes(row.inputs), *blank))
            found.append((row.operation, *(s(row) for s in shown)))
            at = row.outputs
            found.append((sizes(at) or "(failed)", *blank))
        return found

    def header(self) -> tuple[str, ...]:
        """The titles of the columns."""
        first = "Modules" if self.tree else "Input sizes / operations"
        return (first, *(COLUMNS[name][0] for name in self.columns))

    def footer(self) -> list[str]:
        """The totals."""
        found = [
            f"Total {self.total_parameters:,} parameters and {self.total_products:,} products for "
            "the forward pass."
        ]
        frozen = self.total_parameters - self.trainable_parameters
        if frozen:
            found.append(f"{frozen:,} parameters are frozen.")
        if self.unused_parameters:
            found.append(f"{self.unused_parameters:,} parameters took no part.")
        if {"parameter_bytes", "activation_bytes"} & set(self.columns):
            found.append(
                f"Memory: {size_of(self.parameter_bytes)} of parameters, "
                f"{size_of(self.activation_bytes)} of activations."
            )
        return found + self.notes

    def to_text(self) -> str:
        """The table for a terminal."""
        table = [self.header(), *self.lines()]
        widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
        rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
        text = ["  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip() for line in table]
        return "\n".join([text[0], rule, *text[1:], rule, *self.footer()])

    def to_markdown(self) -> str:
        """The table in Markdown."""

        def line(cells: tuple[str, ...]) -> str:
            escaped = [c.replace("|", "\\|").replace("*", "\\*") for c in cells]
            return "| " + " | ".join(escaped) + " |"

        header = self.header()
        body = []
        for cells in self.lines():
            code = any(cells[1:]) and not self.tree
            if code:
                rest = line(cells[1:])
                body.append(f"| `{cells[0]}` {rest}")
            else:
                indent = len(cells[0]) - len(cells[0].lstrip())
                body.append(line(("&nbsp;" * indent + cells[0].lstrip(), *cells[1:])))
        rule = "|" + " --- |" * len(header)
        return "\n".join([line(header), rule, *body, "", *self.footer()])

    def to_html(self) -> str:
        """The table in HTML, as notebooks show it."""
        head = "".join(f"<th style='text-align:left'>{html.escape(c)}</th>" for c in self.header())
        body = []
        for cells in self.lines():
            first, *rest = map(html.escape, cells)
            style = "text-align:left;white-space:pre"
            if any(rest) and not self.tree:
                first = f"<code>{first}</code>"
            elif not self.tree:
                style += ";color:gray"
            shown = "".join(f"<td style='text-align:left'>{c}</td>" for c in rest)
            body.append(f"<tr><td style='{style}'>{first}</td>{shown}</tr>")
        foot = "<br>".join(map(html.escape, self.footer()))
        table = f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>"
        return f"<table>{table}</table>\n<p>{foot}</p>"

    def _repr_html_(self) -> str:
        return self.to_html()


def sizes(many: tuple[tuple[int, ...], ...]) -> str:
    """Sizes as the table writes them: 1×28×28."""
    words = []
    for size, same in itertools.groupby(many):
        often = len(list(same))
        text = "×".join(map(str, size)) or "1"
        words += [text] * often if often < 4 else [f"{text} ({often} times)"]
    return ", ".join(words)


_UNITS = ("KiB", "MiB", "GiB", "TiB")


def size_of(count: int) -> str:
    """A number of bytes for people.

    >>> from flambeau.viz.summaries.table import size_of
    >>> size_of(512), size_of(422024), size_of(10 * 2**20)
    ('512 B', '412.1 KiB', '10.0 MiB')
    """
    if count < 1024:
        return f"{count} B"
    power = min((count.bit_length() - 1) // 10, len(_UNITS))
    return f"{count / 1024**power:.1f} {_UNITS[power - 1]}"
