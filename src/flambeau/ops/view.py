"""Operations whose result shares its input's memory: other sizes, strides or offset over the same
elements.

NumPy's own view functions may copy, freeze or choose other strides than PyTorch, so sizes and
strides are worked out here.
"""

from __future__ import annotations

from math import prod
from operator import index as as_int

from flambeau.core.errors import ShapeError

from .registry import VIEW, ZERO, broadcast_shape, canonical_dim, canonical_dims, op

_reshaped = lambda xp, g, input_shape: xp.reshape(g, input_shape)


def sizes(given: tuple) -> tuple[int, ...]:
    """The sizes of a call written ``f(2, 3)``, ``f((2, 3))`` or ``f(torch.Size(...))``."""
    if len(given) == 1 and isinstance(given[0], tuple | list):
        given = given[0]
    try:
        return tuple(map(as_int, given))
    except TypeError:
        bad = next(n for n in given if not hasattr(n, "__index__"))
        raise TypeError(f"sizes must be ints, but found {type(bad).__name__}: {bad!r}") from None


def infer_size(size: tuple[int, ...], numel: int) -> tuple[int, ...]:
    """``size`` with a single -1 replaced by what makes the number of elements ``numel``."""
    if -1 not in size and min(size, default=0) >= 0 and prod(size) == numel:
        return size
    for n in size:
        if n < -1:
            raise ShapeError(f"invalid shape dimension {n}")
    known = prod(n for n in size if n != -1)
    unknown = size.count(-1)
    if unknown > 1:
        raise ShapeError("only one dimension can be inferred")
    if unknown and known == 0 and numel == 0:
        raise ShapeError(
            f"cannot reshape tensor of 0 elements into shape {list(size)} because the unspecified "
            "dimension size -1 can be any value and is ambiguous"
        )
    if unknown and known and numel % known == 0:
        return tuple(numel // known if n == -1 else n for n in size)
    raise ShapeError(f"shape '{list(size)}' is invalid for input of size {numel}")


def view_strides(shape, strides, size) -> tuple[int, ...] | None:
    """Strides that show elements laid out as (shape, strides) in ``size``, or None if there are
    none.

    Runs of input dimensions that are contiguous among themselves (stride[i] = stride[i+1] *
    shape[i+1]) are filled with output dimensions from the back; it fails when an output dimension
    would span two runs.
    """
    found = [0] * len(size)
    at = len(size) - 1
    run, step = 1, strides[-1] if strides else 1
    for i in range(len(shape) - 1, -1, -1):
        run *= shape[i]
        if i and (shape[i - 1] == 1 or strides[i - 1] == run * step):
            continue
        filled = 1
        while at >= 0 and (filled < run or size[at] == 1):
            found[at] = filled * step
            filled *= size[at]
            at -= 1
        if filled != run:
            return None
        if i:
            run, step = 1, strides[i - 1]
    unit = step
    while at >= 0:  # leading dimensions of size 1 of a tensor without dimensions
        found[at] = unit
        at -= 1
    return tuple(found)


def strided(xp, array, shape, strides, shift=0):
    """The view of ``array``'s memory with this shape and these strides (bytes), ``shift`` bytes
    further on.
    """
    flags = array.flags
    if shift >= 0 and flags.c_contiguous and array.dtype.kind != "V":
        try:
            return xp.ndarray(shape, array.dtype, array, shift, strides)
        except (TypeError, ValueError):
            pass  # it reaches beyond ``array``, into other parts of its storage
    if shift:
        face = dict(array.__array_interface__)
        face["data"] = (face["data"][0] + shift, not flags.writeable)
        face["strides"], face["shape"] = strides, shape
        return xp.asarray(_Holder(face, array))
    return xp.lib.stride_tricks.as_strided(array, shape, strides, writeable=flags.writeable)


class _Holder:
    """Keeps ``owner`` alive for an array made from an address."""

    def __init__(self, face, owner):
        self.__array_interface__ = face
        self.owner = owner


# other sizes ------------------------------------------------------------


@op(kind=VIEW, where="method")
def view(xp, input, *, size):
    """The same elements in another shape, without a copy; one size may be -1.

    Shape:  input (*) -> size, the same number of elements
    Raises: RuntimeError where no strides exist that show the elements so (then use ``reshape``).

    >>> import flambeau as torch
    >>> torch.arange(4).view(2, -1)
    tensor([[0, 1],
            [2, 3]])
    """
    if input.flags.c_contiguous:
        return input.reshape(size)
    if input.size == 0:
        return input.reshape(size) if input.shape != size else input[...]
    strides = view_strides(input.shape, input.strides, size)
    if strides is None:
        raise ShapeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return strided(xp, input, size, strides)


view.vjp(input=_reshaped)
view.shape(lambda input, *, size: size)


@view.args
def _view(input, *size):
    return (input,), {"size": infer_size(sizes(size), prod(input.shape))}


@op(kind=VIEW, node="UnsafeView")
def unsafe_view(xp, input, *, size):
    """``view`` of a copy that nobody else has seen: the second half of ``reshape``."""
    return input.reshape(size)


unsafe_view.vjp(input=_reshaped)
unsafe_view.shape(lambda input, *, size: size)


@op(kind=VIEW, node="View")
def view_dtype(xp, input, *, dtype):
    """The same bytes read as another dtype; the last dimension grows or shrinks with the element
    size.
    """
    old, new = input.dtype.itemsize, dtype.itemsize
    if old == new:
        return input.view(dtype)
    if not input.ndim:
        raise ShapeError(
            f"self.dim() cannot be 0 to view {input.dtype} as {dtype} (different element sizes)"
        )
    if input.shape[-1] > 1 and input.strides[-1] != old:
        raise ShapeError(
            f"self.stride(-1) must be 1 to view {input.dtype} as {dtype} (different element "
            f"sizes), but got {input.strides[-1] // old}"
        )
    if input.shape[-1] * old % new:
        raise ShapeError(
            f"self.size(-1) must be divisible by {new // old} to view {input.dtype} as {dtype} "
            f"(different element sizes), but got {input.shape[-1]}"
        )
    return input.view(dtype)


view_dtype.vjp(input=ZERO("the bits of a number have no derivative"))
view_dtype.shape(
    lambda input, *, dtype: None  # depends on the element size of the input
)


@op(kind=VIEW, where="method")
def alias(xp, input):
    """The same tensor under a new handle."""
    return input[...]


alias.vjp(input=lambda xp, g: g)
alias.shape(lambda input: input)


@op(kind=VIEW, where="method")
def expand(xp, input, *, size):
    """Repeat dimensions of size 1 (and new leading ones) to ``size`` without copying; -1 keeps a
    size.

    Shape:  input (*) -> size
    Raises: RuntimeError if a dimension that is not 1 would change.

    >>> import flambeau as torch
    >>> torch.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    shape, old = input.shape, input.strides
    lead = len(size) - len(shape)
    strides = [0] * lead + [s if n == m else 0 for n, m, s in zip(shape, size[lead:], old)]
    for i in range(lead - 1, -1, -1):  # PyTorch's strides of new dimensions of size 1
        if size[i] == 1:
            strides[i] = strides[i + 1] * size[i + 1] if i + 1 < len(size) else input.itemsize
    return strided(xp, input, size, tuple(strides))


expand.vjp(input=lambda xp, g: g)  # the tape sums over what was repeated
expand.shape(lambda input, *, size: size)


@expand.args
def _expand(input, *size, implicit=False):
    return (input,), {"size": expanded_size(input.shape, sizes(size))}


def expanded_size(shape, size):
    """``size`` with its -1 filled in from ``shape``; raises if ``shape`` does not expand to it."""
    lead = len(size) - len(shape)
    if lead < 0:
        raise ShapeError(
            f"expand: the number of sizes provided ({len(size)}) must be greater or equal to the "
            f"number of dimensions in the tensor ({len(shape)}): {list(shape)} to {list(size)}"
        )
    found = list(size)
    for i, n in enumerate(size):
        if n == -1 and i < lead:
            raise ShapeError(
                f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing "
                f"dimension {i}"
            )
        if n < -1:
            raise ShapeError(f"expand: sizes must be non-negative or -1, got {list(size)}")
        if i >= lead:
            have = shape[i - lead]
            if n == -1:
                found[i] = have
            elif have not in (1, n):
                raise ShapeError(
                    f"The expanded size of the tensor ({n}) must match the existing size ({have}) "
                    f"at non-singleton dimension {i}.  Target sizes: {list(size)}.  "
                    f"Tensor sizes: {list(shape)}"
                )
    return tuple(found)


@op(kind=VIEW, where="torch method", variant=lambda params: params["overload"])
def squeeze(xp, input, *, dims, overload):
    """Drop dimensions of size 1: all, or those named by ``dim`` that have size 1.

    >>> import flambeau as torch
    >>> torch.zeros(1, 2, 1).squeeze().shape, torch.zeros(1, 2, 1).squeeze(0).shape
    (torch.Size([2]), torch.Size([2, 1]))
    """
    return input.squeeze(dims)


squeeze.vjp(input=_reshaped)
squeeze.shape(
    lambda input, *, dims, overload: tuple(n for i, n in enumerate(input) if i not in dims)
)


@squeeze.args
def _squeeze(input, dim=None):
    shape = input.shape
    if dim is None:
        overload, dims = 0, range(len(shape))
    elif isinstance(dim, tuple | list):
        overload, dims = 2, canonical_dims(dim, len(shape)) or ()
    else:
        overload, dims = 1, (canonical_dim(as_int(dim), len(shape)),)
    dims = tuple(d for d in dims if d < len(shape) and shape[d] == 1)
    return (input,), {"dims": dims, "overload": overload}


@op(kind=VIEW, where="torch method")
def unsqueeze(xp, input, *, dim):
    """Insert a dimension of size 1 at ``dim``, in [-ndim - 1, ndim].

    >>> import flambeau as torch
    >>> torch.zeros(3).unsqueeze(-1).shape
    torch.Size([3, 1])
    """
    strides, shape = input.strides, input.shape
    if input.flags.c_contiguous:
        return input.reshape(shape[:dim] + (1,) + shape[dim:])
    step = strides[dim] * shape[dim] if dim < len(shape) else input.itemsize
    return strided(
        xp, input, shape[:dim] + (1,) + shape[dim:], strides[:dim] + (step,) + strides[dim:]
    )


unsqueeze.vjp(input=_reshaped)
unsqueeze.shape(lambda input, *, dim: input[:dim] + (1,) + input[dim:])


@unsqueeze.args
def _unsqueeze(input, dim):
    return (input,), {"dim": canonical_dim(as_int(dim), len(input.shape) + 1)}


# other order ------------------------------------------------------------


@op(kind=VIEW, where="torch method", aliases=("swapaxes", "swapdims"))
def transpose(xp, input, *, dim0, dim1):
    """Swap two dimensions.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2, 3]]).transpose(0, 1).shape
    torch.Size([3, 1])
    """
    return input.swapaxes(dim0, dim1) if input.ndim else input[...]


transpose.vjp(input=lambda xp, g, dim0, dim1: xp.swapaxes(g, dim0, dim1) if g.ndim else g)


@transpose.shape
def _transpose_shape(input, *, dim0, dim1):
    found = list(input)
    if found:
        found[dim0], found[dim1] = found[dim1], found[dim0]
    return tuple(found)


@transpose.args
def _transpose(input, dim0, dim1):
    rank = len(input.shape)
    return (input,), {
        "dim0": canonical_dim(as_int(dim0), rank),
        "dim1": canonical_dim(as_int(dim1), rank),
    }


@op(kind=VIEW, where="torch method", node="T")
def t(xp, input):
    """The transpose of a matrix; tensors with fewer dimensions come back as they are.

    >>> import flambeau as torch
    >>> torch.tensor([[1, 2], [3, 4]]).t()
    tensor([[1, 3],
            [2, 4]])
    """
    return input.T if input.ndim == 2 else input[...]


t.vjp(input=lambda xp, g: xp.swapaxes(g, 0, 1) if g.ndim == 2 else g)
t.shape(lambda input: input[::-1])


@t.args
def _t(input):
    if len(input.shape) > 2:
        raise ShapeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {len(input.shape)}D: "
            "use transpose(dim0, dim1) or mT"
        )
    return (input,), {}


@op(kind=VIEW, where="torch method")
def permute(xp, input, *, dims):
    """Put the dimensions in the order ``dims``.

    >>> import flambeau as torch
    >>> torch.zeros(2, 3, 5).permute(2, 0, 1).shape
    torch.Size([5, 2, 3])
    """
    return input.transpose(dims)


def _permute_rule(xp, g, dims):
    return xp.transpose(g, tuple(sorted(range(len(dims)), key=dims.__getitem__)))


permute.vjp(input=_permute_rule)
permute.shape(lambda input, *, dims: tuple(input[d] for d in dims))


@permute.args
def _permute(input, *dims):
    dims = sizes(dims)
    rank = len(input.shape)
    if len(dims) != rank:
        raise ShapeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {rank} is not equal "
            f"to len(dims) = {len(dims)}"
        )
    found = tuple(canonical_dim(d, rank) for d in dims)
    if len(set(found)) != rank:
        raise ShapeError("permute(): duplicate dims are not allowed.")
    return (input,), {"dims": found}


def broadcast(*shapes):
    """``broadcast_shape`` with PyTorch's error."""
    try:
        return broadcast_shape(*shapes)
    except ValueError:
        raise ShapeError(
            "The shapes of the tensors do not broadcast together: "
            + ", ".join(str(list(s)) for s in shapes)
        ) from None
