"""The public functions: made from the registry, or exported by ``functional/``.

``torch``, ``F`` and ``linalg`` are the tables of what exists under ``flambeau``,
``flambeau.nn.functional`` and ``flambeau.linalg``; a
method is an attribute of ``Tensor``. ``publish`` makes a primitive's functions: the public one,
the method, the in-place twin.
"""

from __future__ import annotations

import functools
import sys

import numpy as np

from flambeau.core.errors import DeviceError, DTypeError, ShapeError
from flambeau.ops.registry import OPS, Op

from .dispatch import dispatch
from .inplace import _spoken, check_fits, copy_, dispatch_inplace, is_writable
from .tensor import Tensor


class Table:
    """A namespace that says what it lacks; one with a ``package`` also shows what that holds."""

    def __init__(self, path: str, package: str | None = None):
        self.__name__ = path
        self._package = package

    def __getattr__(self, name: str):
        if self._package is not None and not name.startswith("__"):
            return getattr(sys.modules[self._package], name)
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")

    def __contains__(self, name: str) -> bool:
        return name in self.__dict__


torch = Table("flambeau", package="flambeau")
F = Table("flambeau.nn.functional")
linalg = Table("flambeau.linalg")
_TABLES = {"torch": torch, "F": F, "linalg": linalg}


def export(where: str, *, name: str | None = None, aliases: tuple[str, ...] = ()):
    """Publish the decorated function in the tables that ``where`` lists: ``torch``, ``method``,
    ``F``, ``linalg``, ``inplace``.
    """

    def register(function):
        places = where.split()
        public = function
        if places != ["method"]:
            public = _with_out(function)
        for each in (name or function.__name__, *aliases):
            _put(each, public, [p for p in places if p != "inplace"])
            if "inplace" in places:
                _put(f"{each}_", _inplace_of(function), ["torch", "method"])
        return public

    return register


def _put(name: str, function, places) -> None:
    for place in places:
        if place == "method":
            setattr(Tensor, name, function)
        else:
            setattr(_TABLES[place], name, function)


def publish(op: Op) -> None:
    """Make the public functions of a primitive, as its ``where`` says."""
    if not op.where:
        return
    function = _function(op)
    places = [p for p in op.where if p != "inplace"]
    for name in (op.name, *op.aliases):
        _put(name, function, places)
    if "inplace" in op.where:
        twin = _inplace_function(op)
        for name in (op.name, *op.aliases):
            _put(f"{name}_", twin, ["torch", "method"])


def publish_all() -> None:
    """Publish every registered primitive."""
    for op in OPS.values():
        publish(op)


def _function(op: Op):
    if op.normalise is None:
        return _compile(op, op.name, "dispatch")
    normalise = op.normalise

    def function(*args, out=None, **kwargs):
        if kwargs and "axis" in kwargs:
            kwargs["dim"] = kwargs.pop("axis")
        inputs, params = normalise(*args, **kwargs)
        y = dispatch(op, inputs, params)
        return y if out is None else write_out(out, y, op.name, inputs)

    return _dress(function, op, op.name, normalise)


def _inplace_function(op: Op):
    if op.normalise is None:
        return _compile(op, f"{op.name}_", "dispatch_inplace")
    normalise = op.normalise

    def function(*args, **kwargs):
        inputs, params = normalise(*args, **kwargs)
        return dispatch_inplace(op, inputs, params)

    return _dress(function, op, f"{op.name}_", normalise)


def _compile(op: Op, name: str, door: str):
    """A function with the operation's own signature, so that Python does the argument parsing in
    one frame.
    """
    fixed = op.inputs[: len(op.inputs) - op.variadic]
    required = len(fixed) - op.optional
    parts = [n if i < required else f"{n}=None" for i, n in enumerate(fixed)]
    inputs = "".join(f"{n}, " for n in fixed)
    if op.variadic:
        parts.append(f"*{op.inputs[-1]}")
        inputs += f"*{op.inputs[-1]}"
    bare = [n for n in op.params if n not in op.defaults]
    if not op.variadic and bare and op.optional:
        parts.append("*")  # a parameter without default cannot follow an optional input
    parts += bare + [f"{n}=_defaults[{n!r}]" for n in op.params if n in op.defaults]
    params = ", ".join(f"{n!r}: {n}" for n in op.params)
    call = f"{door}(_op, ({inputs}){', {' + params + '}' if params else ''})"
    body = f"    return {call}"
    if door == "dispatch":
        parts += ["out=None"] if "*" in "".join(parts) else ["*", "out=None"]
        written = f"write_out(out, y, _op.name, ({inputs}))"
        body = f"    y = {call}\n    return y if out is None else {written}"
    signature = ", ".join(parts)
    check = _check(op, name, fixed, required) if fixed and required else ""
    space = {"_op": op, "_defaults": op.defaults, **globals()}
    text = f"def {name}({signature}):\n{check}{body}"
    exec(compile(text, f"{__file__}:{name}", "exec"), space)  # the caller's line is not in here
    return _dress(space[name], op, name)


def _check(op: Op, name: str, fixed, required: int) -> str:
    """The lines of a public function that refuse numbers where PyTorch wants tensors."""
    if op.tensors == 0:
        given = f"isinstance({fixed[0]}, Tensor) or isinstance({fixed[1]}, Tensor)"
        return f"    if not ({given}): _refuse({name!r}, {fixed[0]!r}, 1, {fixed[0]})\n"
    return "".join(
        f"    if not isinstance({n}, Tensor): _refuse({name!r}, {n!r}, {i + 1}, {n})\n"
        for i, n in enumerate(fixed[: min(op.tensors, required)])
    )


def _refuse(name: str, argument: str, position: int, value):
    raise TypeError(
        f"{name}(): argument '{argument}' (position {position}) must be Tensor, not "
        f"{type(value).__name__}"
    )


def _dress(function, op: Op, name: str, signature=None):
    function.__name__ = function.__qualname__ = name
    if signature is not None:
        function.__wrapped__ = signature
    function.__module__ = "flambeau"
    function.__doc__ = (
        op.__doc__ if not name.endswith("_") else f"In-place version of ``{op.name}``."
    )
    function.op = op
    return function


def _with_out(function):
    """Let a composite take ``out=``, and NumPy's ``axis`` for ``dim``."""
    if (
        "out"
        in function.__code__.co_varnames[
            : function.__code__.co_argcount + function.__code__.co_kwonlyargcount
        ]
    ):
        return function

    @functools.wraps(function)
    def public(*args, **kwargs):
        if kwargs:
            out = kwargs.pop("out", None)
            if "axis" in kwargs:
                kwargs["dim"] = kwargs.pop("axis")
            y = function(*args, **kwargs)
            if out is not None:
                return write_out(out, y, function.__name__, (*args, *kwargs.values()))
            return y
        return function(*args)

    return public


def _inplace_of(function):
    """The in-place twin of a composite."""

    def twin(input, *args, **kwargs):
        y = function(input, *args, **kwargs)
        check_fits(input, y._array, function.__name__)
        return copy_(input, y)

    twin.__name__ = twin.__qualname__ = f"{function.__name__}_"
    twin.__doc__ = f"In-place version of ``{function.__name__}``."
    return twin


# ``out`` of these must have the result's dtype, and must not share memory with an input.
_OUT_IS_STRICT = frozenset(("bernoulli", "cat", "gather", "index_select", "masked_select"))
_OUT_HAS_DTYPE = frozenset(("gather", "index_select", "masked_select", "multinomial"))


def _check_out(out, y, name: str, inputs) -> None:
    if not is_writable(out._array):
        raise ShapeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            f"single memory location ({name} writes into out). Please clone() the tensor before "
            "performing the operation."
        )
    if name in _OUT_HAS_DTYPE and y.dtype != out.dtype:
        raise DTypeError(
            f"{name}: Expected out tensor to have dtype {y.dtype}, but got {out.dtype} instead"
        )
    if name in _OUT_IS_STRICT:
        for t in inputs:
            for each in t if isinstance(t, (tuple, list)) else (t,):
                if isinstance(each, Tensor) and each._storage is out._storage:
                    raise ShapeError(
                        f"unsupported operation: some elements of the input tensor of {name} and "
                        "of the written-to out refer to a single memory location. Please clone() "
                        "the tensor before performing the operation."
                    )


def write_out(out, y, name: str = "", inputs=()):
    """Put a result into the tensor(s) that the caller gave as ``out``; wrong sizes are changed."""
    if isinstance(y, tuple):
        if len(out) != len(y):
            raise TypeError(f"out= needs {len(y)} tensors, got {len(out)}")
        pairs = [write_out(o, v, name, inputs) for o, v in zip(out, y)]
        return type(y)(*pairs) if hasattr(y, "_fields") else type(y)(pairs)
    if not isinstance(out, Tensor):
        raise TypeError(f"argument 'out' must be Tensor, not {type(out).__name__}")
    if y.requires_grad or out.requires_grad:
        raise RuntimeError(
            "functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )
    _check_out(out, y, name, inputs)
    have, want = y.dtype, out.dtype
    if have.category > want.category:
        raise DTypeError(
            f"result type {_spoken(have)} can't be cast to the desired output type {_spoken(want)}"
        )
    if out._array.shape != y._array.shape:
        out.resize_(y.shape)
    if y.is_meta or out.is_meta:
        if y.device != out.device:
            raise DeviceError(
                f"Tensor on device {out.device} is not on the expected device {y.device}!\n  the "
                "result and out= are on two devices"
            )
    else:
        np.copyto(out._array, y._array, casting="unsafe")
    out._storage.version += 1
    return out


__all__ = ["F", "Table", "export", "linalg", "publish_all", "torch", "write_out"]
