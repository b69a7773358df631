"""Linear algebra with named results, and what is built from factorisations."""

from __future__ import annotations

import math

from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.ops.registry import canonical_dim
from flambeau.tensor.api import export, linalg, torch
from flambeau.tensor.namespace import xp

from .return_types import return_type


@export("linalg")
def slogdet(A):
    """Sign of the determinant and logarithm of its size.

    >>> import flambeau as torch
    >>> torch.linalg.slogdet(torch.tensor([[2.0, 0.0], [0.0, -4.0]]))
    """
    return return_type("linalg_slogdet", "sign", "logabsdet")(*xp.slogdet(A))


@export("torch method", name="slogdet")
def _slogdet(input):
    """Sign of the determinant and logarithm of its size; see ``linalg.slogdet``."""
    return return_type("slogdet", "sign", "logabsdet")(*xp.slogdet(input))


@export("torch method")
def logdet(input):
    """Logarithm of the determinant: NaN where that is negative, -inf where it is 0.

    >>> import flambeau as torch
    >>> torch.logdet(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    """
    sign, size = xp.slogdet(input)
    return torch.where(sign == -1.0, float("nan"), size)


@export("torch method")
def inverse(input):
    """Inverse of a square matrix; see ``linalg.inv``.

    >>> import flambeau as torch
    >>> torch.inverse(torch.tensor([[4.0]]))
    """
    return linalg.inv(input)


@export("torch method")
def pinverse(input, rcond=1e-15):
    """Pseudo-inverse; see ``linalg.pinv``."""
    return linalg.pinv(input, rcond)


@export("linalg")
def cholesky(A, *, upper=False):
    """Lower triangular L with A = L L^T for symmetric positive definite A (or upper, U^T U).

    Shape:  (*, N, N) -> (*, N, N)
    Raises: RuntimeError if A is not positive definite.

    >>> import flambeau as torch
    >>> torch.linalg.cholesky(torch.tensor([[4.0, 0.0], [0.0, 9.0]]))
    """
    return xp.cholesky_factor(A, upper=bool(upper))


@export("torch method", name="cholesky")
def _cholesky(input, upper=False):
    """Cholesky's factor; see ``linalg.cholesky``."""
    return xp.cholesky_factor(input, upper=bool(upper))


@export("torch method")
def cholesky_solve(input, L, upper=False):
    """X with A X = input, given Cholesky's factor L of A.

    >>> import flambeau as torch
    >>> torch.cholesky_solve(torch.tensor([[8.0]]), torch.tensor([[2.0]]))
    """
    for name, x in (("b", input), ("u", L)):
        if x.ndim < 2:
            raise ShapeError(f"{name} should have at least 2 dimensions, but has {x.ndim}")
    factor = L.mT if upper else L
    y = linalg.solve_triangular(factor, input, upper=False)
    return linalg.solve_triangular(factor.mT, y, upper=True)


@export("torch method")
def cholesky_inverse(L, upper=False):
    """Inverse of A, given Cholesky's factor L of A.

    >>> import flambeau as torch
    >>> torch.cholesky_inverse(torch.tensor([[2.0]]))
    """
    eye = torch.eye(L.shape[-1], dtype=L.dtype).expand(L.shape)
    return torch.cholesky_solve(eye, L, upper)


@export("linalg")
def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    """X with A X = B (X A = B where not ``left``) for triangular A; the other triangle is not read.

    Args: upper: which triangle A has; unitriangular: its diagonal is ones and is not read.

    >>> import flambeau as torch
    >>> torch.linalg.solve_triangular(torch.tensor([[2.0]]), torch.tensor([[6.0]]), upper=True)
    """
    return xp.solve_triangular(
        A, B, upper=bool(upper), left=bool(left), unitriangular=bool(unitriangular)
    )


@export("torch method")
def triangular_solve(input, A, upper=True, transpose=False, unitriangular=False):
    """X with A X = input for triangular A, and a copy of A; see ``linalg.solve_triangular``.

    >>> import flambeau as torch
    >>> torch.triangular_solve(torch.tensor([[6.0]]), torch.tensor([[2.0]])).solution
    """
    factor = A.mT if transpose else A
    x = linalg.solve_triangular(
        factor, input, upper=upper != transpose, unitriangular=unitriangular
    )
    return return_type("triangular_solve", "solution", "cloned_coefficient")(x, A.clone())


@export("linalg")
def eigh(A, UPLO="L"):
    """Eigenvalues (ascending) and eigenvectors (columns) of symmetric matrices, of which one triangle is read.

    >>> import flambeau as torch
    >>> torch.linalg.eigh(torch.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    """
    values, vectors = _symmetric(A, UPLO)
    return return_type("linalg_eigh", "eigenvalues", "eigenvectors")(values, vectors)


@export("linalg")
def eigvalsh(A, UPLO="L"):
    """Eigenvalues of symmetric matrices, ascending.

    >>> import flambeau as torch
    >>> torch.linalg.eigvalsh(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
    """
    return _symmetric(A, UPLO)[0]


def _symmetric(A, UPLO):
    if str(UPLO).upper() not in ("L", "U"):
        raise ArgumentError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return xp.eigh(A, UPLO=str(UPLO).upper())


@export("linalg")
def eig(A):
    """Complex eigenvalues and eigenvectors of square matrices; no gradient.

    >>> import flambeau as torch
    >>> torch.linalg.eig(torch.tensor([[2.0]])).eigenvalues
    """
    return return_type("linalg_eig", "eigenvalues", "eigenvectors")(*xp.eig(A))


@export("linalg")
def eigvals(A):
    """Complex eigenvalues of square matrices; no gradient.

    >>> import flambeau as torch
    >>> torch.linalg.eigvals(torch.tensor([[2.0]]))
    """
    return xp.eig(A)[0]


@export("linalg")
def svd(A, full_matrices=True, *, driver=None):
    """Singular values: A = U diag(S) Vh, S descending; the gradient needs distinct singular values.

    Shape: (*, M, N) -> (*, M, M), (*, K), (*, N, N) with K = min(M, N), or (*, M, K), (*, K), (*, K, N) if not full_matrices

    >>> import flambeau as torch
    >>> torch.linalg.svd(torch.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    """
    return return_type("linalg_svd", "U", "S", "Vh")(*xp.svd(A, full_matrices=bool(full_matrices)))


@export("torch method", name="svd")
def _svd(input, some=True, compute_uv=True):
    """Singular values: input = U diag(S) V^T, with V and not its transpose; see ``linalg.svd``."""
    U, S, Vh = xp.svd(input, full_matrices=not some)
    return return_type("svd", "U", "S", "V")(U, S, Vh.mT)


@export("linalg")
def svdvals(A, *, driver=None):
    """Singular values, descending.

    >>> import flambeau as torch
    >>> torch.linalg.svdvals(torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
    """
    return xp.svd(A, full_matrices=False)[1]


@export("linalg")
def qr(A, mode="reduced"):
    """Q with orthonormal columns and upper triangular R, A = Q R.

    Args: mode: "reduced" (Q is M x K), "complete" (M x M), or "r" (Q is empty).

    >>> import flambeau as torch
    >>> torch.linalg.qr(torch.tensor([[2.0, 0.0], [0.0, 3.0]])).R.abs()
    """
    return return_type("linalg_qr", "Q", "R")(*xp.qr(A, mode=mode))


@export("torch method", name="qr")
def _qr(input, some=True):
    """Q and R; see ``linalg.qr``."""
    return return_type("qr", "Q", "R")(*xp.qr(input, mode="reduced" if some else "complete"))


@export("linalg")
def pinv(A, rcond=None, hermitian=False, *, atol=None, rtol=None):
    """Moore and Penrose's pseudo-inverse; singular values up to max(atol, rtol * largest) count as 0.

    Shape: (*, M, N) -> (*, N, M)

    >>> import flambeau as torch
    >>> torch.linalg.pinv(torch.tensor([[2.0], [0.0]]))
    """
    return xp.pseudo_inverse(A, atol, rcond if rtol is None else rtol, hermitian=bool(hermitian))


def _epsilon(x) -> float:
    """Distance of 1 from the next number of this dtype."""
    return 2.0 ** -(52 if x.dtype.to_real() == torch.float64 else 23)


@export("linalg")
def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None):
    """How many singular values are above max(atol, rtol * largest).

    >>> import flambeau as torch
    >>> torch.linalg.matrix_rank(torch.tensor([[1.0, 2.0], [2.0, 4.0]]))
    """
    A = A.detach()
    if A.ndim < 2:
        raise ShapeError("linalg.matrix_rank: The input tensor A must have at least 2 dimensions.")
    s = linalg.eigvalsh(A).abs() if hermitian else linalg.svdvals(A)
    if s.shape[-1] == 0:
        return torch.zeros(s.shape[:-1], dtype=torch.int64)
    if tol is not None:
        atol, rtol = tol, 0.0
    if rtol is None:
        absolute = atol is not None and bool((torch.as_tensor(atol) > 0).any())
        rtol = 0.0 if absolute else max(A.shape[-2:]) * _epsilon(A)
    limit = s.amax(-1) * rtol
    if atol is not None:
        limit = torch.maximum(limit, torch.as_tensor(atol, dtype=limit.dtype))
    return (s > limit.unsqueeze(-1)).sum(-1)


@export("linalg")
def lstsq(A, B, rcond=None, *, driver=None):
    """X that makes |A X - B| least, with the smallest X where several do.

    Returns the solution, the residuals (of full-rank systems with more rows than columns), the rank, and the
    singular values (of the drivers "gelsd" and "gelss").

    >>> import flambeau as torch
    >>> torch.linalg.lstsq(torch.tensor([[1.0], [1.0]]), torch.tensor([[1.0], [3.0]])).solution
    """
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise ArgumentError(
            "torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )
    if A.ndim < 2:
        raise ShapeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    if B.ndim < 1:
        raise ShapeError("torch.linalg.lstsq: other must have at least 1 dimension.")
    vector = A.ndim - 1 == B.ndim and B.shape == A.shape[:-1]
    right = B.unsqueeze(-1) if vector else B
    if right.ndim < 2 or right.shape[-2] != A.shape[-2]:
        raise ShapeError("torch.linalg.lstsq: input.size(-2) should match other.size(-2)")
    x = torch.matmul(linalg.pinv(A, rtol=rcond), right)
    empty = torch.zeros(0, dtype=A.dtype)
    rank, values, residuals = torch.zeros(0, dtype=torch.int64), empty, empty
    if driver != "gels":
        rank = linalg.matrix_rank(A, rtol=rcond)
    if driver in ("gelsd", "gelss"):
        values = linalg.svdvals(A.detach())
    full = driver == "gels" or bool((rank == A.shape[-1]).all())
    if A.shape[-2] > A.shape[-1] and full and driver not in (None, "gelsy"):
        residuals = torch.square(torch.matmul(A, x) - right).sum(-2)
    fields = ("solution", "residuals", "rank", "singular_values")
    x = x.squeeze(-1) if vector else x
    return return_type("linalg_lstsq", *fields)(x, residuals, rank, values)


@export("linalg")
def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """Norm of matrices: "fro", "nuc" (sum of singular values), 1, -1, inf, -inf (sums of columns or rows), 2, -2.

    >>> import flambeau as torch
    >>> torch.linalg.matrix_norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]]), "nuc")
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
            f"linalg.matrix_norm: Expected a floating point or complex tensor as input. Got {A.dtype}"
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
    """Vector norm (dim is an int, or ord is absent) or matrix norm (dim is a pair, or a matrix with ord).

    >>> import flambeau as torch
    >>> torch.linalg.norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]]), 2), torch.linalg.norm(torch.tensor([3.0, 4.0]))
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
    """Condition number |A| |A^-1| in the norm p; by default the ratio of the extreme singular values.

    >>> import flambeau as torch
    >>> torch.linalg.cond(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
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
        return torch.full(A.shape[:-2], math.inf, dtype=A.dtype)
    return linalg.matrix_norm(A, p) * linalg.matrix_norm(inverse, p)


@export("linalg")
def matrix_power(A, n):
    """A multiplied by itself n times; the inverse for negative n, the identity for 0.

    >>> import flambeau as torch
    >>> torch.linalg.matrix_power(torch.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    """
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ShapeError(
            f"linalg.matrix_power: A must be batches of square matrices, got {tuple(A.shape)}"
        )
    if n < 0:
        return linalg.matrix_power(linalg.inv(A), -n)
    if n == 0:
        return torch.eye(A.shape[-1], dtype=A.dtype).expand(A.shape).clone()
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
    """
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ShapeError(
            f"linalg.matrix_exp: A must be batches of square matrices, got {tuple(A.shape)}"
        )
    if not A.is_floating_point():
        raise DTypeError(
            f"linalg.matrix_exp: Expected a floating point tensor as input. Got {A.dtype}"
        )
    eye = torch.eye(A.shape[-1], dtype=A.dtype)
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
    """
    return (x.conj() * y if x.is_complex() else x * y).sum(dim)


@export("linalg")
def diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonal of matrices.

    >>> import flambeau as torch
    >>> torch.linalg.diagonal(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    """
    return torch.diagonal(A, offset, dim1, dim2)
