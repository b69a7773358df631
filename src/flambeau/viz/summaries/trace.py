"""What a model does with an input, as the calls that its author wrote: layers and functions.

Two seams tell it: hooks on all modules say which module runs, the record of the dispatcher which
operations. An operation belongs to the layer that runs, or else to the function that the
``forward`` of some module called.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from flambeau import nn
from flambeau.core import devices
from flambeau.nn import hooks
from flambeau.nn.parameter import is_lazy
from flambeau.plan import record
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor

from . import naming


@dataclass
class Call:
    """One layer or function at work: its place in the model, and the operations inside it."""

    path: str
    text: str
    module: Any = None
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    entries: list[record.Entry] = field(default_factory=list)


@dataclass
class Visit:
    """One module, layer or container, at work: ``first`` to ``last`` are its calls."""

    path: str
    module: Any
    first: int
    last: int = -1
    outputs: list[Tensor] = field(default_factory=list)


class Trace:
    """The calls and visits of one forward pass; ``error`` is what ended it early.

    Parameters are known by identity: ``parameters`` maps the tensors that stood for them during the
    pass to their qualified names.
    """

    def __init__(self, model: Any) -> None:
        self.calls: list[Call] = []
        self.visits: list[Visit] = []
        self.parameters: dict[int, str] = {}
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.error: Exception | None = None
        self._model = model
        self._paths = {id(m): path for path, m in model.named_modules()}
        self._running: list[Visit] = []
        self._leaf: Visit | None = None
        self._frame: FrameType | None = None

    def run(self, args: tuple[Any, ...]) -> None:
        """Run the model on ``args``; an error is kept in ``error``."""
        self.inputs = tensors_in(args)
        before = hooks.register_module_forward_pre_hook(self._enter)
        after = hooks.register_module_forward_hook(self._leave)
        record.listeners.append(self._operation)
        try:
            self.outputs = tensors_in(self._model(*args))
        except Exception as error:
            self.error = error
        finally:
            record.listeners.remove(self._operation)
            before.remove()
            after.remove()
            self._frame = None

    def name_of(self, t: Any) -> str | None:
        """The qualified name of a parameter, or of the parameter that a tensor is a view of."""
        base = getattr(t, "_base", None)
        return self.parameters.get(id(t)) or self.parameters.get(id(base))

    def _enter(self, module: Any, args: Any) -> None:
        path = self._paths.get(id(module))
        if path is None:
            return
        visit = Visit(path, module, len(self.calls))
        self.visits.append(visit)
        self._running.append(visit)
        self._frame = None
        if self._leaf is None and _is_layer(module, path):
            self._leaf = visit
            text = naming.of_module(module)
            self.calls.append(Call(path, text, module, tensors_in(args)))

    def _leave(self, module: Any, _args: Any, output: Any) -> None:
        if id(module) not in self._paths:
            return
        visit = self._running.pop()
        visit.outputs = tensors_in(output)
        visit.last = len(self.calls) - 1
        self._frame = None
        if self._leaf is visit:
            self._leaf = None
            self.calls[-1].outputs = visit.outputs

    def _operation(self, entry: record.Entry) -> None:
        if self._leaf is None:
            frame = _function_called()
            if frame is None or frame is not self._frame:
                if not tensors_in(entry.inputs):
                    return  # a constant is made
                self._frame = frame
                path = self._running[-1].path if self._running else ""
                inputs = [t for t in tensors_in(entry.inputs) if self.name_of(t) is None]
                text = naming.of_function(frame, entry, self.name_of)
                self.calls.append(Call(path, text, None, inputs))
            self.calls[-1].outputs = tensors_in(entry.outputs)[:1]
        self.calls[-1].entries.append(entry)


def _is_layer(module: Any, path: str) -> bool:
    """Whether a module is one row, whatever happens inside: it holds no other modules.

    A model that somebody wrote without any is opened all the same.
    """
    if isinstance(module, nn.MultiheadAttention):
        return True
    own = type(module).__module__.startswith("flambeau.nn.")
    return not module._modules and (bool(path) or own)


# What lies between the call that somebody wrote and the dispatcher.
_INSIDE = tuple(
    f"flambeau.{part}"
    for part in ("autograd", "functional", "nn.functional", "ops", "plan", "tape", "tensor")
)


def _function_called() -> FrameType | None:
    """The frame of the function of ours that code outside of the operations called."""
    frame, found = sys._getframe(2), None
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_INSIDE):
        found, frame = frame, frame.f_back  # type: ignore[assignment]
    return found


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors in nested tuples, lists and dicts, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return []
    return [t for item in value for t in tensors_in(item)]


def trace(model: Any, args: tuple[Any, ...], device: str = "meta", training: bool = False) -> Trace:
    """Run ``model`` on ``args`` and tell what it did; the model is left as it was.

    On the meta device, with parameters that have no values, so that nothing is computed.
    """
    lazy = [name for name, p in model.named_parameters() if is_lazy(p)]
    if lazy:
        raise RuntimeError(f"{lazy[0]} has no size yet: call the lazy model on an input once")
    found = Trace(model)
    with torch.no_grad(), _mode(model, training), _on(model, device), devices.device(device):
        found.parameters = {id(p): name for name, p in model.named_parameters()}
        found.run(args)
    return found


@contextlib.contextmanager
def _mode(model: Any, training: bool) -> Iterator[None]:
    """The model in training or evaluation mode, and each module as it was afterwards."""
    before = [(m, m.training) for m in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, was in before:
            module.training = was


@contextlib.contextmanager
def _on(model: Any, device: str) -> Iterator[None]:
    """All tensors of the model, attributes included, replaced by twins on ``device``."""
    twins: dict[int, Tensor] = {}
    before: list[tuple[dict[str, Any], str, Tensor]] = []
    try:
        for module in model.modules():
            for table in (module._parameters, module._buffers, vars(module)):
                for name, t in list(table.items()):
                    if isinstance(t, Tensor) and t.device.type != device:
                        before.append((table, name, t))
                        table[name] = twins.setdefault(id(t), _twin(t, device))
        yield
    finally:
        for table, name, t in before:
            table[name] = t


def _twin(t: Tensor, device: str) -> Tensor:
    made = t.detach().to(device)
    return nn.Parameter(made, t.requires_grad) if isinstance(t, nn.Parameter) else made
