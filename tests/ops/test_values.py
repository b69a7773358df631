"""Values: every operation of the table on PyTorch's samples, function, method, in place, out."""

from __future__ import annotations

import op_table
import pytest
from op_checks import (
    Findings,
    call,
    convert,
    differs,
    inputs_of,
    layout_differs,
    mutated,
    operations,
    ours,
    quiet,
    samples,
    settle_ties,
    twin,
    versions,
    view_differs,
)
from oracle import SELF_TEST, dtype_of, lib, tensors_in, to_lib, torch

DTYPES = (torch.float32, torch.int64, torch.bool, torch.float64, torch.int32, torch.uint8)
RARE = (torch.float16, torch.int8, torch.int16, torch.complex64)


def shapes_differ(result, expected) -> str | None:
    """What is compared where values are random."""
    if len(tensors_in(result)) != len(tensors_in(expected)):
        return f"got {result!r:.100}, expected {expected!r:.100}"
    for a, b in zip(tensors_in(result), tensors_in(expected)):
        if (dtype_of(a), tuple(a.shape)) != (dtype_of(b), tuple(b.shape)):
            return f"{dtype_of(a)}{list(a.shape)}, expected {dtype_of(b)}{list(b.shape)}"
    return None


def compare(name: str, sample, function, reference) -> str | None:
    """One sample through both libraries."""
    mine = convert(sample)
    before = versions(mine)
    with quiet():
        expected = call(reference, sample)
        result = call(function, mine)
    if name in op_table.RANDOM:
        return shapes_differ(result, expected)
    if found := shapes_differ(result, expected):
        return found
    return (
        differs(name, settle_ties(name, mine, result), settle_ties(name, sample, expected))
        or view_differs(sample, expected, mine, result)
        or layout_differs(name, result, expected)
        or mutated(name, mine, sample, before)
    )


@operations("value")
def test_function(name):
    """dtype, shape, values, sharing of memory; no input changed; contiguous inputs and others."""
    findings = Findings(name)
    reference = op_table.table()[name].op
    for dtype in DTYPES + RARE:
        if dtype == torch.complex64 and name in op_table.NOT_COMPLEX:
            continue
        limit = 40 if dtype in DTYPES[:3] else 8 if dtype in DTYPES else 3
        for sample in samples(name, dtype, limit=limit):
            findings.run(sample, lambda s: compare(name, s, ours(name), reference))
    for sample in samples(name, torch.float32, limit=12):
        findings.run(
            sample.noncontiguous(),
            lambda s: compare(name, s, ours(name), reference),
            "non-contiguous ",
        )
    assert findings.tried, "no samples"
    findings.settle()


@operations("method")
def test_method(name):
    """The method gives what the function gives."""
    variant = op_table.table()[name].method_variant
    if variant is None:
        return  # PyTorch has no such method: nothing to hold ours against
    findings = Findings(name)
    for sample in samples(name, torch.float32, limit=15) + samples(name, torch.int64, limit=5):
        findings.run(sample, lambda s: compare(name, s, twin(variant), variant))
    findings.settle()


def in_place(name: str, sample, variant) -> str | None:
    """The in-place twin: returns its first input, holding the result, its version raised."""
    if sample.broadcasts_input:
        return None
    mine = convert(sample)
    if sample.kwargs.get("inplace") is not None:
        return None  # said twice: the twin of a function sets inplace itself
    before = versions(mine)
    theirs_before = sample.input._version
    with quiet():
        try:
            expected = call(variant, sample)
        except RuntimeError:  # the result has another dtype or shape than the input
            try:
                call(twin(variant), mine)
            except RuntimeError:
                return None
            return "PyTorch refuses this in place"
        result = call(twin(variant), mine)
    if result is not mine.input:
        return "did not return its input"
    if sample.input._version != theirs_before and result._version == before[0]:
        return "the version was not raised"
    if name in op_table.RANDOM:
        return shapes_differ(result, expected)
    return differs(name, result, expected) or mutated(name, mine, sample, before)


@operations("in place")
def test_in_place(name):
    """The in-place twin writes the function's result into its input."""
    variant = op_table.table()[name].inplace_variant
    if variant is None:
        return  # PyTorch has no in-place twin
    findings = Findings(name)
    for dtype, limit in ((torch.float32, 15), (torch.int64, 8), (torch.bool, 3)):
        for sample in samples(name, dtype, limit=limit):
            findings.run(sample, lambda s: in_place(name, s, variant))
    findings.settle()


def into_out(name: str, sample) -> str | None:
    """`out=` is filled, resized where it is empty, and returned."""
    mine = convert(sample)
    with quiet():
        expected = call(op_table.table()[name].op, sample)
        if not isinstance(expected, torch.Tensor):
            return None
        for shape in (tuple(expected.shape), (0,)):
            out = lib.empty(shape, dtype=to_lib(expected.dtype))
            result = ours(name)(mine.input, *mine.args, **mine.kwargs, out=out)
            if result is not out:
                return "did not return out"
            if name in op_table.RANDOM:
                found = shapes_differ(out, expected)
            else:
                found = differs(name, out, expected)
            if found:
                return f"out of shape {shape}: {found}"
    return None


@operations("out")
def test_out(name):
    """`out=` where PyTorch has it."""
    op = op_table.table()[name]
    if not op.supports_out:
        return
    findings = Findings(name)
    for sample in samples(name, torch.float32, limit=3):
        if "out" not in sample.kwargs:
            findings.run(sample, lambda s: into_out(name, s))
    findings.settle()


def refused(name: str, sample, error) -> str | None:
    """The call raises PyTorch's kind of error, with words, and changes nothing."""
    if any(tensor.dim() > 64 for tensor in inputs_of(sample)):
        return None  # NumPy's arrays have at most 64 dimensions: there is no such tensor here
    mine = convert(sample)
    before = versions(mine)
    try:
        with quiet():
            if call(ours(name), mine) is NotImplemented:
                return None  # an operator's refusal: Python raises TypeError from it
    except error.error_type as raised:
        if not str(raised).strip():
            return "an error without words"
        if SELF_TEST:
            return None  # PyTorch resizes `out` before it refuses
        return mutated(name, mine, sample, before)
    except Exception as raised:
        kind, words = type(raised).__name__, str(raised)[:200]
        return f"expected {error.error_type.__name__}, got {kind}: {words}"
    return f"no error; PyTorch says: {error.error_regex}"


@operations("error")
def test_errors(name):
    """What PyTorch refuses is refused here, with the same kind of error, and changes nothing."""
    op = op_table.table()[name]
    if op.error_inputs_func is None:
        return
    findings = Findings(name)

    for error in op.error_inputs("cpu"):
        findings.run(error.sample_input, lambda sample, error=error: refused(name, sample, error))
    findings.settle()


def test_every_name_has_an_entry():
    assert len(op_table.table()) == len(op_table.NAMES) == 241


def test_deviations_name_operations():
    unknown = [key for key in op_table.DEVIATIONS if key[1] not in op_table.NAMES]
    assert not unknown


@pytest.mark.parametrize("name", sorted(op_table.SUMS | op_table.RANDOM | set(op_table.LOOSE)))
def test_table_names_operations(name):
    assert name in op_table.NAMES
