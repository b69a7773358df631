"""The one door to every operation.

``dispatch`` promotes the inputs, runs the kernel, wraps what it returns, writes the node of the
autograd graph, and tells the
recorder. ``tensor/inplace.py`` is its twin for operations that overwrite their first input.
"""

from __future__ import annotations

import sys

import numpy as np

from flambeau.backend.numpy.kernels import run as run_kernel
from flambeau.core import devices
from flambeau.core.config import modes
from flambeau.ops.registry import REDUCE, VIEW, Op
from flambeau.plan import record
from flambeau.tape.node import NO_EDGE, AccumulateGrad, Packed, node_class

from . import absent, explain, hidden, meta, views
from .arrays import xp
from .promotion import WEAK, promote
from .storage import Storage, lying
from .tensor import Tensor

NO_PARAMS: dict = {}
_PACKAGE = __file__[: -len("tensor/dispatch.py")]


def dispatch(op: Op, inputs: tuple, params: dict = NO_PARAMS):
    """Run a primitive on tensors (and numbers, ``None``); returns a tensor, or a tuple of them."""
    needs = False
    uniform = True  # tensors of one dtype, and numbers that do not raise it
    secret = op.hides  # whether results may lie channels last without showing it
    dtype = None
    largest = 0
    arrays = []
    for t in inputs:
        if isinstance(t, Tensor):
            view = t._view
            if view is not None and view.version != t._storage.version:
                views.refresh(t)
            if t._requires_grad:
                needs = True
            a = t._storage.hidden
            if a is None:
                a = t._array
            else:
                secret = True
            arrays.append(a)
            if a.size > largest:
                largest = a.size
            if dtype is None:
                dtype = a.dtype
            elif a.dtype is not dtype:
                uniform = False
        else:
            arrays.append(t)
            if type(t) not in WEAK or dtype is None or dtype.kind != "f":
                uniform = False
    if absent.used and absent.among(arrays):
        out = _without_values(op, inputs, arrays, params)
    else:
        if secret:
            secret = hidden.agree(op, inputs, arrays) or op.hides
        try:
            policy = op.dtype
            if policy is None or (
                uniform and (dtype.kind == "f" or (policy == "same" and not op.check))
            ):
                y = run_kernel(op.run if largest >= op.least else op.plain, xp, arrays, params)
            else:
                y = run_kernel(op.run, xp, promote(op, inputs, arrays), params)
        except Exception as error:
            raise explain.failure(op, inputs, params, error) from None
        if op.kind is VIEW:
            out = views.wrap(inputs[0], y)
        elif secret:
            out = hidden.results(y, inputs, arrays)
        elif type(y) is tuple:
            out = tuple([_fresh(a, arrays) for a in y])
        elif op.kind is REDUCE:
            out = _fresh(np.asarray(y, order="C"), arrays)
        else:
            out = _fresh(y, arrays)
    if modes.grad_enabled:
        if needs:
            tape(op, inputs, params, out)
    elif modes.inference:
        _mark_inference(op, out)
    if record.listeners:
        record.tell(op, inputs, params, out)
    return out


def _without_values(op: Op, inputs, arrays, params):
    """The result of an operation on meta tensors."""
    try:
        y = meta.run(op, inputs, arrays, params)
    except Exception as error:
        raise explain.failure(op, inputs, params, error) from None
    if op.kind is VIEW:
        return views.wrap(inputs[0], y)
    return tuple(map(wrap, y)) if type(y) is tuple else wrap(y)


def create(op: Op, params: dict, device=None, inputs: tuple = ()) -> Tensor:
    """Run an operation that makes a tensor out of none, a factory, on a device."""
    if devices.require(device) is not devices.META:
        return dispatch(op, inputs, params)
    try:
        out = wrap(meta.create(op, inputs, params))
    except Exception as error:
        raise explain.failure(op, inputs, params, error) from None
    if record.listeners:
        record.tell(op, inputs, params, out)
    return out


def _fresh(array, arrays) -> Tensor:
    """A tensor that owns ``array``; an array that belongs to an input is copied first."""
    if type(array) is not np.ndarray:
        array = np.asarray(array)
    base = array.base
    for a in arrays:
        if a is array or (
            base is not None and type(a) is np.ndarray and (base is a or base is a.base)
        ):
            array = array.copy()
            break
    return wrap(array)


def wrap(array: np.ndarray) -> Tensor:
    """A tensor around an array that nobody else looks at."""
    t = object.__new__(Tensor)
    t._array = array
    t._storage = Storage(array if array.base is None else array.base)
    t._requires_grad = False
    t._grad = t._grad_fn = t._view = t._hooks = t._accumulator = t._post_hooks = None
    t._output_nr = 0
    return t


def _mark_inference(op: Op, out) -> None:
    """What is made in inference mode has no version counter, so that it cannot be saved."""
    if op.kind is not VIEW:
        for t in out if type(out) is tuple else (out,):
            t._storage.version = None


def tape(op: Op, inputs, params, out) -> None:
    """Write the node of an operation whose output may need a gradient."""
    outputs = out if type(out) is tuple else (out,)
    node = make_node(op, inputs, params, outputs)
    if node is None:
        return
    for nr, t in enumerate(outputs):
        if node.meta[nr][1].kind in "fcV":
            t._grad_fn = node
            t._output_nr = nr
            t._requires_grad = True


def make_node(op: Op, inputs, params, outputs, first=None):
    """The node, or ``None`` where no gradient can flow.

    ``first``: what to save for input 0 instead of the tensor itself, (array, storage, version),
    when it is being overwritten.
    """
    edges = []
    needs = []
    for t in inputs:
        wanted = isinstance(t, Tensor) and t._requires_grad
        needs.append(wanted)
        edges.append(edge(t) if wanted else NO_EDGE)
    plan = op.plan(tuple(needs))
    if not plan.active:
        return None
    if len(params) != len(op.params):
        params = {**op.defaults, **params}
    meta = []
    for t in outputs:
        array = t._storage.hidden
        if array is None:
            array = t._array
        if array.dtype.kind == "c":
            raise explain.complex_gradient(op)
        meta.append((array.shape, array.dtype))
    cls = _node_classes.get(op) if op.variant is None else None
    if cls is None:
        cls = _node_classes[op] = node_class(op, op.node_name(params))
    node = cls(tuple(edges), tuple(meta), caller())
    node.params = params
    node.plan = plan
    node.saved = [
        _save(kind, index, inputs, params, outputs, first) for _, kind, index in plan.fetch
    ]
    if modes.saved_hooks:
        node.saved = [_hook(kind, value) for (_, kind, _), value in zip(plan.fetch, node.saved)]
    if modes.anomaly:
        node.traceback = explain.user_stack()
    return node


_node_classes: dict = {}


def _save(kind, index, inputs, params, outputs, first):
    if kind == "input":
        if index >= len(inputs):
            return None
        if index == 0 and first is not None:
            return first
        return _pack(inputs[index])
    if kind == "output":
        if index is None and len(outputs) > 1:
            return tuple([_pack(t) for t in outputs])
        return _pack(outputs[index or 0])
    if kind == "param":
        return params[index]
    if kind == "inputs":
        return tuple([_pack(t) for t in inputs[index:]])
    read = _shape_of if kind.endswith("_shape") else _dtype_of
    if kind.startswith("inputs"):
        return tuple([read(t) for t in inputs[index:]])
    return read(inputs[index]) if index < len(inputs) else None


def _pack(t):
    if isinstance(t, Tensor):
        storage = t._storage
        if storage.version is None:
            raise explain.inference_tensor()
        a = storage.hidden
        return (t._array if a is None else a, storage, storage.version)
    return None if t is None else (t, None, 0)


def _hook(kind, value):
    """A saved value handed to the user's pack hook (``saved_tensors_hooks``)."""
    if kind not in ("input", "output", "inputs") or not value:
        return value
    if type(value[0]) is tuple:
        return tuple([_hook("input", v) for v in value])
    array, storage, _ = value
    if storage is None:
        return value
    pack, unpack = modes.saved_hooks
    return (Packed(pack(hidden.restored(array, storage)), unpack), None, 0)


def _shape_of(t):
    return lying(t).shape if isinstance(t, Tensor) else (None if t is None else ())


def _dtype_of(t):
    return lying(t).dtype if isinstance(t, Tensor) else None


def edge(t: Tensor) -> tuple:
    """Where the gradient of ``t``, which requires one, goes."""
    node = t._grad_fn
    return (AccumulateGrad.of(t), 0) if node is None else (node, t._output_nr)


def caller():
    """The code location of the user's call: (code, instruction) of the nearest frame outside the
    package.
    """
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return None if frame is None else (frame.f_code, frame.f_lasti)
