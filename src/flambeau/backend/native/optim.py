"""Steps of optimisers over all parameters of a group in one call."""

from __future__ import annotations

from .library import laid_like, runtime


def step(formula: str, lists, numbers: dict) -> bool:
    """Run the formula of this name on lists of arrays: parameters, gradients, states.

    False, and nothing is written, where one of them is no array of floats that lies densely.
    """
    params, grads, *states = lists
    try:
        if runtime.optim_step(formula, params, grads, states, numbers):
            return True
        laid = [laid_like(g, p) for g, p in zip(grads, params)]  # gradients are only read
        return runtime.optim_step(formula, params, laid, states, numbers)
    except TypeError:  # other numbers than floats
        return False
