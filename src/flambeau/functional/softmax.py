"""Softmax, log-softmax and softmin."""

from __future__ import annotations

import warnings

from flambeau.ops.registry import canonical_dim
from flambeau.tensor.api import export, torch
from flambeau.tensor.namespace import xp


def _softened(name, input, dim, dtype):
    if dtype is not None:
        input = input.to(dtype)
    return getattr(xp, name)(input, dim=canonical_dim(dim, input.ndim))


@export("torch method")
def softmax(input, dim, dtype=None):
    """y = exp(x) / sum exp(x) along ``dim``; dy_i/dx_j = y_i (1[i = j] - y_j).

    >>> import flambeau as torch
    >>> torch.softmax(torch.tensor([1.0, 2.0, 3.0]), 0)
    tensor([0.0900, 0.2447, 0.6652])
    """
    return _softened("softmax", input, dim, dtype)


@export("torch method")
def log_softmax(input, dim, dtype=None):
    """y = x - log sum exp(x) along ``dim``; dy_i/dx_j = 1[i = j] - exp(y_j).

    >>> import flambeau as torch
    >>> torch.log_softmax(torch.tensor([1.0, 2.0, 3.0]), 0)
    tensor([-2.4076, -1.4076, -0.4076])
    """
    return _softened("log_softmax", input, dim, dtype)


def _usual_dim(name, input, dim, _stacklevel):
    """Without a dimension PyTorch guesses: the first of 0, 1 and 3 dimensions, else the second."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=_stacklevel,
    )
    return 0 if input.ndim in (0, 1, 3) else 1


@export("F", name="softmax")
def _softmax(input, dim=None, _stacklevel=3, dtype=None):
    """y = exp(x) / sum exp(x) along ``dim``.

    >>> import flambeau as torch
    >>> torch.nn.functional.softmax(torch.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return torch.softmax(input, _usual_dim("softmax", input, dim, _stacklevel), dtype)


@export("F", name="log_softmax")
def _log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """y = x - log sum exp(x) along ``dim``.

    >>> import flambeau as torch
    >>> torch.nn.functional.log_softmax(torch.tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    return torch.log_softmax(input, _usual_dim("log_softmax", input, dim, _stacklevel), dtype)
