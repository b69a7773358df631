"""Views that cut a tensor into several, walk over it in windows, or choose strides freely."""

from __future__ import annotations

from math import prod
from operator import index as as_int

from flambeau.core.errors import ArgumentError, DimError, ShapeError

from .registry import VIEW, canonical_dim, op
from .view import strided


def _cut(input, sizes, dim):
    at, found = 0, []
    for n in sizes:
        found.append(input[(slice(None),) * dim + (slice(at, at + n),)])
        at += n
    return tuple(found)


def _joined(xp, g, input_shape, input_dtype, split_sizes, dim):
    rest = lambda n: input_shape[:dim] + (n,) + input_shape[dim + 1 :]
    parts = g if isinstance(g, tuple | list) else (g,)
    full = [xp.zeros(rest(n), input_dtype) if p is None else p for p, n in zip(parts, split_sizes)]
    return xp.concatenate(full, dim)


def _pieces_shape(input, *, split_sizes, dim):
    return tuple(input[:dim] + (n,) + input[dim + 1 :] for n in split_sizes)


@op(kind=VIEW)
def split(xp, input, *, split_sizes, dim):
    """Pieces of equal size (the last may be smaller) along a dimension."""
    return _cut(input, split_sizes, dim)


@op(kind=VIEW, where="torch method")
def split_with_sizes(xp, input, *, split_sizes, dim):
    """Pieces of the given sizes along a dimension, as views.

    >>> import flambeau as torch
    >>> torch.arange(3).split_with_sizes([1, 2])
    (tensor([0]), tensor([1, 2]))
    """
    return _cut(input, split_sizes, dim)


for _op in (split, split_with_sizes):
    _op.vjp(input=_joined)
    _op.shape(_pieces_shape)


@split_with_sizes.args
def _split_with_sizes(input, split_sizes, dim=0):
    return (input,), pieces(input.shape, split_sizes, dim)


def pieces(shape, split_sizes, dim) -> dict:
    """Canonical parameters of a split into given sizes."""
    if not shape:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    dim = canonical_dim(as_int(dim), len(shape))
    sizes = tuple(map(as_int, split_sizes))
    if any(n < 0 for n in sizes):
        raise ShapeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={list(sizes)}"
        )
    if sum(sizes) != shape[dim]:
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {shape[dim]} (input tensor's "
            f"size at dimension {dim}), but got split_sizes={list(sizes)}"
        )
    return {"split_sizes": sizes, "dim": dim}


def equal_pieces(shape, size, dim) -> dict:
    """Canonical parameters of a split into pieces of ``size``."""
    if not shape:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    dim, size = canonical_dim(as_int(dim), len(shape)), as_int(size)
    n = shape[dim]
    if size < 0:
        raise ShapeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and n:
        raise ShapeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}"
        )
    count = max(-(-n // size), 1) if size else 1
    sizes = (size,) * (count - 1) + (n - size * (count - 1),)
    return {"split_sizes": sizes, "dim": dim}


@op(kind=VIEW, where="torch method")
def unbind(xp, input, *, dim):
    """All slices along a dimension, without it.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2], [3, 4]]).unbind()
    (tensor([1, 2]), tensor([3, 4]))
    """
    before = (slice(None),) * dim
    return tuple([input[(*before, i, ...)] for i in range(input.shape[dim])])


def _unbind_rule(xp, g, input_shape, input_dtype, dim):
    parts = g if isinstance(g, tuple | list) else (g,)
    rest = input_shape[:dim] + input_shape[dim + 1 :]
    full = [xp.zeros(rest, input_dtype) if p is None else p for p in parts]
    return xp.stack(full, dim) if full else xp.zeros(input_shape, input_dtype)


unbind.vjp(input=_unbind_rule)
unbind.shape(lambda input, *, dim: (input[:dim] + input[dim + 1 :],) * input[dim])


@unbind.args
def _unbind(input, dim=0):
    shape = input.shape
    if not shape:
        raise DimError("Dimension specified as 0 but tensor has no dimensions")
    return (input,), {"dim": canonical_dim(as_int(dim), len(shape))}


# Windows ----------------------------------------------------------------------------------------


@op(kind=VIEW, where="method")
def unfold(xp, input, *, dimension, size, step):
    """Windows of ``size`` along a dimension, ``step`` apart; the window is the last dimension of
    the result.

    >>> import flambeau as torch
    >>> torch.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    if not input.ndim:
        return strided(xp, input, (size,), (input.itemsize,))
    shape, strides, d = input.shape, input.strides, dimension
    count = (shape[d] - size) // step + 1
    return strided(
        xp,
        input,
        shape[:d] + (count,) + shape[d + 1 :] + (size,),
        strides[:d] + (strides[d] * step,) + strides[d + 1 :] + (strides[d],),
    )


def _unfold_rule(xp, g, input_shape, dimension, size, step):
    return xp.unfold_backward(g, shape=input_shape, dimension=dimension, size=size, step=step)


unfold.vjp(input=_unfold_rule)


@unfold.shape
def _unfold_shape(input, *, dimension, size, step):
    if not input:
        return (size,)
    count = (input[dimension] - size) // step + 1
    return input[:dimension] + (count,) + input[dimension + 1 :] + (size,)


@unfold.args
def _unfold(input, dimension, size, step):
    rank = len(input.shape)
    dimension = canonical_dim(as_int(dimension), rank)
    length = input.shape[dimension] if rank else 1
    if size < 0:
        raise ShapeError(f"size is {size} but must be >= 0")
    if size > length:
        raise ShapeError(
            f"maximum size for tensor at dimension {dimension} is {length} but size is {size}"
        )
    if step <= 0:
        raise ShapeError(f"step is {step} but must be > 0")
    return (input,), {"dimension": dimension, "size": size, "step": step}


@op(node="UnfoldBackward")
def unfold_backward(xp, g, *, shape, dimension, size, step):
    """Zeros of ``shape`` to which the windows ``g`` were added where ``unfold`` took them."""
    out = xp.zeros(shape, g.dtype)
    if not shape:
        return g.sum(-1)
    into = xp.moveaxis(out, dimension, -1)
    windows = xp.moveaxis(g, dimension, -2)  # (..., count, size)
    count = windows.shape[-2]
    if step >= size:  # windows do not overlap
        unfold.kernel(xp, out, dimension=dimension, size=size, step=step)[...] = g
    else:
        for k in range(size):
            into[..., k : k + (count - 1) * step + 1 : step] += windows[..., k]
    return out


def _unfold_again(xp, g, dimension, size, step):
    return xp.unfold(g, dimension=dimension, size=size, step=step)


unfold_backward.vjp(g=_unfold_again)
unfold_backward.shape(lambda g, *, shape, dimension, size, step: shape)


# Free strides -----------------------------------------------------------------------------------


@op(kind=VIEW)
def as_strided(xp, input, *, size, stride, shift, base_stride):
    """The memory of ``input`` read with any sizes and strides, ``shift`` elements after its first
    one.

    ``base_stride`` are the strides of ``input``, which the derivative needs; all count elements.
    """
    itemsize = input.itemsize
    return strided(xp, input, size, tuple([s * itemsize for s in stride]), shift * itemsize)


def _as_strided_rule(xp, g, input_shape, size, stride, shift, base_stride):
    return xp.as_strided_backward(
        g, shape=input_shape, size=size, stride=stride, shift=shift, base_stride=base_stride
    )


as_strided.vjp(input=_as_strided_rule)
as_strided.shape(lambda input, *, size, **_: size)


def _addresses(xp, size, stride, start):
    """The place in memory of every element of a strided tensor."""
    places = xp.full((), start)
    for n, s in zip(size, stride):
        places = places[..., None] + xp.arange(n) * s
    return places


@op(node="AsStridedBackward")
def as_strided_backward(xp, g, *, shape, size, stride, shift, base_stride):
    """Cotangents gathered by place in memory and given to the elements of the input that lie there,
    in equal shares.
    """
    from_, to = _addresses(xp, size, stride, shift), _addresses(xp, shape, base_stride, 0)
    if not from_.size or not to.size:
        return xp.zeros(shape, g.dtype)
    first = min(int(from_.min()), int(to.min()))
    length = max(int(from_.max()), int(to.max())) - first + 1
    memory = xp.bincount((from_ - first).ravel(), g.ravel(), length)
    shared = xp.bincount((to - first).ravel(), minlength=length)
    return (memory[to - first] / shared[to - first]).astype(g.dtype)


def _as_strided_again(xp, g, shape, size, stride, shift, base_stride):
    return xp.as_strided_of(g, size=size, stride=stride, shift=shift, base_stride=base_stride)


@op(node="AsStrided")
def as_strided_of(xp, input, *, size, stride, shift, base_stride):
    """``as_strided`` of a tensor that lay as ``base_stride`` says: a copy."""
    from_ = _addresses(xp, size, stride, shift)
    to = _addresses(xp, input.shape, base_stride, 0)
    if not from_.size:
        return xp.zeros(size, input.dtype)
    first = min(int(from_.min()), int(to.min()))
    length = max(int(from_.max()), int(to.max())) - first + 1
    shared = xp.maximum(xp.bincount((to - first).ravel(), minlength=length), 1)
    memory = xp.bincount((to - first).ravel(), input.ravel(), length) / shared
    return memory[from_ - first].astype(input.dtype)


as_strided_backward.vjp(g=_as_strided_again)
as_strided_backward.shape(lambda g, *, shape, **_: shape)
as_strided_of.vjp(input=_as_strided_rule)
as_strided_of.shape(lambda input, *, size, **_: size)


def check_geometry(size, stride, offset, length) -> None:
    """Refuse a strided view that would leave a storage of ``length`` elements."""
    if len(size) != len(stride):
        raise ShapeError(
            f"mismatch in length of strides and shape: {list(size)} and {list(stride)}"
        )
    if any(s < 0 for s in stride):
        raise ArgumentError(f"as_strided: Negative strides are not supported: {list(stride)}")
    if any(n < 0 for n in size):
        raise ShapeError(f"Trying to create tensor with negative dimension: {list(size)}")
    if offset < 0:
        raise ArgumentError(f"Tensor: invalid storage offset {offset}")
    last = offset + sum((n - 1) * s for n, s in zip(size, stride))
    if prod(size) and last >= length:
        raise ShapeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset} are "
            f"out of bounds for storage of {length} elements (they need {last + 1})"
        )


# Complex numbers --------------------------------------------------------------------------------


@op(kind=VIEW, where="torch")
def view_as_real(xp, input):
    """A complex tensor (*) as its real and imaginary parts (*, 2), sharing memory."""
    if input.dtype.kind != "c":
        raise ShapeError("view_as_real is only supported for complex tensors")
    part = xp.dtype(f"f{input.itemsize // 2}")
    shape, strides = input.shape, input.strides
    flat = strided(xp, input, shape + (1,), strides + (input.itemsize,))
    return flat.view(part)


view_as_real.vjp(input=lambda xp, g: xp.view_as_complex(g))
view_as_real.shape(lambda input: input + (2,))


@op(kind=VIEW, where="torch")
def view_as_complex(xp, input):
    """Pairs (*, 2) of real and imaginary parts as a complex tensor (*), sharing memory."""
    if input.dtype.kind != "f" or input.itemsize < 4:
        raise ShapeError("view_as_complex is only supported for float and double tensors")
    if not input.ndim:
        raise ShapeError("Input tensor must have one or more dimensions")
    if input.shape[-1] != 2:
        raise ShapeError("Tensor must have a last dimension of size 2")
    if input.strides[-1] != input.itemsize and input.size:
        raise ShapeError("Tensor must have a last dimension with stride 1")
    return input.view(f"c{2 * input.itemsize}")[..., 0]


view_as_complex.vjp(input=lambda xp, g: xp.view_as_real(g))
view_as_complex.shape(lambda input: input[:-1])


@op(kind=VIEW, where="torch")
def real(xp, input):
    """The real parts; a real tensor itself.

    >>> import flambeau as torch
    >>> torch.real(torch.tensor([1 + 2j]))
    tensor([1.])
    """
    return input.real[...]


real.vjp(input=lambda xp, g: g)
real.shape(lambda input: input)


@op(kind=VIEW, where="torch")
def imag(xp, input):
    """The imaginary parts of a complex tensor."""
    if input.dtype.kind != "c":
        raise ShapeError("imag is not implemented for tensors with non-complex dtypes.")
    return input.imag


imag.vjp(input=lambda xp, g: g * 1j)
imag.shape(lambda input: input)
