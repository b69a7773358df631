"""Times, memory and norms of gradients on the boxes."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn, viz
from flambeau.viz.graphs.parts import Box

from .drawings import read_svg


def perceptron(torch):
    """Parameters and loss of the course's perceptron, the same numbers in both libraries."""
    rng = np.random.default_rng(0)
    w1, b1, w2, b2 = (
        torch.tensor(rng.normal(size=size) / 8, requires_grad=True)
        for size in ((20, 10), 20, (5, 20), 5)
    )
    h = torch.tanh(w1 @ torch.tensor(rng.random(10)) + b1)
    return torch.tanh(w2 @ h + b2).pow(2).mean(), (w1, b1, w2, b2)


def test_norms_are_those_of_the_gradients():
    """Those that PyTorch's nodes report to hooks, and those of the leaves' gradients."""
    oracle = pytest.importorskip("torch", reason="PyTorch is the oracle: not installed")
    loss, leaves = perceptron(oracle)
    want, todo, seen = [], [loss.grad_fn], set()
    while todo:
        node = todo.pop()
        if node is None or node in seen or node.name().endswith("AccumulateGrad"):
            continue
        seen.add(node)
        todo += [n for n, _ in node.next_functions]
        node.register_prehook(lambda g, name=node.name(): want.append((name, g[0].norm().item())))
    loss.backward()
    picture = viz.graph(perceptron(torch)[0], grad_norm=True)
    got = [(box.title, box.norm) for box in picture.boxes if box.kind == "operation"]
    assert [name for name, _ in sorted(got)] == [name for name, _ in sorted(want)]
    np.testing.assert_allclose(
        [n for _, n in sorted(got)], [n for _, n in sorted(want)], rtol=1e-12
    )
    sums = sorted(box.norm for box in picture.boxes if box.kind == "accumulate")
    np.testing.assert_allclose(sums, sorted(w.grad.norm().item() for w in leaves), rtol=1e-12)


def test_nothing_is_touched():
    """The graph stays, gradients stay, hooks are gone; tensors that retain gradients get none."""
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    y.retain_grad()
    z = (y * y).sum()
    x.grad = torch.full((3,), 7.0)
    for _ in range(2):
        viz.graph(z, time=True, memory=True, grad_norm=True)
    assert y.grad is None and x.grad.tolist() == [7, 7, 7]
    assert not z.grad_fn.hooks and not z.grad_fn.pre_hooks
    z.backward()
    assert y.grad is not None and not torch.equal(x.grad, torch.full((3,), 7.0))


def test_times_are_measured():
    picture = viz.graph(perceptron(torch)[0], time=True)
    for box in picture.boxes:
        assert (box.seconds is not None) == (box.kind == "operation")
        assert box.seconds is None or 0 < box.seconds < 1
    text = " ".join(" ".join(lines) for lines in read_svg(picture.svg("flambeau")).texts)
    assert "µs" in text


def test_memory_is_what_nodes_save():
    x = torch.ones(100, requires_grad=True)
    y = x.exp()
    z = (y * y).sum()
    by_title = {box.title: box for box in viz.graph(z, memory=True).boxes}
    assert by_title["ExpBackward0"].saved_bytes == 400
    assert by_title["MulBackward0"].saved_bytes == 400  # both factors are one tensor
    assert by_title["SumBackward0"].saved_bytes == 0
    assert by_title["ExpBackward0"].gradient_bytes == 400
    z.backward()
    assert all(box.saved_bytes == 0 for box in viz.graph(z, memory=True).boxes)


def test_memory_shared_in_a_folded_module_counts_once():
    """tanh keeps its result, which the next layer keeps as its input."""
    net = nn.Sequential(nn.Linear(10, 10, bias=False), nn.Tanh(), nn.Linear(10, 10, bias=False))
    picture = viz.graph(net, torch.ones(10, 10), memory=True)
    parts = picture.collapse(1).boxes[1:]
    whole = picture.collapse(0).boxes[1]
    assert [box.title for box in parts] == ["2", "1", "0"]
    assert [box.saved_bytes for box in parts] == [800, 400, 400]
    assert whole.saved_bytes == 1200
    assert "saves 1.2 KiB · gradients" in picture.collapse(0).svg("flambeau")


def test_users_functions_and_writes_into_views():
    class Keep(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    x = torch.ones(50, requires_grad=True)
    y = Keep.apply(x)
    y[:10].mul_(torch.ones(10))
    picture = viz.graph(y, memory=True, grad_norm=True, time=True)
    by_title = {box.title: box for box in picture.boxes}
    assert by_title["KeepBackward"].saved_bytes == 200
    assert by_title["CopySlices"].saved_bytes >= 40
    assert by_title["CopySlices"].norm == pytest.approx(50**0.5)


def test_results_without_gradient_ways_and_freed_graphs():
    x = torch.ones(3, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        viz.graph(y, time=True)
    assert len(viz.graph(y).boxes) == 5


@pytest.mark.parametrize(
    ("saved", "want"),
    [((), 0), (((0, 10),), 10), (((0, 10), (5, 20)), 20), (((0, 10), (2, 4), (20, 30)), 20)],
)
def test_overlapping_memory_counts_once(saved, want):
    assert Box("operation", "x", saved=frozenset(saved)).saved_bytes == want


def test_all_that_was_asked_for_is_shown():
    net = nn.Linear(3, 2)
    picture = viz.graph(net, torch.ones(4, 3), shapes=True, time=True, memory=True, grad_norm=True)
    first = read_svg(picture.svg("flambeau")).texts[1]
    assert first[-4] == "AddmmBackward0" or "AddmmBackward0" in first
    text = "\n".join(first)
    for fact in ("[4, 2]", "|grad| 2.83", "saves", "gradients 32 B"):
        assert fact in text
