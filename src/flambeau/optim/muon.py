"""Muon: momentum whose matrices are made orthogonal."""

from __future__ import annotations

import math

from flambeau.core.errors import DTypeError
from flambeau.tensor.tensor import Tensor

from .blocks import lerp
from .optimizer import Optimizer, zeros_like


class Muon(Optimizer):
    """Muon, for the weight matrices of hidden layers; other parameters need another optimiser.

    b = momentum * b + (1 - momentum) * g
    u = b                                             Nesterov: u = g + momentum * (b - g)
    O = the orthogonal matrix nearest to u, by `ns_steps` Newton-Schulz iterations
        X = a X + (b (X X^T) + c (X X^T)^2) X         on X = u / |u|
    p = p * (1 - lr * weight_decay) - lr * ratio * O  ratio = sqrt(max(1, rows / columns))

    PyTorch iterates in bfloat16; here it is float32, so results agree to bfloat16's two digits
    only.

    Args:
        params: matrices, `(name, matrix)` pairs or parameter groups.
        lr: learning rate. Default 0.001.
        weight_decay: decoupled. Default 0.1.
        momentum, nesterov: as in the formula. Default 0.95, True.
        ns_coefficients: (a, b, c). Default (3.4445, -4.775, 2.0315).
        eps: the least norm to divide by. Default 1e-7.
        ns_steps: iterations. Default 5.
        adjust_lr_fn: "original" for the ratio above, "match_rms_adamw" for
            0.2 sqrt(max(rows, columns)).
    Raises: ValueError for an option out of range or a parameter that is no matrix.

    Jordan et al.: Muon: An optimizer for hidden layers in neural networks (2024).

    >>> import flambeau as torch
    >>> w = torch.eye(2, requires_grad=True)
    >>> optimizer = torch.optim.Muon([w], lr=0.1, weight_decay=0.0)
    >>> w.grad = torch.eye(2)
    >>> optimizer.step()
    >>> bool((w.diagonal() < 0.95).all())
    True
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients=(3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ):
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        for name, value in (
            ("Learning rate", lr),
            ("momentum", momentum),
            ("weight decay", weight_decay),
        ):
            if not value >= 0.0:
                raise ValueError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        if ns_steps >= 100:
            raise ValueError("Number of steps must be less than 100 for computational efficiency")
        if len(ns_coefficients) != 3:
            raise ValueError("Coefficients must be a tuple of exactly 3 values")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)

    def _check_optimizable(self, tensor) -> None:
        super()._check_optimizable(tensor)
        if tensor.ndim != 2:
            raise ValueError(
                "Muon only supports 2D parameters whereas we found a parameter with size: "
                f"{tensor.size()}"
            )

    def _check_gradients(self, params, grads) -> None:
        if any(p.is_complex() for p in params):
            raise DTypeError("Muon does not support complex parameters")
        super()._check_gradients(params, grads)

    def _initial_state(self, group, p):
        return {"momentum_buffer": zeros_like(p)}

    def _rule(self, group):
        return muon, ("momentum_buffer",)


def muon(
    xp,
    params,
    grads,
    buffers,
    *,
    lr,
    weight_decay,
    momentum,
    nesterov,
    ns_coefficients,
    eps,
    ns_steps,
    adjust_lr_fn,
):
    """The update rule."""
    for p, g, b in zip(params, grads, buffers):
        lerp(xp, b, g, 1 - momentum, xp.empty_like(b))
        u = g + momentum * (b - g) if nesterov else b
        rows, columns = p.shape
        if adjust_lr_fn == "match_rms_adamw":
            size = lr * 0.2 * math.sqrt(max(rows, columns))
        else:
            size = lr * math.sqrt(max(1, rows / columns))
        p *= 1 - lr * weight_decay
        p -= size * _orthogonal(xp, u, ns_coefficients, ns_steps, eps)


def _orthogonal(xp, u, coefficients, steps, eps):
    """Newton-Schulz iteration towards the orthogonal factor, on the smaller side."""
    a, b, c = coefficients
    x = u.astype("float32") if u.dtype.itemsize < 4 else u
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / max(float(xp.sqrt(xp.square(x).sum())), eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if tall else x
