"""Update rules: the numbers of a step, and the formula that they go into.

A rule is called with lists of arrays, `rule(xp, params, grads, *states, **options)`, and writes
into all lists but `grads`. It is made of two functions beside its optimiser's class:

- `numbers(*scalars, **options)` says what the formula multiplies with in this step (the learning
  rate with its bias corrections, decays), in double precision and by name. The scalars are states
  that are one number, such as the count of steps; it moves them on to this step.
- `formula(xp, p, g, *states, a, b, **numbers)` updates a parameter and its other states in place;
  `g` is the gradient of what is minimised, `a` and `b` are spare arrays of rubbish, in the first of
  which `g` may lie. The C++ runtime has kernels of the same formulas, which go first.

What all rules share happens here: weight decay, and following the gradient uphill.
"""

from __future__ import annotations

import inspect

from flambeau.backend import native

from .blocks import blocks


class Rule:
    """An update rule; `kernel` names the formula in the C++ runtime, where it is not the rule's."""

    def __init__(self, name: str, numbers, formula, kernel: str = ""):
        self.__name__ = name
        self.numbers, self.formula, self.kernel = numbers, formula, kernel or name
        arguments = inspect.getfullargspec(numbers)
        self._first_scalar = -len(arguments.args) or None
        self.options = arguments.kwonlyargs  # beside those of `__call__`

    def __call__(
        self,
        xp,
        params,
        grads,
        *states,
        maximize,
        weight_decay=0,
        decoupled_weight_decay=False,
        **options,
    ):
        shared = {"sign": -1 if maximize else 1, "weight_decay": weight_decay, "keep": 1}
        if decoupled_weight_decay:
            shared |= {"weight_decay": 0, "keep": 1 - options["lr"] * weight_decay}
        lists = (params, grads, *states[: self._first_scalar])
        scalars = states[len(lists) - 2 :]
        for own, chosen in self._steps(lists, scalars, options):
            numbers = {**shared, **own}
            if not native.step(self.kernel, chosen, numbers):
                self._run(xp, chosen, **numbers)

    def _steps(self, lists, scalars, options):
        """The numbers of this step, with the lists of the arrays that they are for.

        Nearly always all parameters have taken as many steps: one set of numbers serves all.
        """
        if not scalars:
            return [(self.numbers(**options), lists)]
        made: dict = {}
        for i, own in enumerate(zip(*scalars)):
            before = tuple([s.tobytes() for s in own])
            if before in made:
                _, after, chosen = made[before]
                for s, value in zip(own, after):
                    s[...] = value
                chosen.append(i)
            else:
                numbers = self.numbers(*own, **options)
                made[before] = numbers, [s.item() for s in own], [i]
        if len(made) == 1:
            return [(numbers, lists)]
        return [(n, [[a[i] for i in chosen] for a in lists]) for n, _, chosen in made.values()]

    def _run(self, xp, lists, *, sign, weight_decay, keep, **numbers):
        for arrays in zip(*lists):
            for p, g, *states, a, b in blocks(xp, *arrays):
                g = _descent(xp, p, g, a, sign, weight_decay)
                if keep != 1:
                    p *= keep
                self.formula(xp, p, g, *states, a, b, **numbers)


def _descent(xp, p, g, out, sign, weight_decay):
    """`sign * g + weight_decay * p`: `g` itself where nothing changes it, else written to `out`."""
    if weight_decay == 0:
        return g if sign == 1 else xp.negative(g, out=out)
    xp.multiply(p, weight_decay, out=out)
    return xp.add(out, g, out=out) if sign == 1 else xp.subtract(out, g, out=out)
