"""What nodes cost and what flows through them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from flambeau.tensor.absent import AbsentArray
from flambeau.tensor.api import torch
from flambeau.tensor.gradients import grad
from flambeau.tensor.storage import Storage
from flambeau.tensor.tensor import Tensor
from flambeau.viz.graphs.parts import Box, Stretch


def saved_memory(node: Any) -> frozenset[Stretch]:
    """The stretches of memory that a node keeps for the backward pass; none once it is freed."""
    kept = [getattr(node, "saved", None), getattr(node, "_saved", None)]
    kept += getattr(node, "__dict__", {}).values()  # what a user's function put on its ctx
    found = {_stretch(array, owner) for value in kept for array, owner in _arrays(value)}
    inner = getattr(node, "inner", None)  # of an in-place operation on a view
    return frozenset(found) | (saved_memory(inner) if inner is not None else frozenset())


def _arrays(value: Any) -> Iterator[tuple[np.ndarray, Any]]:
    """The arrays in what a node keeps, each with the storage that it lies in, or itself."""
    if isinstance(value, Tensor):
        yield value._array, value._storage
    elif isinstance(value, np.ndarray):
        yield value, value
    elif isinstance(value, tuple | list):
        if len(value) == 3 and isinstance(value[1], Storage):
            yield value[0], value[1]
        else:
            for part in value:
                yield from _arrays(part)


def _stretch(array: np.ndarray, owner: Any) -> Stretch:
    """Arrays of meta tensors all begin at one address: there storages are spaces of their own."""
    if not array.size:
        return (0, 0, 0)
    space = id(owner) if isinstance(array, AbsentArray) else 0
    return (space, *np.lib.array_utils.byte_bounds(array))


def watch_backward(roots: list[Any], nodes: list[Any], leaves: list[Any], boxes: list[Box]) -> None:
    """Walk back once from ``roots`` and note seconds and gradients' norms in the nodes' boxes.

    The graph is kept and no ``.grad`` is written, not even of tensors that retain theirs. Tensors'
    own hooks run, as they are part of what happens to gradients. Gradients of results that are not
    scalars start as ones.

    Args:
        nodes, leaves: operations and accumulating nodes.
        boxes: those of ``nodes``, then those of ``leaves``.
    """
    handles = []
    retained = [(node, node.retainers) for node in nodes if node.retainers]
    try:
        for node, _ in retained:
            node.retainers = None
        for node, box in zip(nodes, boxes):
            handles += _watch(node, box)
        starts = [torch.ones_like(root) for root in roots]
        variables = [node.variable for node in leaves]
        grads = grad(roots, variables, starts, retain_graph=True, allow_unused=True)
    finally:
        for handle in handles:
            handle.remove()
        for node, retainers in retained:
            node.retainers = retainers
    for box, g in zip(boxes[len(nodes) :], grads):
        box.norm = _norm((g,))


def _watch(node: Any, box: Box) -> list[Any]:
    """The clock starts after all that comes before the node's own work."""

    start = 0.0

    def before(grads: Any) -> None:
        nonlocal start
        box.norm = _norm(grads)
        start = time.perf_counter()

    def after(grad_inputs: Any, grad_outputs: Any) -> None:
        box.seconds = time.perf_counter() - start

    return [node.register_prehook(before), node.register_hook(after)]


def _norm(grads: Any) -> float:
    """Euclidean norm of several gradients together, in double precision."""
    squares = 0.0
    for g in grads:
        if g is not None:
            wide = g._array.astype(np.float64).ravel()
            squares += float(wide @ wide)
    return squares**0.5
