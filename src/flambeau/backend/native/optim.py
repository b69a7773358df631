"""Steps of optimisers over all parameters of a group in one call."""

from __future__ import annotations

from .library import FLOAT, dense, laid_like, runtime

_RULES = frozenset(
    ("adadelta", "adagrad", "adam", "adamax", "asgd", "nadam", "radam", "rmsprop", "rprop", "sgd")
)


def step(rule: str, lists, numbers: dict) -> bool:
    """Run the update rule of this name on lists of arrays: parameters, gradients, states.

    False, and nothing is written, where one of them is no array of floats that lies densely.
    """
    if rule not in _RULES:
        return False
    laid = [[None] * len(group) for group in lists]
    for i, p in enumerate(lists[0]):
        if p.dtype != FLOAT or not p.flags.writeable:
            return False
        for group, out in zip(lists, laid):
            a = group[i]
            if a is None:
                continue
            if a.dtype != FLOAT:
                return False
            if a.ndim and a.strides != p.strides:
                if group is not lists[1] or a.shape != p.shape:
                    return False
                a = laid_like(a, p)  # a gradient, which is only read
            flat = dense(a)
            if flat is None or (group is not lists[1] and not a.flags.writeable):
                return False
            out[i] = flat
    getattr(runtime, rule)(*laid, **numbers)
    return True
