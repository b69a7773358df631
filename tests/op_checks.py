"""How one operation of the table is run in both libraries and compared."""

from __future__ import annotations

import contextlib
import functools
import itertools
import types
import warnings
from dataclasses import dataclass, field

import numpy as np
import op_table
import pytest
from oracle import (
    SELF_TEST,
    dtype_of,
    lib,
    place,
    rebind,
    same_storage,
    tensors_in,
    to_lib,
    to_numpy,
    torch,
    unlike,
    unlike_arrays,
)

LIMIT = 40  # samples a dtype: PyTorch's generators repeat themselves beyond that


def operations(check: str):
    """The parameters of a test that runs `check` for every operation, deviations marked."""
    cases = []
    for name in op_table.NAMES:
        reason = op_table.DEVIATIONS.get((check, name))
        marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
        cases.append(pytest.param(name, marks=marks, id=name.replace("nn.functional.", "F.")))
    return pytest.mark.parametrize("name", cases)


@functools.cache
def ours(name: str):
    """The function of the library under test that an entry of the table stands for."""
    op = op_table.table()[name].op
    if isinstance(op, types.FunctionType) and op.__name__ == "<lambda>":
        return rebind(op)
    found = lib
    for part in name.split("/")[0].split("."):
        found = getattr(found, part) if hasattr(found, part) else getattr(lib.Tensor, part)
    return found


def twin(variant):
    """The same method, in-place or not, of the library under test."""
    if isinstance(variant, functools.partial) or variant.__name__ == "<lambda>":
        return rebind(variant)
    return getattr(lib.Tensor, variant.__name__)


def samples(name: str, dtype, requires_grad: bool = False, limit: int = LIMIT) -> list:
    """PyTorch's samples for an operation, or none where PyTorch does not support the dtype."""
    op = op_table.table()[name]
    if dtype not in op.dtypes:
        return []
    torch.manual_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = op.sample_inputs("cpu", dtype, requires_grad=requires_grad)
        return list(itertools.islice(found, limit))


@contextlib.contextmanager
def quiet():
    """PyTorch warns about its own deprecations, NumPy about the infinities that are asked for."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.filterwarnings("ignore", category=UserWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        yield


def call(function, sample):
    return function(sample.input, *sample.args, **sample.kwargs)


def inputs_of(sample) -> list:
    return tensors_in([sample.input, sample.args, sample.kwargs])


def convert(sample) -> types.SimpleNamespace:
    """A sample in the terms of the library under test."""
    converted = to_lib([sample.input, sample.args, sample.kwargs])
    return types.SimpleNamespace(input=converted[0], args=converted[1], kwargs=converted[2])


def scale_of(value) -> float:
    """Size of the largest finite element of a result."""
    largest = 0.0
    for tensor in tensors_in(value):
        array = to_numpy(tensor)
        if array.dtype.kind in "fc" and array.size:
            finite = np.abs(array[np.isfinite(array)].astype(np.complex128))
            largest = max(largest, float(finite.max(initial=0.0)))
    return largest


def differs(name: str, result, expected, harder: float = 1.0) -> str | None:
    """What differs, with the tolerance that the table gives to the operation."""
    tensors = tensors_in(expected)
    dtype = dtype_of(tensors[0]) if tensors else "float64"
    if name in op_table.OFF_BY_ONE and dtype == "uint8" and dtype_of(result) == "uint8":
        return unlike_arrays(to_numpy(result) * 1.0, to_numpy(expected) * 1.0, 0.0, 1.0)
    rtol, atol = op_table.tolerance(name, dtype, scale_of(expected))
    return unlike(result, expected, rtol * harder, atol * harder)


ORDERS = {"sort": 0, "argsort": 0, "topk": 1}  # where the dimension stands among the arguments


def settle_ties(name: str, sample, value):
    """Equal elements may come in any order: what the indices point at stands for the indices."""
    if name not in ORDERS:
        return value
    position = ORDERS[name]
    dim = sample.args[position] if len(sample.args) > position else sample.kwargs.get("dim", -1)
    indices = value if name == "argsort" else value[1]
    if not sample.input.dim():
        return value
    picked = sample.input.gather(dim, indices)
    return picked if name == "argsort" else (value[0], picked)


def view_differs(sample, expected, our_sample, result) -> str | None:
    """Results that share memory with an input must do so here too, with the same strides."""
    pairs = list(zip(inputs_of(sample), inputs_of(our_sample)))
    for index, (a, b) in enumerate(zip(tensors_in(result), tensors_in(expected))):
        for theirs, mine in pairs:
            if theirs.numel() == 0 or b.numel() == 0:
                continue
            if b.is_conj():
                continue  # PyTorch conjugates when it reads; ours has done it, in a copy
            if same_storage(b, theirs) != same_storage(a, mine):
                return f"[{index}]: {'a copy' if same_storage(b, theirs) else 'a view'}"
        if any(b.numel() and same_storage(b, theirs) for theirs, _ in pairs):
            if place(a) != place(b):
                return f"[{index}]: strides, offset {place(a)}, expected {place(b)}"
    return None


def layout_differs(name: str, result, expected) -> str | None:
    """New results lie in memory as PyTorch's do."""
    if name in op_table.OTHER_LAYOUT or name not in op_table.NAMES or SELF_TEST:
        return None
    for index, (a, b) in enumerate(zip(tensors_in(result), tensors_in(expected))):
        if b.numel() > 1 and place(a)[0] != place(b)[0]:
            return f"[{index}]: strides {place(a)[0]}, expected {place(b)[0]}"
    return None


def versions(sample) -> list[int]:
    return [tensor._version for tensor in inputs_of(sample)]


def mutated(name: str, mine, sample, before: list[int]) -> str | None:
    """Inputs stay as they were, except those that PyTorch itself writes (running statistics)."""
    pairs = zip(inputs_of(mine), inputs_of(sample), before)
    for index, (ours_now, theirs_now, version) in enumerate(pairs):
        if found := differs(name, ours_now, theirs_now):
            return f"input {index} was changed: {found}"
        if ours_now._version != version and theirs_now._version == 0:
            return f"the version of input {index} was raised"
    return None


def describe(sample) -> str:
    """A sample in a line: shapes in place of tensors."""

    def short(value) -> str:
        if isinstance(value, torch.Tensor):
            return f"{dtype_of(value)}{list(value.shape)}"
        if isinstance(value, (list, tuple)):
            return "(" + ", ".join(short(item) for item in value) + ")"
        return repr(value)

    words = [short(sample.input), *(short(arg) for arg in sample.args)]
    words += [f"{key}={short(value)}" for key, value in sample.kwargs.items()]
    return ", ".join(words)


@dataclass
class Findings:
    """Collects what is wrong with the samples of one operation; fails once, with all of it."""

    name: str
    tried: int = 0
    wrong: list[str] = field(default_factory=list)

    def run(self, sample, check, what: str = "") -> None:
        """Run `check(sample)`: None is right, a text or an exception is wrong."""
        self.tried += 1
        try:
            found = check(sample)
        except Exception as error:
            found = f"{type(error).__name__}: {str(error)[:300]}"
        if found:
            self.wrong.append(f"{what}({describe(sample)})\n    {found}")

    def settle(self) -> None:
        if self.wrong:
            text = "\n  ".join(self.wrong[:6])
            pytest.fail(
                f"{self.name}: {len(self.wrong)} of {self.tried} samples\n  {text}", pytrace=False
            )
