"""Weight normalisation by a hook before ``forward``; ``parametrizations.weight_norm`` is its
successor.
"""

from __future__ import annotations

import warnings

from flambeau.nn.parameter import Parameter, is_lazy
from flambeau.tensor.api import linalg

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]


def norm_except(v, dim: int):
    """The length of v along all dimensions but ``dim``, which keeps its place; -1 takes all."""
    if dim == -1:
        return linalg.vector_norm(v)
    others = tuple(d for d in range(v.dim()) if d != dim)
    return linalg.vector_norm(v, dim=others, keepdim=True) if others else v.abs()


def normalized(v, g, dim: int):
    """g * v / |v|, the length taken along all dimensions but ``dim``."""
    return v * (g / norm_except(v, dim))


class WeightNorm:
    """The hook: computes the weight from its length g and its direction v before every call."""

    def __init__(self, name: str, dim: int | None):
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module):
        """The weight that the two parameters stand for."""
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return normalized(v, g, self.dim)

    @staticmethod
    def apply(module, name: str, dim: int | None):
        """Replace ``module``'s parameter by two and hang the hook on it."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(
                    f"Cannot register two weight_norm hooks on the same parameter {name}"
                )
        hook = WeightNorm(name, dim)
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure "
                "to run the dummy forward before applying weight normalization"
            )
        del module._parameters[name]
        length = norm_except(weight.detach(), hook.dim)
        module.register_parameter(name + "_g", Parameter(length))
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, hook.compute_weight(module))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module) -> None:
        """Make the weight a parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"]
        del module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module, inputs) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module, name: str = "weight", dim: int | None = 0):
    """Split the parameter ``name`` into length and direction, w = g * v / |v| (deprecated).

    Args:   dim: the dimension along which each slice has its own length; None: one length.

    >>> import flambeau as torch
    >>> import warnings; warnings.simplefilter("ignore", FutureWarning)
    >>> m = torch.nn.utils.weight_norm(torch.nn.Linear(20, 40))
    >>> m.weight_g.shape, m.weight_v.shape
    (torch.Size([40, 1]), torch.Size([40, 20]))
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of "
        "`torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module, name: str = "weight"):
    """Undo ``weight_norm``; raises ValueError where there is none."""
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
