"""Looking into the graph: nodes, and what they save."""

from __future__ import annotations

from typing import NamedTuple

from flambeau.core.config import modes
from flambeau.tape.node import Node
from flambeau.tensor.dispatch import edge

__all__ = ["GradientEdge", "Node", "get_gradient_edge", "increment_version", "save_on_cpu",
           "saved_tensors_hooks"]  # fmt: skip


class saved_tensors_hooks:
    """Inside, ``pack(tensor)`` replaces what operations save; ``unpack`` gives it back.

    >>> import flambeau as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(), torch.from_numpy):
    ...     y = x.exp()
    >>> y.sum().backward(); x.grad
    tensor([2.7183, 2.7183])
    """

    def __init__(self, pack_hook, unpack_hook):
        self.pair = (pack_hook, unpack_hook)

    def __enter__(self):
        self.before = modes.saved_hooks
        modes.saved_hooks = self.pair

    def __exit__(self, *_):
        modes.saved_hooks = self.before


class save_on_cpu(saved_tensors_hooks):
    """Keep what is saved in main memory; tensors are there already, so this copies nothing."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda t: t, lambda t: t)


class GradientEdge(NamedTuple):
    """Where the gradient of a tensor goes: a node and the number of its output."""

    node: Node
    output_nr: int


def get_gradient_edge(tensor) -> GradientEdge:
    """The edge of a tensor that requires grad."""
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge of a Tensor that does not "
                           "require gradients")  # fmt: skip
    return GradientEdge(*edge(tensor))


def increment_version(tensor) -> None:
    """Tell autograd that a tensor was changed behind its back."""
    for t in (tensor,) if hasattr(tensor, "_storage") else tensor:
        t._storage.version += 1


class _Handles:
    """Several handles removed as one."""

    def __init__(self, handles):
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


def register_multi_grad_hook(tensors, fn, *, mode: str = "all") -> _Handles:
    """Call ``fn`` in a backward pass with the gradients of all ``tensors`` (a list; ``None`` for
    one that gets none), once the last has come; with mode "any", with the first that comes.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    gathered: list = [None] * len(tensors)
    state = {"count": 0}

    def watch(i):
        def hook(g):
            state["count"] += 1
            if mode == "any":
                if state["count"] == 1:
                    fn(g)
            else:
                gathered[i] = g
            if state["count"] == len(tensors):
                if mode == "all":
                    fn(list(gathered))
                gathered[:] = [None] * len(tensors)
                state["count"] = 0

        return hook

    return _Handles([t.register_hook(watch(i)) for i, t in enumerate(tensors)])
