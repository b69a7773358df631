"""Products of vectors, matrices and batches of matrices."""

from __future__ import annotations

from math import prod

from flambeau.core.dtypes import from_numpy_dtype
from flambeau.core.errors import DTypeError, ShapeError

from .registry import broadcast_shape, op


def _transposed(xp, x):
    return xp.swapaxes(x, -1, -2)


def _product(xp, a, b):
    """NumPy's matmul; half precision is multiplied and summed in single."""
    if a.dtype.itemsize == 2 and a.dtype.kind not in "iu":
        return xp.matmul(a.astype(xp.float32), b.astype(xp.float32)).astype(a.dtype)
    return xp.matmul(a, b)


def _matrices(name, xp, a, b, rank, names=("input", "mat2")):
    """The product of two matrices or batches of matrices; what does not fit is explained."""
    if not (
        a.ndim == rank == b.ndim
        and a.dtype is b.dtype
        and a.shape[-1] == b.shape[-2]
        and a.dtype.kind != "b"
    ):
        _check_matrices(name, a, b, rank, names)
    return _product(xp, a, b)


def _check_matrices(name, a, b, rank, names=("input", "mat2")):
    _check_rank(name, names[0], a, rank)
    _check_rank(name, names[1], b, rank)
    _check_dtypes(name, a, b)
    _check_inner(name, a, b)


def _check_dtypes(name, a, b):
    if a.dtype != b.dtype:
        one, two = from_numpy_dtype(a.dtype), from_numpy_dtype(b.dtype)
        raise DTypeError(
            f"{name}: expected m1 and m2 to have the same dtype, but got: {one} != {two}. "
            f"Convert one of them: x.to({two})"
        )
    if a.dtype.kind == "b":
        raise DTypeError(f"{name} is not implemented for bool tensors: convert them to numbers")


def _check_rank(name, position, x, rank):
    if x.ndim != rank:
        words = {1: "a vector", 2: "a matrix", 3: "a batch of matrices"}[rank]
        raise ShapeError(
            f"{name}: {position} must be {words} ({rank}D), got {x.ndim}D {tuple(x.shape)}"
        )


def _check_inner(name, a, b):
    if a.shape[-1] != b.shape[-2]:
        raise ShapeError(
            f"{name}: mat1 and mat2 shapes cannot be multiplied "
            f"({a.shape[-2]}x{a.shape[-1]} and {b.shape[-2]}x{b.shape[-1]})"
        )


@op(where="torch method")
def mm(xp, input, mat2):
    """Product of two matrices, y = input mat2; gradients g mat2^T and input^T g.

    Shape: (N, K), (K, M) -> (N, M)

    >>> import flambeau as torch
    >>> torch.mm(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """
    return _matrices("mm", xp, input, mat2, 2)


mm.vjp(
    input=lambda xp, g, mat2: xp.matmul(g, _transposed(xp, mat2)),
    mat2=lambda xp, g, input: xp.matmul(_transposed(xp, input), g),
)
mm.shape(lambda input, mat2: (input[0], mat2[1]))
mm.checks(lambda input, mat2: _check_matrices("mm", input, mat2, 2))


@op(where="torch method")
def mv(xp, input, vec):
    """Matrix times vector, y_i = sum_k input_ik vec_k.

    Shape: (N, K), (K) -> (N)

    >>> import flambeau as torch
    >>> torch.mv(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    _check_mv(input, vec)
    return _product(xp, input, vec)


@mv.checks
def _check_mv(input, vec):
    _check_rank("mv", "input", input, 2)
    _check_rank("mv", "vec", vec, 1)
    _check_dtypes("mv", input, vec)
    if input.shape[1] != vec.shape[0]:
        raise ShapeError(
            f"size mismatch, got input ({input.shape[0]}x{input.shape[1]}), vec ({vec.shape[0]})"
        )


mv.vjp(
    input=lambda xp, g, vec: xp.expand_dims(g, 1) * xp.expand_dims(vec, 0),
    vec=lambda xp, g, input: xp.matmul(_transposed(xp, input), g),
)
mv.shape(lambda input, vec: (input[0],))


@op(where="torch method")
def dot(xp, input, tensor):
    """Inner product of two vectors, sum_k input_k tensor_k.

    Shape: (K), (K) -> ()

    >>> import flambeau as torch
    >>> torch.dot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    _check_dot(input, tensor)
    return _product(xp, input, tensor)


@dot.checks
def _check_dot(input, tensor):
    if input.ndim != 1 or tensor.ndim != 1:
        raise ShapeError(
            f"1D tensors expected, but got {input.ndim}D and {tensor.ndim}D tensors: "
            "use torch.matmul, or flatten() them"
        )
    if input.dtype != tensor.dtype:
        one, two = from_numpy_dtype(input.dtype), from_numpy_dtype(tensor.dtype)
        raise DTypeError(
            f"dot: expected both vectors to have same dtype, but found {one} and {two}"
        )
    if input.shape != tensor.shape:
        raise ShapeError(
            f"inconsistent tensor size, expected tensor [{input.shape[0]}] and src "
            f"[{tensor.shape[0]}] to have the same number of elements"
        )


dot.vjp(input=lambda xp, g, tensor: g * tensor, tensor=lambda xp, g, input: g * input)
dot.shape(lambda input, tensor: ())


@op(where="torch method")
def bmm(xp, input, mat2):
    """Products of two batches of matrices.

    Shape: (B, N, K), (B, K, M) -> (B, N, M)

    >>> import flambeau as torch
    >>> torch.bmm(torch.ones(2, 1, 3), torch.ones(2, 3, 1)).shape
    torch.Size([2, 1, 1])
    """
    _check_bmm(input, mat2)
    return _product(xp, input, mat2)


@bmm.checks
def _check_bmm(input, mat2):
    _check_rank("bmm", "batch1", input, 3)
    _check_rank("bmm", "batch2", mat2, 3)
    _check_dtypes("bmm", input, mat2)
    if input.shape[0] != mat2.shape[0] or input.shape[2] != mat2.shape[1]:
        raise ShapeError(
            f"Expected size for first two dimensions of batch2 tensor to be: "
            f"[{input.shape[0]}, {input.shape[2]}] but got: [{mat2.shape[0]}, {mat2.shape[1]}]."
        )


bmm.vjp(
    input=lambda xp, g, mat2: xp.matmul(g, _transposed(xp, mat2)),
    mat2=lambda xp, g, input: xp.matmul(_transposed(xp, input), g),
)
bmm.shape(lambda input, mat2: (input[0], input[1], mat2[2]))


@op(node="UnsafeView")
def matmul(xp, input, other):
    """Product of vectors, matrices or batches of matrices, as NumPy's matmul."""
    _check_matmul(input, other)
    return _product(xp, input, other)


@matmul.checks
def _check_matmul(input, other):
    _check_dtypes("matmul", input, other)
    if not input.ndim or not other.ndim:
        raise ShapeError(
            "both arguments to matmul need to be at least 1D, but they are "
            f"{input.ndim}D and {other.ndim}D"
        )
    _check_inner(
        "matmul",
        input if input.ndim > 1 else input.reshape(1, -1),
        other if other.ndim > 1 else other.reshape(-1, 1),
    )


def _as_matrices(xp, g, input, other):
    """All three with the axes that matmul adds to vectors."""
    if other.ndim == 1:
        g, other = xp.expand_dims(g, -1), xp.expand_dims(other, -1)
    if input.ndim == 1:
        g, input = xp.expand_dims(g, -2), xp.expand_dims(input, 0)
    return g, input, other


def _matmul_input(xp, g, input, other):
    vector = input.ndim == 1
    g, input, other = _as_matrices(xp, g, input, other)
    gx = xp.matmul(g, _transposed(xp, other))
    return xp.unbroadcast(gx, (1, input.shape[-1]))[0] if vector else gx


def _matmul_other(xp, g, input, other):
    vector = other.ndim == 1
    g, input, other = _as_matrices(xp, g, input, other)
    if other.ndim == 2 and input.ndim > 2:  # one matrix for the whole batch: one product
        rows = prod(input.shape[:-1])
        input = xp.reshape(input, (rows, input.shape[-1]))
        g = xp.reshape(g, (rows, g.shape[-1]))
    gx = xp.matmul(_transposed(xp, input), g)
    return xp.unbroadcast(gx, (other.shape[-2], 1))[:, 0] if vector else gx


matmul.vjp(input=_matmul_input, other=_matmul_other)


@matmul.shape
def _(input, other):
    a = (1, *input) if len(input) == 1 else input
    b = (*other, 1) if len(other) == 1 else other
    batch = broadcast_shape(a[:-2], b[:-2])
    return batch + a[-2:-1] * (len(input) > 1) + b[-1:] * (len(other) > 1)


def _combine(xp, y, input, beta, alpha):
    """beta * input + alpha * y in y's dtype.

    Where beta is 0 the input does not matter, be it NaN.
    """
    if y.dtype.kind in "iu":
        beta, alpha = int(beta), int(alpha)
    if alpha != 1:
        y = xp.multiply(y, alpha, dtype=y.dtype)
    if beta == 0:
        return y
    return xp.add(y, input if beta == 1 else xp.multiply(input, beta, dtype=y.dtype))


def _check_added(name, input, dtype, shape):
    """Whether ``input`` can be added to a product of this dtype and shape."""
    if input.dtype != dtype:
        raise DTypeError(
            f"{name}: expected input and the product to have the same dtype, but got "
            f"{from_numpy_dtype(input.dtype)} and {from_numpy_dtype(dtype)}"
        )
    try:
        fits = input.shape == shape or broadcast_shape(input.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{name}: input of shape {tuple(input.shape)} does not broadcast to the product's "
            f"shape {tuple(shape)}"
        )


def _scale(g, factor):
    return g if factor == 1 else g * factor


@op(where="torch method inplace")
def addmm(xp, input, mat1, mat2, *, beta=1, alpha=1):
    """y = beta * input + alpha * (mat1 mat2).

    Shape: input broadcasts to (N, M); (N, K), (K, M) -> (N, M)

    >>> import flambeau as torch
    >>> torch.addmm(torch.ones(1), torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]))
    tensor([[12.]])
    """
    y = _matrices("addmm", xp, mat1, mat2, 2, ("mat1", "mat2"))
    _check_added("addmm", input, y.dtype, y.shape)
    return _combine(xp, y, input, beta, alpha)


addmm.vjp(
    input=lambda xp, g, beta: _scale(g, beta),
    mat1=lambda xp, g, mat2, alpha: _scale(xp.matmul(g, _transposed(xp, mat2)), alpha),
    mat2=lambda xp, g, mat1, alpha: _scale(xp.matmul(_transposed(xp, mat1), g), alpha),
)
addmm.shape(lambda input, mat1, mat2, beta=1, alpha=1: (mat1[0], mat2[1]))


@addmm.checks
def _check_addmm(input, mat1, mat2):
    _check_matrices("addmm", mat1, mat2, 2, ("mat1", "mat2"))
    _check_added("addmm", input, mat1.dtype, (mat1.shape[0], mat2.shape[1]))


@op(where="torch method inplace")
def addmv(xp, input, mat, vec, *, beta=1, alpha=1):
    """y = beta * input + alpha * (mat vec).

    Shape: input broadcasts to (N); (N, K), (K) -> (N)

    >>> import flambeau as torch
    >>> torch.addmv(torch.ones(1), torch.tensor([[1.0, 2.0]]), torch.tensor([3.0, 4.0]))
    tensor([12.])
    """
    y = mv.kernel(xp, mat, vec)
    _check_added("addmv", input, y.dtype, y.shape)
    return _combine(xp, y, input, beta, alpha)


addmv.vjp(
    input=lambda xp, g, beta: _scale(g, beta),
    mat=lambda xp, g, vec, alpha: _scale(xp.expand_dims(g, 1) * xp.expand_dims(vec, 0), alpha),
    vec=lambda xp, g, mat, alpha: _scale(xp.matmul(_transposed(xp, mat), g), alpha),
)
addmv.shape(lambda input, mat, vec, beta=1, alpha=1: (mat[0],))


@addmv.checks
def _check_addmv(input, mat, vec):
    _check_mv(mat, vec)
    _check_added("addmv", input, mat.dtype, mat.shape[:1])


@op(where="torch method inplace")
def baddbmm(xp, input, batch1, batch2, *, beta=1, alpha=1):
    """y = beta * input + alpha * (batch1 batch2), products of batches of matrices.

    Shape: input broadcasts to (B, N, M); (B, N, K), (B, K, M) -> (B, N, M)

    >>> import flambeau as torch
    >>> torch.baddbmm(torch.ones(1), torch.ones(2, 1, 3), torch.ones(2, 3, 1)).flatten()
    tensor([4., 4.])
    """
    y = bmm.kernel(xp, batch1, batch2)
    _check_added("baddbmm", input, y.dtype, y.shape)
    return _combine(xp, y, input, beta, alpha)


baddbmm.vjp(
    input=lambda xp, g, beta: _scale(g, beta),
    batch1=lambda xp, g, batch2, alpha: _scale(xp.matmul(g, _transposed(xp, batch2)), alpha),
    batch2=lambda xp, g, batch1, alpha: _scale(xp.matmul(_transposed(xp, batch1), g), alpha),
)
baddbmm.shape(lambda input, batch1, batch2, beta=1, alpha=1: batch1[:2] + batch2[2:])


@baddbmm.checks
def _check_baddbmm(input, batch1, batch2):
    _check_bmm(batch1, batch2)
    _check_added("baddbmm", input, batch1.dtype, batch1.shape[:2] + batch2.shape[2:])
