"""Products made of other products: matmul by rank, outer, kron, tensordot, distances."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.ops.registry import canonical_dim
from flambeau.tensor.api import export, linalg, torch
from flambeau.tensor.namespace import xp
from flambeau.tensor.tensor import Tensor


@export("torch method linalg")
def matmul(input, other):
    """Product by rank: inner (1D), matrix (2D), or a batch of matrices, whose leading dimensions
    broadcast.

    Shape: (*, N, K), (*, K, M) -> (*, N, M); a 1D operand stands for a row (left) or a column
           (right).

    >>> import flambeau as torch
    >>> a = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> torch.matmul(a, a), a @ torch.tensor([1.0, 1.0])
    (tensor([[ 7., 10.],
            [15., 22.]]), tensor([3., 7.]))
    """
    ranks = input.ndim, other.ndim
    if ranks == (2, 2):
        return torch.mm(input, other)
    if ranks == (2, 1):
        return torch.mv(input, other)
    if ranks == (1, 1):
        return torch.dot(input, other)
    if ranks == (1, 2):
        return torch.mm(input.unsqueeze(0), other).squeeze(0)
    return xp.matmul(input, other)


@export("torch method", aliases=("ger",))
def outer(input, vec2):
    """Outer product, y_ij = input_i vec2_j.

    >>> import flambeau as torch
    >>> torch.outer(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    if input.ndim != 1 or vec2.ndim != 1:
        raise ShapeError(f"outer: Expected 1-D arguments, but got {input.ndim}-D and {vec2.ndim}-D")
    return input.unsqueeze(1) * vec2


@export("torch method")
def inner(input, other):
    """Inner products over the last dimension of both.

    >>> import flambeau as torch
    >>> torch.inner(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    if input.ndim == 0 or other.ndim == 0:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise ShapeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    return torch.tensordot(input, other, dims=([-1], [-1]))


@export("torch method inplace")
def addr(input, vec1, vec2, *, beta=1, alpha=1):
    """y = beta * input + alpha * outer(vec1, vec2).

    >>> import flambeau as torch
    >>> torch.addr(torch.ones(1), torch.tensor([1.0, 2.0]), torch.tensor([3.0]))
    tensor([[4.],
            [7.]])
    """
    return _blend(input, torch.outer(vec1, vec2), beta, alpha)


def _blend(input, y, beta, alpha):
    """beta * input + alpha * y; where beta is 0 the input does not matter, be it NaN."""
    if not (y.is_floating_point() or y.is_complex()):
        alpha, beta = int(alpha), int(beta)
    if not (y.is_floating_point() or y.is_complex()):
        beta, alpha = int(beta), int(alpha)
    y = y if alpha == 1 else (y * alpha).to(y.dtype)
    if input.ndim > y.ndim or torch.broadcast_shapes(input.shape, y.shape) != y.shape:
        raise ShapeError(
            f"input of shape {tuple(input.shape)} does not broadcast to the product's shape "
            f"{tuple(y.shape)}"
        )
    if beta == 0:
        return y
    return (input if beta == 1 else (input * beta).to(input.dtype)) + y


@export("torch method inplace")
def addbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """y = beta * input + alpha * (sum over the batch of batch1_b batch2_b).

    >>> import flambeau as torch
    >>> torch.addbmm(torch.zeros(1), torch.ones(2, 1, 3), torch.ones(2, 3, 1))
    tensor([[6.]])
    """
    return _blend(input, torch.bmm(batch1, batch2).sum(0, dtype=batch1.dtype), beta, alpha)


@export("torch method")
def kron(input, other):
    """Kronecker product: every element of input times the whole of other.

    >>> import flambeau as torch
    >>> torch.kron(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0]))
    tensor([ 1., 10.,  2., 20.])
    """
    rank = input.ndim if input.ndim > other.ndim else other.ndim
    a = (1,) * (rank - input.ndim) + tuple(input.shape)
    b = (1,) * (rank - other.ndim) + tuple(other.shape)
    wide = input.reshape([n for pair in zip(a, (1,) * rank) for n in pair])
    other = other.reshape([n for pair in zip((1,) * rank, b) for n in pair])
    return (wide * other).reshape([m * n for m, n in zip(a, b)])


@export("torch")
def tensordot(a, b, dims=2):
    """Sum over pairs of dimensions: the last ``dims`` of a with the first of b, or two lists of
    dimensions.

    >>> import flambeau as torch
    >>> torch.tensordot(torch.ones(2, 3), torch.ones(3, 4), dims=1).shape
    torch.Size([2, 4])
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise ArgumentError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > a.ndim or dims > b.ndim:
            raise ArgumentError(
                f"tensordot expects dims <= the number of dimensions of both, but got dims={dims} "
                f"for {a.ndim} and {b.ndim}"
            )
        dims = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    mine, other = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(mine) != len(other):
        raise ArgumentError("both dimension lists should have same length")
    mine = [canonical_dim(d, a.ndim) for d in mine]
    other = [canonical_dim(d, b.ndim) for d in other]
    for i, j in zip(mine, other):
        if a.shape[i] == 1:
            b = b.sum(j, keepdim=True, dtype=b.dtype)
        elif b.shape[j] == 1:
            a = a.sum(i, keepdim=True, dtype=a.dtype)
        if a.shape[i] != b.shape[j]:
            raise ShapeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {i} "
                f"and second has size {b.shape[j]} in dim {j}"
            )
    free_a = [i for i in range(a.ndim) if i not in mine]
    free_b = [j for j in range(b.ndim) if j not in other]
    inner_size = 1
    for i in mine:
        inner_size *= a.shape[i]
    left = a.permute(free_a + mine).reshape(_size(a, free_a), inner_size)
    right = b.permute(other + free_b).reshape(inner_size, _size(b, free_b))
    y = torch.mm(left, right)
    return y.reshape([a.shape[i] for i in free_a] + [b.shape[j] for j in free_b])


def _size(x, axes) -> int:
    n = 1
    for i in axes:
        n *= x.shape[i]
    return n


@export("torch")
def chain_matmul(*matrices):
    """Product of matrices in the cheapest order; see ``linalg.multi_dot``.

    >>> import flambeau as torch
    >>> torch.chain_matmul(torch.ones(1, 2), torch.ones(2, 3), torch.ones(3, 1))
    tensor([[6.]])
    """
    return linalg.multi_dot(matrices) if len(matrices) > 1 else matrices[0].clone()


@export("torch method")
def trace(input):
    """Sum of the diagonal of a matrix.

    >>> import flambeau as torch
    >>> torch.trace(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    if input.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return input.diagonal().sum()


@export("torch method")
def vdot(input, other):
    """Inner product of two vectors, the first conjugated.

    >>> import flambeau as torch
    >>> torch.vdot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    return torch.dot(input.conj() if input.is_complex() else input, other)


@export("torch method")
def cross(input, other, dim=None):
    """Cross product of 3-vectors along ``dim``, by default the first dimension of size 3.

    >>> import flambeau as torch
    >>> torch.cross(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), dim=0)
    tensor([0., 0., 1.])
    """
    if dim is None:
        shape = torch.broadcast_shapes(input.shape, other.shape)
        dim = next((i - len(shape) for i, n in enumerate(shape) if n == 3), None)
        if dim is None:
            raise ShapeError("no dimension of size 3 in input: name it with dim=")
    return linalg.cross(input, other, dim=dim)


@export("linalg", name="cross")
def _linalg_cross(input, other, *, dim=-1):
    """Cross product of 3-vectors along ``dim``.

    >>> import flambeau as torch
    >>> torch.linalg.cross(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    if input.ndim != other.ndim:
        raise ShapeError(
            f"linalg.cross: inputs must have the same number of dimensions, but got {input.ndim} "
            f"and {other.ndim}"
        )
    dim = canonical_dim(dim, input.ndim)
    if input.shape[dim] != 3 or other.shape[dim] != 3:
        raise ShapeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[dim]} and "
            f"{other.shape[dim]}"
        )
    a, b = input.unbind(dim), other.unbind(dim)
    parts = [a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)]
    return torch.stack(torch.broadcast_tensors(*parts), dim - input.ndim)


@export("torch")
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """p-norm distance of every row of x1 from every row of x2.

    Its gradient is 0 where they coincide.

    Shape: (*, N, D), (*, M, D) -> (*, N, M)

    >>> import flambeau as torch
    >>> torch.cdist(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    for name, x in (("X1", x1), ("X2", x2)):
        if x.ndim < 2:
            raise ShapeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
        if not x.is_floating_point():
            raise ArgumentError(f"cdist only supports floating-point dtypes, {name} got: {x.dtype}")
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    if p < 0:
        raise ArgumentError(f"cdist only supports non-negative p values, got {p}")
    modes = (
        "use_mm_for_euclid_dist_if_necessary",
        "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist",
    )
    if compute_mode not in modes:
        raise ArgumentError(f"{compute_mode} is not a valid value for compute_mode: use {modes}")
    large = x1.shape[-2] > 25 or x2.shape[-2] > 25
    if p == 2:
        by_product = compute_mode == modes[1] or (large and compute_mode == modes[0])
        return xp.euclidean_pairs(x1, x2, by_product=by_product)
    return linalg.vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), float(p), -1)
