"""Adam: steps scaled by running averages of the gradient and of its square."""

from __future__ import annotations

from flambeau.tensor.tensor import Tensor

from . import checks
from .blocks import add_square, lerp
from .optimizer import Optimizer, scalar, zeros_like
from .rule import Rule


class Adam(Optimizer):
    """Adam.

    g = grad + weight_decay * p                       decoupled: p = p * (1 - lr * weight_decay)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2                 amsgrad: the greatest v so far
    p = p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: learning rate. Default 0.001.
        betas: decay of the two averages. Default (0.9, 0.999).
        eps: keeps the division finite. Default 1e-8.
        weight_decay: as in the formula. Default 0.
        amsgrad: never let the second average shrink. Default False.
        maximize: follow the gradient uphill. Default False.
        decoupled_weight_decay: decay as AdamW does. Default False.
        foreach, fused, capturable: accepted; every update here is one operation over all
            parameters.
        differentiable: not available, raises RuntimeError.
    Raises: ValueError for an option out of range.

    Kingma, Ba: Adam: A Method for Stochastic Optimization (2015, arXiv 1412.6980); amsgrad: Reddi,
    Kale, Kumar: On the Convergence of Adam and Beyond (2018).

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ):
        immobile = foreach and not capturable
        if isinstance(lr, Tensor) and immobile:
            raise ValueError(
                "lr as a Tensor is not supported for capturable=False and foreach=True"
            )
        _check_kinds(betas, immobile)
        defaults = {
            "lr": lr,
            "betas": checks.number(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        checks.common(defaults)
        super().__init__(params, defaults)

    def _initial_state(self, group, p):
        state = {
            "step": scalar(0.0, group["fused"]),
            "exp_avg": zeros_like(p),
            "exp_avg_sq": zeros_like(p),
        }
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros_like(p)
        return state

    def _rule(self, group):
        top = "max_exp_avg_sq" if group["amsgrad"] else None
        return adam, ("exp_avg", "exp_avg_sq", top, "step")


def _check_kinds(betas, immobile) -> None:
    if not (
        all(isinstance(beta, float) for beta in betas)
        or all(isinstance(beta, Tensor) for beta in betas)
    ):
        raise ValueError("betas must be either both floats or both Tensors")
    for index, beta in enumerate(betas):
        if isinstance(beta, Tensor):
            if immobile:
                raise ValueError(
                    f"betas[{index}] as a Tensor is not supported for capturable=False and "
                    "foreach=True"
                )
            if beta.numel() != 1:
                raise ValueError(f"Tensor betas[{index}] must be 1-element")


def _numbers(step, *, lr, betas, eps):
    """Both bias corrections are folded into one factor of the step."""
    beta1, beta2 = betas
    step += 1
    t = float(step)
    root = (1 - beta2**t) ** 0.5
    size = lr * root / (1 - beta1**t)
    return {"size": size, "share": 1 - beta1, "decay": beta2, "rest": 1 - beta2, "eps": eps * root}


def formula(xp, p, g, m, v, top, a, b, *, size, share, decay, rest, eps, rectified=True):
    """Adam's, and RAdam's, which is not `rectified` while `v` stands for too few gradients."""
    lerp(xp, m, g, share, b)
    add_square(xp, v, g, decay, rest, b)
    if not rectified:
        p -= xp.multiply(m, size, out=a)
        return
    if top is not None:
        v = xp.maximum(top, v, out=top)
    xp.sqrt(v, out=a)
    a += eps
    xp.divide(m, a, out=a)
    a *= size
    p -= a


adam = Rule("adam", _numbers, formula)
