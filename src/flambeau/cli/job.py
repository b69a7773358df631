"""What `flambeau train` does around the training loop: settings, folders, Ctrl-C, words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import flambeau as torch
from flambeau.cli import environment, report
from flambeau.cli import train as training
from flambeau.cli.display import Terminal
from flambeau.cli.sources import SOURCES, Data, open_data
from flambeau.cli.stopping import StopOnSignal
from flambeau.cli.train import CHECKPOINT, LEARNING_RATES, Interrupted, Run, Settings
from flambeau.viz.tensorboard import tensorboardx

RUNS = Path("runs")


def run(
    options: dict[str, Any],
    given: set[str],
    out: Path | None,
    resume: bool,
    tensorboard: bool = False,
) -> bool:
    """Train as asked; False when it was stopped before the end.

    Args:   options: the values of all settings, `given`: those that the user typed.
            out: folder of the run. resume: go on with the run in it.
            tensorboard: write event files too.
    Raises: ValueError for settings that contradict the run, ImportError when what writes event
            files is not installed, RuntimeError and OSError as they come.
    """
    if tensorboard:
        tensorboardx()  # an absent package is told before anything is written
    if resume:
        folder = out or latest()
        if not (folder / CHECKPOINT).is_file():
            raise ValueError(f"nothing to resume: there is no {folder / CHECKPOINT}")
        state = training.read_checkpoint(folder)
        settings = settings_of(state, options, given)
    else:
        folder = out or fresh()
        if (folder / CHECKPOINT).exists():
            raise ValueError(
                f"{folder} already holds a run: --resume goes on with it, another --out keeps it"
            )
        state = None
        settings = new_settings(options)
    torch.zeros(1, device=settings.device)  # an absent device is told before anything is read
    data = open_data(settings.data, settings.root)
    current = (
        training.resumed_run(state, settings, data) if state else training.new_run(settings, data)
    )
    environment.write(folder, settings.seed)
    return watch(current, data, folder, tensorboard)


def watch(current: Run, data: Data, folder: Path, tensorboard: bool = False) -> bool:
    """Run the loop with a bar and with Ctrl-C in hand; whether it came to the end."""
    settings = current.settings
    with Terminal() as terminal, StopOnSignal() as stop:
        parameters = sum(p.numel() for p in current.model.parameters())
        terminal.say(
            f"{settings.model} ({parameters:,} parameters) on {settings.data}: "
            f"{len(data.train[0]):,} images to train on, {len(data.test[0]):,} held out"
        )
        if current.epoch or current.batch:
            terminal.say(f"going on after epoch {current.epoch}, batch {current.batch}")
        try:
            training.train(current, data, folder, terminal, lambda: stop.requested, tensorboard)
        except Interrupted:
            terminal.say(
                f"stopped in epoch {current.epoch + 1}; "
                f"to go on: flambeau train --resume --out {folder}"
            )
            return False
        try:
            report.write(current.model, data, current.history, folder)
        except ModuleNotFoundError as missing:  # the pictures are the one thing that is left out
            terminal.say(str(missing))
        accuracy = current.history[-1]["test_accuracy"]
        terminal.say(f"test accuracy {accuracy:.2%}; everything is in {folder}{os.sep}")
    return True


def new_settings(options: dict[str, Any]) -> Settings:
    """The settings of a new run, with defaults that depend on other settings filled in."""
    chosen = dict(options)
    if chosen["epochs"] is None:
        chosen["epochs"] = SOURCES[chosen["data"]].epochs
    if chosen["lr"] is None:
        chosen["lr"] = LEARNING_RATES[chosen["optimizer"]]
    return Settings(**chosen)


def settings_of(state: dict[str, Any], options: dict[str, Any], given: set[str]) -> Settings:
    """The settings of a saved run. Only epochs, data folder and device may be asked for anew."""
    kept = Settings(**state["settings"])
    for name in sorted(given):
        was, asked = getattr(kept, name), options[name]
        if name in ("epochs", "root", "device"):
            setattr(kept, name, asked)
        elif asked != was:
            option = name.replace("_", "-")
            raise ValueError(
                f"the run was begun with --{option} {was}, it cannot go on with {asked}: "
                f"leave --{option} out, or begin a new run"
            )
    if kept.epochs <= state["epoch"]:
        raise ValueError(
            f"the run is complete: {state['epoch']} epochs are done; "
            "--epochs N with a larger N trains on"
        )
    return kept


def numbers() -> list[int]:
    """The numbers of the runs in runs/."""
    return [int(path.name) for path in RUNS.glob("*") if path.name.isdecimal()]


def fresh() -> Path:
    """The next free folder in runs/."""
    return RUNS / str(max(numbers(), default=0) + 1)


def latest() -> Path:
    """The youngest folder in runs/."""
    if not numbers():
        raise ValueError("nothing to resume: there is no run in runs/; name its folder with --out")
    return RUNS / str(max(numbers()))
