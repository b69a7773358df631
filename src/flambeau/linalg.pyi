# Written by docs/generate.py: change what it reads, then run it.

from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from builtins import str as _str
from collections.abc import Sequence as _Sequence
from typing import Any as _Any
from typing import NamedTuple as _NamedTuple

from flambeau.core.dtypes import dtype as _dtype
from flambeau.ops.inverse import LinAlgError as LinAlgError
from flambeau.tensor.tensor import Tensor as _Tensor

class _ValuesIndices(_NamedTuple):
    values: _Tensor
    indices: _Tensor

def cholesky(A: _Tensor, *, upper: _bool = False, out: _Any = None) -> _Tensor: ...
def cond(A: _Tensor, p: _float | None = None, *, out: _Any = None) -> _Tensor: ...
def cross(
    input: _Tensor,
    other: _Tensor | _int | _float | _complex,
    *,
    dim: _int | _Sequence[_int] = -1,
    out: _Any = None,
) -> _Tensor: ...
def det(A: _Tensor, *, out: _Any = None) -> _Tensor: ...
def diagonal(
    A: _Tensor, *, offset: _int = 0, dim1: _int = -2, dim2: _int = -1, out: _Any = None
) -> _Tensor: ...
def eig(A: _Tensor, *, out: _Any = None) -> tuple[_Tensor, _Tensor]: ...
def eigh(A: _Tensor, UPLO: _str = "L", *, out: _Any = None) -> tuple[_Tensor, _Tensor]: ...
def eigvals(A: _Tensor, *, out: _Any = None) -> _Tensor: ...
def eigvalsh(A: _Tensor, UPLO: _str = "L", *, out: _Any = None) -> _Tensor: ...
def inv(A: _Tensor, *, out: _Any = None) -> _Tensor: ...
def lstsq(
    A: _Tensor,
    B: _Tensor,
    rcond: _float | None = None,
    *,
    driver: _str | None = None,
    out: _Any = None,
) -> tuple[_Tensor, _Tensor, _Tensor, _Tensor]: ...
def matmul(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def matrix_exp(A: _Tensor, *, out: _Any = None) -> _Tensor: ...
def matrix_norm(
    A: _Tensor,
    ord: _Any = "fro",
    dim: _int | _Sequence[_int] = ...,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: _Any = None,
) -> _Tensor: ...
def matrix_power(A: _Tensor, n: _int, *, out: _Any = None) -> _Tensor: ...
def matrix_rank(
    A: _Tensor,
    tol: _Any = None,
    hermitian: _bool = False,
    *,
    atol: _float | None = None,
    rtol: _float | None = None,
    out: _Any = None,
) -> _Tensor: ...
def multi_dot(tensors: _Sequence[_Tensor], *, out: _Any = None) -> _Tensor: ...
def norm(
    A: _Tensor,
    ord: _Any = None,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: _Any = None,
) -> _Tensor: ...
def pinv(
    A: _Tensor,
    rcond: _float | None = None,
    hermitian: _bool = False,
    *,
    atol: _float | None = None,
    rtol: _float | None = None,
    out: _Any = None,
) -> _Tensor: ...
def qr(A: _Tensor, mode: _str = "reduced", *, out: _Any = None) -> tuple[_Tensor, _Tensor]: ...
def slogdet(A: _Tensor, *, out: _Any = None) -> tuple[_Tensor, _Tensor]: ...
def solve(A: _Tensor, B: _Tensor, left: _bool = True, *, out: _Any = None) -> _Tensor: ...
def solve_triangular(
    A: _Tensor,
    B: _Tensor,
    *,
    upper: _float,
    left: _bool = True,
    unitriangular: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def svd(
    A: _Tensor, full_matrices: _bool = True, *, driver: _str | None = None, out: _Any = None
) -> tuple[_Tensor, _Tensor, _Tensor]: ...
def svdvals(A: _Tensor, *, driver: _str | None = None, out: _Any = None) -> _Tensor: ...
def vecdot(
    x: _Tensor, y: _Tensor, *, dim: _int | _Sequence[_int] = -1, out: _Any = None
) -> _Tensor: ...
def vector_norm(
    x: _Tensor,
    ord: _int = 2,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: _Any = None,
) -> _Tensor: ...
