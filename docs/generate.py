"""Write what follows from the registry: type stubs beside the package, and docs/operations.md.

Run ``python docs/generate.py`` after a public signature has changed. Signatures are read from the
live package; a parameter's type follows from its name (``TYPES``) and its default, a result's from
``RETURNS``; what no annotation could say is in ``SPECIAL``, written out.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import types
from pathlib import Path

import flambeau
from flambeau import nn, optim
from flambeau.ops.registry import OPS, STOPS, ZERO, Rule
from flambeau.optim import lr_scheduler
from flambeau.tensor import api

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "src/flambeau"
NOTE = "# Written by docs/generate.py: change what it reads, then run it.\n"

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


# Signatures -----------------------------------------------------------------------------------


def type_of(owner: str, parameter: inspect.Parameter) -> str:
    """The type of a parameter: from the tables, the default, or anything."""
    name, default = parameter.name, parameter.default
    base = owner.rstrip("_")
    kind = TYPES_OF.get((owner, name)) or TYPES_OF.get((base, name))
    if kind is None and isinstance(default, bool):
        kind = "_bool"
    if kind is None and isinstance(default, str):
        kind = TYPES.get(name, "_str")
        kind = kind if "_str" in kind else f"_str | {kind}"
    kind = kind or TYPES.get(name)
    if kind is None and isinstance(default, int | float):
        kind = "_float" if isinstance(default, float) else "_int"
    kind = kind or "_Any"
    if type(default) in (int, float) and kind in ("_int", "_str"):
        kind = f"_{type(default).__name__}"
    if isinstance(default, tuple) and kind != "_Any" and "tuple" not in kind and "_Seq" not in kind:
        kind = "_Any"
    if default is None and "None" not in kind and kind != "_Any":
        kind += " | None"
    return kind


def default_of(parameter: inspect.Parameter) -> str:
    default = parameter.default
    plain = default is None or isinstance(default, bool | int | str | float)
    text = repr(default) if plain else "..."
    text = text.replace("'", '"')
    simple = re.fullmatch(r'-?[\d.e-]+|None|True|False|"[^"]*"', text)
    return text if simple else "..."


def parameters_of(function, name: str, method: bool, table=None) -> list[str]:
    """The parameters as they stand in a stub, ``*`` and ``/`` included."""
    signature = inspect.signature(function)
    found = list(signature.parameters.values())
    if [p.name for p in found[1:]] == ["args", "kwargs"] and table is not None:
        base = table.get(name.removesuffix("_copy").rstrip("_"))
        if callable(base) and base is not function:
            drop = ("out", "inplace")
            found = [p for p in inspect.signature(base).parameters.values() if p.name not in drop]
    if method and found:
        found[0] = found[0].replace(name="self")
    return written(found, name, method, takes_out(function, name, method))


def takes_out(function, name: str, method: bool) -> bool:
    """Whether a wrapper adds ``out``, which the wrapped signature hides."""
    wrapped = hasattr(function, "__wrapped__") and not name.endswith("_") and not method
    return wrapped and "out" not in inspect.signature(function).parameters


def written(found, name: str, method: bool, out: bool) -> list[str]:
    parts, bare, keywords = [], False, False
    star = next((p.name for p in found if p.kind is p.VAR_POSITIONAL), None)
    for i, p in enumerate(found):
        if method and i == 0 and p.kind is not p.VAR_POSITIONAL:
            parts.append("self")
            continue
        if p.kind is p.VAR_POSITIONAL:
            kind = {"tensors": "_Any", "operands": "_Any", "matrices": "_Tensor"}.get(p.name)
            sizes = p.name in ("size", "shape", "dims", "repeats", "sizes", "shapes")
            parts.append(f"*{'_' if sizes else ''}{p.name}: {kind or (INTS if sizes else '_Any')}")
            bare = True
        elif p.kind is p.VAR_KEYWORD:
            keywords = True
            if p.name == "named" and star in ("size", "shape", "dims", "repeats"):
                parts.append(f"{star}: _Sequence[_int] = ...")
            else:
                parts.append(f"**{p.name}: _Any")
        elif p.name != "self" and p.name != "names":
            if p.kind is p.KEYWORD_ONLY and not bare:
                parts.append("*")
                bare = True
            text = f"{p.name}: {type_of(name, p) if p.name != 'out' else '_Any'}"
            parts.append(text if p.default is p.empty else f"{text} = {default_of(p)}")
    if out and not keywords:
        parts += (["out: _Any = None"]) if bare else ["*", "out: _Any = None"]
    return parts


ANNOTATED = {"None", "bool", "int", "str", "float"}


def result_of(function, name: str, fallback: str) -> str:
    """The type of the result: from the tables, a plain annotation, or ``fallback``."""
    if name in RETURNS:
        return RETURNS[name]
    said = getattr(function, "__annotations__", {}).get("return")
    if said in ANNOTATED:
        return said if said == "None" else f"_{said}"
    if said and re.search(r"[Dd]type$", said):
        return "_dtype"
    return fallback


def define(name: str, parameters: list[str], result: str) -> str:
    """A definition on one line, however long; ``stub`` breaks it."""
    return f"def {name}({', '.join(parameters)}) -> {result}: ..."


def fold(text: str) -> str:
    """Break the definitions that are too long, as ruff does."""
    return "\n".join(_fold(line) for line in text.split("\n"))


def _fold(line: str) -> str:
    match = re.fullmatch(r"( *)def (\w+)\((.*)\) -> (.*): \.\.\.(.*)", line)
    if len(line) <= 100 or not match:
        return line
    indent, name, inside, result, comment = match.groups()
    if len(indent) + 4 + len(inside) <= 100:
        return f"{indent}def {name}(\n{indent}    {inside}\n{indent}) -> {result}: ...{comment}"
    parts = re.split(r", (?![^\[]*\])", inside)
    # A comma after the last, which ruff wants once there is one parameter a line.
    body = "".join(f"{indent}    {p},\n" for p in parts)
    return f"{indent}def {name}(\n{body}{indent}) -> {result}: ...{comment}"


def function_stub(name: str, function, table=None) -> str:
    if name in SPECIAL:
        return SPECIAL[name].format(name=name, first="input")
    return define(
        name, parameters_of(function, name, False, table), result_of(function, name, "_Tensor")
    )


# Classes --------------------------------------------------------------------------------------


def class_stub(cls: type, known: dict[str, type], base: str) -> str:
    """A class with its public members; private bases are folded into it."""
    bases, members = [], {}
    for each in reversed(cls.__mro__[1:]):
        if each is object or each in known.values():
            continue
        if not any(issubclass(k, each) for k in cls.__mro__[1:] if k in known.values()):
            members.update(vars(each))
    named = {k: n for n, k in known.items()}
    for each in cls.__mro__[1:]:
        if each in named and not any(issubclass(b, each) for b in bases):
            bases.append(each)
    members.update(vars(cls))
    lines = [f"{n}: {t}" for n, t in attributes_of(cls).items() if n not in members]
    for name, value in sorted(members.items()):
        lines += member_stub(cls, name, value, base)
    head = f"class {cls.__name__}" + (f"({', '.join(named[b] for b in bases)})" if bases else "")
    if not lines:
        return f"{head}: ..."
    return f"{head}:\n" + textwrap.indent("\n".join(lines), "    ")


DUNDERS = [
    "__init__",
    "__call__",
    "__len__",
    "__iter__",
    "__getitem__",
    "__setitem__",
    "__contains__",
    "__delitem__",
    "__new__",
]


def member_stub(cls: type, name: str, value, base: str) -> list[str]:
    if name.startswith("_") and name not in DUNDERS:
        return []
    if isinstance(value, property):
        return ["@property", define(name, ["self"], result_of(value.fget, name, "_Any"))]
    decorator = []
    if isinstance(value, classmethod | staticmethod):
        decorator = [f"@{type(value).__name__}"]
        parts = ["cls"] if isinstance(value, classmethod) else []
        return [*decorator, define(name, [*parts, "*args: _Any", "**kwargs: _Any"], "_Any")]
    if not isinstance(value, types.FunctionType):
        return []
    owner = cls.__name__ if name in ("__init__", "forward", "__call__", "__new__") else name
    parts = parameters_of(value, owner, True)
    if name == "__new__":
        return [define(name, ["cls", *parts[1:]], "_Self")]
    if name == "__init__":
        return [define(name, parts, "None")]
    if name == "forward" and base == "Module":
        result = "_Any" if cls.__name__ in RETURNS else "_Tensor"
        result = RETURNS.get(cls.__name__, result)
        if cls.__name__ == "Module":
            return ["forward: _Callable[..., _Any]"]
        return [define("forward", parts, result), define("__call__", parts, result)]
    if name == "__call__":
        return [define(name, ["self", "*args: _Any", "**kwargs: _Any"], "_Any")]
    line = define(name, parts, CLASS_RESULTS.get(name) or result_of(value, name, "_Any"))
    inherited = getattr(cls.__mro__[1], name, value) if name == "step" else value
    ours, theirs = (inspect.signature(f).parameters for f in (value, inherited))
    differs = not set(theirs) <= set(ours) or any(
        p.default is p.empty and n not in ("self", *(t for t in theirs if theirs[t] == p))
        for n, p in ours.items()
    )
    return [line + ("  # type: ignore[override]" if differs else "")]


_PAIRS = "_Iterator[tuple[_str, {}]]"
CLASS_RESULTS = {
    **dict.fromkeys(
        [
            "to", "train", "eval", "apply", "float", "double", "half", "bfloat16", "cpu", "cuda",
            "requires_grad_", "to_empty", "share_memory", "type",
        ],
        "_Self",
    ),
    "parameters": "_Iterator[_Parameter]", "named_parameters": _PAIRS.format("_Parameter"),
    "buffers": "_Iterator[_Tensor]", "named_buffers": _PAIRS.format("_Tensor"),
    "children": "_Iterator[_Module]", "named_children": _PAIRS.format("_Module"),
    "modules": "_Iterator[_Module]", "named_modules": _PAIRS.format("_Module"),
    "state_dict": "dict[_str, _Any]", "__len__": "_int", "__iter__": "_Iterator[_Any]",
    "get_parameter": "_Parameter", "get_buffer": "_Tensor", "get_submodule": "_Module",
    "__contains__": "_bool", "get_last_lr": "list[_float]", "get_lr": "list[_float]",
    "extra_repr": "_str",
}  # fmt: skip


def attributes_of(cls: type) -> dict[str, str]:
    """Attributes that ``__init__`` sets to a parameter of its own, or to a ``Parameter``."""
    init = vars(cls).get("__init__")
    if init is None or init.__code__.co_filename.startswith("<"):
        return {}
    known = inspect.signature(init).parameters
    found = {}
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(init)))):
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)]):
                if name.startswith("_"):
                    continue
                match node.value:
                    case ast.Name(id=given) if given == name and name in known:
                        found.setdefault(name, type_of(cls.__name__, known[name]))
                    case ast.Call(func=ast.Name(id="Parameter")):
                        found[name] = "_Parameter"
    return found


# Files ----------------------------------------------------------------------------------------


def stub(*parts: str, own: str = "") -> str:
    """A stub file: only the imports that it uses, long definitions broken.

    ``own`` is the class that it defines, which needs no alias."""
    body = "\n".join(p.strip("\n") + "\n" for p in parts if p.strip())
    body = re.sub(rf"\b_{own}\b", own, body) if own else body
    again = re.findall(r"^from flambeau.*\n", body, re.M)
    body = re.sub(r"^from flambeau.*\n", "", body, flags=re.M).strip("\n") + "\n"
    used = [
        line
        for line in HEAD.strip().split("\n")
        if not line or re.search(rf"\b{line.split()[-1]}\b", body)
    ]
    local = [line for line in used if line.startswith("from flambeau")]
    used = [line for line in used if line not in local]
    local = sorted({*local, *(line.strip() for line in again)}, key=import_order)
    head = "\n".join([*used, "", *local])
    head = re.sub(r"\n{3,}", "\n\n", head).strip("\n")
    return fold(f"{NOTE}\n{head}\n\n{body}")


def import_order(line: str) -> tuple:
    """ruff's order of imports: by module, constants, classes, the rest."""
    _, module, _, name, *alias = line.split()
    return module, rank(name), name, alias


def rank(name: str) -> int:
    return 0 if name.isupper() else 1 if name[0].isupper() else 2


def functions_of(table: dict) -> list[str]:
    return [
        function_stub(name, value, table)
        for name, value in sorted(table.items())
        if isinstance(value, types.FunctionType) and not name.startswith("_")
    ]


def functional_stub() -> str:
    return stub(NAMED, "\n".join(functions_of(public(api.F))))


def public(table) -> dict:
    return {n: v for n, v in vars(table).items() if not n.startswith("_")}


def linalg_stub() -> str:
    error = "from flambeau.core.errors import LinAlgError as LinAlgError"
    if api.linalg.LinAlgError.__module__ != "flambeau.core.errors":
        error = f"from {api.linalg.LinAlgError.__module__} import LinAlgError as LinAlgError"
    return stub(error + "\n", NAMED, "\n".join(functions_of(public(api.linalg))))


def top_stub() -> str:
    modules = sorted(
        {*flambeau._LAZY_MODULES, "accelerator", "autograd", "cuda", "linalg"} | extra()
    )
    lines = "".join(f"from flambeau import {m} as {m}\n" for m in modules)
    spaces = vars(flambeau)
    values = []
    for name, value in sorted(spaces.items()):
        if name.startswith("_") or name in WRITTEN:
            continue
        kind = {flambeau.dtype: "_dtype", flambeau.layout: "_layout", float: "_float",
                flambeau.memory_format: "_memory_format", flambeau.Generator: "_Generator",
                type(None): "None"}.get(type(value))  # fmt: skip
        if kind:
            values.append(f"{name}: {kind}")
    functions = {
        name: value
        for name, value in spaces.items()
        if isinstance(value, types.FunctionType) and name not in WRITTEN and name[0] != "_"
    }
    classes = "\n".join(
        f"class {n}(_Tensor): ..." for n in sorted(spaces) if re.fullmatch(r"[A-Z]\w+Tensor", n)
    )
    limits = "\n".join(
        f"from {spaces[n].__module__} import {n} as {n}"
        for n in ("finfo", "iinfo")
        if isinstance(spaces.get(n), type)
    )
    version = "__version__: _str"
    return stub(
        lines + limits + "\n" + TOP, version, "\n".join(values), NAMED, MODES, classes,
        "\n".join(functions_of(functions)),
    )  # fmt: skip


def extra() -> set[str]:
    """Modules under the package that are more than a layer of the code."""
    return {
        n for n in ("special", "testing") if isinstance(vars(flambeau).get(n), types.ModuleType)
    }


def tensor_stub() -> str:
    given = set(re.findall(r"^(?:def )?(\w+)", TENSOR, re.M))
    lines = []
    for name, value in sorted(vars(flambeau.Tensor).items()):
        operator = re.fullmatch(r"__\w+__", name)
        if name in given or (name.startswith("_") and not operator):
            continue
        if isinstance(value, property):
            kind = PROPERTIES.get(name, "_Tensor")
            lines += ["@property", define(name, ["self"], kind)]
        elif isinstance(value, bool | flambeau.layout):
            lines.append(f"{name}: {'_bool' if isinstance(value, bool) else '_layout'}")
        elif not isinstance(value, types.FunctionType):
            continue
        elif operator:
            arguments = len(inspect.signature(value).parameters)
            if getattr(value, "__module__", "").endswith("operators"):
                parts = ["self"] if arguments == 1 else ["self", f"other: {OPERAND}"]
                lines.append(define(name, parts, "_Tensor"))
        elif name in SPECIAL:
            lines.append(
                SPECIAL[name].format(name=name, first="self").replace("self: _Tensor", "self")
            )
        else:
            parts = parameters_of(value, name, True, vars(flambeau.Tensor))
            result = "_Self" if name in ("requires_grad_",) else result_of(value, name, "_Tensor")
            lines.append(define(name, parts, result))
    slots = [n for n in flambeau.Tensor.__slots__ if not n.startswith("__")]
    private = "".join(f"{n}: _Any\n" for n in slots)  # for the package's own modules
    private += "_around: _Any\n_over: _Any\n_refresh: _Any\n_base: _Tensor | None\n_version: _int\n"
    body = TENSOR + private + "\n".join(lines)
    return stub(NAMED, "class Tensor:\n" + textwrap.indent(body, "    "), own="Tensor")


PROPERTIES = {
    "shape": "_Size", "dtype": "_dtype", "device": "_device", "is_leaf": "_bool", "ndim": "_int",
    "itemsize": "_int", "nbytes": "_int", "output_nr": "_int", "retains_grad": "_bool",
    "grad_fn": "_Any",
}  # fmt: skip


def classes_stub(home, names, known: dict[str, type], base: str, *before: str) -> str:
    """A stub of the classes ``names`` of ``home``, bases first."""
    chosen = {n: vars(home)[n] for n in names if isinstance(vars(home).get(n), type)}
    order = sorted(chosen, key=lambda n: (len(chosen[n].__mro__), n))
    known = {**known, **{n: c for n, c in chosen.items() if c.__name__ == n}}
    return stub(*before, *(class_stub(chosen[n], known, base) for n in order))


def layers_stub() -> str:
    names = [n for n in nn.modules.__all__ if n != "Module"]
    exported = sorted(nn.modules.__all__, key=lambda n: (rank(n), n))
    listing = "__all__ = [\n" + "".join(f'    "{n}",\n' for n in exported) + "]"
    known = {"_Module": nn.Module, "_Parameter": nn.Parameter, "_Tensor": flambeau.Tensor}
    again = "from flambeau.nn.module import Module as Module"
    return classes_stub(nn.modules, names, known, "Module", again, listing)


def module_stub() -> str:
    body = class_stub(nn.Module, {}, "Module")
    lines = "    training: _bool\n    def __getattr__(self, name: _str) -> _Any: ...\n"
    body = body.replace("class Module:\n", "class Module:\n" + lines)
    body = re.sub(r"(def state_dict)\(.*\) ->", r"\1(self, *args: _Any, **kwargs: _Any) ->", body)
    return stub(body, own="Module")


def optim_stub() -> str:
    names = [n for n in optim.__all__ if isinstance(vars(optim)[n], type)]
    modules = "from flambeau.optim import lr_scheduler as lr_scheduler\n"
    modules += "from flambeau.optim import swa_utils as swa_utils"
    text = classes_stub(optim, names, {}, "Optimizer", modules)
    attributes = "class Optimizer:\n    param_groups: list[dict[_str, _Any]]\n"
    attributes += "    state: dict[_Any, _Any]\n"
    return text.replace("class Optimizer:\n", attributes)


def schedules_stub() -> str:
    again = "from flambeau.optim import Optimizer"
    return classes_stub(lr_scheduler, lr_scheduler.__all__, {}, "LRScheduler", again)


# The table of operations ----------------------------------------------------------------------

INTRODUCTION = """# Operations

Written by `docs/generate.py`. One section a file; *found* says under which names users reach it:
`torch` is `flambeau.f`, `method` is `Tensor.f`, `inplace` its twin `f_`, `F` is
`flambeau.nn.functional.f`, `linalg` is `flambeau.linalg.f`; *internal* ones serve other operations
and derivatives. `docs/design.md` explains how a derivative is declared: a rule for an input, one
joint rule, `zero` or `stops` for an input that has none.
"""


def sentence(text: str | None) -> str:
    first = " ".join((text or "").strip().split("\n\n")[0].split())
    first = re.split(r"(?<=[a-z0-9)`])[.:;] ", first + " ")[0].strip().rstrip(".")
    return first.replace("|", "\\|")


def derivative(op) -> str:
    """How each input's derivative is declared."""
    said: dict[str, list[str]] = {}
    for name in op.inputs:
        rule = op.rules.get(name, op.joint)
        how = {Rule: "joint" if name not in op.rules else "rule", ZERO: "zero", STOPS: "stops"}
        said.setdefault(how.get(type(rule), "none"), []).append(name)
    return "; ".join(f"{how}: {', '.join(names)}" for how, names in said.items()) or "no inputs"


def operations_table() -> str:
    rows: dict[str, list[str]] = {}
    for op in OPS.values():
        function = op.normalise or getattr(api.torch, "__dict__", {}).get(op.name)
        text = signature(function) if function else f"({', '.join((*op.inputs, *op.params))})"
        node = "by its parameters" if callable(op.node) else f"{op.node}Backward0"
        add(rows, op.kernel.__module__, op.name, " ".join(op.where) or "internal", text,
            sentence(op.__doc__), node, derivative(op))  # fmt: skip
    for name, (function, where) in composites().items():
        add(rows, function.__module__, name, " ".join(where), signature(function),
            sentence(function.__doc__), "", "of its parts")  # fmt: skip
    head = (
        "| name | found | signature | what it is | node | derivative |\n|---|---|---|---|---|---|"
    )
    return INTRODUCTION + "".join(
        f"\n## {home}\n\n{head}\n" + "\n".join(sorted(lines)) + "\n"
        for home, lines in sorted(rows.items())
    )


def add(rows, module: str, name: str, where: str, text: str, *rest: str) -> None:
    home = module.removeprefix("flambeau.").replace(".", "/") + ".py"
    cells = [f"`{name}`", where, f"`{text}`".replace("|", "\\|"), *rest]
    rows.setdefault(home, []).append("| " + " | ".join(cells) + " |")


def signature(function) -> str:
    """The bare signature: names and defaults."""
    plain = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
    return re.sub(r" at 0x\w+", "", str(inspect.Signature(plain)))


def composites() -> dict:
    """Published functions that are written with other operations, and where they are found."""
    found: dict = {}
    tables = {"torch": vars(api.torch), "method": vars(flambeau.Tensor), "F": vars(api.F),
              "linalg": vars(api.linalg)}  # fmt: skip
    for place, table in tables.items():
        for name, function in table.items():
            home = getattr(function, "__module__", None) or ""
            if isinstance(function, types.FunctionType) and home.startswith("flambeau.functional"):
                key = name if name not in found or found[name][0] is function else f"{place}.{name}"
                found.setdefault(key, (function, []))[1].append(place)
    return found


def files() -> dict[str, str]:
    """Every generated file: its path from the repository's root, and its text."""
    return {
        f"{PACKAGE}/__init__.pyi": top_stub(),
        f"{PACKAGE}/tensor/tensor.pyi": tensor_stub(),
        f"{PACKAGE}/nn/functional.pyi": functional_stub(),
        f"{PACKAGE}/linalg.pyi": linalg_stub(),
        f"{PACKAGE}/nn/module.pyi": module_stub(),
        f"{PACKAGE}/nn/modules/__init__.pyi": layers_stub(),
        f"{PACKAGE}/optim/__init__.pyi": optim_stub(),
        f"{PACKAGE}/optim/lr_scheduler/__init__.pyi": schedules_stub(),
        "docs/operations.md": operations_table(),
    }


if __name__ == "__main__":
    for path, text in files().items():
        (ROOT / path).write_text(text)
        print(path)
