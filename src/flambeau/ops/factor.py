"""Factorisations of matrices: eigenvalues, singular values, QR; and norms of vectors."""

from __future__ import annotations

import math

from flambeau.core.dtypes import from_numpy_dtype, to_numpy_dtype
from flambeau.core.errors import ArgumentError, DTypeError

from .inverse import attempt, check_matrices, check_square, transposed
from .reduce import axis_of, kept
from .registry import REDUCE, STOPS, canonical_dims, op

FAILED = "The algorithm failed to converge because the input matrix is ill-conditioned."
COMPLEX = STOPS("its outputs are complex")


def _skew(xp, x):
    return x - transposed(xp, x)


def _gaps(xp, values):
    """values_j - values_i for column j and row i, and infinity on the diagonal."""
    gaps = xp.expand_dims(values, -2) - xp.expand_dims(values, -1)
    n = values.shape[-1]
    return xp.where(xp.eye(n, dtype=values.dtype) == 1, float("inf"), gaps)


@op(node="LinalgEigh")
def eigh(xp, A, *, UPLO="L"):
    """Eigenvalues in ascending order and eigenvectors of symmetric matrices, from one triangle."""
    check_square("linalg.eigh", A)
    return tuple(attempt(xp, "eigh", FAILED, xp.linalg.eigh, A, UPLO))


def _eigh_rule(xp, g, y):
    """Q (diag(gL) + skew(Q^T gQ) / 2 / (L_j - L_i)) Q^T, a symmetric matrix."""
    (gL, gQ), (L, Q) = g, y
    Qt = transposed(xp, Q)
    middle = 0 if gQ is None else _skew(xp, xp.matmul(Qt, gQ)) / (2 * _gaps(xp, L))
    if gL is not None:
        middle = middle + xp.expand_dims(gL, -2) * xp.eye(L.shape[-1], dtype=L.dtype)
    return xp.matmul(Q, xp.matmul(middle, Qt))


eigh.vjp(A=_eigh_rule)
eigh.shape(lambda A, UPLO="L": (A[:-1], A))
eigh.dtypes("real", "same")


@op(node="LinalgEig")
def eig(xp, A):
    """Complex eigenvalues and eigenvectors of square matrices."""
    check_square("linalg.eig", A)
    wide = xp.complex64 if A.dtype.itemsize == 4 else xp.complex128
    wide = A.dtype if A.dtype.kind == "c" else xp.dtype(wide)
    L, V = attempt(xp, "eig", FAILED, xp.linalg.eig, A)
    return L.astype(wide), V.astype(wide)


eig.vjp(A=COMPLEX)
eig.shape(lambda A: (A[:-1], A))
eig.dtypes("complex")


@op(node="LinalgSvd")
def svd(xp, A, *, full_matrices=True):
    """U, S, Vh with A = U diag(S) Vh, S in descending order."""
    check_matrices("linalg.svd", A)
    return tuple(attempt(xp, "svd", FAILED, xp.linalg.svd, A, full_matrices))


def _svd_rule(xp, g, y):
    """U ((skew(U^T gU) / E) S + S (skew(V^T gV) / E) + diag(gS)) V^T, E_ij = s_j^2 - s_i^2, and
    what leaves the ranges.
    """
    (gU, gS, gVh), (U, S, Vh) = g, y
    k = S.shape[-1]
    U, V = U[..., :k], transposed(xp, Vh)[..., :k]
    E = _gaps(xp, S * S)
    row = xp.expand_dims(S, -2)
    middle = 0 if gS is None else xp.expand_dims(gS, -2) * xp.eye(k, dtype=S.dtype)
    outside = 0
    if gU is not None:
        gU = gU[..., :k]
        inside = xp.matmul(transposed(xp, U), gU)
        middle = middle + (_skew(xp, inside) / E) * row
        if U.shape[-2] > k:
            rest = (gU - xp.matmul(U, inside)) / row
            outside = outside + xp.matmul(rest, transposed(xp, V))
    if gVh is not None:
        gV = transposed(xp, gVh)[..., :k]
        inside = xp.matmul(transposed(xp, V), gV)
        middle = middle + xp.expand_dims(S, -1) * (_skew(xp, inside) / E)
        if V.shape[-2] > k:
            rest = (gV - xp.matmul(V, inside)) / row
            outside = outside + xp.matmul(U, transposed(xp, rest))
    return xp.matmul(U, xp.matmul(middle, transposed(xp, V))) + outside


svd.vjp(A=_svd_rule)


@svd.shape
def _(A, full_matrices=True):
    (m, n), k = A[-2:], min(A[-2:])
    left, right = (m, n) if full_matrices else (k, k)
    return A[:-2] + (m, left), A[:-2] + (k,), A[:-2] + (right, n)


svd.dtypes("same", "real", "same")


@op(node="LinalgQr")
def qr(xp, A, *, mode="reduced"):
    """Q with orthonormal columns and upper triangular R, A = Q R."""
    check_matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), "
            "'r', or 'complete'"
        )
    if mode == "r":
        return xp.zeros((0,), A.dtype), xp.linalg.qr(A, "r")
    return tuple(xp.linalg.qr(A, mode))


def _qr_rule(xp, g, y, A, mode):
    (gQ, gR), (Q, R) = g, y
    m, n = A.shape[-2:]
    if mode == "r" or (mode == "complete" and m > n):
        raise ArgumentError(
            f"The QR decomposition is not differentiable when mode='{mode}'"
            + ("" if mode == "r" else " and nrows > ncols")
            + ": use mode='reduced'"
        )
    gQ = xp.zeros_like(Q) if gQ is None else gQ
    gR = xp.zeros_like(R) if gR is None else gR
    if m >= n:
        return _square_qr(xp, gQ, gR, Q, R)
    # The columns beyond the square part are R2 = Q^T A2, linear in A2.
    gR2 = gR[..., m:]
    gQ = gQ + xp.matmul(A[..., m:], transposed(xp, gR2))
    first = _square_qr(xp, gQ, gR[..., :m], Q, R[..., :m])
    return xp.concatenate([first, xp.matmul(Q, gR2)], axis=-1)


def _square_qr(xp, gQ, gR, Q, R):
    """(gQ + Q sym(triu(gR R^T - Q^T gQ))) R^-T, sym mirroring the triangle below the diagonal."""
    M = xp.matmul(gR, transposed(xp, R)) - xp.matmul(transposed(xp, Q), gQ)
    M = xp.triu(M) + transposed(xp, xp.triu(M, 1))
    return transposed(xp, xp.linalg.solve(R, transposed(xp, gQ + xp.matmul(Q, M))))


qr.vjp(A=_qr_rule)


@qr.shape
def _(A, mode="reduced"):
    (m, n), k = A[-2:], min(A[-2:])
    if mode == "r":
        return (0,), A[:-2] + (k, n)
    k = m if mode == "complete" else k
    return A[:-2] + (m, k), A[:-2] + (k, n)


@op(kind=REDUCE, where="linalg", node="LinalgVectorNorm")
def vector_norm(xp, x, *, ord=2.0, dim=None, keepdim=False, dtype=None):
    """p-norm, (sum |x|^p)^(1/p), over all elements or over the dimensions ``dim``.

    Args: ord: p; inf and -inf are the largest and the smallest size, 0 counts what is not zero. The
          gradient at 0 is 0.

    >>> import flambeau as torch
    >>> torch.linalg.vector_norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    if dtype is not None:
        x = x.astype(dtype)
    if x.dtype.kind in "biu":
        raise DTypeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{from_numpy_dtype(x.dtype)}: convert it, x.float()"
        )
    if x.dtype.itemsize == 2:
        return _norm(xp, x.astype(xp.float32), ord, dim, keepdim).astype(x.dtype)
    return _norm(xp, x, ord, dim, keepdim)


def _norm(xp, x, ord, dim, keepdim):
    axis = axis_of(dim, x.ndim)
    if ord == 2 and axis is None and x.dtype.kind == "f":
        flat = x.reshape(-1)
        y = xp.asarray(xp.sqrt(xp.dot(flat, flat)))
        return y.reshape((1,) * x.ndim) if keepdim else y
    size = xp.abs(x)
    if ord == 2:
        y = xp.sqrt(xp.add.reduce(size * size, axis=axis, keepdims=keepdim))
    elif ord == 1:
        y = xp.add.reduce(size, axis=axis, keepdims=keepdim)
    elif ord == 0:
        y = xp.sum(x != 0, axis=axis, keepdims=keepdim).astype(size.dtype)
    elif ord in (math.inf, -math.inf):
        _check_extreme(x, dim)
        y = (xp.max if ord > 0 else xp.min)(size, axis=axis, keepdims=keepdim)
    else:
        y = xp.power(xp.add.reduce(xp.power(size, ord), axis=axis, keepdims=keepdim), 1.0 / ord)
    return xp.asarray(y).astype(size.dtype, copy=False)


def _check_extreme(x, dim):
    empty = not x.size if dim is None else any(x.shape[d] == 0 for d in dim if x.ndim)
    if empty:
        raise ArgumentError(
            "linalg.vector_norm cannot compute the infinity norm on an empty dimension, because "
            "the operation does not have an identity"
        )


@vector_norm.args
def _(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    if not isinstance(ord, (int, float)):
        raise TypeError(f"linalg.vector_norm(): argument 'ord' must be a number, not {ord!r}")
    return (x,), {
        "ord": float(ord),
        "dim": canonical_dims(dim, x.ndim),
        "keepdim": bool(keepdim),
        "dtype": None if dtype is None else to_numpy_dtype(dtype),
    }


def _norm_rule(xp, g, y, x, ord, dim, keepdim):
    g, y = kept(xp, g, x.shape, dim, keepdim), kept(xp, y, x.shape, dim, keepdim)
    if ord == 0:
        return xp.zeros_like(x)
    if ord == 1:
        return g * xp.sign(x)
    if ord in (math.inf, -math.inf):
        mask = xp.astype(xp.logical_or(xp.abs(x) == y, xp.isnan(y)), x.dtype)
        axes = tuple(range(len(x.shape))) if dim is None else dim
        ties = xp.sum(mask, axis=axes, keepdims=True) if x.shape else mask
        return xp.sign(x) * mask * (g / ties)
    zero = y == 0
    y = xp.where(zero, 1, y)
    if ord == 2:
        return x * xp.where(zero, 0, g / y)
    if ord > 2:
        return x * xp.power(xp.abs(x) / y, ord - 2) * xp.where(zero, 0, g / y)
    # |x|^(p - 1) is infinite at 0 for p < 1; the gradient there is taken to be 0.
    size = xp.where(x == 0, 1, xp.abs(x))
    return xp.sign(x) * xp.power(size, ord - 1) * xp.where(zero, 0, g * xp.power(y, 1 - ord))


vector_norm.vjp(x=_norm_rule)
