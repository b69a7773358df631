"""viz.graph: which boxes and links a drawing has, what they are called, what is refused."""

from __future__ import annotations

import pytest

import flambeau as torch
from flambeau import nn, viz

from .drawings import check_drawing, read_dot, read_svg


def titles(picture) -> list[str]:
    return [box.title for box in picture.boxes]


def links(picture) -> list[tuple]:
    """Links with titles in place of numbers."""
    names = titles(picture)
    return [(names[k.source], k.argument, names[k.target]) for k in picture.links]


def test_leaves_have_names_and_sizes():
    w = torch.ones(2, 3, requires_grad=True)
    x = torch.ones(3)
    y = (w @ x).sum()
    picture = viz.graph(y)
    assert titles(picture) == ["y", "SumBackward0", "MvBackward0", "AccumulateGrad", "w"]
    assert [box.kind for box in picture.boxes] == [
        "result", "operation", "operation", "accumulate", "leaf",
    ]  # fmt: skip
    assert picture.boxes[0].shape == () and picture.boxes[-1].shape == (2, 3)
    assert repr(picture) == "Graph(5 boxes, 4 links)"


@pytest.mark.parametrize(
    ("names", "want"),
    [
        (lambda w: {"weights": w}, "weights"),
        (lambda w: {}, ""),
        (lambda w: nn.ParameterDict({"first": w}), "first"),
    ],
)
def test_names_are_given_by_dict_or_module(names, want):
    w = nn.Parameter(torch.ones(2))
    picture = viz.graph(w.exp(), names=names(w))
    assert titles(picture)[-1] == want
    assert titles(picture)[0] == "output"


def test_a_module_in_a_variable_names_its_parameters():
    net = nn.Linear(2, 1)
    picture = viz.graph(net(torch.ones(1, 2)))
    assert {"net.weight", "net.bias"} <= set(titles(picture))


def test_a_diamond_has_one_box_a_node():
    x = torch.ones(3, requires_grad=True)
    e = x.exp()
    y = e * e
    picture = viz.graph(y)
    assert links(picture) == [
        ("y", None, "MulBackward0"),
        ("MulBackward0", 0, "ExpBackward0"),
        ("MulBackward0", 1, "ExpBackward0"),
        ("ExpBackward0", 0, "AccumulateGrad"),
        ("AccumulateGrad", None, "x"),
    ]
    labels, edges = read_dot(picture.dot())
    assert labels["n1"] == "{MulBackward0|{<a0> 0|<a1> 1}}"
    assert ("n1", "a0", "n2", None) in edges and ("n1", "a1", "n2", None) in edges


def test_in_place_operations_are_drawn():
    x = torch.ones(4, requires_grad=True)
    y = x * 2
    y.mul_(3)
    y[1:3] = torch.ones(2, requires_grad=True).exp()
    picture = viz.graph(y)
    assert titles(picture)[1] == "CopySlices"
    assert titles(picture).count("MulBackward0") == 2


def test_outputs_of_one_node_are_told_apart():
    x = torch.ones(4, requires_grad=True)
    a, b = x.unbind()[:2]
    picture = viz.graph(a * b)
    labels, _ = read_dot(picture.dot())
    assert "{{<o0> 0|<o1> 1}|UnbindBackward0}" in labels.values()
    drawing = read_svg(picture.svg("flambeau"))
    check_drawing(drawing)
    assert ["0", "1", "UnbindBackward0"] in drawing.texts


@pytest.mark.parametrize("kind", [tuple, list, dict])
def test_several_results(kind):
    x = torch.ones(2, requires_grad=True)
    pair = {"first": x.sin(), "second": x.cos()}
    picture = viz.graph(pair if kind is dict else kind(pair.values()))
    want = ["first", "second"] if kind is dict else ["output 0", "output 1"]
    assert titles(picture)[:2] == want
    assert titles(picture).count("AccumulateGrad") == 1
    check_drawing(read_svg(picture.svg("flambeau")))


def test_a_users_function_has_its_name():
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, g):
            return 2 * g

    assert "TwiceBackward" in titles(viz.graph(Twice.apply(torch.ones(1, requires_grad=True))))


def test_unnamed_leaves_show_their_sizes():
    drawing = read_svg(viz.graph(torch.ones(2, 5, requires_grad=True).exp()).svg("flambeau"))
    assert drawing.texts[-1] == ["[2, 5]"]


def test_texts_are_escaped():
    w = torch.ones(1, requires_grad=True)
    odd = '<a|b> {c} "d" \\ & e'
    picture = viz.graph(w.exp(), names={odd: w})
    labels, _ = read_dot(picture.dot())
    assert labels["n3"] == r"{\<a\|b\> \{c\} \"d\" \\ & e [1]}"
    assert read_svg(picture.svg("flambeau")).texts[-1] == [f"{odd} [1]"]


LEAF = torch.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    ("results", "options", "error", "message"),
    [
        (LEAF, {"names": {"w": LEAF}}, RuntimeError, "w is a leaf"),
        (torch.ones(2), {}, RuntimeError, "does not require grad"),
        (LEAF.exp().detach(), {}, RuntimeError, "no graph to draw"),
        (3.0, {}, TypeError, "but got float"),
        ([3.0], {}, TypeError, "none among the results"),
        (LEAF.exp(), {"names": ["w"]}, TypeError, "but got list"),
        (LEAF.exp(), {"names": {"w": 3}}, TypeError, "'w' is none"),
        (LEAF.exp(), {"depth": 1}, TypeError, "depth folds modules"),
    ],
)
def test_what_has_no_graph_is_refused(results, options, error, message):
    with pytest.raises(error, match=message):
        viz.graph(results, **options)


def test_inputs_are_for_modules():
    with pytest.raises(TypeError, match="inputs only for a module"):
        viz.graph(LEAF.exp(), LEAF)
    with pytest.raises(TypeError, match="leave modules= out"):
        viz.graph(nn.Tanh(), LEAF, modules=viz.ModuleCalls(nn.Tanh()))
    with pytest.raises(TypeError, match=r"watches an nn\.Module"):
        viz.ModuleCalls(LEAF)


def test_graphs_of_any_depth():
    """Neither the walk nor the layout recurses."""
    y = torch.ones(1, requires_grad=True)
    for i in range(100_000):
        if i == 5_000:
            shallow = viz.graph(y)
        y = y.sin()
    assert shallow.svg().count("<rect") == 5_004
    picture = viz.graph(y)
    assert len(picture.boxes) == 100_003 and len(picture.links) == 100_002
    assert "too large" in picture._repr_html_() and picture._repr_svg_() is None


def test_long_edges_become_references():
    """An edge from each of 400 steps to the one weight would be the picture of a wall."""
    w = torch.ones(2, 2, requires_grad=True)
    h = torch.ones(2)
    for _ in range(400):
        h = w @ h
    picture = viz.graph(h)
    text = picture.svg("flambeau")
    assert text.count('class="reference"') > 100
    assert "↓ w [2, 2]" in text
    assert len(picture.boxes) == 403 and picture.dot().count(" -> ") == 801


def test_the_drawing_holds_no_tensors():
    import gc
    import weakref

    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    node = weakref.ref(y.grad_fn)
    picture = viz.graph(y, time=True, memory=True, grad_norm=True)
    del y
    gc.collect()
    assert node() is None and len(picture.boxes) == 4
