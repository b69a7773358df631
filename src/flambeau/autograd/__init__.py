"""Automatic differentiation, under PyTorch's names."""

from flambeau.tensor.gradients import backward, grad

from . import functional, graph
from .function import Function, InplaceFunction, once_differentiable
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
from .modes import (
    detect_anomaly,
    enable_grad,
    inference_mode,
    is_anomaly_enabled,
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
    "GradcheckError",
    "InplaceFunction",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "once_differentiable",
    "set_detect_anomaly",
    "set_grad_enabled",
]
