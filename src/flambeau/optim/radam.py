"""RAdam: Adam that waits until the variance of its step can be estimated."""

from __future__ import annotations

from . import adam, checks
from .optimizer import Optimizer, scalar, zeros_like
from .rule import Rule


class RAdam(Optimizer):
    """Rectified Adam.

    g = grad + weight_decay * p                       decoupled: p = p * (1 - lr * weight_decay)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2
    rho = rho_inf - 2 t beta2^t / (1 - beta2^t)       rho_inf = 2 / (1 - beta2) - 1
    rho > 5:  r = sqrt((rho - 4)(rho - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho))
              p = p - lr * m / (1 - beta1^t) * r * sqrt(1 - beta2^t) / (sqrt(v) + eps)
    else:     p = p - lr * m / (1 - beta1^t)

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: learning rate. Default 0.001.
        betas: decay of the two averages. Default (0.9, 0.999).
        eps: keeps the division finite. Default 1e-8.
        weight_decay: as in the formula. Default 0.
        decoupled_weight_decay: decay as AdamW does. Default False.
        maximize: follow the gradient uphill. Default False.
        foreach, capturable: accepted; every update here is one operation over all parameters.
        differentiable: not available, raises RuntimeError.
    Raises: ValueError for an option out of range.

    Liu et al.: On the Variance of the Adaptive Learning Rate and Beyond (2020, arXiv 1908.03265).

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ):
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        checks.common(defaults)
        super().__init__(params, defaults)

    def _initial_state(self, group, p):
        return {"step": scalar(0.0), "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def _rule(self, group):
        return radam, ("exp_avg", "exp_avg_sq", None, "step")


def _numbers(step, *, lr, betas, eps):
    beta1, beta2 = betas
    step += 1
    t = float(step)
    size = lr / (1 - beta1**t)
    rectified = _rectification(t, beta2)
    return {
        "size": size if rectified is None else size * rectified,
        "share": 1 - beta1,
        "decay": beta2,
        "rest": 1 - beta2,
        "eps": eps,
        "rectified": rectified is not None,
    }


def _rectification(t, beta2):
    """r * sqrt(1 - beta2^t), or None while the variance cannot be estimated."""
    correction = 1 - beta2**t
    limit = 2 / (1 - beta2) - 1
    rho = limit - 2 * t * beta2**t / correction
    if rho <= 5:
        return None
    ratio = (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho)
    return (ratio * correction) ** 0.5


radam = Rule("radam", _numbers, adam.formula, kernel="adam")
