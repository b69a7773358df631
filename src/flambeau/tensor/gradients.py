"""``backward`` and ``grad``: from tensors to the engine and back."""

from __future__ import annotations

import numpy as np

from flambeau.backend.numpy.kernels import errstate
from flambeau.core import devices
from flambeau.core.config import modes
from flambeau.core.errors import AutogradError
from flambeau.plan import record
from flambeau.tape import engine

from . import absent
from .dispatch import edge, wrap
from .spaces import space_for
from .storage import lying
from .tensor import Tensor


def backward(
    tensors, grad_tensors=None, retain_graph=None, create_graph=False, grad_variables=None,
    inputs=None,
) -> None:  # fmt: skip
    """Add the gradients of ``tensors``, summed with the cotangents ``grad_tensors``, to ``.grad``
    of the leaves.

    >>> import flambeau as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> torch.autograd.backward((x * 2).sum())
    >>> x.grad
    tensor([2., 2.])
    """
    tensors = _sequence(tensors)
    if grad_tensors is None:
        grad_tensors = grad_variables
    targets = None
    if inputs is not None:
        inputs = _sequence(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        targets = {_target(t): t for t in inputs}
    captured = _walk(tensors, grad_tensors, retain_graph, create_graph, targets, accumulate=True)
    for where, (g, _) in captured.items():
        t = targets[where]
        if t._grad_fn is not None and not t.retains_grad:  # leaves were done by the engine
            space_for(create_graph, t.is_meta).accumulate(t, g, False)


def grad(
    outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, only_inputs=True,
    allow_unused=None, is_grads_batched=False, materialize_grads=False,
) -> tuple:  # fmt: skip
    """The gradients of the sum of ``outputs`` with respect to ``inputs``, as a tuple.

    grad_outputs: a cotangent for each output; may be left out for single elements.
    create_graph: record the computation, so that the result can be differentiated again.
    allow_unused: give ``None`` for an input that the outputs do not depend on, instead of an error.

    >>> import flambeau as torch
    >>> t = torch.tensor([1., 2., 4.]).requires_grad_()
    >>> torch.autograd.grad(t.pow(2).sum(), t)
    (tensor([2., 4., 8.]),)
    """
    if materialize_grads:
        if allow_unused is False:
            raise ValueError(
                "Expected allow_unused to be True or not passed when materialize_grads=True"
            )
        allow_unused = True
    outputs, inputs = _sequence(outputs), _sequence(inputs)
    if is_grads_batched:
        rows = [
            grad(outputs, inputs, [g[i] for g in _sequence(grad_outputs)], True, create_graph,
                 allow_unused=allow_unused, materialize_grads=materialize_grads)
            for i in range(len(_sequence(grad_outputs)[0]))
        ]  # fmt: skip
        from .api import torch

        return tuple(None if c[0] is None else torch.stack(c) for c in zip(*rows))
    edges = [_target(t) for t in inputs]
    targets = dict.fromkeys(edges)
    captured = _walk(outputs, grad_outputs, retain_graph, create_graph, targets, accumulate=False)
    space = space_for(create_graph, outputs[0].is_meta)
    found = []
    for where in edges:
        pair = captured.get(where)
        if pair is not None:
            g, owned = pair
            found.append(g if isinstance(g, Tensor) else space.tensor(g if owned else np.array(g)))
        elif materialize_grads:
            found.append(space.tensor(space.zeros(*where[0].meta[where[1]])))
        elif allow_unused:
            found.append(None)
        else:
            raise RuntimeError(
                "One of the differentiated Tensors appears to not have been used in the graph. Set "
                "allow_unused=True if this is the desired behavior."
            )
    return tuple(found)


@errstate
def _walk(outputs, grad_outputs, retain_graph, create_graph, targets, accumulate):
    meta = any(t.is_meta for t in outputs)
    space = space_for(create_graph, meta)
    grad_outputs = (None,) * len(outputs) if grad_outputs is None else _sequence(grad_outputs)
    if len(grad_outputs) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(grad_outputs)} gradients")
    roots = []
    for t, g in zip(outputs, grad_outputs):
        seed = _seed(t, g)
        if not t.requires_grad:
            raise AutogradError(
                "element 0 of tensors does not require grad and does not have a grad_fn"
                "\n  No input of this computation had requires_grad=True, or it ran under "
                "torch.no_grad() or on detached tensors."
            )
        roots.append((*edge(t), seed if space is not _array_space else lying(seed)))
    enabled, device = modes.grad_enabled, modes.device
    modes.grad_enabled, modes.device = bool(create_graph), devices.META if meta else None
    try:
        return engine.run(
            roots,
            space,
            keep_graph=create_graph if retain_graph is None else retain_graph,
            targets=targets,
            accumulate=accumulate,
        )
    finally:
        modes.grad_enabled, modes.device = enabled, device
        if record.listeners:
            record.tell("backward", tuple(outputs), {}, None)


_array_space = space_for(False)


def _seed(t: Tensor, g) -> Tensor:
    """The cotangent of an output, checked."""
    if g is None:
        if t._array.size != 1:
            raise RuntimeError(
                "grad can be implicitly created only for scalar outputs"
                f" (this one has shape {tuple(t.shape)}: reduce it, for example with .sum() or "
                ".mean(), or give the gradient argument)"
            )
        if t._array.dtype.kind not in "fcV":
            raise RuntimeError(
                f"grad can be implicitly created only for real scalar outputs but got {t.dtype}"
            )
        return wrap(absent.like(t._array) if t.is_meta else np.ones(t._array.shape, t._array.dtype))
    if not isinstance(g, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if lying(g).shape != lying(t).shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[0] has a shape of {g.shape} and output[0] has a shape "
            f"of {t.shape}."
        )
    return g


def _target(t) -> tuple:
    """The edge of a tensor that requires grad, or of a ``GradientEdge``."""
    if not isinstance(t, Tensor):
        return tuple(t)
    if not t.requires_grad:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edge(t)


def _sequence(tensors) -> tuple:
    single = isinstance(tensors, Tensor) or hasattr(tensors, "output_nr")
    return (tensors,) if single else tuple(tensors)
