"""Ready-made parametrizations: orthogonal matrices, weight and spectral normalisation."""

from __future__ import annotations

from flambeau.autograd.modes import no_grad
from flambeau.core import dtypes
from flambeau.nn.module import Module
from flambeau.nn.modules import conv
from flambeau.tensor.api import F, linalg, torch
from flambeau.tensor.tensor import Tensor

from . import parametrize
from .weight_norm import norm_except, normalized

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _tensor(module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


# ------------------------------------------------------------------------------------ orthogonal


def _eye(n, like):
    return torch.eye(n, dtype=like.dtype, device=like.device)


def _make_orthogonal(a):
    """The orthogonal factor of ``a``, signed so that it depends on ``a`` continuously."""
    q, r = linalg.qr(a)
    return q * torch.sgn(torch.diagonal(r, dim1=-2, dim2=-1)).unsqueeze(-2)


def _is_orthogonal(q) -> bool:
    n, k = q.shape[-2:]
    unit = 2.0**-52 if q.dtype in (dtypes.float64, dtypes.complex128) else 2.0**-23
    return torch.allclose(q.mH @ q, _eye(k, q), atol=10.0 * n * unit)


class _Orthogonal(Module):
    """A matrix with orthonormal columns (or rows) from an arbitrary one.

    The lower triangle of the original is read as a skew-symmetric matrix, whose exponential or
    Cayley
    transform is orthogonal, or as the vectors of Householder reflections.
    """

    def __init__(self, weight, orthogonal_map: str, *, use_trivialization=True):
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X):
        transposed = X.shape[-2] < X.shape[-1]
        X = X.mT if transposed else X
        if self.orthogonal_map == "householder":
            Q = self._householder(X)
        else:
            Q = self._from_skew(X)
        if hasattr(self, "base"):
            Q = self.base @ Q
        return Q.mT if transposed else Q

    def _from_skew(self, X):
        n, k = X.shape[-2:]
        X = X.tril()
        if n != k:
            X = torch.cat([X, X.new_zeros((*X.shape[:-1], n - k))], -1)
        A = X - X.mH
        if self.orthogonal_map == "matrix_exp":
            Q = linalg.matrix_exp(A)
        else:
            Q = linalg.solve(_eye(n, A) - 0.5 * A, _eye(n, A) + 0.5 * A)
        return Q if n == k else Q[..., :k]

    def _householder(self, X):
        """Reflections 1 - t v v^T with t = 2 / |v|^2, the columns of the lower triangle as v."""
        n, k = X.shape[-2:]
        unit = _eye(n, X)[:, :k]
        V = X.tril(-1) + unit
        tau = 2.0 / (V * V).sum(-2, keepdim=True)
        Q = unit
        for j in reversed(range(k)):
            v = V[..., j : j + 1]
            Q = Q - (tau[..., j : j + 1] * v) @ (v.mT @ Q)
        signs = torch.diagonal(X.detach(), dim1=-2, dim2=-1).trunc()
        return Q * signs.unsqueeze(-2)

    @no_grad()
    def right_inverse(self, Q):
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of "
                f"shape {Q.shape}."
            )
        if not hasattr(self, "base"):
            return self._householder_inverse(Q)
        # With a base the map starts from minus the identity, which it sends to the identity.
        tall = Q.mT if Q.shape[-2] < Q.shape[-1] else Q
        n, k = tall.shape[-2:]
        if n != k:
            more = torch.randn((*tall.shape[:-1], n - k), dtype=Q.dtype, device=Q.device)
            self.base = _make_orthogonal(torch.cat([tall, more], -1))
        else:
            self.base = tall.clone() if _is_orthogonal(tall) else _make_orthogonal(tall)
        start = torch.zeros_like(Q)
        torch.diagonal(start, dim1=-2, dim2=-1).fill_(-1.0)
        return start

    def _householder_inverse(self, Q):
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley "
                "parametrizations when use_trivialization=False."
            )
        if Q.shape[-2] < Q.shape[-1]:
            return _reflectors(Q.mT).mT
        return _reflectors(Q)


def _reflectors(Q):
    """The vectors of the reflections whose product is Q, below a diagonal of signs."""
    R = Q.clone()
    made = torch.zeros_like(Q)
    for j in range(Q.shape[-1]):
        column = R[..., j:, j : j + 1]
        length = linalg.vector_norm(column, dim=-2, keepdim=True)
        first = column[..., :1, :]
        # Away from the first element's sign, so that nothing cancels.
        head = first + torch.where(first < 0, -length, length)
        v = column / head
        v[..., :1, :] = 1.0
        tau = 2.0 / (v * v).sum(-2, keepdim=True)
        R[..., j:, j:] = R[..., j:, j:] - (tau * v) @ (v.mT @ R[..., j:, j:])
        made[..., j:, j] = v[..., 0]
        made[..., j, j] = torch.sign(R[..., j, j])
    return made


def orthogonal(
    module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization=True
):
    """Keep a matrix (or batch of matrices) orthogonal, Q^T Q = 1.

    Args:   orthogonal_map: "matrix_exp" (default for square), "cayley" or "householder" (default
            otherwise).
            use_trivialization: start from the present value, so that it can be assigned.
    Raises: ValueError for a missing tensor, fewer than 2 dimensions, or another map.

    >>> import flambeau as torch
    >>> m = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3))
    >>> torch.allclose(m.weight.T @ m.weight, torch.eye(3), atol=1e-5)
    True
    """
    weight = _tensor(module, name)
    if weight.ndim < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: '
            f"{orthogonal_map}"
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, made, unsafe=True)


# --------------------------------------------------------------------------- weight normalisation


class _WeightNorm(Module):
    """A weight from its lengths and its direction."""

    def __init__(self, dim: int | None = 0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g, weight_v):
        return normalized(weight_v, weight_g, self.dim)

    def right_inverse(self, weight):
        return norm_except(weight, self.dim), weight


def weight_norm(module, name: str = "weight", dim: int | None = 0):
    """Split a weight into length and direction, w = g * v / |v|.

    ``parametrizations.NAME.original0`` is g, ``original1`` is v.
    Args:   dim: the dimension along which each slice has its own length; None: one length.

    >>> import flambeau as torch
    >>> m = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(20, 40))
    >>> m.parametrizations.weight.original0.shape
    torch.Size([40, 1])
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(state_dict, prefix, *rest):
        """States of the older ``nn.utils.weight_norm`` have other names."""
        old = [f"{prefix}{name}_{part}" for part in "gv"]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                value = state_dict.pop(key)
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = value

    module._register_load_state_dict_pre_hook(rename)
    return module


# -------------------------------------------------------------------------- spectral normalisation


class _SpectralNorm(Module):
    """A weight divided by its largest singular value, which power iteration estimates."""

    def __init__(self, weight, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12):
        super().__init__()
        ndim = weight.ndim
        if dim >= ndim or dim < -ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but "
                f"got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            with no_grad():
                matrix = self._as_matrix(weight)
                for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
                    start = matrix.new_empty(size).normal_(0, 1)
                    self.register_buffer(name, F.normalize(start, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _as_matrix(self, weight):
        return weight.movedim(self.dim, 0).flatten(1)

    @no_grad()
    def _power_method(self, matrix, n: int) -> None:
        for _ in range(n):
            self._u.copy_(F.normalize(torch.mv(matrix, self._v), dim=0, eps=self.eps))
            self._v.copy_(F.normalize(torch.mv(matrix.mH, self._u), dim=0, eps=self.eps))

    def forward(self, weight):
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._as_matrix(weight)
        if self.training:
            self._power_method(matrix.detach(), self.n_power_iterations)
        # Copies, because the next call writes into the buffers that this graph would need.
        u, v = self._u.clone(), self._v.clone()
        return weight / torch.vdot(u, torch.mv(matrix, v))

    def right_inverse(self, value):
        return value


def spectral_norm(
    module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
):
    """Divide a weight by its largest singular value.

    Args:   n_power_iterations: steps of the estimate at each training call. eps: least length.
            dim: the dimension of the outputs. Default 0, 1 for transposed convolutions.

    >>> import flambeau as torch
    >>> m = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(20, 40))
    >>> bool(torch.linalg.matrix_norm(m.weight.detach(), 2) < 1.5)
    True
    """
    weight = _tensor(module, name)
    if dim is None:
        dim = 1 if isinstance(module, conv._ConvTransposeNd) else 0
    made = _SpectralNorm(weight, n_power_iterations, dim, eps)
    return parametrize.register_parametrization(module, name, made)
