"""Affine and bilinear maps."""

from __future__ import annotations

from flambeau.core.errors import ShapeError
from flambeau.tensor.api import export, torch, write_out


@export("F")
def linear(input, weight, bias=None, *, out=None):
    """Affine map, y = x weight^T + bias.

    Shape:  input (*, I), weight (O, I) or (I), bias (O) or () -> (*, O) or (*)
    Raises: RuntimeError if the sizes do not fit.

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.linear(torch.tensor([1., 2.]), torch.tensor([[3., 4.]]), torch.tensor([0.5]))
    tensor([11.5000])
    """
    y = _affine(input, weight, bias)
    return y if out is None else write_out(out, y)


def _affine(input, weight, bias):
    try:
        rank = input.ndim
    except AttributeError:
        raise TypeError(
            "linear(): argument 'input' (position 1) must be Tensor, not " + type(input).__name__
        ) from None
    if weight.ndim != 2:
        y = torch.matmul(input, weight.t())
        return y if bias is None else y + bias
    if bias is None:
        return torch.matmul(input, weight.t())
    if rank == 2:
        return torch.addmm(bias, input, weight.t())
    if rank == 1 or (rank == 3 and input.is_contiguous()):
        flat = input.reshape(-1, input.shape[-1])
        y = torch.addmm(bias, flat, weight.t())
        return y.view(input.shape[:-1] + (weight.shape[0],))
    return torch.matmul(input, weight.t()) + bias


@export("torch F")
def bilinear(input1, input2, weight, bias=None):
    """Bilinear map, y[o] = x1^T weight[o] x2 + bias[o].

    Shape:  input1 (*, I), input2 (*, J), weight (O, I, J), bias (O) -> (*, O)
    Raises: RuntimeError if the sizes do not fit.

    >>> import flambeau as torch
    >>> F = torch.nn.functional
    >>> F.bilinear(torch.tensor([[1., 2.]]), torch.tensor([[3.]]), torch.ones(1, 2, 1))
    tensor([[9.]])
    """
    if input1.shape[:-1] != input2.shape[:-1]:
        raise ShapeError(
            "bilinear(): all but the last dimension of the inputs must match, but got "
            f"{tuple(input1.shape)} and {tuple(input2.shape)}"
        )
    if weight.ndim != 3 or (input1.shape[-1], input2.shape[-1]) != tuple(weight.shape[1:]):
        raise ShapeError(
            f"bilinear(): weight {tuple(weight.shape)} must be (out, {input1.shape[-1]}, "
            f"{input2.shape[-1]}) for inputs {tuple(input1.shape)} and {tuple(input2.shape)}"
        )
    left = torch.matmul(input1.unsqueeze(-2).unsqueeze(-2), weight)  # (*, O, 1, J)
    y = torch.matmul(left, input2.unsqueeze(-2).unsqueeze(-1)).squeeze(-1).squeeze(-1)
    return y if bias is None else y + bias
