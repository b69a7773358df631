"""The training job: a loop that can be stopped after any batch and goes on as if it had not been.

Everything that the next batch depends on is in the checkpoint: parameters, the optimiser's state,
the position in the random stream, the order in which this epoch visits the images, and how far it
has come. A resumed run is therefore bit for bit the run that was never stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import flambeau as torch
from flambeau.cli.sources import MODELS, Data
from flambeau.nn import functional as F
from flambeau.viz.log import Log

CHECKPOINT = "checkpoint.pt"  # everything; `--resume` reads it
WEIGHTS = "model.pt"  # the parameters alone, for `model.load_state_dict(flambeau.load(...))`

OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "sgd": lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9),
    "adam": lambda parameters, lr: torch.optim.Adam(parameters, lr=lr),
    "adamw": lambda parameters, lr: torch.optim.AdamW(parameters, lr=lr),
}
LEARNING_RATES = {"sgd": 0.03, "adam": 0.002, "adamw": 0.002}

# A tenth of each label is spread over all classes: steadier results from few images. The training
# loss is measured against those softened labels, and so does not go to zero.
LABEL_SMOOTHING = 0.1

EVALUATION_BATCH = 500  # bounds the memory that looking at the held-out images takes


@dataclass
class Settings:
    """What a run was asked to do; kept in its checkpoint."""

    data: str
    root: str
    model: str
    epochs: int
    lr: float
    batch_size: int
    optimizer: str
    seed: int
    device: str


@dataclass
class Run:
    """A training run between two batches."""

    settings: Settings
    model: Any
    optimizer: Any
    epoch: int = 0  # epochs that are complete
    batch: int = 0  # batches of the present epoch that are done
    order: Any = None  # the images of the present epoch in the order of their visit
    loss: float = 0.0  # sum over the images of the present epoch so far
    right: int = 0  # how many of those were told apart rightly, each before its step
    history: list[dict[str, float]] = field(default_factory=list)  # one record a complete epoch


class Display(Protocol):
    """What the loop tells whoever watches."""

    def batch(self, run: Run, batches: int) -> None:
        """A batch of the present epoch is done."""

    def epoch(self, run: Run, record: dict[str, float]) -> None:
        """An epoch is done."""


class Interrupted(Exception):
    """The run was asked to stop, and has been saved."""


def new_model(settings: Settings, data: Data) -> Any:
    """The network that the settings name, made for these images and classes."""
    images, _ = data.train
    model = MODELS[settings.model](
        num_classes=len(data.classes), in_channels=images.shape[1], image_size=images.shape[2]
    )
    return model.to(settings.device)


def new_run(settings: Settings, data: Data) -> Run:
    """A run that has not begun: parameters and the order of images follow from the seed."""
    torch.manual_seed(settings.seed)
    model = new_model(settings, data)
    optimizer = OPTIMIZERS[settings.optimizer](model.parameters(), settings.lr)
    return Run(settings, model, optimizer)


def train(
    run: Run,
    data: Data,
    folder: Path,
    display: Display,
    stop: Callable[[], bool] = lambda: False,
    tensorboard: bool = False,
) -> None:
    """Train until the last epoch is done, or until `stop()` is true after a batch.

    Each epoch adds a record to the log in `folder`; with `tensorboard` to event files there too.

    Raises: Interrupted when stopped; the checkpoint in `folder` then holds the run as it stands.
    """
    with Log(folder, run.history, tensorboard) as log:
        while run.epoch < run.settings.epochs:
            began = time.perf_counter()
            for batches in steps(run, data):
                display.batch(run, batches)
                if stop():
                    save(run, folder)
                    raise Interrupted
            record = finish_epoch(run, data, time.perf_counter() - began)
            log.write(record)
            save(run, folder)
            display.epoch(run, record)


def steps(run: Run, data: Data) -> Iterator[int]:
    """Make what steps are left of the present epoch; after each, say how many an epoch has."""
    device = run.settings.device
    images, labels = (tensor.to(device) for tensor in data.train)
    batches = -(-len(images) // run.settings.batch_size)
    if run.order is None:
        run.order = torch.randperm(len(images))
    for rows in run.order.split(run.settings.batch_size)[run.batch :]:
        rows = rows.to(device)
        set_learning_rate(run, batches)
        scores = run.model(images[rows])
        loss = F.cross_entropy(scores, labels[rows], label_smoothing=LABEL_SMOOTHING)
        run.optimizer.zero_grad()
        loss.backward()
        run.optimizer.step()
        run.loss += loss.item() * len(rows)
        run.right += int((scores.argmax(1) == labels[rows]).sum().item())
        run.batch += 1
        yield batches


def set_learning_rate(run: Run, batches: int) -> None:
    """From the setting in the first batch evenly down to nothing after the last."""
    done = run.epoch + run.batch / batches
    for group in run.optimizer.param_groups:
        group["lr"] = run.settings.lr * (1 - done / run.settings.epochs)


def finish_epoch(run: Run, data: Data, seconds: float) -> dict[str, float]:
    """Measure on the held-out images, get ready for the next epoch; what was measured."""
    loss, accuracy = evaluate(run.model, *data.test, run.settings.device)
    count = len(data.train[0])
    record = {
        "epoch": run.epoch + 1,
        "train_loss": run.loss / count,
        "train_accuracy": run.right / count,
        "test_loss": loss,
        "test_accuracy": accuracy,
        "seconds": round(seconds, 3),
    }
    run.history.append(record)
    run.epoch, run.batch, run.order, run.loss, run.right = run.epoch + 1, 0, None, 0.0, 0
    return record


def evaluate(model: Any, images: Any, labels: Any, device: str = "cpu") -> tuple[float, float]:
    """Mean cross-entropy of a model on images, and the share of them that it gets right."""
    model.eval()
    loss, right = 0.0, 0
    with torch.no_grad():
        for x, y in zip(images.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH)):
            x, y = x.to(device), y.to(device)
            scores = model(x)
            loss += F.cross_entropy(scores, y, reduction="sum").item()
            right += (scores.argmax(1) == y).sum().item()
    model.train()
    return loss / len(images), right / len(images)


def save(run: Run, folder: Path) -> None:
    """Write the run into its folder; each file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(run.model.state_dict(), folder / WEIGHTS)
    state = {
        "flambeau": torch.__version__,
        "settings": asdict(run.settings),
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "random": torch.get_rng_state(),
        "epoch": run.epoch,
        "batch": run.batch,
        "order": run.order,
        "loss": run.loss,
        "right": run.right,
        "history": run.history,
    }
    torch.save(state, folder / CHECKPOINT)


def read_checkpoint(folder: Path) -> dict[str, Any]:
    """What `save` wrote. Raises ValueError when the file is not a checkpoint of a training run."""
    path = folder / CHECKPOINT
    state = torch.load(path)
    wanted = (
        "settings",
        "model",
        "optimizer",
        "random",
        "epoch",
        "batch",
        "order",
        "loss",
        "right",
        "history",
    )
    missing = [key for key in wanted if not isinstance(state, dict) or key not in state]
    if missing:
        raise ValueError(f"{path} is not a checkpoint of `flambeau train`: no {', '.join(missing)}")
    return state


def resumed_run(state: dict[str, Any], settings: Settings, data: Data) -> Run:
    """The run of a checkpoint, exactly as it stood."""
    run = new_run(settings, data)
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.epoch, run.batch, run.order = state["epoch"], state["batch"], state["order"]
    run.loss, run.right, run.history = state["loss"], state["right"], list(state["history"])
    torch.set_rng_state(state["random"])
    return run
