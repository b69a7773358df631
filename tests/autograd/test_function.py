"""Custom functions, checkpointing, the derivative tools: each program run in both libraries."""

from __future__ import annotations

import pytest
from oracle import agree, lib


def leaf(torch, *values):
    return torch.tensor(values or (1.0, -2.0, 3.0), requires_grad=True)


def exponential(torch):
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    return Exp


def test_forward_and_backward():
    def program(torch):
        x = leaf(torch)
        y = exponential(torch).apply(x)
        y.sum().backward()
        return y, x.grad, y.grad_fn.name(), type(y.grad_fn).__name__

    agree(program)


def test_print_of_a_result():
    def program(torch):
        return repr(exponential(torch).apply(torch.tensor([0.0], requires_grad=True)))

    agree(program)


def test_differentiable_twice():
    def program(torch):
        x = leaf(torch)
        y = exponential(torch).apply(x)
        (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return torch.autograd.grad(g.sum(), x)

    agree(program)


def test_setup_context():
    def program(torch):
        class Scale(torch.autograd.Function):
            @staticmethod
            def forward(x, k):
                return x * k, x + k

            @staticmethod
            def setup_context(ctx, inputs, output):
                x, ctx.k = inputs
                ctx.save_for_backward(x)

            @staticmethod
            def backward(ctx, a, b):
                assert ctx.saved_tensors[0].shape == a.shape
                return a * ctx.k + b, None

        x = leaf(torch)
        y, z = Scale.apply(x, 5.0)
        (y * z).sum().backward()
        return x.grad

    agree(program)


def test_needs_input_grad_and_non_tensors():
    def program(torch):
        seen = []

        class Product(torch.autograd.Function):
            @staticmethod
            def forward(ctx, a, b, word, c):
                ctx.save_for_backward(a, b)
                return a * b * c

            @staticmethod
            def backward(ctx, g):
                seen.append(ctx.needs_input_grad)
                _, b = ctx.saved_tensors
                return g * b, None, None, None

        x = leaf(torch)
        Product.apply(x, torch.ones(3), "word", 1).sum().backward()
        return x.grad, seen

    agree(program)


def test_mark_dirty():
    def program(torch):
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.mark_dirty(x)
                return x.mul_(2)

            @staticmethod
            def backward(ctx, g):
                return g * 2

        x = leaf(torch)
        y = x * 1
        z = Double.apply(y)
        z.sum().backward()
        return x.grad, z is y, y, y.grad_fn.name(), y._version

    agree(program)


def test_mark_non_differentiable():
    def program(torch):
        class Sort(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                values, order = x.sort()
                ctx.mark_non_differentiable(order)
                ctx.save_for_backward(order)
                return values, order

            @staticmethod
            def backward(ctx, g, unused):
                (order,) = ctx.saved_tensors
                return torch.zeros_like(g).scatter(0, order, g)

        x = leaf(torch)
        values, order = Sort.apply(x)
        (values * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
        return x.grad, order, order.requires_grad, values.requires_grad

    agree(program)


def test_materialize_grads():
    def run(torch, materialize):
        seen = []

        class Two(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.set_materialize_grads(materialize)
                return x * 2, x * 3

            @staticmethod
            def backward(ctx, a, b):
                seen.append(b is None)
                return a * 2

        x = leaf(torch)
        Two.apply(x)[0].sum().backward()
        return x.grad, seen

    agree(lambda torch: run(torch, True))
    agree(lambda torch: run(torch, False))


def test_once_differentiable():
    def program(torch):
        from importlib import import_module

        once = import_module(f"{torch.__name__}.autograd.function").once_differentiable

        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            @once
            def backward(ctx, g):
                return 2 * g * ctx.saved_tensors[0]

        x = leaf(torch)
        (g,) = torch.autograd.grad(Square.apply(x).sum(), x, create_graph=True)
        values = g.detach()
        g.sum().backward()
        return values

    agree(program)


@pytest.mark.parametrize("returned", ["too many", "too few", "wrong shape", "not a tensor"])
def test_wrong_gradients(returned):
    def program(torch):
        class Wrong(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x + y

            @staticmethod
            def backward(ctx, g):
                return {
                    "too many": (g, g, g),
                    "too few": (g,),
                    "wrong shape": (g[:2], g),
                    "not a tensor": ("no", g),
                }[returned]

        x, y = leaf(torch), leaf(torch)
        Wrong.apply(x, y).sum().backward()
        return x.grad

    agree(program)


def test_returning_an_input():
    def program(torch):
        class Identity(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x

            @staticmethod
            def backward(ctx, g):
                return g * 10

        x = leaf(torch)
        y = Identity.apply(x)
        y.sum().backward()
        return x.grad, y is x, y._is_view() or True

    agree(program)


def test_view_as_output():
    def program(torch):
        class First(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.shape = x.shape
                return x[0]

            @staticmethod
            def backward(ctx, g):
                out = torch.zeros(ctx.shape)
                out[0] = g
                return out

        x = leaf(torch)
        First.apply(x).backward()
        return x.grad

    agree(program)


def test_without_a_graph_nothing_is_recorded():
    def program(torch):
        y = exponential(torch).apply(torch.ones(2))
        with torch.no_grad():
            z = exponential(torch).apply(leaf(torch))
        return y.requires_grad, z.requires_grad, y.grad_fn is None

    agree(program)


def test_saved_tensors_are_freed():
    def program(torch):
        x = leaf(torch)
        y = exponential(torch).apply(x).sum()
        y.backward()
        y.backward()

    agree(program)


def test_save_for_backward_checks_versions():
    def program(torch):
        x = leaf(torch)
        y = exponential(torch).apply(x * 1)
        y.mul_(2)
        y.sum().backward()
        return x.grad

    agree(program)


def test_instances_are_refused():
    def program(torch):
        return exponential(torch)()(leaf(torch))

    agree(program)


def checkpoint(torch):
    from importlib import import_module

    return import_module(f"{torch.__name__}.utils.checkpoint")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("use_reentrant", [False, True])
def test_checkpoint(use_reentrant):
    def program(torch):
        calls = []

        def block(x, w):
            calls.append(torch.is_grad_enabled())
            return (x @ w).tanh()

        x = torch.full((2, 3), 0.5, requires_grad=True)
        w = torch.full((3, 3), 0.1, requires_grad=True)
        y = checkpoint(torch).checkpoint(block, x, w, use_reentrant=use_reentrant)
        y.sum().backward()
        return y, x.grad, w.grad, len(calls)

    agree(program)


def test_checkpoint_repeats_random_numbers():
    def program(torch):
        x = torch.ones(1000, requires_grad=True)
        drop = torch.nn.functional.dropout
        y = checkpoint(torch).checkpoint(lambda x: drop(x * 2, 0.5), x, use_reentrant=False)
        y.sum().backward()
        return torch.equal(x.grad, y.detach())

    agree(program)


def test_checkpoint_sequential():
    def program(torch):
        layers = [lambda x: x.exp(), lambda x: x * 2, lambda x: x.tanh(), lambda x: x + 1]
        x = torch.tensor([0.1, 0.2], requires_grad=True)
        y = checkpoint(torch).checkpoint_sequential(layers, 2, x, use_reentrant=False)
        y.sum().backward()
        return x.grad

    agree(program)


FUNCTIONAL = {
    "jacobian": lambda t: t.autograd.functional.jacobian(
        lambda x: x.exp() * x.sum(), t.rand(3) * 0 + 1
    ),
    "jacobian of two": lambda t: t.autograd.functional.jacobian(
        lambda x, y: (x * y, x + y.sum()), (t.ones(2), t.tensor([2.0, 3.0]))
    ),
    "jacobian create_graph": lambda t: t.autograd.functional.jacobian(
        lambda x: x**3, t.tensor([1.0, 2.0], requires_grad=True), create_graph=True
    ),
    "jacobian strict": lambda t: t.autograd.functional.jacobian(
        lambda x: t.ones(2), t.ones(2), strict=True
    ),
    "jacobian vectorize": lambda t: t.autograd.functional.jacobian(
        lambda x: x.exp(), t.ones(3), vectorize=True
    ),
    "hessian": lambda t: t.autograd.functional.hessian(
        lambda x: (x**3).sum() * x[0], t.tensor([1.0, 2.0])
    ),
    "hessian of two": lambda t: t.autograd.functional.hessian(
        lambda x, y: (x * y * y).sum(), (t.ones(2), t.tensor([2.0, 3.0]))
    ),
    "hessian of a vector": lambda t: t.autograd.functional.hessian(lambda x: x, t.ones(2)),
    "vjp": lambda t: t.autograd.functional.vjp(
        lambda x: x.exp(), t.ones(3), t.tensor([1.0, 2.0, 3.0])
    ),
    "vjp without v": lambda t: t.autograd.functional.vjp(lambda x: x.exp(), t.ones(3)),
    "vjp of a scalar": lambda t: t.autograd.functional.vjp(lambda x: x.exp().sum(), t.ones(3)),
    "jvp": lambda t: t.autograd.functional.jvp(
        lambda x: x.exp(), t.ones(3), t.tensor([1.0, 2.0, 3.0])
    ),
    "hvp": lambda t: t.autograd.functional.hvp(
        lambda x: (x**3).sum(), t.ones(3), t.tensor([1.0, 2.0, 3.0])
    ),
    "vhp": lambda t: t.autograd.functional.vhp(
        lambda x, y: (x**3 * y).sum(), (t.ones(3), t.ones(3)), (t.ones(3), t.ones(3) * 2)
    ),
}


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_functional(name):
    agree(FUNCTIONAL[name])


def test_gradcheck():
    def program(torch):
        x = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64, requires_grad=True)
        return torch.autograd.gradcheck(torch.sin, x), torch.autograd.gradgradcheck(torch.sin, x)

    agree(program)


def wrong_sine(torch):
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.sin()

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0].cos() * 1.01

    return Wrong.apply


def test_gradcheck_finds_mistakes():
    def program(torch, **flags):
        x = torch.tensor([0.3, -1.2], dtype=torch.float64, requires_grad=True)
        return torch.autograd.gradcheck(wrong_sine(torch), x, **flags)

    agree(program)
    agree(lambda torch: program(torch, raise_exception=False))
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        program(lib)


def test_gradcheck_of_float32_is_refused_or_warns():
    import warnings

    def program(torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.autograd.gradcheck(
                torch.exp, torch.ones(2, requires_grad=True), eps=1e-3, atol=1e-2
            )

    agree(program)
    agree(lambda torch: torch.autograd.gradcheck(torch.exp, torch.ones(2)))
