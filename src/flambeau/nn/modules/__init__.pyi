# Written by docs/generate.py: change what it reads, then run it.

from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from builtins import str as _str
from collections.abc import Iterator as _Iterator
from collections.abc import Sequence as _Sequence
from typing import Any as _Any

from flambeau.core.devices import device as _device
from flambeau.core.dtypes import dtype as _dtype
from flambeau.nn.module import Module as Module
from flambeau.nn.module import Module as _Module
from flambeau.nn.parameter import Parameter as _Parameter
from flambeau.tensor.tensor import Tensor as _Tensor

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "GRU",
    "LSTM",
    "RNN",
    "SELU",
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveLogSoftmaxWithLoss",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AlphaDropout",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bilinear",
    "CTCLoss",
    "ChannelShuffle",
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "Container",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "CosineEmbeddingLoss",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "CrossMapLRN2d",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "Embedding",
    "EmbeddingBag",
    "FeatureAlphaDropout",
    "Flatten",
    "Fold",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "GRUCell",
    "GaussianNLLLoss",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "KLDivLoss",
    "L1Loss",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "LSTMCell",
    "LayerNorm",
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
    "LeakyReLU",
    "Linear",
    "LinearCrossEntropyLoss",
    "LinearCrossEntropyOptions",
    "LocalResponseNorm",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MarginRankingLoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "MultiheadAttention",
    "NLLLoss",
    "NLLLoss2d",
    "PReLU",
    "PairwiseDistance",
    "ParameterDict",
    "ParameterList",
    "PixelShuffle",
    "PixelUnshuffle",
    "PoissonNLLLoss",
    "RMSNorm",
    "RNNBase",
    "RNNCell",
    "RNNCellBase",
    "RReLU",
    "ReLU",
    "ReLU6",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
    "Unflatten",
    "Unfold",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

class LinearCrossEntropyOptions:
    def __init__(
        self,
        allow_retain_graph: _bool = False,
        batch_chunk_size: _Any = None,
        chunking_method: _str = "auto",
        acc_policy: _str = "auto",
        acc_dtype: _Any = None,
    ) -> None: ...

class AdaptiveLogSoftmaxWithLoss(_Module):
    in_features: _int
    n_classes: _Any
    div_value: _float
    head_bias: _bool
    def __init__(
        self,
        in_features: _int,
        n_classes: _Any,
        cutoffs: _Any,
        div_value: _float = 4.0,
        head_bias: _bool = False,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def forward(self, input_: _Any, target_: _Any) -> _Any: ...
    def __call__(self, input_: _Any, target_: _Any) -> _Any: ...
    def log_prob(self, input: _Tensor) -> _Any: ...
    def predict(self, input: _Tensor) -> _Any: ...
    def reset_parameters(self) -> None: ...

class Bilinear(_Module):
    in1_features: _int
    in2_features: _int
    out_features: _int
    weight: _Parameter
    bias: _Parameter
    def __init__(
        self,
        in1_features: _int,
        in2_features: _int,
        out_features: _int,
        bias: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input1: _Tensor, input2: _Tensor) -> _Tensor: ...
    def __call__(self, input1: _Tensor, input2: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class CELU(_Module):
    alpha: _int | _float | _complex
    inplace: _bool
    def __init__(self, alpha: _int | _float | _complex = 1.0, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ChannelShuffle(_Module):
    groups: _int
    def __init__(self, groups: _int) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Container(_Module):
    def __init__(self, **kwargs: _Any) -> None: ...

class CosineSimilarity(_Module):
    dim: _int | _Sequence[_int]
    eps: _float
    def __init__(self, dim: _int | _Sequence[_int] = 1, eps: _float = 1e-08) -> None: ...
    def forward(self, x1: _Tensor, x2: _Tensor) -> _Tensor: ...
    def __call__(self, x1: _Tensor, x2: _Tensor) -> _Tensor: ...

class CrossMapLRN2d(_Module):
    size: _int | _Sequence[_int]
    alpha: _int | _float | _complex
    beta: _int | _float | _complex
    k: _int
    def __init__(
        self,
        size: _int | _Sequence[_int],
        alpha: _int | _float | _complex = 0.0001,
        beta: _int | _float | _complex = 0.75,
        k: _int = 1,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ELU(_Module):
    alpha: _int | _float | _complex
    inplace: _bool
    def __init__(self, alpha: _int | _float | _complex = 1.0, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Flatten(_Module):
    start_dim: _int
    end_dim: _int
    def __init__(self, start_dim: _int = 1, end_dim: _int = -1) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Fold(_Module):
    output_size: _int | _Sequence[_int]
    kernel_size: _int | _Sequence[_int]
    dilation: _int | _Sequence[_int]
    padding: _int | _Sequence[_int]
    stride: _int | _Sequence[_int]
    def __init__(
        self,
        output_size: _int | _Sequence[_int],
        kernel_size: _int | _Sequence[_int],
        dilation: _int | _Sequence[_int] = 1,
        padding: _int | _Sequence[_int] = 0,
        stride: _int | _Sequence[_int] = 1,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class GELU(_Module):
    approximate: _str
    def __init__(self, approximate: _str = "none") -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class GLU(_Module):
    dim: _int | _Sequence[_int]
    def __init__(self, dim: _int | _Sequence[_int] = -1) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class GroupNorm(_Module):
    num_groups: _int
    num_channels: _int
    eps: _float
    affine: _bool
    def __init__(
        self,
        num_groups: _int,
        num_channels: _int,
        eps: _float = 1e-05,
        affine: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class Hardshrink(_Module):
    lambd: _int | _float | _complex
    def __init__(self, lambd: _int | _float | _complex = 0.5) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Hardtanh(_Module):
    inplace: _bool
    def __init__(
        self,
        min_val: _int | _float | _complex = -1.0,
        max_val: _int | _float | _complex = 1.0,
        inplace: _bool = False,
        min_value: _Any = None,
        max_value: _Any = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Identity(_Module):
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class LayerNorm(_Module):
    eps: _float
    elementwise_affine: _bool
    def __init__(
        self,
        normalized_shape: _int | _Sequence[_int],
        eps: _float = 1e-05,
        elementwise_affine: _bool = True,
        bias: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class LeakyReLU(_Module):
    negative_slope: _float
    inplace: _bool
    def __init__(self, negative_slope: _float = 0.01, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Linear(_Module):
    in_features: _int
    out_features: _int
    weight: _Parameter
    bias: _Parameter
    def __init__(
        self,
        in_features: _int,
        out_features: _int,
        bias: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class LocalResponseNorm(_Module):
    size: _int | _Sequence[_int]
    alpha: _float
    beta: _float
    k: _float
    def __init__(
        self,
        size: _int | _Sequence[_int],
        alpha: _float = 0.0001,
        beta: _float = 0.75,
        k: _float = 1.0,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class LogSigmoid(_Module):
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ModuleDict(_Module):
    def __contains__(self, key: _Tensor) -> _bool: ...
    def __delitem__(self, key: _Tensor) -> None: ...
    def __getitem__(self, key: _Tensor) -> _Any: ...
    def __init__(self, modules: _Any = None) -> None: ...
    def __iter__(self) -> _Iterator[_Any]: ...
    def __len__(self) -> _int: ...
    def __setitem__(self, key: _Tensor, module: _Any) -> None: ...
    def clear(self) -> None: ...
    def items(self) -> _Any: ...
    def keys(self) -> _Any: ...
    def pop(self, key: _Tensor) -> _Any: ...
    def update(self, modules: _Any) -> None: ...
    def values(self) -> _Any: ...

class MultiheadAttention(_Module):
    embed_dim: _int
    num_heads: _int
    dropout: _float
    batch_first: _bool
    add_zero_attn: _bool
    def __init__(
        self,
        embed_dim: _int,
        num_heads: _int,
        dropout: _float = 0.0,
        bias: _bool = True,
        add_bias_kv: _bool = False,
        add_zero_attn: _bool = False,
        kdim: _Any = None,
        vdim: _Any = None,
        batch_first: _bool = False,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def forward(
        self,
        query: _Tensor,
        key: _Tensor,
        value: _Tensor | _int | _float | _complex,
        key_padding_mask: _Tensor | None = None,
        need_weights: _bool = True,
        attn_mask: _Tensor | None = None,
        average_attn_weights: _bool = True,
        is_causal: _bool = False,
    ) -> tuple[_Tensor, _Tensor | None]: ...
    def __call__(
        self,
        query: _Tensor,
        key: _Tensor,
        value: _Tensor | _int | _float | _complex,
        key_padding_mask: _Tensor | None = None,
        need_weights: _bool = True,
        attn_mask: _Tensor | None = None,
        average_attn_weights: _bool = True,
        is_causal: _bool = False,
    ) -> tuple[_Tensor, _Tensor | None]: ...

class PReLU(_Module):
    num_parameters: _int
    init: _float
    weight: _Parameter
    def __init__(
        self,
        num_parameters: _int = 1,
        init: _float = 0.25,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class PairwiseDistance(_Module):
    eps: _float
    keepdim: _bool
    def __init__(self, p: _float = 2.0, eps: _float = 1e-06, keepdim: _bool = False) -> None: ...
    def forward(self, x1: _Tensor, x2: _Tensor) -> _Tensor: ...
    def __call__(self, x1: _Tensor, x2: _Tensor) -> _Tensor: ...

class ParameterDict(_Module):
    def __call__(self, *args: _Any, **kwargs: _Any) -> _Any: ...
    def __contains__(self, key: _Tensor) -> _bool: ...
    def __delitem__(self, key: _Tensor) -> None: ...
    def __getitem__(self, key: _Tensor) -> _Any: ...
    def __init__(self, parameters: _Any = None) -> None: ...
    def __iter__(self) -> _Iterator[_Any]: ...
    def __len__(self) -> _int: ...
    def __setitem__(self, key: _Tensor, value: _Tensor | _int | _float | _complex) -> None: ...
    def clear(self) -> None: ...
    def copy(self) -> _Any: ...
    def extra_repr(self) -> _str: ...
    def fromkeys(self, keys: _Any, default: _Any = None) -> _Any: ...
    def get(self, key: _Tensor, default: _Any = None) -> _Any: ...
    def items(self) -> _Any: ...
    def keys(self) -> _Any: ...
    def pop(self, key: _Tensor) -> _Any: ...
    def popitem(self) -> _Any: ...
    def setdefault(self, key: _Tensor, default: _Any = None) -> _Any: ...
    def update(self, parameters: _Any) -> None: ...
    def values(self) -> _Any: ...

class ParameterList(_Module):
    def __call__(self, *args: _Any, **kwargs: _Any) -> _Any: ...
    def __getitem__(self, idx: _Any) -> _Any: ...
    def __init__(self, values: _Any = None) -> None: ...
    def __iter__(self) -> _Iterator[_Any]: ...
    def __len__(self) -> _int: ...
    def __setitem__(self, idx: _Any, param: _Any) -> None: ...
    def append(self, value: _Tensor | _int | _float | _complex) -> _Any: ...
    def extend(self, values: _Any) -> _Any: ...
    def extra_repr(self) -> _str: ...

class PixelShuffle(_Module):
    upscale_factor: _int
    def __init__(self, upscale_factor: _int) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class PixelUnshuffle(_Module):
    downscale_factor: _int
    def __init__(self, downscale_factor: _int) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class RMSNorm(_Module):
    eps: _float | None
    elementwise_affine: _bool
    def __init__(
        self,
        normalized_shape: _int | _Sequence[_int],
        eps: _float | None = None,
        elementwise_affine: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, x: _Tensor) -> _Tensor: ...
    def __call__(self, x: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class RNNBase(_Module):
    mode: _str
    input_size: _int
    hidden_size: _int
    num_layers: _int
    bias: _bool
    batch_first: _bool
    bidirectional: _bool
    proj_size: _int
    def __init__(
        self,
        mode: _str,
        input_size: _int,
        hidden_size: _int,
        num_layers: _int = 1,
        bias: _bool = True,
        batch_first: _bool = False,
        dropout: _float = 0.0,
        bidirectional: _bool = False,
        proj_size: _int = 0,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    @property
    def all_weights(self) -> _Any: ...
    def check_forward_args(self, input: _Tensor, hidden: _Any, batch_sizes: _Any) -> None: ...
    def check_hidden_size(
        self, hx: _Tensor, expected: _Any, msg: _str = "Expected hidden size {}, got {}"
    ) -> None: ...
    def check_input(self, input: _Tensor, batch_sizes: _Any) -> None: ...
    def extra_repr(self) -> _str: ...
    def flatten_parameters(self) -> None: ...
    def forward(self, input: _Tensor, hx: _Tensor | None = None) -> _Any: ...
    def __call__(self, input: _Tensor, hx: _Tensor | None = None) -> _Any: ...
    def get_expected_hidden_size(self, input: _Tensor, batch_sizes: _Any) -> _Any: ...
    def permute_hidden(self, hx: _Tensor, permutation: _Any) -> _Any: ...
    def reset_parameters(self) -> None: ...

class RNNCellBase(_Module):
    input_size: _int
    hidden_size: _int
    bias: _Tensor | None
    weight_ih: _Parameter
    weight_hh: _Parameter
    def __init__(
        self,
        input_size: _int,
        hidden_size: _int,
        bias: _Tensor | None,
        num_chunks: _Any,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def reset_parameters(self) -> None: ...

class RReLU(_Module):
    lower: _float
    upper: _float
    inplace: _bool
    def __init__(
        self, lower: _float = 0.125, upper: _float = 0.3333333333333333, inplace: _bool = False
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Sigmoid(_Module):
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Softmax2d(_Module):
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Softplus(_Module):
    beta: _int | _float | _complex
    threshold: _int | _float | _complex
    def __init__(
        self, beta: _int | _float | _complex = 1.0, threshold: _int | _float | _complex = 20.0
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Softshrink(_Module):
    lambd: _int | _float | _complex
    def __init__(self, lambd: _int | _float | _complex = 0.5) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Softsign(_Module):
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Tanh(_Module):
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Tanhshrink(_Module):
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Threshold(_Module):
    threshold: _int | _float | _complex
    value: _int | _float | _complex
    inplace: _bool
    def __init__(
        self,
        threshold: _int | _float | _complex,
        value: _int | _float | _complex,
        inplace: _bool = False,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Transformer(_Module):
    d_model: _int
    nhead: _int
    batch_first: _bool
    def __init__(
        self,
        d_model: _int = 512,
        nhead: _int = 8,
        num_encoder_layers: _int = 6,
        num_decoder_layers: _int = 6,
        dim_feedforward: _int = 2048,
        dropout: _float = 0.1,
        activation: _str = "relu",
        custom_encoder: _Any = None,
        custom_decoder: _Any = None,
        layer_norm_eps: _float = 1e-05,
        batch_first: _bool = False,
        norm_first: _bool = False,
        bias: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def forward(
        self,
        src: _Tensor,
        tgt: _Tensor,
        src_mask: _Tensor | None = None,
        tgt_mask: _Tensor | None = None,
        memory_mask: _Tensor | None = None,
        src_key_padding_mask: _Tensor | None = None,
        tgt_key_padding_mask: _Tensor | None = None,
        memory_key_padding_mask: _Tensor | None = None,
        src_is_causal: _Any = None,
        tgt_is_causal: _Any = None,
        memory_is_causal: _bool = False,
    ) -> _Tensor: ...
    def __call__(
        self,
        src: _Tensor,
        tgt: _Tensor,
        src_mask: _Tensor | None = None,
        tgt_mask: _Tensor | None = None,
        memory_mask: _Tensor | None = None,
        src_key_padding_mask: _Tensor | None = None,
        tgt_key_padding_mask: _Tensor | None = None,
        memory_key_padding_mask: _Tensor | None = None,
        src_is_causal: _Any = None,
        tgt_is_causal: _Any = None,
        memory_is_causal: _bool = False,
    ) -> _Tensor: ...
    @staticmethod
    def generate_square_subsequent_mask(*args: _Any, **kwargs: _Any) -> _Any: ...

class TransformerDecoder(_Module):
    num_layers: _int
    norm: _Any
    def __init__(self, decoder_layer: _Any, num_layers: _int, norm: _Any = None) -> None: ...
    def forward(
        self,
        tgt: _Tensor,
        memory: _Tensor,
        tgt_mask: _Tensor | None = None,
        memory_mask: _Tensor | None = None,
        tgt_key_padding_mask: _Tensor | None = None,
        memory_key_padding_mask: _Tensor | None = None,
        tgt_is_causal: _Any = None,
        memory_is_causal: _bool = False,
    ) -> _Tensor: ...
    def __call__(
        self,
        tgt: _Tensor,
        memory: _Tensor,
        tgt_mask: _Tensor | None = None,
        memory_mask: _Tensor | None = None,
        tgt_key_padding_mask: _Tensor | None = None,
        memory_key_padding_mask: _Tensor | None = None,
        tgt_is_causal: _Any = None,
        memory_is_causal: _bool = False,
    ) -> _Tensor: ...

class TransformerEncoder(_Module):
    num_layers: _int
    norm: _Any
    enable_nested_tensor: _bool
    mask_check: _bool
    def __init__(
        self,
        encoder_layer: _Any,
        num_layers: _int,
        norm: _Any = None,
        enable_nested_tensor: _bool = True,
        mask_check: _bool = True,
    ) -> None: ...
    def forward(
        self,
        src: _Tensor,
        mask: _Tensor | None = None,
        src_key_padding_mask: _Tensor | None = None,
        is_causal: _bool | None = None,
    ) -> _Tensor: ...
    def __call__(
        self,
        src: _Tensor,
        mask: _Tensor | None = None,
        src_key_padding_mask: _Tensor | None = None,
        is_causal: _bool | None = None,
    ) -> _Tensor: ...

class Unflatten(_Module):
    dim: _Any
    unflattened_size: _Any
    def __init__(self, dim: _Any, unflattened_size: _Any) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Unfold(_Module):
    kernel_size: _int | _Sequence[_int]
    dilation: _int | _Sequence[_int]
    padding: _int | _Sequence[_int]
    stride: _int | _Sequence[_int]
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        dilation: _int | _Sequence[_int] = 1,
        padding: _int | _Sequence[_int] = 0,
        stride: _int | _Sequence[_int] = 1,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Upsample(_Module):
    size: _int | _Sequence[_int] | None
    mode: _str
    align_corners: _bool | None
    recompute_scale_factor: _bool | None
    def __init__(
        self,
        size: _int | _Sequence[_int] | None = None,
        scale_factor: _Any = None,
        mode: _str = "nearest",
        align_corners: _bool | None = None,
        recompute_scale_factor: _bool | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class AdaptiveAvgPool1d(_Module):
    def __init__(self, output_size: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class AdaptiveAvgPool2d(_Module):
    def __init__(self, output_size: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class AdaptiveAvgPool3d(_Module):
    def __init__(self, output_size: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class AdaptiveMaxPool1d(_Module):
    def __init__(
        self, output_size: _int | _Sequence[_int], return_indices: _bool = False
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Any: ...
    def __call__(self, input: _Tensor) -> _Any: ...

class AdaptiveMaxPool2d(_Module):
    def __init__(
        self, output_size: _int | _Sequence[_int], return_indices: _bool = False
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Any: ...
    def __call__(self, input: _Tensor) -> _Any: ...

class AdaptiveMaxPool3d(_Module):
    def __init__(
        self, output_size: _int | _Sequence[_int], return_indices: _bool = False
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Any: ...
    def __call__(self, input: _Tensor) -> _Any: ...

class AlphaDropout(_Module):
    def __init__(self, p: _float = 0.5, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class AvgPool1d(_Module):
    ceil_mode: _bool
    count_include_pad: _bool
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        padding: _int | _Sequence[_int] = 0,
        ceil_mode: _bool = False,
        count_include_pad: _bool = True,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class BCEWithLogitsLoss(_Module):
    def __init__(
        self,
        weight: _Tensor | None = None,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
        pos_weight: _Tensor | None = None,
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class CTCLoss(_Module):
    blank: _int
    zero_infinity: _bool
    def __init__(
        self, blank: _int = 0, reduction: _str = "mean", zero_infinity: _bool = False
    ) -> None: ...
    def forward(
        self, log_probs: _Tensor, targets: _Tensor, input_lengths: _Any, target_lengths: _Any
    ) -> _Tensor: ...
    def __call__(
        self, log_probs: _Tensor, targets: _Tensor, input_lengths: _Any, target_lengths: _Any
    ) -> _Tensor: ...

class ConstantPad1d(_Module):
    def __init__(self, padding: _int | _Sequence[_int], value: _float) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ConstantPad2d(_Module):
    def __init__(self, padding: _int | _Sequence[_int], value: _float) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ConstantPad3d(_Module):
    def __init__(
        self, padding: _int | _Sequence[_int], value: _Tensor | _int | _float | _complex
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class CosineEmbeddingLoss(_Module):
    margin: _int | _float | _complex
    def __init__(
        self,
        margin: _int | _float | _complex = 0.0,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input1: _Tensor, input2: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input1: _Tensor, input2: _Tensor, target: _Tensor) -> _Tensor: ...

class Dropout(_Module):
    def __init__(self, p: _float = 0.5, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Dropout1d(_Module):
    def __init__(self, p: _float = 0.5, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Dropout2d(_Module):
    def __init__(self, p: _float = 0.5, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Dropout3d(_Module):
    def __init__(self, p: _float = 0.5, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Embedding(_Module):
    num_embeddings: _int
    embedding_dim: _int
    max_norm: _float | None
    norm_type: _float
    scale_grad_by_freq: _bool
    sparse: _bool
    def __init__(
        self,
        num_embeddings: _int,
        embedding_dim: _int,
        padding_idx: _int | _Any | None = None,
        max_norm: _float | None = None,
        norm_type: _float = 2.0,
        scale_grad_by_freq: _bool = False,
        sparse: _bool = False,
        _weight: _Any = None,
        _freeze: _bool = False,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    @classmethod
    def from_pretrained(cls, *args: _Any, **kwargs: _Any) -> _Any: ...
    def reset_parameters(self) -> None: ...

class EmbeddingBag(_Module):
    num_embeddings: _int
    embedding_dim: _int
    max_norm: _float | None
    norm_type: _float
    scale_grad_by_freq: _bool
    mode: _str
    sparse: _bool
    include_last_offset: _bool
    def __init__(
        self,
        num_embeddings: _int,
        embedding_dim: _int,
        max_norm: _float | None = None,
        norm_type: _float = 2.0,
        scale_grad_by_freq: _bool = False,
        mode: _str = "mean",
        sparse: _bool = False,
        _weight: _Any = None,
        include_last_offset: _bool = False,
        padding_idx: _int | _Any | None = None,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(
        self,
        input: _Tensor,
        offsets: _Tensor | None = None,
        per_sample_weights: _Tensor | None = None,
    ) -> _Tensor: ...
    def __call__(
        self,
        input: _Tensor,
        offsets: _Tensor | None = None,
        per_sample_weights: _Tensor | None = None,
    ) -> _Tensor: ...
    @classmethod
    def from_pretrained(cls, *args: _Any, **kwargs: _Any) -> _Any: ...
    def reset_parameters(self) -> None: ...

class FeatureAlphaDropout(_Module):
    def __init__(self, p: _float = 0.5, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class FractionalMaxPool2d(_Module):
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        output_size: _int | _Sequence[_int] | None = None,
        output_ratio: _Any = None,
        return_indices: _bool = False,
        _random_samples: _Any = None,
    ) -> None: ...
    def forward(self, input: _Tensor) -> _Any: ...
    def __call__(self, input: _Tensor) -> _Any: ...

class FractionalMaxPool3d(_Module):
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        output_size: _int | _Sequence[_int] | None = None,
        output_ratio: _Any = None,
        return_indices: _bool = False,
        _random_samples: _Any = None,
    ) -> None: ...
    def forward(self, input: _Tensor) -> _Any: ...
    def __call__(self, input: _Tensor) -> _Any: ...

class GRU(RNNBase):
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...

class GRUCell(RNNCellBase):
    def __init__(
        self,
        input_size: _int,
        hidden_size: _int,
        bias: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def forward(self, input: _Tensor, hx: _Tensor | None = None) -> _Tensor: ...
    def __call__(self, input: _Tensor, hx: _Tensor | None = None) -> _Tensor: ...

class GaussianNLLLoss(_Module):
    full: _bool
    eps: _float
    def __init__(
        self, *, full: _bool = False, eps: _float = 1e-06, reduction: _str = "mean"
    ) -> None: ...
    def forward(
        self, input: _Tensor, target: _Tensor, var: _Tensor | _int | _float | _complex
    ) -> _Tensor: ...
    def __call__(
        self, input: _Tensor, target: _Tensor, var: _Tensor | _int | _float | _complex
    ) -> _Tensor: ...

class Hardsigmoid(_Module):
    def __init__(self, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Hardswish(_Module):
    def __init__(self, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class HingeEmbeddingLoss(_Module):
    margin: _int | _float | _complex
    def __init__(
        self,
        margin: _int | _float | _complex = 1.0,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class HuberLoss(_Module):
    delta: _float
    def __init__(self, reduction: _str = "mean", delta: _float = 1.0) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class KLDivLoss(_Module):
    log_target: _bool
    def __init__(
        self,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
        log_target: _bool = False,
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class L1Loss(_Module):
    def __init__(
        self,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class LPPool1d(_Module):
    def __init__(
        self,
        norm_type: _float,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        ceil_mode: _bool = False,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class LPPool2d(_Module):
    def __init__(
        self,
        norm_type: _float,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        ceil_mode: _bool = False,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class LPPool3d(_Module):
    def __init__(
        self,
        norm_type: _float,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        ceil_mode: _bool = False,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class LSTM(RNNBase):
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...
    def check_forward_args(self, input: _Tensor, hidden: _Any, batch_sizes: _Any) -> None: ...
    def get_expected_cell_size(self, input: _Tensor, batch_sizes: _Any) -> _Any: ...
    def permute_hidden(self, hx: _Tensor, permutation: _Any) -> _Any: ...

class LSTMCell(RNNCellBase):
    def __init__(
        self,
        input_size: _int,
        hidden_size: _int,
        bias: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def forward(self, input: _Tensor, hx: _Tensor | None = None) -> tuple[_Tensor, _Tensor]: ...
    def __call__(self, input: _Tensor, hx: _Tensor | None = None) -> tuple[_Tensor, _Tensor]: ...

class LogSoftmax(_Module):
    def __init__(self, dim: _int | _Sequence[_int] | None = None) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class MSELoss(_Module):
    def __init__(
        self,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class MarginRankingLoss(_Module):
    margin: _int | _float | _complex
    def __init__(
        self,
        margin: _int | _float | _complex = 0.0,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input1: _Tensor, input2: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input1: _Tensor, input2: _Tensor, target: _Tensor) -> _Tensor: ...

class MaxPool1d(_Module):
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        padding: _int | _Sequence[_int] = 0,
        dilation: _int | _Sequence[_int] = 1,
        return_indices: _bool = False,
        ceil_mode: _bool = False,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Any: ...
    def __call__(self, input: _Tensor) -> _Any: ...

class MaxPool2d(_Module):
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        padding: _int | _Sequence[_int] = 0,
        dilation: _int | _Sequence[_int] = 1,
        return_indices: _bool = False,
        ceil_mode: _bool = False,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Any: ...
    def __call__(self, input: _Tensor) -> _Any: ...

class MaxPool3d(_Module):
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        padding: _int | _Sequence[_int] = 0,
        dilation: _int | _Sequence[_int] = 1,
        return_indices: _bool = False,
        ceil_mode: _bool = False,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Any: ...
    def __call__(self, input: _Tensor) -> _Any: ...

class MaxUnpool1d(_Module):
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        padding: _int | _Sequence[_int] = 0,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(
        self, input: _Tensor, indices: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...
    def __call__(
        self, input: _Tensor, indices: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...

class MaxUnpool2d(_Module):
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        padding: _int | _Sequence[_int] = 0,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(
        self, input: _Tensor, indices: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...
    def __call__(
        self, input: _Tensor, indices: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...

class MaxUnpool3d(_Module):
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        padding: _int | _Sequence[_int] = 0,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(
        self, input: _Tensor, indices: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...
    def __call__(
        self, input: _Tensor, indices: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...

class Mish(_Module):
    def __init__(self, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ModuleList(_Module):
    def __delitem__(self, idx: _Any) -> None: ...
    def __getitem__(self, idx: _Any) -> _Any: ...
    def __init__(self, modules: _Any = None) -> None: ...
    def __iter__(self) -> _Iterator[_Any]: ...
    def __len__(self) -> _int: ...
    def __setitem__(self, idx: _Any, module: _Any) -> None: ...
    def append(self, module: _Any) -> _Any: ...
    def extend(self, modules: _Any) -> _Any: ...
    def insert(self, index: _Tensor, module: _Any) -> None: ...
    def pop(self, key: _Tensor) -> _Any: ...

class MultiLabelMarginLoss(_Module):
    def __init__(
        self,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class PoissonNLLLoss(_Module):
    log_input: _bool
    full: _bool
    eps: _float
    def __init__(
        self,
        log_input: _bool = True,
        full: _bool = False,
        size_average: _bool | None = None,
        eps: _float = 1e-08,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, log_input: _Any, target: _Tensor) -> _Tensor: ...
    def __call__(self, log_input: _Any, target: _Tensor) -> _Tensor: ...

class RNN(RNNBase):
    nonlinearity: _str
    def __init__(
        self,
        input_size: _int,
        hidden_size: _int,
        num_layers: _int = 1,
        nonlinearity: _str = "tanh",
        *args: _Any,
        **kwargs: _Any,
    ) -> None: ...

class RNNCell(RNNCellBase):
    nonlinearity: _str
    def __init__(
        self,
        input_size: _int,
        hidden_size: _int,
        bias: _bool = True,
        nonlinearity: _str = "tanh",
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def forward(self, input: _Tensor, hx: _Tensor | None = None) -> _Tensor: ...
    def __call__(self, input: _Tensor, hx: _Tensor | None = None) -> _Tensor: ...

class ReLU(_Module):
    def __init__(self, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ReLU6(Hardtanh):
    def __init__(self, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...

class ReflectionPad1d(_Module):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ReflectionPad2d(_Module):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ReflectionPad3d(_Module):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ReplicationPad1d(_Module):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ReplicationPad2d(_Module):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class ReplicationPad3d(_Module):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class SELU(_Module):
    def __init__(self, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Sequential(_Module):
    def __delitem__(self, idx: _Any) -> None: ...
    def __getitem__(self, idx: _Any) -> _Any: ...
    def __init__(self, *args: _Any) -> None: ...
    def __iter__(self) -> _Iterator[_Any]: ...
    def __len__(self) -> _int: ...
    def __setitem__(self, idx: _Any, module: _Any) -> None: ...
    def append(self, module: _Any) -> _Any: ...
    def extend(self, sequential: _Any) -> _Any: ...
    def forward(self, input: _Any) -> _Tensor: ...
    def __call__(self, input: _Any) -> _Tensor: ...
    def insert(self, index: _Tensor, module: _Any) -> _Any: ...
    def pop(self, key: _Tensor) -> _Any: ...

class SiLU(_Module):
    def __init__(self, inplace: _bool = False) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class SmoothL1Loss(_Module):
    beta: _int | _float | _complex
    def __init__(
        self,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
        beta: _int | _float | _complex = 1.0,
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class SoftMarginLoss(_Module):
    def __init__(
        self,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class Softmax(_Module):
    def __init__(self, dim: _int | _Sequence[_int] | None = None) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Softmin(_Module):
    def __init__(self, dim: _int | _Sequence[_int] | None = None) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class TransformerDecoderLayer(_Module):
    norm_first: _bool
    def __init__(
        self,
        d_model: _int,
        nhead: _int,
        dim_feedforward: _int = 2048,
        dropout: _float = 0.1,
        activation: _str = "relu",
        layer_norm_eps: _float = 1e-05,
        batch_first: _bool = False,
        norm_first: _bool = False,
        bias: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def forward(
        self,
        tgt: _Tensor,
        memory: _Tensor,
        tgt_mask: _Tensor | None = None,
        memory_mask: _Tensor | None = None,
        tgt_key_padding_mask: _Tensor | None = None,
        memory_key_padding_mask: _Tensor | None = None,
        tgt_is_causal: _bool = False,
        memory_is_causal: _bool = False,
    ) -> _Tensor: ...
    def __call__(
        self,
        tgt: _Tensor,
        memory: _Tensor,
        tgt_mask: _Tensor | None = None,
        memory_mask: _Tensor | None = None,
        tgt_key_padding_mask: _Tensor | None = None,
        memory_key_padding_mask: _Tensor | None = None,
        tgt_is_causal: _bool = False,
        memory_is_causal: _bool = False,
    ) -> _Tensor: ...

class TransformerEncoderLayer(_Module):
    norm_first: _bool
    def __init__(
        self,
        d_model: _int,
        nhead: _int,
        dim_feedforward: _int = 2048,
        dropout: _float = 0.1,
        activation: _str = "relu",
        layer_norm_eps: _float = 1e-05,
        batch_first: _bool = False,
        norm_first: _bool = False,
        bias: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def forward(
        self,
        src: _Tensor,
        src_mask: _Tensor | None = None,
        src_key_padding_mask: _Tensor | None = None,
        is_causal: _bool = False,
    ) -> _Tensor: ...
    def __call__(
        self,
        src: _Tensor,
        src_mask: _Tensor | None = None,
        src_key_padding_mask: _Tensor | None = None,
        is_causal: _bool = False,
    ) -> _Tensor: ...

class TripletMarginLoss(_Module):
    margin: _int | _float | _complex
    p: _float
    eps: _float
    swap: _bool
    def __init__(
        self,
        margin: _int | _float | _complex = 1.0,
        p: _float = 2.0,
        eps: _float = 1e-06,
        swap: _bool = False,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, anchor: _Tensor, positive: _Tensor, negative: _Tensor) -> _Tensor: ...
    def __call__(self, anchor: _Tensor, positive: _Tensor, negative: _Tensor) -> _Tensor: ...

class TripletMarginWithDistanceLoss(_Module):
    distance_function: _Any
    margin: _int | _float | _complex
    swap: _bool
    def __init__(
        self,
        *,
        distance_function: _Any = None,
        margin: _int | _float | _complex = 1.0,
        swap: _bool = False,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, anchor: _Tensor, positive: _Tensor, negative: _Tensor) -> _Tensor: ...
    def __call__(self, anchor: _Tensor, positive: _Tensor, negative: _Tensor) -> _Tensor: ...

class UpsamplingBilinear2d(Upsample):
    def __init__(
        self, size: _int | _Sequence[_int] | None = None, scale_factor: _Any = None
    ) -> None: ...

class UpsamplingNearest2d(Upsample):
    def __init__(
        self, size: _int | _Sequence[_int] | None = None, scale_factor: _Any = None
    ) -> None: ...

class AvgPool2d(_Module):
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        padding: _int | _Sequence[_int] = 0,
        ceil_mode: _bool = False,
        count_include_pad: _bool = True,
        divisor_override: _Any = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class AvgPool3d(_Module):
    def __init__(
        self,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] | None = None,
        padding: _int | _Sequence[_int] = 0,
        ceil_mode: _bool = False,
        count_include_pad: _bool = True,
        divisor_override: _Any = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class BCELoss(_Module):
    def __init__(
        self,
        weight: _Tensor | None = None,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class BatchNorm1d(_Module):
    def __init__(
        self,
        num_features: _int,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = True,
        track_running_stats: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class BatchNorm2d(_Module):
    def __init__(
        self,
        num_features: _int,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = True,
        track_running_stats: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class BatchNorm3d(_Module):
    def __init__(
        self,
        num_features: _int,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = True,
        track_running_stats: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class CircularPad1d(_Module):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class CircularPad2d(_Module):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class CircularPad3d(_Module):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...

class Conv1d(_Module):
    def __init__(
        self,
        in_channels: _int,
        out_channels: _int,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] = 1,
        padding: _str | _int | _Sequence[_int] = 0,
        dilation: _int | _Sequence[_int] = 1,
        groups: _int = 1,
        bias: _bool = True,
        padding_mode: _str = "zeros",
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class Conv2d(_Module):
    def __init__(
        self,
        in_channels: _int,
        out_channels: _int,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] = 1,
        padding: _str | _int | _Sequence[_int] = 0,
        dilation: _int | _Sequence[_int] = 1,
        groups: _int = 1,
        bias: _bool = True,
        padding_mode: _str = "zeros",
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class Conv3d(_Module):
    def __init__(
        self,
        in_channels: _int,
        out_channels: _int,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] = 1,
        padding: _str | _int | _Sequence[_int] = 0,
        dilation: _int | _Sequence[_int] = 1,
        groups: _int = 1,
        bias: _bool = True,
        padding_mode: _str = "zeros",
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class ConvTranspose1d(_Module):
    def __init__(
        self,
        in_channels: _int,
        out_channels: _int,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] = 1,
        padding: _int | _Sequence[_int] = 0,
        output_padding: _int | _Sequence[_int] = 0,
        groups: _int = 1,
        bias: _bool = True,
        dilation: _int | _Sequence[_int] = 1,
        padding_mode: _str = "zeros",
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(
        self, input: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...
    def __call__(
        self, input: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class ConvTranspose2d(_Module):
    def __init__(
        self,
        in_channels: _int,
        out_channels: _int,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] = 1,
        padding: _int | _Sequence[_int] = 0,
        output_padding: _int | _Sequence[_int] = 0,
        groups: _int = 1,
        bias: _bool = True,
        dilation: _int | _Sequence[_int] = 1,
        padding_mode: _str = "zeros",
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(
        self, input: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...
    def __call__(
        self, input: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class ConvTranspose3d(_Module):
    def __init__(
        self,
        in_channels: _int,
        out_channels: _int,
        kernel_size: _int | _Sequence[_int],
        stride: _int | _Sequence[_int] = 1,
        padding: _int | _Sequence[_int] = 0,
        output_padding: _int | _Sequence[_int] = 0,
        groups: _int = 1,
        bias: _bool = True,
        dilation: _int | _Sequence[_int] = 1,
        padding_mode: _str = "zeros",
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(
        self, input: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...
    def __call__(
        self, input: _Tensor, output_size: _int | _Sequence[_int] | None = None
    ) -> _Tensor: ...
    def reset_parameters(self) -> None: ...

class CrossEntropyLoss(_Module):
    ignore_index: _int
    label_smoothing: _float
    def __init__(
        self,
        weight: _Tensor | None = None,
        size_average: _bool | None = None,
        ignore_index: _int = -100,
        reduce: _bool | None = None,
        reduction: _str = "mean",
        label_smoothing: _float = 0.0,
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class InstanceNorm1d(_Module):
    def __init__(
        self,
        num_features: _int,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = False,
        track_running_stats: _bool = False,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class InstanceNorm2d(_Module):
    def __init__(
        self,
        num_features: _int,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = False,
        track_running_stats: _bool = False,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class InstanceNorm3d(_Module):
    def __init__(
        self,
        num_features: _int,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = False,
        track_running_stats: _bool = False,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor) -> _Tensor: ...
    def reset_parameters(self) -> None: ...
    def reset_running_stats(self) -> None: ...

class LazyLinear(Linear):
    out_features: _int
    def __init__(
        self,
        out_features: _int,
        bias: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor) -> None: ...
    def reset_parameters(self) -> None: ...

class LinearCrossEntropyLoss(_Module):
    num_classes: _int
    out_features: _Any
    ignore_index: _int | None
    label_smoothing: _float
    options: _Any
    def __init__(
        self,
        in_features: _int,
        num_classes: _int,
        *,
        out_features: _Any = ...,
        bias: _bool = False,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        reduction: _str = "mean",
        weight: _Tensor | None = None,
        ignore_index: _int | None = None,
        label_smoothing: _float = 0.0,
        options: _Any = None,
    ) -> None: ...
    def extra_repr(self) -> _str: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class MultiLabelSoftMarginLoss(_Module):
    def __init__(
        self,
        weight: _Tensor | None = None,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class MultiMarginLoss(_Module):
    p: _float
    margin: _int | _float | _complex
    def __init__(
        self,
        p: _float = 1,
        margin: _int | _float | _complex = 1.0,
        weight: _Tensor | None = None,
        size_average: _bool | None = None,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class NLLLoss(_Module):
    ignore_index: _int
    def __init__(
        self,
        weight: _Tensor | None = None,
        size_average: _bool | None = None,
        ignore_index: _int = -100,
        reduce: _bool | None = None,
        reduction: _str = "mean",
    ) -> None: ...
    def forward(self, input: _Tensor, target: _Tensor) -> _Tensor: ...
    def __call__(self, input: _Tensor, target: _Tensor) -> _Tensor: ...

class NLLLoss2d(NLLLoss):
    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...

class ZeroPad1d(ConstantPad1d):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...

class ZeroPad2d(ConstantPad2d):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...

class ZeroPad3d(ConstantPad3d):
    def __init__(self, padding: _int | _Sequence[_int]) -> None: ...
    def extra_repr(self) -> _str: ...

class LazyBatchNorm1d(BatchNorm1d):
    def __init__(
        self,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = True,
        track_running_stats: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyBatchNorm2d(BatchNorm2d):
    def __init__(
        self,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = True,
        track_running_stats: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyBatchNorm3d(BatchNorm3d):
    def __init__(
        self,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = True,
        track_running_stats: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyConv1d(Conv1d):
    def __init__(
        self, out_channels: _int, kernel_size: _int | _Sequence[_int], *args: _Any, **kwargs: _Any
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor, *args: _Any, **kwargs: _Any) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyConv2d(Conv2d):
    def __init__(
        self, out_channels: _int, kernel_size: _int | _Sequence[_int], *args: _Any, **kwargs: _Any
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor, *args: _Any, **kwargs: _Any) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyConv3d(Conv3d):
    def __init__(
        self, out_channels: _int, kernel_size: _int | _Sequence[_int], *args: _Any, **kwargs: _Any
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor, *args: _Any, **kwargs: _Any) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyConvTranspose1d(ConvTranspose1d):
    def __init__(
        self, out_channels: _int, kernel_size: _int | _Sequence[_int], *args: _Any, **kwargs: _Any
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor, *args: _Any, **kwargs: _Any) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyConvTranspose2d(ConvTranspose2d):
    def __init__(
        self, out_channels: _int, kernel_size: _int | _Sequence[_int], *args: _Any, **kwargs: _Any
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor, *args: _Any, **kwargs: _Any) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyConvTranspose3d(ConvTranspose3d):
    def __init__(
        self, out_channels: _int, kernel_size: _int | _Sequence[_int], *args: _Any, **kwargs: _Any
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor, *args: _Any, **kwargs: _Any) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyInstanceNorm1d(InstanceNorm1d):
    def __init__(
        self,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = True,
        track_running_stats: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyInstanceNorm2d(InstanceNorm2d):
    def __init__(
        self,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = True,
        track_running_stats: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor) -> None: ...
    def reset_parameters(self) -> None: ...

class LazyInstanceNorm3d(InstanceNorm3d):
    def __init__(
        self,
        eps: _float = 1e-05,
        momentum: _float = 0.1,
        affine: _bool = True,
        track_running_stats: _bool = True,
        device: _device | _str | _int | None = None,
        dtype: _dtype | None = None,
        *,
        bias: _bool = True,
    ) -> None: ...
    def has_uninitialized_params(self) -> _bool: ...
    def initialize_parameters(self, input: _Tensor) -> None: ...
    def reset_parameters(self) -> None: ...
