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


_NOT_NEGATIVE = (
    "momentum", "weight_decay", "lr_decay", "momentum_decay", "initial_accumulator_value",
)  # fmt: skip


def common(options: dict) -> None:
    """Check the options that mean the same in every optimiser, those of them that there are."""
    learning_rate(options["lr"])
    require(options.get("eps", 0) >= 0.0, "epsilon value", options.get("eps"))
    for index, beta in enumerate(options.get("betas", ())):
        require(0.0 <= beta < 1.0, f"beta parameter at index {index}", beta)
    for name in _NOT_NEGATIVE:
        require(options.get(name, 0) >= 0.0, f"{name} value", options.get(name))
    _implementation(options["differentiable"], options.get("fused"), options.get("foreach"))


def _implementation(differentiable, fused, foreach) -> None:
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
