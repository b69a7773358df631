"""The base of all optimisers: parameter groups, state, hooks, and the step.

An optimiser adds two things: what a parameter's state starts as (`_initial_state`) and which update
rule a group follows (`_rule`), to which the group's options are passed by name. A step checks every
gradient first and then runs one operation a group through the dispatcher, so a step that raises has
changed nothing.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections import OrderedDict, defaultdict
from itertools import chain

from flambeau.autograd import modes
from flambeau.core import dtypes
from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.tape.node import Handle
from flambeau.tensor import factory
from flambeau.tensor.api import torch
from flambeau.tensor.inplace import is_writable, update
from flambeau.tensor.tensor import Tensor

from . import checks
from . import state_dict as states

__all__ = ["Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]

_pre_hooks: OrderedDict = OrderedDict()
_post_hooks: OrderedDict = OrderedDict()


class _Required:
    def __repr__(self):
        return "<required parameter>"


required = _Required()


def register_optimizer_step_pre_hook(hook) -> Handle:
    """Call `hook(optimizer, args, kwargs)` before every step of every optimiser.

    It may return `(args, kwargs)` to be used instead, or None. The handle's `remove()` takes it
    away.
    """
    return Handle(_pre_hooks, hook)


def register_optimizer_step_post_hook(hook) -> Handle:
    """Call `hook(optimizer, args, kwargs)` after every step of every optimiser."""
    return Handle(_post_hooks, hook)


def _hooked(step):
    """`step` between its hooks. An override that calls `super().step()` does not run them twice."""

    @functools.wraps(step)
    def hooked(self, *args, **kwargs):
        if type(self).step is not hooked:
            return step(self, *args, **kwargs)
        args = (self, *args)
        for hook in chain(_pre_hooks.values(), list(self._optimizer_step_pre_hooks.values())):
            result = hook(self, args, kwargs)
            if result is not None:
                if not (isinstance(result, tuple) and len(result) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {result}."
                    )
                args, kwargs = result
        out = step(*args, **kwargs)
        for hook in chain(list(self._optimizer_step_post_hooks.values()), _post_hooks.values()):
            hook(self, args, kwargs)
        return out

    hooked.hooked = True
    return hooked


class Optimizer:
    """Base class of optimisers.

    Args:
        params: an iterable of tensors, of `(name, tensor)` pairs, or of dicts: parameter groups,
            with their tensors under "params" and options that differ from the defaults beside it.
        defaults: the options of groups that do not give their own.
    Raises: TypeError and ValueError for what cannot be optimised.

    >>> import flambeau as torch
    >>> w = torch.ones(1, requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.5)
    >>> (w * 3).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([-0.5000], requires_grad=True)
    """

    def __init__(self, params, defaults: dict):
        self.defaults = defaults
        self._make_hook_tables()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {_type_name(params)}"
            )
        self.state: defaultdict = defaultdict(dict)
        self.param_groups: list[dict] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _hooked(cls.step)

    def _make_hook_tables(self) -> None:
        for name in _HOOK_TABLES:
            self.__dict__.setdefault(name, OrderedDict())

    def __getstate__(self):
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._make_hook_tables()
        for group in self.param_groups:
            for name, default in self.defaults.items():
                if default is not required:
                    group.setdefault(name, default)
        for entry in self.state.values():
            if isinstance(entry, dict):
                self._upgrade(entry)

    def _upgrade(self, entry: dict) -> None:
        """Make tensors of the numbers that old checkpoints hold in their place."""
        for name in _SCALARS:
            if isinstance(entry.get(name), (int, float)):
                entry[name] = scalar(entry[name])

    def __repr__(self):
        text = f"{type(self).__name__} ("
        for index, group in enumerate(self.param_groups):
            options = [f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params"]
            text += f"\nParameter Group {index}\n{''.join(options)}"
        return text + ")"

    # Groups

    def add_param_group(self, param_group: dict) -> None:
        """Add a group of parameters, for instance a layer that is to be trained from now on.

        Args:
            param_group: a dict with "params" and, where they differ from the defaults, options.
        Raises: TypeError, ValueError; the optimiser and the dict are then as before.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        tensors, names = _tensors_and_names(param_group["params"])
        for tensor in tensors:
            self._check_optimizable(tensor)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter "
                    f"{name}"
                )
        if len(tensors) != len(set(tensors)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
                stacklevel=3,
            )
        named = bool(names) or "param_names" in param_group
        for group in self.param_groups:
            if named != ("param_names" in group):
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param "
                    f"group {'with names' if named else 'without names'} to the optimizer"
                )
        if not {t for group in self.param_groups for t in group["params"]}.isdisjoint(tensors):
            raise ValueError("some parameters appear in more than one parameter group")
        param_group["params"] = tensors
        if names:
            param_group["param_names"] = names
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        self.param_groups.append(param_group)

    def _check_optimizable(self, tensor) -> None:
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"optimizer can only optimize Tensors, but one of the params is "
                f"{_type_name(tensor)}"
            )
        if not (tensor.is_leaf or tensor.retains_grad):
            raise ValueError("can't optimize a non-leaf Tensor")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: set them to None, or to zero in place with `set_to_none=False`."""
        params = [p for group in self.param_groups for p in group["params"]]
        if set_to_none:
            for p in params:
                p.grad = None
            return
        grads = [p.grad for p in params if p.grad is not None]
        for g in grads:
            if g.grad_fn is not None:
                g.detach_()
            else:
                g.requires_grad_(False)
        if grads:
            update(_zero, grads)

    # The step

    @_hooked
    def step(self, closure=None):
        """Update every parameter that has a gradient.

        Args:
            closure: a function that computes the gradients anew and returns the loss. Optional.
        Returns: the closure's loss, else None.
        Raises: ShapeError if a gradient or a loaded state does not fit its parameter; nothing is
            updated then.
        """
        loss = None
        if closure is not None:
            with modes.enable_grad():
                loss = closure()
        with modes.no_grad():
            for rule, lists, numbers in self._prepare():
                update(rule, *lists, **numbers)
        return loss

    def _prepare(self) -> list:
        """The updates of this step, all checked: `(rule, lists of tensors, numbers)`, by group."""
        ready = []
        for group in self.param_groups:
            params, grads = [], []
            for p in group["params"]:
                g = p.grad
                if g is not None:
                    params.append(p)
                    grads.append(g)
            if params:
                self._check_gradients(params, grads)
                ready.append((group, params, grads))
        return [made for group, p, g in ready for made in self._updates(group, p, g)]

    def _check_gradients(self, params, grads) -> None:
        for p, g in zip(params, grads):
            if p._array.shape != g._array.shape:
                raise ShapeError(
                    f"{type(self).__name__}: {self._spoken(p)} has shape {tuple(p.shape)}, "
                    f"its gradient {tuple(g.shape)}.\n"
                    "  fix: call zero_grad() after replacing a parameter's data."
                )
            if p._array.dtype.kind not in "fcV":
                raise DTypeError(
                    f"{type(self).__name__}: {self._spoken(p)} is of {p.dtype}; only floating "
                    "point and complex parameters can be optimised."
                )
            if not is_writable(p._array):
                raise ArgumentError(
                    f"{type(self).__name__}: {self._spoken(p)} is read-only memory, or an expanded "
                    "view.\n  fix: give the optimiser parameter.clone()."
                )

    def _updates(self, group, params, grads) -> list:
        rule, names = self._rule(group)
        lists = [params, grads, *self._states(group, params, names)]
        return [(rule, lists, options_of(rule, group))]

    def _rule(self, group) -> tuple:
        """`(rule, names of the state tensors it takes)` for a group."""
        raise NotImplementedError(f"{type(self).__name__} defines neither step nor an update rule")

    def _initial_state(self, group, p) -> dict:
        """What the state of a parameter is before its first update."""
        return {}

    def _states(self, group, params, names) -> list[list]:
        """For each name the list of state tensors, made where there is none; None for no name."""
        entries = []
        for p in params:
            entry = self.state[p]
            if not entry:
                entry.update(self._initial_state(group, p))
            entries.append(entry)
        for p, entry in zip(params, entries):
            self._check_state(p, entry, names)
        return [[entry[name] if name else None for entry in entries] for name in names]

    def _check_state(self, p, entry, names) -> None:
        shape = p._array.shape
        for name in names:
            if name is None:
                continue
            if name not in entry:
                raise KeyError(
                    f"{name!r} is missing in the state of {self._spoken(p)}: an option that needs "
                    "it was switched on after the first step, or the loaded state is another "
                    "optimiser's"
                )
            found = entry[name]._array.shape
            if found != shape and found != ():
                raise ShapeError(
                    f"{type(self).__name__}: {self._spoken(p)} has shape {tuple(shape)}, its state "
                    f"{name!r} has {tuple(found)}: the state was made for other parameters."
                )

    def _spoken(self, p) -> str:
        for index, group in enumerate(self.param_groups):
            for position, other in enumerate(group["params"]):
                if other is p:
                    names = group.get("param_names")
                    named = f" ({names[position]})" if names else ""
                    return f"parameter {position} of group {index}{named}"
        return "a parameter"

    # State

    def state_dict(self) -> dict:
        """The options and the state, as a dict that `load_state_dict` and PyTorch accept.

        `{"state": {index: {...}}, "param_groups": [{..., "params": [index, ...]}, ...]}`
        """
        return states.pack(self)

    def load_state_dict(self, state_dict: dict) -> None:
        """Take over options and state; tensors are copied and cast to the parameters' dtype.

        Raises: ValueError if the groups or their sizes differ; nothing is changed then.
        """
        states.load(self, state_dict)

    # Hooks

    def register_step_pre_hook(self, hook) -> Handle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return `(args, kwargs)`."""
        return Handle(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook) -> Handle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return Handle(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook, prepend: bool = False) -> Handle:
        """Call `hook(optimizer)` before `state_dict()` collects; first of all with `prepend`."""
        return _register(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook, prepend: bool = False) -> Handle:
        """Call `hook(optimizer, state_dict)` on the result; it may return another."""
        return _register(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook, prepend: bool = False) -> Handle:
        """Call `hook(optimizer, state_dict)` before loading; it may return another."""
        return _register(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook, prepend: bool = False) -> Handle:
        """Call `hook(optimizer)` after loading."""
        return _register(self._optimizer_load_state_dict_post_hooks, hook, prepend)


_HOOK_TABLES = (
    "_optimizer_step_pre_hooks",
    "_optimizer_step_post_hooks",
    "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks",
    "_optimizer_load_state_dict_pre_hooks",
    "_optimizer_load_state_dict_post_hooks",
)
_SCALARS = ("step", "mu_product", "eta", "mu")  # state that is one number a parameter


def scalar(value: float, fused: bool = False) -> Tensor:
    """A number of the state, as the tensor that PyTorch keeps it in."""
    wide = not fused and dtypes.get_default_dtype() == dtypes.float64
    return factory.tensor(float(value), dtype=dtypes.float64 if wide else dtypes.float32)


def zeros_like(p) -> Tensor:
    """A state tensor of a parameter, all zero."""
    return torch.zeros_like(p)


def options_of(rule, group) -> dict:
    """What a rule wants to know of a group: the options named as its arguments after the star."""
    return {n: checks.number(group[n]) for n in _names_of_options(rule) if n in group}


@functools.cache
def _names_of_options(rule) -> tuple:
    return (*inspect.getfullargspec(rule).kwonlyargs, *getattr(rule, "options", ()))


def _register(table, hook, prepend) -> Handle:
    handle = Handle(table, hook)
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


def _tensors_and_names(params) -> tuple[list, list]:
    if isinstance(params, Tensor):
        return [params], []
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of "
            "tensors in sets will change between runs. Please use a list instead."
        )
    params = list(params)
    names = [p[0] for p in params if isinstance(p, tuple)]
    if names and len(names) != len(params):
        raise ValueError(
            "all optimizer params should be with/without names. Some param names are missing"
        )
    return [p[1] if isinstance(p, tuple) else p for p in params], names


def _type_name(value) -> str:
    if isinstance(value, Tensor):
        return value.type()
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _zero(xp, grads):
    """Set all arrays to zero."""
    for g in grads:
        g[...] = 0
