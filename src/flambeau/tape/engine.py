"""The reverse pass.

Nodes wait in a heap, youngest first. A node is always younger than the nodes that made its inputs,
so when it comes up, all cotangents of its outputs have arrived: no dependency counts, no recursion.

Cotangents are values of a *space*: bare arrays, or tensors when the pass itself is recorded
(``create_graph``). Each travels with a flag that says whether the engine owns its buffer; only then
may it be added to in place or become a ``.grad`` without a copy.
"""

from __future__ import annotations

import warnings
from heapq import heappop, heappush

from flambeau.core.config import modes

from .node import AccumulateGrad, at


def run(roots, space, *, keep_graph=False, targets=None, accumulate=True):
    """Walk back from ``roots``, a list of (node, output number, cotangent).

    With ``targets``, a set of edges, only the paths to them are walked, and the cotangents that
    arrive there are returned as a dict; ``accumulate`` says whether leaves among them also get
    their ``.grad``.
    """
    waiting: list = []
    arrived: dict = {}
    captured: dict = {}
    needed = None
    if targets is not None:
        stops = {node for node, _ in targets}
        needed = _leading_to(stops, [node for node, _, _ in roots])
    for node, nr, g in roots:
        _deposit(waiting, arrived, space, node, nr, g, False)
    while waiting:
        node = heappop(waiting)[1]
        cotangents = arrived.pop(node)
        if needed is not None and node not in needed:
            continue
        if node.pre_hooks or node.retainers:
            cotangents = _run_pre_hooks(node, space, cotangents)
        if needed is not None and node in stops:
            for nr, pair in enumerate(cotangents):
                if (node, nr) in targets and pair is not None:
                    captured[node, nr] = pair
        if isinstance(node, AccumulateGrad):
            if accumulate and cotangents[0] is not None:
                _accumulate(node, space, *cotangents[0])
            continue
        if needed is not None and not any(e[0] in needed for e in node.edges):
            continue
        grads = [pair and pair[0] for pair in cotangents]
        results = _apply(node, space, grads)
        fresh = _fresh(node, space, grads, results)
        if not keep_graph:
            node.release()
        del cotangents, grads
        for edge, g, owned in zip(node.edges, results, fresh):
            if g is not None and edge[0] is not None:
                if needed is None or edge[0] in needed:
                    _deposit(waiting, arrived, space, *edge, g, owned)
    return captured


def _deposit(waiting, arrived, space, node, nr, g, owned) -> None:
    shape, dtype = node.meta[nr]
    g, owned = space.fit(g, shape, dtype, owned)
    pairs = arrived.get(node)
    if pairs is None:
        pairs = arrived[node] = [None] * len(node.meta)
        heappush(waiting, (-node.seq, node))
    before = pairs[nr]
    pairs[nr] = (g, owned) if before is None else space.add(before, (g, owned))


def _leading_to(stops, roots) -> set:
    """The nodes from which some node of ``stops`` can be reached."""
    found, todo = set(roots), list(roots)
    while todo:
        for node, _ in todo.pop().edges:
            if node is not None and node not in found:
                found.add(node)
                todo.append(node)
    needed = set(stops)
    for node in sorted(found, key=lambda n: n.seq):
        if any(e[0] in needed for e in node.edges):
            needed.add(node)
    return needed


def _apply(node, space, grads):
    if not modes.anomaly:
        results = node.apply(space, grads)
    else:
        results = _apply_watched(node, space, grads)
    if space.listeners:
        space.tell(node, grads, results)
    if len(results) != len(node.edges):
        raise RuntimeError(
            f"function {node.name()} returned an incorrect number of gradients (expected "
            f"{len(node.edges)}, got {len(results)})"
        )
    if node.hooks:
        results = _run_hooks(node, space, results, grads)
    return results


def _apply_watched(node, space, grads):
    """Anomaly mode: name the forward line of the node that fails or makes NaN."""
    try:
        results = node.apply(space, grads)
    except Exception:
        _warn_forward(node)
        raise
    if modes.anomaly_check_nan:
        for i, g in enumerate(results):
            if g is not None and space.has_nan(g):
                _warn_forward(node)
                raise RuntimeError(
                    f"Function '{node.name()}' returned nan values in its {i}th output."
                    f"\n  The operation was recorded{at(node.line)}."
                )
    return results


def _warn_forward(node) -> None:
    stack = node.traceback or "No forward pass information: enable anomaly mode in the forward."
    warnings.warn(
        f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n"
        + stack,
        stacklevel=2,
    )


def _fresh(node, space, grads, results) -> list[bool]:
    """Which results are buffers that nobody else can see."""
    mine = [g for g in grads if g is not None]
    saved = getattr(node, "saved", None) or ()
    mine += [v[0] for v in saved if type(v) is tuple and v]
    return [space.is_fresh(r) and all(r is not m for m in mine) for r in results]


def _run_pre_hooks(node, space, cotangents):
    """Tensor hooks (they have an ``output_nr``) and node pre-hooks, in order of registration; then
    retained grads.
    """
    grads = [pair and space.tensor(pair[0]) for pair in cotangents]
    for hook in list((node.pre_hooks or {}).values()):
        nr = getattr(hook, "output_nr", None)
        if nr is None:
            replaced = hook(tuple(grads))
            if replaced is not None:
                grads = list(replaced) if isinstance(replaced, tuple | list) else [replaced]
        elif grads[nr] is not None:
            replaced = hook(grads[nr])
            if replaced is not None:
                if replaced.shape != grads[nr].shape:
                    raise RuntimeError(
                        f"hook '{hook.name}' has changed the size of value: from "
                        f"{tuple(grads[nr].shape)} to {tuple(replaced.shape)}"
                    )
                grads[nr] = replaced
    for nr, retain in (node.retainers or {}).items():
        if grads[nr] is not None:
            retain(grads[nr])
    return [(g is not None and (space.value(g), False)) or None for g in grads]


def _run_hooks(node, space, results, grads):
    outputs = tuple(g if g is None else space.tensor(g) for g in grads)
    for hook in list(node.hooks.values()):
        inputs = tuple(g if g is None else space.tensor(g) for g in results)
        replaced = hook(inputs, outputs)
        if replaced is not None:
            replaced = replaced if isinstance(replaced, tuple | list) else (replaced,)
            results = [g if g is None else space.value(g) for g in replaced]
        else:
            results = [g if g is None else space.value(g) for g in inputs]  # written to in place?
    return results


def _accumulate(node: AccumulateGrad, space, g, owned) -> None:
    variable = node.variable
    if space.listeners:
        space.tell(node, (g,), ())
    space.accumulate(variable, g, owned)
    if variable._post_hooks:
        for hook in list(variable._post_hooks.values()):
            hook(variable)
