"""Kernels called as nobody should: each refuses what does not fit, and none leaves its arrays.

What counts is that a call returns or raises; the sanitizer's build shows that it touched nothing
else (native/sanitize.sh).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

native = pytest.importorskip(
    "flambeau.backend.native._runtime", reason="the C++ runtime is not built"
)
REFUSED = (TypeError, ValueError, IndexError, MemoryError, OverflowError)
LEFT_OUT = {"parallel_run", "set_num_threads", "use_instruction_set", "set_kept_memory_limit"}


@dataclass
class Argument:
    """What a kernel's signature says of one argument."""

    name: str
    kind: str

    @property
    def array(self) -> bool:
        return self.kind.startswith("ndarray")

    @property
    def dtype(self) -> Any:
        found = re.search(r"dtype=(\w+)", self.kind)
        return np.dtype(found[1] if found else np.uint8)

    @property
    def rank(self) -> int | None:
        found = re.search(r"shape=\(([^)]*)\)", self.kind)
        return found and found[1].count("*")

    @property
    def written(self) -> bool:
        return "writable=False" not in self.kind

    @property
    def dense(self) -> bool:
        return "order='C'" in self.kind


def arguments(function: Callable) -> list[Argument]:
    """The arguments of a kernel, as its first line of documentation has them."""
    inside = function.__doc__.splitlines()[0].split("(", 1)[1].rsplit(") ->", 1)[0]
    parts = re.split(r", (?=\w+: )", inside)
    return [Argument(*part.split(": ", 1)) for part in parts if part]


def kernels() -> list[str]:
    names = [name for name in dir(native) if not name.startswith("_") and name not in LEFT_OUT]
    return [name for name in names if "ndarray" in (getattr(native, name).__doc__ or "")]


def floats(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def convolution(x: tuple, w: tuple, y: tuple, window: list[int]) -> dict[str, dict[str, Any]]:
    values = {"x": floats(*x), "w": floats(*w), "gx": floats(*x), "gy": floats(*y)}
    values |= {"y": floats(*y), "gw": floats(*w), "bias": floats(w[0]), "gb": floats(w[0])}
    values |= {"window": window, "relu": True}
    made = {f"conv_{name}": values for name in _CONVOLUTIONS}
    return made | {"conv_backward_data": values | {"bias": floats(x[-1])}}


_CONVOLUTIONS = ("forward", "backward_data", "backward_weight")


def pools(dtype: Any, x: tuple, y: tuple, window: list[int]) -> dict[str, dict[str, Any]]:
    values = {"x": floats(*x), "y": floats(*y), "gx": floats(*x), "gy": floats(*y)}
    values |= {"places": np.ones(y, dtype), "indices": np.ones(y, np.int64), "h": x[1], "w": x[2]}
    average = {"window": window, "count_include_pad": True, "divisor": None}
    largest = {
        f"max_pool_{name}": {"window": window} for name in ("forward", "backward", "indices")
    }
    means = {f"avg_pool_{way}": average for way in WAYS}
    return {name: values | more for name, more in (largest | means).items()}


WAYS = ("forward", "backward")
ROWS = {name: floats(9, 5) for name in ("x", "y", "gx", "gy", "residual", "g_residual")}
COLUMNS = {name: floats(5) for name in ("weight", "bias", "gw", "gb", "mean", "var")}
BATCH = {**ROWS, **COLUMNS, "eps": 1e-5, "relu": True}
ENTROPY = {
    "x": floats(9, 5), "gx": floats(9, 5), "target": np.arange(9) % 5, "weight": floats(5),
    "loss": floats(1), "reduction": "mean", "ignore_index": -100,
}  # fmt: skip
PRODUCT = {
    "a": floats(9, 7), "b": floats(7, 5), "c": floats(9, 5), "bias": floats(5), "relu": True,
    "accumulate": False,
}  # fmt: skip
MONOTONE = {"activation": "leaky_relu", "a": 0.1, "b": 0.0}
LINEAR = {
    "x": floats(9, 7), "w": floats(5, 7), "bias": floats(5), "y": floats(9, 5), "gy": floats(9, 5),
    "gx": floats(9, 7), "gw": floats(5, 7), "gb": floats(5), **MONOTONE,
}  # fmt: skip
POOLED = {
    "x": floats(2, 6, 6, 3), "w": floats(5, 3, 3, 3), "bias": floats(5), "gb": floats(5),
    "y": floats(2, 3, 3, 5), "gy": floats(2, 3, 3, 5), "places": np.ones((2, 3, 3, 5), np.uint8),
    "gx": floats(2, 6, 6, 3), "gw": floats(5, 3, 3, 3), "window": [1, 1, 1, 1, 1, 1, 1],
    "pool": [2, 2, 2, 2, 0, 0, 1, 1], **MONOTONE,
}  # fmt: skip
STEP = {"formula": "adam", "numbers": {"size": 0.1, "share": 0.1, "decay": 0.9, "eps": 1e-8}}
STEP |= {name: [floats(3, 35), floats(6)] for name in ("params", "grads")}
REDUCED = ("sum", "mean", "prod", "max", "min", "abs_sum", "abs_max")

# Calls that are right; what a kernel has no entry for is drawn at random alone.
TABLE: list[dict[str, dict[str, Any]]] = [
    convolution((2, 6, 5, 3), (7, 3, 3, 3), (2, 6, 5, 7), [1, 1, 1, 1, 1, 1, 1]),
    convolution((8, 6, 5, 3), (7, 3, 3, 3), (8, 3, 3, 7), [2, 2, 1, 1, 1, 1, 1]),
    convolution((1, 9, 8, 33), (34, 33, 3, 3), (1, 9, 8, 34), [1, 1, 1, 1, 1, 1, 1]),
    convolution((1, 9, 8, 32), (32, 32, 5, 5), (1, 9, 8, 32), [1, 1, 2, 2, 1, 1, 1]),
    convolution((2, 6, 5, 18), (18, 1, 3, 2), (2, 4, 4, 18), [1, 1, 0, 0, 1, 1, 18]),
    convolution((2, 6, 5, 18), (18, 2, 3, 2), (2, 2, 3, 18), [1, 1, 0, 0, 2, 2, 9]),
    convolution((2, 3, 5, 20), (40, 20, 1, 1), (2, 3, 5, 40), [1, 1, 0, 0, 1, 1, 1]),
    pools(np.uint8, (2, 7, 6, 3), (2, 3, 3, 3), [2, 2, 2, 2, 0, 0, 1, 1]),
    pools(np.uint8, (2, 7, 6, 18), (2, 4, 3, 18), [3, 3, 2, 2, 1, 1, 1, 1]),
    pools(np.int32, (1, 9, 9, 5), (1, 5, 4, 5), [4, 5, 1, 1, 1, 1, 2, 2]),
    dict.fromkeys(("batch_norm_train", "batch_norm_evaluate", "batch_norm_backward"), BATCH),
    {
        f"layer_norm_{way}": {**BATCH, "mean": floats(9), "var": np.ones(9, np.float32)}
        for way in WAYS
    },
    {f"{name}_{way}": ROWS for name in ("softmax", "log_softmax") for way in WAYS},
    {"cross_entropy": ENTROPY},
    {name: {"x": floats(4, 6), "y": floats(4), "inner": 1} for name in REDUCED},
    {name: {"x": floats(4, 6, 5), "y": floats(4, 5), "inner": 5} for name in REDUCED},
    {"norm": {"x": floats(4, 6), "y": floats(4), "inner": 1}},
    {"transpose": {"x": floats(2, 5, 7), "y": floats(2, 7, 5)}},
    {"transpose": {"x": floats(2, 3, 40), "y": floats(2, 40, 3)}},
    {"gemm": PRODUCT},
    {f"linear_{way}": LINEAR for way in WAYS},
    {f"conv_pool_{way}": POOLED for way in WAYS},
    {"optim_step": {**STEP, "states": [STEP["params"], STEP["params"]]}},
    {"optim_step": {**STEP, "states": [STEP["params"], [None, None]], "formula": "rmsprop"}},
]
NUMBERS = {"repeat": 1, "spans": 1, "seed": 5, "offset": 7, "p": 0.5}


def right_calls(name: str) -> list[dict[str, Any]]:
    """Arguments with which the kernel runs."""
    wanted = arguments(getattr(native, name))
    found = [calls[name] for calls in TABLE if name in calls]
    if not found and all(a.rank in (None, 0, 1) for a in wanted):  # arrays of any shape
        found = [{a.name: simple(a) for a in wanted}]
    return [{a.name: values[a.name] for a in wanted} for values in found]


def simple(argument: Argument) -> Any:
    if argument.array:
        return np.ones((3, 35) if argument.rank is None else 35, argument.dtype)
    return NUMBERS.get(argument.name, 0.5 if argument.kind == "float" else False)


def copied(value: Any) -> Any:
    """The same in memory of its own, as tight as it can be: beyond its ends nothing may be read."""
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


# What no kernel takes in place of an array.
WRONG: dict[str, Callable[[np.ndarray], Any]] = {
    "another type": lambda x: x.astype(np.float64 if x.dtype != np.float64 else np.float32),
    "complex": lambda x: x.astype(np.complex64),
    "half": lambda x: x.astype(np.float16),
    "other byte order": lambda x: x.astype(x.dtype.newbyteorder()),
    "objects": lambda x: x.astype(object),
    "a list": lambda x: x.tolist() if x.ndim else [1.0],
    "text": lambda x: "array",
}
SCATTERED: dict[str, Callable[[np.ndarray], Any]] = {
    "every second": lambda x: np.repeat(x, 2, -1)[..., ::2],
    "backwards": lambda x: x[::-1],
    "spread": lambda x: np.broadcast_to(x[:1], x.shape),
}


@pytest.mark.parametrize("name", kernels())
def test_wrong_arrays_are_refused(name):
    function = getattr(native, name)
    for right in right_calls(name):
        function(*copied([*right.values()]))
        for argument in arguments(function):
            x = right[argument.name]
            if not argument.array or x is None:
                continue
            wrong = {**WRONG}
            if argument.dense and x.shape and len(x) > 1:
                wrong |= SCATTERED
            if argument.written and "dtype" in argument.kind:
                wrong["read only"] = read_only
            if x.dtype.itemsize == 1:
                del wrong["other byte order"]
            for what, change in wrong.items():
                values = copied({**right, argument.name: change(x)})
                with pytest.raises((TypeError, ValueError)):
                    function(*values.values())
                    pytest.fail(f"{name} takes {argument.name}: {what}")


def changes(x: Any) -> list[Any]:
    """What else an argument could be, right or wrong."""
    if isinstance(x, bool) or x is None:
        return [True, False, None]
    if isinstance(x, int):
        return [-(2**63), -1, 0, 1, 2, x + 1, 999, 2**24, 2**31, 2**40, 2**62, 2**63 - 1, 2**64]
    if isinstance(x, float):
        return [0.0, -1.0, 2.0, float("nan"), float("inf"), 1e300]
    if isinstance(x, list) and x and isinstance(x[0], np.ndarray):
        return [[], x[:1], x + x[:1], [None] * len(x), [floats(0)] * len(x), x[::-1], None]
    if isinstance(x, list):
        lists = [[*x[:i], n, *x[i + 1 :]] for i in range(len(x)) for n in changes(x[i])]
        return [[], x[:-1], [*x, 1], None, *lists]
    if not isinstance(x, np.ndarray):
        return [None, "nonsense", 5]
    others = [None, np.ones((), x.dtype), x.reshape(-1), x[None]]
    for axis, size in enumerate(x.shape):
        for n in {0, 1, size - 1, size + 1, 2 * size}:
            others.append(np.ones((*x.shape[:axis], n, *x.shape[axis + 1 :]), x.dtype))
    if x.dtype.kind in "iu":
        limits = np.iinfo(x.dtype)
        others += [np.full(x.shape, n, x.dtype) for n in (limits.min, limits.max, 5, 77)]
    return [*others, x.swapaxes(0, -1), x[..., ::-1], x[::-1]] if x.ndim else others


@pytest.mark.parametrize("name", kernels())
def test_what_does_not_fit_is_refused_or_harmless(name):
    """One argument or two are something else: sizes, strides, None, large and small numbers."""
    function, rng = getattr(native, name), np.random.default_rng(1)
    for right in right_calls(name):
        alone = [{key: value} for key in right for value in changes(right[key])]
        pairs = [{**a, **b} for a, b in zip(alone, rng.permutation(np.array(alone, object)))]
        for change in alone + pairs:
            attempt(function, list(copied({**right, **change}).values()))


@pytest.mark.parametrize("name", kernels())
def test_one_array_for_two_arguments(name):
    """Results that lie where operands do, wholly or in part."""
    function = getattr(native, name)
    for right in right_calls(name):
        arrays = [key for key, x in right.items() if isinstance(x, np.ndarray) and x.size > 1]
        for a in arrays:
            for b in arrays:
                values = copied(right)
                space = np.zeros(2 * max(x.nbytes for x in (values[a], values[b])) + 64, np.uint8)
                for key, at in ((a, 0), (b, 16 if a != b else 0)):
                    x = values[key]
                    here = space[at : at + x.nbytes].view(x.dtype).reshape(x.shape)
                    if key == a:
                        here[...] = x
                    values[key] = here
                attempt(function, list(values.values()))


def attempt(function: Callable, values: list) -> bool:
    """Whether a call is taken; that it is refused is as good."""
    try:
        function(*values)
    except REFUSED:
        return False
    return True


class Caller:
    """Arguments drawn at random, of few different sizes, so that they often fit each other."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.sizes = [0, *self.rng.choice([1, 1, 2, 3, 4, 5, 16, 17, 33], 3)]
        self.shapes: dict[int, tuple[int, ...]] = {}

    def pick(self, *choices: Any) -> Any:
        return choices[self.rng.integers(len(choices))]

    def shape(self, rank: int | None) -> tuple[int, ...]:
        rank = int(self.rng.integers(0, 4)) if rank is None else rank
        if rank not in self.shapes or self.rng.random() < 0.1:
            self.shapes[rank] = tuple(int(self.pick(*self.sizes[1:])) for _ in range(rank))
            if rank and self.rng.random() < 0.15:
                self.shapes[rank] = (0, *self.shapes[rank][1:])
        return self.shapes[rank]

    def an_array(self, argument: Argument) -> np.ndarray:
        dtype, shape = argument.dtype, self.shape(argument.rank)
        if dtype.kind == "f":
            x = self.rng.standard_normal(shape).astype(dtype)
        else:
            x = self.rng.integers(0, 2, shape).astype(dtype)
        if dtype.kind == "i" and self.rng.random() < 0.2:
            x[...] = self.pick(-1, 5, 2**31, -(2**63), 2**63 - 1)
        if not argument.dense and x.ndim > 1 and self.rng.random() < 0.5:
            x = self.pick(x[::-1], x.swapaxes(0, 1), np.repeat(x, 2, -1)[..., ::2], x[..., ::-1])
        return x

    def value(self, argument: Argument) -> Any:
        kind = argument.kind
        if "None" in kind and self.rng.random() < 0.4:
            return None
        if argument.array:
            return self.an_array(argument)
        if "Sequence[ndarray" in kind:
            each = Argument(argument.name, kind.split("[", 1)[1])
            return [self.value(each) for _ in range(2)]
        if "Sequence[int]" in kind:
            small = self.rng.random() < 0.9
            numbers = [0, 1, 1, 1, 2, 3] if small else [-1, 0, 1, 2**24 - 1, 2**31, 2**62]
            return [self.pick(*numbers) for _ in range(self.pick(6, 7, 7, 8, 8))]
        if "Mapping[str, float]" in kind:
            return {self.pick("size", "share", "nonsense"): 0.5}
        if kind.startswith("bool"):
            return self.pick(True, False)
        if kind.startswith("int"):
            return self.pick(0, 1, 1, 1, 2, 3, -1, 2**40, 2**63 - 1)
        if kind.startswith("float"):
            return self.pick(0.0, 0.5, 1.0, -1.0, float("nan"), float("inf"), 1e300)
        if kind.startswith("str"):
            return self.pick("mean", "sum", "none", "relu", "adam", "nonsense")
        return None


@pytest.mark.parametrize("name", kernels())
def test_random_calls(name):
    """Whatever is passed, the call returns or raises."""
    function = getattr(native, name)
    wanted = arguments(function)
    for seed in range(40):
        caller = Caller(seed)
        attempt(function, [caller.value(argument) for argument in wanted])
