"""Spectral normalisation by a hook before ``forward``; ``parametrizations.spectral_norm`` is its
successor.
"""

from __future__ import annotations

from flambeau.autograd.modes import no_grad
from flambeau.nn.modules import conv
from flambeau.nn.parameter import Parameter, is_lazy
from flambeau.tensor.api import F, linalg, torch

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]


class SpectralNorm:
    """The hook: divides the original weight by its largest singular value before every call."""

    _version = 1  # since 1 the vector v is saved too

    def __init__(self, name="weight", n_power_iterations=1, dim=0, eps=1e-12):
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def _as_matrix(self, weight):
        matrix = weight.movedim(self.dim, 0) if self.dim else weight
        return matrix.reshape(matrix.shape[0], -1)

    def compute_weight(self, module, do_power_iteration: bool):
        """The normalised weight; ``do_power_iteration`` improves the estimate first, in place."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = self._as_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(torch.mv(matrix.t(), u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(torch.mv(matrix, v), dim=0, eps=self.eps))
            # Copies, because the next call writes into the buffers that this graph would need.
            u, v = u.clone(), v.clone()
        return weight / torch.dot(u, torch.mv(matrix, v))

    @staticmethod
    def apply(module, name, n_power_iterations, dim, eps):
        """Replace ``module``'s parameter by itself and two vectors, and hang the hook on it."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(
                    f"Cannot register two spectral_norm hooks on the same parameter {name}"
                )
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make "
                "sure to run the dummy forward before applying spectral normalization"
            )
        with no_grad():
            u, v = (
                F.normalize(weight.new_empty(size).normal_(0, 1), dim=0, eps=eps)
                for size in hook._as_matrix(weight).shape
            )
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        # A plain attribute: after the first call it is a computed tensor.
        setattr(module, name, weight.data)
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(_SaveVersion(hook))
        module._register_load_state_dict_pre_hook(_LoadOld(hook))
        return hook

    def remove(self, module) -> None:
        """Make the weight a parameter again."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module, inputs) -> None:
        weight = self.compute_weight(module, do_power_iteration=module.training)
        setattr(module, self.name, weight)


class _SaveVersion:
    """Notes the hook's version in the metadata of a state dictionary."""

    def __init__(self, hook):
        self.hook = hook

    def __call__(self, module, state_dict, prefix, local_metadata) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        versions[self.hook.name + ".version"] = SpectralNorm._version


class _LoadOld:
    """Finds the vector v for states that were saved before it was."""

    def __init__(self, hook):
        self.hook = hook

    def __call__(self, state, prefix, local_metadata, strict, missing, unexpected, errors) -> None:
        name = self.hook.name
        version = local_metadata.get("spectral_norm", {}).get(name + ".version")
        if version is not None and version >= 1:
            return
        key = prefix + name
        present = [key + suffix in state for suffix in ("_orig", "_u", "_v")]
        if version is None and all(present) and key not in state:
            return  # the state lost its metadata but is new
        absent = [key + suffix for suffix in ("_orig", "", "_u") if key + suffix not in state]
        if absent:
            if strict:
                missing.extend(absent)
            return
        with no_grad():
            original, weight = state[key + "_orig"], state.pop(key)
            sigma = (original / weight).mean()
            matrix, u = self.hook._as_matrix(original), state[key + "_u"]
            v = linalg.pinv(matrix.t() @ matrix) @ (matrix.t() @ u)
            state[key + "_v"] = v * (sigma / torch.dot(u, torch.mv(matrix, v)))


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """Divide the parameter ``name`` by its largest singular value.

    Args:   n_power_iterations: steps of the estimate at each training call. eps: least length.
            dim: the dimension of the outputs. Default 0, 1 for transposed convolutions.
    Raises: ValueError for a parameter that is None or has no shape yet.

    >>> import flambeau as torch
    >>> m = torch.nn.utils.spectral_norm(torch.nn.Linear(20, 40))
    >>> m.weight_u.shape
    torch.Size([40])
    """
    if dim is None:
        dim = 1 if isinstance(module, conv._ConvTransposeNd) else 0
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module, name="weight"):
    """Undo ``spectral_norm``; raises ValueError where there is none."""
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[number]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    tables = (module._state_dict_hooks, module._load_state_dict_pre_hooks)
    for table, kind in zip(tables, (_SaveVersion, _LoadOld), strict=True):
        for number, entry in list(table.items()):
            entry = getattr(entry, "hook", entry) if kind is _LoadOld else entry
            if isinstance(entry, kind) and entry.hook.name == name:
                del table[number]
    return module
