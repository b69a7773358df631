"""Adamax: Adam measured by the greatest recent gradient instead of a mean square."""

from __future__ import annotations

from . import checks
from .blocks import lerp
from .optimizer import Optimizer, scalar, zeros_like
from .rule import Rule


class Adamax(Optimizer):
    """Adamax, the variant of Adam with the infinity norm.

    g = grad + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    u = max(beta2 * u, |g| + eps)
    p = p - lr / (1 - beta1^t) * m / u

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: learning rate. Default 0.002.
        betas: decay of the average and of the maximum. Default (0.9, 0.999).
        eps: keeps the division finite. Default 1e-8.
        weight_decay: as in the formula. Default 0.
        maximize: follow the gradient uphill. Default False.
        foreach, capturable: accepted; every update here is one operation over all parameters.
        differentiable: not available, raises RuntimeError.
    Raises: ValueError for an option out of range.

    Kingma, Ba: Adam: A Method for Stochastic Optimization (2015, arXiv 1412.6980), section 7.

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adamax([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.5000], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ):
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        checks.common(defaults)
        super().__init__(params, defaults)

    def _initial_state(self, group, p):
        return {"step": scalar(0.0), "exp_avg": zeros_like(p), "exp_inf": zeros_like(p)}

    def _rule(self, group):
        return adamax, ("exp_avg", "exp_inf", "step")


def _numbers(step, *, lr, betas, eps):
    beta1, beta2 = betas
    step += 1
    size = lr / (1 - beta1 ** float(step))
    return {"size": size, "share": 1 - beta1, "decay": beta2, "eps": eps}


def _formula(xp, p, g, m, u, a, b, *, size, share, decay, eps):
    lerp(xp, m, g, share, b)
    xp.absolute(g, out=a)
    a += eps
    u *= decay
    xp.maximum(u, a, out=u)
    xp.divide(m, u, out=a)
    a *= size
    p -= a


adamax = Rule("adamax", _numbers, _formula)
