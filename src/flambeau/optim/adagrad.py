"""Adagrad: steps that shrink where gradients have been large."""

from __future__ import annotations

from flambeau.tensor.api import torch

from . import checks, rmsprop
from .optimizer import Optimizer, scalar
from .rule import Rule


class Adagrad(Optimizer):
    """Adagrad.

    g = grad + weight_decay * p
    s = s + g^2
    p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: learning rate. Default 0.01.
        lr_decay, weight_decay: as in the formula. Default 0.
        initial_accumulator_value: what s starts as. Default 0.
        eps: keeps the division finite. Default 1e-10.
        maximize: follow the gradient uphill. Default False.
        foreach, fused: accepted; every update here is one operation over all parameters.
        differentiable: not available, raises RuntimeError.
    Raises: ValueError for an option out of range.

    Duchi, Hazan, Singer: Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization
    (2011).

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ):
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        checks.common(defaults)
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p].update(self._initial_state(group, p))

    def _initial_state(self, group, p):
        start = group["initial_accumulator_value"]
        value = complex(start, start) if p.is_complex() else start
        return {"step": scalar(0.0, group["fused"]), "sum": torch.full_like(p, value).detach()}

    def share_memory(self) -> None:
        """Put the sums into memory that worker processes share."""
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["sum"].share_memory_()

    def _rule(self, group):
        return adagrad, ("sum", None, None, "step")


def _numbers(step, *, lr, lr_decay, eps):
    """Those of RMSprop's formula, which here forgets nothing: the average is a sum."""
    size = lr / (1 + float(step) * lr_decay)
    step += 1
    return {"size": size, "decay": 1, "rest": 1, "eps": eps}


adagrad = Rule("adagrad", _numbers, rmsprop.formula, kernel="rmsprop")
