"""The engine and the modes, each program run in both libraries."""

from __future__ import annotations

import pytest
from oracle import SELF_TEST, agree, lib


def leaf(torch, *values):
    return torch.tensor(values or (1.0, -2.0, 3.0), requires_grad=True)


def test_accumulates():
    def program(torch):
        x = leaf(torch)
        (x * x).sum().backward()
        (x * 3).sum().backward()
        return x.grad

    agree(program)


def test_diamond():
    def program(torch):
        x = leaf(torch)
        a = x.exp()
        b = a * x + a.sin()
        (b * a + b).sum().backward()
        return x.grad

    agree(program)


def test_same_tensor_many_times():
    def program(torch):
        x = leaf(torch)
        (x * x * x + x / x).sum().backward()
        return x.grad

    agree(program)


def test_broadcast_is_summed_out():
    def program(torch):
        x = torch.ones(3, 1, requires_grad=True)
        y = torch.ones(1, 4, requires_grad=True)
        z = torch.tensor(2.0, requires_grad=True)
        (x * y * z + z).sum().backward()
        return x.grad, y.grad, z.grad

    agree(program)


def test_mixed_dtypes_get_their_own_gradient_dtype():
    def program(torch):
        x = torch.ones(3, requires_grad=True)
        y = torch.ones(3, dtype=torch.float64, requires_grad=True)
        (x * y).sum().backward()
        return x.grad, y.grad

    agree(program)


def test_backward_of_a_vector_needs_a_gradient():
    agree(lambda torch: leaf(torch).exp().backward())

    def program(torch):
        x = leaf(torch)
        (x * 2).backward(torch.tensor([1.0, 2.0, 3.0]))
        return x.grad

    agree(program)
    with pytest.raises(
        RuntimeError, match="grad can be implicitly created only for scalar outputs"
    ):
        leaf(lib).exp().backward()


def test_wrong_shape_of_the_gradient():
    agree(lambda torch: (leaf(torch) * 2).backward(torch.ones(2)))
    agree(lambda torch: torch.autograd.grad(leaf(torch) * 2, leaf(torch), torch.ones(2, 3)))


def test_nothing_requires_a_gradient():
    agree(lambda torch: torch.ones(2).sum().backward())
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        lib.ones(2).sum().backward()


def test_leaf_backward():
    def program(torch):
        x = torch.tensor(2.0, requires_grad=True)
        x.backward()
        return x.grad

    agree(program)


def test_retain_graph():
    def twice(torch, **first):
        x = leaf(torch)
        y = x.exp().sum()
        y.backward(**first)
        y.backward()
        return x.grad

    agree(lambda torch: twice(torch, retain_graph=True))
    agree(twice)


def test_a_graph_without_saved_tensors_may_be_walked_twice():
    def program(torch):
        x = leaf(torch)
        y = (x + 1).sum()
        y.backward()
        y.backward()
        return x.grad

    agree(program)


def test_saved_tensor_message():
    x = leaf(lib)
    y = x.exp().sum()
    y.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


def test_create_graph():
    def program(torch):
        x = leaf(torch)
        (g,) = torch.autograd.grad((x**4).sum(), x, create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
        (k,) = torch.autograd.grad(h.sum(), x)
        return g, h, k, g.requires_grad, k.requires_grad

    agree(program)


@pytest.mark.filterwarnings("ignore:Using backward")
def test_backward_create_graph():
    def program(torch):
        x = leaf(torch)
        (x**3).sum().backward(create_graph=True)
        g = x.grad
        x.grad = None
        g.sum().backward()
        return g, x.grad

    agree(program)


def test_allow_unused():
    def program(torch, **flags):
        x, y = leaf(torch), leaf(torch)
        return torch.autograd.grad(x.sum(), (x, y), **flags)

    agree(program)
    agree(lambda torch: program(torch, allow_unused=True))
    agree(lambda torch: program(torch, materialize_grads=True))
    agree(lambda torch: program(torch, allow_unused=False, materialize_grads=True))
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        program(lib)


def test_grad_of_intermediate_results():
    def program(torch):
        x = leaf(torch)
        y = x * 2
        z = y.exp()
        return torch.autograd.grad(z.sum(), (y, x)), x.grad

    agree(program)


def test_grad_of_an_input_that_is_an_output():
    def program(torch):
        x = leaf(torch)
        y = x * 2
        return torch.autograd.grad((y, y.exp()), (y, x), (torch.ones(3), torch.ones(3)))

    agree(program)


def test_inputs_argument():
    def program(torch):
        x, y = leaf(torch), leaf(torch)
        z = (x * y).sum()
        z.backward(inputs=[x])
        return x.grad, y.grad

    agree(program)

    def intermediate(torch):
        x = leaf(torch)
        y = x * 2
        y.retain_grad()
        (y * y).sum().backward(inputs=[y])
        return x.grad, y.grad

    agree(intermediate)
    agree(lambda torch: leaf(torch).sum().backward(inputs=[]))


def test_grad_does_not_touch_grad_fields():
    def program(torch):
        x = leaf(torch)
        torch.autograd.grad(x.sum(), x)
        return x.grad

    agree(program)


def test_inputs_that_do_not_require():
    agree(lambda torch: torch.autograd.grad(leaf(torch).sum(), torch.ones(3)))


def test_is_grads_batched():
    def program(torch):
        x = leaf(torch)
        y = x**2
        return torch.autograd.grad(y, x, torch.eye(3), is_grads_batched=True)

    agree(program)


def test_retain_grad():
    def program(torch):
        x = leaf(torch)
        y = x * 2
        y.retain_grad()
        before = y.retains_grad
        (y * y).sum().backward()
        return y.grad, before, x.retains_grad

    agree(program)


@pytest.mark.filterwarnings("ignore")
def test_grad_of_a_non_leaf_warns_and_is_none():
    def program(torch):
        y = leaf(torch) * 2
        y.sum().backward()
        return y.grad

    agree(program)
    y = leaf(lib) * 2
    with pytest.warns(UserWarning, match="not a leaf"):
        assert y.grad is None


def test_detach():
    def program(torch):
        x = leaf(torch)
        y = (x * 2).detach()
        (y * x).sum().backward()
        z = x * 2
        z.detach_()
        return x.grad, y.requires_grad, z.requires_grad, z.is_leaf, z.grad_fn is None

    agree(program)


def test_leaf_errors():
    agree(lambda torch: leaf(torch).add_(1))
    agree(lambda torch: leaf(torch).view(-1).add_(1))
    agree(lambda torch: leaf(torch)[0].add_(1))

    def assign(torch):
        x = leaf(torch)
        x[0] = 1.0

    agree(assign)

    def turn_off(torch):
        y = leaf(torch) * 2
        y.requires_grad = False

    agree(turn_off)
    agree(lambda torch: torch.ones(2, dtype=torch.int64, requires_grad=True))

    def numpy(torch):
        return leaf(torch).numpy()

    agree(numpy)
    with pytest.raises(RuntimeError, match=r"Use tensor.detach\(\).numpy\(\) instead"):
        leaf(lib).numpy()


def test_assigning_grad():
    def program(torch):
        x = leaf(torch)
        x.grad = torch.ones(3)
        (x * 2).sum().backward()
        return x.grad

    agree(program)

    def wrong(shape=None, dtype=None):
        def run(torch):
            x = leaf(torch)
            x.grad = torch.ones(shape or 3, dtype=getattr(torch, dtype) if dtype else None)

        return run

    agree(wrong(shape=2))
    agree(wrong(dtype="float64"))

    def not_a_tensor(torch):
        leaf(torch).grad = 3

    agree(not_a_tensor)


def test_in_place_after_saving():
    def program(change, use):
        def run(torch):
            x = leaf(torch)
            y = use(x)
            change(y)
            y.sum().backward()
            return x.grad

        return run

    uses = [lambda x: x.exp(), lambda x: x * 2, lambda x: x.sigmoid(), lambda x: x + 1]
    changes = [
        lambda y: y.add_(1),
        lambda y: y.mul_(2),
        lambda y: y.mul_(y),
        lambda y: y.zero_(),
        lambda y: y[0].mul_(3),
        lambda y: y.detach().mul_(3),
        lambda y: y.data.mul_(3),
        lambda y: y.__setitem__(0, 5.0),
    ]
    for use in uses:
        for change in changes:
            agree(program(change, use))


def test_in_place_on_a_saved_input():
    def program(torch):
        x, w = leaf(torch), torch.ones(3)
        y = (x * w).sum()
        w.add_(1)
        y.backward()

    agree(program)
    x, w = leaf(lib), lib.ones(3)
    y = (x * w).sum()
    w.add_(1)
    sentence = (
        "one of the variables needed for gradient computation has been modified by an inplace"
    )
    with pytest.raises(RuntimeError, match=sentence) as raised:
        y.backward()
    if not SELF_TEST:
        assert "mul" in str(raised.value).lower() and "add_" in str(raised.value)


def test_grad_fn_of_in_place():
    def program(torch):
        x = leaf(torch)
        y = x * 2
        y.add_(1)
        z = y[:2]
        z.mul_(3)
        return [t.grad_fn.name().split("::")[-1] for t in (y, z)]

    agree(program)


def test_next_functions_and_metadata():
    def program(torch):
        x = leaf(torch)
        y = x.exp()
        parts = y.unbind()
        return (
            y.grad_fn.next_functions[0][1],
            [p.output_nr for p in parts],
            (y * 2).grad_fn.next_functions[1],
            x.is_leaf,
            y.is_leaf,
            x.grad_fn is None,
            y.grad_fn.next_functions[0][0].variable is x,
        )

    agree(program)


def test_million_operations_without_recursion():
    """A deep graph is walked back and freed without recursion."""
    n = 20_000 if lib.__name__ == "torch" else 200_000
    x = lib.ones(1, requires_grad=True)
    y = x
    for _ in range(n):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1.0
    del y


def test_a_million_operations():
    x = lib.ones(1, requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y * 1.0
    y.backward()
    assert x.grad.item() == 1.0


def test_many_paths_are_walked_once():
    """Thirty doublings: two to the thirtieth paths, thirty nodes."""

    def program(torch):
        x = torch.tensor(1.0, requires_grad=True)
        y = x
        for _ in range(30):
            y = y + y
        y.backward()
        return x.grad

    agree(program)


def test_undefined_gradients_are_skipped():
    def program(torch):
        x = leaf(torch)
        _, b = (x * 2).unbind()[:2]
        b.backward()
        return x.grad

    agree(program)


def test_gradient_edges():
    def program(torch):
        x = leaf(torch)
        y = x * 2
        edge = torch.autograd.graph.get_gradient_edge(y)
        return torch.autograd.grad((y * y).sum(), edge)

    agree(program)


def test_deepcopy_of_a_non_leaf_is_refused():
    import copy

    agree(lambda torch: copy.deepcopy(leaf(torch) * 2))


def test_anomaly_mode_names_the_forward_line(recwarn):
    """The warning shows the line of the forward operation whose gradient is not a number."""
    import warnings

    x = lib.tensor([0.0], requires_grad=True)
    with warnings.catch_warnings(record=True) as seen, lib.autograd.detect_anomaly():
        warnings.simplefilter("always")
        y = (x.sqrt() * 0.0).sum()  # the line that is to be named
        with pytest.raises(RuntimeError, match="returned nan values in its 0th output"):
            y.backward()
    words = "".join(str(w.message) for w in seen)
    assert "the line that is to be named" in words or "x.sqrt() * 0.0" in words
    assert lib.is_anomaly_enabled() is False
