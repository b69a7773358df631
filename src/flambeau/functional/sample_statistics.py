"""Covariance, correlation, and integrals of sampled functions."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.ops.registry import canonical_dim
from flambeau.tensor.api import export, torch


@export("torch method")
def cov(input, *, correction=1, fweights=None, aweights=None):
    """Covariance matrix of variables (rows) over observations (columns).

    Args: fweights: how often each observation counts; aweights: its weight.
    A vector is one variable.

    >>> import flambeau as torch
    >>> torch.cov(torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise ShapeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    if input.dtype == torch.bool:
        raise ArgumentError("cov(): bool dtype is not supported for input")
    x = input.reshape(1, -1) if input.ndim < 2 else input
    n = x.shape[1]
    weights = _observation_weights(n, fweights, aweights)
    if weights is None:
        center, total, scale = x - x.to(_float(x)).mean(1, keepdim=True), n, n - correction
    else:
        total = weights.sum()
        center = x - (x * weights).sum(1, keepdim=True) / total
        second = (weights * aweights).sum() / total if aweights is not None else 1
        scale = total - correction * second
    scaled = center if weights is None else center * weights
    scale = torch.clamp(torch.as_tensor(scale), min=0)
    return (torch.matmul(scaled, center.mT) / scale).squeeze()


def _float(x):
    return x.dtype if x.is_floating_point() or x.is_complex() else torch.get_default_dtype()


def _observation_weights(n, fweights, aweights):
    found = None
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is None:
            continue
        if w.ndim > 1 or w.numel() != n:
            raise ShapeError(f"cov(): expected {name} to have {n} elements, got {tuple(w.shape)}")
        if w.numel() and bool((w < 0).any()):
            raise ArgumentError(f"cov(): {name} cannot be negative")
        found = w if found is None else found * w
    return found


@export("torch method")
def corrcoef(input):
    """Correlation coefficients of variables (rows), each in [-1, 1].

    >>> import flambeau as torch
    >>> torch.corrcoef(torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    c = torch.cov(input)
    if c.ndim == 0:
        return c / c
    deviation = torch.sqrt(c.diagonal())
    return (c / deviation.unsqueeze(1) / deviation).clamp(-1, 1)


@export("torch", aliases=("trapz",))
def trapezoid(y, x=None, *, dx=1, dim=-1):
    """Integral along ``dim`` by the trapezoidal rule, from points ``x`` or their distance ``dx``.

    >>> import flambeau as torch
    >>> torch.trapezoid(torch.tensor([1.0, 5.0, 10.0]))
    tensor(10.5000)
    """
    return _slices(y, x, dx, dim).sum(canonical_dim(dim, y.ndim))


@export("torch")
def cumulative_trapezoid(y, x=None, *, dx=1, dim=-1):
    """Running integral along ``dim`` by the trapezoidal rule.

    >>> import flambeau as torch
    >>> torch.cumulative_trapezoid(torch.tensor([1.0, 5.0, 10.0]))
    tensor([ 3.0000, 10.5000])
    """
    return _slices(y, x, dx, dim).cumsum(canonical_dim(dim, y.ndim))


def _slices(y, x, dx, dim):
    """Area between each two neighbours."""
    dim = canonical_dim(dim, y.ndim)
    n = y.shape[dim]
    if n < 2:
        return torch.zeros_like(y).narrow(dim, 0, 0)
    middle = (y.narrow(dim, 1, n - 1) + y.narrow(dim, 0, n - 1)) / 2
    if x is None:
        return middle * dx
    if x.ndim == 1 and y.ndim > 1:
        shape = [1] * y.ndim
        shape[dim] = x.shape[0]
        x = x.reshape(shape)
    axis = dim if x.ndim == y.ndim else dim - y.ndim
    if x.shape[axis] != n:
        raise ShapeError(
            f"trapezoid: There must be one x value for each sample point ({n}), got {x.shape[axis]}"
        )
    return middle * torch.diff(x, dim=axis)
