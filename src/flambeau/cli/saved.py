"""A run that `flambeau train` wrote: its network, and what it must know of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flambeau.cli import train as training
from flambeau.cli.sources import Images
from flambeau.cli.train import Settings


def network(run: Path) -> tuple[Any, Settings, Images]:
    """The network as the last step left it, in evaluation mode, its settings and its images.

    Raises: ValueError for a folder without a run.
    """
    if not (run / training.CHECKPOINT).is_file():
        raise ValueError(f"{run} is no folder of a run: there is no {training.CHECKPOINT} in it")
    state = training.read_checkpoint(run)
    settings, images = Settings(**state["settings"]), Images(**state["images"])
    model = training.new_model(settings, images)
    model.load_state_dict(state["model"])
    return model.eval(), settings, images
