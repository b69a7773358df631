"""A dropped graph gives its memory back at once, without the garbage collector."""

from __future__ import annotations

import gc
import importlib
import os
import tracemalloc
import weakref

import pytest

torch = importlib.import_module(os.environ.get("FLAMBEAU_UNDER_TEST", "flambeau"))
OURS = torch.__name__ == "flambeau"


@pytest.fixture(autouse=True)
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Canary:
    """Lives exactly as long as the tensor whose attribute it is."""


def canary(tensor):
    tensor.canary = Canary()
    return weakref.ref(tensor.canary)


EXPRESSIONS = {
    "exp": lambda x: x.exp(),
    "sum": lambda x: x.sum(),
    "mul": lambda x: x * x,
    "chain": lambda x: (x.sigmoid() * x.tanh()).exp().sum(),
    "softmax": lambda x: torch.softmax(x, 0),
    "matmul": lambda x: x @ x,
    "view": lambda x: (x * 2).view(2, -1)[0],
    "in place": lambda x: (x * 2).exp_(),
    "in place on a view": lambda x: (x * 2)[1:].mul_(3),
    "max": lambda x: x.max(0).values,
    "cumprod": lambda x: x.cumprod(0),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_nodes_die_with_the_last_handle(name):
    """No cycle between a result, its node and what the node saved."""
    x = torch.ones(4, requires_grad=True)
    y = EXPRESSIONS[name](x)
    if OURS:
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    else:
        alive = canary(y)
        del y
        assert alive() is None


def live_bytes(build) -> int:
    """Bytes that are alive after `build()` has been dropped."""
    build()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5):
        build()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return after - before


def big_graph():
    x = torch.ones(100_000, requires_grad=True)
    y = x
    for _ in range(10):
        y = (y.sigmoid() * y).exp().log()
    return y.sum()


def test_a_forgotten_graph_leaves_nothing():
    assert live_bytes(big_graph) < 100_000


def test_a_graph_that_was_walked_back_leaves_nothing():
    def build():
        big_graph().backward()

    assert live_bytes(build) < 100_000


def test_second_order_leaves_nothing():
    def build():
        x = torch.ones(50_000, requires_grad=True)
        (g,) = torch.autograd.grad((x**3).exp().sum(), x, create_graph=True)
        torch.autograd.grad(g.sum(), x)

    assert live_bytes(build) < 100_000


def test_training_steps_do_not_grow():
    net = torch.nn.Sequential(torch.nn.Linear(50, 50), torch.nn.Tanh(), torch.nn.Linear(50, 50))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    x = torch.ones(64, 50)

    def step():
        optimizer.zero_grad()
        net(x).pow(2).mean().backward()
        optimizer.step()

    step()
    assert live_bytes(step) < 100_000


def test_custom_functions_leave_nothing():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * x
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx, g):
            x, _ = ctx.saved_tensors
            return 2 * g * x

    def build():
        x = torch.ones(100_000, requires_grad=True)
        Square.apply(x).sum().backward()
        Square.apply(x).sum()

    assert live_bytes(build) < 100_000


def test_backward_frees_what_it_has_used():
    """While a long chain is walked back, what lies behind is already free: the peak stays low."""
    if not OURS:
        pytest.skip("PyTorch's buffers are not seen by tracemalloc")
    x = torch.ones(250_000, requires_grad=True)  # one megabyte
    y = x
    for _ in range(40):
        y = y.sigmoid()
    loss = y.sum()
    del y
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    loss.backward()
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - before < 8_000_000
    assert after - before < 1_500_000


def test_backward_frees_the_saved_tensors():
    x = torch.ones(10, requires_grad=True)
    inner = x.exp()
    alive = canary(inner)
    y = inner.sum()
    del inner
    y.backward()
    assert alive() is None
