"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from . import checks
from .optimizer import Optimizer, options_of, zeros_like
from .rule import Rule


class SGD(Optimizer):
    """Follow the gradient downhill, with the momentum of earlier steps.

    g = grad + weight_decay * p
    b = momentum * b + (1 - dampening) * g            at the first step b = g
    p = p - lr * b                                    Nesterov: p - lr * (g + momentum * b)

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: learning rate. Default 0.001.
        momentum, dampening, weight_decay: as in the formula. Default 0.
        nesterov: look ahead along the momentum. Default False.
        maximize: follow the gradient uphill. Default False.
        foreach, fused: accepted; every update here is one operation over all parameters.
        differentiable: not available, raises RuntimeError.
    Raises: ValueError for an option out of range.

    Sutskever, Martens, Dahl, Hinton: On the importance of initialization and momentum in deep
    learning (2013); here, as in PyTorch, lr multiplies the momentum, not the gradient.

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w * w).sum().backward()
    ...     optimizer.step()
    >>> w
    tensor([0.4600], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay=0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ):
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        checks.common(defaults)
        super().__init__(params, defaults)

    def _updates(self, group, params, grads) -> list:
        """Parameters that have a momentum already, and those whose momentum starts now."""
        options = options_of(sgd, group)
        if not group["momentum"]:
            return [(sgd, [params, grads, [None] * len(params)], {**options, "fresh": False})]
        made = []
        for fresh in (False, True):
            pairs = [(p, g) for p, g in zip(params, grads) if self._is_fresh(p) == fresh]
            if pairs:
                chosen = [p for p, _ in pairs]
                buffers = self._states(group, chosen, ["momentum_buffer"])
                lists = [chosen, [g for _, g in pairs], *buffers]
                made.append((sgd, lists, {**options, "fresh": fresh}))
        return made

    def _is_fresh(self, p) -> bool:
        return self.state[p].get("momentum_buffer") is None

    def _states(self, group, params, names):
        for p in params:
            if self._is_fresh(p):
                self.state[p]["momentum_buffer"] = zeros_like(p)
        return super()._states(group, params, names)


def _numbers(*, lr, momentum, dampening, nesterov, fresh):
    """`fresh`: the buffers are new, all zero, and take the gradient as it is."""
    share = 1 if fresh else 1 - dampening
    return {"size": lr, "momentum": momentum, "share": share, "nesterov": nesterov}


def _formula(xp, p, g, buffer, a, b, *, size, momentum, share, nesterov):
    if buffer is not None:
        buffer *= momentum
        buffer += g if share == 1 else xp.multiply(g, share, out=b)
        g = xp.add(g, xp.multiply(buffer, momentum, out=b), out=b) if nesterov else buffer
    p -= xp.multiply(g, size, out=b)


sgd = Rule("sgd", _numbers, _formula)
