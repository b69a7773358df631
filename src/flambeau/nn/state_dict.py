"""A module's state as a dictionary, and back: names, order and messages are PyTorch's.

Loading happens in two steps. The first walks the modules, compares names and shapes and notes what
would be written; the second writes. So a state that does not fit changes nothing.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Mapping

from flambeau.autograd.modes import no_grad
from flambeau.tensor.tensor import Tensor

from .hooks import RemovableHandle, WrappedHook, add
from .parameter import Parameter, is_lazy

EXTRA_STATE = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What ``load_state_dict`` returns: the names that were missing or too many."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class Stateful:
    """The part of ``Module`` that saves and loads."""

    _version: int = 1

    def get_extra_state(self):
        """What to save beside parameters and buffers; override it together with
        ``set_extra_state``.
        """
        raise RuntimeError(
            f"{type(self).__name__} has set_extra_state but no get_extra_state: override both"
        )

    def set_extra_state(self, state) -> None:
        """Take back what ``get_extra_state`` returned."""
        raise RuntimeError(
            f"{type(self).__name__} has get_extra_state but no set_extra_state: override both"
        )

    # --------------------------------------------------------------------------------- saving

    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        """All parameters and persistent buffers by qualified name.

        Args:
            destination: a dictionary to fill. Default: a new one.
            prefix: put before every name.
            keep_vars: give the parameters themselves instead of detached tensors.

        >>> import flambeau as torch
        >>> list(torch.nn.Sequential(torch.nn.Linear(2, 3)).state_dict())
        ['0.weight', '0.bias']
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html"
                "#torch.nn.Module.state_dict for details.",
                FutureWarning,
                stacklevel=2,
            )
            given = dict(zip(("destination", "prefix", "keep_vars"), args, strict=False))
            destination = given["destination"] if destination is None else destination
            prefix = prefix or given.get("prefix", "")
            keep_vars = keep_vars or given.get("keep_vars", False)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self._state_dict_hooks.values():
            result = hook(self, destination, prefix, local_metadata)
            if result is None:
                continue
            if getattr(hook, "_from_public_api", False):
                raise RuntimeError("state_dict post-hook must return None")
            destination = result
        return destination

    def _save_to_state_dict(self, destination, prefix, keep_vars) -> None:
        """Write this module's own state, not its children's."""
        for name, value in self._own_state().items():
            keep = keep_vars or is_lazy(value)
            destination[prefix + name] = value if keep else value.detach()
        if _overrides(self, "get_extra_state"):
            destination[prefix + EXTRA_STATE] = self.get_extra_state()

    def _own_state(self) -> dict[str, Tensor]:
        """This module's own parameters and persistent buffers that are not None."""
        state = {k: v for k, v in self._parameters.items() if v is not None}
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                state[name] = buffer
        return state

    # -------------------------------------------------------------------------------- loading

    def load_state_dict(self, state_dict, strict: bool = True, assign: bool = False):
        """Copy parameters and buffers from ``state_dict``; on an error nothing has changed.

        Args:
            strict: refuse names that are missing or too many. Default True.
            assign: take the given tensors themselves instead of copying into the module's. Default
            False.
        Returns: the missing and the unexpected names.
        Raises: RuntimeError that lists every name and shape that does not fit.

        >>> import flambeau as torch
        >>> net = torch.nn.Linear(2, 1)
        >>> net.load_state_dict(torch.nn.Linear(2, 1).state_dict())
        <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing, unexpected, errors = [], [], []
        metadata = getattr(state_dict, "_metadata", None) or {}
        state = OrderedDict(state_dict)
        state._metadata = metadata
        writes = []
        incompatible = _IncompatibleKeys(missing, unexpected)

        def load(module, state, prefix):
            local_metadata = {**metadata.get(prefix[:-1], {}), "pending_writes": writes}
            if assign:
                local_metadata["assign_to_params_buffers"] = True
            module._load_from_state_dict(
                state, prefix, local_metadata, True, missing, unexpected, errors
            )
            for name, child in module._modules.items():
                if child is not None:
                    inner = f"{prefix}{name}."
                    below = OrderedDict((k, v) for k, v in state.items() if k.startswith(inner))
                    load(child, below, inner)
            posts.extend((module, hook) for hook in module._load_state_dict_post_hooks.values())

        posts = []
        load(self, state, "")
        # Post hooks may look at the loaded values, or forgive names; they get both chances in turn.
        written = not (errors or (strict and (missing or unexpected)))
        if written:
            _write(writes, errors)
        for module, hook in posts:
            if hook(module, incompatible) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected "
                    "to return new values, if incompatible_keys need to be modified, it should be "
                    "done inplace."
                )
        problems = _key_problems(missing, unexpected) if strict else []
        if not written and not problems and not errors:
            _write(writes, errors)
        problems += errors
        if problems:
            raise RuntimeError(
                "Error(s) in loading state_dict for {}:\n\t{}".format(
                    type(self).__name__, "\n\t".join(problems)
                )
            )
        return incompatible

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ) -> None:
        """Load this module's own state, not its children's; fill the three lists.

        Called by ``load_state_dict`` with the list ``local_metadata["pending_writes"]``, it notes
        what is to be written; called by others, it writes.
        """
        for hook in self._load_state_dict_pre_hooks.values():
            hook(
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        pending = local_metadata.get("pending_writes")
        writes = [] if pending is None else pending
        assign = local_metadata.get("assign_to_params_buffers", False)
        own = self._own_state()
        for name, param in own.items():
            key = prefix + name
            if key not in state_dict:
                if strict:
                    missing_keys.append(key)
                continue
            value = _fitting(state_dict[key], param, key, error_msgs)
            if value is not None:
                writes.append(_Write(self, name, key, param, value, assign))
        self._load_extra_state(state_dict, prefix, strict, missing_keys, unexpected_keys, writes)
        if strict:
            unexpected_keys.extend(_unknown(state_dict, prefix, own, self._modules))
        if pending is None:
            _write(writes, error_msgs)

    def _load_extra_state(self, state_dict, prefix, strict, missing, unexpected, writes):
        key = prefix + EXTRA_STATE
        if _overrides(self, "set_extra_state"):
            if key in state_dict:
                writes.append(_ExtraWrite(self, state_dict[key]))
            elif strict:
                missing.append(key)
        elif strict and key in state_dict:
            unexpected.append(key)

    # ---------------------------------------------------------------------------------- hooks

    def register_state_dict_pre_hook(self, hook) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict``."""
        return add(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after; it changes the
        dictionary in place.
        """
        hook._from_public_api = True
        return add(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook) -> RemovableHandle:
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that was "
                "previously registered via register_state_dict_post_hook"
            )
        return add(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, ...)`` (as ``_load_from_state_dict``) before
        loading.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook, with_module=False) -> RemovableHandle:
        return add(
            self._load_state_dict_pre_hooks, WrappedHook(hook, self if with_module else None)
        )

    def register_load_state_dict_post_hook(self, hook) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after loading; it may edit the two lists in
        place.
        """
        return add(self._load_state_dict_post_hooks, hook)


# ------------------------------------------------------------------------------- one write each


class _Write:
    """One tensor of the state on its way into its module."""

    def __init__(self, module, name, key, param, value, assign):
        self.module, self.name, self.key = module, name, key
        self.param, self.value, self.assign = param, value, assign

    def do(self, errors) -> None:
        try:
            with no_grad():
                if is_lazy(self.value) and not self.assign:
                    return  # no values yet on either side
                if self.assign:
                    setattr(self.module, self.name, self._own_kind())
                else:
                    if is_lazy(self.param):
                        self.param.materialize(self.value.shape)
                    self.param.copy_(self.value)
        except Exception as error:
            errors.append(
                f'While copying the parameter named "{self.key}", whose dimensions in the model '
                f"are {self.param.size()} and whose dimensions in the checkpoint are "
                f"{self.value.size()}, an exception occurred : {error.args}."
            )

    def _own_kind(self) -> Tensor:
        if not isinstance(self.param, Parameter):
            return self.value
        if isinstance(self.value, Parameter):
            return self.value.requires_grad_(self.param.requires_grad)
        return Parameter(self.value, requires_grad=self.param.requires_grad)


class _ExtraWrite:
    """A module's extra state on its way into it."""

    def __init__(self, module, state):
        self.module, self.state = module, state

    def do(self, errors) -> None:
        self.module.set_extra_state(self.state)


def _write(writes, errors) -> None:
    for write in writes:
        write.do(errors)
    writes.clear()


# ------------------------------------------------------------------------------------- checking


def _overrides(module, name: str) -> bool:
    return getattr(type(module), name) is not getattr(Stateful, name)


def _fitting(value, param, key, errors):
    """``value`` if it can be written to ``param``, else None and a message in ``errors``."""
    if not isinstance(value, Tensor):
        errors.append(
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
            f"object from checkpoint but received {type(value)}"
        )
        return None
    if is_lazy(param):
        return value
    if param.dim() == 0 and value.dim() == 1 and value.shape[0] == 1:
        value = value[0]  # scalars were saved as one-element vectors once
    if value.shape != param.shape:
        errors.append(
            f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
            f"the shape in current model is {param.shape}."
        )
        return None
    return value


def _unknown(state_dict, prefix, own, children):
    """The names under ``prefix`` that belong neither to the module nor to one of its children."""
    for key in state_dict:
        if not key.startswith(prefix) or key == prefix + EXTRA_STATE:
            continue
        first, dot, _ = key[len(prefix) :].partition(".")
        if first not in (children if dot else own):
            yield key


def _key_problems(missing, unexpected) -> list[str]:
    problems = []
    for title, keys in (("Missing", missing), ("Unexpected", unexpected)):
        if keys:
            listed = ", ".join(f'"{key}"' for key in keys)
            problems.append(f"{title} key(s) in state_dict: {listed}. ")
    return problems
