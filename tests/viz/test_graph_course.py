"""The graphs of the course's chapter 4.2, as docs/graphs.md draws them: box by box as on the
slides, with the names that nodes have today, and node by node as PyTorch records them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

import flambeau
from flambeau import viz

from .drawings import check_drawing, read_dot, read_svg

DOCS = Path(__file__).resolve().parents[2] / "docs"

# From the result downwards, depth first, arguments from left to right; "..." ends a way that joins
# one drawn before.
SLIDES = {
    "sum": "s [] / SumBackward0 / AbsBackward0 / AccumulateGrad / x [4]",
    "norm": "q [] / LinalgVectorNormBackward0 / AccumulateGrad / x [3]",
    "shared": "q [] / LinalgVectorNormBackward0 / MvBackward0 0 1 / AccumulateGrad / w1 [5, 5] / "
    "AddBackward0 0 1 / MvBackward0 / AccumulateGrad ... / AddBackward0 / MvBackward0 0 1 / "
    "AccumulateGrad / w2 [5, 5] / MvBackward0 ...",
    "perceptron": "loss [] / MeanBackward0 / PowBackward0 / SubBackward0 / TanhBackward0 / "
    "AddBackward0 0 1 / MvBackward0 0 1 / AccumulateGrad / w2 [5, 20] / TanhBackward0 / "
    "AddBackward0 0 1 / MvBackward0 / AccumulateGrad / w1 [20, 10] / AccumulateGrad / b1 [20] / "
    "AccumulateGrad / b2 [5]",
    "loop": "q [] / DotBackward0 0 1 / TanhBackward0 / MvBackward0 / SelectBackward0 / "
    "AccumulateGrad / w [3, 10, 10] / TanhBackward0 / MvBackward0 0 1 / SelectBackward0 / "
    "AccumulateGrad ... / TanhBackward0 / MvBackward0 0 1 / SelectBackward0 / "
    "AccumulateGrad ... / TanhBackward0 / MvBackward0 / SelectBackward0 / AccumulateGrad ...",
}


@pytest.fixture(scope="module")
def page():
    """docs/graphs.py, which runs the programs of docs/graphs.md."""
    spec = importlib.util.spec_from_file_location("docs_graphs", DOCS / "graphs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(page, name, torch, graph):
    """The names that a program of the page leaves behind."""
    program = {Path(file).stem: text for file, text in page.programs()}[name]
    names = {"torch": torch, "viz": SimpleNamespace(graph=graph)}
    exec(program, names)
    return names


def outline(picture) -> str:
    """A drawing in the notation of SLIDES."""
    drawing = read_svg(picture.svg("flambeau"))
    words = [" ".join([texts[-1], *texts[:-1]]) for texts in drawing.texts]
    below = {}
    for link in picture.links:
        below.setdefault(link.source, []).append((link.argument or 0, link.target))
    found, seen = [], set()

    def walk(box):
        found.append(words[box] + (" ..." if box in seen else ""))
        if box not in seen:
            seen.add(box)
            for _, target in sorted(below.get(box, ())):
                walk(target)

    walk(0)
    return " / ".join(found)


@pytest.mark.parametrize("name", SLIDES)
def test_as_on_the_slides(page, name):
    picture = run(page, name, flambeau, viz.graph)["picture"]
    got = outline(picture).split(" / ")
    want = SLIDES[name].split(" / ")
    assert [sorted(line.split()) for line in got] == [sorted(line.split()) for line in want]
    check_drawing(read_svg(picture.svg("flambeau")))


@pytest.mark.parametrize("name", SLIDES)
def test_as_pytorch_records_it(page, name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle: not installed")
    result = run(page, name, torch, lambda tensor: tensor)["picture"]
    picture = run(page, name, flambeau, viz.graph)["picture"]
    places = [picture.links[0].target]
    nodes = {places[0]: result.grad_fn}
    while places:
        place = places.pop()
        node = nodes[place]
        assert picture.boxes[place].title == node.name().removeprefix("torch::autograd::")
        if not node.next_functions:
            continue
        want = {i: n for i, (n, _) in enumerate(node.next_functions) if n is not None}
        got = {k.argument: k.target for k in picture.links if k.source == place}
        assert got.keys() == want.keys()
        for argument, target in got.items():
            assert nodes.setdefault(target, want[argument]) is want[argument]
            places.append(target)
    assert len(set(nodes.values())) == len(nodes)
    operations = [box for box in picture.boxes if box.kind in ("operation", "accumulate")]
    assert len(nodes) == len(operations)


def test_the_pictures_in_the_docs_are_up_to_date(page):
    state = flambeau.get_rng_state()
    try:
        flambeau.manual_seed(0)
        stale = [
            file
            for file, program in page.programs()
            if (DOCS / file).read_text() != page.draw(file, program)
        ]
    finally:
        flambeau.set_rng_state(state)
    assert not stale, f"run docs/graphs.py: {stale}"


def test_pictures_in_the_docs_are_sound(page):
    for file, _ in page.programs():
        check_drawing(read_svg((DOCS / file).read_text()))


def test_dot_of_the_graphs_is_well_formed(page):
    for name in SLIDES:
        picture = run(page, name, flambeau, viz.graph)["picture"]
        labels, edges = read_dot(picture.dot())
        assert len(labels) == len(picture.boxes) and len(edges) == len(picture.links)
