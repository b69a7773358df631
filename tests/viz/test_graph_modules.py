"""viz.graph with modules: whose a node is, folding and unfolding."""

from __future__ import annotations

import time

import pytest

import flambeau as torch
from flambeau import nn, viz
from flambeau.nn import functional as F
from flambeau.vision import models

from .drawings import check_drawing, read_dot, read_svg


class Block(nn.Module):
    """A residual block whose sum and last activation are its own; one module is called twice."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.act = nn.Tanh()
        self.second = nn.Linear(4, 4)

    def forward(self, x):
        return F.relu(self.act(self.second(self.act(self.first(x)))) + x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = nn.Sequential(nn.Linear(4, 3), nn.Sigmoid())

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return {"scores": self.head(x), "features": x * 2}


INPUT = torch.ones(2, 4)


def titles(picture) -> list[str]:
    return [box.title for box in picture.boxes]


@pytest.fixture
def picture():
    return viz.graph(Net(), INPUT)


def test_without_depth_all_nodes_show(picture):
    kinds = [box.kind for box in picture.boxes]
    assert "module" not in kinds
    assert {"blocks.0.first.weight", "head.0.bias"} <= set(titles(picture))


@pytest.mark.parametrize(
    ("depth", "want"),
    [
        (0, ["scores", "features", "Net"]),
        (1, ["scores", "features", "MulBackward0", "head", "blocks.1", "blocks.0"]),
        (
            2,
            ["scores", "features", "MulBackward0", "head.1", "head.0",
             *(f"blocks.1{t}" if t.startswith(".") else t for t in (
                 "ReluBackward0", "AddBackward0", ".act (call 2)", ".second", ".act", ".first")),
             *(f"blocks.0{t}" if t.startswith(".") else t for t in (
                 "ReluBackward0", "AddBackward0", ".act (call 2)", ".second", ".act", ".first"))],
        ),
    ],
)  # fmt: skip
def test_depth(picture, depth, want):
    folded = picture.collapse(depth)
    assert titles(folded) == want
    assert titles(viz.graph(Net(), INPUT, depth=depth)) == want
    check_drawing(read_svg(folded.svg("flambeau")))
    labels, edges = read_dot(folded.dot())
    assert len(labels) == len(want) and len(edges) == len(folded.links)


def test_links_lead_between_folded_modules(picture):
    folded = picture.collapse(1)
    names = titles(folded)
    assert {(names[k.source], names[k.target]) for k in folded.links} == {
        ("scores", "head"), ("features", "MulBackward0"), ("MulBackward0", "blocks.1"),
        ("head", "blocks.1"), ("blocks.1", "blocks.0"),
    }  # fmt: skip


def test_folded_modules_say_class_parameters_and_sizes(picture):
    box = next(box for box in picture.collapse(1).boxes if box.title == "head")
    assert (box.kind, box.subtitle) == ("module", "Sequential · 15 parameters")
    assert box.shape == (2, 3) and box.parameters == 15
    whole = picture.collapse(0).boxes[-1]
    assert whole.subtitle == "95 parameters"


def test_expand_and_collapse_one_module(picture):
    opened = picture.collapse(1).expand("blocks.0")
    assert {"blocks.0.first", "blocks.0.act (call 2)", "AddBackward0"} <= set(titles(opened))
    assert "blocks.1" in titles(opened)
    assert titles(opened.collapse("blocks.0")) == titles(picture.collapse(1))
    assert titles(opened.expand()) == titles(picture)
    closed = picture.collapse("head")
    assert "head" in titles(closed) and "blocks.0.first.weight" in titles(closed)
    with pytest.raises(ValueError, match="no module 'tail'"):
        picture.expand("tail")


def test_a_leaf_shared_by_modules_stays_outside():
    net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    net[1].weight = net[0].weight
    folded = viz.graph(net, torch.ones(1, 3), depth=1)
    names = titles(folded)
    assert names == ["output", "1", "0", "AccumulateGrad", "0.weight"]
    assert {(names[k.source], names[k.target]) for k in folded.links} >= {
        ("1", "AccumulateGrad"), ("0", "AccumulateGrad"),
    }  # fmt: skip


def test_a_loss_above_a_watched_module():
    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    with viz.ModuleCalls(net) as calls:
        loss = net(torch.ones(4, 3)).pow(2).mean()
    net(torch.ones(4, 3))  # is not watched any more
    folded = viz.graph(loss, modules=calls, depth=1)
    assert titles(folded) == ["loss", "MeanBackward0", "PowBackward0", "1", "0"]
    assert not net._forward_hooks and not net[0]._forward_pre_hooks


def test_a_module_that_raises_leaves_no_hooks():
    net = nn.Sequential(nn.Linear(3, 2))
    with pytest.raises(RuntimeError):
        viz.graph(net, torch.ones(4, 5))
    assert not net._forward_hooks and not net[0]._forward_hooks
    assert viz.graph(net, torch.ones(4, 3), depth=0).boxes[-1].kind == "module"


def test_resnet18_is_laid_out_at_once():
    """Whole in well under a second; folded, it is a trunk of blocks."""
    picture = viz.graph(models.resnet18(), torch.zeros(1, 3, 64, 64))
    start = time.perf_counter()
    text = picture.svg("flambeau")
    assert time.perf_counter() - start < 1
    drawing = read_svg(text)
    check_drawing(drawing)
    assert drawing.kinds.count("leaf") == 62
    trunk = [r for r, texts in zip(drawing.rects, drawing.texts) if texts[0] == "ReluBackward0"]
    assert len({round((r.left + r.right) / 2, 1) for r in trunk}) == 1
    blocks = [box for box in picture.collapse(2).boxes if box.subtitle.startswith("BasicBlock")]
    assert len(blocks) == 8
