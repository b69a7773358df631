"""Other shapes of the same elements, written with views."""

from __future__ import annotations

from flambeau.core import dtypes
from flambeau.core.errors import DTypeError, ShapeError
from flambeau.ops.registry import OPS, canonical_dim
from flambeau.ops.view import broadcast, expanded_size, infer_size, sizes, view_strides
from flambeau.tensor.api import export, torch
from flambeau.tensor.dispatch import dispatch
from flambeau.tensor.layout import contiguous_format
from flambeau.tensor.tensor import Tensor


@export("torch method")
def reshape(input, *shape, **named):
    """The same elements in another shape: a view where strides allow it, else a copy; one size may
    be -1.

    >>> import flambeau as torch
    >>> torch.arange(4).reshape(2, -1)
    tensor([[0, 1],
            [2, 3]])
    """
    shape = sizes((named["shape"],) if named else shape)
    array = input._array
    size = infer_size(shape, array.size)
    if (
        array.flags.c_contiguous
        or not array.size
        or view_strides(array.shape, array.strides, size) is not None
    ):
        return dispatch(OPS["view"], (input,), {"size": size})
    copied = input.clone(memory_format=contiguous_format)
    made = dispatch(OPS["unsafe_view"], (copied,), {"size": size})
    made._view = None  # nobody else sees the copy: the result is no view of it
    return made


@export("method")
def view(input, *size, **named):
    """The same memory in another shape (one size may be -1) or read as another dtype.

    Raises: RuntimeError where no strides exist that show the elements so (then use ``reshape``).

    >>> import flambeau as torch
    >>> torch.arange(4).view(2, -1)
    tensor([[0, 1],
            [2, 3]])
    """
    if named:
        size = (next(iter(named.values())),)
    if len(size) == 1 and isinstance(size[0], dtypes.dtype):
        return dispatch(OPS["view_dtype"], (input,), {"dtype": size[0].numpy})
    return dispatch(OPS["view"], (input,), {"size": infer_size(sizes(size), input.numel())})


@export("method")
def reshape_as(input, other):
    """``input`` reshaped to the shape of ``other``."""
    return input.reshape(other.shape)


@export("method")
def view_as(input, other):
    """``input`` viewed in the shape of ``other``."""
    return input.view(other.shape)


@export("torch method")
def flatten(input, start_dim=0, end_dim=-1):
    """Join the dimensions ``start_dim`` to ``end_dim`` into one.

    >>> import flambeau as torch
    >>> torch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    shape = input.shape
    if not shape:
        canonical_dim(start_dim, 0), canonical_dim(end_dim, 0)
        return input.reshape((1,))
    start, end = canonical_dim(start_dim, len(shape)), canonical_dim(end_dim, len(shape))
    if start > end:
        raise ShapeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if start == end:
        return input
    joined = 1
    for n in shape[start : end + 1]:
        joined *= n
    return input.reshape(shape[:start] + (joined,) + shape[end + 1 :])


@export("torch method")
def ravel(input):
    """All elements in one dimension."""
    return input.contiguous().view((input.numel(),))


@export("torch method")
def unflatten(input, dim, sizes):
    """Split dimension ``dim`` into ``sizes``, one of which may be -1.

    >>> import flambeau as torch
    >>> torch.zeros(2, 6).unflatten(1, (3, -1)).shape
    torch.Size([2, 3, 2])
    """
    shape = input.shape
    dim = canonical_dim(dim, len(shape))
    if not len(sizes):
        raise ShapeError("unflatten: sizes must be non-empty")
    try:
        inner = infer_size(tuple(sizes), shape[dim])
    except ShapeError:
        raise ShapeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} "
            f"({shape[dim]}) in the input tensor"
        ) from None
    return input.view(shape[:dim] + inner + shape[dim + 1 :])


@export("method")
def expand_as(input, other):
    """``input`` expanded to the shape of ``other``."""
    return input.expand(other.shape)


@export("torch method")
def broadcast_to(input, size):
    """``input`` expanded to ``size``.

    >>> import flambeau as torch
    >>> torch.broadcast_to(torch.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return dispatch(OPS["expand"], (input,), {"size": expanded_size(input.shape, sizes((size,)))})


@export("torch")
def broadcast_tensors(*tensors):
    """All tensors expanded to their common shape."""
    if len(tensors) == 1 and isinstance(tensors[0], list | tuple):
        tensors = tuple(tensors[0])
    shape = broadcast(*(t.shape for t in tensors))
    return tuple(t.expand(shape) for t in tensors)


@export("torch")
def broadcast_shapes(*shapes):
    """The shape that tensors of these shapes broadcast to."""
    return torch.Size(broadcast(*((s,) if isinstance(s, int) else tuple(s) for s in shapes)))


@export("method")
def contiguous(input, memory_format=None):
    """``input`` itself if it lies contiguously in memory, else a contiguous copy."""
    if input.is_contiguous(memory_format=memory_format or contiguous_format):
        return input
    return input.clone(memory_format=memory_format or contiguous_format)


@export("torch method")
def narrow(input, dim, start, length):
    """``length`` slices of dimension ``dim`` from ``start`` on, as a view.

    >>> import flambeau as torch
    >>> torch.arange(5).narrow(0, 1, 2)
    tensor([1, 2])
    """
    shape = input.shape
    if not shape:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, Tensor) and (start.ndim or start.dtype.category != 1):
        raise ShapeError("start must be an 0-dim integral Tensor.")
    dim, start = canonical_dim(dim, len(shape)), start.__index__()
    size = shape[dim]
    if length < 0:
        raise ShapeError("narrow(): length must be non-negative.")
    if not -size <= start <= size:
        raise IndexError(
            f"start out of range (expected to be in range of [{-size}, {size}], but got {start})"
        )
    start += size if start < 0 else 0
    if start + length > size:
        raise ShapeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    params = {"dim": dim, "start": start, "end": start + length, "step": 1}
    return dispatch(OPS["slice"], (input,), params)


@export("torch method")
def narrow_copy(input, dim, start, length):
    """A copy of ``narrow``."""
    return input.narrow(dim, start, length).clone(memory_format=contiguous_format)


@export("torch method", aliases=("moveaxis",))
def movedim(input, source, destination):
    """Move the dimensions ``source`` to the places ``destination``; the others keep their order.

    >>> import flambeau as torch
    >>> torch.zeros(2, 3, 5).movedim(0, -1).shape
    torch.Size([3, 5, 2])
    """
    source = (source,) if isinstance(source, int) else tuple(source)
    destination = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(source) != len(destination):
        raise ShapeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should "
            f"contain the same number of dims as destination ({list(destination)} dims)"
        )
    rank = input.ndim
    origin = [canonical_dim(d, rank) for d in source]
    target = [canonical_dim(d, rank) for d in destination]
    for dims, what in ((origin, "source"), (target, "destination")):
        if len(set(dims)) != len(dims):
            raise ShapeError(f"movedim: repeated dim in `{what}` ({dims})")
    if not rank:
        return dispatch(OPS["alias"], (input,))
    order = [-1] * rank
    for s, d in zip(origin, target):
        order[d] = s
    rest = (d for d in range(rank) if d not in origin)
    order = tuple(next(rest) if d == -1 else d for d in order)
    return dispatch(OPS["permute"], (input,), {"dims": order})


def numpy_T(input):
    """The tensor with its dimensions reversed: ``x.T``."""
    return dispatch(OPS["permute"], (input,), {"dims": tuple(reversed(range(input.ndim)))})


@export("torch method")
def adjoint(input):
    """The last two dimensions swapped, conjugated when complex."""
    if input.ndim < 2:
        raise ShapeError(
            f"tensor.adjoint() is only supported on matrices or batches of matrices. Got "
            f"{input.ndim}-D tensor."
        )
    swapped = input.transpose(-2, -1)
    return swapped.conj() if input.is_complex() else swapped


def matrix_T(input):
    """The last two dimensions swapped: ``x.mT``."""
    if input.ndim < 2:
        raise ShapeError(
            "tensor.mT is only supported on matrices or batches of matrices. Got "
            f"{input.ndim}-D tensor."
        )
    return input.transpose(-2, -1)


def matrix_H(input):
    """The conjugate transpose of a matrix: ``x.H``."""
    if input.ndim not in (0, 2):
        raise ShapeError(
            "tensor.H is only supported on matrices (2-D tensors). Got "
            f"{input.ndim}-D tensor. For batches of matrices, consider using tensor.mH"
        )
    return input.adjoint() if input.ndim else input


Tensor.T = property(numpy_T)
Tensor.mT = property(matrix_T)
Tensor.H = property(matrix_H)
Tensor.mH = property(adjoint)


@export("method")
def copy_(input, src, non_blocking=False):
    """Write ``src``, broadcast and cast, into this tensor; returns it.

    >>> import flambeau as torch
    >>> torch.zeros(2).copy_(torch.tensor([1, 2]))
    tensor([1., 2.])
    """
    from flambeau.tensor import inplace

    if not isinstance(src, Tensor):
        src = torch.as_tensor(src)
    if src.is_complex() and not input.is_complex():
        raise DTypeError(f"cannot copy a complex tensor into one of dtype {input.dtype}")
    return inplace.copy_(input, src)
