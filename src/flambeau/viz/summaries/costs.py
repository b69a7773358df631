"""What an operation costs, as a number and as the product that a person would write.

    nn.Conv2d(32, 64, kernel_size=5) on 8 x 8:   64×(32×5²+1) = 51,264 parameters
                                                 32×64×4²×5² = 819,200 products

Products are multiplications of an activation with a weight or with another activation, in
convolutions and matrix products: one multiply-add each. What is done once an element, such as a
normalisation or an activation function, is not counted, as is usual.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any, NamedTuple

from flambeau.plan.record import Entry

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Cost(NamedTuple):
    """A number and how it comes about; ``formula`` is "" where that is more than a product.

    >>> from flambeau.viz.summaries.costs import Cost
    >>> print(Cost(832, "32×(5²+1)")); print(Cost(2048))
    32×(5²+1) = 832
    2,048
    """

    number: int
    formula: str = ""

    def __str__(self) -> str:
        number = f"{self.number:,}"
        return f"{self.formula} = {number}" if self.formula else number


NOTHING = Cost(0)


def factors(*parts: int | Iterable[int] | str) -> str:
    """Numbers as a product; equal sizes of one part are a power, ones are left out.

    >>> from flambeau.viz.summaries.costs import factors
    >>> factors(32, (24, 24), (5, 5)), factors(1, (3, 5)), factors(64, "(32×5²+1)")
    ('32×24²×5²', '3×5', '64×(32×5²+1)')
    """
    words = []
    for part in parts:
        sizes = part if isinstance(part, str) else (part,) if isinstance(part, int) else tuple(part)
        if isinstance(sizes, str):
            words.append(sizes)
        elif len(sizes) > 1 and len(set(sizes)) == 1 and sizes[0] != 1:
            words.append(f"{sizes[0]}{str(len(sizes)).translate(_RAISED)}")
        else:
            words += [str(n) for n in sizes if n != 1]
    return "×".join(words) or "1"


def products(entries: Iterable[Entry]) -> Cost:
    """The products of some operations; those of a single one with their formula."""
    costs = [cost for cost in map(_products, entries) if cost.number]
    if not costs:
        return NOTHING
    return costs[0] if len(costs) == 1 else Cost(sum(cost.number for cost in costs))


def _products(entry: Entry) -> Cost:
    if entry.name == "convolution":
        return _convolution(entry)
    operands = _MATRICES.get(entry.name)
    if operands is None:
        return NOTHING
    one, two = (entry.inputs[i].shape for i in operands)
    inner, columns = one[-1], two[-1] if len(two) > 1 else 1
    output: Any = entry.outputs
    rows = output.numel() // columns
    return Cost(rows * columns * inner, factors(rows, columns, inner))


# The operations that multiply matrices, and which of their inputs these are.
_MATRICES = {
    "mm": (0, 1), "mv": (0, 1), "dot": (0, 1), "bmm": (0, 1), "matmul": (0, 1),
    "addmm": (1, 2), "addmv": (1, 2), "baddbmm": (1, 2),
}  # fmt: skip


def _convolution(entry: Entry) -> Cost:
    """in / groups × out × positions × taps; the transpose takes its input's positions."""
    input, weight = entry.inputs[0].shape, entry.inputs[1].shape
    output: Any = entry.outputs
    over = input if entry.params["transposed"] else output.shape
    numbers = (over[0], weight[1], weight[0], over[2:], weight[2:])
    count = over[0] * prod(weight) * prod(over[2:])
    return Cost(count, factors(*numbers))


def parameters(own: dict[str, Any], entries: Iterable[Entry]) -> Cost:
    """The number of elements of a layer's ``own`` parameters, by name.

    The formula: a weight and a bias are out × (in × taps + 1), vectors of one size are so many
    times that size.
    """
    shapes = [tuple(p.shape) for p in own.values()]
    count = sum(map(prod, shapes))
    if not count:
        return NOTHING
    transposed = any(e.name == "convolution" and e.params["transposed"] for e in entries)
    if len(shapes) == 1:
        return Cost(count, factors(*_weight(shapes[0], False)) if len(shapes[0]) > 1 else "")
    if len(shapes) == 2 and len(shapes[0]) > 1 and len(shapes[1]) == 1:
        out, *each = _weight(shapes[0], transposed)
        if shapes[1] == (out,):
            return Cost(count, factors(out, f"({factors(*each)}+1)"))
    if len(set(shapes)) == 1 and len(shapes[0]) == 1:
        return Cost(count, factors(len(shapes), shapes[0]))
    return Cost(count)


def _weight(shape: tuple[int, ...], transposed: bool) -> tuple[Any, ...]:
    """out, in, taps."""
    one, two = (shape[1], shape[0]) if transposed else shape[:2]
    return one, two, shape[2:]
