"""Type promotion over all pairs of dtypes and of kinds of operands, against PyTorch."""

from __future__ import annotations

import itertools

import pytest
from oracle import dtype_of, lib, torch

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
DTYPES += ["complex64", "complex128"]

# PyTorch warns that its complex32 is experimental, and has few kernels for it.
pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf")

OPERATIONS = {
    "add": lambda t, a, b: a + b,
    "sub": lambda t, a, b: a - b,
    "mul": lambda t, a, b: a * b,
    "div": lambda t, a, b: a / b,
    "floor_divide": lambda t, a, b: a // b,
    "remainder": lambda t, a, b: a % b,
    "pow": lambda t, a, b: a**b,
    "eq": lambda t, a, b: a == b,
    "lt": lambda t, a, b: a < b,
    "and": lambda t, a, b: a & b,
    "maximum": lambda t, a, b: t.maximum(a, b),
    "where": lambda t, a, b: t.where(t.tensor([True, False]), a, b),
    "cat": lambda t, a, b: t.cat([a.reshape(-1), b.reshape(-1)]),
    "stack": lambda t, a, b: t.stack([a.reshape(-1)[:1], b.reshape(-1)[:1]]),
    "atan2": lambda t, a, b: t.atan2(a, b),
    "result_type": lambda t, a, b: t.empty(2, dtype=t.result_type(a, b)),
    "iadd": lambda t, a, b: a.__iadd__(b),
    "imul": lambda t, a, b: a.__imul__(b),
    "itruediv": lambda t, a, b: a.__itruediv__(b),
}

SCALARS = {"True": True, "3": 3, "2.5": 2.5, "1j": 1j}


def vector(t, dtype):
    return t.tensor([1, 2], dtype=getattr(t, dtype))


def zero_dim(t, dtype):
    return t.tensor(2, dtype=getattr(t, dtype))


def outcome(t, operation, make):
    try:
        a, b = make(t)
        result = OPERATIONS[operation](t, a, b)
    except Exception as error:
        return type(error)
    return dtype_of(result), tuple(result.shape)


def compare(operation, cases) -> None:
    wrong = []
    for label, make in cases:
        expected, found = outcome(torch, operation, make), outcome(lib, operation, make)
        if expected is NotImplementedError:
            continue  # PyTorch has no kernel for it: we may do more
        if isinstance(expected, type) and isinstance(found, type) and issubclass(found, expected):
            continue
        if isinstance(expected, tuple) and expected[0] == "complex32":
            continue  # NumPy has no complex32: ours is complex64
        if expected != found:
            wrong.append(f"{label}: {found}, expected {expected}")
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong[:25])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_tensor_and_tensor(operation):
    pairs = itertools.product(DTYPES, DTYPES)
    compare(
        operation,
        [(f"{p} {q}", lambda t, p=p, q=q: (vector(t, p), vector(t, q))) for p, q in pairs],
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_tensor_and_zero_dim(operation):
    pairs = list(itertools.product(DTYPES, DTYPES))
    cases = [(f"{p} 0-d {q}", lambda t, p=p, q=q: (vector(t, p), zero_dim(t, q))) for p, q in pairs]
    cases += [
        (f"0-d {p} {q}", lambda t, p=p, q=q: (zero_dim(t, p), vector(t, q))) for p, q in pairs
    ]
    cases += [
        (f"0-d {p} 0-d {q}", lambda t, p=p, q=q: (zero_dim(t, p), zero_dim(t, q))) for p, q in pairs
    ]
    compare(operation, cases)


@pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS if o not in ("maximum", "cat", "stack", "atan2")]
)
def test_tensor_and_python_number(operation):
    cases = []
    for p, (name, scalar) in itertools.product(DTYPES, SCALARS.items()):
        cases.append((f"{p} {name}", lambda t, p=p, s=scalar: (vector(t, p), s)))
        cases.append((f"0-d {p} {name}", lambda t, p=p, s=scalar: (zero_dim(t, p), s)))
        if not operation.startswith("i"):
            cases.append((f"{name} {p}", lambda t, p=p, s=scalar: (s, vector(t, p))))
    compare(operation, cases)


def test_promote_types():
    for p, q in itertools.product(DTYPES, DTYPES):
        expected = str(torch.promote_types(getattr(torch, p), getattr(torch, q)))
        assert str(lib.promote_types(getattr(lib, p), getattr(lib, q))) == expected


def test_can_cast():
    for p, q in itertools.product(DTYPES, DTYPES):
        expected = torch.can_cast(getattr(torch, p), getattr(torch, q))
        assert lib.can_cast(getattr(lib, p), getattr(lib, q)) == expected, (p, q)


REDUCTIONS = [
    "sum",
    "prod",
    "mean",
    "cumsum",
    "cumprod",
    "max",
    "amax",
    "argmax",
    "all",
    "any",
    "std",
]
REDUCTIONS += ["var", "norm", "logsumexp", "median", "sort", "count_nonzero"]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_dtype_of_reductions(name):
    wrong = []
    for dtype in DTYPES:
        found = []
        for t in (torch, lib):
            x = t.tensor([[1, 0], [2, 1]], dtype=getattr(t, dtype))
            try:
                y = getattr(x, name)(0)
                y = y[0] if isinstance(y, tuple) else y
                found.append(dtype_of(y))
            except Exception as error:
                found.append(type(error))
        expected, ours = found
        both_refuse = isinstance(expected, type) and isinstance(ours, type)
        if expected is NotImplementedError:
            continue
        if expected != ours and not (both_refuse and issubclass(ours, expected)):
            wrong.append(f"{dtype}: {ours}, expected {expected}")
    assert not wrong, "\n".join(wrong)


UNARY = [
    "abs",
    "neg",
    "exp",
    "sqrt",
    "sin",
    "tanh",
    "sigmoid",
    "relu",
    "floor",
    "round",
    "sign",
    "log",
]
UNARY += ["isnan", "isfinite", "logical_not", "bitwise_not", "square", "reciprocal", "erf", "clone"]


@pytest.mark.parametrize("name", UNARY)
def test_dtype_of_unary_operations(name):
    unary_dtypes(name)


def unary_dtypes(name):
    wrong = []
    for dtype in DTYPES:
        found = []
        for t in (torch, lib):
            try:
                found.append(dtype_of(getattr(t.tensor([1, 0], dtype=getattr(t, dtype)), name)()))
            except Exception as error:
                found.append(type(error))
        expected, ours = found
        both_refuse = isinstance(expected, type) and isinstance(ours, type)
        if expected is NotImplementedError:
            continue
        if expected != ours and not (both_refuse and issubclass(ours, expected)):
            wrong.append(f"{dtype}: {ours}, expected {expected}")
    assert not wrong, "\n".join(wrong)


def test_conversions_between_all_dtypes():
    """`to` between any two dtypes, values included (fractions, negatives, infinities)."""
    from oracle import unlike

    values = [0.0, 1.0, -1.0, 2.7, -2.7, 100.4, 127.0]
    wrong = []
    for p, q in itertools.product(DTYPES, DTYPES):
        if p.startswith("complex") and not q.startswith("complex"):
            continue
        start = [v for v in values if v >= 0] if "uint" in p + q else values
        found = [t.tensor(start, dtype=getattr(t, p)).to(getattr(t, q)) for t in (lib, torch)]
        if difference := unlike(*found, 1e-3 if "16" in p + q else 1e-6, 0):
            wrong.append(f"{p} to {q}: {difference}")
    assert not wrong, "\n".join(wrong)
