"""Every operation of the table tells, without values, the shape, dtype and strides of its result."""

from __future__ import annotations

import os

import pytest

if os.environ.get("FLAMBEAU_UNDER_TEST", "flambeau") != "flambeau":
    pytest.skip("Flambeau's meta tensors against Flambeau's own results", allow_module_level=True)

pytorch = pytest.importorskip("torch", reason="PyTorch's samples drive this check: not installed")

import op_checks

import flambeau as torch

# What needs the values: numbers taken out of tensors, sizes that depend on them, other devices.
NEEDS_VALUES = set(
    """
bincount item masked_select narrow nn.functional.one_hot nonzero repeat_interleave to
""".split()
)


def without_values(value):
    """The same arguments on the meta device."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("meta").requires_grad_(value.requires_grad)
    if isinstance(value, (list, tuple)):
        return type(value)(without_values(v) for v in value)
    if isinstance(value, dict):
        return {k: without_values(v) for k, v in value.items()}
    return value


def described(y):
    """What can be known of a result without its values."""
    if isinstance(y, torch.Tensor):
        steps = [s for s, n in zip(y.stride(), y.shape) if n > 1] if y.numel() else []
        return tuple(y.shape), y.dtype, steps, y.requires_grad
    return [described(t) for t in y] if isinstance(y, (list, tuple)) else y


@op_checks.operations("meta")
def test_table(name):
    wrong = []
    for dtype in (pytorch.float32, pytorch.int64):
        for sample in op_checks.samples(name, dtype, dtype.is_floating_point, limit=5):
            with op_checks.quiet():
                real, given = op_checks.convert(sample), op_checks.convert(sample)
                for part in ("input", "args", "kwargs"):
                    setattr(given, part, without_values(getattr(given, part)))
                try:
                    expected = described(op_checks.call(op_checks.ours(name), real))
                except Exception as error:
                    with pytest.raises(type(error)):
                        op_checks.call(op_checks.ours(name), given)
                    continue
                try:
                    found = described(op_checks.call(op_checks.ours(name), given))
                except (RuntimeError, NotImplementedError) as error:
                    if name in NEEDS_VALUES and "meta tensor" in str(error):
                        continue
                    raise
            if found != expected:
                wrong.append(f"{op_checks.describe(sample)}: {found}, not {expected}")
    assert not wrong, "\n".join(wrong)
