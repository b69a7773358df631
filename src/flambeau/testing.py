"""Assertions for tests of programs that use tensors."""

from __future__ import annotations

import numpy as np

from .tensor.factory import as_tensor
from .tensor.tensor import Tensor

_TOLERANCES = {
    "float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7), "complex64": (1.3e-6, 1e-5), "complex128": (1e-7, 1e-7),
}  # fmt: skip


def assert_close(
    actual, expected, *, rtol=None, atol=None, equal_nan=False, check_dtype=True, check_device=True,
    check_layout=True, check_stride=False, allow_subclasses=True, msg=None,
) -> None:  # fmt: skip
    """Raise AssertionError unless |actual - expected| <= atol + rtol * |expected| everywhere.

    Tolerances default to what the dtype allows; sequences and mappings are compared item by item.

    >>> import flambeau as torch
    >>> torch.testing.assert_close(torch.tensor([1.0]), torch.tensor([1.0 + 1e-7]))
    """
    options = {
        "rtol": rtol, "atol": atol, "equal_nan": equal_nan, "check_dtype": check_dtype,
        "check_stride": check_stride, "msg": msg,
    }  # fmt: skip
    if isinstance(actual, dict) and isinstance(expected, dict):
        if actual.keys() != expected.keys():
            raise AssertionError(
                f"The keys of the mappings do not match: {set(actual) ^ set(expected)}"
            )
        for key in actual:
            assert_close(actual[key], expected[key], **options)
        return
    if isinstance(actual, list | tuple) and isinstance(expected, list | tuple):
        if len(actual) != len(expected):
            raise AssertionError(
                f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
            )
        for a, e in zip(actual, expected):
            assert_close(a, e, **options)
        return
    if (rtol is None) != (atol is None):
        raise ValueError("rtol and atol must both be specified or both be unspecified")
    _compare(as_tensor(actual).detach(), as_tensor(expected).detach(), **options)


def _compare(a: Tensor, e: Tensor, rtol, atol, equal_nan, check_dtype, check_stride, msg) -> None:
    if a.shape != e.shape:
        raise AssertionError(
            msg or f"The values for attribute 'shape' do not match: {a.shape} != {e.shape}."
        )
    if check_dtype and a.dtype is not e.dtype:
        raise AssertionError(
            msg or f"The values for attribute 'dtype' do not match: {a.dtype} != {e.dtype}."
        )
    if check_stride and a.stride() != e.stride():
        raise AssertionError(
            msg
            or f"The values for attribute 'stride()' do not match: {a.stride()} != {e.stride()}."
        )
    if rtol is None:
        pairs = [_TOLERANCES.get(t.dtype.name, (0.0, 0.0)) for t in (a, e)]
        rtol, atol = max(p[0] for p in pairs), max(p[1] for p in pairs)
    x, y = a.numpy(), e.numpy()
    if x.dtype.kind == "V":
        x, y = x.astype(np.float32), y.astype(np.float32)
    close = np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if close.all():
        return
    with np.errstate(all="ignore"):
        difference = np.abs(x.astype(np.complex128) - y.astype(np.complex128))
    at = np.unravel_index(
        np.argmax(np.where(close, -1, np.nan_to_num(difference, nan=np.inf))), x.shape
    )
    raise AssertionError(
        msg
        or f"Tensor-likes are not close!\n\nMismatched elements: {(~close).sum()} / {close.size} "
        f"({100 * (~close).mean():.1f}%)\nGreatest absolute difference: {difference[at]} at index "
        f"{tuple(int(i) for i in at)} (up to {atol} allowed)\nRelative tolerance {rtol}: got "
        f"{x[at]}, "
        f"expected {y[at]}"
    )
