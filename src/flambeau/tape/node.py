"""The nodes of the autograd graph.

An edge is a pair (node, output number). A node's ``edges`` lead to the nodes that made its inputs;
leaves end in ``AccumulateGrad``. ``meta`` gives shape and NumPy dtype of each output, which is what
a cotangent must look like.
"""

from __future__ import annotations

import itertools
import weakref

from flambeau.core.errors import AutogradError

NO_EDGE = (None, 0)
_sequence = itertools.count()


class Node:
    """One operation of the graph. Younger nodes have larger ``seq``, and depend on older ones
    only.
    """

    __slots__ = (
        "__weakref__", "edges", "hooks", "line", "meta", "pre_hooks", "retainers",
        "seq", "traceback",
    )  # fmt: skip

    def __init__(self, edges, meta, line=None):
        self.edges = edges
        self.meta = meta
        self.line = line
        self.seq = next(_sequence)
        self.hooks = self.pre_hooks = self.retainers = self.traceback = None

    def name(self) -> str:
        """PyTorch's name of the node, such as ``SumBackward0``."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple:
        """The edges towards the inputs: pairs (node or None, output number)."""
        return tuple(self.edges)

    def apply(self, space, grads):
        """The cotangents of the inputs, one for each edge, from those of the outputs (``None``:
        zero).
        """
        raise NotImplementedError

    def release(self) -> None:
        """Drop what was saved for the backward pass."""

    def register_hook(self, hook):
        """Call ``hook(grad_inputs, grad_outputs)`` after this node ran; it may return new
        grad_inputs.
        """
        self.hooks = self.hooks or {}
        return Handle(self.hooks, hook)

    def register_prehook(self, hook):
        """Call ``hook(grad_outputs)`` before this node runs; it may return new grad_outputs."""
        self.pre_hooks = self.pre_hooks or {}
        return Handle(self.pre_hooks, hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class Handle:
    """Removes a hook: ``handle.remove()``, or leaving ``with handle:``."""

    _ids = itertools.count()

    def __init__(self, hooks: dict, hook):
        self.id = next(Handle._ids)
        self._hooks = hooks
        hooks[self.id] = hook

    def remove(self) -> None:
        self._hooks.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


class AccumulateGrad(Node):
    """The end of an edge at a leaf: adds what arrives to ``variable.grad``."""

    __slots__ = ("variable",)

    def __init__(self, variable):
        super().__init__((), ((variable._array.shape, variable._array.dtype),))
        self.variable = variable

    @classmethod
    def of(cls, variable) -> AccumulateGrad:
        """The node of this leaf; the same as long as any graph holds it."""
        node = variable._accumulator and variable._accumulator()
        if node is None:
            node = cls(variable)
            variable._accumulator = weakref.ref(node)
        node.pre_hooks = variable._hooks
        return node


FREED = ("freed",)


class OpNode(Node):
    """A node of a primitive operation: what its rules name, and the plan that runs them."""

    __slots__ = ("params", "plan", "saved")
    op = None

    def apply(self, space, grads):
        saved = self.saved
        if saved is FREED:
            raise AutogradError(
                "Trying to backward through the graph a second time (or directly access saved "
                "tensors after they have already been freed). Saved intermediate values of the "
                "graph are freed when you call .backward() or autograd.grad(). Specify "
                "retain_graph=True if you need to backward through the graph a second time or if "
                "you need to access saved tensors after calling backward."
                f"\n  {self.name()}{at(self.line)} was already walked back; the buffers have "
                "already been freed."
            )
        plan = self.plan
        several = any(dtype.kind in "fcV" for _, dtype in self.meta[1:])
        values = {"g": grads if several else grads[0], "needs": plan.needs}
        for (name, kind, index), value in zip(plan.fetch, saved):
            values[name] = self._unpack(space, kind, index, value)
        xp = space.xp
        if plan.joint is not None:
            return plan.joint.function(xp, *[values[n] for n in plan.joint.names])
        results = [None] * len(self.edges)
        for i, rule in plan.rules:
            results[i] = rule.function(xp, *[values[n] for n in rule.names])
        for i in plan.zeros:
            node, nr = self.edges[i]
            results[i] = space.zeros(*node.meta[nr])
        return results

    def _unpack(self, space, kind, index, value):
        if kind == "input":
            return value and space.restore(self.checked(value), value[1], self.edges[index])
        if kind == "output":
            if type(value[0]) is tuple:
                return tuple(
                    space.restore(self.checked(v), v[1], (self, i)) for i, v in enumerate(value)
                )
            return space.restore(self.checked(value), value[1], (self, index or 0))
        if kind == "inputs":
            return tuple(
                v and space.restore(self.checked(v), v[1], self.edges[index + i])
                for i, v in enumerate(value)
            )
        return value

    def checked(self, saved):
        """The saved array, after making sure that nobody wrote to it since."""
        array, storage, version = saved
        if type(array) is Packed:
            return array.unpack()._array
        if storage is not None and storage.version != version:
            shape = ", ".join(map(str, array.shape))
            writer = storage.writer
            changed = f" It was changed by {writer[0]}{at(writer[1])}." if writer else ""
            raise AutogradError(
                "one of the variables needed for gradient computation has been modified by an "
                f"inplace operation: [{_TENSOR_NAMES.get(array.dtype.name, 'Tensor')} [{shape}]], "
                f"which {self.name()}{at(self.line)} had saved, is at version {storage.version}; "
                f"expected version {version} instead.{changed} Hint: write the result to a new "
                "tensor (y = y * y instead of y *= y), or clone() before the change."
            )
        return array

    def release(self) -> None:
        if self.plan.holds:  # a graph that saved no tensors may be walked again
            self.saved = FREED


class Packed:
    """What a user's pack hook made of a saved tensor, and how to get the tensor back."""

    __slots__ = ("_unpack", "content")

    def __init__(self, content, unpack):
        self.content, self._unpack = content, unpack

    def unpack(self):
        return self._unpack(self.content)


_TENSOR_NAMES = {
    "float32": "torch.FloatTensor", "float64": "torch.DoubleTensor",
    "float16": "torch.HalfTensor", "int64": "torch.LongTensor", "int32": "torch.IntTensor",
    "bool": "torch.BoolTensor", "uint8": "torch.ByteTensor",
}  # fmt: skip


def at(line) -> str:
    """' (file.py:12)' for a code location, '' for none."""
    if line is None:
        return ""
    code, instruction = line
    number = next(
        (n for start, end, n in code.co_lines() if start <= instruction < end), code.co_firstlineno
    )
    return f" (at {code.co_filename}:{number})"


_classes: dict[str, type] = {}


def node_class(op, name: str) -> type:
    """The node type of an operation under one of its names: PyTorch shows the type's name."""
    made = _classes.get(name)
    if made is None or made.op is not op:
        made = _classes[name] = type(name, (OpNode,), {"__slots__": (), "op": op})
    return made
