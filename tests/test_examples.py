"""The programs in examples/ run, and print what they should."""

from __future__ import annotations

import doctest
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

EXAMPLES = ROOT / "examples"

# What each program must print; those that need files are tested apart.
PRINTED = {
    "course_4_2_autograd": [
        "tensor(10., grad_fn=<SumBackward0>)",
        "0.333333 -0.333333",
        "1.000000 -0.000000",
    ],
    "course_4_3_batches": ["Batch-processing speed-up on CPU"],
    "course_4_4_filters": ["input (1, 1, 16, 16) output (1, 5, 14, 14)", "vertical edges"],
    "course_4_6_modules": ["105506 parameters", "other_stuff.0.weight torch.Size([21, 543])"],
    "course_5_2_sgd": ["tensor(2.5141)", "adam"],
    "mnist_course": ["epoch 9"],
    "tiny_autograd": ["1 xor 0 = 1.00"],
}


def run(name, *arguments, cwd):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    finished = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_example(name, tmp_path):
    output = run(name, cwd=tmp_path)
    for line in PRINTED[name]:
        assert line in output


def test_every_example_is_tested():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(PRINTED) | {
        "book_8_birds",
        "compare_designs",
    }


def test_the_course_program_learns(tmp_path):
    lines = run("mnist_course", cwd=tmp_path).splitlines()
    assert float(re.search(r"test ([0-9.]+)%", lines[-1]).group(1)) > 93
    assert len((tmp_path / "mnist_course" / "metrics.jsonl").read_text().splitlines()) == 10


def test_the_teaching_twin_does_what_it_says():
    names = runpy.run_path(str(EXAMPLES / "tiny_autograd.py"))
    source = (EXAMPLES / "tiny_autograd.py").read_text()
    code = [
        line for line in source.splitlines() if line.strip() and not line.strip().startswith("#")
    ]
    assert len(code) <= 130
    tests = [
        names["__doc__"] if "__doc__" in names else source.split('"""')[1],
        names["main"].__doc__,
    ]
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for text in tests:
        runner.run(doctest.DocTestParser().get_doctest(text, dict(names), "twin", None, 0))
    assert runner.failures == 0 and runner.tries > 3


def test_the_teaching_twin_agrees_with_flambeau():
    import flambeau as torch

    value = runpy.run_path(str(EXAMPLES / "tiny_autograd.py"))["Value"]

    def formula(x, y):
        return ((x * y).tanh() + (x / y - 1.5) ** 2 + (2 - y).exp() * x.log()) / (x + 3)

    ours = [value(1.3), value(0.7)]
    formula(*ours).backward()
    theirs = [torch.tensor(v.number, dtype=torch.float64, requires_grad=True) for v in ours]
    formula(*theirs).backward()
    for a, b in zip(ours, theirs):
        assert abs(a.grad - b.grad.item()) < 1e-12


@pytest.mark.parametrize("net", ["Net", "NetDropout", "NetBatchNorm", "NetRes", "NetResDeep"])
def test_the_nets_of_the_book_learn(net):
    """Each net takes a few steps on made-up pictures: bright ones are birds."""
    import flambeau as torch

    book = runpy.run_path(str(EXAMPLES / "book_8_birds.py"))
    torch.manual_seed(0)
    labels = torch.arange(32) % 2
    images = torch.randn(32, 3, 32, 32) * 0.5 + (labels.float() * 2 - 1).view(-1, 1, 1, 1)
    model = book[net]()
    if net == "Net":
        assert sum(p.numel() for p in model.parameters()) == 18090
    optimizer = torch.optim.SGD(model.parameters(), lr=3e-3 if net == "NetResDeep" else 0.05)
    losses = []
    for _ in range(6):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_the_book_on_real_images(shared_data, tmp_path, monkeypatch):
    """Two epochs on the first of the five batches; the book's 100 on all take an evening."""
    monkeypatch.chdir(tmp_path)
    book = runpy.run_path(str(EXAMPLES / "book_8_birds.py"))
    import contextlib
    import io

    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        book["main"](shared_data / "cifar10", n_epochs=2, batches=(1,))
    text = output.getvalue()
    assert "<All keys matched successfully>" in text
    assert float(text.split("Accuracy val: ")[1].split()[0]) > 0.6


def test_designs_are_compared_and_drawn(shared_data, tmp_path, monkeypatch, capsys):
    """Two designs on a few images, stopped after one epoch and gone on; figure 8.13 of both."""
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    designs = runpy.run_path(str(EXAMPLES / "compare_designs.py"))
    train, val = designs["birds_and_airplanes"](shared_data / "cifar10")
    assert (len(train), len(val)) == (10000, 2000)
    few = [type(part)(*part[:200]) for part in (train, val)]
    whole = designs["train_design"]("l2 reg", few, 2, tmp_path, 3)
    parts = tmp_path / "parts"
    parts.mkdir()
    designs["train_design"]("l2 reg", few, 1, parts, 3)
    resumed = designs["train_design"]("l2 reg", few, 2, parts, 3)
    del whole["seconds_per_epoch"], resumed["seconds_per_epoch"]
    assert whole == resumed and whole["parameters"] == 18090
    monkeypatch.setitem(designs["main"].__globals__, "birds_and_airplanes", lambda folder: few)
    arguments = ["x", "--epochs", "1", "--designs", "baseline,res", "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["compare_designs.py", *arguments])
    designs["main"]()
    assert "res: train" in capsys.readouterr().out
    drawn = (tmp_path / "out" / "designs.svg").read_text()
    assert "baseline" in drawn and "res" in drawn
