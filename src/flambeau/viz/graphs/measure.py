"""What nodes cost and what flows through them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from flambeau.tensor.api import torch
from flambeau.tensor.gradients import grad
from flambeau.tensor.tensor import Tensor
from flambeau.viz.graphs.parts import Box


def saved_memory(node: Any) -> frozenset[tuple[int, int]]:
    """The stretches of memory that a node keeps for the backward pass; none once it is freed."""
    kept = [getattr(node, "saved", None), getattr(node, "_saved", None)]
    kept += getattr(node, "__dict__", {}).values()  # what a user's function put on its ctx
    found = {np.lib.array_utils.byte_bounds(array) for value in kept for array in _arrays(value)}
    inner = getattr(node, "inner", None)  # of an in-place operation on a view
    return frozenset(found) | (saved_memory(inner) if inner is not None else frozenset())


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, Tensor):
        value = value._array
    if isinstance(value, np.ndarray) and value.size:
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _arrays(part)


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
            array = g.detach().resolve_conj().numpy()
            wide = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
            squares += float(np.vdot(wide, wide).real)
    return squares**0.5
