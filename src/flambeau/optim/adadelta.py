"""Adadelta: steps in the units of the parameters, without a learning rate to tune."""

from __future__ import annotations

from . import checks
from .blocks import add_square
from .optimizer import Optimizer, scalar, zeros_like
from .rule import Rule


class Adadelta(Optimizer):
    """Adadelta.

    g = grad + weight_decay * p
    v = rho * v + (1 - rho) * g^2
    d = g * sqrt(u + eps) / sqrt(v + eps)
    u = rho * u + (1 - rho) * d^2
    p = p - lr * d

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: factor of the step. Default 1.
        rho: decay of the two averages. Default 0.9.
        eps: keeps the first steps from being zero. Default 1e-6.
        weight_decay: as in the formula. Default 0.
        maximize: follow the gradient uphill. Default False.
        foreach, capturable: accepted; every update here is one operation over all parameters.
        differentiable: not available, raises RuntimeError.
    Raises: ValueError for an option out of range.

    Zeiler: ADADELTA: An Adaptive Learning Rate Method (2012, arXiv 1212.5701).

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adadelta([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9968], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ):
        checks.require(0.0 <= rho <= 1.0, "rho value", rho)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        checks.common(defaults)
        super().__init__(params, defaults)

    def _initial_state(self, group, p):
        return {"step": scalar(0.0), "square_avg": zeros_like(p), "acc_delta": zeros_like(p)}

    def _rule(self, group):
        return adadelta, ("square_avg", "acc_delta", "step")


def _numbers(step, *, lr, rho, eps):
    step += 1
    return {"size": lr, "decay": rho, "rest": 1 - rho, "eps": eps}


def _formula(xp, p, g, v, u, a, b, *, size, decay, rest, eps):
    add_square(xp, v, g, decay, rest, b)
    d = xp.multiply(g, xp.sqrt(u + eps), out=a)
    d /= xp.sqrt(xp.add(v, eps, out=b), out=b)
    add_square(xp, u, d, decay, rest, b)
    d *= size
    p -= d


adadelta = Rule("adadelta", _numbers, _formula)
