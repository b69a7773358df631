"""Functions that users hang on modules: before and after ``forward``, and on the way back."""

from __future__ import annotations

import functools
import warnings
import weakref
from collections import OrderedDict

from flambeau.autograd.function import Function
from flambeau.autograd.modes import is_grad_enabled
from flambeau.tensor.tensor import Tensor

__all__ = [
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

# Hooks on all modules at once, by handle number.
BUFFER_REGISTRATION = OrderedDict()
MODULE_REGISTRATION = OrderedDict()
PARAMETER_REGISTRATION = OrderedDict()
FORWARD_PRE = OrderedDict()
FORWARD = OrderedDict()
FORWARD_WITH_KWARGS = OrderedDict()
FORWARD_ALWAYS = OrderedDict()
BACKWARD_PRE = OrderedDict()
BACKWARD = OrderedDict()

# Whether the global backward hooks are full ones; None before the first is registered.
_global_backward_is_full: bool | None = None

_MIXED = (
    "Cannot use both regular backward hooks and full backward hooks {}. "
    "Please use only one of them."
)


class RemovableHandle:
    """What registering a hook returns: ``remove()`` takes the hook away; also a context manager.

    It holds the table of hooks weakly, so a forgotten handle keeps no module alive.
    """

    next_id = 0

    def __init__(self, hooks_dict, *, extra_dict=()):
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        self.hooks_dict_ref = weakref.ref(hooks_dict)
        extra = [extra_dict] if isinstance(extra_dict, dict) else extra_dict
        self.extra_dict_ref = tuple(weakref.ref(d) for d in extra)

    def remove(self) -> None:
        """Take the hook away; doing so twice is harmless."""
        for ref in (self.hooks_dict_ref, *self.extra_dict_ref):
            table = ref()
            if table is not None:
                table.pop(self.id, None)

    def __getstate__(self):
        return self.hooks_dict_ref(), self.id, tuple(ref() for ref in self.extra_dict_ref)

    def __setstate__(self, state):
        table, self.id, extra = state
        self.hooks_dict_ref = weakref.ref(OrderedDict() if table is None else table)
        self.extra_dict_ref = tuple(weakref.ref(d) for d in extra if d is not None)
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.remove()


def add(table, hook, *, prepend=False, flags=()) -> RemovableHandle:
    """Put ``hook`` into ``table``; each ``(flag_table, wanted)`` of ``flags`` notes a property of
    it.
    """
    handle = RemovableHandle(table, extra_dict=[flag_table for flag_table, _ in flags])
    table[handle.id] = hook
    for flag_table, wanted in flags:
        if wanted:
            flag_table[handle.id] = True
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


class WrappedHook:
    """A hook that is given its module, which it holds weakly so that the two form no cycle."""

    def __init__(self, hook, module=None):
        functools.update_wrapper(self, hook)  # first: it copies the hook's own attributes
        self.hook = hook
        self.with_module = module is not None
        if self.with_module:
            self.module = weakref.ref(module)

    def __call__(self, *args, **kwargs):
        if not self.with_module:
            return self.hook(*args, **kwargs)
        module = self.module()
        if module is None:
            raise RuntimeError("You are trying to call the hook of a dead Module!")
        return self.hook(module, *args, **kwargs)

    def __getstate__(self):
        module = self.module() if self.with_module else None
        return {"hook": self.hook, "with_module": self.with_module, "module": module}

    def __setstate__(self, state):
        self.hook = state["hook"]
        self.with_module = state["with_module"]
        if self.with_module:
            if state["module"] is None:
                raise RuntimeError("You are trying to revive the hook of a dead Module!")
            self.module = weakref.ref(state["module"])


# ------------------------------------------------------------------------------- global hooks


def register_module_buffer_registration_hook(hook) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` whenever a buffer is registered; what it returns replaces
    it.
    """
    return add(BUFFER_REGISTRATION, hook)


def register_module_module_registration_hook(hook) -> RemovableHandle:
    """Call ``hook(module, name, child)`` whenever a submodule is registered; what it returns
    replaces it.
    """
    return add(MODULE_REGISTRATION, hook)


def register_module_parameter_registration_hook(hook) -> RemovableHandle:
    """Call ``hook(module, name, param)`` whenever a parameter is registered; what it returns
    replaces it.
    """
    return add(PARAMETER_REGISTRATION, hook)


def register_module_forward_pre_hook(hook) -> RemovableHandle:
    """Call ``hook(module, args)`` before every module's ``forward``; what it returns replaces the
    arguments.
    """
    return add(FORWARD_PRE, hook)


def register_module_forward_hook(hook, *, with_kwargs=False, always_call=False) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after every module's ``forward``; what it returns
    replaces the output.

    Args:
        with_kwargs: call ``hook(module, args, kwargs, output)`` instead.
        always_call: call it also when ``forward`` raised.
    """
    return add(
        FORWARD,
        hook,
        flags=[(FORWARD_WITH_KWARGS, with_kwargs), (FORWARD_ALWAYS, always_call)],
    )


def register_module_full_backward_pre_hook(hook) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before the gradient passes any module."""
    return add(BACKWARD_PRE, hook)


def register_module_backward_hook(hook) -> RemovableHandle:
    """Deprecated form of ``register_module_full_backward_hook``: sees the last operation only."""
    return _add_global_backward(hook, full=False)


def register_module_full_backward_hook(hook) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` whenever a gradient has passed a module."""
    return _add_global_backward(hook, full=True)


def _add_global_backward(hook, full: bool) -> RemovableHandle:
    global _global_backward_is_full
    if _global_backward_is_full is (not full):
        raise RuntimeError(_MIXED.format("as a global Module hook"))
    _global_backward_is_full = full
    return add(BACKWARD, hook)


# --------------------------------------------------------------------------- the slow way to call


def call_with_hooks(module, args, kwargs):
    """``module.forward(*args, **kwargs)`` with every hook that applies."""
    seen: set[int] = set()
    state = [None]  # the result so far, which the hooks that are always called want to see
    try:
        return _call(module, args, kwargs, state, seen)
    except Exception:
        _call_always_hooks(module, args, kwargs, state[0], seen)
        raise


def _call(module, args, kwargs, state, seen):
    args, kwargs = _run_pre_hooks(module, args, kwargs)
    full, plain = _backward_hooks(module)
    pre = [*BACKWARD_PRE.values(), *module._backward_pre_hooks.values()]
    watcher = BackwardHook(module, full, pre) if full or pre else None
    if watcher:
        args = watcher.setup_input_hook(args)
    state[0] = module.forward(*args, **kwargs)
    _run_forward_hooks(module, args, kwargs, state, seen)
    if watcher:
        if not isinstance(state[0], (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(state[0])}",
                stacklevel=4,
            )
        state[0] = watcher.setup_output_hook(state[0])
    if plain:
        _watch_last_node(module, plain, args, state[0])
    return state[0]


def _run_pre_hooks(module, args, kwargs):
    with_kwargs = module._forward_pre_hooks_with_kwargs
    for number, hook in (*FORWARD_PRE.items(), *module._forward_pre_hooks.items()):
        if number in with_kwargs:
            result = hook(module, args, kwargs)
            if result is None:
                continue
            if not (isinstance(result, tuple) and len(result) == 2):
                raise RuntimeError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but "
                    f"got {result}."
                )
            args, kwargs = result
        else:
            result = hook(module, args)
            if result is not None:
                args = result if isinstance(result, tuple) else (result,)
    return args, kwargs


def _run_forward_hooks(module, args, kwargs, state, seen):
    for number, hook in (*FORWARD.items(), *module._forward_hooks.items()):
        if number in module._forward_hooks_always_called or number in FORWARD_ALWAYS:
            seen.add(number)
        if number in module._forward_hooks_with_kwargs or number in FORWARD_WITH_KWARGS:
            result = hook(module, args, kwargs, state[0])
        else:
            result = hook(module, args, state[0])
        if result is not None:
            state[0] = result


def _call_always_hooks(module, args, kwargs, result, seen):
    """After ``forward`` raised: the hooks that are always called; what they raise becomes a
    warning.
    """
    own = module._forward_hooks
    tables = (
        ("global module", FORWARD, FORWARD_ALWAYS, FORWARD_WITH_KWARGS),
        ("module", own, module._forward_hooks_always_called, module._forward_hooks_with_kwargs),
    )
    for kind, table, always, with_kwargs in tables:
        for number, hook in table.items():
            if number not in always or number in seen:
                continue
            try:
                more = (args, kwargs, result) if number in with_kwargs else (args, result)
                changed = hook(module, *more)
                result = result if changed is None else changed
            except Exception as error:
                warnings.warn(
                    f"{kind} forward hook with ``always_call=True`` raised an exception that was "
                    f"silenced as another error was raised in forward: {error}",
                    stacklevel=4,
                )


# ------------------------------------------------------------------------------- backward hooks


def _backward_hooks(module):
    """The full backward hooks and the plain ones that apply to ``module``."""
    full, plain = [], []
    if BACKWARD:
        (full if _global_backward_is_full else plain).extend(BACKWARD.values())
    if module._backward_hooks:
        (full if module._is_full_backward_hook else plain).extend(module._backward_hooks.values())
    return full, plain


def _watch_last_node(module, plain, args, result):
    """The deprecated hooks watch the node of the output alone, and warn where that is not the whole
    module.
    """
    first = result
    while not isinstance(first, Tensor):
        if isinstance(first, dict):
            first = next(v for v in first.values() if isinstance(v, Tensor))
        else:
            first = first[0]
    node = first.grad_fn
    if node is None:
        return
    for hook in plain:
        node.register_hook(WrappedHook(hook, module))
    missed = _missed(args, result, node)
    if missed:
        warnings.warn(
            f"Using {missed} Please use register_full_backward_hook to get the documented "
            "behavior.",
            FutureWarning,
            stacklevel=5,
        )


def _missed(args, result, node) -> str | None:
    """What a hook on ``node`` does not see of a module with these inputs and outputs."""
    gone = "is deprecated and will be removed in future versions. This hook will be missing some"
    plain, hook = (
        "non-full backward hooks on a Module that does not",
        "a non-full backward hook when",
    )
    results = result if isinstance(result, tuple) else (result,)
    if not all(isinstance(r, Tensor) for r in results):
        return f"{plain} return a single Tensor or a tuple of Tensors {gone} of the grad_output."
    if not all(isinstance(a, Tensor) for a in args):
        return (
            f"{plain} take as input a single Tensor or a tuple of Tensors {gone} of the grad_input."
        )
    nodes = {r.grad_fn for r in results if r.grad_fn is not None}
    if len(nodes) > 1:
        return f"{hook} outputs are generated by different autograd Nodes {gone} grad_output."
    if {a.grad_fn for a in args if a.grad_fn is not None} != {n for n, _ in node.next_functions}:
        return f"{hook} the forward contains multiple autograd Nodes {gone} grad_input."
    return None


class BackwardHookFunction(Function):
    """The identity, whose node is a place in the graph at which all gradients of a module meet."""

    @staticmethod
    def forward(ctx, *args):
        ctx.mark_non_differentiable(*[a for a in args if not a.requires_grad])
        return args

    @staticmethod
    def backward(ctx, *grads):
        return grads


class BackwardHook:
    """Calls a module's backward hooks, once per backward pass, with the gradients on both sides.

    An identity node is put around the module's inputs and another around its outputs; the second
    remembers the gradients of the outputs until the first has those of the inputs.
    """

    def __init__(self, module, user_hooks, user_pre_hooks):
        self.module = module
        self.user_hooks = user_hooks
        self.user_pre_hooks = user_pre_hooks
        self.grad_outputs = None
        self.inputs_at: list[int] | None = None
        self.outputs_at: list[int] | None = None
        self.n_inputs = self.n_outputs = 0

    def setup_input_hook(self, args):
        """The arguments again, their tensors behind a node that calls the user's hooks."""
        self.n_inputs = len(args)
        args, self.inputs_at = self._wrap(args, self._on_inputs)
        return args

    def setup_output_hook(self, result):
        """The result again, its tensors behind a node that remembers their gradients."""
        results = result if isinstance(result, tuple) else (result,)
        self.n_outputs = len(results)
        results, self.outputs_at = self._wrap(results, self._on_outputs)
        return results if isinstance(result, tuple) else results[0]

    def _wrap(self, values, hook):
        at = [i for i, value in enumerate(values) if isinstance(value, Tensor)]
        if not (is_grad_enabled() and any(values[i].requires_grad for i in at)):
            return values, None
        wrapped = BackwardHookFunction.apply(*[values[i] for i in at])
        node = next(t.grad_fn for t in wrapped if t.grad_fn is not None)
        node.register_hook(hook)
        new = list(values)
        for i, value in zip(at, wrapped, strict=True):
            new[i] = value
        # A named tuple takes its fields as arguments.
        return (tuple(new) if type(values) is tuple else type(values)(*new)), at

    def _spread(self, at, values, size):
        """The gradients at the places of their tensors among all arguments, None elsewhere."""
        spread = [None] * size
        for i, value in zip(at, values, strict=True):
            spread[i] = value
        return tuple(spread)

    def _on_inputs(self, grad_input, _):
        if self.grad_outputs is None:
            return None  # this pass went round the module's output, as a double backward may
        grads = self._spread(self.inputs_at, grad_input, self.n_inputs)
        for hook in self.user_hooks:
            new = hook(self.module, grads, self.grad_outputs)
            if new is None:
                continue
            if isinstance(new, Tensor):
                new = (new,) if len(grads) == 1 else new
            if len(new) != len(grads):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(new)}, but expected {len(grads)}"
                )
            grads = new
        self.grad_outputs = None
        return tuple(grads[i] for i in self.inputs_at)

    def _on_outputs(self, _, grad_output):
        self.grad_outputs = self._spread(self.outputs_at, grad_output, self.n_outputs)
        for hook in self.user_pre_hooks:
            new = hook(self.module, self.grad_outputs)
            if new is None:
                continue
            if len(new) != self.n_outputs:
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(new)}, but expected {self.n_outputs}"
                )
            self.grad_outputs = new
        passed_on = self.grad_outputs
        if self.inputs_at is None:
            self._call_without_inputs()
        return tuple(passed_on[i] for i in self.outputs_at)

    def _call_without_inputs(self):
        """No input requires a gradient, so no node behind the inputs will call the hooks."""
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no inputs require gradients. See "
            "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module."
            "register_full_backward_hook for more details.",
            stacklevel=5,
        )
        nothing = (None,) * self.n_inputs
        for hook in self.user_hooks:
            new = hook(self.module, nothing, self.grad_outputs)
            if new is not None and not (isinstance(new, tuple) and all(g is None for g in new)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_outputs = None


# --------------------------------------------------------------------------------- registration


class Hooked:
    """The part of ``Module`` that registers hooks."""

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Call ``hook(module, args)`` before ``forward``; what it returns replaces the arguments.

        Args:
            prepend: call it before the hooks that are already there.
            with_kwargs: call ``hook(module, args, kwargs)``, which returns None or both.
        """
        flags = [(self._forward_pre_hooks_with_kwargs, with_kwargs)]
        return add(self._forward_pre_hooks, hook, prepend=prepend, flags=flags)

    def register_forward_hook(
        self, hook, *, prepend=False, with_kwargs=False, always_call=False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after ``forward``; what it returns replaces the
        output.

        Args:
            prepend: call it before the hooks that are already there.
            with_kwargs: call ``hook(module, args, kwargs, output)``.
            always_call: call it also when ``forward`` raised.

        >>> import flambeau as torch
        >>> m = torch.nn.Identity()
        >>> handle = m.register_forward_hook(lambda module, args, output: output * 2)
        >>> m(torch.ones(1))
        tensor([2.])
        >>> handle.remove()
        """
        flags = [
            (self._forward_hooks_with_kwargs, with_kwargs),
            (self._forward_hooks_always_called, always_call),
        ]
        return add(self._forward_hooks, hook, prepend=prepend, flags=flags)

    def register_full_backward_pre_hook(self, hook, prepend=False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before the gradient passes the module."""
        return add(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(self, hook, prepend=False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` once the gradients of the inputs are
        known.

        What it returns replaces ``grad_input``.
        """
        self._require_backward_kind(full=True)
        return add(self._backward_hooks, hook, prepend=prepend)

    def register_backward_hook(self, hook) -> RemovableHandle:
        """Deprecated form of ``register_full_backward_hook``: watches the output's node alone."""
        self._require_backward_kind(full=False)
        return add(self._backward_hooks, hook)

    def _require_backward_kind(self, full: bool) -> None:
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(_MIXED.format("on a single Module"))
        self._is_full_backward_hook = full
