"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

from . import checks
from .blocks import add_square, lerp
from .optimizer import Optimizer, scalar, zeros_like
from .rule import Rule


class NAdam(Optimizer):
    """NAdam.

    g = grad + weight_decay * p                       decoupled: p = p * (1 - lr * weight_decay)
    mu_t = beta1 * (1 - 0.96^(t * momentum_decay) / 2)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2
    n = (1 - mu_t) * g / (1 - mu_1 ... mu_t) + mu_(t+1) * m / (1 - mu_1 ... mu_(t+1))
    p = p - lr * n / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: learning rate. Default 0.002.
        betas: decay of the two averages. Default (0.9, 0.999).
        eps: keeps the division finite. Default 1e-8.
        weight_decay: as in the formula. Default 0.
        momentum_decay: as in the formula. Default 0.004.
        decoupled_weight_decay: decay as AdamW does. Default False.
        maximize: follow the gradient uphill. Default False.
        foreach, capturable: accepted; every update here is one operation over all parameters.
        differentiable: not available, raises RuntimeError.
    Raises: ValueError for an option out of range.

    Dozat: Incorporating Nesterov Momentum into Adam (2016).

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        checks.common(defaults)
        super().__init__(params, defaults)

    def _initial_state(self, group, p):
        return {
            "step": scalar(0.0),
            "mu_product": scalar(1.0),
            "exp_avg": zeros_like(p),
            "exp_avg_sq": zeros_like(p),
        }

    def _rule(self, group):
        return nadam, ("exp_avg", "exp_avg_sq", "mu_product", "step")


def _numbers(product, step, *, lr, betas, eps, momentum_decay):
    beta1, beta2 = betas
    step += 1
    t = float(step)
    mu = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    product *= mu
    return {
        "from_gradient": lr * (1 - mu) / (1 - float(product)),
        "from_average": lr * mu_next / (1 - float(product) * mu_next),
        "correction": 1 - beta2**t,
        "share": 1 - beta1,
        "decay": beta2,
        "rest": 1 - beta2,
        "eps": eps,
    }


def _formula(
    xp, p, g, m, v, a, b, *, from_gradient, from_average, correction, share, decay, rest, eps
):
    lerp(xp, m, g, share, b)
    add_square(xp, v, g, decay, rest, b)
    xp.multiply(g, from_gradient, out=a)
    xp.multiply(m, from_average, out=b)
    a += b
    xp.divide(v, correction, out=b)
    xp.sqrt(b, out=b)
    b += eps
    a /= b
    p -= a


nadam = Rule("nadam", _numbers, _formula)
