"""Hooks on tensors and nodes, and the modes, each program run in both libraries."""

from __future__ import annotations

from oracle import agree


def leaf(torch, *values):
    return torch.tensor(values or (1.0, -2.0, 3.0), requires_grad=True)


def test_hooks_on_tensors():
    def program(torch):
        seen = []
        x = leaf(torch)
        y = x * 3
        first = y.register_hook(lambda g: g * 2)
        y.register_hook(lambda g: seen.append(g.clone()))
        x.register_hook(lambda g: g + 1)
        (y * y).sum().backward()
        once = x.grad.clone()
        first.remove()
        x.grad = None
        (x * 3).sum().backward()
        return once, x.grad, seen

    agree(program)


def test_hooks_need_a_gradient():
    agree(lambda torch: torch.ones(2).register_hook(lambda g: g))


def test_hook_that_returns_another_shape():
    def program(torch):
        x = leaf(torch)
        x.register_hook(lambda g: torch.ones(7))
        x.sum().backward()

    agree(program)


def test_post_accumulate_hook():
    def program(torch):
        seen = []
        x = leaf(torch)
        handle = x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone()))
        (x * 2).sum().backward()
        (x * 2).sum().backward()
        handle.remove()
        (x * 2).sum().backward()
        return seen, x.grad

    agree(program)
    agree(lambda torch: (leaf(torch) * 2).register_post_accumulate_grad_hook(print))


def test_node_hooks():
    def program(torch):
        seen = []
        x = leaf(torch)
        y = x.exp()
        z = y.sum()
        y.grad_fn.register_hook(lambda gi, go: seen.append((gi[0].clone(), go[0].clone())))
        y.grad_fn.register_prehook(lambda go: (go[0] * 2,))
        z.backward()
        return seen, x.grad

    agree(program)


def test_hook_order():
    def program(torch):
        order = []
        x = leaf(torch)
        y = x * 2
        y.register_hook(lambda g: order.append("tensor"))
        y.grad_fn.register_prehook(lambda g: order.append("pre"))
        y.grad_fn.register_hook(lambda a, b: order.append("post"))
        y.sum().backward()
        return order

    agree(program)


def test_multi_grad_hook():
    def program(torch):
        seen = []
        x, y = leaf(torch), leaf(torch)
        torch.autograd.graph.register_multi_grad_hook((x, y), lambda gs: seen.append(gs))
        (x * y).sum().backward()
        return seen

    agree(program)


def test_saved_tensors_hooks():
    def program(torch):
        packed = []

        def pack(t):
            packed.append(tuple(t.shape))
            return t.numpy().copy() if not t.requires_grad else t.detach().numpy().copy()

        x = leaf(torch)
        with torch.autograd.graph.saved_tensors_hooks(pack, torch.from_numpy):
            y = x.exp()
        (y * 2).sum().backward()
        return x.grad, packed

    agree(program)


def test_modes():
    def program(torch):
        x = leaf(torch)
        with torch.no_grad():
            a = x * 2
            with torch.enable_grad():
                b = x * 2
            with torch.set_grad_enabled(True):
                c = x * 2
        with torch.set_grad_enabled(False):
            d = x * 2

        @torch.no_grad()
        def e():
            return x * 2

        @torch.enable_grad()
        def f():
            return x * 2

        with torch.inference_mode():
            g = x * 2
            inside = torch.is_inference_mode_enabled(), torch.is_grad_enabled()
        with torch.inference_mode(False):
            h = x * 2
        return (
            [t.requires_grad for t in (a, b, c, d, e(), f(), g, h)],
            inside,
            g.is_inference(),
            torch.is_grad_enabled(),
        )

    agree(program)


def test_set_grad_enabled_as_a_function():
    def program(torch):
        torch.set_grad_enabled(False)
        off = torch.is_grad_enabled()
        torch.set_grad_enabled(True)
        return off, torch.is_grad_enabled()

    agree(program)


def test_modes_are_restored_after_an_error():
    def program(torch):
        try:
            with torch.no_grad():
                raise KeyError
        except KeyError:
            pass
        return torch.is_grad_enabled()

    agree(program)


def test_no_grad_around_a_generator():
    def program(torch):
        @torch.no_grad()
        def numbers():
            yield torch.is_grad_enabled()
            yield torch.is_grad_enabled()

        return [(value, torch.is_grad_enabled()) for value in numbers()]

    agree(program)


def test_no_grad_on_a_method_without_parentheses():
    def program(torch):
        class Model:
            @torch.no_grad
            def f(self, x):
                return x * 2

        return Model().f(leaf(torch)).requires_grad

    agree(program)


def test_inference_tensors_do_not_enter_graphs():
    def saved(torch):
        with torch.inference_mode():
            a = torch.ones(3)
        return (leaf(torch) * a).requires_grad

    agree(saved)

    def written(torch):
        with torch.inference_mode():
            a = torch.ones(3)
        a.add_(1)
        return a

    agree(written)
