"""Views as copies (``NAME_copy``), and other small relatives of the shape functions."""

from __future__ import annotations

import math

from flambeau.core.errors import ShapeError
from flambeau.ops.registry import OPS
from flambeau.tensor.api import export, torch
from flambeau.tensor.dispatch import dispatch
from flambeau.tensor.tensor import Tensor


def _copy_of(name: str) -> None:
    def function(input, *args, **kwargs):
        found = getattr(Tensor, name)(input, *args, **kwargs)
        if isinstance(found, tuple):
            return tuple(t.clone() for t in found)
        return found.clone()

    function.__name__ = function.__qualname__ = f"{name}_copy"
    function.__doc__ = f"``{name}`` as a copy that shares no memory with its input."
    export("torch")(function)


for _name in (
    "alias", "detach", "diagonal", "expand", "permute", "select", "split", "split_with_sizes",
    "squeeze", "t", "transpose", "unbind", "unfold", "unsqueeze", "view",
):  # fmt: skip
    _copy_of(_name)


@export("method")
def sum_to_size(input, *size):
    """The sum over what broadcasting ``size`` to the shape of ``input`` repeats.

    >>> import flambeau as torch
    >>> torch.ones(2, 3).sum_to_size(1, 3)
    tensor([[2., 2., 2.]])
    """
    size = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size
    lead = input.ndim - len(size)
    fits = lead >= 0 and all(n in (1, m) for n, m in zip(size, input.shape[lead:]))
    if not fits:
        raise ShapeError(
            f"size {{{list(size)}}} is not expandable to size {{{list(input.shape)}}}."
        )
    repeated = [d + lead for d, n in enumerate(size) if n == 1 and input.shape[d + lead] != 1]
    dims = (*range(lead), *repeated)
    return input.sum(dims, keepdim=True).reshape(size) if dims else input


@export("torch method")
def is_same_size(input, other):
    """Whether two tensors have the same shape."""
    return input.shape == other.shape


@export("torch")
def unravel_index(indices, shape):
    """The index in every dimension of the elements ``indices`` of a flattened tensor of ``shape``.

    >>> import flambeau as torch
    >>> torch.unravel_index(torch.tensor([1, 3]), (2, 2))
    (tensor([0, 1]), tensor([1, 1]))
    """
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if indices.dtype.is_floating_point or indices.dtype.is_complex:
        raise ValueError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    if any(n < 0 for n in shape):
        raise ValueError(f"'shape' cannot have negative values, but got {shape}")
    found, below, indices = [], math.prod(shape), indices.long()
    for n in shape:
        below //= max(n, 1)
        found.append(indices // below % max(n, 1))
    return tuple(found)


@export("torch method")
def nonzero_static(input, *, size, fill_value=-1):
    """``nonzero`` cut or filled up with ``fill_value`` to ``size`` rows."""
    found = input.nonzero()[:size]
    return torch.cat([found, found.new_full((size - len(found), input.ndim), fill_value)])


@export("torch method")
def conj(input):
    """The complex conjugate; a real tensor itself.

    >>> import flambeau as torch
    >>> torch.conj(torch.tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    return dispatch(OPS["conj"], (input,), {}) if input.is_complex() else input


def _itself(name: str, doc: str) -> None:
    def method(input):
        return input

    method.__name__ = method.__qualname__ = name
    method.__doc__ = doc
    export("torch method")(method)


_itself("resolve_conj", "The tensor itself: conjugates are computed at once.")
_itself("resolve_neg", "The tensor itself: negatives are computed at once.")
