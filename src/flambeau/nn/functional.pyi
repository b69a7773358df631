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
from flambeau.tensor.tensor import Tensor as _Tensor

class _ValuesIndices(_NamedTuple):
    values: _Tensor
    indices: _Tensor

def adaptive_avg_pool1d(
    input: _Tensor, output_size: _int | _Sequence[_int], *, out: _Any = None
) -> _Tensor: ...
def adaptive_avg_pool2d(
    input: _Tensor, output_size: _int | _Sequence[_int], *, out: _Any = None
) -> _Tensor: ...
def adaptive_avg_pool3d(
    input: _Tensor, output_size: _int | _Sequence[_int], *, out: _Any = None
) -> _Tensor: ...
def adaptive_max_pool1d(
    input: _Tensor,
    output_size: _int | _Sequence[_int],
    return_indices: _bool = False,
    *,
    out: _Any = None,
) -> _Any: ...
def adaptive_max_pool1d_with_indices(
    input: _Tensor, *args: _Any, **kwargs: _Any
) -> tuple[_Tensor, _Tensor]: ...
def adaptive_max_pool2d(
    input: _Tensor,
    output_size: _int | _Sequence[_int],
    return_indices: _bool = False,
    *,
    out: _Any = None,
) -> _Any: ...
def adaptive_max_pool2d_with_indices(
    input: _Tensor, *args: _Any, **kwargs: _Any
) -> tuple[_Tensor, _Tensor]: ...
def adaptive_max_pool3d(
    input: _Tensor,
    output_size: _int | _Sequence[_int],
    return_indices: _bool = False,
    *,
    out: _Any = None,
) -> _Any: ...
def adaptive_max_pool3d_with_indices(
    input: _Tensor, *args: _Any, **kwargs: _Any
) -> tuple[_Tensor, _Tensor]: ...
def affine_grid(
    theta: _Tensor,
    size: _int | _Sequence[_int],
    align_corners: _bool | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def alpha_dropout(
    input: _Tensor,
    p: _float = 0.5,
    training: _bool = False,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
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
def avg_pool2d(
    input: _Tensor,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    padding: _int | _Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
    divisor_override: _Any = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def avg_pool3d(
    input: _Tensor,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    padding: _int | _Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
    divisor_override: _Any = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def batch_norm(
    input: _Tensor,
    running_mean: _Tensor | None,
    running_var: _Tensor | None,
    weight: _Tensor | None = None,
    bias: _Tensor | None = None,
    training: _bool = False,
    momentum: _float = 0.1,
    eps: _float = 1e-05,
    *,
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
def binary_cross_entropy(
    input: _Tensor,
    target: _Tensor,
    weight: _Tensor | None = None,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def binary_cross_entropy_with_logits(
    input: _Tensor,
    target: _Tensor,
    weight: _Tensor | None = None,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    pos_weight: _Tensor | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def celu(
    input: _Tensor,
    alpha: _int | _float | _complex = 1.0,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def celu_(input: _Tensor, alpha: _int | _float | _complex = 1.0) -> _Tensor: ...
def channel_shuffle(input: _Tensor, groups: _int, *, out: _Any = None) -> _Tensor: ...
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
def cosine_embedding_loss(
    input1: _Tensor,
    input2: _Tensor,
    target: _Tensor,
    margin: _int | _float | _complex = 0,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def cosine_similarity(
    x1: _Tensor,
    x2: _Tensor,
    dim: _int | _Sequence[_int] = 1,
    eps: _float = 1e-08,
    *,
    out: _Any = None,
) -> _Tensor: ...
def cross_entropy(
    input: _Tensor,
    target: _Tensor,
    weight: _Tensor | None = None,
    size_average: _bool | None = None,
    ignore_index: _int = -100,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    label_smoothing: _float = 0.0,
    *,
    out: _Any = None,
) -> _Tensor: ...
def ctc_loss(
    log_probs: _Tensor,
    targets: _Tensor,
    input_lengths: _Any,
    target_lengths: _Any,
    blank: _int = 0,
    reduction: _Any = "mean",
    zero_infinity: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def dropout(
    input: _Tensor,
    p: _float = 0.5,
    training: _bool = True,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def dropout1d(
    input: _Tensor,
    p: _float = 0.5,
    training: _bool = True,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def dropout2d(
    input: _Tensor,
    p: _float = 0.5,
    training: _bool = True,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def dropout3d(
    input: _Tensor,
    p: _float = 0.5,
    training: _bool = True,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def elu(
    input: _Tensor,
    alpha: _int | _float | _complex = 1.0,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def elu_(input: _Tensor, alpha: _int | _float | _complex = 1.0) -> _Tensor: ...
def embedding(
    input: _Tensor,
    weight: _Tensor,
    padding_idx: _int | _Any | None = None,
    max_norm: _float | None = None,
    norm_type: _float = 2.0,
    scale_grad_by_freq: _bool = False,
    sparse: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def embedding_bag(
    input: _Tensor,
    weight: _Tensor,
    offsets: _Tensor | None = None,
    max_norm: _float | None = None,
    norm_type: _float = 2,
    scale_grad_by_freq: _bool = False,
    mode: _str = "mean",
    sparse: _bool = False,
    per_sample_weights: _Tensor | None = None,
    include_last_offset: _bool = False,
    padding_idx: _int | _Any | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def feature_alpha_dropout(
    input: _Tensor,
    p: _float = 0.5,
    training: _bool = False,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def fold(
    input: _Tensor,
    output_size: _int | _Sequence[_int],
    kernel_size: _int | _Sequence[_int],
    dilation: _int | _Sequence[_int] = 1,
    padding: _int | _Sequence[_int] = 0,
    stride: _int | _Sequence[_int] = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def fractional_max_pool2d(
    input: _Tensor,
    kernel_size: _int | _Sequence[_int],
    output_size: _int | _Sequence[_int] | None = None,
    output_ratio: _Any = None,
    return_indices: _bool = False,
    _random_samples: _Any = None,
    *,
    out: _Any = None,
) -> _Any: ...
def fractional_max_pool3d(
    input: _Tensor,
    kernel_size: _int | _Sequence[_int],
    output_size: _int | _Sequence[_int] | None = None,
    output_ratio: _Any = None,
    return_indices: _bool = False,
    _random_samples: _Any = None,
    *,
    out: _Any = None,
) -> _Any: ...
def gaussian_nll_loss(
    input: _Tensor,
    target: _Tensor,
    var: _Tensor | _float,
    full: _bool = False,
    eps: _float = 1e-06,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def gelu(input: _Tensor, approximate: _str = "none", *, out: _Any = None) -> _Tensor: ...
def glu(input: _Tensor, dim: _int | _Sequence[_int] = -1, *, out: _Any = None) -> _Tensor: ...
def grid_sample(
    input: _Tensor,
    grid: _Tensor,
    mode: _str = "bilinear",
    padding_mode: _str = "zeros",
    align_corners: _bool | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def group_norm(
    input: _Tensor,
    num_groups: _int,
    weight: _Tensor | None = None,
    bias: _Tensor | None = None,
    eps: _float = 1e-05,
    *,
    out: _Any = None,
) -> _Tensor: ...
def gumbel_softmax(
    logits: _Tensor,
    tau: _float = 1,
    hard: _bool = False,
    eps: _float = 1e-10,
    dim: _int | _Sequence[_int] = -1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def hardshrink(
    input: _Tensor, lambd: _int | _float | _complex = 0.5, *, out: _Any = None
) -> _Tensor: ...
def hardsigmoid(input: _Tensor, inplace: _bool = False, *, out: _Any = None) -> _Tensor: ...
def hardswish(input: _Tensor, inplace: _bool = False, *, out: _Any = None) -> _Tensor: ...
def hardtanh(
    input: _Tensor,
    min_val: _int | _float | _complex = -1.0,
    max_val: _int | _float | _complex = 1.0,
    inplace: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def hardtanh_(
    input: _Tensor,
    min_val: _int | _float | _complex = -1.0,
    max_val: _int | _float | _complex = 1.0,
) -> _Tensor: ...
def hinge_embedding_loss(
    input: _Tensor,
    target: _Tensor,
    margin: _int | _float | _complex = 1.0,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def huber_loss(
    input: _Tensor,
    target: _Tensor,
    reduction: _str = "mean",
    delta: _float = 1.0,
    weight: _Tensor | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def instance_norm(
    input: _Tensor,
    running_mean: _Tensor | None = None,
    running_var: _Tensor | None = None,
    weight: _Tensor | None = None,
    bias: _Tensor | None = None,
    use_input_stats: _bool = True,
    momentum: _float = 0.1,
    eps: _float = 1e-05,
    *,
    out: _Any = None,
) -> _Tensor: ...
def interpolate(
    input: _Tensor,
    size: _int | _Sequence[_int] | None = None,
    scale_factor: _float | _Sequence[_float] | None = None,
    mode: _str = "nearest",
    align_corners: _bool | None = None,
    recompute_scale_factor: _bool | None = None,
    antialias: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def kl_div(
    input: _Tensor,
    target: _Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    log_target: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def l1_loss(
    input: _Tensor,
    target: _Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    weight: _Tensor | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
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
def leaky_relu(
    input: _Tensor, negative_slope: _float = 0.01, inplace: _bool = False, *, out: _Any = None
) -> _Tensor: ...
def leaky_relu_(input: _Tensor, negative_slope: _float = 0.01) -> _Tensor: ...
def linear(
    input: _Tensor, weight: _Tensor, bias: _Tensor | None = None, *, out: _Any = None
) -> _Tensor: ...
def linear_cross_entropy(
    input: _Tensor,
    linear_weight: _Tensor,
    target: _Tensor,
    *,
    linear_bias: _Tensor | None = None,
    weight: _Tensor | None = None,
    reduction: _str = "mean",
    ignore_index: _int | None = None,
    label_smoothing: _float = 0.0,
    options: _Any = None,
    out: _Any = None,
) -> _Tensor: ...
def local_response_norm(
    input: _Tensor,
    size: _int | _Sequence[_int],
    alpha: _int | _float | _complex = 0.0001,
    beta: _int | _float | _complex = 0.75,
    k: _float = 1.0,
    *,
    out: _Any = None,
) -> _Tensor: ...
def log_softmax(
    input: _Tensor,
    dim: _int | None = None,
    _stacklevel: _int = 3,
    dtype: _dtype | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def logsigmoid(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def lp_pool1d(
    input: _Tensor,
    norm_type: _float,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    ceil_mode: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def lp_pool2d(
    input: _Tensor,
    norm_type: _float,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    ceil_mode: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def lp_pool3d(
    input: _Tensor,
    norm_type: _float,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    ceil_mode: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def margin_ranking_loss(
    input1: _Tensor,
    input2: _Tensor,
    target: _Tensor,
    margin: _int | _float | _complex = 0,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
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
def max_pool2d_with_indices(
    input: _Tensor, *args: _Any, **kwargs: _Any
) -> tuple[_Tensor, _Tensor]: ...
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
def max_pool3d_with_indices(
    input: _Tensor, *args: _Any, **kwargs: _Any
) -> tuple[_Tensor, _Tensor]: ...
def max_unpool1d(
    input: _Tensor,
    indices: _Tensor,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    padding: _int | _Sequence[_int] = 0,
    output_size: _int | _Sequence[_int] | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def max_unpool2d(
    input: _Tensor,
    indices: _Tensor,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    padding: _int | _Sequence[_int] = 0,
    output_size: _int | _Sequence[_int] | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def max_unpool3d(
    input: _Tensor,
    indices: _Tensor,
    kernel_size: _int | _Sequence[_int],
    stride: _int | _Sequence[_int] | None = None,
    padding: _int | _Sequence[_int] = 0,
    output_size: _int | _Sequence[_int] | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def mish(input: _Tensor, inplace: _bool = False, *, out: _Any = None) -> _Tensor: ...
def mse_loss(
    input: _Tensor,
    target: _Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    weight: _Tensor | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def multi_head_attention_forward(
    query: _Tensor,
    key: _Tensor,
    value: _Tensor | _int | _float | _complex,
    embed_dim_to_check: _Any,
    num_heads: _int,
    in_proj_weight: _Tensor | None,
    in_proj_bias: _Tensor | None,
    bias_k: _Tensor | None,
    bias_v: _Tensor | None,
    add_zero_attn: _Any,
    dropout_p: _float,
    out_proj_weight: _Tensor,
    out_proj_bias: _Tensor | None,
    training: _bool = True,
    key_padding_mask: _Tensor | None = None,
    need_weights: _bool = True,
    attn_mask: _Tensor | None = None,
    use_separate_proj_weight: _bool = False,
    q_proj_weight: _Any = None,
    k_proj_weight: _Any = None,
    v_proj_weight: _Any = None,
    static_k: _Any = None,
    static_v: _Any = None,
    average_attn_weights: _bool = True,
    is_causal: _bool = False,
    *,
    out: _Any = None,
) -> tuple[_Tensor, _Tensor | None]: ...
def multi_margin_loss(
    input: _Tensor,
    target: _Tensor,
    p: _float = 1,
    margin: _int | _float | _complex = 1.0,
    weight: _Tensor | None = None,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def multilabel_margin_loss(
    input: _Tensor,
    target: _Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def multilabel_soft_margin_loss(
    input: _Tensor,
    target: _Tensor,
    weight: _Tensor | None = None,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def native_channel_shuffle(input: _Tensor, groups: _int, *, out: _Any = None) -> _Tensor: ...
def nll_loss(
    input: _Tensor,
    target: _Tensor,
    weight: _Tensor | None = None,
    size_average: _bool | None = None,
    ignore_index: _int = -100,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def normalize(
    input: _Tensor,
    p: _float = 2.0,
    dim: _int | _Sequence[_int] = 1,
    eps: _float = 1e-12,
    out: _Any = None,
) -> _Tensor: ...
def one_hot(tensor: _Tensor, num_classes: _int = -1, *, out: _Any = None) -> _Tensor: ...
def pad(
    input: _Tensor,
    pad: _Sequence[_int],
    mode: _str = "constant",
    value: _Tensor | _int | _float | _complex | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
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
def pixel_shuffle(input: _Tensor, upscale_factor: _int, *, out: _Any = None) -> _Tensor: ...
def pixel_unshuffle(input: _Tensor, downscale_factor: _int, *, out: _Any = None) -> _Tensor: ...
def poisson_nll_loss(
    input: _Tensor,
    target: _Tensor,
    log_input: _bool = True,
    full: _bool = False,
    size_average: _bool | None = None,
    eps: _float = 1e-08,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def prelu(input: _Tensor, weight: _Tensor, *, out: _Any = None) -> _Tensor: ...
def relu(input: _Tensor, inplace: _bool = False, *, out: _Any = None) -> _Tensor: ...
def relu6(input: _Tensor, inplace: _bool = False, *, out: _Any = None) -> _Tensor: ...
def relu_(input: _Tensor) -> _Tensor: ...
def rms_norm(
    input: _Tensor,
    normalized_shape: _int | _Sequence[_int],
    weight: _Tensor | None = None,
    eps: _float | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
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
def scaled_dot_product_attention(
    query: _Tensor,
    key: _Tensor,
    value: _Tensor | _int | _float | _complex,
    attn_mask: _Tensor | None = None,
    dropout_p: _float = 0.0,
    is_causal: _bool = False,
    scale: _float | None = None,
    enable_gqa: _bool = False,
    *,
    out: _Any = None,
) -> _Tensor: ...
def selu(input: _Tensor, inplace: _bool = False, *, out: _Any = None) -> _Tensor: ...
def selu_(input: _Tensor) -> _Tensor: ...
def sigmoid(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def silu(input: _Tensor, inplace: _bool = False, *, out: _Any = None) -> _Tensor: ...
def smooth_l1_loss(
    input: _Tensor,
    target: _Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    beta: _int | _float | _complex = 1.0,
    *,
    out: _Any = None,
) -> _Tensor: ...
def soft_margin_loss(
    input: _Tensor,
    target: _Tensor,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def softmax(
    input: _Tensor,
    dim: _int | None = None,
    _stacklevel: _int = 3,
    dtype: _dtype | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def softmin(
    input: _Tensor,
    dim: _int | _Sequence[_int] | None = None,
    _stacklevel: _int = 3,
    dtype: _dtype | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def softplus(
    input: _Tensor,
    beta: _int | _float | _complex = 1,
    threshold: _int | _float | _complex = 20,
    *,
    out: _Any = None,
) -> _Tensor: ...
def softshrink(
    input: _Tensor, lambd: _int | _float | _complex = 0.5, *, out: _Any = None
) -> _Tensor: ...
def softsign(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def tanh(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
def tanhshrink(input: _Tensor, *, out: _Any = None) -> _Tensor: ...
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
def triplet_margin_loss(
    anchor: _Tensor,
    positive: _Tensor,
    negative: _Tensor,
    margin: _int | _float | _complex = 1.0,
    p: _float = 2,
    eps: _float = 1e-06,
    swap: _bool = False,
    size_average: _bool | None = None,
    reduce: _bool | None = None,
    reduction: _str = "mean",
    *,
    out: _Any = None,
) -> _Tensor: ...
def triplet_margin_with_distance_loss(
    anchor: _Tensor,
    positive: _Tensor,
    negative: _Tensor,
    *,
    distance_function: _Any = None,
    margin: _int | _float | _complex = 1.0,
    swap: _bool = False,
    reduction: _str = "mean",
    out: _Any = None,
) -> _Tensor: ...
def unfold(
    input: _Tensor,
    kernel_size: _int | _Sequence[_int],
    dilation: _int | _Sequence[_int] = 1,
    padding: _int | _Sequence[_int] = 0,
    stride: _int | _Sequence[_int] = 1,
    *,
    out: _Any = None,
) -> _Tensor: ...
def upsample(
    input: _Tensor,
    size: _int | _Sequence[_int] | None = None,
    scale_factor: _Any = None,
    mode: _str = "nearest",
    align_corners: _bool | None = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def upsample_bilinear(
    input: _Tensor,
    size: _int | _Sequence[_int] | None = None,
    scale_factor: _Any = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
def upsample_nearest(
    input: _Tensor,
    size: _int | _Sequence[_int] | None = None,
    scale_factor: _Any = None,
    *,
    out: _Any = None,
) -> _Tensor: ...
