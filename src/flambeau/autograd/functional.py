"""Jacobians, Hessians, and products with them, of functions from tensors to tensors."""

from __future__ import annotations

from flambeau.tensor.api import torch
from flambeau.tensor.gradients import grad
from flambeau.tensor.tensor import Tensor

from .modes import enable_grad


def _tuple(value, what: str) -> tuple[tuple, bool]:
    several = isinstance(value, tuple | list)
    found = tuple(value) if several else (value,)
    for i, t in enumerate(found):
        if not isinstance(t, Tensor):
            raise TypeError(
                f"The {what} given must be either a Tensor or a tuple of Tensors but the value at "
                f"index {i} has type {type(t).__name__}."
            )
    return found, several


def _inputs(inputs, create_graph: bool) -> tuple[tuple, bool]:
    """Inputs whose gradients do not reach the caller's tensors unless ``create_graph``."""
    found, several = _tuple(inputs, "inputs")
    fresh = tuple(
        t.view_as(t) if create_graph and t.requires_grad else t.detach().requires_grad_()
        for t in found
    )
    return fresh, several


def _check_strict(ys, xs) -> None:
    """With ``strict``: every output must depend on every input."""
    for i, y in enumerate(ys):
        if not y.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs "
                "must be computed in a differentiable manner from the input when running in strict "
                "mode."
            )
        found = grad(y, xs, torch.ones_like(y), retain_graph=True, allow_unused=True)
        for j, g in enumerate(found):
            if g is None:
                raise RuntimeError(
                    f"Output {i} of the user-provided function is independent of input {j}. This "
                    "is not allowed in strict mode."
                )


def _result(value, several: bool, create_graph: bool):
    done = tuple(t if create_graph else t.detach() for t in value)
    return done if several else done[0]


def _grad(outputs, inputs, cotangents=None, create_graph=False, retain_graph=None) -> tuple:
    """Gradients with zeros for what does not depend on the inputs."""
    live = [(o, None if cotangents is None else c) for o, c in
            zip(outputs, cotangents or [None] * len(outputs)) if o.requires_grad]  # fmt: skip
    if not live:
        return tuple(torch.zeros_like(t) for t in inputs)
    return grad(
        [o for o, _ in live], inputs, None if cotangents is None else [c for _, c in live],
        create_graph=create_graph, retain_graph=retain_graph, materialize_grads=True,
    )  # fmt: skip


def _vector(v, like, what: str) -> tuple:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(
                f"The vector v can only be None if the user-provided function {what} a single "
                f"Tensor "
                "with a single element."
            )
        return (torch.ones_like(like[0]),)
    found, _ = _tuple(v, "v")
    if len(found) != len(like):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(found)}."
        )
    for i, (a, b) in enumerate(zip(found, like)):
        if a.shape != b.shape:
            raise RuntimeError(
                f"Entry {i} in v has invalid size: should be {b.shape} but got {a.shape}."
            )
    return found


@enable_grad()
def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """(outputs, v^T J): the product of a vector with the Jacobian of ``func`` at ``inputs``.

    >>> import flambeau as torch
    >>> torch.autograd.functional.vjp(lambda x: x ** 2, torch.tensor([1., 2.]), torch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    xs, several_in = _inputs(inputs, create_graph)
    ys, several_out = _tuple(func(*xs), "outputs of the user-provided function")
    if strict:
        _check_strict(ys, xs)
    v = _vector(v, ys, "returns")
    gs = _grad(ys, xs, list(v), create_graph=create_graph)
    return _result(ys, several_out, create_graph), _result(gs, several_in, create_graph)


@enable_grad()
def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """(outputs, J v), by differentiating the transposed product twice.

    >>> import flambeau as torch
    >>> torch.autograd.functional.jvp(lambda x: x ** 2, torch.tensor([1., 2.]), torch.ones(2))[1]
    tensor([2., 4.])
    """
    xs, _ = _inputs(inputs, create_graph)
    v = _vector(v, xs, "takes")
    ys, several_out = _tuple(func(*xs), "outputs of the user-provided function")
    if strict:
        _check_strict(ys, xs)
    dummies = tuple(torch.zeros_like(y).requires_grad_() for y in ys)
    gs = _grad(ys, xs, list(dummies), create_graph=True)
    products = _grad(gs, dummies, list(v), create_graph=create_graph)
    return _result(ys, several_out, create_graph), _result(products, several_out, create_graph)


@enable_grad()
def jacobian(
    func, inputs, create_graph=False, strict=False, vectorize=False, strategy="reverse-mode"
):
    """The Jacobian of ``func``: shape output + input for each pair, nested in tuples as they are.

    >>> import flambeau as torch
    >>> torch.autograd.functional.jacobian(lambda x: x ** 2, torch.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    xs, several_in = _inputs(inputs, create_graph)
    ys, several_out = _tuple(func(*xs), "outputs of the user-provided function")
    if strict:
        _check_strict(ys, xs)
    rows = []
    for y in ys:
        flat = y.reshape(-1)
        columns = [_grad((flat[i],), xs, None, create_graph, True) for i in range(flat.numel())]
        row = []
        for k, x in enumerate(xs):
            if columns:
                block = torch.stack([c[k] for c in columns]).reshape(y.shape + x.shape)
            else:
                block = torch.zeros(y.shape + x.shape, dtype=x.dtype)
            row.append(block)
        rows.append(_result(row, several_in, create_graph))
    return tuple(rows) if several_out else rows[0]


def hessian(
    func,
    inputs,
    create_graph=False,
    strict=False,
    vectorize=False,
    outer_jacobian_strategy="reverse-mode",
):
    """The Hessian of a function that returns a single element.

    >>> import flambeau as torch
    >>> torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    xs, several = _tuple(inputs, "inputs")

    def gradient(*args):
        y = _scalar(func(*args))
        gs = _grad((y,), args, None, create_graph=True)
        return gs if several else gs[0]

    return jacobian(gradient, tuple(xs) if several else xs[0], create_graph=create_graph)


@enable_grad()
def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """(output, v^T H): the product of a vector with the Hessian."""
    xs, several = _inputs(inputs, create_graph)
    v = _vector(v, xs, "takes")
    y = _scalar(func(*xs))
    gs = _grad((y,), xs, None, create_graph=True)
    products = _grad(gs, xs, list(v), create_graph=create_graph)
    return _result((y,), False, create_graph), _result(products, several, create_graph)


@enable_grad()
def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """(output, H v). The Hessian is symmetric, so this is ``vhp``."""
    return vhp(func, inputs, v, create_graph, strict)


def _scalar(y) -> Tensor:
    if not isinstance(y, Tensor):
        raise RuntimeError(f"the function must return one Tensor, got {type(y).__name__}")
    if y.numel() != 1:
        raise RuntimeError(
            "The Tensor returned by the function given to hessian should contain a single element"
        )
    return y.reshape(())
