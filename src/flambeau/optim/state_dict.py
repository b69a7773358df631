"""An optimiser's options and state as a plain dict, in PyTorch's layout, and back.

Parameters are named by their position, counted through all groups.
"""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from itertools import chain

from flambeau.tensor.tensor import Tensor


def pack(optimizer) -> dict:
    """The state dict of an optimiser; its tensors are the optimiser's own."""
    for hook in list(optimizer._optimizer_state_dict_pre_hooks.values()):
        hook(optimizer)
    position: dict[int, int] = {}
    packed_groups, count = [], 0
    for group in optimizer.param_groups:
        packed = {key: value for key, value in group.items() if key != "params"}
        for index, p in enumerate(group["params"], count):
            position.setdefault(id(p), index)
        packed["params"] = [position[id(p)] for p in group["params"]]
        count += len(packed["params"])
        packed_groups.append(packed)
    entries = {
        position[id(key)] if isinstance(key, Tensor) else key: entry
        for key, entry in optimizer.state.items()
    }
    result = {"state": entries, "param_groups": packed_groups}
    for hook in list(optimizer._optimizer_state_dict_post_hooks.values()):
        result = _or(hook(optimizer, result), result)
    return result


def load(optimizer, state_dict: dict) -> None:
    """Fill an optimiser from a state dict; see `Optimizer.load_state_dict`."""
    state_dict = state_dict.copy()
    for hook in list(optimizer._optimizer_load_state_dict_pre_hooks.values()):
        state_dict = _or(hook(optimizer, state_dict), state_dict)
    groups, saved = optimizer.param_groups, deepcopy(state_dict["param_groups"])
    if len(groups) != len(saved):
        raise ValueError("loaded state dict has a different number of parameter groups")
    if any(len(g["params"]) != len(s["params"]) for g, s in zip(groups, saved)):
        raise ValueError(
            "loaded state dict contains a parameter group that doesn't match the size of "
            "optimizer's group"
        )
    keys = chain.from_iterable(s["params"] for s in saved)
    params = dict(zip(keys, chain.from_iterable(g["params"] for g in groups)))
    options = {key: group for group in saved for key in group["params"]}
    entries: defaultdict = defaultdict(dict)
    for key, entry in state_dict["state"].items():
        if key in params:
            entries[params[key]] = _fitted(entry, params[key], options[key])
        else:
            entries[key] = entry
    for group, new in zip(groups, saved):
        new["params"] = group["params"]
        if "param_names" in group:
            new.setdefault("param_names", group["param_names"])
    optimizer.__setstate__({"state": entries, "param_groups": saved})
    for hook in list(optimizer._optimizer_load_state_dict_post_hooks.values()):
        hook(optimizer)


def _fitted(value, p, options, name=None):
    """A copy of a piece of state, its tensors in the parameter's dtype; step counts keep theirs."""
    if isinstance(value, Tensor):
        copy = value.detach().clone()
        if name == "step":
            return copy.float() if options.get("capturable") or options.get("fused") else copy
        return copy.to(p.dtype) if p.is_floating_point() else copy
    if isinstance(value, dict):
        return {key: _fitted(item, p, options, key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_fitted(item, p, options) for item in value])
    return value


def _or(result, otherwise):
    return otherwise if result is None else result
