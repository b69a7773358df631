"""PyTorch's own samples of modules (`module_db`), and the same module in both libraries."""

from __future__ import annotations

import dataclasses
import functools
import warnings

import numpy as np
import pytest
from oracle import dtype_of, lib, tensors_in, to_lib, to_numpy, torch, unlike

pytest.importorskip("expecttest", reason="PyTorch's sample tables need the package expecttest")
from torch.testing._internal import common_modules as db

MODULES = {info.name.removeprefix("nn."): info for info in db.module_db}


def samples(name: str, dtype, training: bool) -> list:
    """All samples of a module: constructor_input and forward_input, each with args and kwargs."""
    info = MODULES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        return info.module_inputs_func(
            info, device="cpu", dtype=dtype, requires_grad=True, training=training
        )


def convert(value):
    """Arguments of PyTorch in the terms of the library under test."""
    if isinstance(value, torch.nn.Module):
        return twin_of(value)
    if dataclasses.is_dataclass(value):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return getattr(lib.nn, type(value).__name__)(**convert(fields))
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return lib.nn.utils.rnn.PackedSequence(*map(convert, value))
    if isinstance(value, dict):
        return {key: convert(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        return type(value)(map(convert, value))
    if callable(value) and hasattr(torch.nn.functional, getattr(value, "__name__", "")):
        return getattr(lib.nn.functional, value.__name__)
    return to_lib(value)


def twin_of(layer):
    """The library's TransformerEncoderLayer like PyTorch's (the one module that samples pass)."""
    attention = layer.self_attn
    twin = lib.nn.TransformerEncoderLayer(
        attention.embed_dim,
        attention.num_heads,
        layer.linear1.out_features,
        layer.dropout.p,
        convert(layer.activation),
        layer.norm1.eps,
        attention.batch_first,
        layer.norm_first,
        layer.linear1.bias is not None,
        dtype=convert(layer.linear1.weight.dtype),
    )
    copy_state(layer, twin)
    return twin


def copy_state(source, target) -> None:
    """Give the library's module the values of PyTorch's."""
    target.load_state_dict({k: to_lib(v.detach()) for k, v in source.state_dict().items()})


def make(name: str, sample, dtype):
    """The module in both libraries, made with the arguments of the sample."""
    args, kwargs = sample.constructor_input.args, sample.constructor_input.kwargs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = functools.reduce(getattr, name.split("."), torch.nn)(*args, **kwargs)
        ours = functools.reduce(getattr, name.split("."), lib.nn)(*convert(args), **convert(kwargs))
    return ours.to(convert(dtype)), theirs.to(dtype)


def difference(ours, theirs, sample, rtol: float, atol: float) -> str | None:
    """What differs between output, input gradients, parameter gradients and buffers, or None."""
    args, kwargs = sample.forward_input.args, sample.forward_input.kwargs
    args, kwargs = fresh((args, kwargs))
    our_args, our_kwargs = convert(args), convert(kwargs)
    expected = theirs(*args, **kwargs)
    result = ours(*our_args, **our_kwargs)
    if found := unlike_nested(result, expected, rtol, atol):
        return f"output: {found}"
    backward(expected)
    backward(result)
    inputs = zip(tensors_in((our_args, our_kwargs)), tensors_in((args, kwargs)))
    for i, (a, b) in enumerate(inputs):
        if b.is_leaf and (found := unlike_grad(a, b, rtol, atol)):
            return f"gradient of input {i}: {found}"
    ours_by_name = dict(ours.named_parameters())
    for name, param in theirs.named_parameters():
        if found := unlike_grad(ours_by_name[name], param, rtol, atol):
            return f"gradient of {name}: {found}"
    for name, buffer in theirs.named_buffers():
        if found := unlike(dict(ours.named_buffers())[name], buffer.detach(), rtol, atol):
            return f"buffer {name}: {found}"
    return None


def fresh(value):
    """The same nested arguments with tensors that are leaves of their own."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return type(value)(*map(fresh, value))
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        return type(value)(map(fresh, value))
    if isinstance(value, dict):
        return {key: fresh(item) for key, item in value.items()}
    return value


def unlike_nested(ours, theirs, rtol, atol) -> str | None:
    a, b = tensors_in(ours), tensors_in(theirs)
    if len(a) != len(b):
        return f"{len(a)} tensors, expected {len(b)}"
    for x, y in zip(a, b):
        if found := unlike(x.detach(), y.detach(), rtol, atol):
            return found
    return None


def unlike_grad(ours, theirs, rtol, atol) -> str | None:
    if (ours.grad is None) != (theirs.grad is None):
        return f"{'none' if ours.grad is None else 'one'}, PyTorch has the opposite"
    if theirs.grad is None:
        return None
    return unlike(ours.grad, theirs.grad, rtol, atol)


def backward(result) -> None:
    """Send the same cotangents back from every differentiable output."""
    outputs = [t for t in tensors_in(result) if t.requires_grad]
    random = np.random.default_rng(0)
    total = 0.0
    for tensor in outputs:
        cotangent = random.standard_normal(tuple(tensor.shape)).astype(dtype_of(tensor))
        library = torch if isinstance(tensor, torch.Tensor) else lib
        total = total + (tensor * library.from_numpy(np.asarray(cotangent))).sum()
    if outputs:
        total.backward()


__all__ = ["MODULES", "convert", "copy_state", "difference", "make", "samples", "to_numpy"]
