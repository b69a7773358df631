"""Operations beyond the first tier against PyTorch's samples: values and gradients."""

from __future__ import annotations

import itertools
import warnings

import pytest
from op_checks import call, convert, describe, quiet
from oracle import lib, rebind, tensor_to_lib, tensors_in, torch, unlike
from torch.testing._internal.common_methods_invocations import op_db

NAMES = """
acosh addbmm addr allclose aminmax asinh atanh baddbmm bitwise_and bitwise_left_shift bitwise_not
bitwise_or bitwise_right_shift bitwise_xor cholesky cholesky_inverse cholesky_solve clamp_max
clamp_min copysign cosh corrcoef count_nonzero cov cross cummax cummin deg2rad digamma dist equal
erfc erfinv exp2 float_power fmax fmin frac gcd heaviside hypot i0 inner isclose isinf isneginf
isposinf isreal kron lcm ldexp lgamma linalg.cholesky linalg.cond linalg.cross linalg.det
linalg.diagonal linalg.eigh linalg.eigvals linalg.eigvalsh linalg.lstsq linalg.matrix_norm
linalg.matrix_power linalg.matrix_rank linalg.multi_dot linalg.pinv linalg.pinv/hermitian
linalg.qr linalg.slogdet linalg.solve_triangular linalg.svd linalg.svdvals linalg.vecdot log10
log_softmax/with_dtype logaddexp2 logcumsumexp logdet logical_xor logit matrix_exp median
mvlgamma/mvlgamma_p_1 mvlgamma/mvlgamma_p_3 nan_to_num nanmean nanmedian nanquantile nansum
nn.functional.softmin norm/fro norm/inf norm/nuc polygamma/polygamma_n_0 qr quantile rad2deg
round/decimals_3 sgn signbit sinc sinh softmax/with_dtype special.entr special.i1 special.ndtri
special.xlog1py std_mean std_mean/unbiased svd tensordot trace trapezoid cumulative_trapezoid
triangular_solve var_mean/unbiased vdot xlogy
""".split()  # noqa: SIM905

TABLE = {op.name + ("/" + op.variant_test_name) * bool(op.variant_test_name): op for op in op_db}

# Relative to the largest element of the result; eps times this many.
ROUGH = {
    "linalg.": 2000, "chol": 2000, "log": 300, "matrix": 2000, "polygamma": 1e7, "special": 300,
    "svd": 2000, "qr": 2000, "mvlgamma": 300, "lgamma": 300, "digamma": 300,
}  # fmt: skip

# The sign or phase of a vector is free, or only one triangle of a gradient has a meaning.
FREE = {"linalg.eigh", "linalg.svd", "svd", "linalg.qr", "qr"}
NO_GRADIENT = {
    "linalg.eigvals": "complex results have no gradient",
    "linalg.lstsq": "the residuals that PyTorch leaves empty require none here",
    "linalg.matrix_power": "the power 0 is a constant here",
    "cholesky_solve": "only the triangle that is read gets a gradient",
    "cholesky_inverse": "only the triangle that is read gets a gradient",
}


def ours(op):
    if op.op.__name__ == "<lambda>":
        return rebind(op.op)
    found = lib
    for part in op.name.split("."):
        found = getattr(found, part)
    return found


def samples(op, dtype, requires_grad=False):
    if dtype not in op.dtypes:
        return []
    torch.manual_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = op.sample_inputs("cpu", dtype, requires_grad=requires_grad)
        return list(itertools.islice(found, 30))


def tolerance(name, expected):
    largest = max(
        (float(t.detach().abs().nan_to_num(posinf=0).max()) for t in tensors_in(expected)
         if t.numel() and (t.is_floating_point() or t.is_complex())), default=0.0,
    )  # fmt: skip
    single = any(t.dtype in (torch.float32, torch.complex64) for t in tensors_in(expected))
    factor = next((f for prefix, f in ROUGH.items() if name.startswith(prefix)), 30)
    eps = (1.2e-7 if single else 2.3e-16) * factor
    return eps, eps * largest


@pytest.mark.parametrize("name", NAMES)
def test_values(name):
    op = TABLE[name]
    for dtype in (torch.float32, torch.float64, torch.int64, torch.bool):
        for sample in samples(op, dtype):
            with quiet():
                expected, result = call(op.op, sample), call(ours(op), convert(sample))
            if name in FREE:
                pairs = zip(tensors_in(result), tensors_in(expected), strict=True)
                result, expected = zip(*((a.abs(), b.abs()) for a, b in pairs))
            found = unlike(result, expected, *tolerance(name, expected))
            assert not found, f"{describe(sample)}: {found}"


@pytest.mark.parametrize("name", [n for n in NAMES if TABLE[n].supports_autograd])
def test_gradients(name):
    if name in NO_GRADIENT:
        pytest.skip(NO_GRADIENT[name])
    op = TABLE[name]
    for sample in samples(op, torch.float64, requires_grad=True):
        mine = convert(sample)
        with quiet():
            expected = call(op.op, sample)
            result = call(ours(op), mine)
        expected = [t for t in tensors_in(expected) if t.requires_grad]
        result = [t for t in tensors_in(result) if t.requires_grad]
        if name in FREE:
            expected, result = ([invariant(t) for t in ts] for ts in (expected, result))
        seeds = [torch.randn(t.shape, dtype=t.dtype) for t in expected]
        inputs = [
            t for t in tensors_in([sample.input, sample.args, sample.kwargs]) if t.requires_grad
        ]
        leaves = [t for t in tensors_in([mine.input, mine.args, mine.kwargs]) if t.requires_grad]
        if not expected:
            continue
        with quiet():
            wanted = torch.autograd.grad(expected, inputs, seeds, allow_unused=True)
            given = [tensor_to_lib(s) for s in seeds]
            got = lib.autograd.grad(result, leaves, given, allow_unused=True)
        for a, b in zip(got, wanted, strict=True):
            if a is None or b is None:
                assert a is b or not (a if b is None else b).any(), describe(sample)
                continue
            scale = float(b.abs().nan_to_num(posinf=0).max()) if b.numel() else 0.0
            found = unlike(a, b, 1e-8, 1e-9 * max(scale, 1e-3))
            assert not found, f"{describe(sample)}: {found}"


def invariant(t):
    """What does not change when a vector changes its sign."""
    return t * t


def test_error_function_is_accurate():
    import math

    import numpy as np

    x = np.concatenate([np.linspace(-6, 6, 20001), np.geomspace(1e-6, 1, 1000)])
    exact = np.array([math.erf(v) for v in x])
    double = lib.erf(lib.from_numpy(x)).numpy()
    single = lib.erf(lib.from_numpy(x.astype(np.float32))).numpy()
    assert np.abs(double - exact).max() < 1e-15
    rounded = np.array([math.erf(v) for v in x.astype(np.float32)])
    assert np.abs(single / rounded - 1)[rounded != 0].max() < 2e-7


def test_where_is_exact_on_large_masks():
    import numpy as np

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 100, 100)).astype(np.float32)
    a[0, :4] = np.nan, np.inf, -np.inf, -0.0
    mask = rng.random((100, 100)) > 0.5
    for one, other in ((a, b), (a, 0), (0, a.T), (a[0], 0), (a, 1.0)):
        mine = [lib.from_numpy(x.copy()) if isinstance(x, np.ndarray) else x for x in (one, other)]
        result = lib.where(lib.from_numpy(mask), *mine).numpy()
        np.testing.assert_array_equal(result, np.where(mask, one, other))


def test_named_results_print_as_pytorch():
    ours, theirs = (repr(t.tensor([[1.0, 3.0]]).max(1)) for t in (lib, torch))
    assert ours == theirs
