"""Errors inside a model say where: the module by its qualified name, what it got, and the cure.

An exception that Flambeau raises is extended while it passes ``Module.__call__``: the innermost
module adds the line, every outer one completes the name. Its type and identity stay.

    mat1 and mat2 shapes cannot be multiplied (64x8 and 512x32)
      in fc1: Linear(512 -> 32) got (64, 8)
      fix: ...
"""

from __future__ import annotations

from flambeau.core import dtypes
from flambeau.core.errors import FlambeauError
from flambeau.tensor.tensor import Tensor

_PACKAGE = __name__.partition(".")[0]


class _Where:
    """What is known about the place of one error: its first words, the module, the name so far."""

    def __init__(self, text, module, got, cure):
        self.text = text
        self.brief = module._brief()
        self.got = got
        self.cure = cure
        self.outermost = module
        self.name = ""

    def worded(self) -> str:
        name = f"{self.name}: " if self.name else ""
        lines = [self.text, f"  in {name}{self.brief} got {self.got}"]
        if self.cure:
            lines.append(f"  fix: {self.cure}")
        return "\n".join(lines)


def locate(error: Exception, module, args, kwargs) -> None:
    """Extend ``error``, on its way out of ``module(*args, **kwargs)``, by what ``module`` knows."""
    where = error.__dict__.get("_where")
    if where is None:
        if not _ours(error):
            return
        where = _Where(error.args[0], module, describe(args, kwargs), _cure(module, args, kwargs))
        error._where = where
    elif where.outermost is not module:
        for path, inner in module.named_modules():
            if inner is where.outermost:
                where.name = f"{path}.{where.name}" if where.name else path
                where.outermost = module
                break
    error.args = (where.worded(), *error.args[1:])


def _ours(error: Exception) -> bool:
    """Whether the error has one text and was raised by Flambeau or by NumPy beneath it."""
    if not (error.args and isinstance(error.args[0], str)):
        return False
    if isinstance(error, FlambeauError):
        return True
    if not isinstance(error, (TypeError, ValueError, RuntimeError, IndexError, AssertionError)):
        return False
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    raised_in = "" if step is None else step.tb_frame.f_globals.get("__name__", "")
    return raised_in.partition(".")[0] in (_PACKAGE, "numpy")


def describe(args, kwargs) -> str:
    """The shapes of the tensors among the arguments; the dtype too where it is not the default."""
    said = [text for text in map(_said, args) if text]
    said += [f"{name}={text}" for name, value in kwargs.items() if (text := _said(value))]
    kinds = [type(value).__name__ for value in (*args, *kwargs.values())]
    return ", ".join(said or kinds) or "no arguments"


def _said(value) -> str:
    if isinstance(value, Tensor):
        shape = str(tuple(value.shape))
        if value.dtype == dtypes.get_default_dtype():
            return shape
        return f"{shape} {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, (tuple, list)):
        parts = [text for text in map(_said, value) if text]
        return f"({', '.join(parts)})" if parts else ""
    if value is None or isinstance(value, (bool, int, float, str)):
        return ""
    return type(value).__name__


def _cure(module, args, kwargs) -> str | None:
    try:
        return module._cure(*args, **kwargs)
    except Exception:
        return None  # the advice is optional: arguments that fit no signature have none


# -------------------------------------------------------------------- cures that layers share


def dtype_cure(input, weight) -> str | None:
    """The cure for an input whose dtype or device is not that of the layer's weights."""
    if weight is None:
        return None
    if not isinstance(input, Tensor):
        return f"the input is no tensor but {type(input).__name__}: x = torch.as_tensor(x)"
    if input.device != weight.device:
        return (
            f"the input is on {input.device}, the weights on {weight.device}: "
            f"x = x.to({str(weight.device)!r})"
        )
    if input.dtype != weight.dtype:
        return (
            f"the input is {_short(input.dtype)}, the weights are {_short(weight.dtype)}: "
            f"x = x.to({weight.dtype}), or model.to({input.dtype})"
            if input.dtype.is_floating_point
            else f"the input is {_short(input.dtype)}: x = x.to({weight.dtype})"
        )
    return None


def _short(dtype) -> str:
    return str(dtype).removeprefix("torch.")


def image_cure(input, channels: int, spatial: int) -> str | None:
    """The cure for an input that is not (N, C, *spatial) with the given number of channels."""
    shape = tuple(input.shape)
    full = spatial + 2
    if len(shape) == full and shape[1] != channels and shape[-1] == channels:
        order = (0, full - 1, *range(1, full - 1))
        return f"the channels are last: x = x.permute{order}"
    if len(shape) == full - 1 and shape[0] != channels:
        if shape[-1] == channels:
            order = (full - 2, *range(full - 2))
            return f"the channels are last and there is no batch: x = x.permute{order}.unsqueeze(0)"
        if channels == 1:
            return "the channel dimension is missing: x = x.unsqueeze(1)"
        if spatial == 1 and shape[-1] % channels == 0:
            return None
    if len(shape) == spatial and channels == 1:
        return "the batch and channel dimensions are missing: x = x[None, None]"
    if len(shape) == full - 2:
        return "the batch and channel dimensions are missing: x = x[None, None], one channel"
    return None
