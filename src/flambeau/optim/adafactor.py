"""Adafactor: second moments of a matrix kept as one row and one column."""

from __future__ import annotations

from flambeau.core.errors import DTypeError
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor

from .optimizer import Optimizer, options_of, scalar, zeros_like


class Adafactor(Optimizer):
    """Adafactor.

    beta = t^beta2_decay;  rho = min(lr, 1 / sqrt(t));  alpha = max(eps2, rms(p)) * rho
    p = p * (1 - lr * weight_decay)
    matrices:  R = R + beta * (mean of g^2 over columns - R),  C likewise over rows
               V = R C / max(mean(R), eps1)
    vectors:   V = V + beta * (g^2 - V)
    u = g / sqrt(max(V, eps1^2));  p = p - alpha * u / max(1, rms(u) / d)

    Args:
        params: tensors, `(name, tensor)` pairs or parameter groups.
        lr: greatest relative step, and factor of the weight decay. Default 0.01.
        beta2_decay: power with which the averages slow down. Default -0.8.
        eps: (eps1, eps2); eps1 None stands for the dtype's epsilon. Default (None, 1e-3).
        d: clipping threshold of the update's rms. Default 1.
        weight_decay: decoupled. Default 0.
        maximize: follow the gradient uphill. Default False.
        foreach: accepted; every update here is one operation over all parameters.
    Raises: ValueError for an option out of range; DTypeError at a step with complex parameters.

    Shazeer, Stern: Adafactor: Adaptive Learning Rates with Sublinear Memory Cost (2018, arXiv
    1804.04235).

    >>> import flambeau as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adafactor([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9900], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        beta2_decay: float = -0.8,
        eps=(None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ):
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        for name, value, holds, bound in (
            ("Learning rate", lr, lr >= 0.0, ">= 0"),
            ("beta2_decay", beta2_decay, beta2_decay <= 0.0, "<= 0"),
            ("epsilon1", eps[0], eps[0] is None or eps[0] >= 0.0, ">= 0"),
            ("epsilon2", eps[1], eps[1] >= 0.0, ">= 0"),
            ("Clipping threshold d", d, d >= 1.0, ">= 1"),
            ("weight_decay", weight_decay, weight_decay >= 0.0, ">= 0"),
        ):
            if not holds:
                raise ValueError(f"{name} should be {bound} but is: {value}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _check_gradients(self, params, grads) -> None:
        if any(p.is_complex() for p in params):
            raise DTypeError("Adafactor does not support complex parameters")
        super()._check_gradients(params, grads)

    def _initial_state(self, group, p):
        state = {"step": scalar(0.0)}
        if p.ndim > 1:
            shape = tuple(p.shape)
            state["row_var"] = torch.zeros((*shape[:-1], 1), dtype=p.dtype)
            state["col_var"] = torch.zeros((*shape[:-2], 1, shape[-1]), dtype=p.dtype)
        else:
            state["variance"] = zeros_like(p)
        return state

    def _updates(self, group, params, grads) -> list:
        self._states(group, params, ("step",))
        entries = [self.state[p] for p in params]
        names = ("row_var", "col_var", "variance", "step")
        lists = [[entry.get(name) for entry in entries] for name in names]
        return [(adafactor, [params, grads, *lists], options_of(adafactor, group))]


def adafactor(
    xp,
    params,
    grads,
    rows,
    columns,
    variances,
    steps,
    *,
    lr,
    beta2_decay,
    eps,
    d,
    weight_decay,
    maximize,
):
    """The update rule; `rows` and `columns` for matrices, `variances` for the others."""
    eps1, eps2 = eps
    for p, g, row, column, variance, step in zip(params, grads, rows, columns, variances, steps):
        least = float(xp.spacing(xp.ones((), p.dtype))) if eps1 is None else eps1
        step += 1
        t = float(step)
        weight = t**beta2_decay
        alpha = max(eps2, _rms(xp, p)) * min(lr, t**-0.5)
        if weight_decay != 0:
            p *= 1 - lr * weight_decay
        square = g * g
        if row is None:
            variance += (square - variance) * weight
            estimate = variance
        else:
            row += (square.mean(axis=-1, keepdims=True) - row) * weight
            column += (square.mean(axis=-2, keepdims=True) - column) * weight
            estimate = row * column
            estimate /= xp.maximum(row.mean(axis=-2, keepdims=True), least)
        update = g / xp.sqrt(xp.maximum(estimate, least * least))
        alpha /= max(1.0, _rms(xp, update) / d)
        p -= (-alpha if maximize else alpha) * update


def _rms(xp, x) -> float:
    """The root of the mean square."""
    return float(xp.sqrt(xp.square(x).mean()))
