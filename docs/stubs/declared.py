"""What no signature says: types that follow from names, and definitions written out."""

from __future__ import annotations

import re

# Names are aliased, for torch.float and Tensor.int hide Python's own.
HEAD = """
from builtins import bool as _bool
from builtins import bytes as _bytes
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from builtins import object as _object
from builtins import str as _str
from builtins import type as _type
from collections.abc import Callable as _Callable
from collections.abc import Iterable as _Iterable
from collections.abc import Iterator as _Iterator
from collections.abc import Mapping as _Mapping
from collections.abc import Sequence as _Sequence
from typing import Any as _Any
from typing import NamedTuple as _NamedTuple
from typing import Self as _Self
from typing import TypeVar as _TypeVar
from typing import overload as _overload

import numpy as _np

from flambeau.core.devices import device as _device
from flambeau.core.dtypes import dtype as _dtype
from flambeau.core.random import Generator as _Generator
from flambeau.core.size import Size as _Size
from flambeau.nn.module import Module as _Module
from flambeau.nn.parameter import Parameter as _Parameter
from flambeau.tensor.layout import layout as _layout
from flambeau.tensor.layout import memory_format as _memory_format
from flambeau.tensor.tensor import Tensor as _Tensor
"""

NUMBER = "_int | _float | _complex"
OPERAND = f"_Tensor | {NUMBER}"
INTS = "_int | _Sequence[_int]"

TYPES = {
    name: kind
    for kind, names in {
        "_Tensor": """input tensor tensor1 tensor2 mat mat2 mat1 vec vec1 vec2 batch1 batch2 A B
            L a b src mask index target input1 input2 x1 x2 x y weight
            theta grid anchor positive negative log_probs targets query key indices real imag
            abs angle logits linear_weight pos_weight attn_mask key_padding_mask
            per_sample_weights offsets out_proj_weight prepend append sorted_sequence sorter weights
            grad gradient hx tgt condition boundaries new_state source memory src_mask tgt_mask
            memory_mask src_key_padding_mask tgt_key_padding_mask memory_key_padding_mask""",
        OPERAND: "other value exponent min max test_elements elements var",
        "_Tensor | None": """bias running_mean running_var linear_bias in_proj_weight in_proj_bias
            bias_k bias_v out_proj_bias""",
        "_Sequence[_Tensor]": "tensors",
        NUMBER: "alpha beta fill_value lambd margin min_val max_val threshold posinf neginf nan s",
        "_int": """diagonal offset dim0 dim1 dim2 start_dim end_dim k n r groups num_groups chunks
            length num_samples step num_classes bins minlength storage_offset dimension steps row
            col upscale_factor downscale_factor m N seed ignore_index blank in_features out_features
            in_channels out_channels num_features num_embeddings embedding_dim hidden_size
            input_size num_layers embed_dim num_heads d_model nhead dim_feedforward decimals
            num_encoder_layers num_decoder_layers window_length in1_features in2_features
            num_parameters num_channels""",
        "_int | _Any": "padding_idx",
        INTS: """dims stride padding dilation kernel_size output_size output_padding
            normalized_shape shifts size shape dim sizes repeats split_sizes""",
        "_int | tuple[_int, _int] | _Any": "split_size split_size_or_sections indices_or_sections",
        "_float": """p eps rtol atol momentum norm_type rcond delta label_smoothing lower upper std
            mean negative_slope dropout_p dropout scale tau lr weight_decay rho lr_decay dampening
            initial_accumulator_value gamma sigma median maxnorm max_norm gain""",
        "_bool": """keepdim largest sorted training inplace requires_grad pin_memory descending
            stable unbiased is_causal need_weights align_corners recompute_scale_factor affine
            track_running_stats size_average reduce foreach fused maximize capturable
            differentiable nesterov amsgrad transposed train cudnn_enabled use_input_stats
            non_blocking retain_graph create_graph as_tuple""",
        "_str": """mode reduction equation UPLO driver padding_mode approximate rounding_mode
            indexing""",
        "_dtype": "dtype",
        "_device | _str | _int": "device",
        "_layout": "layout",
        "_memory_format": "memory_format",
        "_Generator": "generator",
        "tuple[_float, _float]": "betas etas",
        "_Iterable[_Any]": "params",
        "Optimizer": "optimizer",
    }.items()
    for name in names.split()
}  # fmt: skip
# What the same name means elsewhere.
TYPES_OF = {
    ("pow", "input"): OPERAND, ("where", "input"): OPERAND, ("norm", "p"): "_float | _str",
    ("scatter", "reduce"): "_str", ("scatter_reduce", "reduce"): "_str",
    ("index_reduce", "reduce"): "_str", ("linalg", "ord"): "_Any", 
    ("pad", "pad"): "_Sequence[_int]",
    ("lerp", "weight"): OPERAND, ("cat", "dim"): "_int", ("fill_diagonal", "fill_value"): NUMBER,
    ("normal", "mean"): "_Tensor | _float", ("normal", "std"): "_Tensor | _float",
    ("dist", "other"): "_Tensor", ("bernoulli", "p"): "_Tensor | _float",
    ("masked_fill", "value"): OPERAND, ("select", "index"): "_int",
    ("select_scatter", "index"): "_int",
    ("repeat_interleave", "repeats"): "_Tensor | _int", ("nan_to_num", "nan"): "_float",
    ("chunk", "dim"): "_int", ("softmax", "dim"): "_int", ("log_softmax", "dim"): "_int",
    ("histogram", "bins"): "_Any", ("tensordot", "dims"): "_Any", ("set_", "source"): "_Any",
    ("interpolate", "scale_factor"): "_float | _Sequence[_float]", ("t", "p"): "_float",
    ("index_put", "indices"): "_Sequence[_Tensor | None]", ("backward", "inputs"): "_Any",
    ("take_along_dim", "dim"): "_int", ("moveaxis", "source"): INTS, ("movedim", "source"): INTS,
    ("ldexp", "other"): OPERAND, ("scatter", "value"): NUMBER, ("div", "rounding_mode"): "_str",
    ("renorm", "dim"): "_int", ("quantile", "dim"): "_int", ("threshold", "value"): NUMBER,
    ("Threshold", "value"): NUMBER, ("Sequential", "input"): "_Any",
    ("Upsample", "scale_factor"): "_Any",
    ("full", "fill_value"): OPERAND, ("arange", "end"): NUMBER, ("arange", "start"): NUMBER,
    ("arange", "step"): NUMBER, ("linspace", "start"): OPERAND, ("linspace", "end"): OPERAND,
    ("matrix_norm", "ord"): "_Any", ("conv1d", "padding"): f"_str | {INTS}",
    ("conv2d", "padding"): f"_str | {INTS}", ("conv3d", "padding"): f"_str | {INTS}",
    ("Conv1d", "padding"): f"_str | {INTS}", ("Conv2d", "padding"): f"_str | {INTS}",
    ("Conv3d", "padding"): f"_str | {INTS}", ("sub", "input"): OPERAND, ("clamp", "min"): OPERAND,
    ("clamp", "max"): OPERAND, ("max", "other"): "_Tensor", ("min", "other"): "_Tensor",
    ("embedding_bag", "mode"): "_str", ("ReduceLROnPlateau", "threshold"): "_float",
    ("slice_scatter", "end"): "_int", ("slice_scatter", "start"): "_int",
    ("ConstantPad1d", "value"): "_float", ("ConstantPad2d", "value"): "_float",
    ("gather", "dim"): "_int", ("polygamma", "n"): "_int", ("range", "end"): NUMBER,
    ("UninitializedParameter", "data"): "_Any", ("Parameter", "data"): "_Tensor | None",
    ("RMSprop", "alpha"): "_float", ("Optimizer", "defaults"): "dict[_str, _Any]",
    ("cdist", "compute_mode"): "_str", ("gaussian_nll_loss", "var"): "_Tensor | _float",
    ("poisson", "generator"): "_Generator", ("resize_as_", "other"): "_Tensor",
    ("narrow", "start"): "_int | _Tensor", ("diff", "dim"): "_int",
    ("ctc_loss", "reduction"): "_Any", ("to", "other"): "_Tensor", ("to", "copy"): "_bool",
    ("embedding", "input"): "_Tensor", ("type", "dtype"): "_dtype | _str | _type[_Any]",
    ("fold", "output_size"): INTS, ("unflatten", "dim"): "_int", ("Unflatten", "dim"): "_Any",
    ("Flatten", "start_dim"): "_int", ("index_fill", "value"): OPERAND,
    ("LocalResponseNorm", "alpha"): "_float", ("LocalResponseNorm", "beta"): "_float",
}  # fmt: skip

PAIR = "_ValuesIndices"
MANY = "tuple[_Tensor, ...]"
RETURNS = {
    name: kind
    for kind, names in {
        MANY: """split chunk unsafe_split unsafe_chunk unbind tensor_split hsplit vsplit dsplit
            split_with_sizes meshgrid broadcast_tensors split_copy unbind_copy
            split_with_sizes_copy""",
        "_bool": """allclose equal is_nonzero is_same_size is_floating_point is_complex is_signed
            is_contiguous is_inference is_tensor can_cast""",
        "_int": "initial_seed seed get_device dim ndimension numel nelement element_size",
        "_Size": "broadcast_shapes",
        PAIR: "sort topk cummax cummin kthvalue mode",
        "tuple[_Tensor, _Tensor]": """aminmax std_mean var_mean slogdet qr eigh eig histogram
            native_dropout frexp max_pool1d_with_indices max_pool2d_with_indices
            max_pool3d_with_indices adaptive_max_pool1d_with_indices triangular_solve
            adaptive_max_pool2d_with_indices adaptive_max_pool3d_with_indices""",
        "tuple[_Tensor, _Tensor | None]": "multi_head_attention_forward MultiheadAttention",
        "tuple[_Tensor, _Tensor, _Tensor]": "svd",
        "tuple[_Tensor, _Tensor, _Tensor, _Tensor]": "lstsq",
        "tuple[_Tensor, _Tensor] ": "RNN GRU LSTMCell",
        "tuple[_Tensor, tuple[_Tensor, _Tensor]]": "LSTM",
        "_Generator": "manual_seed",
        "None": "set_rng_state set_default_tensor_type set_printoptions backward retain_grad",
        "_Any": """unique unique_consecutive nonzero atleast_1d atleast_2d atleast_3d
            max_pool1d max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d
            adaptive_max_pool3d fractional_max_pool2d fractional_max_pool3d MaxPool1d MaxPool2d
            MaxPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d FractionalMaxPool2d
            FractionalMaxPool3d AdaptiveLogSoftmaxWithLoss RNNBase ParameterList ParameterDict
            ModuleList ModuleDict Container untyped_storage item values result_type finfo iinfo
            get_printoptions printoptions type unravel_index tolist lu lu_factor_ex inv_ex
            cholesky_ex solve_ex ldl_factor_ex Module""",
        "tuple[_Tensor, _Tensor]  ": "lu_factor",
    }.items()
    for name in names.split()
}  # fmt: skip
RETURNS = {name: kind.strip() for name, kind in RETURNS.items()}

# Functions whose result follows from which arguments are given.
_REDUCED = """@_overload
def {name}({first}: _Tensor) -> _Tensor: ...
@_overload
def {name}({first}: _Tensor, dim: _int, keepdim: _bool = False) -> _ValuesIndices: ..."""
_BINARY = "\n@_overload\ndef {name}({first}: _Tensor, other: _Tensor) -> _Tensor: ..."
SPECIAL = {
    "max": _REDUCED + _BINARY, "min": _REDUCED + _BINARY,
    "median": _REDUCED, "nanmedian": _REDUCED,
    "where": """@_overload
def {name}(condition: _Tensor) -> tuple[_Tensor, ...]: ...
@_overload
def {name}(condition: _Tensor, input: OPERAND, other: OPERAND) -> _Tensor: ...""",
}  # fmt: skip
SPECIAL["where"] = SPECIAL["where"].replace("OPERAND", OPERAND)

NAMED = f"""class {PAIR}(_NamedTuple):
    values: _Tensor
    indices: _Tensor
"""

TENSOR = """# What is written by hand in tensor/tensor.py, and the operators.
def __new__(cls, *args: _Any, device: _device | _str | None = None) -> _Self: ...
def __init__(self, *args: _Any, device: _device | _str | None = None) -> None: ...
requires_grad: _bool
data: _Tensor
grad: _Tensor | None
@_overload
def size(self) -> _Size: ...
@_overload
def size(self, dim: _int) -> _int: ...
@_overload
def stride(self) -> tuple[_int, ...]: ...
@_overload
def stride(self, dim: _int) -> _int: ...
def where(self, condition: _Tensor, other: OPERAND) -> _Tensor: ...
def numpy(self, *, force: _bool = False) -> _np.ndarray[_Any, _Any]: ...
def register_hook(self, hook: _Callable[[_Tensor], _Tensor | None]) -> _Any: ...
def register_post_accumulate_grad_hook(self, hook: _Callable[[_Tensor], None]) -> _Any: ...
def __array__(self, dtype: _Any = None, copy: _bool | None = None) -> _np.ndarray[_Any, _Any]: ...
def __getitem__(self, index: _Any) -> _Tensor: ...
def __setitem__(self, index: _Any, value: OPERAND) -> None: ...
def __len__(self) -> _int: ...
def __iter__(self) -> _Iterator[_Tensor]: ...
def __contains__(self, element: OPERAND) -> _bool: ...
def __bool__(self) -> _bool: ...
def __int__(self) -> _int: ...
def __index__(self) -> _int: ...
def __float__(self) -> _float: ...
def __complex__(self) -> _complex: ...
def __hash__(self) -> _int: ...
def __eq__(self, other: _Any) -> _Tensor: ...  # type: ignore[override]
def __ne__(self, other: _Any) -> _Tensor: ...  # type: ignore[override]
""".replace("OPERAND", OPERAND)

TOP = """from flambeau.autograd.modes import is_anomaly_enabled as is_anomaly_enabled
from flambeau.autograd.modes import is_grad_enabled as is_grad_enabled
from flambeau.autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from flambeau.core.devices import device as device
from flambeau.core.dtypes import dtype as dtype
from flambeau.core.errors import FlambeauError as FlambeauError
from flambeau.core.random import Generator as Generator
from flambeau.core.size import Size as Size
from flambeau.tensor.layout import layout as layout
from flambeau.tensor.layout import memory_format as memory_format
from flambeau.tensor.tensor import Tensor as Tensor
"""

# Grad modes are context managers and decorators; files are the business of flambeau.io.
MODES = """_F = _TypeVar("_F", bound=_Callable[..., _Any])

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
"""
WRITTEN = set(re.findall(r"^(?:def|class) (\w+)|import \w+ as (\w+)", TOP + MODES, re.M))
WRITTEN = {name for pair in WRITTEN for name in pair if name}
