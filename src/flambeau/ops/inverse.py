"""Linear systems: inverse, solve, determinant, pseudo-inverse, Cholesky's factor."""

from __future__ import annotations

from flambeau.core.dtypes import from_numpy_dtype
from flambeau.core.errors import ArgumentError, DTypeError, FlambeauError, ShapeError

from .registry import STOPS, broadcast_shape, op


class LinAlgError(FlambeauError, RuntimeError):
    """A matrix for which the factorisation or the inverse does not exist."""


def transposed(xp, x):
    return xp.swapaxes(x, -1, -2)


def check_matrices(name, x, what="A"):
    """Refuse what is no floating point matrix or batch of matrices."""
    if x.ndim < 2:
        raise ShapeError(
            f"{name}: The input tensor {what} must have at least 2 dimensions, got {x.ndim}."
        )
    if x.dtype.kind not in "fc":
        raise DTypeError(
            f"{name}: Expected a floating point or complex tensor as input. Got "
            f"{from_numpy_dtype(x.dtype)}: convert it, x.float()"
        )
    if x.dtype.itemsize == 2:
        raise DTypeError(f"{name}: Low precision dtypes not supported. Got {x.dtype.name}")


def check_square(name, x, what="A"):
    check_matrices(name, x, what)
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(
            f"{name}: {what} must be batches of square matrices, but they are {x.shape[-2]} by "
            f"{x.shape[-1]} matrices"
        )


def attempt(xp, name, problem, function, *arguments):
    """Run a factorisation of NumPy's, its failure in our words."""
    try:
        return function(*arguments)
    except xp.linalg.LinAlgError:
        raise LinAlgError(f"linalg.{name}: {problem}") from None


@op(where="linalg", node="LinalgInvEx")
def inv(xp, A):
    """Inverse of a square matrix, or of each of a batch; dA^-1 = -A^-1 dA A^-1.

    Shape:  (*, N, N) -> (*, N, N)
    Raises: RuntimeError if a matrix is singular.

    >>> import flambeau as torch
    >>> torch.linalg.inv(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    check_square("linalg.inv", A)
    return attempt(xp, "inv", "The inversion could not be completed because the input matrix is "
                   "singular.", xp.linalg.inv, A)  # fmt: skip


def _inv_rule(xp, g, y):
    t = transposed(xp, y)
    return -xp.matmul(t, xp.matmul(g, t))


inv.vjp(A=_inv_rule)
inv.shape(lambda A: A)


def is_vector(A_shape, B_shape) -> bool:
    """Whether B is a vector, or a batch of them, by NumPy's old and PyTorch's rule."""
    return len(B_shape) == 1 or (
        len(A_shape) - 1 == len(B_shape) and tuple(B_shape) == tuple(A_shape[:-1])
    )


@op(where="linalg", node="LinalgSolveEx")
def solve(xp, A, B, *, left=True):
    """X with A X = B, or X A = B where not ``left``; gB = A^-T g, gA = -gB X^T.

    Shape:  (*, N, N), (*, N) or (*, N, K) -> as B
    Raises: RuntimeError if a matrix is singular.

    >>> import flambeau as torch
    >>> torch.linalg.solve(torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    check_square("linalg.solve", A)
    if A.dtype != B.dtype:
        raise DTypeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type "
            f"{from_numpy_dtype(A.dtype)} and B of type {from_numpy_dtype(B.dtype)} instead"
        )
    if is_vector(A.shape, B.shape):
        if not left:
            raise ArgumentError(
                "linalg.solve: Vector broadcasting of the left hand side is not supported for "
                "left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)"
            )
        _check_sides(A, B[..., None], left)
        return _solved(xp, A, B[..., None])[..., 0]
    if B.ndim < 2:
        raise ShapeError(f"linalg.solve: B must be a vector or matrices, got {B.ndim}D")
    _check_sides(A, B, left)
    if left:
        return _solved(xp, A, B)
    return transposed(xp, _solved(xp, transposed(xp, A), transposed(xp, B)))


def _check_sides(A, B, left):
    if A.shape[-1] != B.shape[-2 if left else -1]:
        raise ShapeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({A.shape[-2]}x{A.shape[-1]} and "
            f"{B.shape[-2]}x{B.shape[-1]})"
        )


def _solved(xp, A, B):
    problem = "The solver failed because the input matrix is singular."
    batch = broadcast_shape(A.shape[:-2], B.shape[:-2])
    B = xp.broadcast_to(B, batch + B.shape[-2:])
    return attempt(xp, "solve", problem, xp.linalg.solve, A, B)


def _solve_rule(xp, g, y, A, B_shape, left, needs):
    vector = is_vector(A.shape, B_shape)
    if vector:
        g, y = xp.expand_dims(g, -1), xp.expand_dims(y, -1)
    At = transposed(xp, A)
    if left:
        gB = xp.linalg.solve(At, g)
        gA = -xp.matmul(gB, transposed(xp, y))
    else:
        gB = transposed(xp, xp.linalg.solve(A, transposed(xp, g)))
        gA = -xp.matmul(transposed(xp, y), gB)
    return gA, xp.squeeze(gB, -1) if vector else gB


solve.vjp_joint(_solve_rule)


@solve.shape
def _(A, B, left=True):
    if is_vector(A, B):
        return broadcast_shape(A[:-2], B[:-1]) + A[-1:]
    return broadcast_shape(A[:-2], B[:-2]) + B[-2:]


@op(node="LinalgSolveTriangular")
def solve_triangular(xp, A, B, *, upper, left=True, unitriangular=False):
    """X with A X = B (or X A = B), reading only one triangle of A."""
    check_square("linalg.solve_triangular", A)
    check_matrices("linalg.solve_triangular", B, "B")
    if A.dtype != B.dtype:
        raise DTypeError("linalg.solve_triangular: Expected A and B to have the same dtype")
    _check_sides(A, B, left)
    T = triangle(xp, A, upper, unitriangular)
    if left:
        return _solved(xp, T, B)
    return transposed(xp, _solved(xp, transposed(xp, T), transposed(xp, B)))


def triangle(xp, A, upper, unitriangular):
    """The triangle that is read, with ones on its diagonal where that is implied."""
    if unitriangular:
        T = xp.triu(A, 1) if upper else xp.tril(A, -1)
        return T + xp.eye(A.shape[-1], dtype=A.dtype)
    return xp.triu(A) if upper else xp.tril(A)


def _solve_triangular_rule(xp, g, y, A, upper, left, unitriangular, needs):
    flags = {"upper": not upper, "left": left, "unitriangular": unitriangular}
    gB = xp.solve_triangular(transposed(xp, A), g, **flags)
    yt = transposed(xp, y)
    gA = -xp.matmul(gB, yt) if left else -xp.matmul(yt, gB)
    k = int(unitriangular)
    return xp.triu(gA, k) if upper else xp.tril(gA, -k), gB


solve_triangular.vjp_joint(_solve_triangular_rule)
solve_triangular.shape(
    lambda A, B, upper, left=True, unitriangular=False: broadcast_shape(A[:-2], B[:-2]) + B[-2:]
)


def _cofactors(xp, A, y):
    """det(A) A^-T.

    For singular matrices by the singular values, as products of all but one of them.
    """
    if not bool((y == 0).any()):
        return xp.expand_dims(y, (-1, -2)) * transposed(xp, xp.linalg.inv(A))
    U, s, Vh = xp.svd(A, full_matrices=False)
    sign = xp.det(U) * xp.det(Vh)
    n = A.shape[-1]
    others = [
        xp.prod(xp.concatenate([s[..., :i], s[..., i + 1 :]], axis=-1), axis=-1) for i in range(n)
    ]
    scale = xp.stack(others, axis=-1) * xp.expand_dims(sign, -1)
    return xp.matmul(U * xp.expand_dims(scale, -2), Vh)


@op(where="torch method linalg", node="LinalgDet")
def det(xp, A):
    """Determinant; its gradient det(A) A^-T holds for singular matrices too.

    >>> import flambeau as torch
    >>> torch.linalg.det(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    check_square("linalg.det", A)
    return xp.linalg.det(A).astype(A.dtype)


@det.shape
def _(A):
    return A[:-2]


det.vjp(A=lambda xp, g, y, A: xp.expand_dims(g, (-1, -2)) * _cofactors(xp, A, y))


@op(node="LinalgSlogdet")
def slogdet(xp, A):
    """Sign and logarithm of the size of the determinant."""
    check_square("linalg.slogdet", A)
    sign, size = xp.linalg.slogdet(A)
    return xp.asarray(sign), xp.asarray(size)


def _slogdet_rule(xp, g, A):
    if g[1] is None:
        return xp.zeros_like(A)
    return xp.expand_dims(g[1], (-1, -2)) * transposed(xp, xp.linalg.inv(A))


slogdet.vjp(A=_slogdet_rule)
slogdet.shape(lambda A: (A[:-2], A[:-2]))
slogdet.dtypes("same", "real")


@op(node="LinalgCholeskyEx")
def cholesky_factor(xp, A, *, upper=False):
    """L with A = L L^T, or its transpose."""
    check_square("linalg.cholesky", A)
    problem = "The factorization could not be completed because the input is not positive-definite."
    L = attempt(xp, "cholesky", problem, xp.linalg.cholesky, A)
    return xp.conj(transposed(xp, L)) if upper else L


def _cholesky_rule(xp, g, y, upper):
    """gA = sym(L^-T phi(L^T g) L^-1), phi the lower triangle with half of the diagonal."""
    L, g = (transposed(xp, y), transposed(xp, g)) if upper else (y, g)
    P = xp.matmul(transposed(xp, L), g)
    P = (xp.tril(P) + xp.tril(P, -1)) / 2
    Lt = transposed(xp, L)
    S = xp.linalg.solve(Lt, P)
    S = transposed(xp, xp.linalg.solve(Lt, transposed(xp, S)))
    return (S + transposed(xp, S)) / 2


cholesky_factor.vjp(A=_cholesky_rule)
cholesky_factor.shape(lambda A, upper=False: A)


@op(node="LinalgPinv")
def pseudo_inverse(xp, A, atol=None, rtol=None, *, hermitian=False):
    """V s^+ U^T, where singular values up to max(atol, rtol max s) count as zero."""
    check_matrices("linalg.pinv", A)
    if not A.size:
        return xp.zeros((*A.shape[:-2], A.shape[-1], A.shape[-2]), A.dtype)
    if hermitian:
        check_square("linalg.pinv", A)
        s, U = xp.linalg.eigh(A)
        Vh = xp.conj(transposed(xp, U))
    else:
        U, s, Vh = xp.linalg.svd(A, full_matrices=False)
    keep = xp.abs(s) > tolerance(xp, xp.abs(s), A, atol, rtol)[..., None]
    scale = xp.where(keep, 1 / xp.where(keep, s, 1), 0)
    Y = xp.matmul(xp.conj(transposed(xp, Vh)) * scale[..., None, :], xp.conj(transposed(xp, U)))
    return Y.astype(A.dtype, copy=False)


def tolerance(xp, s, A, atol, rtol):
    """max(atol, rtol * largest singular value).

    Rtol is max(m, n) eps unless atol alone is given.
    """
    if rtol is None:
        given = atol is not None and bool(xp.any(xp.asarray(atol) > 0))
        rtol = 0.0 if given else max(A.shape[-2:]) * xp.finfo(A.dtype).eps
    largest = xp.max(s, axis=-1)
    return xp.maximum(0.0 if atol is None else atol, xp.multiply(rtol, largest))


def _pinv_rule(xp, g, y, A):
    """Golub and Pereyra: -P^T g P^T + (I - A P) g^T P P^T + P^T P g^T (I - P A)."""
    Pt, gt = transposed(xp, y), transposed(xp, g)
    first = xp.matmul(gt, xp.matmul(y, Pt))
    second = xp.matmul(xp.matmul(Pt, y), gt)
    first = first - xp.matmul(A, xp.matmul(y, first))
    second = second - xp.matmul(xp.matmul(second, y), A)
    return first + second - xp.matmul(Pt, xp.matmul(g, Pt))


pseudo_inverse.vjp(
    A=_pinv_rule, atol=STOPS("a tolerance selects"), rtol=STOPS("a tolerance selects")
)


@pseudo_inverse.shape
def _(A, atol=None, rtol=None, hermitian=False):
    return A[:-2] + (A[-1], A[-2])
