"""Operations that users write: ``forward`` and ``backward`` in Python.

>>> import flambeau as torch
>>> class Double(torch.autograd.Function):
...     @staticmethod
...     def forward(ctx, x):
...         return x * 2
...     @staticmethod
...     def backward(ctx, g):
...         return g * 2
>>> x = torch.tensor(3.0, requires_grad=True)
>>> Double.apply(x).backward()
>>> x.grad
tensor(2.)
"""

from __future__ import annotations

import functools
import warnings

import numpy as np

from flambeau.core.config import modes
from flambeau.core.errors import AutogradError
from flambeau.tape.node import FREED, NO_EDGE, Node
from flambeau.tensor.dispatch import caller, edge, wrap
from flambeau.tensor.tensor import Tensor


class FunctionNode(Node):
    """The graph node of a user's function; it is also the ``ctx`` that forward and backward
    receive.
    """

    __slots__ = (
        "__dict__",
        "_dirty",
        "_materialize",
        "_non_differentiable",
        "_outputs",
        "_saved",
        "needs_input_grad",
    )  # fmt: skip
    user_function: type

    def __init__(self, needs):
        super().__init__((), (), caller())
        self.needs_input_grad = needs
        self._materialize = True
        self._non_differentiable = self._dirty = ()
        self._saved = ()

    def save_for_backward(self, *tensors) -> None:
        """Keep tensors for ``backward``, which finds them in ``ctx.saved_tensors``."""
        for t in tensors:
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument is of type "
                    f"{type(t).__name__}"
                )
        self._saved = tensors

    save_for_forward = save_for_backward

    def mark_dirty(self, *tensors) -> None:
        """Declare inputs that ``forward`` changed in place."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors) -> None:
        """Declare outputs that have no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether missing cotangents reach ``backward`` as zeros (default) or as ``None``."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple:
        """What ``save_for_backward`` kept."""
        if self._saved is FREED:
            raise AutogradError(
                "Trying to backward through the graph a second time (or directly access saved "
                "tensors after they have already been freed). Specify retain_graph=True if you "
                "need to backward through the graph a second time."
            )
        return tuple(self._unpack(item) for item in self._saved)

    saved_variables = saved_tensors

    def _pack(self, outputs) -> None:
        """Replace saved outputs by something that holds no reference to this node."""
        packed = []
        for t in self._saved:
            nr = next((i for i, o in enumerate(outputs) if o is t), None)
            if t is None:
                packed.append(None)
            elif nr is None:
                packed.append((t, t._storage.version, None))
            else:
                packed.append((t._array, t._storage.version, (nr, t._storage)))
        self._saved = tuple(packed)

    def _unpack(self, item):
        if item is None or isinstance(item, Tensor):
            return item
        held, version, output = item
        storage = held._storage if output is None else output[1]
        if storage.version != version:
            raise AutogradError(
                "one of the variables needed for gradient computation has been modified by an "
                f"inplace operation: saved by {self.name()} at version {version}, now at version "
                f"{storage.version}"
            )
        if output is None:
            return held
        t = wrap(held)
        t._storage = storage
        t._grad_fn, t._output_nr, t._requires_grad = self, output[0], True
        return t

    def apply(self, space, grads):
        if self._materialize:
            grads = [space.zeros(*self.meta[i]) if g is None else g for i, g in enumerate(grads)]
        given = [g if g is None else space.tensor(g) for g in grads]
        enabled = modes.grad_enabled
        try:
            results = self.user_function._backward(self, *given)
        finally:
            modes.grad_enabled = enabled
        results = results if isinstance(results, tuple | list) else (results,)
        return self._match(space, list(results))

    def _match(self, space, results):
        count = len(self.edges)
        if len(results) > count and all(g is None for g in results[count:]):
            results = results[:count]
        if len(results) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients "
                f"(expected {count}, got {len(results)})"
            )
        for i, (g, (node, nr)) in enumerate(zip(results, self.edges)):
            if g is None or node is None:
                results[i] = None
                continue
            if not isinstance(g, Tensor):
                raise RuntimeError(
                    f"{self.name()} returned gradient {i} of a wrong type: expected Variable or "
                    f"None (got {type(g).__name__})"
                )
            want = node.meta[nr][0]
            if g._array.shape != want and not _sums_to(g._array.shape, want):
                raise RuntimeError(
                    f"Function {self.name()} returned an invalid gradient at index {i} - got "
                    f"{list(g.shape)} but expected shape compatible with {list(want)}"
                )
            results[i] = space.value(g)
        return results

    def release(self) -> None:
        self._saved = FREED


def _sums_to(shape, want) -> bool:
    if len(want) > len(shape):
        return False
    return all(b in (1, a) for a, b in zip(reversed(shape), reversed(want)))


class Function:
    """Base of user-defined operations: subclass it, write static ``forward(ctx, ...)`` (or
    ``forward(...)`` and
    ``setup_context(ctx, inputs, output)``) and ``backward(ctx, *grads)``, and call ``apply``."""

    @staticmethod
    def forward(*args, **kwargs):
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx, inputs, output):
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward

    def __init__(self, *args, **kwargs):
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all "
            f"static, so you should invoke them on the class itself: {type(self).__name__}.apply.",
            DeprecationWarning,
            stacklevel=2,
        )

    @classmethod
    def _backward(cls, ctx, *grads):
        user = cls.backward if cls.backward is not Function.backward else cls.vjp
        return user(ctx, *grads)

    @classmethod
    def apply(cls, *args):
        """Run ``forward`` and record one node."""
        needs = tuple(isinstance(t, Tensor) and t.requires_grad for t in args)
        recorded = modes.grad_enabled and any(needs)
        ctx = _node_class(cls)(needs)
        enabled = modes.grad_enabled
        modes.grad_enabled = False
        try:
            if cls.setup_context is not Function.setup_context:
                output = cls.forward(*args)
                cls.setup_context(ctx, args, output)
            else:
                output = cls.forward(ctx, *args)
        finally:
            modes.grad_enabled = enabled
        several = isinstance(output, tuple)
        outputs = list(output) if several else [output]
        if recorded:
            outputs = ctx_record(ctx, args, needs, outputs)
        else:
            ctx._saved = ()
        return tuple(outputs) if several else outputs[0]


def ctx_record(ctx: FunctionNode, args, needs, outputs) -> list:
    """Tie the outputs of a user's function to its node."""
    from flambeau.tensor import inplace

    ctx.edges = tuple(edge(t) if wanted else NO_EDGE for t, wanted in zip(args, needs))
    ctx.meta = tuple(
        (t._array.shape, t._array.dtype) if isinstance(t, Tensor) else ((), np.dtype(float))
        for t in outputs
    )
    dirty = {id(t) for t in ctx._dirty}
    saved_outputs = list(outputs)
    for i, t in enumerate(outputs):
        if not isinstance(t, Tensor) or any(t is o for o in ctx._non_differentiable):
            continue
        if t._array.dtype.kind not in "fcV":
            continue
        if id(t) in dirty:
            inplace.check_writable_history(t, ctx.name())
            inplace.wrote(t, ctx.name())
            inplace.attach(t, ctx)
            t._output_nr = i if t._grad_fn is ctx else t._output_nr
            continue
        if any(t is a for a in args) or t._grad_fn is not None or t._requires_grad:
            t = outputs[i] = t.view_as(t).detach() if any(t is a for a in args) else t.detach()
        t._grad_fn, t._output_nr, t._requires_grad, t._view = ctx, i, True, None
    ctx._saved = tuple(
        next((outputs[i] for i, o in enumerate(saved_outputs) if o is t), t) for t in ctx._saved
    )
    ctx._pack(outputs)
    ctx._dirty = ctx._non_differentiable = ()
    return outputs


@functools.cache
def _node_class(cls) -> type:
    """PyTorch shows ``MyFunctionBackward`` for a user's ``MyFunction``."""
    return type(f"{cls.__name__}Backward", (FunctionNode,), {"__slots__": (), "user_function": cls})


def once_differentiable(backward):
    """Decorate a ``backward`` that is not made of differentiable operations: a second derivative
    raises.
    """

    @functools.wraps(backward)
    def wrapped(ctx, *grads):
        recorded = modes.grad_enabled and any(
            isinstance(g, Tensor) and g.requires_grad for g in grads
        )
        modes.grad_enabled, before = False, modes.grad_enabled
        try:
            results = backward(ctx, *grads)
        finally:
            modes.grad_enabled = before
        if not recorded:
            return results
        several = isinstance(results, tuple)
        marked = tuple(
            r if not isinstance(r, Tensor) else _Refusing.apply(r.detach().requires_grad_())
            for r in (results if several else (results,))
        )
        return marked if several else marked[0]

    return wrapped


class _Refusing(Function):
    """The identity whose derivative is an error."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


class InplaceFunction(Function):
    """A function with an ``inplace`` option (kept for old programs)."""
