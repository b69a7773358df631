"""PyTorch beside the library under test: conversion of values between the two, and comparison.

The library under test is flambeau. `FLAMBEAU_UNDER_TEST=torch` puts PyTorch itself in its place,
which is how the tests are tested: whatever PyTorch fails is a mistake of the test.
"""

from __future__ import annotations

import functools
import importlib
import os
import types

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests: not installed")
torch.set_num_threads(1)

lib = importlib.import_module(os.environ.get("FLAMBEAU_UNDER_TEST", "flambeau"))
SELF_TEST = lib is torch


def dtype_of(tensor) -> str:
    """Name of the dtype, the same in both libraries."""
    return str(tensor.dtype).removeprefix("torch.")


def flat_buffer(tensor) -> np.ndarray:
    """The whole storage of a PyTorch tensor as a new one-dimensional array."""
    storage = tensor.untyped_storage()
    length = storage.nbytes() // tensor.element_size()
    return torch.empty(0, dtype=tensor.dtype).set_(storage, 0, (length,), (1,)).numpy().copy()


def tensor_to_lib(tensor, buffers: dict | None = None):
    """A leaf of the library under test: same values, dtype, strides, offset, requires_grad.

    `buffers` holds the storages that several tensors of one sample share, here as there.
    """
    detached = tensor.detach().resolve_conj().resolve_neg()
    pointer = detached.untyped_storage().data_ptr()
    shared = buffers is not None and pointer in buffers
    if detached.is_contiguous() and detached.storage_offset() == 0 and not shared:
        result = lib.from_numpy(detached.numpy().copy())
    else:
        if not shared or buffers[pointer] is None:
            whole = lib.from_numpy(flat_buffer(detached))
            if shared:
                buffers[pointer] = whole
        else:
            whole = buffers[pointer]
        size, stride = tuple(detached.size()), tuple(detached.stride())
        result = lib.as_strided(whole, size, stride, detached.storage_offset())
    return result.requires_grad_(tensor.requires_grad) if tensor.requires_grad else result


def to_lib(value):
    """What PyTorch's samples are made of, in the terms of the library under test."""
    distinct = {id(tensor): tensor for tensor in tensors_in(value)}.values()
    pointers = [tensor.untyped_storage().data_ptr() for tensor in distinct]
    buffers = {p: None for p in pointers if p and pointers.count(p) > 1}
    return _to_lib(value, buffers, {})


def _to_lib(value, buffers: dict, known: dict):
    if isinstance(value, torch.Tensor):
        if id(value) not in known:
            known[id(value)] = tensor_to_lib(value, buffers)
        return known[id(value)]
    if isinstance(value, torch.Size):
        return lib.Size(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_to_lib(item, buffers, known) for item in value)
    if isinstance(value, dict):
        return {key: _to_lib(item, buffers, known) for key, item in value.items()}
    if isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
        return slice(*(_to_lib(part, buffers, known) for part in parts))
    if isinstance(value, (torch.dtype, torch.memory_format, torch.layout)):
        return getattr(lib, str(value).removeprefix("torch."))
    if isinstance(value, torch.device):
        return lib.device(str(value))
    return value


def to_numpy(tensor) -> np.ndarray:
    """The values as an array, from either library."""
    if isinstance(tensor, torch.Tensor):
        return tensor.detach().numpy(force=True)  # PyTorch's lazy zeros would refuse
    return tensor.detach().numpy()


def tensors_in(value) -> list:
    """All tensors of either library in nested lists, tuples, dicts, in order."""
    if isinstance(value, (torch.Tensor, lib.Tensor)):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in tensors_in(item)]
    return []


def rebind(function):
    """The same Python function with the library under test where it says `torch`."""

    def seeded(op, *args, **kwargs):
        lib.manual_seed(42)
        return op(*args, **kwargs)

    names = {**getattr(function, "__globals__", {}), "torch": lib, "F": lib.nn.functional}
    names["wrapper_set_seed"] = seeded
    if isinstance(function, functools.partial):
        return functools.partial(rebind(function.func), **function.keywords)
    if function.__name__ != "<lambda>":
        return getattr(lib.nn.functional, function.__name__)
    return types.FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )


def unlike(ours, theirs, rtol: float = 0.0, atol: float = 0.0) -> str | None:
    """What differs between two results, or None. Tolerances: |a - b| <= rtol |b| + atol."""
    if isinstance(theirs, torch.Tensor):
        if not isinstance(ours, lib.Tensor):
            return f"expected a tensor, got {type(ours).__name__}"
        if dtype_of(ours) != dtype_of(theirs):
            return f"dtype {dtype_of(ours)}, expected {dtype_of(theirs)}"
        if tuple(ours.shape) != tuple(theirs.shape):
            return f"shape {tuple(ours.shape)}, expected {tuple(theirs.shape)}"
        return unlike_arrays(to_numpy(ours), to_numpy(theirs), rtol, atol)
    if isinstance(theirs, (tuple, list)):
        if not isinstance(ours, (tuple, list)) or len(ours) != len(theirs):
            return f"expected {len(theirs)} results, got {ours!r:.200}"
        if type(theirs) not in (tuple, list) and type(ours).__name__ != type(theirs).__name__:
            return f"expected {type(theirs).__name__}, got {type(ours).__name__}"
        for index, (a, b) in enumerate(zip(ours, theirs)):
            if found := unlike(a, b, rtol, atol):
                return f"[{index}]: {found}"
        return None
    if isinstance(theirs, float):
        return unlike_arrays(np.float64(ours), np.float64(theirs), rtol, atol)
    return None if ours == theirs else f"{ours!r:.200}, expected {theirs!r:.200}"


def unlike_arrays(a: np.ndarray, b: np.ndarray, rtol: float, atol: float) -> str | None:
    """The worst element where two arrays differ beyond the tolerance, or None."""
    if a.dtype.kind not in "fc":
        wrong = a != b
    else:
        wide = np.complex128 if a.dtype.kind == "c" else np.float64
        a, b = a.astype(wide), b.astype(wide)
        with np.errstate(all="ignore"):
            close = np.abs(a - b) <= rtol * np.abs(b) + atol
        wrong = ~(close | (a == b) | (np.isnan(a) & np.isnan(b)))
    if not np.any(wrong):
        return None
    with np.errstate(all="ignore"):
        error = np.where(wrong, np.abs(a.astype(complex) - b.astype(complex)), -1.0)
    where = np.unravel_index(np.nanargmax(np.nan_to_num(error, nan=np.inf)), np.shape(a))
    place = [int(i) for i in where]
    return f"{int(np.sum(wrong))} of {np.size(a)} wrong, at {place}: {a[where]} expected {b[where]}"


def same_storage(a, b) -> bool:
    """Whether two tensors of one library share memory."""
    if isinstance(a, torch.Tensor):
        return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()
    return a._storage.buffer is b._storage.buffer


def place(tensor) -> tuple:
    """Strides of the dimensions that have any, and the offset."""
    strides = [stride for stride, n in zip(tensor.stride(), tensor.shape) if n != 1]
    return tuple(strides), tensor.storage_offset()


def outcome(program, module):
    """What a program gives under one library: its value, or the exception that it raises."""
    module.manual_seed(0)
    try:
        return program(module), None
    except Exception as error:
        return None, error


def agree(program, rtol: float = 1e-6, atol: float = 1e-7) -> None:
    """Run `program(torch)` under both libraries: the same values, or the same kind of error."""
    expected, refused = outcome(program, torch)
    result, error = outcome(program, lib)
    if refused is not None:
        assert error is not None, f"no error; PyTorch: {type(refused).__name__}: {refused}"
        # Classes of PyTorch's own count as the built-in class that they extend.
        kind = next(c for c in type(refused).__mro__ if c.__module__ == "builtins")
        assert isinstance(error, kind), f"{type(error)}: {error}; PyTorch: {refused!r}"
        assert str(error).strip(), "an error without words"
        return
    if error is not None:
        raise error
    found = unlike(result, expected, rtol, atol)
    assert found is None, f"{found}\nours {result!r:.500}\nPyTorch {expected!r:.500}"
