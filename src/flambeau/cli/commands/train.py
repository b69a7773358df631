"""`flambeau train`: its options and its help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

INTERRUPTED = 130  # what shells give a program that Ctrl-C ended


@click.command()
@click.option(
    "--data",
    type=click.Choice(["digits", "mnist", "fashion-mnist", "kmnist", "cifar10"]),
    default="digits",
    show_default=True,
    help="What to learn. digits comes with Flambeau, the others are downloaded once.",
)
@click.option(
    "--root", default="data", show_default=True, help="Folder of the downloaded data sets."
)
@click.option(
    "--model",
    type=click.Choice(["course-net", "lenet5"]),
    default="course-net",
    show_default=True,
    help="The network.",
)
@click.option(
    "--epochs", type=click.IntRange(1), help="How often each image is seen. [default: by data set]"
)
@click.option(
    "--lr",
    type=click.FloatRange(0, min_open=True),
    help="Learning rate of the first step; it falls evenly to zero. [default: by optimizer]",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    default=32,
    show_default=True,
    help="How many images make one step.",
)
@click.option(
    "--optimizer",
    type=click.Choice(["sgd", "adam", "adamw"]),
    default="sgd",
    show_default=True,
    help="How steps follow from gradients; sgd has momentum 0.9.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Start of all random numbers.")
@click.option("--device", default="cpu", show_default=True, help="Where to compute.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of this run. [default: runs/1, runs/2, ...]",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the run in --out (default: the latest in runs/) where it stopped.",
)
@click.option(
    "--tensorboard",
    is_flag=True,
    help="Write event files for TensorBoard into the folder too. Needs flambeau[tensorboard].",
)
@click.pass_context
def train(
    context: click.Context, out: Path | None, resume: bool, tensorboard: bool, **options: Any
) -> None:
    """Train a network to tell images apart.

    Shows the loss on the training images, and loss and accuracy on images that were held out.
    Ctrl-C saves and stops; the same command with --resume goes on, and ends with exactly the same
    network as if it had never been stopped.

    \b
    The folder of a run holds
      checkpoint.pt     everything that --resume needs
      model.pt          the parameters: model.load_state_dict(flambeau.load("model.pt"))
      metrics.jsonl     one line of numbers for each epoch
      environment.json  versions, processor, threads, seed, command, git commit
      curves.png        loss and error by epoch
      filters.png       what the first layer looks for
      confusion.png     which class is taken for which
      mistakes.png      the images that it gets wrong, the surest first

    \b
    Exit code: 0 done, 1 something failed, 2 wrong usage, 130 stopped by Ctrl-C.
    """
    from flambeau.cli import job

    given = {name for name in options if _on_command_line(context, name)}
    try:
        finished = job.run(options, given, out, resume, tensorboard)
    except (RuntimeError, OSError, ValueError, ImportError) as error:
        raise click.ClickException(str(error)) from error
    context.exit(0 if finished else INTERRUPTED)


def _on_command_line(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
