"""From the tape to boxes and links."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

from flambeau.tape.node import AccumulateGrad, at
from flambeau.viz.graphs.calls import ModuleCalls
from flambeau.viz.graphs.parts import ACCUMULATE, LEAF, OPERATION, RESULT, Box, Link


def reached(roots: list[Any]) -> tuple[list[Any], list[Any]]:
    """All nodes from which gradients of ``roots`` are made, youngest first: operations, leaves.

    Nodes are younger than what they depend on, so the youngest come first in every path.
    """
    found = set(roots)
    todo = list(roots)
    while todo:
        for node, _ in todo.pop().next_functions:
            if node is not None and node not in found:
                found.add(node)
                todo.append(node)
    operations = [node for node in found if not isinstance(node, AccumulateGrad)]
    operations.sort(key=lambda node: -node.seq)
    leaves = _in_order_of_use(operations)
    return operations, leaves


def _in_order_of_use(operations: list[Any]) -> list[Any]:
    """The accumulating nodes below these operations, in the order in which those name them."""
    seen = {
        node: None
        for operation in operations
        for node, _ in operation.next_functions
        if isinstance(node, AccumulateGrad)
    }
    return list(seen)


def draw(
    results: list[tuple[str, Any]],
    operations: list[Any],
    leaves: list[Any],
    names: Mapping[int, str],
    calls: ModuleCalls | None,
) -> tuple[list[Box], list[Link]]:
    """Boxes of the results, the operations, the accumulating nodes and the leaves, in this order.

    Args:
        results: title and tensor of each result.
        operations, leaves: what `reached` returned.
        names: from ``id(tensor)`` to its name.
        calls: which module made which operation.
    """
    homes = calls.homes([node.seq for node in operations]) if calls else {}
    boxes = [Box(RESULT, title, shape=tuple(t.shape)) for title, t in results]
    boxes += [_operation(node, homes.get(node.seq, ())) for node in operations]
    boxes += [Box(ACCUMULATE, node.name(), gradient_bytes=_bytes(node)) for node in leaves]
    boxes += [_leaf(node.variable, names) for node in leaves]
    number = {node: i for i, node in enumerate([*operations, *leaves], len(results))}
    links = [Link(i, number[t.grad_fn], None, t.output_nr) for i, (_, t) in enumerate(results)]
    for node in operations:
        for argument, (target, output) in enumerate(node.next_functions):
            if target is not None:
                links.append(Link(number[node], number[target], argument, output))
    links += [Link(number[node], number[node] + len(leaves)) for node in leaves]
    return boxes, links


def _operation(node: Any, home: tuple[int, ...]) -> Box:
    return Box(
        OPERATION,
        node.name(),
        shape=tuple(node.meta[0][0]) if node.meta else None,
        home=home,
        origin=_origin(node.line),
        gradient_bytes=_bytes(node),
    )


def _leaf(variable: Any, names: Mapping[int, str]) -> Box:
    return Box(
        LEAF,
        names.get(id(variable), ""),
        shape=tuple(variable.shape),
        parameters=math.prod(variable.shape),
    )


def _bytes(node: Any) -> int:
    """Bytes of the gradients that flow into a node."""
    return sum(math.prod(shape) * dtype.itemsize for shape, dtype in node.meta)


@functools.lru_cache(maxsize=4096)
def _origin(line: Any) -> str:
    """File name and line where the operation was called, without the folder."""
    return at(line)[len(" (at ") : -1].replace("\\", "/").rpartition("/")[2]
