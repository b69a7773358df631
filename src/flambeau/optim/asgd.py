"""ASGD: stochastic gradient descent whose result is the average of the path."""

from __future__ import annotations

from . import checks
from .blocks import lerp
from .optimizer import Optimizer, scalar, zeros_like
from .rule import Rule


class ASGD(Optimizer):
    """Averaged stochastic gradient descent.

    g = grad + weight_decay * p
    p = p * (1 - lambd * eta) - eta * g               eta = lr / (1 + lambd * lr * t)^alpha
    ax = ax + mu * (p - ax)                           mu = 1 / max(1, t - t0); state "ax"

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: learning rate. Default 0.01.
        lambd: decay of the weights. Default 1e-4.
        alpha: power with which eta falls. Default 0.75.
        t0: the step after which averaging starts. Default 1e6.
        weight_decay: as in the formula. Default 0.
        maximize: follow the gradient uphill. Default False.
        foreach, capturable: accepted; every update here is one operation over all parameters.
        differentiable: not available, raises RuntimeError.
    Raises: ValueError for an option out of range.

    Polyak, Juditsky: Acceleration of stochastic approximation by averaging (1992).

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.ASGD([w], lr=0.1, lambd=0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ):
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        checks.common(defaults)
        super().__init__(params, defaults)

    def _initial_state(self, group, p):
        return {
            "step": scalar(0.0),
            "eta": scalar(checks.number(group["lr"])),
            "mu": scalar(1.0),
            "ax": zeros_like(p),
        }

    def _rule(self, group):
        return asgd, ("ax", "eta", "mu", "step")


def _numbers(eta, mu, step, *, lr, lambd, alpha, t0):
    """`eta` and `mu` are those that the step before left for this one."""
    step += 1
    t, size, share = float(step), float(eta), float(mu)
    eta[...] = lr / (1 + lambd * lr * t) ** alpha
    mu[...] = 1 / max(1, t - t0)
    return {"size": size, "keep": 1 - lambd * size, "share": share}


def _formula(xp, p, g, average, a, b, *, size, share):
    p -= xp.multiply(g, size, out=a)
    if share == 1:
        average[...] = p
    else:
        lerp(xp, average, p, share, a)


asgd = Rule("asgd", _numbers, _formula)
