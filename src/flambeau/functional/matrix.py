"""Norms, powers and exponentials of matrices, and chains of products."""

from __future__ import annotations

import math

from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.ops.registry import canonical_dim
from flambeau.tensor.api import export, linalg, torch


@export("linalg")
def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """Norm of matrices: "fro", "nuc" (sum of singular values), 1, -1, inf, -inf (sums of columns or
    rows), 2, -2.

    >>> import flambeau as torch
    >>> torch.linalg.matrix_norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]]), "nuc")
    tensor(7.)
    """
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else ()
    if A.ndim < 2:
        raise ShapeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if len(dims) != 2:
        raise ArgumentError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    dims = tuple(canonical_dim(d, A.ndim) for d in dims)
    if dims[0] == dims[1]:
        raise ArgumentError(f"linalg.matrix_norm: dims must be different. Got {dim}")
    if dtype is not None:
        A = A.to(dtype)
    if not (A.is_floating_point() or A.is_complex()):
        raise DTypeError(
            "linalg.matrix_norm: Expected a floating point or complex tensor as input. Got "
            f"{A.dtype}"
        )
    if ord == "fro":
        return linalg.vector_norm(A, 2, dims, keepdim)
    if ord == "nuc" or ord in (2, -2):
        s = linalg.svdvals(A.movedim(dims, (-2, -1)))
        y = s.sum(-1) if ord == "nuc" else s.amax(-1) if ord == 2 else s.amin(-1)
        if keepdim:
            for d in sorted(dims):
                y = y.unsqueeze(d)
        return y
    if ord not in (1, -1, math.inf, -math.inf):
        raise ArgumentError(f"linalg.matrix_norm: Order {ord} not supported.")
    sums = linalg.vector_norm(A, 1, dims[0] if abs(ord) == 1 else dims[1], True)
    y = sums.amax(dims, keepdim) if ord > 0 else sums.amin(dims, keepdim)
    return y


@export("linalg")
def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """Vector norm (dim is an int, or ord is absent) or matrix norm (dim is a pair, or a matrix with
    ord).

    >>> import flambeau as torch
    >>> torch.linalg.norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]]), 2)
    tensor(4.)
    >>> torch.linalg.norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    dims = (dim,) if isinstance(dim, int) else dim
    if dims is not None:
        dims = tuple(dims)
        if ord is not None and len(dims) not in (1, 2):
            raise ArgumentError(
                f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}"
            )
    elif ord is not None and A.ndim not in (1, 2):
        raise ShapeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{A.ndim}D."
        )
    pair = dims is not None and len(dims) == 2
    if ord is not None and (pair or (dims is None and A.ndim == 2)):
        return linalg.matrix_norm(A, ord, dims if pair else (0, 1), keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise ArgumentError(f"linalg.norm: Order {ord} not supported for vectors.")
    return linalg.vector_norm(A, 2 if ord is None else ord, dims, keepdim, dtype=dtype)


@export("linalg")
def cond(A, p=None):
    """Condition number |A| |A^-1| in the norm p.

    By default the ratio of the extreme singular values.

    >>> import flambeau as torch
    >>> torch.linalg.cond(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor(2.)
    """
    if A.ndim < 2:
        raise ShapeError("linalg.cond: The input tensor A must have at least 2 dimensions.")
    if p is None or p in (2, -2):
        s = linalg.svdvals(A)
        return s[..., 0] / s[..., -1] if p != -2 else s[..., -1] / s[..., 0]
    if A.shape[-1] != A.shape[-2]:
        raise ShapeError("linalg.cond(ord): A must be batches of square matrices for this norm")
    try:
        inverse = linalg.inv(A)
    except RuntimeError:
        return A.new_full(A.shape[:-2], math.inf)
    return linalg.matrix_norm(A, p) * linalg.matrix_norm(inverse, p)


@export("linalg")
def matrix_power(A, n):
    """A multiplied by itself n times; the inverse for negative n, the identity for 0.

    >>> import flambeau as torch
    >>> torch.linalg.matrix_power(torch.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ShapeError(
            f"linalg.matrix_power: A must be batches of square matrices, got {tuple(A.shape)}"
        )
    if n < 0:
        return linalg.matrix_power(linalg.inv(A), -n)
    if n == 0:
        return torch.eye(A.shape[-1], dtype=A.dtype, device=A.device).expand(A.shape).clone()
    result, square = None, A
    while n:
        if n & 1:
            result = square if result is None else torch.matmul(result, square)
        n >>= 1
        if n:
            square = torch.matmul(square, square)
    return result.clone() if result is A else result


@export("torch method", name="matrix_power")
def _matrix_power(input, n):
    """A matrix to an integer power; see ``linalg.matrix_power``."""
    return linalg.matrix_power(input, n)


@export("linalg")
def multi_dot(tensors):
    """Product of several matrices in the order that costs least; the ends may be vectors.

    >>> import flambeau as torch
    >>> torch.linalg.multi_dot([torch.ones(1, 2), torch.ones(2, 3), torch.ones(3, 1)])
    tensor([[6.]])
    """
    tensors = list(tensors)
    if len(tensors) < 2:
        raise ArgumentError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    row, column = tensors[0].ndim == 1, tensors[-1].ndim == 1
    if row:
        tensors[0] = tensors[0].unsqueeze(0)
    if column:
        tensors[-1] = tensors[-1].unsqueeze(-1)
    for i, t in enumerate(tensors):
        if t.ndim != 2:
            raise ShapeError(f"multi_dot(): tensor {i} must be 2D but got {t.ndim}D")
    y = _in_best_order(tensors)
    if row:
        y = y.squeeze(0)
    return y.squeeze(-1) if column else y


def _in_best_order(tensors):
    """Dynamic programming over where the last product is taken."""
    sizes = [tensors[0].shape[0]] + [t.shape[1] for t in tensors]
    cost, cut = {}, {}
    n = len(tensors)
    for length in range(1, n + 1):
        for i in range(n - length + 1):
            j = i + length
            options = [
                (cost[i, k] + cost[k, j] + sizes[i] * sizes[k] * sizes[j], k)
                for k in range(i + 1, j)
            ]
            cost[i, j], cut[i, j] = min(options) if options else (0, None)

    def product(i, j):
        if j - i == 1:
            return tensors[i]
        return torch.mm(product(i, cut[i, j]), product(cut[i, j], j))

    return product(0, n)


@export("torch method linalg")
def matrix_exp(A):
    """Matrix exponential, I + A + A^2 / 2! + ..., by halving A until it is small and squaring back.

    >>> import flambeau as torch
    >>> torch.matrix_exp(torch.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ShapeError(
            f"linalg.matrix_exp: A must be batches of square matrices, got {tuple(A.shape)}"
        )
    if not A.is_floating_point():
        raise DTypeError(
            f"linalg.matrix_exp: Expected a floating point tensor as input. Got {A.dtype}"
        )
    eye = torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)
    if A.numel() == 0:
        return A.clone()
    largest = float(linalg.matrix_norm(A.detach(), 1).max())
    halvings = math.ceil(math.log2(largest / 0.5)) if 0.5 < largest < math.inf else 0
    small = A / 2.0**halvings
    y = eye + small / 17
    for k in range(16, 0, -1):
        y = eye + torch.matmul(small, y) / k
    for _ in range(halvings):
        y = torch.matmul(y, y)
    return y


@export("linalg")
def vecdot(x, y, *, dim=-1):
    """Inner products along ``dim``.

    >>> import flambeau as torch
    >>> torch.linalg.vecdot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    return (x.conj() * y if x.is_complex() else x * y).sum(dim)


@export("linalg")
def diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonal of matrices.

    >>> import flambeau as torch
    >>> torch.linalg.diagonal(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([1., 4.])
    """
    return torch.diagonal(A, offset, dim1, dim2)
