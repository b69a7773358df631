"""Checks of constructor arguments, worded as PyTorch words them."""

from __future__ import annotations

from flambeau.tensor.tensor import Tensor


def number(value):
    """A Python number from a number or a tensor with one element; several from a tuple or list."""
    if isinstance(value, (tuple, list)):
        return tuple([number(each) for each in value])
    return value.item() if isinstance(value, Tensor) else value


def learning_rate(lr) -> None:
    """Raise ValueError unless `lr` is one non-negative number."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    require(lr >= 0.0, "learning rate", lr)


def require(holds, what: str, value) -> None:
    """Raise ValueError naming the value unless the condition holds."""
    if not holds:
        raise ValueError(f"Invalid {what}: {value}")


def betas(pair) -> None:
    """Raise ValueError unless both decay rates lie in [0, 1)."""
    for index, beta in enumerate(pair):
        require(0.0 <= beta < 1.0, f"beta parameter at index {index}", beta)


def implementation(*, differentiable: bool, fused=None, foreach=None) -> None:
    """Refuse what cannot be combined, and `differentiable`, which is not available."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    if differentiable:
        raise RuntimeError(
            "differentiable=True is not available: an update is one operation without a "
            "derivative. To differentiate through training, write the update with tensors, "
            "p = p - lr * grad, on gradients taken with create_graph=True."
        )
