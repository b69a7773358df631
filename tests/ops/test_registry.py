"""The registry is complete, and the shape rules say what the kernels do."""

from __future__ import annotations

import os

import pytest

from flambeau.ops import registry
from flambeau.plan import record

if os.environ.get("FLAMBEAU_UNDER_TEST", "flambeau") != "flambeau":
    pytest.skip("the registry is Flambeau's own", allow_module_level=True)

PRIMITIVES = sorted(registry.OPS)


def primitive(test):
    return pytest.mark.parametrize("name", PRIMITIVES)(test)


@primitive
def test_docstring(name):
    """It begins with a sentence or a formula."""
    text = (registry.OPS[name].__doc__ or "").strip()
    first = text.split("\n\n")[0].split("\n")[0]
    assert len(first) > 10, "no docstring"
    assert first.endswith((".", ":", ")")) or len(text.split("\n\n")[0].split("\n")) > 1, first


@primitive
def test_every_input_declares_its_derivative(name):
    """Each input has exactly one of: a rule, ZERO, STOPS, a place in the joint rule."""
    op = registry.OPS[name]
    for input in op.inputs:
        assert input in op.rules or op.joint is not None, f"nothing is said about {input!r}"
    for input, rule in op.rules.items():
        assert input in op.inputs
        if op.joint is not None:
            assert isinstance(rule, registry.ZERO | registry.STOPS), f"{input!r} has two rules"
        if isinstance(rule, registry.ZERO | registry.STOPS):
            assert rule.why.strip(), f"{input!r} does not say why"


@primitive
def test_rules_ask_for_what_there_is(name):
    """Every name in a rule's signature can be found."""
    op = registry.OPS[name]
    rules = [rule for rule in (*op.rules.values(), op.joint) if isinstance(rule, registry.Rule)]
    for rule in rules:
        for wanted in rule.names:
            if wanted not in ("g", "needs"):
                op.locate(wanted)


@primitive
def test_shape_rule(name):
    assert registry.OPS[name].shape_rule is not None, "no shape rule"


def shape_of(value):
    if isinstance(value, (tuple, list)):
        return tuple(shape_of(item) for item in value)
    return tuple(value.shape) if hasattr(value, "shape") else None


def shape_disagrees(entry) -> str | None:
    """The shape rule of one dispatched operation against its real outputs."""
    op = registry.OPS.get(entry.name)
    if op is None or op.shape_rule is registry.DATA_DEPENDENT:
        return None
    shapes = [
        shape_of(x) if hasattr(x, "shape") else (None if x is None else ()) for x in entry.inputs
    ]
    told = op.shape_rule(*shapes, **{**op.defaults, **entry.params})
    real = shape_of(entry.outputs)
    if told is None or told == real:
        return None
    return f"{entry.name}{shapes} {entry.params}: the rule says {told}, the output is {real}"


torch = pytest.importorskip("torch", reason="PyTorch's samples drive this check: not installed")

import op_checks


@op_checks.operations("shape")
def test_shape_rules_hold(name):
    """Every primitive that the samples dispatch, forward and backward, keeps its shape rule."""
    wrong: dict[str, str] = {}
    found = op_checks.samples(name, torch.float64, requires_grad=True, limit=25)
    for sample in found or op_checks.samples(name, torch.int64, limit=25):
        with op_checks.quiet(), record.entries() as seen:
            try:
                op_checks.call(op_checks.ours(name), op_checks.convert(sample))
            except Exception:
                continue  # reported by test_values.py
        for entry in seen:
            try:
                disagreement = shape_disagrees(entry)
            except Exception as error:
                disagreement = f"{entry.name}: the rule raises {type(error).__name__}: {error}"
            if disagreement:
                wrong[entry.name] = disagreement
    assert not wrong, "\n".join(wrong.values())
