# Written by docs/generate.py: change what it reads, then run it.

from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from builtins import object as _object
from builtins import str as _str
from collections.abc import Callable as _Callable
from collections.abc import Sequence as _Sequence
from typing import Any as _Any
from typing import NamedTuple as _NamedTuple
from typing import TypeVar as _TypeVar
from typing import overload as _overload

from flambeau import accelerator as accelerator
from flambeau import autograd as autograd
from flambeau import backends as backends
from flambeau import cuda as cuda
from flambeau import data as data
from flambeau import io as io
from flambeau import linalg as linalg
from flambeau import nn as nn
from flambeau import optim as optim
from flambeau import random as random
from flambeau import special as special
from flambeau import testing as testing
from flambeau import utils as utils
from flambeau import version as version
from flambeau import vision as vision
from flambeau import viz as viz
from flambeau.autograd.modes import is_anomaly_enabled as is_anomaly_enabled
from flambeau.autograd.modes import is_grad_enabled as is_grad_enabled
from flambeau.autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from flambeau.core.devices import device as _device
from flambeau.core.devices import device as device
from flambeau.core.dtypes import dtype as _dtype
from flambeau.core.dtypes import dtype as dtype
from flambeau.core.errors import FlambeauError as FlambeauError
from flambeau.core.limits import finfo as finfo
from flambeau.core.limits import iinfo as iinfo
from flambeau.core.random import Generator as Generator
from flambeau.core.random import Generator as _Generator
from flambeau.core.size import Size as Size
from flambeau.core.size import Size as _Size
from flambeau.tensor.layout import layout as _layout
from flambeau.tensor.layout import layout as layout
from flambeau.tensor.layout import memory_format as _memory_format
from flambeau.tensor.layout import memory_format as memory_format
from flambeau.tensor.tensor import Tensor as Tensor
from flambeau.tensor.tensor import Tensor as _Tensor

__version__: _str

bfloat16: _dtype
bool: _dtype
cdouble: _dtype
cfloat: _dtype
channels_last: _memory_format
channels_last_3d: _memory_format
complex128: _dtype
complex64: _dtype
contiguous_format: _memory_format
default_generator: _Generator
double: _dtype
e: _float
float: _dtype
float16: _dtype
float32: _dtype
float64: _dtype
half: _dtype
inf: _float
int: _dtype
int16: _dtype
int32: _dtype
int64: _dtype
int8: _dtype
long: _dtype
nan: _float
newaxis: None
pi: _float
preserve_format: _memory_format
short: _dtype
strided: _layout
uint16: _dtype
uint32: _dtype
uint64: _dtype
uint8: _dtype

class _ValuesIndices(_NamedTuple):
    values: _Tensor
    indices: _Tensor

_F = _TypeVar("_F", bound=_Callable[..., _Any])

class _Mode:
    def __enter__(self) -> None: ...
    def __exit__(self, *error: _object) -> None: ...
    def __call__(self, function: _F) -> _F: ...

class no_grad(_Mode): ...
class enable_grad(_Mode): ...

class set_grad_enabled(_Mode):
    def __init__(self, mode: _bool) -> None: ...

class inference_mode(_Mode):
    def __init__(self, mode: _bool = True) -> None: ...

def save(obj: _Any, f: _Any, **options: _Any) -> None: ...
def load(f: _Any, map_location: _Any = None, **options: _Any) -> _Any: ...
def get_num_threads() -> _int: ...
def set_num_threads(n: _int) -> None: ...

class BoolTensor(_Tensor): ...
class ByteTensor(_Tensor): ...
class CharTensor(_Tensor): ...
class DoubleTensor(_Tensor): ...
class FloatTensor(_Tensor): ...
class HalfTensor(_Tensor): ...
class IntTensor(_Tensor): ...
class LongTensor(_Tensor): ...
class ShortTensor(_Tensor): ...

def abs(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def abs_(input: _Tensor) -> _Tensor: ...
def absolute(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def absolute_(input: _Tensor) -> _Tensor: ...
def acos(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def acos_(input: _Tensor) -> _Tensor: ...
def acosh(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def acosh_(input: _Tensor) -> _Tensor: ...
def adaptive_avg_pool1d(
    input: _Tensor, output_size: _int | _Sequence[_int], *, out: _Any = None
) -> _Tensor: ...
def adaptive_max_pool1d(
    input: _Tensor, output_size: _int | _Sequence[_int], *, out: _Any = None
) -> _Any: ...
def add(
    input: _Tensor,
    other: _Tensor | _int | _float | _complex,
    alpha: _int | _float | _complex = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def add_(
    input: _Tensor, other: _Tensor | _int | _float | _complex, alpha: _int | _float | _complex = 1
) -> _Tensor: ...
def addbmm(
    input: _Tensor,
    batch1: _Tensor,
    batch2: _Tensor,
    *,
    beta: _int | _float | _complex = 1,
    alpha: _int | _float | _complex = 1,
    out: _Any = None,
) -> _Tensor: ...
def addbmm_(
    input: _Tensor,
    batch1: _Tensor,
    batch2: _Tensor,
    *,
    beta: _int | _float | _complex = 1,
    alpha: _int | _float | _complex = 1,
) -> _Tensor: ...
def addcdiv(
    input: _Tensor,
    tensor1: _Tensor,
    tensor2: _Tensor,
    value: _Tensor | _int | _float | _complex = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def addcdiv_(
    input: _Tensor,
    tensor1: _Tensor,
    tensor2: _Tensor,
    value: _Tensor | _int | _float | _complex = 1,
) -> _Tensor: ...
def addcmul(
    input: _Tensor,
    tensor1: _Tensor,
    tensor2: _Tensor,
    value: _Tensor | _int | _float | _complex = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def addcmul_(
    input: _Tensor,
    tensor1: _Tensor,
    tensor2: _Tensor,
    value: _Tensor | _int | _float | _complex = 1,
) -> _Tensor: ...
def addmm(
    input: _Tensor,
    mat1: _Tensor,
    mat2: _Tensor,
    beta: _int | _float | _complex = 1,
    alpha: _int | _float | _complex = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def addmm_(
    input: _Tensor,
    mat1: _Tensor,
    mat2: _Tensor,
    beta: _int | _float | _complex = 1,
    alpha: _int | _float | _complex = 1,
) -> _Tensor: ...
def addmv(
    input: _Tensor,
    mat: _Tensor,
    vec: _Tensor,
    beta: _int | _float | _complex = 1,
    alpha: _int | _float | _complex = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def addmv_(
    input: _Tensor,
    mat: _Tensor,
    vec: _Tensor,
    beta: _int | _float | _complex = 1,
    alpha: _int | _float | _complex = 1,
) -> _Tensor: ...
def addr(
    input: _Tensor,
    vec1: _Tensor,
    vec2: _Tensor,
    *,
    beta: _int | _float | _complex = 1,
    alpha: _int | _float | _complex = 1,
    out: _Any = None,
) -> _Tensor: ...
def addr_(
    input: _Tensor,
    vec1: _Tensor,
    vec2: _Tensor,
    *,
    beta: _int | _float | _complex = 1,
    alpha: _int | _float | _complex = 1,
) -> _Tensor: ...
def adjoint(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def affine_grid_generator(
    theta: _Tensor, size: _int | _Sequence[_int], align_corners: _bool, *, out: _Any = None
) -> _Tensor: ...
def alias_copy(input: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor: ...
def all(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def allclose(
    input: _Tensor,
    other: _Tensor | _int | _float | _complex,
    rtol: _float = 1e-05,
    atol: _float = 1e-08,
    equal_nan: _bool = False,
    *,
    out: _Any = None,
) -> _bool: ...
def alpha_dropout(input: _Tensor, p: _float, train: _bool, *, out: _Any = None) -> _Tensor: ...
def amax(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def amin(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def aminmax(
    input: _Tensor,
    *,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    out: _Any = None,
) -> tuple[_Tensor, _Tensor]: ...
def angle(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def any(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def arange(
    start: _int | _float | _complex | None = None,
    end: _int | _float | _complex | None = None,
    step: _int | _float | _complex = 1,
    *,
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> _Tensor: ...
def arccos(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def arccos_(input: _Tensor) -> _Tensor: ...
def arccosh(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def arccosh_(input: _Tensor) -> _Tensor: ...
def arcsin(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def arcsin_(input: _Tensor) -> _Tensor: ...
def arcsinh(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def arcsinh_(input: _Tensor) -> _Tensor: ...
def arctan(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def arctan2(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def arctan2_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def arctan_(input: _Tensor) -> _Tensor: ...
def arctanh(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def arctanh_(input: _Tensor) -> _Tensor: ...
def argmax(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def argmin(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def argsort(
    input: _Tensor,
    dim: _int | _Sequence[_int] = -1,
    descending: _bool = False,
    stable: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def argwhere(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def as_strided(
    input: _Tensor,
    size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int],
    storage_offset: _int | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def as_tensor(
    data: _Any, dtype: _dtype | None = None, device: _device | _str | _int | None = None
) -> _Tensor: ...
def asarray(
    obj: _Any,
    *,
    dtype: _dtype | None = None,
    device: _device | _str | _int | None = None,
    copy: _Any = None,
    requires_grad: _bool = False,
) -> _Tensor: ...
def asin(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def asin_(input: _Tensor) -> _Tensor: ...
def asinh(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def asinh_(input: _Tensor) -> _Tensor: ...
def atan(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def atan2(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def atan2_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def atan_(input: _Tensor) -> _Tensor: ...
def atanh(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def atanh_(input: _Tensor) -> _Tensor: ...
def atleast_1d(*tensors: _Any, out: _Any = None) -> _Any: ...
def atleast_2d(*tensors: _Any, out: _Any = None) -> _Any: ...
def atleast_3d(*tensors: _Any, out: _Any = None) -> _Any: ...
def avg_pool1d(
    input: _Tensor,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    padding: _int | _Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
    *,
    out: _Any = None,
) -> _Tensor: ...
def baddbmm(
    input: _Tensor,
    batch1: _Tensor,
    batch2: _Tensor,
    beta: _int | _float | _complex = 1,
    alpha: _int | _float | _complex = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def baddbmm_(
    input: _Tensor,
    batch1: _Tensor,
    batch2: _Tensor,
    beta: _int | _float | _complex = 1,
    alpha: _int | _float | _complex = 1,
) -> _Tensor: ...
def batch_norm(
    input: _Tensor,
    weight: _Tensor,
    bias: _Tensor | None,
    running_mean: _Tensor | None,
    running_var: _Tensor | None,
    training: _bool,
    momentum: _float,
    eps: _float,
    cudnn_enabled: _bool = True,
    *,
    out: _Any = None,
) -> _Tensor: ...
def bernoulli(
    input: _Tensor,
    p: _Tensor | _float | None = None,
    *,
    generator: _Generator | None = None,
    out: _Any = None,
) -> _Tensor: ...
def bilinear(
    input1: _Tensor,
    input2: _Tensor,
    weight: _Tensor,
    bias: _Tensor | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def binary_cross_entropy_with_logits(
    *args: _Any, reduction: _int = 1, **kwargs: _Any
) -> _Tensor: ...
def bincount(
    input: _Tensor, weights: _Tensor | None = None, minlength: _int = 0, *, out: _Any = None
) -> _Tensor: ...
def bitwise_and(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def bitwise_and_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def bitwise_left_shift(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def bitwise_left_shift_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def bitwise_not(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def bitwise_not_(input: _Tensor) -> _Tensor: ...
def bitwise_or(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def bitwise_or_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def bitwise_right_shift(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def bitwise_right_shift_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def bitwise_xor(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def bitwise_xor_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def blackman_window(
    window_length: _int,
    periodic: _bool = True,
    *,
    dtype: _dtype | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def block_diag(*tensors: _Any, out: _Any = None) -> _Tensor: ...
def bmm(input: _Tensor, mat2: _Tensor, *, out: _Any = None) -> _Tensor: ...
def broadcast_shapes(*_shapes: _int | _Sequence[_int], out: _Any = None) -> _Size: ...
def broadcast_tensors(*tensors: _Any, out: _Any = None) -> tuple[_Tensor, ...]: ...
def broadcast_to(input: _Tensor, size: _int | _Sequence[_int], *, out: _Any = None) -> _Tensor: ...
def bucketize(
    input: _Tensor,
    boundaries: _Tensor,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def can_cast(from_: _Any, to: _Any) -> _bool: ...
def cartesian_prod(*tensors: _Any, out: _Any = None) -> _Tensor: ...
def cat(tensors: _Sequence[_Tensor], dim: _int = 0, *, out: _Any = None) -> _Tensor: ...
def cdist(
    x1: _Tensor,
    x2: _Tensor,
    p: _float = 2.0,
    compute_mode: _str = "use_mm_for_euclid_dist_if_necessary",
    *,
    out: _Any = None,
) -> _Tensor: ...
def ceil(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def ceil_(input: _Tensor) -> _Tensor: ...
def celu(
    input: _Tensor,
    alpha: _int | _float | _complex = 1.0,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def celu_(input: _Tensor, alpha: _int | _float | _complex = 1.0) -> _Tensor: ...
def chain_matmul(*matrices: _Tensor, out: _Any = None) -> _Tensor: ...
def channel_shuffle(input: _Tensor, groups: _int, *, out: _Any = None) -> _Tensor: ...
def cholesky(input: _Tensor, upper: _bool = False, *, out: _Any = None) -> _Tensor: ...
def cholesky_inverse(L: _Tensor, upper: _bool = False, *, out: _Any = None) -> _Tensor: ...
def cholesky_solve(
    input: _Tensor, L: _Tensor, upper: _bool = False, *, out: _Any = None
) -> _Tensor: ...
def chunk(
    input: _Tensor, chunks: _int, dim: _int = 0, *, out: _Any = None
) -> tuple[_Tensor, ...]: ...
def clamp(
    input: _Tensor,
    min: _Tensor | _int | _float | _complex | None = None,
    max: _Tensor | _int | _float | _complex | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def clamp_(
    input: _Tensor,
    min: _Tensor | _int | _float | _complex | None = None,
    max: _Tensor | _int | _float | _complex | None = None,
) -> _Tensor: ...
def clamp_max(
    input: _Tensor, max: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def clamp_max_(input: _Tensor, max: _Tensor | _int | _float | _complex) -> _Tensor: ...
def clamp_min(
    input: _Tensor, min: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def clamp_min_(input: _Tensor, min: _Tensor | _int | _float | _complex) -> _Tensor: ...
def clip(
    input: _Tensor,
    min: _Tensor | _int | _float | _complex | None = None,
    max: _Tensor | _int | _float | _complex | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def clip_(
    input: _Tensor,
    min: _Tensor | _int | _float | _complex | None = None,
    max: _Tensor | _int | _float | _complex | None = None,
) -> _Tensor: ...
def clone(
    input: _Tensor, *, memory_format: _memory_format | None = None, out: _Any = None
) -> _Tensor: ...
def column_stack(tensors: _Sequence[_Tensor], *, out: _Any = None) -> _Tensor: ...
def combinations(
    input: _Tensor, r: _int = 2, with_replacement: _bool = False, *, out: _Any = None
) -> _Tensor: ...
def complex(real: _Tensor, imag: _Tensor, *, out: _Any = None) -> _Tensor: ...
def concat(
    tensors: _Sequence[_Tensor], dim: _int | _Sequence[_int] = 0, *, out: _Any = None
) -> _Tensor: ...
def concatenate(
    tensors: _Sequence[_Tensor], dim: _int | _Sequence[_int] = 0, *, out: _Any = None
) -> _Tensor: ...
def conj(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def constant_pad_nd(
    input: _Tensor, pad: _Any, value: _Tensor | _int | _float | _complex = 0, *, out: _Any = None
) -> _Tensor: ...
def conv1d(
    input: _Tensor,
    weight: _Tensor,
    bias: _Tensor | None = None,
    stride: _int | _Sequence[_int] = 1,
    padding: _str | _int | _Sequence[_int] = 0,
    dilation: _int | _Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def conv2d(
    input: _Tensor,
    weight: _Tensor,
    bias: _Tensor | None = None,
    stride: _int | _Sequence[_int] = 1,
    padding: _str | _int | _Sequence[_int] = 0,
    dilation: _int | _Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def conv3d(
    input: _Tensor,
    weight: _Tensor,
    bias: _Tensor | None = None,
    stride: _int | _Sequence[_int] = 1,
    padding: _str | _int | _Sequence[_int] = 0,
    dilation: _int | _Sequence[_int] = 1,
    groups: _int = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def conv_transpose1d(
    input: _Tensor,
    weight: _Tensor,
    bias: _Tensor | None = None,
    stride: _int | _Sequence[_int] = 1,
    padding: _int | _Sequence[_int] = 0,
    output_padding: _int | _Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | _Sequence[_int] = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def conv_transpose2d(
    input: _Tensor,
    weight: _Tensor,
    bias: _Tensor | None = None,
    stride: _int | _Sequence[_int] = 1,
    padding: _int | _Sequence[_int] = 0,
    output_padding: _int | _Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | _Sequence[_int] = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def conv_transpose3d(
    input: _Tensor,
    weight: _Tensor,
    bias: _Tensor | None = None,
    stride: _int | _Sequence[_int] = 1,
    padding: _int | _Sequence[_int] = 0,
    output_padding: _int | _Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | _Sequence[_int] = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def convolution(
    input: _Tensor,
    weight: _Tensor,
    bias: _Tensor | None,
    stride: _int | _Sequence[_int],
    padding: _int | _Sequence[_int],
    dilation: _int | _Sequence[_int],
    transposed: _bool,
    output_padding: _int | _Sequence[_int],
    groups: _int,
    *,
    out: _Any = None,
) -> _Tensor: ...
def copysign(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def copysign_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def corrcoef(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def cos(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def cos_(input: _Tensor) -> _Tensor: ...
def cosh(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def cosh_(input: _Tensor) -> _Tensor: ...
def cosine_embedding_loss(*args: _Any, reduction: _int = 1, **kwargs: _Any) -> _Tensor: ...
def cosine_similarity(
    x1: _Tensor,
    x2: _Tensor,
    dim: _int | _Sequence[_int] = 1,
    eps: _float = 1e-08,
    *,
    out: _Any = None,
) -> _Tensor: ...
def count_nonzero(
    input: _Tensor, dim: _int | _Sequence[_int] | None = None, *, out: _Any = None
) -> _Tensor: ...
def cov(
    input: _Tensor,
    *,
    correction: _int = 1,
    fweights: _Any = None,
    aweights: _Any = None,
    out: _Any = None,
) -> _Tensor: ...
def cross(
    input: _Tensor,
    other: _Tensor | _int | _float | _complex,
    dim: _int | _Sequence[_int] | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def ctc_loss(
    log_probs: _Tensor,
    targets: _Tensor,
    input_lengths: _Any,
    target_lengths: _Any,
    blank: _int = 0,
    reduction: _Any = 1,
    zero_infinity: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def cummax(input: _Tensor, dim: _int | _Sequence[_int], *, out: _Any = None) -> _ValuesIndices: ...
def cummin(input: _Tensor, dim: _int | _Sequence[_int], *, out: _Any = None) -> _ValuesIndices: ...
def cumprod(
    input: _Tensor, dim: _int | _Sequence[_int], *, dtype: _dtype | None = None, out: _Any = None
) -> _Tensor: ...
def cumprod_(
    input: _Tensor, dim: _int | _Sequence[_int], *, dtype: _dtype | None = None
) -> _Tensor: ...
def cumsum(
    input: _Tensor, dim: _int | _Sequence[_int], *, dtype: _dtype | None = None, out: _Any = None
) -> _Tensor: ...
def cumsum_(
    input: _Tensor, dim: _int | _Sequence[_int], *, dtype: _dtype | None = None
) -> _Tensor: ...
def cumulative_trapezoid(
    y: _Tensor,
    x: _Tensor | None = None,
    *,
    dx: _int = 1,
    dim: _int | _Sequence[_int] = -1,
    out: _Any = None,
) -> _Tensor: ...
def deg2rad(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def deg2rad_(input: _Tensor) -> _Tensor: ...
def det(A: _Tensor, *, out: _Any = None) -> _Tensor: ...
def detach_copy(input: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor: ...
def diag(input: _Tensor, diagonal: _int = 0, *, out: _Any = None) -> _Tensor: ...
def diag_embed(
    input: _Tensor, offset: _int = 0, dim1: _int = -2, dim2: _int = -1, *, out: _Any = None
) -> _Tensor: ...
def diagflat(input: _Tensor, offset: _int = 0, *, out: _Any = None) -> _Tensor: ...
def diagonal(
    input: _Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1, *, out: _Any = None
) -> _Tensor: ...
def diagonal_copy(
    input: _Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1, *, out: _Any = None
) -> _Tensor: ...
def diagonal_scatter(
    input: _Tensor,
    src: _Tensor,
    offset: _int = 0,
    dim1: _int = 0,
    dim2: _int = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def diff(
    input: _Tensor,
    n: _int = 1,
    dim: _int = -1,
    prepend: _Tensor | None = None,
    append: _Tensor | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def digamma(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def digamma_(input: _Tensor) -> _Tensor: ...
def dist(input: _Tensor, other: _Tensor, p: _float = 2, *, out: _Any = None) -> _Tensor: ...
def div(
    input: _Tensor,
    other: _Tensor | _int | _float | _complex,
    rounding_mode: _str | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def div_(
    input: _Tensor, other: _Tensor | _int | _float | _complex, rounding_mode: _str | None = None
) -> _Tensor: ...
def divide(
    input: _Tensor,
    other: _Tensor | _int | _float | _complex,
    rounding_mode: _str | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def divide_(
    input: _Tensor, other: _Tensor | _int | _float | _complex, rounding_mode: _str | None = None
) -> _Tensor: ...
def dot(input: _Tensor, tensor: _Tensor, *, out: _Any = None) -> _Tensor: ...
def dropout(input: _Tensor, p: _float, train: _bool, *, out: _Any = None) -> _Tensor: ...
def dropout_(input: _Tensor, p: _float, train: _bool) -> _Tensor: ...
def dsplit(
    input: _Tensor,
    indices_or_sections: _int | tuple[_int, _int] | _Any | None = None,
    *,
    indices: _Tensor | None = None,
    sections: _Any = None,
    out: _Any = None,
) -> tuple[_Tensor, ...]: ...
def dstack(tensors: _Sequence[_Tensor], *, out: _Any = None) -> _Tensor: ...
def einsum(equation: _str, *operands: _Any, out: _Any = None) -> _Tensor: ...
def embedding(
    weight: _Tensor,
    indices: _Tensor,
    padding_idx: _int | _Any = -1,
    scale_grad_by_freq: _bool = False,
    sparse: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def empty(
    *_size: _int | _Sequence[_int],
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
    size: _Sequence[_int] = ...,
) -> _Tensor: ...
def empty_like(
    input: _Tensor,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
    pin_memory: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def empty_strided(
    size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int],
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def eq(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def eq_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def equal(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _bool: ...
def erf(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def erf_(input: _Tensor) -> _Tensor: ...
def erfc(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def erfc_(input: _Tensor) -> _Tensor: ...
def erfinv(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def erfinv_(input: _Tensor) -> _Tensor: ...
def exp(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def exp2(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def exp2_(input: _Tensor) -> _Tensor: ...
def exp_(input: _Tensor) -> _Tensor: ...
def expand_copy(input: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor: ...
def expm1(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def expm1_(input: _Tensor) -> _Tensor: ...
def eye(
    n: _int,
    m: _int | None = None,
    *,
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> _Tensor: ...
def feature_alpha_dropout(
    input: _Tensor, p: _float, train: _bool, *, out: _Any = None
) -> _Tensor: ...
def feature_dropout(
    input: _Tensor, p: _float, train: _bool, inplace: _bool = False, *, out: _Any = None
) -> _Tensor: ...
def fill(
    input: _Tensor, value: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def fill_(input: _Tensor, value: _Tensor | _int | _float | _complex) -> _Tensor: ...
def fix(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def fix_(input: _Tensor) -> _Tensor: ...
def flatten(
    input: _Tensor, start_dim: _int = 0, end_dim: _int = -1, *, out: _Any = None
) -> _Tensor: ...
def flip(
    input: _Tensor, *_dims: _int | _Sequence[_int], dims: _Sequence[_int] = ...
) -> _Tensor: ...
def fliplr(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def flipud(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def float_power(
    input: _Tensor, exponent: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def float_power_(input: _Tensor, exponent: _Tensor | _int | _float | _complex) -> _Tensor: ...
def floor(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def floor_(input: _Tensor) -> _Tensor: ...
def floor_divide(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def floor_divide_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def fmax(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def fmin(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def fmod(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def fmod_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def frac(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def frac_(input: _Tensor) -> _Tensor: ...
def from_dlpack(external: _Any) -> _Tensor: ...
def from_numpy(ndarray: _Any) -> _Tensor: ...
def frombuffer(
    buffer: _Any, *, dtype: _dtype, count: _int = -1, offset: _int = 0, requires_grad: _bool = False
) -> _Tensor: ...
def full(
    size: _int | _Sequence[_int],
    fill_value: _Tensor | _int | _float | _complex,
    *,
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> _Tensor: ...
def full_like(
    input: _Tensor,
    fill_value: _int | _float | _complex,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
    pin_memory: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def gather(
    input: _Tensor, dim: _int, index: _Tensor, *, sparse_grad: _bool = False, out: _Any = None
) -> _Tensor: ...
def gcd(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def gcd_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def ge(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def ge_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def ger(input: _Tensor, vec2: _Tensor, *, out: _Any = None) -> _Tensor: ...
def get_default_device() -> _Tensor: ...
def get_default_dtype() -> _dtype: ...
def get_printoptions() -> _Any: ...
def get_rng_state(*, out: _Any = None) -> _Tensor: ...
def greater(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def greater_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def greater_equal(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def greater_equal_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def grid_sampler(
    input: _Tensor,
    grid: _Tensor,
    interpolation_mode: _Any,
    padding_mode: _str,
    align_corners: _bool,
    *,
    out: _Any = None,
) -> _Tensor: ...
def group_norm(
    input: _Tensor,
    num_groups: _int,
    weight: _Tensor | None = None,
    bias: _Tensor | None = None,
    eps: _float = 1e-05,
    cudnn_enabled: _bool = True,
    *,
    out: _Any = None,
) -> _Tensor: ...
def gt(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def gt_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def hamming_window(
    window_length: _int,
    periodic: _bool = True,
    alpha: _int | _float | _complex = 0.54,
    beta: _int | _float | _complex = 0.46,
    *,
    dtype: _dtype | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def hann_window(
    window_length: _int,
    periodic: _bool = True,
    *,
    dtype: _dtype | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def hardshrink(
    input: _Tensor, lambd: _int | _float | _complex = 0.5, *, out: _Any = None
) -> _Tensor: ...
def heaviside(input: _Tensor, values: _Any, *, out: _Any = None) -> _Tensor: ...
def heaviside_(input: _Tensor, values: _Any) -> _Tensor: ...
def hinge_embedding_loss(*args: _Any, reduction: _int = 1, **kwargs: _Any) -> _Tensor: ...
def histc(
    input: _Tensor,
    bins: _int = 100,
    min: _Tensor | _int | _float | _complex = 0,
    max: _Tensor | _int | _float | _complex = 0,
    *,
    out: _Any = None,
) -> _Tensor: ...
def histogram(
    input: _Tensor,
    bins: _Any,
    *,
    range: _Any = None,
    weight: _Tensor | None = None,
    density: _bool = False,
    out: _Any = None,
) -> tuple[_Tensor, _Tensor]: ...
def hsplit(
    input: _Tensor,
    indices_or_sections: _int | tuple[_int, _int] | _Any | None = None,
    *,
    indices: _Tensor | None = None,
    sections: _Any = None,
    out: _Any = None,
) -> tuple[_Tensor, ...]: ...
def hstack(tensors: _Sequence[_Tensor], *, out: _Any = None) -> _Tensor: ...
def hypot(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def hypot_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def i0(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def i0_(input: _Tensor) -> _Tensor: ...
def imag(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def index_add(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    source: _Tensor,
    *,
    alpha: _int | _float | _complex = 1,
    out: _Any = None,
) -> _Tensor: ...
def index_add_(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    source: _Tensor,
    *,
    alpha: _int | _float | _complex = 1,
) -> _Tensor: ...
def index_copy(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    source: _Tensor,
    *,
    out: _Any = None,
) -> _Tensor: ...
def index_copy_(
    input: _Tensor, dim: _int | _Sequence[_int], index: _Tensor, source: _Tensor
) -> _Tensor: ...
def index_fill(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    value: _Tensor | _int | _float | _complex,
    *,
    out: _Any = None,
) -> _Tensor: ...
def index_fill_(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    value: _Tensor | _int | _float | _complex,
) -> _Tensor: ...
def index_put(
    input: _Tensor,
    indices: _Sequence[_Tensor | None],
    values: _Any,
    accumulate: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def index_put_(
    input: _Tensor, indices: _Sequence[_Tensor | None], values: _Any, accumulate: _bool = False
) -> _Tensor: ...
def index_reduce(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    source: _Tensor,
    reduce: _str,
    *,
    include_self: _bool = True,
    out: _Any = None,
) -> _Tensor: ...
def index_reduce_(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    source: _Tensor,
    reduce: _str,
    *,
    include_self: _bool = True,
) -> _Tensor: ...
def index_select(
    input: _Tensor, dim: _int | _Sequence[_int], index: _Tensor, *, out: _Any = None
) -> _Tensor: ...
def initial_seed(*, out: _Any = None) -> _int: ...
def inner(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def instance_norm(
    input: _Tensor,
    weight: _Tensor,
    bias: _Tensor | None,
    running_mean: _Tensor | None,
    running_var: _Tensor | None,
    use_input_stats: _bool,
    momentum: _float,
    eps: _float,
    cudnn_enabled: _bool = True,
    *,
    out: _Any = None,
) -> _Tensor: ...
def inverse(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def is_complex(input: _Tensor) -> _bool: ...
def is_floating_point(input: _Tensor) -> _bool: ...
def is_nonzero(input: _Tensor, *, out: _Any = None) -> _bool: ...
def is_same_size(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _bool: ...
def is_tensor(obj: _Any) -> _bool: ...
def isclose(
    input: _Tensor,
    other: _Tensor | _int | _float | _complex,
    rtol: _float = 1e-05,
    atol: _float = 1e-08,
    equal_nan: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def isfinite(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def isin(
    elements: _Tensor | _int | _float | _complex,
    test_elements: _Tensor | _int | _float | _complex,
    *,
    assume_unique: _bool = False,
    invert: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def isinf(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def isnan(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def isneginf(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def isposinf(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def isreal(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def kl_div(*args: _Any, reduction: _int = 1, **kwargs: _Any) -> _Tensor: ...
def kron(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def kthvalue(
    input: _Tensor,
    k: _int,
    dim: _int | _Sequence[_int] = -1,
    keepdim: _bool = False,
    *,
    out: _Any = None,
) -> _ValuesIndices: ...
def layer_norm(
    input: _Tensor,
    normalized_shape: _int | _Sequence[_int],
    weight: _Tensor | None = None,
    bias: _Tensor | None = None,
    eps: _float = 1e-05,
    cudnn_enable: _bool = True,
    *,
    out: _Any = None,
) -> _Tensor: ...
def lcm(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def lcm_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def ldexp(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def ldexp_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def le(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def le_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def lerp(
    input: _Tensor, end: _Any, weight: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def lerp_(input: _Tensor, end: _Any, weight: _Tensor | _int | _float | _complex) -> _Tensor: ...
def less(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def less_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def less_equal(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def less_equal_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def lgamma(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def lgamma_(input: _Tensor) -> _Tensor: ...
def linspace(
    start: _Tensor | _int | _float | _complex,
    end: _Tensor | _int | _float | _complex,
    steps: _int,
    *,
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> _Tensor: ...
def log(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def log10(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def log10_(input: _Tensor) -> _Tensor: ...
def log1p(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def log1p_(input: _Tensor) -> _Tensor: ...
def log2(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def log2_(input: _Tensor) -> _Tensor: ...
def log_(input: _Tensor) -> _Tensor: ...
def log_softmax(
    input: _Tensor, dim: _int, dtype: _dtype | None = None, *, out: _Any = None
) -> _Tensor: ...
def logaddexp(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def logaddexp2(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def logcumsumexp(input: _Tensor, dim: _int | _Sequence[_int], *, out: _Any = None) -> _Tensor: ...
def logdet(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def logical_and(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def logical_and_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def logical_not(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def logical_not_(input: _Tensor) -> _Tensor: ...
def logical_or(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def logical_or_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def logical_xor(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def logical_xor_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def logit(input: _Tensor, eps: _float | None = None, *, out: _Any = None) -> _Tensor: ...
def logit_(input: _Tensor, eps: _float | None = None) -> _Tensor: ...
def logspace(
    start: _Any,
    end: _Any,
    steps: _int,
    base: _float = 10.0,
    *,
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> _Tensor: ...
def logsumexp(
    input: _Tensor, dim: _int | _Sequence[_int], keepdim: _bool = False, *, out: _Any = None
) -> _Tensor: ...
def lt(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def lt_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def manual_seed(seed: _int, *, out: _Any = None) -> _Generator: ...
def margin_ranking_loss(*args: _Any, reduction: _int = 1, **kwargs: _Any) -> _Tensor: ...
def masked_fill(
    input: _Tensor, mask: _Tensor, value: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def masked_fill_(
    input: _Tensor, mask: _Tensor, value: _Tensor | _int | _float | _complex
) -> _Tensor: ...
def masked_scatter(
    input: _Tensor, mask: _Tensor, source: _Tensor, *, out: _Any = None
) -> _Tensor: ...
def masked_scatter_(input: _Tensor, mask: _Tensor, source: _Tensor) -> _Tensor: ...
def masked_select(input: _Tensor, mask: _Tensor, *, out: _Any = None) -> _Tensor: ...
def matmul(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def matrix_exp(A: _Tensor, *, out: _Any = None) -> _Tensor: ...
def matrix_power(input: _Tensor, n: _int, *, out: _Any = None) -> _Tensor: ...
@_overload
def max(input: _Tensor) -> _Tensor: ...
@_overload
def max(input: _Tensor, dim: _int, keepdim: _bool = False) -> _ValuesIndices: ...
@_overload
def max(input: _Tensor, other: _Tensor) -> _Tensor: ...
def max_pool1d(
    input: _Tensor,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    padding: _int | _Sequence[_int] = 0,
    dilation: _int | _Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: _bool = False,
    *,
    out: _Any = None,
) -> _Any: ...
def max_pool1d_with_indices(
    input: _Tensor, *args: _Any, **kwargs: _Any
) -> tuple[_Tensor, _Tensor]: ...
def max_pool2d(
    input: _Tensor,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    padding: _int | _Sequence[_int] = 0,
    dilation: _int | _Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: _bool = False,
    *,
    out: _Any = None,
) -> _Any: ...
def max_pool3d(
    input: _Tensor,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    padding: _int | _Sequence[_int] = 0,
    dilation: _int | _Sequence[_int] = 1,
    ceil_mode: _bool = False,
    return_indices: _bool = False,
    *,
    out: _Any = None,
) -> _Any: ...
def maximum(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def mean(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: _Any = None,
) -> _Tensor: ...
@_overload
def median(input: _Tensor) -> _Tensor: ...
@_overload
def median(input: _Tensor, dim: _int, keepdim: _bool = False) -> _ValuesIndices: ...
def meshgrid(
    *tensors: _Any, indexing: _str | None = None, out: _Any = None
) -> tuple[_Tensor, ...]: ...
@_overload
def min(input: _Tensor) -> _Tensor: ...
@_overload
def min(input: _Tensor, dim: _int, keepdim: _bool = False) -> _ValuesIndices: ...
@_overload
def min(input: _Tensor, other: _Tensor) -> _Tensor: ...
def minimum(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def mm(input: _Tensor, mat2: _Tensor, *, out: _Any = None) -> _Tensor: ...
def mode(
    input: _Tensor, dim: _int | _Sequence[_int] = -1, keepdim: _bool = False, *, out: _Any = None
) -> _ValuesIndices: ...
def moveaxis(
    input: _Tensor, source: _int | _Sequence[_int], destination: _Any, *, out: _Any = None
) -> _Tensor: ...
def movedim(
    input: _Tensor, source: _int | _Sequence[_int], destination: _Any, *, out: _Any = None
) -> _Tensor: ...
def msort(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def mul(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def mul_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def multinomial(
    input: _Tensor,
    num_samples: _int,
    replacement: _bool = False,
    *,
    generator: _Generator | None = None,
    out: _Any = None,
) -> _Tensor: ...
def multiply(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def multiply_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def mv(input: _Tensor, vec: _Tensor, *, out: _Any = None) -> _Tensor: ...
def mvlgamma(input: _Tensor, p: _float, *, out: _Any = None) -> _Tensor: ...
def mvlgamma_(input: _Tensor, p: _float) -> _Tensor: ...
def nan_to_num(
    input: _Tensor,
    nan: _float | None = None,
    posinf: _int | _float | _complex | None = None,
    neginf: _int | _float | _complex | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def nan_to_num_(
    input: _Tensor,
    nan: _float | None = None,
    posinf: _int | _float | _complex | None = None,
    neginf: _int | _float | _complex | None = None,
) -> _Tensor: ...
def nanmean(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: _Any = None,
) -> _Tensor: ...
@_overload
def nanmedian(input: _Tensor) -> _Tensor: ...
@_overload
def nanmedian(input: _Tensor, dim: _int, keepdim: _bool = False) -> _ValuesIndices: ...
def nanquantile(
    input: _Tensor,
    q: _Any,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    interpolation: _str = "linear",
    out: _Any = None,
) -> _Tensor: ...
def nansum(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: _Any = None,
) -> _Tensor: ...
def narrow(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    start: _int | _Tensor,
    length: _int,
    *,
    out: _Any = None,
) -> _Tensor: ...
def narrow_copy(
    input: _Tensor, dim: _int | _Sequence[_int], start: _Any, length: _int, *, out: _Any = None
) -> _Tensor: ...
def native_channel_shuffle(input: _Tensor, groups: _int, *, out: _Any = None) -> _Tensor: ...
def native_dropout(
    input: _Tensor, p: _float, train: _bool, *, out: _Any = None
) -> tuple[_Tensor, _Tensor]: ...
def ne(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def ne_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def neg(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def neg_(input: _Tensor) -> _Tensor: ...
def negative(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def negative_(input: _Tensor) -> _Tensor: ...
def nonzero(input: _Tensor, *, as_tuple: _bool = False, out: _Any = None) -> _Any: ...
def nonzero_static(
    input: _Tensor,
    *,
    size: _int | _Sequence[_int],
    fill_value: _int | _float | _complex = -1,
    out: _Any = None,
) -> _Tensor: ...
def norm(
    input: _Tensor,
    p: _float | _str = "fro",
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    dtype: _dtype | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def normal(
    mean: _Tensor | _float = 0.0,
    std: _Tensor | _float = 1.0,
    size: _int | _Sequence[_int] | None = None,
    *,
    generator: _Generator | None = None,
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
) -> _Tensor: ...
def not_equal(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def not_equal_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def numel(input: _Tensor) -> _int: ...
def ones(
    *_size: _int | _Sequence[_int],
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    size: _Sequence[_int] = ...,
) -> _Tensor: ...
def ones_like(
    input: _Tensor,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
    pin_memory: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def outer(input: _Tensor, vec2: _Tensor, *, out: _Any = None) -> _Tensor: ...
def pairwise_distance(
    x1: _Tensor,
    x2: _Tensor,
    p: _float = 2.0,
    eps: _float = 1e-06,
    keepdim: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def pdist(input: _Tensor, p: _float = 2.0, *, out: _Any = None) -> _Tensor: ...
def permute(input: _Tensor, *_dims: _int | _Sequence[_int], out: _Any = None) -> _Tensor: ...
def permute_copy(input: _Tensor, *_dims: _int | _Sequence[_int], out: _Any = None) -> _Tensor: ...
def pinverse(input: _Tensor, rcond: _float = 1e-15, *, out: _Any = None) -> _Tensor: ...
def pixel_shuffle(input: _Tensor, upscale_factor: _int, *, out: _Any = None) -> _Tensor: ...
def pixel_unshuffle(input: _Tensor, downscale_factor: _int, *, out: _Any = None) -> _Tensor: ...
def poisson(
    input: _Tensor, generator: _Generator | None = None, *, out: _Any = None
) -> _Tensor: ...
def poisson_nll_loss(*args: _Any, reduction: _int = 1, **kwargs: _Any) -> _Tensor: ...
def polar(abs: _Tensor, angle: _Tensor, *, out: _Any = None) -> _Tensor: ...
def polygamma(n: _int, input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def polygamma_(n: _int, input: _Tensor) -> _Tensor: ...
def positive(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def pow(
    input: _Tensor | _int | _float | _complex,
    exponent: _Tensor | _int | _float | _complex,
    *,
    out: _Any = None,
) -> _Tensor: ...
def pow_(
    input: _Tensor | _int | _float | _complex, exponent: _Tensor | _int | _float | _complex
) -> _Tensor: ...
def prelu(input: _Tensor, weight: _Tensor, *, out: _Any = None) -> _Tensor: ...
def printoptions(**kwargs: _Any) -> _Any: ...
def prod(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: _Any = None,
) -> _Tensor: ...
def promote_types(a: _Tensor, b: _Tensor) -> _dtype: ...
def put(
    input: _Tensor, index: _Tensor, source: _Tensor, accumulate: _bool = False, *, out: _Any = None
) -> _Tensor: ...
def put_(input: _Tensor, index: _Tensor, source: _Tensor, accumulate: _bool = False) -> _Tensor: ...
def qr(input: _Tensor, some: _bool = True, *, out: _Any = None) -> tuple[_Tensor, _Tensor]: ...
def quantile(
    input: _Tensor,
    q: _Any,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    interpolation: _str = "linear",
    out: _Any = None,
) -> _Tensor: ...
def rad2deg(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def rad2deg_(input: _Tensor) -> _Tensor: ...
def rand(
    *_size: _int | _Sequence[_int],
    generator: _Generator | None = None,
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    size: _Sequence[_int] = ...,
) -> _Tensor: ...
def rand_like(
    input: _Tensor,
    *,
    generator: _Generator | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
    pin_memory: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def randint(
    *args: _Any,
    low: _Any = None,
    high: _Any = None,
    size: _int | _Sequence[_int] | None = None,
    generator: _Generator | None = None,
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
) -> _Tensor: ...
def randint_like(
    input: _Tensor,
    *args: _Any,
    low: _Any = None,
    high: _Any = None,
    generator: _Generator | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
    pin_memory: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def randn(
    *_size: _int | _Sequence[_int],
    generator: _Generator | None = None,
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
    size: _Sequence[_int] = ...,
) -> _Tensor: ...
def randn_like(
    input: _Tensor,
    *,
    generator: _Generator | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
    pin_memory: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def randperm(
    n: _int,
    *,
    generator: _Generator | None = None,
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
) -> _Tensor: ...
def range(
    start: _int = 0, end: _int | _float | _complex | None = None, step: _int = 1, **options: _Any
) -> _Tensor: ...
def ravel(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def real(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def reciprocal(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def reciprocal_(input: _Tensor) -> _Tensor: ...
def relu(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def relu_(input: _Tensor) -> _Tensor: ...
def remainder(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def remainder_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def renorm(
    input: _Tensor, p: _float, dim: _int, maxnorm: _float, *, out: _Any = None
) -> _Tensor: ...
def renorm_(input: _Tensor, p: _float, dim: _int, maxnorm: _float) -> _Tensor: ...
def repeat_interleave(
    input: _Tensor,
    repeats: _Tensor | _int | None = None,
    dim: _int | _Sequence[_int] | None = None,
    *,
    output_size: _int | _Sequence[_int] | None = None,
    out: _Any = None,
) -> _Tensor: ...
def reshape(
    input: _Tensor, *_shape: _int | _Sequence[_int], shape: _Sequence[_int] = ...
) -> _Tensor: ...
def resolve_conj(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def resolve_neg(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def result_type(*operands: _Any) -> _Any: ...
def rms_norm(
    input: _Tensor,
    normalized_shape: _int | _Sequence[_int],
    weight: _Tensor | None = None,
    eps: _float | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def roll(
    input: _Tensor,
    shifts: _int | _Sequence[_int],
    dims: _int | _Sequence[_int] | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def rot90(
    input: _Tensor, k: _int = 1, dims: _int | _Sequence[_int] = ..., *, out: _Any = None
) -> _Tensor: ...
def round(input: _Tensor, decimals: _int = 0, *, out: _Any = None) -> _Tensor: ...
def round_(input: _Tensor, decimals: _int = 0) -> _Tensor: ...
def row_stack(tensors: _Sequence[_Tensor], *, out: _Any = None) -> _Tensor: ...
def rrelu(
    input: _Tensor,
    lower: _float = 0.125,
    upper: _float = 0.3333333333333333,
    training: _bool = False,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def rrelu_(
    input: _Tensor,
    lower: _float = 0.125,
    upper: _float = 0.3333333333333333,
    training: _bool = False,
) -> _Tensor: ...
def rsqrt(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def rsqrt_(input: _Tensor) -> _Tensor: ...
def rsub(
    input: _Tensor,
    other: _Tensor | _int | _float | _complex,
    alpha: _int | _float | _complex = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def scalar_tensor(
    s: _int | _float | _complex,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
def scatter(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    src: _Tensor | None = None,
    *,
    value: _int | _float | _complex | None = None,
    reduce: _str | None = None,
    out: _Any = None,
) -> _Tensor: ...
def scatter_(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    src: _Tensor | None = None,
    *,
    value: _int | _float | _complex | None = None,
    reduce: _str | None = None,
) -> _Tensor: ...
def scatter_add(
    input: _Tensor, dim: _int | _Sequence[_int], index: _Tensor, src: _Tensor, *, out: _Any = None
) -> _Tensor: ...
def scatter_add_(
    input: _Tensor, dim: _int | _Sequence[_int], index: _Tensor, src: _Tensor
) -> _Tensor: ...
def scatter_reduce(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    src: _Tensor,
    reduce: _str,
    *,
    include_self: _bool = True,
    out: _Any = None,
) -> _Tensor: ...
def scatter_reduce_(
    input: _Tensor,
    dim: _int | _Sequence[_int],
    index: _Tensor,
    src: _Tensor,
    reduce: _str,
    *,
    include_self: _bool = True,
) -> _Tensor: ...
def searchsorted(
    sorted_sequence: _Tensor,
    input: _Tensor | None = None,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    side: _Any = None,
    sorter: _Tensor | None = None,
    out: _Any = None,
) -> _Tensor: ...
def seed(*, out: _Any = None) -> _int: ...
def select(
    input: _Tensor, dim: _int | _Sequence[_int], index: _int, *, out: _Any = None
) -> _Tensor: ...
def select_copy(
    input: _Tensor, dim: _int | _Sequence[_int], index: _Tensor, *, out: _Any = None
) -> _Tensor: ...
def select_scatter(
    input: _Tensor, src: _Tensor, dim: _int | _Sequence[_int], index: _int, *, out: _Any = None
) -> _Tensor: ...
def selu(input: _Tensor, inplace: _bool = False, *, out: _Any = None) -> _Tensor: ...
def selu_(input: _Tensor) -> _Tensor: ...
def set_default_device(device: _device | _str | _int) -> None: ...
def set_default_dtype(d: _Any) -> None: ...
def set_default_tensor_type(t: _Any) -> None: ...
def set_printoptions(
    precision: _Any = None,
    threshold: _int | _float | _complex | None = None,
    edgeitems: _Any = None,
    linewidth: _Any = None,
    profile: _Any = None,
    sci_mode: _Any = None,
) -> None: ...
def set_rng_state(new_state: _Tensor, *, out: _Any = None) -> None: ...
def sgn(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def sgn_(input: _Tensor) -> _Tensor: ...
def sigmoid(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def sigmoid_(input: _Tensor) -> _Tensor: ...
def sign(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def sign_(input: _Tensor) -> _Tensor: ...
def signbit(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def sin(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def sin_(input: _Tensor) -> _Tensor: ...
def sinc(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def sinc_(input: _Tensor) -> _Tensor: ...
def sinh(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def sinh_(input: _Tensor) -> _Tensor: ...
def slice_scatter(
    input: _Tensor,
    src: _Tensor,
    dim: _int | _Sequence[_int] = 0,
    start: _int | None = None,
    end: _int | None = None,
    step: _int = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def slogdet(input: _Tensor, *, out: _Any = None) -> tuple[_Tensor, _Tensor]: ...
def softmax(
    input: _Tensor, dim: _int, dtype: _dtype | None = None, *, out: _Any = None
) -> _Tensor: ...
def sort(
    input: _Tensor,
    *args: _Any,
    dim: _int | _Sequence[_int] = -1,
    descending: _bool = False,
    stable: _bool = False,
    out: _Any = None,
) -> _ValuesIndices: ...
def split(
    tensor: _Tensor,
    split_size_or_sections: _int | tuple[_int, _int] | _Any | None = None,
    dim: _int | _Sequence[_int] = 0,
    *,
    split_size: _int | tuple[_int, _int] | _Any | None = None,
    out: _Any = None,
) -> tuple[_Tensor, ...]: ...
def split_copy(
    tensor: _Tensor,
    split_size_or_sections: _int | tuple[_int, _int] | _Any | None = None,
    dim: _int | _Sequence[_int] = 0,
    *,
    split_size: _int | tuple[_int, _int] | _Any | None = None,
    out: _Any = None,
) -> tuple[_Tensor, ...]: ...
def split_with_sizes(
    input: _Tensor,
    split_sizes: _int | _Sequence[_int],
    dim: _int | _Sequence[_int] = 0,
    *,
    out: _Any = None,
) -> tuple[_Tensor, ...]: ...
def split_with_sizes_copy(
    input: _Tensor,
    split_sizes: _int | _Sequence[_int],
    dim: _int | _Sequence[_int] = 0,
    *,
    out: _Any = None,
) -> tuple[_Tensor, ...]: ...
def sqrt(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def sqrt_(input: _Tensor) -> _Tensor: ...
def square(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def square_(input: _Tensor) -> _Tensor: ...
def squeeze(
    input: _Tensor, dim: _int | _Sequence[_int] | None = None, *, out: _Any = None
) -> _Tensor: ...
def squeeze_copy(
    input: _Tensor, dim: _int | _Sequence[_int] | None = None, *, out: _Any = None
) -> _Tensor: ...
def stack(
    tensors: _Sequence[_Tensor], dim: _int | _Sequence[_int] = 0, *, out: _Any = None
) -> _Tensor: ...
def std(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: _Any = None,
    out: _Any = None,
) -> _Tensor: ...
def std_mean(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: _Any = None,
    out: _Any = None,
) -> tuple[_Tensor, _Tensor]: ...
def sub(
    input: _Tensor | _int | _float | _complex,
    other: _Tensor | _int | _float | _complex,
    alpha: _int | _float | _complex = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def sub_(
    input: _Tensor | _int | _float | _complex,
    other: _Tensor | _int | _float | _complex,
    alpha: _int | _float | _complex = 1,
) -> _Tensor: ...
def subtract(
    input: _Tensor,
    other: _Tensor | _int | _float | _complex,
    alpha: _int | _float | _complex = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def subtract_(
    input: _Tensor, other: _Tensor | _int | _float | _complex, alpha: _int | _float | _complex = 1
) -> _Tensor: ...
def sum(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: _Any = None,
) -> _Tensor: ...
def svd(
    input: _Tensor, some: _bool = True, compute_uv: _bool = True, *, out: _Any = None
) -> tuple[_Tensor, _Tensor, _Tensor]: ...
def swapaxes(input: _Tensor, dim0: _int, dim1: _int, *, out: _Any = None) -> _Tensor: ...
def swapdims(input: _Tensor, dim0: _int, dim1: _int, *, out: _Any = None) -> _Tensor: ...
def t(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def t_copy(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def take(input: _Tensor, index: _Tensor, *, out: _Any = None) -> _Tensor: ...
def take_along_dim(
    input: _Tensor, indices: _Tensor, dim: _int | None = None, *, out: _Any = None
) -> _Tensor: ...
def tan(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def tan_(input: _Tensor) -> _Tensor: ...
def tanh(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def tanh_(input: _Tensor) -> _Tensor: ...
def tensor(
    data: _Any,
    *,
    dtype: _dtype | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
) -> _Tensor: ...
def tensor_split(
    input: _Tensor,
    indices_or_sections: _int | tuple[_int, _int] | _Any | None = None,
    dim: _int | _Sequence[_int] = 0,
    *,
    indices: _Tensor | None = None,
    sections: _Any = None,
    out: _Any = None,
) -> tuple[_Tensor, ...]: ...
def tensordot(a: _Tensor, b: _Tensor, dims: _Any = 2, *, out: _Any = None) -> _Tensor: ...
def threshold(
    input: _Tensor,
    threshold: _int | _float | _complex,
    value: _int | _float | _complex,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def threshold_(
    input: _Tensor, threshold: _int | _float | _complex, value: _int | _float | _complex
) -> _Tensor: ...
def tile(input: _Tensor, *_dims: _int | _Sequence[_int], out: _Any = None) -> _Tensor: ...
def topk(
    input: _Tensor,
    k: _int,
    dim: _int | _Sequence[_int] = -1,
    largest: _bool = True,
    sorted: _bool = True,
    *,
    out: _Any = None,
) -> _ValuesIndices: ...
def trace(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def transpose(input: _Tensor, dim0: _int, dim1: _int, *, out: _Any = None) -> _Tensor: ...
def transpose_copy(input: _Tensor, dim0: _int, dim1: _int, *, out: _Any = None) -> _Tensor: ...
def trapezoid(
    y: _Tensor,
    x: _Tensor | None = None,
    *,
    dx: _int = 1,
    dim: _int | _Sequence[_int] = -1,
    out: _Any = None,
) -> _Tensor: ...
def trapz(
    y: _Tensor,
    x: _Tensor | None = None,
    *,
    dx: _int = 1,
    dim: _int | _Sequence[_int] = -1,
    out: _Any = None,
) -> _Tensor: ...
def triangular_solve(
    input: _Tensor,
    A: _Tensor,
    upper: _bool = True,
    transpose: _bool = False,
    unitriangular: _bool = False,
    *,
    out: _Any = None,
) -> tuple[_Tensor, _Tensor]: ...
def tril(input: _Tensor, diagonal: _int = 0, *, out: _Any = None) -> _Tensor: ...
def tril_(input: _Tensor, diagonal: _int = 0) -> _Tensor: ...
def tril_indices(
    row: _int,
    col: _int,
    offset: _int = 0,
    *,
    dtype: _dtype | None = None,
    device: _device | _str | _int | None = None,
    layout: _layout | None = None,
    out: _Any = None,
) -> _Tensor: ...
def triplet_margin_loss(*args: _Any, reduction: _int = 1, **kwargs: _Any) -> _Tensor: ...
def triu(input: _Tensor, diagonal: _int = 0, *, out: _Any = None) -> _Tensor: ...
def triu_(input: _Tensor, diagonal: _int = 0) -> _Tensor: ...
def triu_indices(
    row: _int,
    col: _int,
    offset: _int = 0,
    *,
    dtype: _dtype | None = None,
    device: _device | _str | _int | None = None,
    layout: _layout | None = None,
    out: _Any = None,
) -> _Tensor: ...
def true_divide(
    input: _Tensor,
    other: _Tensor | _int | _float | _complex,
    rounding_mode: _str | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def true_divide_(
    input: _Tensor, other: _Tensor | _int | _float | _complex, rounding_mode: _str | None = None
) -> _Tensor: ...
def trunc(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def trunc_(input: _Tensor) -> _Tensor: ...
def typename(obj: _Any) -> _str: ...
def unbind(
    input: _Tensor, dim: _int | _Sequence[_int] = 0, *, out: _Any = None
) -> tuple[_Tensor, ...]: ...
def unbind_copy(
    input: _Tensor, dim: _int | _Sequence[_int] = 0, *, out: _Any = None
) -> tuple[_Tensor, ...]: ...
def unflatten(
    input: _Tensor, dim: _int, sizes: _int | _Sequence[_int], *, out: _Any = None
) -> _Tensor: ...
def unfold_copy(input: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor: ...
def unique(
    input: _Tensor,
    sorted: _bool = True,
    return_inverse: _bool = False,
    return_counts: _bool = False,
    dim: _int | _Sequence[_int] | None = None,
    *,
    out: _Any = None,
) -> _Any: ...
def unique_consecutive(
    input: _Tensor,
    return_inverse: _bool = False,
    return_counts: _bool = False,
    dim: _int | _Sequence[_int] | None = None,
    *,
    out: _Any = None,
) -> _Any: ...
def unravel_index(indices: _Tensor, shape: _int | _Sequence[_int], *, out: _Any = None) -> _Any: ...
def unsafe_chunk(
    input: _Tensor, chunks: _int, dim: _int | _Sequence[_int] = 0, *, out: _Any = None
) -> tuple[_Tensor, ...]: ...
def unsafe_split(
    tensor: _Tensor,
    split_size_or_sections: _int | tuple[_int, _int] | _Any | None = None,
    dim: _int | _Sequence[_int] = 0,
    *,
    split_size: _int | tuple[_int, _int] | _Any | None = None,
    out: _Any = None,
) -> tuple[_Tensor, ...]: ...
def unsqueeze(input: _Tensor, dim: _int | _Sequence[_int], *, out: _Any = None) -> _Tensor: ...
def unsqueeze_copy(input: _Tensor, dim: _int | _Sequence[_int], *, out: _Any = None) -> _Tensor: ...
def use_deterministic_algorithms(mode: _str, *, warn_only: _bool = False) -> None: ...
def vander(
    x: _Tensor, N: _int | None = None, increasing: _bool = False, *, out: _Any = None
) -> _Tensor: ...
def var(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: _Any = None,
    out: _Any = None,
) -> _Tensor: ...
def var_mean(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: _Any = None,
    out: _Any = None,
) -> tuple[_Tensor, _Tensor]: ...
def vdot(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def view_as_complex(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def view_as_real(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def view_copy(input: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor: ...
def vsplit(
    input: _Tensor,
    indices_or_sections: _int | tuple[_int, _int] | _Any | None = None,
    *,
    indices: _Tensor | None = None,
    sections: _Any = None,
    out: _Any = None,
) -> tuple[_Tensor, ...]: ...
def vstack(tensors: _Sequence[_Tensor], *, out: _Any = None) -> _Tensor: ...
@_overload
def where(condition: _Tensor) -> tuple[_Tensor, ...]: ...
@_overload
def where(
    condition: _Tensor,
    input: _Tensor | _int | _float | _complex,
    other: _Tensor | _int | _float | _complex,
) -> _Tensor: ...
def xlogy(
    input: _Tensor, other: _Tensor | _int | _float | _complex, *, out: _Any = None
) -> _Tensor: ...
def xlogy_(input: _Tensor, other: _Tensor | _int | _float | _complex) -> _Tensor: ...
def zero_(input: _Tensor) -> _Tensor: ...
def zeros(
    *_size: _int | _Sequence[_int],
    out: _Any = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    size: _Sequence[_int] = ...,
) -> _Tensor: ...
def zeros_like(
    input: _Tensor,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | _str | _int | None = None,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
    pin_memory: _bool = False,
    out: _Any = None,
) -> _Tensor: ...
