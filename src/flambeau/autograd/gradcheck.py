"""Derivatives against finite differences.

``gradcheck`` compares every entry of the Jacobian with (f(x + eps) - f(x - eps)) / (2 eps). Use
float64: in float32 rounding
hides most mistakes.
"""

from __future__ import annotations

import warnings

from flambeau.tensor.api import torch
from flambeau.tensor.gradients import grad
from flambeau.tensor.tensor import Tensor

from .modes import enable_grad, no_grad


class GradcheckError(RuntimeError):
    """A derivative disagrees with finite differences."""


def gradcheck(
    func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, nondet_tol=0.0,
    check_undefined_grad=True, check_grad_dtypes=False, check_batched_grad=False,
    check_batched_forward_grad=False, check_forward_ad=False, check_backward_ad=True,
    fast_mode=False, masked=None,
) -> bool:  # fmt: skip
    """Whether the gradients of ``func`` at ``inputs`` (float64 tensors) are right.

    Raises: GradcheckError naming the entry that differs, unless ``raise_exception`` is False.

    >>> import flambeau as torch
    >>> x = torch.tensor([1., 2.], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.exp, x)
    True
    """
    try:
        inputs = _inputs(inputs)
        outputs = _outputs(func(*inputs))
        if not any(y.requires_grad for y in outputs):
            raise ValueError("gradcheck expects at least one output to require gradient")
        for k, y in enumerate(outputs):
            if y.requires_grad:
                _check_output(func, inputs, k, y, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3,
    gen_non_contig_grad_outputs=False,
    raise_exception=True, nondet_tol=0.0, check_undefined_grad=True, check_grad_dtypes=False,
    check_batched_grad=False, check_fwd_over_rev=False, check_rev_over_rev=True, fast_mode=False,
    masked=False,
) -> bool:  # fmt: skip
    """Whether the second derivatives are right: ``gradcheck`` of the gradient, also in its
    cotangent.
    """
    inputs = _inputs(inputs)
    outputs = [y for y in _outputs(func(*inputs)) if y.requires_grad]
    if grad_outputs is None:
        generator = torch.Generator().manual_seed(0)
        grad_outputs = [
            torch.randn(y.shape, dtype=y.dtype, generator=generator).requires_grad_()
            for y in outputs
        ]
    else:
        grad_outputs = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)
    differentiable = [i for i, t in enumerate(inputs) if isinstance(t, Tensor) and t.requires_grad]

    @enable_grad()  # the numerical derivative calls it where nothing is recorded
    def gradient(*args):
        xs, gs = args[: len(inputs)], args[len(inputs) :]
        ys = [y for y in _outputs(func(*xs)) if y.requires_grad]
        found = grad(
            ys, [xs[i] for i in differentiable], gs, create_graph=True, materialize_grads=True
        )
        return tuple(g for g in found if g.requires_grad) or found

    first = gradient(*inputs, *grad_outputs)
    if not any(g.requires_grad for g in first):
        return True
    return gradcheck(
        gradient, (*inputs, *grad_outputs), eps=eps, atol=atol, rtol=rtol,
        raise_exception=raise_exception,
    )  # fmt: skip


def _inputs(inputs) -> tuple:
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    wanting = [t for t in inputs if isinstance(t, Tensor) and t.requires_grad]
    if not wanting:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have "
            "requires_grad=True."
        )
    if any(t.dtype.itemsize < 8 for t in wanting):
        warnings.warn(
            "An input requires gradient and is not double precision: finite differences will be "
            "too "
            "rough to tell right from wrong.",
            stacklevel=3,
        )
    return inputs


def _outputs(result) -> tuple:
    result = (result,) if isinstance(result, Tensor) else tuple(result)
    return tuple(y for y in result if isinstance(y, Tensor))


def _check_output(func, inputs, k, y, eps, atol, rtol) -> None:
    wanting = [i for i, t in enumerate(inputs) if isinstance(t, Tensor) and t.requires_grad]
    analytical = _analytical(y, [inputs[i] for i in wanting])
    for i, found in zip(wanting, analytical):
        expected = _numerical(func, inputs, i, k, eps)
        close = torch.isclose(found, expected, rtol=rtol, atol=atol, equal_nan=True)
        if not bool(close.all()):
            entry = (~close).nonzero()[0].tolist()
            raise GradcheckError(
                f"Jacobian mismatch for output {k} with respect to input {i},\n"
                f"first at d output[{entry[1]}] / d input[{entry[0]}] (flat indices)\n"
                f"numerical:{expected}\nanalytical:{found}\n"
            )


def _analytical(y, xs) -> list:
    """One Jacobian an input, (elements of x, elements of y)."""
    columns = []
    for j in range(y.numel()):
        seed = torch.zeros(y.numel(), dtype=y.dtype)
        seed[j] = 1
        gs = grad(y, xs, seed.reshape(y.shape), retain_graph=True, allow_unused=True)
        for x, g in zip(xs, gs):
            if g is not None and g.shape != x.shape:
                raise GradcheckError(f"grad has shape {g.shape}, its input {x.shape}")
        columns.append([torch.zeros(x.numel(), dtype=x.dtype) if g is None else g.reshape(-1)
                        for x, g in zip(xs, gs)])  # fmt: skip
    if not columns:
        return [torch.zeros(x.numel(), 0, dtype=x.dtype) for x in xs]
    return [torch.stack([c[k] for c in columns], 1) for k in range(len(xs))]


@no_grad()
def _numerical(func, inputs, i, k, eps) -> Tensor:
    base = inputs[i].detach()
    rows = []
    for j in range(base.numel()):
        values = []
        for step in (eps, -eps):
            moved = base.clone().reshape(-1)
            moved[j] += step
            args = [*inputs[:i], moved.reshape(base.shape).requires_grad_(), *inputs[i + 1 :]]
            values.append(_outputs(func(*args))[k].detach().clone().reshape(-1))
        rows.append((values[0] - values[1]) / (2 * eps))
    if not rows:
        return torch.zeros(0, _outputs(func(*inputs))[k].numel(), dtype=base.dtype)
    return torch.stack(rows)
