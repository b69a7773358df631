"""`flambeau train`: what it learns, what it writes, and that stopping changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

click_testing = pytest.importorskip("click.testing", reason="the command line needs click")
pytest.importorskip("rich", reason="the command line needs rich")

import flambeau as torch
from flambeau.cli import job, sources
from flambeau.cli import train as training
from flambeau.cli.commands import cli
from flambeau.cli.stopping import StopOnSignal


def invoke(*arguments):
    return click_testing.CliRunner().invoke(cli, ["train", *map(str, arguments)])


def metrics(folder):
    """The records without the time that they took."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def same(a, b) -> bool:
    """Bitwise equality of nested checkpoints."""
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.numpy().tobytes() == b.numpy().tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.fixture
def inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Quiet:
    """A display that shows nothing and counts batches."""

    def __init__(self):
        self.batches = 0

    def batch(self, run, batches):
        self.batches += 1

    def epoch(self, run, record):
        pass


@pytest.fixture(scope="module")
def few():
    """160 digits to train on, 40 held out: quick epochs."""
    data = sources.open_data("digits", "")
    (x, y), (u, v) = data.train, data.test
    return sources.Data((x[:160], y[:160]), (u[:40], v[:40]), data.classes, data.mean, data.std)


def settings(**changes):
    options = {"data": "digits", "root": "data", "model": "course-net", "epochs": 2, "lr": 0.03}
    options |= {"batch_size": 32, "optimizer": "sgd", "seed": 3, "device": "cpu"}
    return training.Settings(**{**options, **changes})


def test_the_main_job(inside):
    """Without arguments: at least 98% of the held-out digits, and all that was promised."""
    begun = time.perf_counter()
    result = invoke()
    assert result.exit_code == 0, result.output
    assert time.perf_counter() - begun < 120  # a minute on two free cores; tests share them
    records = metrics(inside / "runs" / "1")
    assert len(records) == 12
    assert records[-1]["test_accuracy"] >= 0.98
    assert "105,506 parameters" in result.output and "runs/1" in result.output

    from flambeau.vision import models

    model = models.course_net()
    model.load_state_dict(torch.load(inside / "runs" / "1" / "model.pt"))
    data = sources.open_data("digits", "")
    _, accuracy = training.evaluate(model, *data.test)
    assert accuracy == records[-1]["test_accuracy"]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("stop_after", [1, 4, 5, 7])
def test_a_stopped_run_ends_as_one_that_was_not(tmp_path, few, optimizer, stop_after):
    """Five batches an epoch: stopped in the first, at its end, in the second."""
    chosen = settings(optimizer=optimizer, lr=0.01)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    training.train(training.new_run(chosen, few), few, whole, Quiet())

    display = Quiet()
    with pytest.raises(training.Interrupted):
        run = training.new_run(chosen, few)
        training.train(run, few, parts, display, lambda: display.batches == stop_after)
    torch.manual_seed(99)  # whatever happens in between
    torch.rand(5)
    run = training.resumed_run(training.read_checkpoint(parts), chosen, few)
    training.train(run, few, parts, Quiet())

    assert metrics(whole) == metrics(parts)
    states = [training.read_checkpoint(folder) for folder in (whole, parts)]
    for state in states:
        for record in state["history"]:
            record.pop("seconds")
    assert same(*states)


def test_a_run_killed_outright_goes_on_from_its_last_epoch(tmp_path, few):
    chosen = settings()
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    training.train(training.new_run(chosen, few), few, whole, Quiet())

    class Killed(BaseException):
        pass

    class Killer(Quiet):
        def batch(self, run, batches):
            if run.epoch == 1 and run.batch == 2:
                raise Killed

    with pytest.raises(Killed):
        training.train(training.new_run(chosen, few), few, killed, Killer())
    run = training.resumed_run(training.read_checkpoint(killed), chosen, few)
    assert (run.epoch, run.batch) == (1, 0)
    training.train(run, few, killed, Quiet())
    assert metrics(whole) == metrics(killed)
    weights = [torch.load(folder / "model.pt") for folder in (whole, killed)]
    assert same(*weights)


def test_ctrl_c(inside):
    """A real signal to a real process: exit code 130, and --resume ends as if nothing had been."""
    command = [sys.executable, "-m", "flambeau.cli", "train", "--epochs", "3", "--batch-size", "50"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [*command, "--out", "a"], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        for line in process.stdout:
            if line.startswith("epoch  1/3"):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
        assert process.wait(60) == 130
    assert "to go on: flambeau train --resume --out a" in rest
    for arguments in (["--resume", "--out", "a"], ["--out", "b"]):
        asked = [*command[:4], *arguments] if "--resume" in arguments else [*command, *arguments]
        subprocess.run(asked, check=True, capture_output=True, env=environment, timeout=120)
    assert metrics(inside / "a") == metrics(inside / "b")
    assert same(torch.load("a/model.pt"), torch.load("b/model.pt"))


def test_a_second_ctrl_c_interrupts_at_once():
    with pytest.raises(KeyboardInterrupt), StopOnSignal() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.requested
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_same_seed_gives_the_same_run(tmp_path, few):
    for name in ("a", "b"):
        training.train(training.new_run(settings(epochs=1), few), few, tmp_path / name, Quiet())
    other = settings(epochs=1, seed=4)
    training.train(training.new_run(other, few), few, tmp_path / "c", Quiet())
    assert metrics(tmp_path / "a") == metrics(tmp_path / "b") != metrics(tmp_path / "c")


def test_the_learning_rate_falls_to_nothing(few):
    run = training.new_run(settings(epochs=4), few)
    rates = []
    for run.epoch, run.batch in ((0, 0), (1, 0), (3, 4)):
        training.set_learning_rate(run, 5)
        rates.append(run.optimizer.param_groups[0]["lr"])
    assert np.allclose(rates, [0.03, 0.0225, 0.0015])


# Options and folders ---


@pytest.fixture
def quick(monkeypatch, few):
    """The command line on few images, without the pictures, which take a second."""
    monkeypatch.setattr(job.report, "write", lambda *arguments: [])
    monkeypatch.setattr(job, "open_data", lambda name, root: few)


def test_folders_are_numbered_and_never_overwritten(inside, quick):
    for number in (1, 2):
        assert invoke("--epochs", 1).exit_code == 0
        assert (inside / "runs" / str(number) / "checkpoint.pt").is_file()
    result = invoke("--epochs", 1, "--out", "runs/1")
    assert result.exit_code == 1 and "already holds a run: --resume" in result.output


def test_training_on(inside, quick):
    assert invoke("--epochs", 1, "--lr", 0.01, "--model", "lenet5").exit_code == 0
    result = invoke("--resume")
    assert result.exit_code == 1 and "the run is complete: 1 epochs are done" in result.output
    result = invoke("--resume", "--epochs", 2)
    assert result.exit_code == 0 and "lenet5 (44,426 parameters)" in result.output
    assert [record["epoch"] for record in metrics(inside / "runs" / "1")] == [1, 2]
    result = invoke("--resume", "--epochs", 3, "--lr", 0.02)
    assert result.exit_code == 1 and "was begun with --lr 0.01" in result.output


def test_nothing_to_resume(inside, quick):
    result = invoke("--resume")
    assert result.exit_code == 1 and "there is no run in runs/" in result.output
    result = invoke("--resume", "--out", "elsewhere")
    assert result.exit_code == 1 and "there is no elsewhere/checkpoint.pt" in result.output


@pytest.mark.parametrize("content", ["other", "damaged"])
def test_a_file_that_is_no_checkpoint(inside, quick, content):
    path = Path("runs/1/checkpoint.pt")
    path.parent.mkdir(parents=True)
    if content == "other":
        torch.save({"model": {}}, path)
    else:
        path.write_bytes(b"PK\x03\x04 nothing of the kind")
    result = invoke("--resume")
    assert result.exit_code == 1 and "Error: " in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["--data", "cats"], 2, "'cats' is not one of 'digits'"),
        (["--epochs", 0], 2, "0 is not in the range"),
        (["--lr", 0], 2, "is not in the range"),
        (["--batch-size", "many"], 2, "'many' is not a valid integer"),
        (["--device", "abacus"], 1, "abacus"),
    ],
)
def test_wrong_options(inside, arguments, code, message):
    result = invoke(*arguments)
    assert result.exit_code == code and message in result.output, result.output


def test_no_data_and_no_network(inside, monkeypatch):
    from flambeau.vision import datasets

    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    result = invoke("--data", "mnist", "--root", "here")
    assert result.exit_code == 1 and "put the file by hand at" in result.output


def test_real_mnist(inside, shared_data, monkeypatch):
    """The real files; a part of them, because the whole takes minutes."""
    opened = sources.open_data("mnist", str(shared_data / "mnist"))
    (x, y), (u, v) = opened.train, opened.test
    assert (len(x), len(u)) == (60000, 10000) and abs(opened.mean[0] - 0.1307) < 1e-4
    part = sources.Data((x[:3000], y[:3000]), (u[:1000], v[:1000]), opened.classes, [0.0], [1.0])
    monkeypatch.setattr(job, "open_data", lambda name, root: part)
    assert invoke("--data", "mnist", "--epochs", 1).exit_code == 0
    assert metrics(inside / "runs" / "1")[0]["test_accuracy"] > 0.85


def test_env():
    result = click_testing.CliRunner().invoke(cli, ["env"])
    assert result.exit_code == 0
    assert f"numpy        {np.__version__}" in result.output


def test_help_names_every_option():
    output = invoke("--help").output
    for option in (
        "data",
        "root",
        "model",
        "epochs",
        "lr",
        "batch-size",
        "optimizer",
        "seed",
        "out",
    ):
        assert f"--{option}" in output


def test_without_the_extra(monkeypatch, capsys):
    from flambeau.cli import main

    monkeypatch.setitem(sys.modules, "rich", None)
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == 1
    assert "needs the package rich: pip install 'flambeau[cli]'" in capsys.readouterr().err
