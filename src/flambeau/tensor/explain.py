"""Words for what went wrong in an operation. Only reached after a failure: the hot path makes no
checks of its own.
"""

from __future__ import annotations

import traceback

import numpy as np

from flambeau.core.errors import AutogradError, FlambeauError, ShapeError
from flambeau.ops.registry import POINTWISE, broadcast_shape

from .tensor import Tensor


def failure(op, inputs, params, error: Exception) -> Exception:
    """The error to raise instead of ``error``, which came out of a kernel or its preparation."""
    if isinstance(error, FlambeauError):
        return error
    found = not_a_tensor(op, inputs)
    if found is not None:
        return found
    if isinstance(error, ValueError) and (op.kind is POINTWISE or "broadcast" in str(error)):
        mismatch = _broadcast_mismatch(inputs)
        if mismatch is not None:
            return mismatch
    if isinstance(error, (RuntimeError, IndexError, TypeError, NotImplementedError, MemoryError)):
        return error
    if isinstance(error, np.linalg.LinAlgError):
        return RuntimeError(f"{op.name}: {error}")
    return type(error)(f"{op.name}: {error}\n  {describe(op, inputs, params)}")


def describe(op, inputs, params) -> str:
    """'input (3, 4) float32, other (5,) int64, dim=0'."""
    names = list(op.inputs) + [op.inputs[-1]] * (len(inputs) - len(op.inputs)) if op.inputs else []
    parts = []
    for name, t in zip(names, inputs):
        if isinstance(t, Tensor):
            parts.append(f"{name} {tuple(t._array.shape)} {t._array.dtype.name}")
        elif t is not None:
            parts.append(f"{name} {t!r:.80}")
    parts += [f"{k}={v!r:.80}" for k, v in params.items()]
    return f"{op.name}: " + ", ".join(parts)


def not_a_tensor(op, inputs) -> TypeError | None:
    """The error for an input of a type that no operation takes."""
    for i, t in enumerate(inputs):
        if t is None or isinstance(t, (Tensor, int, float, complex, np.generic)):
            continue
        name = op.inputs[min(i, len(op.inputs) - 1)]
        return TypeError(
            f"{op.name}(): argument '{name}' (position {i + 1}) must be Tensor, "
            f"not {type(t).__name__}"
        )
    if inputs and not any(isinstance(t, Tensor) for t in inputs):
        return TypeError(
            f"{op.name}(): argument '{op.inputs[0]}' (position 1) must be Tensor, "
            f"not {type(inputs[0]).__name__}"
        )
    return None


def _broadcast_mismatch(inputs) -> ShapeError | None:
    shapes = [t._array.shape for t in inputs if isinstance(t, Tensor)]
    for i, a in enumerate(shapes):
        for b in shapes[i + 1 :]:
            try:
                broadcast_shape(a, b)
            except ValueError:
                rank = max(len(a), len(b))
                wide_a, wide_b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
                axis = next(
                    i for i in reversed(range(rank))
                    if wide_a[i] != wide_b[i] and 1 not in (wide_a[i], wide_b[i])
                )  # fmt: skip
                return ShapeError(
                    f"The size of tensor a ({wide_a[axis]}) must match the size of tensor b "
                    f"({wide_b[axis]}) at non-singleton dimension {axis}\n  a has shape {a}, "
                    f"b has shape {b}"
                )
    return None


def complex_gradient(op) -> AutogradError:
    return AutogradError(
        f"{op.name}: gradients of complex tensors are not supported. Work with the real and "
        "imaginary parts as two real tensors, or detach() the complex ones."
    )


def inference_tensor() -> AutogradError:
    return AutogradError(
        "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
        "inference mode in computation tracked by autograd. To work around this, you can make a "
        "clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead of "
        "`torch.inference_mode()`."
    )


def user_stack() -> str:
    """The user's call stack, as anomaly mode shows it."""
    return "".join(traceback.format_stack()[:-4])
