"""Gradients: first and second order against PyTorch, first order against finite differences."""

from __future__ import annotations

import numpy as np
import op_table
from op_checks import (
    Findings,
    call,
    convert,
    describe,
    inputs_of,
    operations,
    ours,
    quiet,
    samples,
    scale_of,
)
from oracle import lib, tensor_to_lib, tensors_in, to_numpy, torch, unlike

EPS = float(np.finfo(np.float64).eps)


def differentiable(name: str) -> bool:
    return op_table.table()[name].supports_autograd and name not in op_table.RANDOM


def graph_outputs(value) -> list:
    return [tensor for tensor in tensors_in(value) if tensor.requires_grad]


def leaves(sample) -> list:
    """The distinct inputs that require a gradient."""
    wanted = {id(tensor): tensor for tensor in inputs_of(sample) if tensor.requires_grad}
    return list(wanted.values())


def cotangents(outputs, seed: int = 2) -> list:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(y.shape, dtype=torch.float64, generator=generator) for y in outputs]


def grads_differ(result, expected, rtol: float = 1e-9) -> str | None:
    """Gradients to compare: None and all zeros are the same to a user."""
    for index, (a, b) in enumerate(zip(result, expected, strict=True)):
        if a is None or b is None:
            other = b if a is None else a
            if other is not None and np.any(to_numpy(other)):
                return f"gradient {index}: {'none' if a is None else 'some'}, unlike PyTorch"
            continue
        if found := unlike(a, b, rtol, rtol * max(scale_of(b), 1e-3)):
            return f"gradient {index}: {found}"
    return None


def run_forward(name: str, sample):
    """(outputs, leaves) in PyTorch and here, or None where nothing can be differentiated."""
    mine = convert(sample)
    with quiet():
        expected = graph_outputs(call(op_table.table()[name].op, sample))
        result = graph_outputs(call(ours(name), mine))
    if len(result) != len(expected):
        raise AssertionError(f"{len(result)} results require a gradient, expected {len(expected)}")
    return result, leaves(mine), expected, leaves(sample)


def first_order(name: str, sample) -> str | None:
    result, mine, expected, theirs = run_forward(name, sample)
    if not expected or not theirs:
        return None
    seeds = cotangents(expected)
    with quiet():
        wanted = torch.autograd.grad(expected, theirs, seeds, allow_unused=True)
        lib.autograd.backward(result, [tensor_to_lib(seed) for seed in seeds])
    for x in mine:
        if x.grad is not None and (x.grad.dtype, x.grad.shape) != (x.dtype, x.shape):
            return f"grad is {x.grad.dtype}{list(x.grad.shape)} of {x.dtype}{list(x.shape)}"
    return grads_differ([x.grad for x in mine], wanted, op_table.ROUGH_GRADIENT.get(name, 1e-9))


@operations("gradient")
def test_first_order(name):
    """backward() from a random cotangent, in float64, contiguous inputs and others."""
    if not differentiable(name):
        return
    findings = Findings(name)
    for sample in samples(name, torch.float64, requires_grad=True, limit=40):
        findings.run(sample, lambda s: first_order(name, s))
    for sample in samples(name, torch.float64, requires_grad=True, limit=6):
        findings.run(sample.noncontiguous(), lambda s: first_order(name, s), "non-contiguous ")
    findings.settle()


def second_order(name: str, sample) -> str | None:
    """Gradient of a random combination of the gradients, through a graph of the gradient."""
    if sum(tensor.numel() for tensor in inputs_of(sample)) > 400:
        return None
    result, mine, expected, theirs = run_forward(name, sample)
    if not expected or not theirs:
        return None
    seeds = cotangents(expected)
    twice = []
    for autograd, outputs, inputs, seed in (
        (torch.autograd, expected, theirs, seeds),
        (lib.autograd, result, mine, [tensor_to_lib(seed) for seed in seeds]),
    ):
        inputs = [*inputs, *(s.requires_grad_() for s in seed)]
        with quiet():
            grads = autograd.grad(outputs, inputs, seed, create_graph=True, allow_unused=True)
            grads = [g for g in grads if g is not None and g.requires_grad]
            weights = cotangents(grads, seed=3)
            if autograd is not torch.autograd:
                weights = [tensor_to_lib(weight) for weight in weights]
            if grads:
                again = autograd.grad(grads, inputs, weights, allow_unused=True)
            else:
                again = [None] * len(inputs)
        twice.append(again)
    return grads_differ(twice[1], twice[0], 1e-8)


@operations("second order")
def test_second_order(name):
    """The rules are differentiated themselves."""
    op = op_table.table()[name]
    if not differentiable(name) or not op.supports_gradgrad:
        return
    findings = Findings(name)
    for sample in samples(name, torch.float64, requires_grad=True, limit=10):
        findings.run(sample, lambda s: second_order(name, s))
    findings.settle()


def directional(name: str, sample, inputs, directions, seeds, step: float) -> tuple[float, float]:
    """Derivative of sum(cotangent * output) along the directions by differences of 4th order.

    Returns the derivative and the error that rounding alone can cause.
    """
    points = [to_numpy(x).copy() for x in inputs]
    total, size = 0.0, 0.0
    with quiet(), lib.no_grad():
        for weight, shift in ((1.0, -2), (-8.0, -1), (8.0, 1), (-1.0, 2)):
            for x, point, direction in zip(inputs, points, directions):
                x.copy_(lib.from_numpy(np.asarray(point + shift * step * direction)))
            outputs = [to_numpy(y).copy() for y in tensors_in(call(ours(name), sample))]
            outputs = [y for y in outputs if y.dtype.kind == "f"]
            for x, point in zip(inputs, points):
                x.copy_(lib.from_numpy(point))
            terms = [y * seed for y, seed in zip(outputs, seeds)]
            total += weight * float(sum(np.sum(term) for term in terms))
            size = max(size, float(sum(np.sum(np.abs(term)) for term in terms)))
    return total / (12 * step), 8 * EPS * size / step


def finite_differences(name: str, sample, seed: int) -> str:
    """'ok', 'blind' (rounding hides the answer), 'kink', 'nothing', or what is wrong."""
    mine = convert(sample)
    inputs = leaves(mine)
    with quiet():
        outputs = graph_outputs(call(ours(name), mine))
    if not inputs or not outputs or not sum(y.numel() for y in outputs):
        return "nothing"
    generator = np.random.default_rng(seed)
    seeds = [generator.standard_normal(tuple(y.shape)) for y in outputs]
    with quiet():
        arrays = [lib.from_numpy(np.asarray(s)) for s in seeds]
        grads = lib.autograd.grad(outputs, inputs, arrays, allow_unused=True)
    # Inputs without any gradient (labels, masks) stay where they are.
    inputs = [x for x, g in zip(inputs, grads) if g is not None]
    grads = [to_numpy(g) for g in grads if g is not None]
    if not inputs:
        return "nothing"
    outcome = "nothing"
    for step in (1e-3, 1e-5):
        directions = [np.asarray(generator.standard_normal(tuple(x.shape))) for x in inputs]
        outcome = slope(name, mine, inputs, grads, directions, seeds, step)
        if outcome not in ("blind", "kink"):
            break
    return outcome


def slope(name: str, mine, inputs, grads, directions, seeds, step: float) -> str:
    """The gradient against the slope along one direction."""
    terms = [g * d for g, d in zip(grads, directions)]
    analytic = float(sum(np.sum(term) for term in terms))
    numeric, floor = directional(name, mine, inputs, directions, seeds, step)
    finer, finer_floor = directional(name, mine, inputs, directions, seeds, step / 2)
    floor = max(floor, finer_floor)
    scale = float(sum(np.sum(np.abs(term)) for term in terms))
    if scale == 0.0 and abs(finer) <= floor:
        return "ok"
    scale = max(scale, abs(numeric))
    if not np.isfinite(numeric + finer) or abs(numeric - finer) > 1e-5 * scale + 2 * floor:
        return "kink"
    if floor > 1e-3 * scale:
        return "blind"
    if abs(finer - analytic) <= 1e-6 * scale + floor:
        return "ok"
    return f"derivative {analytic!r}, by differences {finer!r}"


# Compared with PyTorch in the tests above; finite differences have nothing to see.
NO_DIFFERENCES = {"float": "rounds to float32", "to": "rounds to float32"}


@operations("differences")
def test_finite_differences(name):
    """The gradient is the slope. Samples with kinks or drowned in rounding prove nothing; an
    operation all of whose samples are like that fails."""
    if not differentiable(name) or name in NO_DIFFERENCES:
        return
    seen, wrong = [], []
    for index, sample in enumerate(samples(name, torch.float64, requires_grad=True, limit=12)):
        if sum(tensor.numel() for tensor in inputs_of(sample)) > 20_000:
            continue
        outcome = finite_differences(name, sample, index)
        seen.append(outcome)
        if outcome not in ("ok", "blind", "kink", "nothing"):
            wrong.append(f"({describe(sample)}): {outcome}")
        if seen.count("ok") >= 4:
            break
    assert not wrong, "\n".join(wrong)
    assert "ok" in seen or set(seen) <= {"nothing"}, f"nothing was proved: {seen}"
