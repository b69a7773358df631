"""All parameters as one vector, and back."""

from __future__ import annotations

from flambeau.nn.tree import typename
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters):
    """The values of all ``parameters`` one after the other; differentiable.

    >>> import flambeau as torch
    >>> torch.nn.utils.parameters_to_vector(torch.nn.Linear(3, 2).parameters()).shape
    torch.Size([8])
    """
    return torch.cat([param.reshape(-1) for param in parameters])


def vector_to_parameters(vec, parameters) -> None:
    """Make ``parameters`` look at consecutive pieces of ``vec``.

    Raises: TypeError if ``vec`` is no tensor; RuntimeError if it has too few values, with nothing
            changed.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {typename(vec)}")
    parameters = list(parameters)
    needed = sum(param.numel() for param in parameters)
    if vec.numel() < needed:
        raise RuntimeError(
            f"the vector has {vec.numel()} values, the parameters need {needed}: nothing was "
            "changed"
        )
    start = 0
    for param in parameters:
        end = start + param.numel()
        param.data = vec[start:end].view_as(param).data
        start = end
