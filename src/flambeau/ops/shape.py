"""Operations that copy: joining, cloning, converting, filling."""

from __future__ import annotations

from operator import index as as_int

from flambeau.core.errors import ShapeError

from .registry import ZERO, canonical_dim, op

_NOTHING = ZERO("what is overwritten has no influence")


def _sequence(name, tensors) -> tuple:
    if isinstance(tensors, tuple | list):
        return tuple(tensors)
    raise TypeError(
        f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not "
        f"{type(tensors).__name__}"
    )


def _in_rows(joined):
    """NumPy joins columns in columns; PyTorch's result is contiguous always."""
    return joined if joined.flags.c_contiguous else joined.copy()


@op(dtype="same", where="torch", aliases=("concat", "concatenate"))
def cat(xp, *tensors, dim):
    """Join tensors along an existing dimension.

    Shape:  tensors equal in all sizes but that of ``dim`` -> their sizes along ``dim`` added

    >>> import flambeau as torch
    >>> torch.cat([torch.zeros(1, 2), torch.ones(1, 2)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    full = [t for t in tensors if t.ndim != 1 or t.size]
    return _in_rows(xp.concatenate(full or tensors, dim))


def _cat_rule(xp, g, needs, tensors_shape, dim):
    found, start = [], 0
    for wanted, shape in zip(needs, tensors_shape):
        if shape == (0,):
            found.append(xp.zeros(shape, g.dtype) if wanted else None)
            continue
        end = start + shape[dim]
        found.append(g[(slice(None),) * dim + (slice(start, end),)] if wanted else None)
        start = end
    return tuple(found)


cat.vjp_joint(_cat_rule)


@cat.shape
def _cat_shape(*tensors, dim):
    full = [t for t in tensors if t != (0,)]
    if not full:
        return (0,)
    first = full[0]
    return first[:dim] + (sum(t[dim] for t in full),) + first[dim + 1 :]


@cat.args
def _cat(tensors, dim=0):
    tensors = _sequence("cat", tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    full = []
    for at, t in enumerate(tensors):
        shape = getattr(t, "shape", None)
        if shape is None:
            raise TypeError(
                f"expected Tensor as element {at} in argument 0, but got {type(t).__name__}"
            )
        if not shape:
            raise ShapeError(f"zero-dimensional tensor (at position {at}) cannot be concatenated")
        if shape != (0,):
            full.append((at, shape))
    rank = len(full[0][1]) if full else 1
    dim = canonical_dim(as_int(dim), rank)
    for at, shape in full[1:]:
        first = full[0][1]
        if len(shape) != rank:
            raise ShapeError(
                f"Tensors must have same number of dimensions: got {rank} and {len(shape)}"
            )
        for d in range(rank):
            if d != dim and shape[d] != first[d]:
                raise ShapeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size "
                    f"{first[d]} but got size {shape[d]} for tensor number {at} in the list."
                )
    return tensors, {"dim": dim}


@op(dtype="same", where="torch")
def stack(xp, *tensors, dim):
    """Join tensors of one shape along a new dimension.

    >>> import flambeau as torch
    >>> torch.stack([torch.tensor([1, 2]), torch.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
    """
    return _in_rows(xp.stack(tensors, dim))


def _stack_rule(xp, g, needs, dim):
    return tuple(g[(slice(None),) * dim + (i, ...)] if n else None for i, n in enumerate(needs))


stack.vjp_joint(_stack_rule)
stack.shape(lambda *tensors, dim: tensors[0][:dim] + (len(tensors),) + tensors[0][dim:])


@stack.args
def _stack(tensors, dim=0):
    tensors = _sequence("stack", tensors)
    if not tensors:
        raise ShapeError("stack expects a non-empty TensorList")
    first = getattr(tensors[0], "shape", None)
    for at, t in enumerate(tensors):
        if not hasattr(t, "shape"):
            raise TypeError(
                f"expected Tensor as element {at} in argument 0, but got {type(t).__name__}"
            )
        if t.shape != first:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(t.shape)} at entry {at}"
            )
    return tensors, {"dim": canonical_dim(as_int(dim), len(first) + 1)}


# copies ------------------------------------------------------------


def in_format(xp, array, form):
    """A copy of ``array`` laid out as ``form`` says: "preserve", "contiguous" or
    "channels_last".
    """
    if form == "preserve":
        return array.copy("C" if 0 in array.strides else "K")
    if form == "contiguous":
        return array.copy("C")
    order = (0, *range(2, array.ndim), 1)
    back = (0, array.ndim - 1, *range(1, array.ndim - 1))
    return array.transpose(order).copy("C").transpose(back)


def format_name(memory_format, shape=None) -> str:
    """The memory format of a call in one word; checks the rank for channels last."""
    if memory_format is None:
        return "preserve"
    name = str(memory_format).removeprefix("torch.").removesuffix("_format")
    if name.startswith("channels_last"):
        rank = 5 if name.endswith("3d") else 4
        if shape is not None and len(shape) != rank:
            raise ShapeError(f"required rank {rank} tensor to use {name} format")
        return "channels_last"
    return name


@op(where="torch method")
def clone(xp, input, *, memory_format):
    """A copy that gradients flow through.

    >>> import flambeau as torch
    >>> x = torch.ones(2); y = x.clone(); y[0] = 5; x
    tensor([1., 1.])
    """
    return in_format(xp, input, memory_format)


clone.vjp(input=lambda xp, g: g)
clone.shape(lambda input, *, memory_format: input)


@clone.args
def _clone(input, *, memory_format=None):
    return (input,), {"memory_format": format_name(memory_format, input.shape)}


@op(node="Copy", variant=lambda params: "s")
def copy(xp, input, src):
    """``src`` broadcast to the shape and cast to the dtype of ``input``: what ``copy_`` writes."""
    if getattr(src, "dtype", None) != input.dtype:
        src = xp.asarray(src).astype(input.dtype)
    return _expanded(xp, src, input)


def _expanded(xp, src, input):
    if src.shape == input.shape:
        return src
    lead = src.ndim - input.ndim
    if lead > 0 and src.shape[:lead] == (1,) * lead:
        src = src.reshape(src.shape[lead:])
    try:
        return xp.broadcast_to(src, input.shape)
    except ValueError:
        raise _cannot_copy(src.shape, input.shape) from None


def _cannot_copy(src, input) -> ShapeError:
    at = next(
        d
        for d in range(1, max(len(src), len(input)) + 1)
        if d > min(len(src), len(input)) or src[-d] not in (1, input[-d])
    )
    return ShapeError(
        f"The size of tensor a ({input[-at] if at <= len(input) else 1}) must match the size of "
        f"tensor b ({src[-at] if at <= len(src) else 1}) at non-singleton dimension "
        f"{max(len(input), len(src)) - at}: {list(src)} cannot be copied into {list(input)}"
    )


@copy.writes
def _copy_into(xp, out, src):
    xp.copyto(out, _expanded(xp, xp.asarray(src), out), casting="unsafe")


copy.vjp(input=_NOTHING, src=lambda xp, g: g)


@copy.shape
def _copy_shape(input, src):
    lead = max(len(src) - len(input), 0)
    kept = src[lead:] if src[:lead] == (1,) * lead else src
    if len(kept) > len(input) or any(n not in (1, m) for n, m in zip(kept[::-1], input[::-1])):
        raise _cannot_copy(kept, input)
    return input


@op(node="ToCopy")
def to_copy(xp, input, *, dtype, memory_format="preserve"):
    """``input`` with elements of another dtype (a NumPy dtype), always a copy."""
    if dtype.kind in "iu" and input.dtype.kind == "f":
        input = _to_integer(xp, input, dtype)
    elif dtype.kind not in "cb" and input.dtype.kind == "c":
        input = input.real
    if memory_format == "preserve":
        return input.astype(dtype, "K")
    return in_format(xp, input, memory_format).astype(dtype, "K", copy=False)


def _to_integer(xp, input, dtype):
    """Through int64, so that out-of-range floats wrap as in C, not saturate."""
    return input.astype(xp.int64) if dtype.itemsize < 8 else input


to_copy.vjp(input=lambda xp, g, input_dtype: xp.astype(g, input_dtype))
to_copy.shape(lambda input, *, dtype, memory_format="preserve": input)


@op(where="torch inplace", variant=lambda params: 2)
def fill(xp, input, value):
    """A tensor like ``input`` with ``value`` everywhere.

    >>> import flambeau as torch
    >>> torch.zeros(2).fill_(3)
    tensor([3., 3.])
    """
    return xp.full(input.shape, _number(xp, input, value), input.dtype)


def _number(xp, input, value):
    if getattr(value, "ndim", 0):
        raise ShapeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} "
            "dimensions."
        )
    return xp.asarray(value).astype(input.dtype)


@fill.writes
def _fill_into(xp, out, value):
    out[...] = _number(xp, out, value)


fill.vjp(input=_NOTHING, value=lambda xp, g: g)
fill.shape(lambda input, value: input)


@op(where="inplace", node="Zero")
def zero(xp, input):
    """Zeros like ``input``."""
    return xp.zeros_like(input)


@zero.writes
def _zero_into(xp, out):
    out[...] = 0


zero.vjp(input=_NOTHING)
zero.shape(lambda input: input)
