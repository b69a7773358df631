"""Which call of which module made a node of the graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flambeau import nn
from flambeau.tape.node import Node


@dataclass
class Call:
    """One call of a module. Nodes with ``start < seq < stop`` were made in it."""

    name: str
    kind: str
    start: int
    stop: int = -1
    repeat: int = 1
    calls_others: bool = False

    @property
    def title(self) -> str:
        """The module's name, its class for the outermost one; later calls are numbered."""
        name = self.name or self.kind
        return name if self.repeat == 1 else f"{name} (call {self.repeat})"


class ModuleCalls:
    """Inside, notes when each module of ``model`` is called, for `graph` to fold by module.

    Nodes are numbered as they are made, so a call is a range of numbers, and calls nest as ranges
    do. What a module computes outside its submodules (a residual sum) is its own.

    Args:   model: the module whose calls, and whose submodules' calls, are noted.

    >>> import flambeau as torch
    >>> from flambeau import nn, viz
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> with viz.ModuleCalls(model) as calls:
    ...     loss = model(torch.rand(5, 4)).pow(2).mean()
    >>> picture = viz.graph(loss, modules=calls, depth=1)
    >>> [box.title for box in picture.boxes]
    ['loss', 'MeanBackward0', 'PowBackward0', '2', '1', '0']
    """

    def __init__(self, model: Any) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(
                f"ModuleCalls watches an nn.Module, but got {type(model).__name__}: give the model"
            )
        self.model = model
        self.calls: list[Call] = []
        self._handles: list[Any] = []

    def __enter__(self) -> ModuleCalls:
        self._open: list[Call] = []
        for name, module in self.model.named_modules():
            self._handles.append(module.register_forward_pre_hook(self._starts(name), prepend=True))
            self._handles.append(module.register_forward_hook(self._stops, always_call=True))
        return self

    def __exit__(self, *_: Any) -> None:
        while self._handles:
            self._handles.pop().remove()

    def _starts(self, name: str) -> Any:
        def hook(module: Any, inputs: Any) -> None:
            self._open.append(Call(name, type(module).__name__, _now()))

        return hook

    def _stops(self, module: Any, inputs: Any, output: Any) -> None:
        call = self._open.pop()
        call.stop = _now()
        self.calls.append(call)
        if self._open:
            self._open[-1].calls_others = True

    def homes(self, numbers: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """For each node number the calls around it, outermost first, as indices of ``calls``.

        Sorts ``calls`` by when they began.
        """
        self.calls.sort(key=lambda call: call.start)
        seen: Counter[str] = Counter()
        for call in self.calls:
            seen[call.name] += 1
            call.repeat = seen[call.name]
        found: dict[int, tuple[int, ...]] = {}
        around: tuple[int, ...] = ()
        upcoming = 0
        for number in sorted(numbers):
            while upcoming < len(self.calls) and self.calls[upcoming].start < number:
                around = (*self._still(around, self.calls[upcoming].start), upcoming)
                upcoming += 1
            around = self._still(around, number)
            found[number] = around
        return found

    def _still(self, around: tuple[int, ...], number: int) -> tuple[int, ...]:
        """Those of nested calls that have not ended at this number."""
        while around and self.calls[around[-1]].stop <= number:
            around = around[:-1]
        return around


def _now() -> int:
    """The number that the next node would get; taking it leaves a gap, which harms nobody."""
    return Node((), ()).seq
