"""Operations that overwrite their first input, and the history that this rewrites."""

from __future__ import annotations

import numpy as np

from flambeau.backend.numpy.kernels import run as run_kernel
from flambeau.core.config import modes
from flambeau.core.dtypes import from_numpy_dtype
from flambeau.core.errors import AutogradError, DTypeError, ShapeError
from flambeau.ops.registry import OPS
from flambeau.plan import record
from flambeau.tape.node import NO_EDGE

from . import absent, explain, hidden, meta, views
from . import dispatch as door
from .arrays import xp
from .promotion import promote
from .storage import lying
from .tensor import Tensor


def dispatch_inplace(op, inputs: tuple, params: dict = door.NO_PARAMS) -> Tensor:
    """Run an operation and write its result into ``inputs[0]``; returns that tensor."""
    target = inputs[0]
    if not isinstance(target, Tensor):
        raise explain.not_a_tensor(op, inputs) or TypeError(f"{op.name}_: not a tensor")
    if target._storage.version is None and not modes.inference:
        raise AutogradError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. You can make "
            "a clone to get a normal tensor before doing inplace update."
        )
    arrays = []
    secret = False
    for t in inputs:
        if isinstance(t, Tensor):
            if t._view is not None:
                views.refresh(t)
            a = t._storage.hidden
            if a is None:
                a = t._array
            else:
                secret = True
            arrays.append(a)
        else:
            arrays.append(t)
    if secret:
        hidden.agree(op, inputs, arrays)
    recorded = modes.grad_enabled and any(
        isinstance(t, Tensor) and t._requires_grad for t in inputs
    )
    if recorded:
        check_writable_history(target, op.name)
    if absent.used and absent.among(arrays):
        return _without_values(target, op, inputs, arrays, params, recorded)
    if op.into is not None and not (recorded and _saves_target(op, inputs)):
        return _write_part(target, op, inputs, arrays, params, recorded)
    try:
        operands = promote(op, inputs, arrays) if op.dtype is not None else arrays
        kernel = op.run if arrays[0].size >= op.least else op.plain
        y = run_kernel(kernel, xp, operands, params)
    except Exception as error:
        raise explain.failure(op, inputs, params, error) from None
    if type(y) is tuple:
        y = y[0]
    y = np.asarray(y)
    check_fits(target, y, op.name)
    _write(target, y, op, inputs, params, recorded)
    if record.listeners:
        record.tell(op, inputs, params, target, target)
    return target


def _without_values(target, op, inputs, arrays, params, recorded) -> Tensor:
    """What is left of writing where there are no values: the checks and the history."""
    try:
        y = meta.run_inplace(op, inputs, arrays, params)
    except Exception as error:
        raise explain.failure(op, inputs, params, error) from None
    _check_size_and_dtype(target, y, op.name)
    node = None
    if recorded:
        before = (target._array, None, 0) if _saves_target(op, inputs) else None
        node = door.make_node(op, inputs, params, (target,), first=before)
    _wrote_with(target, op, node)
    if record.listeners:
        record.tell(op, inputs, params, target, target)
    return target


def _write_part(target, op, inputs, arrays, params, recorded) -> Tensor:
    """Let the operation write into the target's own array: what it leaves alone costs nothing."""
    check_writable(lying(target), op.name)
    node = door.make_node(op, inputs, params, (target,)) if recorded else None
    try:
        run_kernel(op.into, xp, arrays, params)
    except Exception as error:
        raise explain.failure(op, inputs, params, error) from None
    wrote(target, f"{op.name}_")
    if node is not None:
        attach(target, node)
    if record.listeners:
        record.tell(op, inputs, params, target, target)
    return target


def _write(target, y, op, inputs, params, recorded) -> None:
    node = None
    if recorded:
        # The node is made before the write: it must see the other inputs' versions as the kernel
        # saw them.
        before = (lying(target).copy("K"), None, 0) if _saves_target(op, inputs) else None
        node = door.make_node(op, inputs, params, (target,), first=before)
    np.copyto(lying(target), y, casting="unsafe")
    _wrote_with(target, op, node)


def _wrote_with(target, op, node) -> None:
    """Note that ``op`` wrote into the whole of ``target``; ``node`` becomes its history."""
    wrote(target, f"{op.name}_")
    if node is None:
        return
    for i, (_, kind, _) in enumerate(node.plan.fetch):
        if kind == "output":
            node.saved[i] = (lying(target), target._storage, target._storage.version)
    attach(target, node)


def _saves_target(op, inputs) -> bool:
    needs = tuple(isinstance(t, Tensor) and t._requires_grad for t in inputs)
    return any(kind == "input" and index == 0 for _, kind, index in op.plan(needs).fetch)


def wrote(target: Tensor, name: str) -> None:
    """Note that ``target``'s memory was changed by the operation ``name``."""
    storage = target._storage
    if storage.version is not None:  # tensors of inference mode have no version counter
        storage.version += 1
        storage.writer = (name, door.caller())


def attach(target: Tensor, node) -> None:
    """Make ``node`` the history of ``target``; for a view, of the part of its base it shows."""
    view = target._view
    if view is None:
        target._grad_fn, target._output_nr, target._requires_grad = node, 0, True
        return
    base = view.base
    base_edge = door.edge(base) if base._requires_grad else NO_EDGE
    base._grad_fn = views.CopySlices(base, base_edge, target, node)
    base._output_nr, base._requires_grad = 0, True
    view.version = -1
    target._grad_fn = node  # replaced at once: the view's history now starts at the base
    views.refresh(target)


def check_not_leaf(target: Tensor, name: str) -> None:
    """Refuse to change leaves that require grad, and views of them: gradients would be lost."""
    if target._requires_grad and target._grad_fn is None:
        raise AutogradError(
            "a leaf Variable that requires grad is being used in an in-place operation."
            f" ({name}_) Put it under torch.no_grad(), or use the out-of-place form."
        )
    base = None if target._view is None else target._view.base
    if base is not None and base._requires_grad and base._grad_fn is None:
        raise AutogradError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
            f" ({name}_) Put it under torch.no_grad(), or use the out-of-place form."
        )


def check_writable_history(target: Tensor, name: str) -> None:
    """Refuse what would lose gradients: writing to leaves, to views of them, to some views."""
    check_not_leaf(target, name)
    view = target._view
    if view is None:
        return
    base = view.base
    if view.frozen or (not view.recorded and base._requires_grad):
        why = view.frozen or "was created in no_grad mode"
        made = target._grad_fn.name() if target._grad_fn is not None else "a view operation"
        raise AutogradError(
            f"Output {target._output_nr} of {made} is a view and is being modified inplace. This "
            f"view {why}. Such views do not allow the output to be modified inplace. You should "
            "replace the inplace operation by an out-of-place one."
        )


def check_fits(target: Tensor, y: np.ndarray, name: str) -> None:
    """Refuse a result that does not fit the tensor it should be written to."""
    _check_size_and_dtype(target, y, name)
    check_writable(lying(target), name)


def _check_size_and_dtype(target: Tensor, y: np.ndarray, name: str) -> None:
    array = lying(target)
    if y.shape != array.shape:
        if y.ndim > array.ndim or any(
            n not in (1, m) for n, m in zip(reversed(y.shape), reversed(array.shape))
        ):
            raise ShapeError(
                f"output with shape {list(array.shape)} doesn't match the broadcast shape "
                f"{list(y.shape)}\n  {name}_ writes into its first argument, whose shape stays."
            )
    if y.dtype != array.dtype:
        have, want = from_numpy_dtype(y.dtype), target.dtype
        if have.category > want.category:
            raise DTypeError(
                f"result type {_spoken(have)} can't be cast to the desired output type "
                f"{_spoken(want)}\n  {name}_ keeps its tensor's dtype; use the out-of-place form."
            )


def check_writable(array: np.ndarray, name: str) -> None:
    """Refuse to write where several elements share a place (all get one value: no harm)."""
    if not is_writable(array) and not (
        name in ("fill", "masked_fill", "zero") and array.flags.writeable
    ):
        raise ShapeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )


def is_writable(array: np.ndarray) -> bool:
    """Whether every element has a place of its own (not in an expanded view) that may change."""
    if 0 in array.strides and array.size:
        if any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape)):
            return False
    return array.flags.writeable or type(array) is absent.AbsentArray


_SPOKEN = {
    "float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long", "int32": "Int",
    "int16": "Short", "int8": "Char", "uint8": "Byte", "bool": "Bool", "bfloat16": "BFloat16",
    "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip


def _spoken(d) -> str:
    return _SPOKEN.get(d.name, d.name)


def copy_(target: Tensor, source, non_blocking: bool = False) -> Tensor:
    """Write ``source``, broadcast and cast, into ``target``."""
    if not isinstance(source, Tensor):
        raise TypeError(f"copy_(): argument 'src' must be Tensor, not {type(source).__name__}")
    if source._array.ndim > target._array.ndim:
        raise ShapeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape "
            f"{list(source.shape)}"
        )
    return dispatch_inplace(OPS["copy"], (target, source))


def update(kernel, params, *lists, **numbers) -> None:
    """Run an update rule, ``kernel(xp, params, *lists, **numbers)``, on lists of arrays.

    It writes into the arrays of ``params`` and of every list but the first, the gradients. One
    entry of the record, no autograd.
    """
    groups = (params, *lists)
    arrays = [[None if t is None else t._array for t in group] for group in groups]
    name = kernel.__name__.lstrip("_")
    run_kernel(kernel, xp, arrays, numbers)
    for group in (params, *lists[1:]):
        for t in group:
            if t is not None:
                wrote(t, name)
    if record.listeners:
        record.tell(name, groups, numbers, None, params)
