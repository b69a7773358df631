"""What `flambeau train` leaves in the folder of a run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

click_testing = pytest.importorskip("click.testing", reason="the command line needs click")
pytest.importorskip("rich", reason="the command line needs rich")
pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")

import flambeau as torch
from flambeau import nn, viz
from flambeau.cli import environment, job, report, sources
from flambeau.cli.commands import cli

PICTURES = {"curves.png", "filters.png", "confusion.png", "mistakes.png"}
ALWAYS = {"checkpoint.pt", "model.pt", "metrics.jsonl", "environment.json"}


@pytest.fixture(scope="module")
def few():
    data = sources.open_data("digits", "")
    (x, y), (u, v) = data.train, data.test
    return sources.Data((x[:160], y[:160]), (u[:40], v[:40]), data.classes, data.mean, data.std)


@pytest.fixture
def invoke(tmp_path, monkeypatch, few):
    """The command line on few images, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(job, "open_data", lambda name, root: few)
    monkeypatch.setattr(sys, "argv", ["flambeau", "train", "--epochs", "1"])

    def run(*arguments):
        return click_testing.CliRunner().invoke(cli, ["train", "--out", "a", *map(str, arguments)])

    return run


@pytest.fixture
def undrawn(monkeypatch):
    """Pictures take a second; most tests are not about them."""
    monkeypatch.setattr(report, "write", lambda *arguments: [])


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_all_that_is_promised(invoke, tmp_path):
    result = invoke("--epochs", 1, "--seed", 5)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "a"
    assert names(folder) == ALWAYS | PICTURES
    for name in PICTURES:
        content = (folder / name).read_bytes()
        assert content.startswith(b"\x89PNG") and len(content) > 3000
    (record,) = viz.log.read(folder)
    assert set(record) == {
        "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds",
    }  # fmt: skip
    assert 0 <= record["train_accuracy"] <= 1
    where = json.loads((folder / "environment.json").read_text())
    assert where["seed"] == 5 and where["command"] == "flambeau train --epochs 1"
    assert where["commit"] is None and where["threads"] >= 1 and where["processor"]
    assert where["versions"]["flambeau"] == torch.__version__
    assert "earlier" not in where


def test_the_help_names_every_file(invoke):
    output = invoke("--help").output
    for name in ALWAYS | PICTURES:
        assert name in output


def test_going_on_keeps_the_earlier_environment(invoke, undrawn, tmp_path):
    for arguments in (["--epochs", 1], ["--resume", "--epochs", 2], ["--resume", "--epochs", 3]):
        assert invoke(*arguments).exit_code == 0
    where = json.loads((tmp_path / "a" / "environment.json").read_text())
    assert len(where["earlier"]) == 2 and "earlier" not in where["earlier"][0]
    assert [record["epoch"] for record in viz.log.read(tmp_path / "a")] == [1, 2, 3]


def test_lines_of_epochs_that_are_done_again_go(invoke, undrawn, tmp_path):
    """A run killed between its log and its checkpoint."""
    assert invoke("--epochs", 1).exit_code == 0
    path = tmp_path / "a" / "metrics.jsonl"
    path.write_text(path.read_text() + '{"epoch": 2, "test_loss": 9.0}\n{"epoch": 3, "tes')
    assert invoke("--resume", "--epochs", 2).exit_code == 0
    first, second = viz.log.read(tmp_path / "a")
    assert (first["epoch"], second["epoch"]) == (1, 2) and second["test_loss"] < 9


def test_without_matplotlib(invoke, tmp_path, monkeypatch):
    """Said once, in words; everything else is there."""
    for name in [name for name in sys.modules if name.startswith("flambeau.viz.plots")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in vars(viz) if name in viz.__all__]:
        if getattr(vars(viz)[name], "__module__", "").startswith("flambeau.viz.plots"):
            monkeypatch.delattr(viz, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = invoke("--epochs", 1)
    assert result.exit_code == 0
    assert result.output.count("pip install 'flambeau[plot]'") == 1
    assert names(tmp_path / "a") == ALWAYS


def test_tensorboard(invoke, undrawn, tmp_path):
    pytest.importorskip("tensorboardX", reason="event files are written with tensorboardX")
    assert invoke("--epochs", 1, "--tensorboard").exit_code == 0
    assert len(list((tmp_path / "a").glob("events.out.tfevents.*"))) == 1


def test_tensorboard_without_the_extra(invoke, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    result = invoke("--epochs", 1, "--tensorboard")
    assert result.exit_code == 1 and "pip install 'flambeau[tensorboard]'" in result.output


@pytest.mark.parametrize(
    "model, layer",
    [
        (nn.Sequential(nn.ReLU(), nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3)), 1),
        (nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Linear(5, 2)), 1),
        (nn.Sequential(nn.Flatten(), nn.Linear(7, 5)), None),
    ],
)
def test_the_layer_that_sees_the_pixels(model, layer):
    found = report.first_layer(model, (1, 3, 4))
    assert found is (None if layer is None else model[layer])


def test_images_are_shown_as_they_were(few):
    seen = report.as_seen(few.test[0], few)
    pixels = torch.round(seen * 255)
    assert seen.min() == 0 and seen.max() > 0.9
    assert torch.allclose(seen * 255, pixels, atol=1e-3)


def test_commit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def git(*arguments):
        names = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *names, *arguments], check=True, capture_output=True)

    try:
        git("init")
    except OSError:
        pytest.skip("git is not installed")
    assert environment.commit() is None  # nothing is committed yet
    (tmp_path / "file").write_text("a")
    git("add", "file")
    git("commit", "-m", "first")
    head = environment.commit()
    assert len(head) == 40
    (tmp_path / "file").write_text("b")
    assert environment.commit() == head + "+"
    monkeypatch.setenv("PATH", "")
    assert environment.commit() is None
