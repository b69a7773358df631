"""Automatic differentiation, under PyTorch's names."""

from flambeau.tensor.gradients import backward, grad

from .function import Function, InplaceFunction, once_differentiable
from .modes import (
    detect_anomaly,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_detect_anomaly,
    set_grad_enabled,
)


def Variable(data, requires_grad=False, volatile=None):
    """Kept for old programs: tensors and variables are one. Returns ``data`` itself as a leaf."""
    made = data.detach()
    return made.requires_grad_() if requires_grad else made


__all__ = [
    "Function",
    "InplaceFunction",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "once_differentiable",
    "set_detect_anomaly",
    "set_grad_enabled",
]
