"""Writing to places: the in-place and list-taking forms around ``ops/index.py`` and
``ops/scatter.py``.
"""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, DimError, DTypeError, ShapeError
from flambeau.ops.registry import OPS, canonical_dim
from flambeau.tensor import indexing
from flambeau.tensor.api import export, torch
from flambeau.tensor.dispatch import dispatch, wrap
from flambeau.tensor.inplace import dispatch_inplace
from flambeau.tensor.tensor import Tensor


def _put_inputs(name, input, indices, values):
    if not isinstance(indices, tuple | list):
        raise TypeError(f"{name}(): argument 'indices' must be a tuple of Tensors")
    if len(indices) > input.ndim:
        raise DimError(
            f"too many indices for tensor of dimension {input.ndim} (got {len(indices)})"
        )
    if values.dtype is not input.dtype:
        raise DTypeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype} for "
            f"the destination and {values.dtype} for the source."
        )
    found = [None if i is None else indexing._item(i) for i in indices]
    found = [wrap(torch.tensor(i)._array) if isinstance(i, int) else i for i in found]
    return (input, values, *found)


@export("torch method")
def index_put(input, indices, values, accumulate=False):
    """A copy of ``input`` with ``values`` written to (or added at) the places that a tuple of index
    tensors names.

    >>> import flambeau as torch
    >>> torch.zeros(3).index_put((torch.tensor([0, 0]),), torch.ones(2), accumulate=True)
    tensor([2., 0., 0.])
    """
    inputs = _put_inputs("index_put", input, indices, values)
    return dispatch(OPS["index_put"], inputs, {"accumulate": bool(accumulate)})


@export("torch method")
def index_put_(input, indices, values, accumulate=False):
    """``index_put`` in place."""
    inputs = _put_inputs("index_put_", input, indices, values)
    return dispatch_inplace(OPS["index_put"], inputs, {"accumulate": bool(accumulate)})


@export("torch method inplace")
def index_reduce(input, dim, index, source, reduce, *, include_self=True):
    """A copy of ``input`` whose slices ``index`` along ``dim`` hold the prod, mean, amax or amin of
    the slices of ``source`` sent there.
    """
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise ArgumentError(
            f"reduce argument must be either prod, mean, amax or amin, got {reduce}"
        )
    if index.ndim > 1:
        raise DimError("index_reduce_(): Index should have dimension 1 or 0")
    if source.dtype is not input.dtype:
        raise DTypeError(
            "index_reduce_(): self and source expected to have the same dtype, but got "
            f"{input.dtype} and {source.dtype}"
        )
    dim = canonical_dim(dim, input.ndim)
    line = (1,) * dim + (-1,) + (1,) * (source.ndim - dim - 1)
    places = index.reshape(line).expand(source.shape) if source.ndim else index.reshape(())
    return input.scatter_reduce(dim, places, source, reduce, include_self=include_self)


@export("torch")
def where(condition, input=None, other=None):
    """``input`` where ``condition`` holds, else ``other``; with the condition alone,
    ``nonzero(as_tuple=True)``.

    >>> import flambeau as torch
    >>> torch.where(torch.tensor([True, False]), torch.tensor([1., 2.]), 0.)
    tensor([1., 0.])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if input is None or other is None:
        raise TypeError("where() needs both input and other, or neither")
    if not isinstance(condition, Tensor):
        raise TypeError(
            f"where(): argument 'condition' must be Tensor, not {type(condition).__name__}"
        )
    return dispatch(OPS["where"], (condition, input, other), {})


@export("method", name="where")
def _where_method(input, condition, other):
    """This tensor where ``condition`` holds, else ``other``."""
    return torch.where(condition, input, other)


@export("method")
def zero_(input):
    """Fill with zeros.

    >>> import flambeau as torch
    >>> torch.ones(2).zero_()
    tensor([0., 0.])
    """
    return dispatch_inplace(OPS["zero"], (input,))


torch.zero_ = Tensor.zero_


@export("method")
def fill_diagonal_(input, fill_value, wrap=False):
    """Write a number on the main diagonal; ``wrap`` goes on below for tall matrices.

    >>> import flambeau as torch
    >>> torch.zeros(2, 2).fill_diagonal_(1)
    tensor([[1., 0.],
            [0., 1.]])
    """
    if input.ndim < 2:
        raise ShapeError("dimensions must larger than 1")
    if input.ndim > 2 and len(set(input.shape)) != 1:
        raise ShapeError("all dimensions of input must be of equal length")
    stride = sum(input.stride())
    size = min(input.shape)
    if wrap and input.ndim == 2 and input.shape[0] > input.shape[1] + 1:
        h, w = input.shape
        size = -(-h * w // (w + 1))
    input.as_strided((size,), (stride,), input.storage_offset()).fill_(fill_value)
    return input


@export("F")
def one_hot(tensor, num_classes=-1):
    """Vectors of zeros with a one at the place that each integer gives.

    Shape:  tensor (*) int64 -> (*, num_classes) int64
    Args:   num_classes: by default the largest value plus one.

    >>> import flambeau as torch
    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    if str(tensor.dtype) != "torch.int64":
        raise DTypeError(
            f"one_hot is only applicable to index tensor of type LongTensor, but got {tensor.dtype}"
        )
    if not tensor.numel():
        if num_classes <= 0:
            raise ShapeError("Can not infer total number of classes from empty tensor.")
        return tensor.new_empty((*tensor.shape, num_classes))
    known = num_classes == -1 or not tensor.is_meta  # a meta tensor needs to be told the number
    if known and tensor.min().item() < 0:
        raise ArgumentError("Class values must be non-negative.")
    top = tensor.max().item() if known else -1
    if num_classes == -1:
        num_classes = top + 1
    elif num_classes < 1:
        raise ArgumentError("num_classes should be positive")
    elif num_classes <= top:
        raise ArgumentError("Class values must be smaller than num_classes.")
    places = tensor.unsqueeze(-1)
    return tensor.new_zeros((*tensor.shape, num_classes)).scatter_(-1, places, 1)


@export("torch method inplace")
def renorm(input, p, dim, maxnorm):
    """The slices along ``dim`` whose p-norm exceeds ``maxnorm`` scaled down to it.

    >>> import flambeau as torch
    >>> torch.tensor([[3., 4.], [0., 1.]]).renorm(2, 0, 1.)
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    """
    if p <= 0:
        raise ArgumentError("renorm: non-positive-norm not supported")
    if input.ndim < 2:
        raise ShapeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    if maxnorm < 0:
        raise ArgumentError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    dim = canonical_dim(dim, input.ndim)
    others = tuple(d for d in range(input.ndim) if d != dim)
    size = input.abs()
    if p == float("inf"):
        norm = size.amax(others, keepdim=True)
    else:
        norm = size.pow(p).sum(others, keepdim=True).pow(1.0 / p)
    factor = torch.where(norm > maxnorm, maxnorm / (norm + 1e-7), torch.ones_like(norm))
    return input * factor


@export("torch")
def complex(real, imag):
    """A complex tensor out of its real and imaginary parts.

    >>> import flambeau as torch
    >>> torch.complex(torch.tensor([1.]), torch.tensor([2.]))
    tensor([1.+2.j])
    """
    if real.dtype is not imag.dtype or not real.is_floating_point():
        raise DTypeError(
            f"Expected object of the same floating point dtype for both parts but got {real.dtype} "
            f"and {imag.dtype}"
        )
    return torch.view_as_complex(torch.stack(torch.broadcast_tensors(real, imag), -1))


@export("torch")
def polar(abs, angle):
    """A complex tensor out of absolute values and angles."""
    return torch.complex(abs * angle.cos(), abs * angle.sin())
