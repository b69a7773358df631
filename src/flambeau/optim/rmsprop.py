"""RMSprop: gradients divided by the root of their mean square."""

from __future__ import annotations

from . import checks
from .blocks import add_square, lerp
from .optimizer import Optimizer, scalar, zeros_like
from .rule import Rule


class RMSprop(Optimizer):
    """RMSprop.

    g = grad + weight_decay * p
    v = alpha * v + (1 - alpha) * g^2
    centered:  m = alpha * m + (1 - alpha) * g,  r = sqrt(v - m^2) + eps;  else r = sqrt(v) + eps
    momentum:  b = momentum * b + g / r,  p = p - lr * b;                  else p = p - lr * g / r

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: learning rate. Default 0.01.
        alpha: decay of the averages. Default 0.99.
        eps: keeps the division finite. Default 1e-8.
        weight_decay, momentum: as in the formula. Default 0.
        centered: divide by the standard deviation. Default False.
        maximize: follow the gradient uphill. Default False.
        foreach, capturable: accepted; every update here is one operation over all parameters.
        differentiable: not available, raises RuntimeError.
    Raises: ValueError for an option out of range.

    Tieleman, Hinton: lecture 6.5 of Neural Networks for Machine Learning (2012); centered: Graves:
    Generating Sequences With Recurrent Neural Networks (2013, arXiv 1308.0850).

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ):
        checks.require(alpha >= 0.0, "alpha value", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        checks.common(defaults)
        super().__init__(params, defaults)

    def _initial_state(self, group, p):
        state = {"step": scalar(0.0), "square_avg": zeros_like(p)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros_like(p)
        if group["centered"]:
            state["grad_avg"] = zeros_like(p)
        return state

    def _rule(self, group):
        average = "grad_avg" if group["centered"] else None
        buffer = "momentum_buffer" if group["momentum"] > 0 else None
        return rmsprop, ("square_avg", average, buffer, "step")


def _numbers(step, *, lr, alpha, eps, momentum):
    step += 1
    return {"size": lr, "decay": alpha, "rest": 1 - alpha, "eps": eps, "momentum": momentum}


def formula(xp, p, g, v, m, buffer, a, b, *, size, decay, rest, eps, momentum=0):
    """RMSprop's, and Adagrad's; `m` and `buffer` are None where they are not wanted."""
    add_square(xp, v, g, decay, rest, b)
    if m is None:
        xp.sqrt(v, out=b)
    else:
        lerp(xp, m, g, rest, b)
        xp.multiply(m, m, out=b)
        xp.subtract(v, b, out=b)
        xp.sqrt(b, out=b)
    b += eps
    d = xp.divide(g, b, out=a)
    if buffer is not None:
        buffer *= momentum
        buffer += d
        d = buffer
    p -= xp.multiply(d, size, out=b)


rmsprop = Rule("rmsprop", _numbers, formula)
