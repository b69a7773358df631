"""Linear algebra with named results, and what is built from factorisations."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.ops.inverse import LinAlgError
from flambeau.tensor.api import export, linalg, torch
from flambeau.tensor.namespace import xp

from .return_types import return_type

linalg.LinAlgError = LinAlgError


@export("linalg")
def slogdet(A):
    """Sign of the determinant and logarithm of its size.

    >>> import flambeau as torch
    >>> torch.linalg.slogdet(torch.tensor([[2.0, 0.0], [0.0, -4.0]]))
    torch.return_types.linalg_slogdet(
    sign=tensor(-1.),
    logabsdet=tensor(2.0794))
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
    tensor(2.0794)
    """
    sign, size = xp.slogdet(input)
    return torch.where(sign == -1.0, float("nan"), size)


@export("torch method")
def inverse(input):
    """Inverse of a square matrix; see ``linalg.inv``.

    >>> import flambeau as torch
    >>> torch.inverse(torch.tensor([[4.0]]))
    tensor([[0.2500]])
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
    tensor([[2., 0.],
            [0., 3.]])
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
    tensor([[2.]])
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
    tensor([[0.2500]])
    """
    eye = torch.eye(L.shape[-1], dtype=L.dtype, device=L.device).expand(L.shape)
    return torch.cholesky_solve(eye, L, upper)


@export("linalg")
def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    """X with A X = B (X A = B where not ``left``) for triangular A; the other triangle is not read.

    Args: upper: which triangle A has; unitriangular: its diagonal is ones and is not read.

    >>> import flambeau as torch
    >>> torch.linalg.solve_triangular(torch.tensor([[2.0]]), torch.tensor([[6.0]]), upper=True)
    tensor([[3.]])
    """
    return xp.solve_triangular(
        A, B, upper=bool(upper), left=bool(left), unitriangular=bool(unitriangular)
    )


@export("torch method")
def triangular_solve(input, A, upper=True, transpose=False, unitriangular=False):
    """X with A X = input for triangular A, and a copy of A; see ``linalg.solve_triangular``.

    >>> import flambeau as torch
    >>> torch.triangular_solve(torch.tensor([[6.0]]), torch.tensor([[2.0]])).solution
    tensor([[3.]])
    """
    factor = A.mT if transpose else A
    x = linalg.solve_triangular(
        factor, input, upper=upper != transpose, unitriangular=unitriangular
    )
    return return_type("triangular_solve", "solution", "cloned_coefficient")(x, A.clone())


@export("linalg")
def eigh(A, UPLO="L"):
    """Eigenvalues (ascending) and eigenvectors (columns) of symmetric matrices, of which one
    triangle is read.

    >>> import flambeau as torch
    >>> torch.linalg.eigh(torch.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    values, vectors = _symmetric(A, UPLO)
    return return_type("linalg_eigh", "eigenvalues", "eigenvectors")(values, vectors)


@export("linalg")
def eigvalsh(A, UPLO="L"):
    """Eigenvalues of symmetric matrices, ascending.

    >>> import flambeau as torch
    >>> torch.linalg.eigvalsh(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor([1., 2.])
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
    tensor([2.+0.j])
    """
    return return_type("linalg_eig", "eigenvalues", "eigenvectors")(*xp.eig(A))


@export("linalg")
def eigvals(A):
    """Complex eigenvalues of square matrices; no gradient.

    >>> import flambeau as torch
    >>> torch.linalg.eigvals(torch.tensor([[2.0]]))
    tensor([2.+0.j])
    """
    return xp.eig(A)[0]


@export("linalg")
def svd(A, full_matrices=True, *, driver=None):
    """Singular values: A = U diag(S) Vh, S descending; the gradient needs distinct singular values.

    Shape: (*, M, N) -> (*, M, M), (*, K), (*, N, N) with K = min(M, N), or (*, M, K), (*, K), (*,
           K, N) if not full_matrices

    >>> import flambeau as torch
    >>> torch.linalg.svd(torch.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])
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
    tensor([4., 3.])
    """
    return xp.svd(A, full_matrices=False)[1]


@export("linalg")
def qr(A, mode="reduced"):
    """Q with orthonormal columns and upper triangular R, A = Q R.

    Args: mode: "reduced" (Q is M x K), "complete" (M x M), or "r" (Q is empty).

    >>> import flambeau as torch
    >>> torch.linalg.qr(torch.tensor([[2.0, 0.0], [0.0, 3.0]])).R.abs()
    tensor([[2., 0.],
            [0., 3.]])
    """
    return return_type("linalg_qr", "Q", "R")(*xp.qr(A, mode=mode))


@export("torch method", name="qr")
def _qr(input, some=True):
    """Q and R; see ``linalg.qr``."""
    return return_type("qr", "Q", "R")(*xp.qr(input, mode="reduced" if some else "complete"))


@export("linalg")
def pinv(A, rcond=None, hermitian=False, *, atol=None, rtol=None):
    """Moore and Penrose's pseudo-inverse.

    Singular values up to max(atol, rtol * largest) count as 0.

    Shape: (*, M, N) -> (*, N, M)

    >>> import flambeau as torch
    >>> torch.linalg.pinv(torch.tensor([[2.0], [0.0]]))
    tensor([[0.5000, 0.0000]])
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
    tensor(1)
    """
    A = A.detach()
    if A.ndim < 2:
        raise ShapeError("linalg.matrix_rank: The input tensor A must have at least 2 dimensions.")
    s = linalg.eigvalsh(A).abs() if hermitian else linalg.svdvals(A)
    if s.shape[-1] == 0:
        return s.new_zeros(s.shape[:-1], dtype=torch.int64)
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

    Returns the solution, the residuals (of full-rank systems with more rows than columns), the
    rank, and the
    singular values (of the drivers "gelsd" and "gelss").

    >>> import flambeau as torch
    >>> torch.linalg.lstsq(torch.tensor([[1.0], [1.0]]), torch.tensor([[1.0], [3.0]])).solution
    tensor([[2.0000]])
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
