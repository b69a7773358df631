"""Rprop: a step size for every weight, led by the sign of its gradient alone."""

from __future__ import annotations

from flambeau.tensor.api import torch

from . import checks
from .optimizer import Optimizer, scalar, zeros_like
from .rule import Rule


class Rprop(Optimizer):
    """Resilient backpropagation, for full batches.

    g * previous > 0:  s = min(s * etas[1], step_sizes[1])
    g * previous < 0:  s = max(s * etas[0], step_sizes[0]),  g = 0
    p = p - s * sign(g),  previous = g                        s starts as lr

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: the first step size. Default 0.01.
        etas: factors by which a step size shrinks and grows. Default (0.5, 1.2).
        step_sizes: the least and the greatest step size. Default (1e-6, 50).
        maximize: follow the gradient uphill. Default False.
        foreach, capturable: accepted; every update here is one operation over all parameters.
        differentiable: not available, raises RuntimeError.
    Raises: ValueError for an option out of range.

    Riedmiller, Braun: A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP
    Algorithm (1993).

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Rprop([w], lr=0.1)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w * w).sum().backward()
    ...     optimizer.step()
    >>> w
    tensor([0.7800], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        etas=(0.5, 1.2),
        step_sizes=(1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ):
        checks.require(0.0 < etas[0] < 1.0 < etas[1], "eta values", f"{etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        checks.common(defaults)
        super().__init__(params, defaults)

    def _initial_state(self, group, p):
        lr = checks.number(group["lr"])
        value = complex(lr, lr) if p.is_complex() else lr
        return {
            "step": scalar(0.0),
            "prev": zeros_like(p),
            "step_size": torch.full_like(p, value).detach(),
        }

    def _rule(self, group):
        return rprop, ("prev", "step_size", "step")


def _numbers(step, *, etas, step_sizes):
    step += 1
    return dict(zip(("shrink", "grow", "least", "greatest"), (*etas, *step_sizes)))


def _formula(xp, p, g, previous, size, a, b, *, shrink, grow, least, greatest):
    agreement = xp.multiply(g, previous, out=b)
    turned = agreement < 0
    size *= xp.where(turned, shrink, xp.where(agreement > 0, grow, agreement * 0 + 1))
    xp.clip(size, least, greatest, out=size)
    previous[...] = g
    xp.copyto(previous, 0, where=turned)
    xp.sign(previous, out=a)
    a *= size
    p -= a


rprop = Rule("rprop", _numbers, _formula)
