"""Trading time for memory: run a part of the forward pass again during the backward pass.

Only the inputs of the part are kept. Sublinear memory cost: Chen et al., "Training deep nets with
sublinear memory cost", 2016.
"""

from __future__ import annotations

from flambeau.core.random import default_generator
from flambeau.tensor.gradients import backward
from flambeau.tensor.tensor import Tensor

from .function import Function
from .modes import enable_grad


class _Checkpoint(Function):
    """Keeps the inputs; backward repeats the function with recording on and walks that graph."""

    @staticmethod
    def forward(ctx, anchor, function, kwargs, preserve, *args):
        ctx.function, ctx.kwargs, ctx.preserve = function, kwargs, preserve
        ctx.position = default_generator.position()
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.args = [None if isinstance(a, Tensor) else a for a in args]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        return function(*args, **kwargs)

    @staticmethod
    def backward(ctx, *cotangents):
        args = list(ctx.args)
        for i, t in zip(ctx.places, ctx.saved_tensors):
            args[i] = t.detach().requires_grad_(t.requires_grad)
        here = default_generator.position()
        if ctx.preserve:
            default_generator.set_position(*ctx.position)
        try:
            with enable_grad():
                outputs = ctx.function(*args, **ctx.kwargs)
        finally:
            if ctx.preserve:
                default_generator.set_position(*here)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        live = [(y, g) for y, g in zip(outputs, cotangents)
                if isinstance(y, Tensor) and y.requires_grad and g is not None]  # fmt: skip
        if not live:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        backward([y for y, _ in live], [g for _, g in live])
        return (None,) * 4 + tuple(a.grad if isinstance(a, Tensor) else None for a in args)


def checkpoint(
    function, *args, use_reentrant=None, context_fn=None, determinism_check="default", debug=False,
    early_stop=True, preserve_rng_state=True, **kwargs,
):  # fmt: skip
    """``function(*args, **kwargs)`` without keeping what it saves for the backward pass; it runs
    again there.

    The random stream is put back for the second run, so dropout masks agree, unless
    ``preserve_rng_state`` is False.

    >>> import flambeau as torch
    >>> from flambeau.utils.checkpoint import checkpoint
    >>> x = torch.ones(3, requires_grad=True)
    >>> checkpoint(torch.exp, x, use_reentrant=False).sum().backward()
    >>> x.grad
    tensor([2.7183, 2.7183, 2.7183])
    """
    anchor = _anchor(use_reentrant)
    return _Checkpoint.apply(anchor, function, kwargs, preserve_rng_state, *args)


def _anchor(use_reentrant):
    """A leaf that makes the node exist even when only parameters inside the function want
    gradients.
    """
    if use_reentrant:
        return None
    from flambeau.tensor.api import torch

    return torch.zeros(0, requires_grad=True)


def checkpoint_sequential(functions, segments, input, use_reentrant=None, **kwargs):
    """Run a sequence of modules in ``segments`` checkpointed parts (the last one is kept)."""
    functions = list(functions.children() if hasattr(functions, "children") else functions)
    size = len(functions) // segments
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))

    def run(start, end):
        def part(x):
            for f in functions[start:end]:
                x = f(x)
            return x

        return part

    end = 0
    for start in range(0, size * (segments - 1), size or 1):
        end = start + size
        input = checkpoint(
            run(start, end), input, use_reentrant=use_reentrant, preserve_rng_state=preserve
        )
    return run(end, len(functions))(input)
